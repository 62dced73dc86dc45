//! Checking the peer's certificate, as far as it is wanted.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, PeerMisbehaved, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use tress_model::Code;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ocsp;
use super::trust::TrustStore;

/// `CURLINFO_SSL_VERIFYRESULT` of a handshake that did not get as far as to a verdict.
pub const UNVERIFIED: i64 = 1;

/// What is wrong with a certificate, with libcurl's words.
#[derive(Debug)]
pub(super) struct BadCertificate {
    pub(super) message: String,
    pub(super) code: Code,
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
    /// A good answer about the certificate's status must be stapled.
    pub(super) verify_status: bool,
    /// Who must have issued the certificate, as it is named, and the bytes of that certificate.
    pub(super) issuer: Option<(String, Vec<u8>)>,
    /// The only schemes of signatures that are offered.
    pub(super) schemes: Option<Vec<SignatureScheme>>,
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
        let name_fits = match &self.trust {
            Some(trust) => self.verify_chain(trust, end_entity, intermediates, server_name, now)?,
            None => false,
        };
        if self.verify_host && !name_fits {
            check_name(end_entity, server_name)?;
        }
        if self.verify_status {
            self.check_status(end_entity, intermediates, ocsp_response, now)?;
        }
        if let Some((shown, issuer)) = &self.issuer {
            check_issuer(end_entity, issuer, shown)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(dss)?;
        let checked = rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms);
        self.tolerate(checked, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_scheme(dss)?;
        let checked = rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms);
        self.tolerate(checked, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let supported = self.algorithms.supported_schemes();
        match &self.schemes {
            Some(chosen) => chosen.iter().filter(|it| supported.contains(it)).copied().collect(),
            None => supported,
        }
    }
}

impl Verifier {
    /// Checks the chain; says whether the name was checked with it, and fits.
    fn verify_chain(
        &self,
        trust: &TrustStore,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<bool, Error> {
        let known: Vec<_>;
        let links = match &*trust.links {
            [] => intermediates,
            links => {
                known = intermediates.iter().chain(links).cloned().collect();
                &known
            }
        };
        let checked = match &self.chain {
            Some(chain) => chain.verify_server_cert(end_entity, links, server_name, &[], now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match checked {
            Ok(_) => return Ok(true),
            // The chain is good, which is checked first; the name comes later.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            Err(_) if trust.holds(end_entity) => check_dates(end_entity, now)?,
            Err(Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::BadEncoding,
            )) if self.tolerate_form && is_signed_for_servers(trust, end_entity) => {
                check_dates(end_entity, now)?;
            }
            Err(e) => return Err(describe(e, end_entity, intermediates)),
        }
        Ok(false)
    }

    /// Is the stapled answer a good one?
    fn check_status(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        response: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let (_, parsed) =
            X509Certificate::from_der(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        let sent = intermediates.iter().filter_map(ocsp::issuer_of);
        let anchors = self.trust.iter().flat_map(|trust| trust.issuers());
        // One that has signed itself is its own issuer.
        let own = ocsp::issuer_of(end_entity);
        ocsp::check(response, &parsed, sent.chain(anchors).chain(own), now)
            .map_err(|message| refused(message, Code::SslInvalidcertstatus))
    }

    /// A peer must keep to the schemes that were offered.
    fn check_scheme(&self, dss: &DigitallySignedStruct) -> Result<(), Error> {
        match &self.schemes {
            Some(chosen) if !chosen.contains(&dss.scheme) => {
                Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
            }
            _ => Ok(()),
        }
    }

    /// A certificate of a form that webpki does not take (version 1 of X.509, for one) may have
    /// passed all the same: then its key is used as it is.
    fn tolerate(
        &self,
        checked: Result<HandshakeSignatureValid, Error>,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match checked {
            Err(Error::InvalidCertificate(e)) if e != CertificateError::BadSignature => {
                let (_, parsed) = match X509Certificate::from_der(cert) {
                    Ok(parsed) => parsed,
                    // Too odd for anybody: that does not matter to who does not verify.
                    Err(_) if self.trust.is_none() => {
                        return Ok(HandshakeSignatureValid::assertion());
                    }
                    Err(_) => return Err(CertificateError::BadEncoding.into()),
                };
                let key = &parsed.public_key().subject_public_key.data;
                let mapping = self.algorithms.mapping.iter();
                let mut fits = mapping.filter(|(scheme, _)| *scheme == dss.scheme);
                let signed = fits.any(|(_, algorithms)| {
                    let verify = |algorithm: &&dyn SignatureVerificationAlgorithm| {
                        algorithm.verify_signature(key, message, dss.signature()).is_ok()
                    };
                    algorithms.iter().any(verify)
                });
                match signed {
                    true => Ok(HandshakeSignatureValid::assertion()),
                    false => Err(CertificateError::BadSignature.into()),
                }
            }
            checked => checked,
        }
    }
}

fn bad(message: String, verify_result: i64) -> Error {
    let code = Code::PeerFailedVerification;
    let bad = BadCertificate { message, code, verify_result };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(bad))))
}

