//! The schemes without a challenge: Basic (RFC 7617) and Bearer (RFC 6750).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The value of `Authorization` or `Proxy-Authorization` for a user and a password.
pub fn basic(user: &[u8], password: &[u8]) -> Vec<u8> {
    let credentials = [user, b":", password].concat();
    let mut value = String::with_capacity(6 + credentials.len().div_ceil(3) * 4);
    value.push_str("Basic ");
    STANDARD.encode_string(credentials, &mut value);
    value.into_bytes()
}

/// The value of `Authorization` for the token of `CURLOPT_XOAUTH2_BEARER`.
pub fn bearer(token: &[u8]) -> Vec<u8> {
    [b"Bearer ", token].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(basic(b"Aladdin", b"open sesame"), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic(b"", b""), b"Basic Og==");
        assert_eq!(bearer(b"t.o-k"), b"Bearer t.o-k");
    }
}
