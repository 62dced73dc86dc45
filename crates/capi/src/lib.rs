//! The C ABI of libcurl on the Tress engine.

mod arguments;
pub mod callbacks;
pub mod easy;
pub mod easy_option;
mod entry;
pub mod escape;
pub mod flavour;
mod fork;
pub mod form;
pub mod global;
pub mod guard;
pub mod memory;
pub mod mime;
pub mod mprintf;
pub mod multi;
pub mod push;
pub mod share;
pub mod slist;
mod sockaddr;
pub mod ssls;
mod stdio;
pub mod strerror;
pub mod tables;
pub mod text;
pub mod url;
pub mod version;
pub mod ws;
