//! Gopher (RFC 1436), with or without TLS: one line asks, and everything up to
//! the end of the connection is the body.

use tress_model::{Code, Error, Result};

/// The part of the URL's path and query (still percent-encoded) that names the
/// selector: without the slash and the item type. `""` for `/` and `/1`.
pub fn encoded_selector(path_and_query: &str) -> &str {
    // Byte positions: an item type may be any character.
    match path_and_query.char_indices().nth(2) {
        Some((at, _)) => path_and_query.get(at..).unwrap_or(""),
        None => "",
    }
}

/// The request line for a decoded selector.
///
/// # Errors
/// `UrlMalformat` for a selector that would smuggle in another line.
pub fn request(selector: &[u8]) -> Result<Vec<u8>> {
    if selector.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        let message = "Bad gopher selector, CR or LF not allowed";
        return Err(Error::new(Code::UrlMalformat, message));
    }
    Ok([selector, b"\r\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        assert_eq!(encoded_selector("/"), "");
        assert_eq!(encoded_selector("/1"), "");
        assert_eq!(encoded_selector("/1/selector/SELECTOR?q"), "/selector/SELECTOR?q");
        assert_eq!(
            request(b"/the/search/engine\tquery").unwrap(),
            b"/the/search/engine\tquery\r\n"
        );
        assert_eq!(request(b"").unwrap(), b"\r\n");
        assert_eq!(request(b"a\nb").unwrap_err().code(), Code::UrlMalformat);
    }
}
