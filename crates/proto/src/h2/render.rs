//! Response heads as libcurl shows them: `HTTP/2 200 \r\n`, or `HTTP/3` so, then the fields as
//! `name: value\r\n`, then the empty line.
//!
//! [`Fields`] holds the lines in that form already. The status line takes the
//! place of the `:status` field, which is one byte longer.

use super::Fields;

const STATUS_FIELD: &[u8] = b":status: 200\r\n";
const STATUS_LINE: &[u8; 13] = b"HTTP/2 200 \r\n";

/// Makes the list of a checked response head, whose first field is `:status`,
/// into what [`Fields::raw`] and [`Fields::lines`] show: status line, fields, empty line.
/// `version` is the digit of the status line.
pub(crate) fn response_head(fields: &mut Fields, version: u8) {
    let room = STATUS_FIELD.len() - STATUS_LINE.len();
    if let Some(field) = fields.bytes.first_chunk_mut::<14>() {
        let &mut [_, _, _, _, _, _, _, _, _, a, b, c, _, _] = field;
        let mut line = *STATUS_LINE;
        line[5] = version;
        line[7..10].copy_from_slice(&[a, b, c]);
        field[room..].copy_from_slice(&line);
    }
    fields.hide_first(room);
    fields.bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Fields, response_head};

    #[test]
    fn raw_form() {
        let mut fields = Fields::default();
        fields.push(b":status", b"404");
        fields.push(b"content-type", b"text/plain");
        response_head(&mut fields, b'2');
        assert_eq!(fields.raw(), b"HTTP/2 404 \r\ncontent-type: text/plain\r\n\r\n");
        assert_eq!(fields.lines().next(), Some(&b"HTTP/2 404 \r\n"[..]));
        assert_eq!(fields.lines().last(), Some(&b"\r\n"[..]));
        assert_eq!(fields.len(), 1);
        assert_eq!(fields.get(b"content-type"), Some(&b"text/plain"[..]));
    }
}
