//! Trust anchors, parsed once in a process for all connections that use them.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, TryLockError};
use std::time::{Instant, SystemTime};

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::ocsp::Issuer;
use super::settings::{Alike, Blob, TlsSettings};
use super::verify::is_self_issued;

/// The system's bundle, unless the application names another one.
pub const DEFAULT_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// So many stores are remembered; after that the cache starts over.
const MAX_CACHED_STORES: usize = 64;

/// Parsed trust anchors.
pub(super) struct TrustStore {
    pub(super) roots: Arc<RootCertStore>,
    /// Without partial chains: certificates that are no anchors, but may lead to one.
    pub(super) links: Vec<CertificateDer<'static>>,
    /// Digests of the certificates: the peer's own one may be among them.
    digests: HashSet<[u8; 32]>,
}

/// A store in the process's cache.
struct Cached {
    store: Arc<TrustStore>,
    loaded: Instant,
}

impl TrustStore {
    /// Is this very certificate an anchor?
    pub(super) fn holds(&self, certificate: &[u8]) -> bool {
        self.digests.contains(&super::pin::sha256(certificate))
    }

    /// Did an anchor itself sign this certificate? For those that webpki refuses
    /// for their form but OpenSSL takes: an authority's (`CA:TRUE`) used by a server.
    pub(super) fn signed(&self, certificate: &X509Certificate<'_>) -> bool {
        let issuer = certificate.issuer().as_raw();
        let mut issuers = self.roots.roots.iter().filter(|anchor| {
            anchor.name_constraints.is_none() && sequence(&anchor.subject) == issuer
        });
        issuers.any(|anchor| {
            let key = sequence(&anchor.subject_public_key_info);
            SubjectPublicKeyInfo::from_der(&key)
                .is_ok_and(|(_, key)| certificate.verify_signature(Some(&key)).is_ok())
        })
    }

    /// Names and keys of the anchors.
    pub(super) fn issuers(&self) -> impl Iterator<Item = Issuer> {
        self.roots.roots.iter().map(|anchor| Issuer {
            name: sequence(&anchor.subject),
            key: sequence(&anchor.subject_public_key_info),
        })
    }

    /// The anchors for `settings`, from the process's cache if nothing changed and they are not
    /// too old.
    pub(super) fn of(settings: &TlsSettings) -> Result<Arc<Self>> {
        let key = Key::of(settings);
        if let Some(cached) = Self::cached_by(&key, settings) {
            return Ok(cached);
        }
        let mut store = Arc::new(Self::load(settings)?);
        let Some(mut cache) = cache() else { return Ok(store) };
        if let Some(old) = cache.get(&key)
            && old.store.digests == store.digests
        {
            // Configurations and sessions that hang on it stay good.
            store = old.store.clone();
        } else if cache.len() >= MAX_CACHED_STORES {
            cache.clear();
        }
        cache.insert(key, Cached { store: store.clone(), loaded: Instant::now() });
        Ok(store)
    }

    /// The same, if none of it has to be read.
    pub(super) fn cached(settings: &TlsSettings) -> Option<Arc<Self>> {
        Self::cached_by(&Key::of(settings), settings)
    }

    fn cached_by(key: &Key, settings: &TlsSettings) -> Option<Arc<Self>> {
        let Alike(timeout) = settings.ca_cache_timeout;
        let cache = cache()?;
        let is_recent = |it: &&Cached| timeout.is_none_or(|timeout| it.loaded.elapsed() < timeout);
        cache.get(key).filter(is_recent).map(|it| it.store.clone())
    }

    fn load(settings: &TlsSettings) -> Result<Self> {
        let bad = |message: String| Error::new(Code::SslCacertBadfile, message);
        let mut loading = Loading {
            roots: RootCertStore::empty(),
            links: Vec::new(),
            digests: HashSet::new(),
            partial_chain: settings.partial_chain,
        };
        if let Some(blob) = &settings.ca_blob
            && loading.add_pem(blob.bytes()) == 0
        {
            return Err(bad("error adding trust anchors from certificate blob: 77".into()));
        }
        if let Some(file) = &settings.ca_file {
            let added = std::fs::read(file).map(|pem| loading.add_pem(&pem)).unwrap_or(0);
            if added == 0 {
                let path = file.display();
                return Err(bad(format!("error adding trust anchors from file: {path}")));
            }
        }
        if let Some(dir) = &settings.ca_dir {
            // One that is not there holds no anchors; that is no error of its own.
            let _ = loading.add_dir(dir);
        }
        Ok(Self { roots: Arc::new(loading.roots), links: loading.links, digests: loading.digests })
    }
}

/// `content` as a DER sequence.
fn sequence(content: &[u8]) -> Vec<u8> {
    let mut der = vec![0x30];
    match content.len() {
        short @ 0..0x80 => der.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            der.push(0x80 | (bytes.len() - zeros) as u8);
            der.extend(bytes.iter().skip(zeros));
        }
    }
    der.extend_from_slice(content);
    der
}

/// The process's stores, which nobody holds for long. None: a fork has caught another thread with
/// them, and they will never be free; whoever cannot have them reads for himself.
fn cache() -> Option<MutexGuard<'static, HashMap<Key, Cached>>> {
    static CACHE: LazyLock<Mutex<HashMap<Key, Cached>>> = LazyLock::new(Mutex::default);
    const TRIES: u32 = 1000;
    for _ in 0..TRIES {
        match CACHE.try_lock() {
            Ok(cache) => return Some(cache),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// What a store was made from, with the times of change of the files.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    file: Option<(Arc<Path>, Option<SystemTime>)>,
    dir: Option<(Arc<Path>, Option<SystemTime>)>,
    blob: Option<Blob>,
    partial_chain: bool,
}

impl Key {
    fn of(settings: &TlsSettings) -> Self {
        let stamped = |path: &Arc<Path>| (path.clone(), changed(path));
        Self {
            file: settings.ca_file.as_ref().map(stamped),
            dir: settings.ca_dir.as_ref().map(stamped),
            blob: settings.ca_blob.clone(),
            partial_chain: settings.partial_chain,
        }
    }
}

/// When the file at `path` was last changed.
pub(super) fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

struct Loading {
    roots: RootCertStore,
    links: Vec<CertificateDer<'static>>,
    digests: HashSet<[u8; 32]>,
    partial_chain: bool,
}

impl Loading {
    /// Adds the certificates in `pem`, or the one that is plain DER; says how many.
    fn add_pem(&mut self, pem: &[u8]) -> usize {
        let mut added = 0;
        for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
            added += self.add(certificate);
        }
        if added == 0 && pem.first() == Some(&0x30) {
            added += self.add(CertificateDer::from(pem));
        }
        added
    }

    fn add(&mut self, certificate: CertificateDer<'_>) -> usize {
        if !self.partial_chain && !is_self_issued(&certificate) {
            self.links.push(certificate.into_owned());
            return 1;
        }
        let digest = super::pin::sha256(&certificate);
        // One that cannot be an anchor for others may still be the peer's own.
        let _ = self.roots.add(certificate.into_owned());
        usize::from(self.digests.insert(digest))
    }

    /// Adds what `c_rehash` links: eight hexadecimal digits, a point and a number.
    fn add_dir(&mut self, dir: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_hash_name)
                && let Ok(pem) = std::fs::read(entry.path())
            {
                self.add_pem(&pem);
            }
        }
        Ok(())
    }
}

fn is_hash_name(name: &str) -> bool {
    let Some((hash, number)) = name.split_once('.') else { return false };
    hash.len() == 8
        && hash.bytes().all(|b| b.is_ascii_hexdigit())
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}
