//! From the settings of a transfer to those of its TLS layer.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tress_net::tls::{Alike, Blob, KeyFormat, Source, TlsSettings, TlsVersion};

use crate::options::{self, SslOptions, Text, TlsOptions};

/// What the options say about TLS, in the form that decides which connections are alike.
pub(crate) fn settings(options: &TlsOptions) -> Arc<TlsSettings> {
    let defaults = TlsSettings::default();
    let max = options.sslversion_max.map_or(TlsVersion::V1_3, version);
    Arc::new(TlsSettings {
        verify_peer: options.ssl_verifypeer,
        verify_host: options.ssl_verifyhost,
        ca_file: ca_file(options, defaults.ca_file),
        ca_dir: path(&options.capath),
        ca_blob: options.cainfo_blob.as_deref().map(Blob::new),
        ca_cache_timeout: Alike(options.ca_cache_timeout),
        partial_chain: !options.ssl_options.contains(SslOptions::NO_PARTIALCHAIN),
        crl_file: path(&options.crlfile),
        issuer: source(&options.issuercert, &options.issuercert_blob),
        verify_status: options.ssl_verifystatus,
        certificate: source(&options.sslcert, &options.sslcert_blob),
        certificate_format: format(&options.sslcerttype),
        key: source(&options.sslkey, &options.sslkey_blob),
        key_format: format(&options.sslkeytype),
        key_password: text(&options.keypasswd),
        pinned_key: text(&options.pinnedpublickey),
        min_version: version(options.sslversion),
        max_version: max,
        ciphers: text(&options.ssl_cipher_list),
        ciphers13: text(&options.tls13_ciphers),
        curves: text(&options.ssl_ec_curves),
        signature_algorithms: text(&options.ssl_signature_algorithms),
        session_cache: options.ssl_sessionid_cache,
        early_data: Alike(options.ssl_options.contains(SslOptions::EARLYDATA)),
        keep_certificates: Alike(options.certinfo),
    })
}

/// The same with the peer's certificates kept: the authentication above is bound to them.
pub(crate) fn to_bind_to(settings: Arc<TlsSettings>) -> Arc<TlsSettings> {
    let mut settings = Arc::unwrap_or_clone(settings);
    settings.keep_certificates = Alike(true);
    Arc::new(settings)
}

/// A blob takes the file's place; without either there is the system's file.
fn ca_file(options: &TlsOptions, system: Option<Arc<Path>>) -> Option<Arc<Path>> {
    match (&options.cainfo, &options.cainfo_blob) {
        (_, Some(_)) => None,
        (None, None) => system,
        (file, None) => path(file),
    }
}

/// What proves who the application is, and whom it expects, is for the origin of its own URL: not
/// for one that a redirect leads to.
pub(crate) fn settings_elsewhere(options: &TlsOptions) -> Arc<TlsSettings> {
    let mut settings = Arc::unwrap_or_clone(settings(options));
    let defaults = TlsSettings::default();
    settings.certificate = defaults.certificate;
    settings.certificate_format = defaults.certificate_format;
    settings.key = defaults.key;
    settings.key_format = defaults.key_format;
    settings.key_password = defaults.key_password;
    settings.pinned_key = defaults.pinned_key;
    Arc::new(settings)
}

fn version(version: options::TlsVersion) -> TlsVersion {
    match version {
        options::TlsVersion::V1_0 => TlsVersion::V1_0,
        options::TlsVersion::V1_1 => TlsVersion::V1_1,
        options::TlsVersion::V1_2 => TlsVersion::V1_2,
        options::TlsVersion::V1_3 => TlsVersion::V1_3,
    }
}

fn path(text: &Option<Text>) -> Option<Arc<Path>> {
    text.as_deref().map(|bytes| Path::new(OsStr::from_bytes(bytes)).into())
}

fn text(text: &Option<Text>) -> Option<Arc<str>> {
    text.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into())
}

fn source(file: &Option<Text>, blob: &Option<options::Blob>) -> Option<Source> {
    match (blob, path(file)) {
        (Some(blob), _) => Some(Source::Blob(Blob::new(blob.clone()))),
        (None, Some(path)) => Some(Source::File(path)),
        (None, None) => None,
    }
}

fn format(name: &Option<Text>) -> KeyFormat {
    KeyFormat::of(&String::from_utf8_lossy(name.as_deref().unwrap_or_default()))
}
