//! The header lines that ask for WebSocket (RFC 6455 section 4.1).

use tress_proto::http::custom;
use tress_proto::ws::handshake;

use crate::options::Options;
use crate::random;

/// The lines of a new handshake, without those that the application sets itself.
///
/// The server's `Sec-WebSocket-Accept` is not compared with the key, as libcurl does not.
pub(crate) fn request_lines(options: &Options) -> Vec<u8> {
    let headers = options.httpheader.as_deref().unwrap_or_default();
    let mut nonce = [0; 16];
    random::fill(&mut nonce);
    let key = handshake::key(nonce);
    let lines = [
        ("Upgrade", handshake::UPGRADE),
        ("Sec-WebSocket-Version", handshake::VERSION),
        ("Sec-WebSocket-Key", &key),
    ];
    let mut out = Vec::with_capacity(112);
    for (name, value) in lines {
        if custom::find(headers, name).is_none() {
            for part in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    out
}
