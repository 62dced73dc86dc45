//! The client's own certificate and key.

use std::borrow::Cow;
use std::sync::Arc;

use p12_keystore::KeyStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::encrypted;
use super::settings::{KeyFormat, Source, TlsSettings};

type Chain = Vec<CertificateDer<'static>>;
type Key = PrivateKeyDer<'static>;

/// Loads `CURLOPT_SSLCERT` with `CURLOPT_SSLKEY`; `None` if there is none.
///
/// # Errors
/// `SslCertproblem`; as in libcurl `BadFunctionArgument` for a key that cannot be used and for
/// formats that are unknown.
pub(super) fn load(
    settings: &TlsSettings,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>> {
    let Some(source) = &settings.certificate else { return Ok(None) };
    let password = settings.key_password.as_deref();
    let (chain, own_key) = match &settings.certificate_format {
        KeyFormat::P12 => load_pkcs12(source, password).map(|(chain, key)| (chain, Some(key)))?,
        format => (load_chain(source, format)?, None),
    };
    let key = match (&settings.key, own_key) {
        (None, Some(key)) => (key, source, &KeyFormat::P12),
        (None, None) => {
            let format = &settings.certificate_format;
            (load_key(source, format, password)?, source, format)
        }
        (Some(key), own_key) => {
            let format = &settings.key_format;
            match own_key {
                // What the archive holds comes first.
                Some(own) if *format == KeyFormat::P12 => (own, source, format),
                _ => (load_key(key, format, password)?, key, format),
            }
        }
    };
    let (key, key_source, key_format) = key;
    let signing = provider.key_provider.load_private_key(key);
    let signing = signing.map_err(|_| match key_format {
        KeyFormat::P12 => {
            problem(format!("unable to use private key from PKCS12 file '{}'", shown(key_source)))
        }
        format => unusable(key_source, format),
    })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(Some(Arc::new(certified)))
        }
        Err(rustls::Error::InvalidCertificate(_)) if belong_together(&certified) => {
            Ok(Some(Arc::new(certified)))
        }
        Err(_) if *key_format == KeyFormat::P12 => Err(problem(format!(
            "private key from PKCS12 file '{}' does not match certificate in same file",
            shown(key_source)
        ))),
        Err(_) => Err(problem("Private key does not match the certificate public key".into())),
    }
}

/// Has the certificate the key's public half? For what rustls cannot read, which may be good enough
/// for the server: certificates of X.509's first version.
fn belong_together(certified: &CertifiedKey) -> bool {
    let certificate = certified.cert.first().map(|it| X509Certificate::from_der(it));
    match (certificate, certified.key.public_key()) {
        (Some(Ok((_, certificate))), Some(key)) => certificate.public_key().raw == &*key,
        _ => false,
    }
}

/// A PKCS#12 archive (RFC 7292) with a certificate, its key, and authorities.
fn load_pkcs12(source: &Source, password: Option<&str>) -> Result<(Chain, Key)> {
    let shown = shown(source);
    let bytes =
        source.read().ok_or_else(|| problem(format!("could not open PKCS12 file '{shown}'")))?;
    let store = KeyStore::from_pkcs12(&bytes, password.unwrap_or_default());
    let store = store.map_err(|e| match e {
        p12_keystore::error::Error::DerError(_) if !is_sequence(&bytes) => {
            problem(format!("error reading PKCS12 file '{shown}'"))
        }
        e => problem(format!("could not parse PKCS12 file '{shown}', check password: {e}")),
    })?;
    let no_key = || problem(format!("no private key in PKCS12 file '{shown}'"));
    let (_, found) = store.private_key_chain().ok_or_else(no_key)?;
    let chain = found.chain().iter().map(|c| CertificateDer::from(c.as_der().to_vec())).collect();
    let key = PrivateKeyDer::try_from(found.key().to_vec()).map_err(|_| no_key())?;
    Ok((chain, key))
}

fn is_sequence(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

fn load_chain(source: &Source, format: &KeyFormat) -> Result<Chain> {
    let chain: Chain = match (format, source.read()) {
        (KeyFormat::Pem, Some(bytes)) => CertificateDer::pem_slice_iter(&bytes).flatten().collect(),
        (KeyFormat::Der, Some(bytes)) if is_sequence(&bytes) => {
            vec![CertificateDer::from(bytes.into_owned())]
        }
        (KeyFormat::Pem | KeyFormat::Der | KeyFormat::P12, _) => Vec::new(),
        (KeyFormat::Other(name), _) => {
            let message = format!("not supported file type '{name}' for certificate");
            return Err(Error::new(Code::BadFunctionArgument, message));
        }
    };
    if !chain.is_empty() {
        return Ok(chain);
    }
    let kind = if *format == KeyFormat::Der { "ASN1" } else { format.name() };
    let name = match source {
        Source::File(path) => path.display().to_string(),
        Source::Blob(_) => "CURLOPT_SSLCERT_BLOB".into(),
    };
    Err(problem(format!(
        "could not load {kind} client certificate from {name}, \
         (no key found, wrong passphrase, or wrong file format?)"
    )))
}

fn load_key(source: &Source, format: &KeyFormat, password: Option<&str>) -> Result<Key> {
    let key = match (format, source.read()) {
        (KeyFormat::Pem, Some(bytes)) => match PrivateKeyDer::from_pem_slice(&bytes) {
            Ok(key) => Some(key),
            Err(_) => password.and_then(|password| encrypted::decrypt(&bytes, password)),
        },
        (KeyFormat::Der, Some(bytes)) => match PrivateKeyDer::try_from(&*bytes) {
            Ok(key) => Some(key.clone_key()),
            Err(_) => password.and_then(|password| encrypted::decrypt_der(&bytes, password)),
        },
        (KeyFormat::P12, _) => {
            return Err(problem("file type P12 for private key not supported".into()));
        }
        (KeyFormat::Other(_), _) => {
            let message = "not supported file type for private key";
            return Err(Error::new(Code::BadFunctionArgument, message));
        }
        (_, None) => None,
    };
    key.ok_or_else(|| unusable(source, format))
}

fn unusable(source: &Source, format: &KeyFormat) -> Error {
    let message =
        format!("unable to set private key file: '{}' type {}", shown(source), format.name());
    Error::new(Code::BadFunctionArgument, message)
}

fn problem(message: String) -> Error {
    Error::new(Code::SslCertproblem, message)
}

fn shown(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Blob(_) => "(memory blob)".into(),
    }
}

impl Source {
    /// What it holds; none if it cannot be read.
    pub(super) fn read(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::File(path) => std::fs::read(path).ok().map(Into::into),
            Self::Blob(blob) => Some(blob.bytes().into()),
        }
    }
}
