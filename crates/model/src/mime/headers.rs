use super::{Content, Part, Prepare};
use crate::Code;

const CONTENT_TYPE: &[u8] = b"Content-Type";
const FILE_TYPE: &[u8] = b"application/octet-stream";
const MULTIPART_TYPE: &[u8] = b"multipart/mixed";

/// What a part of a multipart starts with, as the multipart's type says.
pub(super) type Disposition = Option<&'static [u8]>;

/// A part's generated header lines.
pub(super) struct Generated {
    pub lines: Vec<Vec<u8>>,
    /// For the parts within.
    pub disposition: Disposition,
}

/// Generates the headers that the part does not bring itself.
pub(super) fn generate(
    part: &Part,
    how: &Prepare<'_>,
    disposition: Disposition,
) -> Result<Generated, Code> {
    let own_type = part.content_type.as_deref().or_else(|| find(&part.headers, CONTENT_TYPE));
    let content_type = own_type.or(how.content_type).or_else(|| default_type(part));
    let boundary = match &part.content {
        Content::Multipart(mime) => Some(&mime.boundary[..]),
        _ => None,
    };
    // Plain text is what a part is anyway.
    let is_plain = |kind: &&[u8]| {
        boundary.is_none()
            && own_type.is_none()
            && is_type(kind, b"text/plain")
            && (how.mail || part.filename.is_none())
    };
    let content_type = content_type.filter(|kind| !is_plain(kind));
    let mut lines = Vec::with_capacity(3 + how.extra_headers.len());
    if find(&part.headers, b"Content-Disposition").is_none() {
        lines.extend(content_disposition(part, how, disposition)?);
    }
    if let Some(kind) = content_type {
        let parameter: &[u8] = if boundary.is_some() { b"; boundary=" } else { b"" };
        lines.push([b"Content-Type: ", kind, parameter, boundary.unwrap_or_default()].concat());
    }
    if find(&part.headers, b"Content-Transfer-Encoding").is_none() {
        let is_eight_bit = how.mail && content_type.is_some() && boundary.is_none();
        let name = part.encoder.map(|encoder| encoder.name()).or(is_eight_bit.then_some("8bit"));
        lines.extend(name.map(|name| format!("Content-Transfer-Encoding: {name}").into_bytes()));
    }
    lines.extend(how.extra_headers.iter().map(|line| line.to_vec()));
    let is_form = content_type.is_some_and(|kind| is_type(kind, b"multipart/form-data"));
    Ok(Generated { lines, disposition: is_form.then_some(b"form-data") })
}

/// The part's own header lines that are sent: a type was taken over into the generated ones.
pub(super) fn own(part: &Part) -> impl Iterator<Item = &[u8]> {
    part.headers.iter().map(|line| &line[..]).filter(|line| value_of(line, CONTENT_TYPE).is_none())
}

/// The content type that a file name's end suggests.
pub fn guess_content_type(filename: &[u8]) -> Option<&'static str> {
    const TYPES: [(&[u8], &str); 10] = [
        (b".gif", "image/gif"),
        (b".jpg", "image/jpeg"),
        (b".jpeg", "image/jpeg"),
        (b".png", "image/png"),
        (b".svg", "image/svg+xml"),
        (b".txt", "text/plain"),
        (b".htm", "text/html"),
        (b".html", "text/html"),
        (b".pdf", "application/pdf"),
        (b".xml", "application/xml"),
    ];
    let ends_in = |end: &[u8]| {
        let at = filename.len().checked_sub(end.len());
        at.and_then(|at| filename.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    TYPES.iter().find(|(end, _)| ends_in(end)).map(|&(_, kind)| kind)
}

fn default_type(part: &Part) -> Option<&'static [u8]> {
    let by_name = |name: &[u8]| guess_content_type(name).map(str::as_bytes);
    let by_filename = part.filename.as_deref().and_then(by_name);
    match &part.content {
        Content::Multipart(_) => Some(MULTIPART_TYPE),
        Content::File { path, .. } => {
            let unknown = part.filename.is_some().then_some(FILE_TYPE);
            by_filename.or_else(|| by_name(path)).or(unknown)
        }
        _ => by_filename,
    }
}

fn content_disposition(
    part: &Part,
    how: &Prepare<'_>,
    disposition: Disposition,
) -> Result<Option<Vec<u8>>, Code> {
    // An attachment without any name is no use.
    let is_named = part.name.is_some() || part.filename.is_some();
    let Some(disposition) = disposition.or(is_named.then_some(b"attachment")) else {
        return Ok(None);
    };
    let mut line = [b"Content-Disposition: ", disposition].concat();
    for (key, value) in [(&b"; name=\""[..], &part.name), (b"; filename=\"", &part.filename)] {
        if let Some(value) = value {
            line.extend_from_slice(key);
            push_escaped(&mut line, value, how.mail || how.form_escape)?;
            line.push(b'"');
        }
    }
    Ok(Some(line))
}

/// Escapes a name: by backslashes as mail has it, or as forms in browsers do.
fn push_escaped(line: &mut Vec<u8>, name: &[u8], by_backslash: bool) -> Result<(), Code> {
    for &byte in name {
        match byte {
            b'\r' | b'\n' if by_backslash => return Err(Code::BadFunctionArgument),
            b'\\' | b'"' if by_backslash => line.extend_from_slice(&[b'\\', byte]),
            b'"' => line.extend_from_slice(b"%22"),
            b'\r' => line.extend_from_slice(b"%0D"),
            b'\n' => line.extend_from_slice(b"%0A"),
            _ => line.push(byte),
        }
    }
    Ok(())
}

fn find<'a>(lines: &'a [Box<[u8]>], name: &[u8]) -> Option<&'a [u8]> {
    lines.iter().find_map(|line| value_of(line, name))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":").filter(|_| start.eq_ignore_ascii_case(name))?;
    let skip = value.iter().take_while(|&&byte| byte == b' ').count();
    value.get(skip..)
}

fn is_type(content_type: &[u8], wanted: &[u8]) -> bool {
    let Some((start, rest)) = content_type.split_at_checked(wanted.len()) else { return false };
    start.eq_ignore_ascii_case(wanted) && rest.first().is_none_or(|byte| b"\t\r\n ;".contains(byte))
}
