//! Requests that are signed: AWS (`CURLOPT_AWS_SIGV4`) and RFC 9421 (`CURLOPT_HTTPSIG_*`).

use tress_model::Result;
use tress_proto::auth::{aws_sigv4, httpsig};
use tress_proto::http::custom;

use super::Ask;
use crate::http::head::Varying;
use crate::multi::Core;
use crate::options::{BodySource, HttpSigAlgorithm};
use crate::stores::test_hook;
use crate::transfer::Transfer;

impl Transfer {
    /// Signs the request with the credentials, for AWS and those who took that over.
    pub(super) fn sign_for_aws(&self, varying: &mut Varying, ask: &Ask<'_>) -> Result<()> {
        let (plan, options) = (self.plan()?, &self.options);
        let body = match (&options.body, plan.head.kind.has_body()) {
            (_, false) | (BodySource::None, _) => Some(&[][..]),
            (BodySource::Bytes(bytes), _) => Some(&bytes[..]),
            // An upload that is known to be empty.
            (BodySource::Application { len: Some(0), .. }, _) => Some(&[][..]),
            _ => None,
        };
        let signed = aws_sigv4::sign(&aws_sigv4::Request {
            parameters: options.auth().aws_sigv4.as_deref().unwrap_or_default(),
            user: &ask.credentials.user,
            password: &ask.credentials.password,
            host: plan.url.host_name(),
            host_header: ask.peer,
            method: ask.method,
            path: plan.url.path(),
            query: plan.url.query(),
            headers: options.httpheader.as_deref().unwrap_or_default(),
            body,
            now: ask.now,
        })?;
        if let Some(signed) = signed {
            varying.authorization = Some(signed.authorization);
            varying.authorization_extra = signed.extra;
        }
        Ok(())
    }

    /// Signs the request with the key of the settings.
    pub(super) fn sign_message(
        &self,
        varying: &mut Varying,
        core: &mut Core,
        ask: &Ask<'_>,
    ) -> Result<()> {
        let (plan, options) = (self.plan()?, &self.options);
        let headers = options.httpheader.as_deref().unwrap_or_default();
        let own_host = custom::find(headers, "Host").map(|line| custom::value(line).trim_ascii());
        let own_host = own_host.filter(|host| !host.is_empty());
        let first = self.exchange.follow.origin.as_ref().is_none_or(|first| first.is(&plan.url));
        let http = options.http();
        let signed = httpsig::sign(&httpsig::Request {
            algorithm: match http.httpsig_algorithm {
                HttpSigAlgorithm::None => None,
                HttpSigAlgorithm::Ed25519 => Some(httpsig::Algorithm::Ed25519),
                HttpSigAlgorithm::HmacSha256 => Some(httpsig::Algorithm::HmacSha256),
            },
            key: http.httpsig_key.as_deref().unwrap_or_default(),
            key_id: http.httpsig_keyid.as_deref().unwrap_or_default(),
            components: http.httpsig_headers.as_deref().unwrap_or_default(),
            method: ask.method,
            authority: own_host.filter(|_| first).unwrap_or(ask.peer),
            path: plan.url.path(),
            query: plan.url.query(),
            headers,
            created: created(ask.now),
        })?;
        let Some(signed) = signed else { return Ok(()) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        core.info(self, || format!("httpsig: Signature base: [{}]", text(&signed.base)));
        core.info(self, || format!("httpsig: Signature-Input: {}", text(&signed.input)));
        core.info(self, || format!("httpsig: Signature: {}", text(&signed.signature)));
        varying.authorization_extra = signed.lines();
        Ok(())
    }
}

/// When the signature is made; curl's own suite says so where it sets the time.
fn created(now: i64) -> i64 {
    let told = test_hook("CURL_FORCETIME").and_then(|_| test_hook("CURL_HTTPSIG_CREATED"));
    told.and_then(|time| time.to_str()?.parse().ok()).unwrap_or(now)
}
