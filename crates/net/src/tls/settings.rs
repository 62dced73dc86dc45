use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that the application handed over (`CURLOPT_CAINFO_BLOB` and others).
/// Two blobs are the same if their contents are: their digest is taken once.
#[derive(Clone)]
pub struct Blob {
    bytes: Arc<[u8]>,
    digest: [u8; 32],
}

impl Blob {
    /// Takes the digest of `bytes`.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let digest = super::pin::sha256(&bytes);
        Self { bytes, digest }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Blob {}

impl Hash for Blob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.bytes.len())
    }
}

/// Where certificates or keys come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A file, read when a connection needs it.
    File(Arc<Path>),
    /// Bytes in memory; they win over a file.
    Blob(Blob),
}

/// `CURLOPT_SSLCERTTYPE`, `CURLOPT_SSLKEYTYPE`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyFormat {
    /// `PEM`
    #[default]
    Pem,
    /// `DER`
    Der,
    /// `P12`: PKCS#12, with certificate and key in one.
    P12,
    /// A name that stands for nothing here (`ENG`, `PROV`): refused when a connection needs it.
    Other(Arc<str>),
}

impl KeyFormat {
    /// The format of this name; names do not depend on case.
    pub fn of(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "" | "PEM" => Self::Pem,
            "DER" => Self::Der,
            "P12" => Self::P12,
            _ => Self::Other(name.into()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::P12 => "P12",
            Self::Other(name) => name,
        }
    }
}

/// A setting whose value does not make connections differ.
#[derive(Clone, Copy, Debug)]
pub struct Alike<T>(pub T);

impl<T> PartialEq for Alike<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Alike<T> {}

impl<T> Hash for Alike<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A protocol version; those before 1.2 can be asked for but are not spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.0
    V1_0,
    /// TLS 1.1
    V1_1,
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
}

impl TlsVersion {
    /// "TLSv1.3" and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "TLSv1.0",
            Self::V1_1 => "TLSv1.1",
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }
}

/// All that decides how a TLS connection is made. Connections with the same
/// settings share one configuration and one session cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// `CURLOPT_SSL_VERIFYPEER`
    pub verify_peer: bool,
    /// `CURLOPT_SSL_VERIFYHOST`
    pub verify_host: bool,
    /// `CURLOPT_CAINFO`, by default [`super::DEFAULT_CA_FILE`]; `None`: no file.
    pub ca_file: Option<Arc<Path>>,
    /// `CURLOPT_CAPATH`, a directory as `c_rehash` makes it.
    pub ca_dir: Option<Arc<Path>>,
    /// `CURLOPT_CAINFO_BLOB`
    pub ca_blob: Option<Blob>,
    /// `CURLOPT_CA_CACHE_TIMEOUT`: for how long parsed anchors may be used; none: for ever.
    pub ca_cache_timeout: Alike<Option<Duration>>,
    /// An anchor need not be self-signed (without `CURLSSLOPT_NO_PARTIALCHAIN`).
    pub partial_chain: bool,
    /// `CURLOPT_CRLFILE`
    pub crl_file: Option<Arc<Path>>,
    /// `CURLOPT_ISSUERCERT`, `CURLOPT_ISSUERCERT_BLOB`
    pub issuer: Option<Source>,
    /// `CURLOPT_SSL_VERIFYSTATUS`: the server must staple a good OCSP response.
    pub verify_status: bool,
    /// `CURLOPT_SSLCERT`, `CURLOPT_SSLCERT_BLOB`
    pub certificate: Option<Source>,
    /// `CURLOPT_SSLCERTTYPE`
    pub certificate_format: KeyFormat,
    /// `CURLOPT_SSLKEY`, `CURLOPT_SSLKEY_BLOB`; without it the key is beside the certificate.
    pub key: Option<Source>,
    /// `CURLOPT_SSLKEYTYPE`
    pub key_format: KeyFormat,
    /// `CURLOPT_KEYPASSWD`
    pub key_password: Option<Arc<str>>,
    /// `CURLOPT_PINNEDPUBLICKEY`
    pub pinned_key: Option<Arc<str>>,
    /// `CURLOPT_SSLVERSION`, lower bits.
    pub min_version: TlsVersion,
    /// `CURLOPT_SSLVERSION`, upper bits.
    pub max_version: TlsVersion,
    /// `CURLOPT_SSL_CIPHER_LIST`: OpenSSL's names.
    pub ciphers: Option<Arc<str>>,
    /// `CURLOPT_TLS13_CIPHERS`
    pub ciphers13: Option<Arc<str>>,
    /// `CURLOPT_SSL_EC_CURVES`
    pub curves: Option<Arc<str>>,
    /// `CURLOPT_SSL_SIGNATURE_ALGORITHMS`
    pub signature_algorithms: Option<Arc<str>>,
    /// `CURLOPT_SSL_SESSIONID_CACHE`
    pub session_cache: bool,
    /// Send the first bytes with the first flight where a session allows it
    /// (`CURLSSLOPT_EARLYDATA`).
    pub early_data: Alike<bool>,
    /// Keep the peer's certificates in [`super::TlsInfo`] (`CURLOPT_CERTINFO`).
    pub keep_certificates: Alike<bool>,
}

impl TlsSettings {
    /// Do any of them name a file?
    pub(super) fn name_files(&self) -> bool {
        let is_file = |it: &Option<Source>| matches!(it, Some(Source::File(_)));
        (self.verify_peer && (self.ca_file.is_some() || self.ca_dir.is_some()))
            || self.crl_file.is_some()
            || [&self.issuer, &self.certificate, &self.key].into_iter().any(is_file)
            || self.pinned_file().is_some()
    }

    /// The file of a pinned key.
    pub(super) fn pinned_file(&self) -> Option<&Path> {
        self.pinned_key.as_deref().and_then(super::pin::file)
    }
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for TlsSettings {
    /// libcurl's defaults.
    fn default() -> Self {
        Self {
            verify_peer: true,
            verify_host: true,
            ca_file: Some(Path::new(super::DEFAULT_CA_FILE).into()),
            ca_dir: None,
            ca_blob: None,
            ca_cache_timeout: Alike(Some(DAY)),
            partial_chain: true,
            crl_file: None,
            issuer: None,
            verify_status: false,
            certificate: None,
            certificate_format: KeyFormat::Pem,
            key: None,
            key_format: KeyFormat::Pem,
            key_password: None,
            pinned_key: None,
            min_version: TlsVersion::V1_2,
            max_version: TlsVersion::V1_3,
            ciphers: None,
            ciphers13: None,
            curves: None,
            signature_algorithms: None,
            session_cache: true,
            early_data: Alike(false),
            keep_certificates: Alike(false),
        }
    }
}
