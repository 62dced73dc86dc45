//! The stapled answer about a certificate's status (RFC 6960, RFC 6066 section 8), for
//! `CURLOPT_SSL_VERIFYSTATUS`.

use pkcs8::der::{Decode, Encode};
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspResponse, OcspResponseStatus, RevokedInfo,
    SingleResponse,
};
use x509_parser::asn1_rs::BitString;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// The clocks of responders may be off by so many seconds.
const CLOCK_SKEW: u64 = 300;
/// `id-pkix-ocsp-basic`
const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";

/// Name and key of an authority, as DER.
pub(super) struct Issuer {
    pub(super) name: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// Is `response` a good answer about `certificate`, given by one of `issuers` or by somebody whom
/// that has charged with it?
///
/// # Errors
/// What is wrong, in libcurl's words.
pub(super) fn check(
    response: &[u8],
    certificate: &X509Certificate<'_>,
    issuers: impl Iterator<Item = Issuer>,
    now: UnixTime,
) -> Result<(), String> {
    if response.is_empty() {
        return Err("No OCSP response received".into());
    }
    let basic = basic_response(response)?;
    let mut issuers = issuers.filter(|issuer| issuer.name == certificate.issuer().as_raw());
    let mut answered = false;
    let mut signed = false;
    let single = issuers.find_map(|issuer| {
        let single = basic
            .tbs_response_data
            .responses
            .iter()
            .find(|single| names(&single.cert_id, certificate, &issuer).unwrap_or(false))?;
        answered = true;
        signed = is_signed(&basic, &issuer, now).unwrap_or(false);
        signed.then_some(single)
    });
    match single {
        Some(single) => check_status(single, now),
        None if answered && !signed => Err("OCSP response verification failed".into()),
        None => Err("Could not find certificate ID in OCSP response".into()),
    }
}

fn basic_response(der: &[u8]) -> Result<BasicOcspResponse, String> {
    let invalid = || "Invalid OCSP response".to_owned();
    let response = OcspResponse::from_der(der).map_err(|_| invalid())?;
    let status = response.response_status;
    if status != OcspResponseStatus::Successful {
        let text = match status {
            OcspResponseStatus::Successful => "successful",
            OcspResponseStatus::MalformedRequest => "malformedrequest",
            OcspResponseStatus::InternalError => "internalerror",
            OcspResponseStatus::TryLater => "trylater",
            OcspResponseStatus::SigRequired => "sigrequired",
            OcspResponseStatus::Unauthorized => "unauthorized",
        };
        return Err(format!("Invalid OCSP response status: {text} ({})", status as u32));
    }
    let bytes = response.response_bytes.filter(|b| b.response_type.to_string() == BASIC);
    let bytes = bytes.ok_or_else(invalid)?;
    BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(|_| invalid())
}

/// Is the answer about this certificate of this issuer?
fn names(id: &CertId, certificate: &X509Certificate<'_>, issuer: &Issuer) -> Option<bool> {
    let algorithm = match id.hash_algorithm.oid.to_string().as_str() {
        "1.3.14.3.2.26" => &SHA1_FOR_LEGACY_USE_ONLY,
        "2.16.840.1.101.3.4.2.1" => &SHA256,
        "2.16.840.1.101.3.4.2.2" => &SHA384,
        "2.16.840.1.101.3.4.2.3" => &SHA512,
        _ => return None,
    };
    let hash = |bytes: &[u8]| digest::digest(algorithm, bytes);
    let (_, key) = SubjectPublicKeyInfo::from_der(&issuer.key).ok()?;
    Some(
        id.serial_number.as_bytes() == certificate.raw_serial()
            && id.issuer_name_hash.as_bytes() == hash(&issuer.name).as_ref()
            && id.issuer_key_hash.as_bytes() == hash(&key.subject_public_key.data).as_ref(),
    )
}

/// Did the issuer sign the response, or a responder whom it has charged with it?
fn is_signed(basic: &BasicOcspResponse, issuer: &Issuer, now: UnixTime) -> Option<bool> {
    let data = basic.tbs_response_data.to_der().ok()?;
    let algorithm = basic.signature_algorithm.to_der().ok()?;
    let (_, algorithm) = AlgorithmIdentifier::from_der(&algorithm).ok()?;
    let signature = BitString::new(0, basic.signature.as_bytes()?);
    let signed_with = |key: &[u8]| {
        SubjectPublicKeyInfo::from_der(key)
            .is_ok_and(|(_, key)| verify_signature(&key, &algorithm, &signature, &data).is_ok())
    };
    let certificates = basic.certs.iter().flatten().filter_map(|it| it.to_der().ok());
    let mut delegates = certificates.filter_map(|der| key_of_delegate(&der, issuer, now));
    Some(signed_with(&issuer.key) || delegates.any(|key| signed_with(&key)))
}

/// The key of a responder that the issuer has charged (RFC 6960, section 4.2.2.2).
fn key_of_delegate(der: &[u8], issuer: &Issuer, now: UnixTime) -> Option<Vec<u8>> {
    let (_, responder) = X509Certificate::from_der(der).ok()?;
    let (_, issuer_key) = SubjectPublicKeyInfo::from_der(&issuer.key).ok()?;
    let charged = responder.extended_key_usage().ok()??.value.ocsp_signing;
    let now = ASN1Time::from_timestamp(i64::try_from(now.as_secs()).ok()?).ok()?;
    let good = charged
        && responder.validity().is_valid_at(now)
        && responder.issuer().as_raw() == issuer.name
        && responder.verify_signature(Some(&issuer_key)).is_ok();
    good.then(|| responder.public_key().raw.to_vec())
}

fn check_status(single: &SingleResponse, now: UnixTime) -> Result<(), String> {
    let now = now.as_secs();
    let from = single.this_update.0.to_unix_duration().as_secs();
    let to = single.next_update.map_or(u64::MAX, |at| at.0.to_unix_duration().as_secs());
    if now + CLOCK_SKEW < from || now > to.saturating_add(CLOCK_SKEW) {
        return Err("OCSP response has expired".into());
    }
    match &single.cert_status {
        CertStatus::Good(_) => Ok(()),
        CertStatus::Revoked(RevokedInfo { revocation_reason: Some(reason), .. }) => {
            let reason = *reason as u32;
            let text = REASONS.get(reason as usize).copied().unwrap_or("(UNKNOWN)");
            Err(format!("SSL certificate revocation reason: {text} ({reason})"))
        }
        CertStatus::Revoked(_) => Err("SSL certificate revocation reason: (UNKNOWN) (-1)".into()),
        CertStatus::Unknown(_) => Err("the OCSP responder does not know the certificate".into()),
    }
}

/// The reasons of RFC 5280, section 5.3.1, by their numbers.
const REASONS: [&str; 11] = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "(UNKNOWN)",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
];

