//! Which flavour of the library this is: the one that programs built for OpenSSL load, or the
//! one for GnuTLS. Underneath they are the same; the difference is linked in.

use std::ffi::{CStr, c_int};

#[cfg(miri)]
use crate::shim::tress_flavour;

#[cfg(not(miri))]
unsafe extern "C" {
    /// Defined by the shim, and defined anew by the products that are another flavour.
    static tress_flavour: c_int;
}

/// A flavour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// `libcurl.so.4`
    OpenSsl,
    /// `libcurl-gnutls.so.4`
    GnuTls,
}

impl Flavour {
    /// The flavour of this library.
    pub fn this() -> Self {
        // SAFETY: a constant; read as volatile, for the linker chooses which one.
        let number = unsafe { std::ptr::read_volatile(&raw const tress_flavour) };
        if number == 1 { Self::GnuTls } else { Self::OpenSsl }
    }

    /// The name and version that programs built for it look for.
    pub fn tls_name(self) -> &'static str {
        match self {
            Self::OpenSsl => "OpenSSL/3.0.0",
            Self::GnuTls => "GnuTLS/3.7.9",
        }
    }

    /// Number (`CURLSSLBACKEND_*`) and name for `curl_global_sslset`.
    pub fn backend(self) -> (c_int, &'static CStr) {
        match self {
            Self::OpenSsl => (1, c"openssl"),
            Self::GnuTls => (2, c"gnutls"),
        }
    }
}
