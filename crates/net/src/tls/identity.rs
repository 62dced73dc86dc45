//! The client's own certificate and key.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};

use super::settings::{KeyFormat, Source, TlsSettings};

/// Loads `CURLOPT_SSLCERT` with `CURLOPT_SSLKEY`; `None` if there is none.
pub(super) fn load(
    settings: &TlsSettings,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>> {
    let Some(source) = &settings.certificate else { return Ok(None) };
    if settings.certificate_format == KeyFormat::P12 {
        return Err(Error::new(Code::SslCertproblem, "PKCS12 certificates are not supported"));
    }
    let chain = load_chain(source, settings.certificate_format).ok_or_else(|| {
        let (kind, name) = (format_name(settings.certificate_format, "ASN1"), name(source));
        let message = format!(
            "could not load {kind} client certificate from {name}, \
             (no key found, wrong passphrase, or wrong file format?)"
        );
        Error::new(Code::SslCertproblem, message)
    })?;
    let (key_source, key_format) = match &settings.key {
        Some(key) => (key, settings.key_format),
        None => (source, settings.certificate_format),
    };
    let key = load_key(key_source, key_format, settings.key_password.as_deref());
    let signing = key.and_then(|key| provider.key_provider.load_private_key(key).ok());
    let Some(signing) = signing else {
        let shown = match key_source {
            Source::File(path) => path.display().to_string(),
            Source::Blob(_) => "(memory blob)".into(),
        };
        let kind = format_name(key_format, "DER");
        let message = format!("unable to set private key file: '{shown}' type {kind}");
        return Err(Error::new(Code::SslCertproblem, message));
    };
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(Some(Arc::new(certified)))
        }
        Err(_) => Err(Error::new(
            Code::SslCertproblem,
            "Private key does not match the certificate public key",
        )),
    }
}

fn read(source: &Source) -> Option<std::borrow::Cow<'_, [u8]>> {
    match source {
        Source::File(path) => std::fs::read(path).ok().map(Into::into),
        Source::Blob(blob) => Some(blob.bytes().into()),
    }
}

fn load_chain(source: &Source, format: KeyFormat) -> Option<Vec<CertificateDer<'static>>> {
    let bytes = read(source)?;
    let chain: Vec<_> = match format {
        KeyFormat::Pem => CertificateDer::pem_slice_iter(&bytes).flatten().collect(),
        KeyFormat::Der => vec![CertificateDer::from(bytes.into_owned())],
        KeyFormat::P12 => return None,
    };
    (!chain.is_empty()).then_some(chain)
}

fn load_key(
    source: &Source,
    format: KeyFormat,
    password: Option<&str>,
) -> Option<PrivateKeyDer<'static>> {
    let bytes = read(source)?;
    match format {
        KeyFormat::Pem => match PrivateKeyDer::from_pem_slice(&bytes) {
            Ok(key) => Some(key),
            Err(_) => super::encrypted::decrypt(&bytes, password?),
        },
        KeyFormat::Der => PrivateKeyDer::try_from(bytes.into_owned()).ok(),
        KeyFormat::P12 => None,
    }
}

fn format_name(format: KeyFormat, der: &'static str) -> &'static str {
    match format {
        KeyFormat::Pem => "PEM",
        KeyFormat::Der => der,
        KeyFormat::P12 => "P12",
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Blob(_) => "CURLOPT_SSLCERT_BLOB".into(),
    }
}
