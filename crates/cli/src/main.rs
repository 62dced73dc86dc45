//! Fetch many URLs at once.
#![forbid(unsafe_code)]
fn main() {}
