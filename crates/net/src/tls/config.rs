//! From settings to rustls' configuration, made once and shared.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::{ClientSessionMemoryCache, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, KeyLog, KeyLogFile, SupportedProtocolVersion};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};

use super::settings::{Source, TlsSettings, TlsVersion};
use super::trust::{TrustStore, changed};
use super::verify::Verifier;
use super::{identity, names};

/// Sessions that one context remembers for each configuration.
const MAX_SESSIONS: usize = 256;

/// So many configurations are remembered; after that the cache starts over.
const MAX_CONFIGS: usize = 256;

/// Configurations and sessions for resumption. One for each multi handle, or
/// shared between them (`CURL_LOCK_DATA_SSL_SESSION`) by cloning.
#[derive(Clone, Default)]
pub struct TlsContext(Arc<Mutex<HashMap<Arc<TlsSettings>, Prepared>>>);

#[derive(Clone)]
struct Prepared {
    config: Arc<ClientConfig>,
    trust: Option<Arc<TrustStore>>,
    stamps: Stamps,
}

/// When the files besides the trust anchors were changed.
type Stamps = [Option<SystemTime>; 3];

impl TlsContext {
    /// The configuration for `settings`; made if there is none or a file changed.
    pub(super) fn config(&self, settings: &Arc<TlsSettings>) -> Result<Arc<ClientConfig>> {
        let trust = if settings.verify_peer { Some(TrustStore::of(settings)?) } else { None };
        let stamps = stamps(settings);
        if let Some(known) = self.lock().get(settings)
            && known.stamps == stamps
            && known.trust.as_ref().map(Arc::as_ptr) == trust.as_ref().map(Arc::as_ptr)
        {
            return Ok(known.config.clone());
        }
        let config = Arc::new(build(settings, trust.clone())?);
        let prepared = Prepared { config: config.clone(), trust, stamps };
        let mut cache = self.lock();
        if cache.len() >= MAX_CONFIGS {
            cache.clear();
        }
        cache.insert(settings.clone(), prepared);
        Ok(config)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<TlsSettings>, Prepared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(settings: &TlsSettings) -> Stamps {
    let of_path = |path: &Option<Arc<Path>>| path.as_ref().and_then(|p| changed(p));
    let of_source = |source: &Option<Source>| match source {
        Some(Source::File(path)) => changed(path),
        _ => None,
    };
    [of_path(&settings.crl_file), of_source(&settings.certificate), of_source(&settings.key)]
}

fn build(settings: &TlsSettings, trust: Option<Arc<TrustStore>>) -> Result<ClientConfig> {
    let provider = Arc::new(provider(settings)?);
    let verifier = Verifier {
        chain: chain_verifier(settings, trust.as_deref(), &provider)?,
        trust,
        verify_host: settings.verify_host,
        tolerate_form: settings.crl_file.is_none(),
        algorithms: provider.signature_verification_algorithms,
    };
    let own = identity::load(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings)?)
        .map_err(|e| super::failure::connect_error(&e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    config.resumption = if settings.session_cache {
        Resumption::store(Arc::new(ClientSessionMemoryCache::new(MAX_SESSIONS)))
    } else {
        Resumption::disabled()
    };
    // The records are opened and sealed by this crate.
    config.enable_secret_extraction = true;
    if let Some(log) = key_log() {
        config.key_log = log;
    }
    Ok(config)
}

fn provider(settings: &TlsSettings) -> Result<CryptoProvider> {
    let refuse = |message: String| Err(Error::new(Code::SslCipher, message));
    let tls12 = names::tls12_suites(settings.ciphers.as_deref());
    if let Some(list) = settings.ciphers.as_deref().filter(|_| tls12.is_empty()) {
        return refuse(format!("failed setting cipher list: {list}"));
    }
    let mut suites = names::tls13_suites(settings.ciphers13.as_deref());
    if let Some(list) = settings.ciphers13.as_deref().filter(|_| suites.is_empty()) {
        return refuse(format!("failed setting TLS 1.3 cipher suite: {list}"));
    }
    suites.extend(tls12);
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites = suites;
    if let Some(list) = settings.curves.as_deref() {
        provider.kx_groups = names::groups(list);
        if provider.kx_groups.is_empty() {
            return refuse(format!("failed setting curves list: '{list}'"));
        }
    }
    Ok(provider)
}

fn versions(settings: &TlsSettings) -> Result<Vec<&'static SupportedProtocolVersion>> {
    let wanted = settings.min_version..=settings.max_version;
    let mut versions = Vec::new();
    if wanted.contains(&TlsVersion::V1_3) {
        versions.push(&rustls::version::TLS13);
    }
    if wanted.contains(&TlsVersion::V1_2) {
        versions.push(&rustls::version::TLS12);
    }
    if versions.is_empty() {
        let newest = settings.max_version.name();
        let message = format!("TLS connect error: no supported version up to {newest}");
        return Err(Error::new(Code::SslConnectError, message));
    }
    Ok(versions)
}

fn chain_verifier(
    settings: &TlsSettings,
    trust: Option<&TrustStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>> {
    let Some(trust) = trust.filter(|t| !t.roots.is_empty()) else { return Ok(None) };
    let mut builder =
        WebPkiServerVerifier::builder_with_provider(trust.roots.clone(), provider.clone());
    if let Some(path) = &settings.crl_file {
        let bad = || {
            let message = format!("error loading CRL file: {}", path.display());
            Error::new(Code::SslCrlBadfile, message)
        };
        let pem = std::fs::read(path).map_err(|_| bad())?;
        let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&pem)
            .collect::<std::result::Result<_, _>>()
            .map_err(|_| bad())?;
        if lists.is_empty() {
            return Err(bad());
        }
        builder = builder.with_crls(lists);
    }
    builder.build().map(Some).map_err(|e| {
        let message = format!("error adding trust anchors: {e}");
        Error::new(Code::SslCacertBadfile, message)
    })
}

/// `SSLKEYLOGFILE` of the environment, looked at once.
fn key_log() -> Option<Arc<dyn KeyLog>> {
    static LOG: LazyLock<Option<Arc<KeyLogFile>>> = LazyLock::new(|| {
        let asked = std::env::var_os("SSLKEYLOGFILE").is_some_and(|path| !path.is_empty());
        asked.then(|| Arc::new(KeyLogFile::new()))
    });
    LOG.clone().map(|log| log as Arc<dyn KeyLog>)
}
