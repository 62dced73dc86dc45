//! The C ABI of libcurl on the Tress engine.
