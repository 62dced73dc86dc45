use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyFormat {
    /// `PEM`
    #[default]
    Pem,
    /// `DER`
    Der,
    /// `P12`
    P12,
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
    /// `CURLOPT_CRLFILE`
    pub crl_file: Option<Arc<Path>>,
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
    /// `CURLOPT_SSL_SESSIONID_CACHE`
    pub session_cache: bool,
    /// Keep the peer's certificates in [`super::TlsInfo`] (`CURLOPT_CERTINFO`).
    pub keep_certificates: bool,
}

impl Default for TlsSettings {
    /// libcurl's defaults.
    fn default() -> Self {
        Self {
            verify_peer: true,
            verify_host: true,
            ca_file: Some(Path::new(super::DEFAULT_CA_FILE).into()),
            ca_dir: None,
            ca_blob: None,
            crl_file: None,
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
            session_cache: true,
            keep_certificates: false,
        }
    }
}
