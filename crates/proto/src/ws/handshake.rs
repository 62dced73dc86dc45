//! The opening handshake's own header fields (RFC 6455 section 4.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The value of `Sec-WebSocket-Version`.
pub const VERSION: &str = "13";
/// The value of `Upgrade`.
pub const UPGRADE: &str = "websocket";

/// The value of `Sec-WebSocket-Key` for 16 random bytes.
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// What `Sec-WebSocket-Accept` says when the server understood `key`.
///
/// libcurl does not check it; a caller who wants RFC 6455's rule may.
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    #[test]
    fn rfc_6455_section_1_3() {
        let key = super::key(*b"the sample nonce");
        assert_eq!(key, "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(super::accept(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
