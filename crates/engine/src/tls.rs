//! From the settings of a transfer to those of its TLS layer.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tress_net::tls::{Blob, KeyFormat, Source, TlsSettings, TlsVersion};

use crate::options::{self, Text, TlsOptions};

/// What the options say about TLS, in the form that decides which connections are alike.
pub(crate) fn settings(options: &TlsOptions) -> Arc<TlsSettings> {
    let defaults = TlsSettings::default();
    let max = options.sslversion_max.map_or(TlsVersion::V1_3, version);
    Arc::new(TlsSettings {
        verify_peer: options.ssl_verifypeer,
        verify_host: options.ssl_verifyhost,
        ca_file: match (&options.cainfo, &options.cainfo_blob, &options.capath) {
            (None, None, None) => defaults.ca_file.clone(),
            (file, _, _) => path(file),
        },
        ca_dir: path(&options.capath),
        ca_blob: options.cainfo_blob.as_deref().map(Blob::new),
        crl_file: path(&options.crlfile),
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
        session_cache: options.ssl_sessionid_cache,
        keep_certificates: options.certinfo,
    })
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
    match name.as_deref() {
        Some(name) if name.eq_ignore_ascii_case(b"DER") => KeyFormat::Der,
        Some(name) if name.eq_ignore_ascii_case(b"P12") => KeyFormat::P12,
        _ => KeyFormat::Pem,
    }
}
