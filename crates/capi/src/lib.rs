//! The C ABI of libcurl on the Tress engine.
#![cfg_attr(miri, feature(c_variadic))]

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
mod gss;
pub mod guard;
pub mod memory;
pub mod mime;
pub mod mprintf;
pub mod multi;
pub mod push;
pub mod share;
#[cfg(miri)]
#[path = "shim/miri.rs"]
mod shim;
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
