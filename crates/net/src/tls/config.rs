//! From settings to rustls' configuration, made once and shared.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use quinn_proto::crypto::rustls::QuicClientConfig;
use rustls::client::{ClientSessionMemoryCache, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, KeyLog, KeyLogFile, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use tress_model::{Code, Error, Result};

use super::pin::Pins;
use super::settings::{Source, TlsSettings, TlsVersion};
use super::trust::{TrustStore, changed};
use super::verify::Verifier;
use super::{ciphers, identity, names};

/// Sessions that one context remembers for each configuration.
const MAX_SESSIONS: usize = 256;

/// So many configurations are remembered; after that the cache starts over.
const MAX_CONFIGS: usize = 256;

/// Configurations and sessions for resumption. One for each multi handle, or
/// shared between them (`CURL_LOCK_DATA_SSL_SESSION`) by cloning.
#[derive(Clone, Default)]
pub struct TlsContext(Arc<Mutex<HashMap<Arc<TlsSettings>, Arc<Prepared>>>>);

/// A protocol that was agreed on (RFC 7301); `None`: there was no agreement.
type Alpn = Option<Box<[u8]>>;

/// All that is made of one set of settings.
pub struct Prepared {
    pub(super) config: Arc<ClientConfig>,
    /// The same, with early data; its sessions are the same ones.
    early: OnceLock<Arc<ClientConfig>>,
    /// The same for QUIC, whose sessions are others.
    quic: OnceLock<Arc<QuicClientConfig>>,
    /// What sessions of TLS 1.3 with a host were made for.
    alpns: Mutex<HashMap<Box<str>, Alpn>>,
    trust: Option<Arc<TrustStore>>,
    pub(super) pins: Option<Pins>,
    stamps: Stamps,
}

impl Prepared {
    /// The configuration that sends early data where a session allows it.
    pub(super) fn early(&self) -> Arc<ClientConfig> {
        let make = || {
            let mut config = ClientConfig::clone(&self.config);
            config.enable_early_data = true;
            Arc::new(config)
        };
        self.early.get_or_init(make).clone()
    }

    /// The configuration for QUIC, made when it is needed first.
    pub(super) fn quic(&self, settings: &TlsSettings) -> Result<Arc<QuicClientConfig>> {
        if let Some(known) = self.quic.get() {
            return Ok(known.clone());
        }
        let made = super::quic::config(settings, &self.config, self.trust.clone())?;
        Ok(self.quic.get_or_init(|| Arc::new(made)).clone())
    }

    /// The protocol of sessions with a host, if there was one.
    pub(super) fn alpn_of(&self, host: &str) -> Option<Alpn> {
        self.alpns.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// A connection was made for this protocol.
    pub(super) fn remember_alpn(&self, host: &str, alpn: Option<&[u8]>) {
        let mut alpns = self.alpns.lock().unwrap_or_else(PoisonError::into_inner);
        if alpns.get(host).is_some_and(|known| known.as_deref() == alpn) {
            return;
        }
        if alpns.len() >= MAX_SESSIONS {
            alpns.clear();
        }
        alpns.insert(host.into(), alpn.map(Into::into));
    }
}

/// When the files besides the trust anchors were changed.
type Stamps = [Option<SystemTime>; 5];

impl TlsContext {
    /// What is made of `settings`, if no file has to be read for it.
    ///
    /// # Errors
    /// A setting that cannot be used, by libcurl's codes.
    pub fn at_hand(&self, settings: &Arc<TlsSettings>) -> Result<Option<Arc<Prepared>>> {
        if !settings.name_files() {
            return self.prepare(settings).map(Some);
        }
        let trust = match settings.verify_peer {
            true => TrustStore::cached(settings).map(Some),
            false => Some(None),
        };
        Ok(trust.and_then(|trust| self.known(settings, &trust, &stamps(settings))))
    }

    /// Is it the same one, shared?
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What is made of `settings`; anew if a file changed. May block: files are read.
    ///
    /// # Errors
    /// A file or another setting that cannot be used, by libcurl's codes.
    pub fn prepare(&self, settings: &Arc<TlsSettings>) -> Result<Arc<Prepared>> {
        let trust = if settings.verify_peer { Some(TrustStore::of(settings)?) } else { None };
        let stamps = stamps(settings);
        if let Some(known) = self.known(settings, &trust, &stamps) {
            return Ok(known);
        }
        let prepared = Arc::new(Prepared {
            config: Arc::new(build(settings, trust.clone())?),
            early: OnceLock::new(),
            quic: OnceLock::new(),
            alpns: Mutex::default(),
            trust,
            pins: settings.pinned_key.as_deref().map(Pins::of),
            stamps,
        });
        let mut cache = self.lock();
        if cache.len() >= MAX_CONFIGS {
            cache.clear();
        }
        cache.insert(settings.clone(), prepared.clone());
        Ok(prepared)
    }

    /// What was made of `settings`, if that is still good.
    fn known(
        &self,
        settings: &Arc<TlsSettings>,
        trust: &Option<Arc<TrustStore>>,
        stamps: &Stamps,
    ) -> Option<Arc<Prepared>> {
        let cache = self.lock();
        let known = cache.get(settings)?;
        let same = known.trust.as_ref().map(Arc::as_ptr) == trust.as_ref().map(Arc::as_ptr);
        (same && known.stamps == *stamps).then(|| known.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<TlsSettings>, Arc<Prepared>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(settings: &TlsSettings) -> Stamps {
    let of_path = |path: &Option<Arc<Path>>| path.as_ref().and_then(|p| changed(p));
    let of_source = |source: &Option<Source>| match source {
        Some(Source::File(path)) => changed(path),
        _ => None,
    };
    [
        of_path(&settings.crl_file),
        of_source(&settings.certificate),
        of_source(&settings.key),
        of_source(&settings.issuer),
        settings.pinned_file().and_then(changed),
    ]
}

pub(super) fn build(
    settings: &TlsSettings,
    trust: Option<Arc<TrustStore>>,
) -> Result<ClientConfig> {
    let provider = Arc::new(provider(settings)?);
    let own = identity::load(settings, &provider)?;
    let verifier = verifier(settings, trust, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings)?)
        .map_err(|e| super::failure::connect_error(&e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    config.resumption = resumption(settings);
    // The records are opened and sealed by this crate.
    config.enable_secret_extraction = true;
    if let Some(log) = key_log() {
        config.key_log = log;
    }
    Ok(config)
}

/// A store of sessions, if they are wanted.
pub(super) fn resumption(settings: &TlsSettings) -> Resumption {
    match settings.session_cache {
        true => Resumption::store(Arc::new(ClientSessionMemoryCache::new(MAX_SESSIONS))),
        false => Resumption::disabled(),
    }
}

pub(super) fn verifier(
    settings: &TlsSettings,
    trust: Option<Arc<TrustStore>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier> {
    Ok(Verifier {
        chain: chain_verifier(settings, trust.as_deref(), provider)?,
        trust,
        verify_host: settings.verify_host,
        tolerate_form: settings.crl_file.is_none(),
        verify_status: settings.verify_status,
        issuer: settings.issuer.as_ref().map(issuer).transpose()?,
        schemes: schemes(settings)?,
        algorithms: provider.signature_verification_algorithms,
    })
}

pub(super) fn provider(settings: &TlsSettings) -> Result<CryptoProvider> {
    let refuse = |message: String| Err(Error::new(Code::SslCipher, message));
    // A list that no wanted version needs is not looked at.
    let tls12 = settings.ciphers.as_deref().filter(|_| settings.min_version < TlsVersion::V1_3);
    let tls13 = settings.ciphers13.as_deref().filter(|_| settings.max_version >= TlsVersion::V1_3);
    let mut suites = ciphers::tls13_suites(tls13);
    let suites12 = ciphers::tls12_suites(tls12);
    if let Some(list) = tls12.filter(|_| suites12.is_empty()) {
        return refuse(format!("failed setting cipher list: {list}"));
    }
    if let Some(list) = tls13.filter(|_| suites.is_empty()) {
        return refuse(format!("failed setting TLS 1.3 cipher suite: {list}"));
    }
    suites.extend(suites12);
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites = suites;
    if let Some(list) = settings.curves.as_deref() {
        match names::groups(list) {
            Some(groups) => provider.kx_groups = groups,
            None => return refuse(format!("failed setting curves list: '{list}'")),
        }
    }
    Ok(provider)
}

/// The schemes of `CURLOPT_SSL_SIGNATURE_ALGORITHMS`, of which one at least must exist here.
fn schemes(settings: &TlsSettings) -> Result<Option<Vec<SignatureScheme>>> {
    let Some(list) = settings.signature_algorithms.as_deref() else { return Ok(None) };
    let all = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let supported = all.supported_schemes();
    match names::signature_schemes(list) {
        Some(schemes) if schemes.iter().any(|scheme| supported.contains(scheme)) => {
            Ok(Some(schemes))
        }
        _ => {
            let message = format!("failed setting signature algorithms: '{list}'");
            Err(Error::new(Code::SslCipher, message))
        }
    }
}

/// What `CURLOPT_ISSUERCERT` is called, and the certificate in it.
fn issuer(source: &Source) -> Result<(String, Vec<u8>)> {
    let shown = match source {
        Source::File(path) => path.display().to_string(),
        Source::Blob(_) => "(memory blob)".into(),
    };
    let refuse = |verb| {
        let message = format!("SSL: Unable to {verb} issuer cert ({shown})");
        Error::new(Code::SslIssuerError, message)
    };
    let pem = source.read().ok_or_else(|| refuse("open"))?;
    let der = CertificateDer::from_pem_slice(&pem).map_err(|_| refuse("read"))?;
    let der = der.to_vec();
    Ok((shown, der))
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
        builder = builder.with_crls(lists).enforce_revocation_expiration();
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
