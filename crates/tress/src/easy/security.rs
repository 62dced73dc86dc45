//! TLS: whom to trust, who we are.

use std::path::Path;

use tress_engine::options::{TlsVersion, UseSsl};

use super::Easy;

/// TLS.
impl Easy {
    /// A file of certificates to trust, in place of the system's (`CURLOPT_CAINFO`).
    pub fn ca_file(self, path: impl AsRef<Path>) -> Self {
        self.set_path("path of certificates", path.as_ref(), |options, path| {
            options.tls_mut().cainfo = Some(path);
        })
    }

    /// Certificates to trust in place of the system's, in PEM (`CURLOPT_CAINFO_BLOB`).
    pub fn ca_pem(self, certificates: impl Into<Vec<u8>>) -> Self {
        self.set(|options| options.tls_mut().cainfo_blob = Some(certificates.into().into()))
    }

    /// Takes any certificate, and so anybody's answer: for tests only.
    pub fn insecure(self) -> Self {
        self.set(|options| {
            options.tls_mut().ssl_verifypeer = false;
            options.tls_mut().ssl_verifyhost = false;
        })
    }

    /// The files with our certificate and its key, in PEM (`CURLOPT_SSLCERT`,
    /// `CURLOPT_SSLKEY`). A password for the key: [`Easy::key_password`].
    pub fn client_certificate(self, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.set_path("path of a certificate", certificate.as_ref(), |options, path| {
            options.tls_mut().sslcert = Some(path);
        })
        .set_path("path of a key", key.as_ref(), |options, path| {
            options.tls_mut().sslkey = Some(path);
        })
    }

    /// Our certificate and its key, in PEM (`CURLOPT_SSLCERT_BLOB`, `CURLOPT_SSLKEY_BLOB`).
    pub fn client_certificate_pem(
        self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.set(|options| {
            options.tls_mut().sslcert_blob = Some(certificate.into().into());
            options.tls_mut().sslkey_blob = Some(key.into().into());
        })
    }

    /// The password of our key (`CURLOPT_KEYPASSWD`).
    pub fn key_password(self, password: &str) -> Self {
        self.set_text("key's password", password, |options, it| {
            options.tls_mut().keypasswd = Some(it);
        })
    }

    /// The server's public key must be this: `sha256//` and the sum in base64, several with `;`
    /// between, or a file's path (`CURLOPT_PINNEDPUBLICKEY`).
    pub fn pinned_key(self, key: &str) -> Self {
        self.set_text("pinned key", key, |options, it| {
            options.tls_mut().pinnedpublickey = Some(it);
        })
    }

    /// The lowest version of TLS (`CURLOPT_SSLVERSION`); 1.2 otherwise.
    pub fn min_tls(self, version: TlsVersion) -> Self {
        self.set(|options| options.tls_mut().sslversion = version)
    }

    /// Plain FTP and mail connections must go over to TLS before the login (`CURLOPT_USE_SSL`).
    pub fn require_tls(self) -> Self {
        self.set(|options| options.tls_mut().use_ssl = UseSsl::All)
    }
}
