//! Event-driven URL transfers: the idiomatic Rust API.
#![forbid(unsafe_code)]
