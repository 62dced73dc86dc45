//! Many transfers on one thread, driven by the application's event loop.
#![forbid(unsafe_code)]

pub mod options;