/// The chain is good, but not what was asked for.
fn refused(message: String, code: Code) -> Error {
    let bad = BadCertificate { message, code, verify_result: 0 };
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

/// Did the authority of `CURLOPT_ISSUERCERT` issue the certificate itself?
fn check_issuer(certificate: &CertificateDer<'_>, issuer: &[u8], shown: &str) -> Result<(), Error> {
    let issued = match (X509Certificate::from_der(certificate), X509Certificate::from_der(issuer)) {
        (Ok((_, certificate)), Ok((_, issuer))) => {
            certificate.issuer().as_raw() == issuer.subject().as_raw()
                && certificate.verify_signature(Some(issuer.public_key())).is_ok()
        }
        _ => false,
    };
    if issued {
        return Ok(());
    }
    let message = format!("SSL: Certificate issuer check failed ({shown})");
    Err(refused(message, Code::SslIssuerError))
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
            IpAddr::V4(_) => ("IPv4 address", None),
            IpAddr::V6(_) => ("IPv6 address", None),
        },
        _ => ("hostname", Some(&shown)),
    };
    if let Some(host) = host
        && let Ok((_, parsed)) = X509Certificate::from_der(certificate)
        && !has_alternative_names(&parsed)
    {
        let Some(common) = parsed.subject().iter_common_name().last().map(|n| n.as_str()) else {
            return Err(bad(
                "SSL: unable to obtain common name from peer certificate".into(),
                UNVERIFIED,
            ));
        };
        let common = common.unwrap_or_default();
        if matches_pattern(common, host) {
            return Ok(());
        }
        return Err(bad(
            format!(
                "SSL: certificate subject name '{common}' does not match target hostname '{host}'"
            ),
            UNVERIFIED,
        ));
    }
    Err(bad(
        format!("SSL: no alternative certificate subject name matches target {kind} '{shown}'"),
        UNVERIFIED,
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

/// What OpenSSL finds about a chain when it knows no anchors at all: for connections whose chain
/// does not matter (`CURLINFO_SSL_VERIFYRESULT`).
pub(super) fn result_without_anchors(chain: &[CertificateDer<'_>]) -> i64 {
    match chain {
        [] => 0,
        [first, ..] if is_self_issued(first) => 18,
        [_, rest @ ..] if rest.iter().any(is_self_issued) => 19,
        _ => 20,
    }
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
        CertificateError::Other(OtherError(other)) => return problem(&other.to_string(), 1),
        other => return problem(&other.to_string(), 1),
    };
    problem(text, number)
}

pub(super) fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
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
        // Part of a label, which may be one in punycode (CVE-2023-28321).
        assert!(!matches_pattern("x*.example.com", "xn--l8j.example.com"));
        assert!(!matches_pattern("*j.example.com", "xn--l8j.example.com"));
        assert!(!matches_pattern("", ""));
    }
}
