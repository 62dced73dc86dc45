//! DICT (RFC 2229): the request that a URL stands for. Everything that the
//! server says after it, its greeting included, is the body.

use tress_model::{Code, Error, Result};

/// The longest word after escaping.
pub const MAX_WORD: usize = 10_000;

/// The commands for the decoded URL path, one write for all of them.
///
/// `client` is what `CLIENT` announces. `None` for a path without a slash: such
/// a transfer sends nothing.
///
/// # Errors
/// `OutOfMemory` for a word beyond [`MAX_WORD`] (libcurl's answer).
pub fn request(path: &[u8], client: &str) -> Result<Option<Vec<u8>>> {
    let mut out = format!("CLIENT {client}\r\n").into_bytes();
    if let Some(rest) = after_command(path, ["/MATCH:", "/M:", "/FIND:"]) {
        let [word, database, strategy] = fields(rest, ["default", "!", "."]);
        push(&mut out, &[b"MATCH ", database, b" ", strategy, b" ", &escape(word)?]);
    } else if let Some(rest) = after_command(path, ["/DEFINE:", "/D:", "/LOOKUP:"]) {
        let [word, database] = fields(rest, ["default", "!"]);
        push(&mut out, &[b"DEFINE ", database, b" ", &escape(word)?]);
    } else {
        let Some(slash) = path.iter().position(|&byte| byte == b'/') else { return Ok(None) };
        let command = path.get(slash + 1..).unwrap_or_default();
        out.extend(command.iter().map(|&byte| if byte == b':' { b' ' } else { byte }));
    }
    out.extend_from_slice(b"\r\nQUIT\r\n");
    Ok(Some(out))
}

fn after_command<'a>(path: &'a [u8], names: [&str; 3]) -> Option<&'a [u8]> {
    names.iter().find_map(|name| {
        let (head, rest) = path.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name.as_bytes()).then_some(rest)
    })
}

/// The first fields between colons; what is missing or empty has a default.
fn fields<'a, const N: usize>(rest: &'a [u8], defaults: [&'a str; N]) -> [&'a [u8]; N] {
    let mut given = rest.split(|&byte| byte == b':');
    defaults.map(|default| match given.next() {
        None | Some(b"") => default.as_bytes(),
        Some(field) => field,
    })
}

fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// RFC 2229 section 2.2.
fn escape(word: &[u8]) -> Result<Vec<u8>> {
    let mut escaped = Vec::with_capacity(word.len());
    for &byte in word {
        if byte <= b' ' || matches!(byte, 0x7f | b'\'' | b'"' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    if escaped.len() >= MAX_WORD {
        return Err(Error::from(Code::OutOfMemory));
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn requests() {
        let lines = |path: &str| {
            String::from_utf8(request(path.as_bytes(), "c 1").unwrap().unwrap()).unwrap()
        };
        assert_eq!(lines("/d:basic"), "CLIENT c 1\r\nDEFINE ! basic\r\nQUIT\r\n");
        assert_eq!(lines("/LOOKUP:a b:db:3"), "CLIENT c 1\r\nDEFINE db a\\ b\r\nQUIT\r\n");
        assert_eq!(lines("/M:"), "CLIENT c 1\r\nMATCH ! . default\r\nQUIT\r\n");
        assert_eq!(lines("/find:w:d:s:1"), "CLIENT c 1\r\nMATCH d s w\r\nQUIT\r\n");
        assert_eq!(lines("/show:db"), "CLIENT c 1\r\nshow db\r\nQUIT\r\n");
        assert_eq!(request(b"nothing", "c").unwrap(), None);
        assert!(request(format!("/d:{}", "x".repeat(10_000)).as_bytes(), "c").is_err());
    }
}
