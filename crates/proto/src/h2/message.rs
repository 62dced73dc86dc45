//! Whether messages are well-formed (RFC 9113, 8.1 to 8.3).

use super::Fields;

/// What the machine itself needs of a response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) content_length: Option<u64>,
}

/// What is wrong with a message.
pub(crate) type Malformed = &'static str;

/// Checks a response head; `:status` comes first and alone of its kind.
pub(crate) fn response(fields: &Fields) -> Result<ResponseHead, Malformed> {
    let mut all = fields.iter();
    let first = all.next().filter(|field| field.name() == b":status");
    let status = status(first.ok_or("no :status in front of a response head")?.value())?;
    let mut content_length = None;
    for field in all {
        regular(field.name())?;
        if field.name() == b"content-length" {
            let value = number(field.value()).ok_or("bad content-length")?;
            if content_length.replace(value).is_some_and(|before| before != value) {
                return Err("differing content-length");
            }
        }
    }
    Ok(ResponseHead { status, content_length })
}

/// Checks trailers, which have no pseudo fields.
pub(crate) fn trailers(fields: &Fields) -> Result<(), Malformed> {
    fields.iter().try_for_each(|field| regular(field.name()))
}

/// Checks a promised request (RFC 9113, 8.4): safe, without a body, and complete.
pub(super) fn promise(fields: &Fields) -> Result<(), Malformed> {
    let (mut seen, mut regular_seen) = ([false; 4], false);
    for field in fields.iter() {
        let at = match field.name() {
            b":method" if ![&b"GET"[..], b"HEAD"].contains(&field.value()) => {
                return Err("promised request is not safe");
            }
            b":method" => 0,
            b":scheme" => 1,
            b":authority" => 2,
            b":path" => 3,
            name => {
                regular(name)?;
                regular_seen = true;
                continue;
            }
        };
        if regular_seen || std::mem::replace(&mut seen[at], true) || field.value().is_empty() {
            return Err("misplaced pseudo field in a promised request");
        }
    }
    if seen == [true; 4] { Ok(()) } else { Err("pseudo field missing in a promised request") }
}

fn regular(name: &[u8]) -> Result<(), Malformed> {
    if name.first() == Some(&b':') {
        return Err("unexpected pseudo field");
    }
    if is_connection_specific(name) {
        return Err("connection-specific field");
    }
    Ok(())
}

/// Whether a field belongs to HTTP/1's connection (RFC 9113, 8.2.2).
pub(super) fn is_connection_specific(name: &[u8]) -> bool {
    matches!(
        name,
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade"
    )
}

fn status(value: &[u8]) -> Result<u16, Malformed> {
    match value {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Ok(digit(a) * 100 + digit(b) * 10 + digit(c))
        }
        _ => Err("bad :status"),
    }
}

fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Fields;
    use super::{promise, response, trailers};

    fn fields(lines: &str) -> Fields {
        let mut fields = Fields::default();
        for line in lines.split('|').filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once('=').unwrap();
            fields.push(name.as_bytes(), value.as_bytes());
        }
        fields
    }

    #[test]
    fn responses() {
        let head =
            response(&fields(":status=200|content-length=12|content-length=12|x=y")).unwrap();
        assert_eq!((head.status, head.content_length), (200, Some(12)));
        for bad in [
            "",
            "x=y",
            "x=y|:status=200",
            ":status=200|:status=200",
            ":status=20",
            ":status=099",
            ":status=2000",
            ":status=200|:path=/",
            ":status=200|connection=close",
            ":status=200|transfer-encoding=chunked",
            ":status=200|content-length=1|content-length=2",
            ":status=200|content-length=",
            ":status=200|content-length=-1",
            ":status=200|content-length=99999999999999999999",
        ] {
            assert!(response(&fields(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn trailers_have_no_pseudo_fields() {
        assert!(trailers(&fields("x=y")).is_ok());
        assert!(trailers(&fields("x=y|:status=200")).is_err());
        assert!(trailers(&fields("upgrade=y")).is_err());
    }

    #[test]
    fn promises() {
        assert!(promise(&fields(":method=GET|:scheme=https|:authority=a|:path=/|x=y")).is_ok());
        for bad in [
            ":method=GET|:scheme=https|:authority=a",
            ":method=POST|:scheme=https|:authority=a|:path=/",
            ":method=GET|:scheme=https|:authority=a|x=y|:path=/",
            ":method=GET|:method=GET|:scheme=https|:authority=a|:path=/",
            ":method=GET|:scheme=https|:authority=a|:path=/|:status=200",
            ":method=GET|:scheme=https|:authority=a|:path=",
        ] {
            assert!(promise(&fields(bad)).is_err(), "{bad}");
        }
    }
}