/// Name and key of a certificate.
pub(super) fn issuer_of(certificate: &CertificateDer<'_>) -> Option<Issuer> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(Issuer { name: parsed.subject().as_raw().to_vec(), key: parsed.public_key().raw.to_vec() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls_pki_types::pem::PemObject;

    use super::*;

    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUUoznEP+t3XhiaitSGz0FVYmktb0wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBQTAgFw0yNjExMjUwMjMyNTVaGA8yMDUxMDcxNzAyMzI1NVow
DDEKMAgGA1UEAwwBQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABA1+QWMB1AjL
XMZNk6u4i45H9tOmQEicDEEPcDUQ6CIOx3BQlSXAu+EHMCmZHl8zS0/hOrs2K+Hm
LqD5mUa21bKjUzBRMB0GA1UdDgQWBBR45Dd/kzDGT9UwGiv4hJtoppULaDAfBgNV
HSMEGDAWgBR45Dd/kzDGT9UwGiv4hJtoppULaDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQCbsM3R4tyqik2uVeb0QWDSlL1BtZ6QO7RUX75cLztj
ogIgZ3SO9393Xc6zN7HlT4r4oO4IO7UzQki9YpqpHQoW+rU=
-----END CERTIFICATE-----
";
    const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBADCBpwICEjQwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBQTAeFw0yNjExMjUw
MjMyNTVaFw00ODEwMjAwMjMyNTVaMAwxCjAIBgNVBAMMAUwwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASDTsbwnujnPJFWYYx8eEklUtuIyQTBNZ+r64IegIWTI466
KlXm78VNwhXfmChUuvvhyLvEoCtwYaJlzyCAqUzHMAoGCCqGSM49BAMCA0gAMEUC
IHDtj03uuvVbUmOJwhmzJ2RUmHemLsGN7OM4ihgj3v1CAiEAq82f8TSxZIJr/Fh7
Y26mezlE8uq56dJES8hVXh0pbus=
-----END CERTIFICATE-----
";
    /// Its status as `openssl ocsp` tells it, in the dress of a certificate.
    const RESPONSE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJQoBAKCCAR4wggEaBgkrBgEFBQcwAQEEggELMIIBBzCBraEOMAwxCjAIBgNV
BAMMAUEYDzIwMjYxMTI1MDIzMjU1WjBlMGMwOzAJBgUrDgMCGgUABBT86EnClSPn
7LxENAL8GHHCj+kDUQQUeOQ3f5Mwxk/VMBor+ISbaKaVC2gCAhI0gAAYDzIwMjYx
MTI1MDIzMjU1WqARGA8yMDQ2MDEyNDAyMzI1NVqhIzAhMB8GCSsGAQUFBzABAgQS
BBBkpQ9rm/XO8scJ+2DFparUMAoGCCqGSM49BAMCA0kAMEYCIQDy9LjOfWBA52v2
bHrwOG3m1J4GQ64OdABttnuoALtW2AIhAO/PuRVaknT/aICUZ2uto5bD9mj5WN+4
5bEkb/98I1vq
-----END CERTIFICATE-----
";
    /// A time within that of the response: 1 January 2030.
    const NOW: u64 = 1_893_456_000;

    fn der(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    fn checked(response: &[u8], now: u64) -> Result<(), String> {
        checked_for(&der(CERTIFICATE), response, now)
    }

    fn checked_for(certificate: &[u8], response: &[u8], now: u64) -> Result<(), String> {
        let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
        let issuers = [CERTIFICATE, AUTHORITY].into_iter().filter_map(|pem| issuer_of(&der(pem)));
        check(response, &parsed, issuers, UnixTime::since_unix_epoch(Duration::from_secs(now)))
    }

    #[test]
    fn takes_a_good_answer_in_its_time() {
        let response = der(RESPONSE);
        assert_eq!(checked(&response, NOW), Ok(()));
        let expired = Err("OCSP response has expired".into());
        assert_eq!(checked(&response, NOW * 2), expired);
        assert_eq!(checked(&response, NOW / 2), expired);
        assert_eq!(checked(&[], NOW), Err("No OCSP response received".into()));
        let busy = Err("Invalid OCSP response status: trylater (3)".into());
        assert_eq!(checked(&[0x30, 3, 10, 1, 3], NOW), busy);
    }

    /// CVE-2020-8286.
    #[test]
    fn takes_no_answer_about_another_certificate() {
        let mut other = der(CERTIFICATE).to_vec();
        let (_, parsed) = X509Certificate::from_der(&other).unwrap();
        let serial = parsed.raw_serial().to_vec();
        let at = other.windows(serial.len()).position(|bytes| bytes == serial).unwrap();
        other[at + serial.len() - 1] ^= 1;
        let text = "Could not find certificate ID in OCSP response";
        assert_eq!(checked_for(&other, &der(RESPONSE), NOW), Err(text.into()));
    }

    #[test]
    fn takes_nothing_that_was_changed() {
        let response = der(RESPONSE);
        for at in 0..response.len() {
            let mut forged = response.to_vec();
            forged[at] ^= 1;
            assert!(checked(&forged, NOW).is_err(), "byte {at}");
            assert!(checked(&response[..at], NOW).is_err(), "{at} bytes");
        }
    }
}
