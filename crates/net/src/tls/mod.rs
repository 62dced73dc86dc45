//! TLS 1.2 and 1.3 as a layer over any stream, TLS itself included.
//!
//! rustls shakes hands; afterwards the records are opened and sealed here, in
//! the caller's buffer, so that an idle connection keeps no buffer at all.

mod binding;
mod certinfo;
mod ciphers;
mod config;
mod early;
mod encrypted;
mod failure;
mod handshake;
mod identity;
mod layer;
mod names;
mod ocsp;
mod open;
mod pin;
mod quic;
#[cfg(feature = "sim")]
pub mod readers;
mod record;
mod settings;
mod trust;
mod verify;

pub(crate) use binding::end_point;
pub use certinfo::certificate_info;
pub use config::{Prepared, TlsContext};
pub use handshake::Opening;
pub(crate) use layer::Tls;
pub use layer::{Handshake, TlsInfo};
pub(crate) use quic::Agreement;
pub use settings::{Alike, Blob, KeyFormat, Source, TlsSettings, TlsVersion};
pub use trust::DEFAULT_CA_FILE;
pub use verify::UNVERIFIED;

#[cfg(test)]
mod tests;
