//! The C ABI of libcurl on the Tress engine.

mod entry;
pub mod memory;
pub mod slist;
pub mod strerror;
pub mod tables;
