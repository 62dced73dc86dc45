//! QPACK (RFC 9204) without a dynamic table: field lists in HTTP/3's compressed form.

mod decoder;
mod encoder;
mod static_table;

pub use decoder::decode_section;
pub(super) use encoder::encode;
