//! `curl_version` and `curl_version_info`: what this library is and can do.

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uint};
use std::ptr::null;
use std::sync::OnceLock;

use crate::entry::entry;
use crate::flavour::Flavour;
use crate::gss;
use crate::tables::features::{
    FEATURES, Feature, GSS_FEATURES, PROTOCOLS, VERSION, VERSION_NUMBER,
};

/// `CURLVERSION_NOW`: the last age of the structure that is known here.
const AGE: c_int = 11;

/// Which decoders there are, and which of the known libraries' versions they stand for.
const ZLIB: &CStr = c"1.3.0-zlib-rs";
const BROTLI: &CStr = c"1.0.0-rs";
const ZSTD: &CStr = c"1.5.0-ruzstd";

/// What speaks QUIC.
const QUIC: &CStr = c"quinn-proto/0.11";

/// Where Debian and its kin keep the trusted certificates.
pub(crate) const CA_FILE: &CStr = c"/etc/ssl/certs/ca-certificates.crt";
pub(crate) const CA_PATH: &CStr = c"/etc/ssl/certs";

entry! {
    /// `curl_version(3)`. It names what there is; that HTTP/2 is served says the feature, as
    /// `curl_version_info(3)` has it, and no name of a library that is not here.
    fn curl_version() -> *const c_char [c"libcurl".as_ptr()] {
        texts().version.as_ptr()
    }

    /// `curl_version_info(3)`; the structure has every age's fields, whatever age is asked for.
    fn curl_version_info(_age: c_int) -> *const VersionInfo [null()] {
        static INFO: OnceLock<VersionInfo> = OnceLock::new();
        std::ptr::from_ref(INFO.get_or_init(version_info))
    }
}

/// `curl_version_info_data`.
#[repr(C)]
#[allow(missing_docs)]
pub struct VersionInfo {
    pub age: c_int,
    pub version: *const c_char,
    pub version_num: c_uint,
    pub host: *const c_char,
    pub features: c_int,
    pub ssl_version: *const c_char,
    pub ssl_version_num: c_long,
    pub libz_version: *const c_char,
    pub protocols: *const *const c_char,
    pub ares: *const c_char,
    pub ares_num: c_int,
    pub libidn: *const c_char,
    pub iconv_ver_num: c_int,
    pub libssh_version: *const c_char,
    pub brotli_ver_num: c_uint,
    pub brotli_version: *const c_char,
    pub nghttp2_ver_num: c_uint,
    pub nghttp2_version: *const c_char,
    pub quic_version: *const c_char,
    pub cainfo: *const c_char,
    pub capath: *const c_char,
    pub zstd_ver_num: c_uint,
    pub zstd_version: *const c_char,
    pub hyper_version: *const c_char,
    pub gsasl_version: *const c_char,
    pub feature_names: *const *const c_char,
    pub rtmp_version: *const c_char,
}

// SAFETY: everything behind the pointers is constant and lives as long as the process.
unsafe impl Send for VersionInfo {}
// SAFETY: see `Send`.
unsafe impl Sync for VersionInfo {}

fn version_info() -> VersionInfo {
    let texts = texts();
    let has = |name: &CStr| FEATURES.iter().any(|feature| feature.name == name);
    let version_of = |feature: &'static CStr, version: &'static CStr| {
        if has(feature) { version.as_ptr() } else { null() }
    };
    VersionInfo {
        age: AGE,
        version: texts.number.as_ptr(),
        version_num: VERSION_NUMBER,
        host: concat!(env!("TRESS_TARGET"), "\0").as_ptr().cast(),
        features: features().fold(0, |bits, feature| bits | feature.bit) as c_int,
        ssl_version: texts.tls.as_ptr(),
        ssl_version_num: 0,
        libz_version: version_of(c"libz", ZLIB),
        protocols: names(PROTOCOLS.iter().map(|name| name.as_ptr())),
        ares: null(),
        ares_num: 0,
        libidn: version_of(c"IDN", c"idna-1"),
        iconv_ver_num: 0,
        libssh_version: null(),
        brotli_ver_num: if has(c"brotli") { 1 << 24 } else { 0 },
        brotli_version: version_of(c"brotli", BROTLI),
        nghttp2_ver_num: 0,
        nghttp2_version: null(),
        quic_version: QUIC.as_ptr(),
        cainfo: CA_FILE.as_ptr(),
        capath: CA_PATH.as_ptr(),
        zstd_ver_num: if has(c"zstd") { 1 << 24 | 5 << 12 } else { 0 },
        zstd_version: version_of(c"zstd", ZSTD),
        hyper_version: null(),
        gsasl_version: null(),
        feature_names: names(features().map(|feature| feature.name.as_ptr())),
        rtmp_version: null(),
    }
}

/// What this build can do here, in order; the one for curl's own suite says `Debug` too.
fn features() -> impl Iterator<Item = &'static Feature> {
    let gss = if gss::is_available() { GSS_FEATURES } else { &[] };
    let debug: &[Feature] = match cfg!(feature = "test-hooks") {
        true => &[Feature { name: c"Debug", bit: 1 << 6 }],
        false => &[],
    };
    let mut all: Vec<_> = FEATURES.iter().chain(gss).chain(debug).collect();
    all.sort_by_key(|feature| feature.name.to_bytes().to_ascii_lowercase());
    all.into_iter()
}

/// An array of pointers with NULL at its end, kept for the life of the process.
fn names(pointers: impl Iterator<Item = *const c_char>) -> *const *const c_char {
    let array: Vec<*const c_char> = pointers.chain([null()]).collect();
    array.leak().as_ptr()
}

/// Texts put together once.
struct Texts {
    version: CString,
    number: CString,
    tls: CString,
}

fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| {
        // Programs built for a TLS library look for its name before they start.
        let tls = format!("{} rustls/{}", Flavour::this().tls_name(), env!("TRESS_RUSTLS"));
        let mut version = format!("libcurl/{VERSION} Tress/{} {tls}", env!("CARGO_PKG_VERSION"));
        // Some programs look here, not in the features, for what can be decoded.
        for (name, number) in [("zlib", ZLIB), ("brotli", BROTLI), ("zstd", ZSTD)] {
            version += &format!(" {name}/{}", number.to_string_lossy());
        }
        version += &format!(" {}", QUIC.to_string_lossy());
        #[cfg(feature = "test-hooks")]
        let version = std::env::var("CURL_VERSION").unwrap_or(version);
        Texts {
            version: CString::new(version).unwrap_or_default(),
            number: CString::new(VERSION).unwrap_or_default(),
            tls: CString::new(tls).unwrap_or_default(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_names_the_api_the_engine_and_the_tls_library() {
        // SAFETY: no parameters; the string is constant.
        let text = unsafe { CStr::from_ptr(curl_version()) }.to_str().unwrap();
        assert!(text.starts_with("libcurl/8.22.0 Tress/"), "{text}");
        assert!(text.contains(" OpenSSL/") && text.contains(" rustls/0."), "{text}");
        assert!(text.contains(" zlib/") && text.contains(" brotli/"), "{text}");
    }

    #[test]
    fn the_lists_end() {
        // SAFETY: the structure is constant and its lists end with NULL.
        unsafe {
            let info = &*curl_version_info(AGE);
            assert_eq!(CStr::from_ptr(*info.protocols), PROTOCOLS[0]);
            assert!((*info.protocols.add(PROTOCOLS.len())).is_null());
            assert!((*info.feature_names.add(features().count())).is_null());
        }
    }
}
