//! What the fuzzing targets do with an input, a module each. The fuzzer calls it (`fuzz_targets`),
//! and so does the binary `seeds`, which the ordinary tests run over every committed input.

pub mod auth;
pub mod connect;
pub mod cookies;
pub mod decode;
pub mod dns;
pub mod engine;
pub mod files;
pub mod ftp;
pub mod h1;
pub mod h2;
pub mod h3;
pub mod lines;
pub mod mime;
pub mod requests;
pub mod rtsp;
pub mod ssh;
pub mod tftp_telnet;
pub mod tls;
pub mod url;
pub mod ws;

/// What is done with an input; it panics for what must not be.
pub type Run = fn(&[u8]);

/// All targets by name. `engine` is the last: it takes the longest.
pub const TARGETS: [(&str, Run); 20] = [
    ("auth", auth::run),
    ("connect", connect::run),
    ("cookies", cookies::run),
    ("decode", decode::run),
    ("dns", dns::run),
    ("files", files::run),
    ("ftp", ftp::run),
    ("h1", h1::run),
    ("h2", h2::run),
    ("h3", h3::run),
    ("lines", lines::run),
    ("mime", mime::run),
    ("requests", requests::run),
    ("rtsp", rtsp::run),
    ("ssh", ssh::run),
    ("tftp_telnet", tftp_telnet::run),
    ("tls", tls::run),
    ("url", url::run),
    ("ws", ws::run),
    ("engine", engine::run),
];
