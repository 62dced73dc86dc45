//! Checking the peer's certificate, as far as it is wanted.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::trust::TrustStore;

/// What is wrong with a certificate, with libcurl's words.
#[derive(Debug)]
pub(super) struct BadCertificate {
    pub(super) message: String,
    /// `CURLINFO_SSL_VERIFYRESULT`: OpenSSL's number, 0 if the chain is good.
    pub(super) verify_result: i64,
}

impl fmt::Display for BadCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadCertificate {}

/// Verifies what `CURLOPT_SSL_VERIFYPEER` and `CURLOPT_SSL_VERIFYHOST` ask for.
pub(super) struct Verifier {
    pub(super) trust: Option<Arc<TrustStore>>,
    /// `None`: the chain does not matter, or there are no anchors at all.
    pub(super) chain: Option<Arc<WebPkiServerVerifier>>,
    pub(super) verify_host: bool,
    /// Take certificates of an odd form if an anchor signed them; not with
    /// revocation lists, which webpki alone checks.
    pub(super) tolerate_form: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.trust.is_some();
        write!(f, "Verifier {{ peer: {peer}, host: {} }}", self.verify_host)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trust) = &self.trust {
            let checked = match &self.chain {
                Some(chain) => chain.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                ),
                None => Err(CertificateError::UnknownIssuer.into()),
            };
            match checked {
                Ok(_) => return Ok(ServerCertVerified::assertion()),
                // The chain is good, which is checked first; the name comes below.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )) => {}
                Err(_) if trust.holds(end_entity) => check_dates(end_entity, now)?,
                Err(Error::InvalidCertificate(
                    CertificateError::Other(_) | CertificateError::BadEncoding,
                )) if self.tolerate_form && is_signed_for_servers(trust, end_entity) => {
                    check_dates(end_entity, now)?;
                }
                Err(e) => return Err(describe(e, end_entity, intermediates)),
            }
        }
        if self.verify_host {
            check_name(end_entity, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let checked = rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms);
        self.tolerate(checked)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let checked = rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms);
        self.tolerate(checked)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Verifier {
    /// A certificate too odd to be parsed does not matter to someone who does
    /// not want it verified. A wrong signature does.
    fn tolerate(
        &self,
        checked: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match checked {
            Err(Error::InvalidCertificate(e))
                if self.trust.is_none() && e != CertificateError::BadSignature =>
            {
                Ok(HandshakeSignatureValid::assertion())
            }
            checked => checked,
        }
    }
}

fn bad(message: String, verify_result: i64) -> Error {
    let bad = BadCertificate { message, verify_result };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(bad))))
}

fn problem(text: &str, verify_result: i64) -> Error {
    bad(format!("SSL certificate problem: {text}"), verify_result)
}

/// A certificate that is itself an anchor needs no issuer, but must be of now.
fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Err(CertificateError::BadEncoding.into());
    };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < parsed.validity().not_before.timestamp() {
        return Err(problem("certificate is not yet valid", 9));
    }
    if now > parsed.validity().not_after.timestamp() {
        return Err(problem("certificate has expired", 10));
    }
    Ok(())
}

fn is_signed_for_servers(trust: &TrustStore, certificate: &CertificateDer<'_>) -> bool {
    let Ok((rest, parsed)) = X509Certificate::from_der(certificate) else { return false };
    let for_servers = match parsed.extended_key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.value.any || usage.value.server_auth,
        Err(_) => false,
    };
    rest.is_empty() && for_servers && trust.signed(&parsed)
}

/// RFC 6125, section 6.4; without any alternative name the common name counts.
fn check_name(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    let matches = ParsedCertificate::try_from(certificate)
        .and_then(|parsed| verify_server_name(&parsed, name));
    if matches.is_ok() {
        return Ok(());
    }
    let shown = name.to_str();
    let (kind, host) = match name {
        ServerName::IpAddress(ip) => match IpAddr::from(*ip) {
            IpAddr::V4(_) => ("ipv4 address", None),
            IpAddr::V6(_) => ("ipv6 address", None),
        },
        _ => ("hostname", Some(&shown)),
    };
    if let Some(host) = host
        && let Ok((_, parsed)) = X509Certificate::from_der(certificate)
        && !has_alternative_names(&parsed)
    {
        let Some(common) = parsed.subject().iter_common_name().last().map(|n| n.as_str()) else {
            return Err(bad("SSL: unable to obtain common name from peer certificate".into(), 0));
        };
        let common = common.unwrap_or_default();
        if matches_pattern(common, host) {
            return Ok(());
        }
        return Err(bad(
            format!(
                "SSL: certificate subject name '{common}' does not match target hostname '{host}'"
            ),
            0,
        ));
    }
    Err(bad(
        format!("SSL: no alternative certificate subject name matches target {kind} '{shown}'"),
        0,
    ))
}

fn has_alternative_names(certificate: &X509Certificate<'_>) -> bool {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    let counts =
        |n: &GeneralName<'_>| matches!(n, GeneralName::DNSName(_) | GeneralName::IPAddress(_));
    names.value.general_names.iter().any(counts)
}

/// A wildcard stands for the whole leftmost label, with two more labels behind it.
fn matches_pattern(pattern: &str, host: &str) -> bool {
    let trim = |name: &'_ str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let (pattern, host) = (trim(pattern), trim(host));
    let Some(suffix) = pattern.strip_prefix("*.") else {
        return !host.is_empty() && pattern == host;
    };
    let Some((label, rest)) = host.split_once('.') else { return false };
    suffix.contains('.') && !label.is_empty() && rest == suffix
}

/// OpenSSL's words and numbers for what webpki found.
fn describe(error: Error, end_entity: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Error {
    let Error::InvalidCertificate(certificate) = &error else { return error };
    let (text, number) = match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("certificate has expired", 10)
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("certificate is not yet valid", 9)
        }
        CertificateError::Revoked => ("certificate revoked", 23),
        CertificateError::UnknownRevocationStatus => ("unable to get certificate CRL", 3),
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => ("CRL has expired", 12),
        CertificateError::BadSignature => ("certificate signature failure", 7),
        _ if is_self_issued(end_entity) => ("self-signed certificate", 18),
        CertificateError::UnknownIssuer if chain.iter().any(is_self_issued) => {
            ("self-signed certificate in certificate chain", 19)
        }
        CertificateError::UnknownIssuer => ("unable to get local issuer certificate", 20),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            ("unsuitable certificate purpose", 26)
        }
        CertificateError::UnhandledCriticalExtension => ("unhandled critical extension", 34),
        other => return problem(&other.to_string(), 1),
    };
    problem(text, number)
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, c)| c.subject().as_raw() == c.issuer().as_raw())
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn wildcards() {
        assert!(matches_pattern("*.example.com", "A.example.com."));
        assert!(!matches_pattern("*.example.com", "a.b.example.com"));
        assert!(!matches_pattern("*.com", "example.com"));
        assert!(!matches_pattern("*.example.com", ".example.com"));
        assert!(!matches_pattern("", ""));
    }
}
