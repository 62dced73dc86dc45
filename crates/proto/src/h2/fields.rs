//! A list of fields in one compact buffer, in the order of the wire.

/// Fields (RFC 9113, 8.2), order kept.
///
/// They lie in one buffer as the lines `name: value\r\n`, the form in which
/// libcurl hands them to the application: rendering is no work.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub(crate) bytes: Vec<u8>,
    spans: Vec<Span>,
    /// How many lines in front are no fields: the status line.
    hidden: usize,
    /// Where the text to show begins.
    from: usize,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    name_len: u32,
    end: u32,
}

/// One field of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    line: &'a [u8],
    name_len: usize,
}

impl<'a> Field<'a> {
    /// The name, in lower case when it came over the wire.
    pub fn name(&self) -> &'a [u8] {
        self.line.get(..self.name_len).unwrap_or_default()
    }

    /// The value.
    pub fn value(&self) -> &'a [u8] {
        let end = self.line.len().saturating_sub(2);
        self.line.get(self.name_len + 2..end).unwrap_or_default()
    }

    /// The line `name: value\r\n`.
    pub fn line(&self) -> &'a [u8] {
        self.line
    }
}

impl Fields {
    /// Empties the list; the buffers stay.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.hidden = 0;
        self.from = 0;
    }

    /// Appends a field as it is.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
        self.close_line(start, name.len());
    }

    /// Appends a field, its name in lower case.
    pub fn push_lower(&mut self, name: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.push(name, value);
        self.bytes.iter_mut().skip(start).take(name.len()).for_each(u8::make_ascii_lowercase);
    }

    /// Takes the last field away.
    pub fn pop(&mut self) {
        if let Some(span) = self.spans.pop() {
            self.bytes.truncate(span.start as usize);
        }
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.spans.len() - self.hidden
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.spans.iter().skip(self.hidden).map(|span| self.field(span))
    }

    /// The value of the first field with this name (in lower case).
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|field| field.name() == name).map(|field| field.value())
    }

    /// All lines one after the other; for a response head that begins with the
    /// status line and ends with the empty line (see [`super::render`]).
    pub fn raw(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }

    /// The lines that [`Fields::raw`] consists of, one by one.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let (first, last) = match self.spans.first() {
            Some(status) if self.hidden > 0 => {
                (self.bytes.get(self.from..status.end as usize), Some(&b"\r\n"[..]))
            }
            _ => (None, None),
        };
        first.into_iter().chain(self.iter().map(|field| field.line)).chain(last)
    }

    /// Gives back memory beyond `keep` bytes.
    pub(super) fn shrink(&mut self, keep: usize) {
        self.clear();
        self.bytes.shrink_to(keep);
        self.spans.shrink_to(keep / size_of::<Span>());
    }

    /// Makes a field of the line that was written into the buffer at `start`.
    pub(crate) fn close_line(&mut self, start: usize, name_len: usize) {
        let end = self.bytes.len() as u32;
        self.spans.push(Span { start: start as u32, name_len: name_len as u32, end });
    }

    /// Takes the first field out of the list; its first `from` bytes are not shown.
    pub(super) fn hide_first(&mut self, from: usize) {
        self.hidden = 1;
        self.from = from;
    }

    fn field(&self, span: &Span) -> Field<'_> {
        let line = self.bytes.get(span.start as usize..span.end as usize);
        Field { line: line.unwrap_or_default(), name_len: span.name_len as usize }
    }
}

/// The bytes of a field name (RFC 9110, 5.6.2, without upper case: RFC 9113, 8.2.1).
const NAME_BYTES: [bool; 256] = {
    let mut bytes = [false; 256];
    let allowed = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
    let mut at = 0;
    while at < allowed.len() {
        bytes[allowed[at] as usize] = true;
        at += 1;
    }
    bytes
};

/// Whether `name` may be a field's name, a pseudo field's included.
pub(crate) fn is_name(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b":").unwrap_or(name);
    !rest.is_empty() && rest.iter().all(|&byte| NAME_BYTES[usize::from(byte)])
}

/// Whether `value` has none of the bytes that a value must not have (RFC 9113, 8.2.1).
/// Blanks around it are let through, as libcurl does.
pub(crate) fn is_value(value: &[u8]) -> bool {
    memchr::memchr3(0, b'\r', b'\n', value).is_none()
}

#[cfg(test)]
mod tests {
    use super::{Fields, is_name};

    #[test]
    fn order_and_lines() {
        let mut fields = Fields::default();
        fields.push_lower(b"Accept", b"*/*");
        fields.push(b"x", b"");
        assert_eq!(fields.raw(), b"accept: */*\r\nx: \r\n");
        assert_eq!(fields.lines().collect::<Vec<_>>(), [&b"accept: */*\r\n"[..], b"x: \r\n"]);
        assert_eq!(fields.get(b"accept"), Some(&b"*/*"[..]));
        assert_eq!(fields.get(b"x"), Some(&b""[..]));
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn names() {
        for good in [&b"a"[..], b":status", b"x-1_2"] {
            assert!(is_name(good));
        }
        for bad in [&b""[..], b":", b"Accept", b"a b", b"a:b", b"a\0", b"\xe9", b"a "] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
