//! Sockets, TLS, name resolving: the only owner of file descriptors.
#![forbid(unsafe_code)]
