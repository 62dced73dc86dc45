//! The C ABI of libcurl on the Tress engine.

mod arguments;
mod entry;
pub mod memory;
pub mod mprintf;
pub mod slist;
pub mod strerror;
pub mod tables;
