//! The response headers that an application may ask for (libcurl-headers(3),
//! curl_easy_header(3), curl_easy_nextheader(3)).

use bitflags::bitflags;
use smallvec::SmallVec;

use crate::{Code, Error, Result};

/// Most headers that are kept of one transfer (libcurl's `MAX_HTTP_RESP_HEADER_COUNT`).
pub const MAX_HEADERS: usize = 5000;

/// Most bytes that are kept of one transfer's headers: twenty responses of the largest size, whose
/// limit is that of the machines that read them, as with libcurl.
pub const MAX_HEADER_BYTES: usize = 20 * 300 * 1024;

/// Room is made for so many lines of such a length at first.
const USUAL_HEADERS: usize = 8;
const USUAL_LINE: usize = 32;

bitflags! {
    /// Where a header comes from (`CURLH_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Origin: u8 {
        /// The final response.
        const HEADER = 1 << 0;
        /// After the body.
        const TRAILER = 1 << 1;
        /// The answer to CONNECT.
        const CONNECT = 1 << 2;
        /// An interim response.
        const INTERIM = 1 << 3;
        /// HTTP/2 and HTTP/3 pseudo headers, whose name starts with a colon.
        const PSEUDO = 1 << 4;
    }
}

/// Why there is no such header (`CURLHcode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum HeaderCode {
    BadIndex = 1,
    Missing = 2,
    NoHeaders = 3,
    NoRequest = 4,
    OutOfMemory = 5,
    BadArgument = 6,
    NotBuiltIn = 7,
}

/// One header (`struct curl_header`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// As the peer wrote it.
    pub name: &'a [u8],
    /// Without blanks around.
    pub value: &'a [u8],
    /// How many headers of the name there are in the asked origins and request.
    pub amount: usize,
    /// Which of these it is.
    pub index: usize,
    /// Exactly one origin.
    pub origin: Origin,
    /// Its place in the store, for [`HeaderStore::next`].
    pub anchor: usize,
}

/// All headers of a transfer, of all its requests.
///
/// Pushing copies the line and no more; look-ups go through all lines.
#[derive(Clone, Debug, Default)]
pub struct HeaderStore {
    bytes: Vec<u8>,
    lines: SmallVec<[Line; USUAL_HEADERS]>,
    request: u32,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    start: u32,
    colon: u32,
    end: u32,
    request: u32,
    origin: Origin,
}

impl HeaderStore {
    /// Nothing in it, no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all headers and starts again at request 0; memory stays for the next transfer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
        self.request = 0;
    }

    /// Headers from here on belong to the next request (a redirect, an authentication round).
    pub fn start_next_request(&mut self) {
        self.request += 1;
    }

    /// Number of the current request; the first is 0.
    pub fn request(&self) -> u32 {
        self.request
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Keeps a header line, which ends in CRLF, CR or LF and whose colon follows `name_len`
    /// bytes, as its reader has found.
    pub fn push(&mut self, line: &[u8], name_len: usize, origin: Origin) -> Result<()> {
        match without_end(line) {
            Some(text @ [first, ..]) if !is_blank(*first) && name_len < text.len() => {
                self.keep(text, name_len, origin)
            }
            _ => self.push_line(line, origin),
        }
    }

    /// Keeps a header line, which ends in CRLF, CR or LF; an empty line is no header.
    ///
    /// # Errors
    /// `WeirdServerReply` without a line end or for a blank line, `BadFunctionArgument` without a
    /// colon, `TooLarge` past [`MAX_HEADERS`], `RecvError` past [`MAX_HEADER_BYTES`].
    pub fn push_line(&mut self, line: &[u8], origin: Origin) -> Result<()> {
        if let [b'\r' | b'\n', ..] = line {
            return Ok(());
        }
        let text = trim_start(without_end(line).ok_or(Code::WeirdServerReply)?);
        let skip = usize::from(origin == Origin::PSEUDO);
        let name_end = text.get(skip..).and_then(|rest| memchr::memchr(b':', rest));
        let Some(colon) =
            name_end.map(|at| at + skip).filter(|_| skip == 0 || text.starts_with(b":"))
        else {
            return Err(invalid(text));
        };
        self.keep(text, colon, origin)
    }

    fn keep(&mut self, text: &[u8], colon: usize, origin: Origin) -> Result<()> {
        if self.lines.len() >= MAX_HEADERS {
            let message = format!("Too many response headers, {MAX_HEADERS} is max");
            return Err(Error::new(Code::TooLarge, message));
        }
        if self.bytes.capacity() == 0 {
            self.bytes = Vec::with_capacity(USUAL_HEADERS * USUAL_LINE);
        }
        let (start, end) = (self.bytes.len(), self.bytes.len() + text.len());
        if end > MAX_HEADER_BYTES {
            let message = format!("Too large response headers: {end} > {MAX_HEADER_BYTES}");
            return Err(Error::new(Code::RecvError, message));
        }
        self.bytes.extend_from_slice(text);
        let (start, end) = (start as u32, end as u32);
        let colon = start + colon as u32;
        self.lines.push(Line { start, colon, end, request: self.request, origin });
        Ok(())
    }

    /// The header of that name, in any case, number `index` of the `origins` in a request
    /// (-1: the last one).
    pub fn header(
        &self,
        name: &[u8],
        index: usize,
        origins: Origin,
        request: i32,
    ) -> std::result::Result<Header<'_>, HeaderCode> {
        if origins.is_empty() || request < -1 {
            return Err(HeaderCode::BadArgument);
        }
        if self.is_empty() {
            return Err(HeaderCode::NoHeaders);
        }
        let request = self.request_number(request).ok_or(HeaderCode::NoRequest)?;
        let matches = || self.named(name, origins, request);
        let amount = matches().count();
        if amount == 0 {
            return Err(HeaderCode::Missing);
        }
        let (anchor, line) = matches().nth(index).ok_or(HeaderCode::BadIndex)?;
        Ok(self.view(line, anchor, index, amount))
    }

    /// The header of the `origins` and the request (-1: the last one) that follows `previous`,
    /// or the first.
    pub fn next(
        &self,
        origins: Origin,
        request: i32,
        previous: Option<usize>,
    ) -> Option<Header<'_>> {
        let request = self.request_number(request)?;
        let from = previous.map_or(0, |anchor| anchor.saturating_add(1));
        let (anchor, line) = self.chosen(origins, request).find(|&(anchor, _)| anchor >= from)?;
        let named = || self.named(self.name(line), origins, request);
        let index = named().take_while(|&(other, _)| other < anchor).count();
        Some(self.view(line, anchor, index, named().count()))
    }

    fn request_number(&self, request: i32) -> Option<u32> {
        let number = if request == -1 { self.request } else { u32::try_from(request).ok()? };
        (number <= self.request).then_some(number)
    }

    fn chosen(&self, origins: Origin, request: u32) -> impl Iterator<Item = (usize, &Line)> {
        let wanted = move |line: &Line| origins.contains(line.origin) && line.request == request;
        self.lines.iter().enumerate().filter(move |(_, line)| wanted(line))
    }

    fn named(
        &self,
        name: &[u8],
        origins: Origin,
        request: u32,
    ) -> impl Iterator<Item = (usize, &Line)> {
        self.chosen(origins, request)
            .filter(move |(_, line)| self.name(line).eq_ignore_ascii_case(name))
    }

    fn name(&self, line: &Line) -> &[u8] {
        self.bytes.get(line.start as usize..line.colon as usize).unwrap_or_default()
    }

    fn view(&self, line: &Line, anchor: usize, index: usize, amount: usize) -> Header<'_> {
        let value = self.bytes.get(line.colon as usize + 1..line.end as usize).unwrap_or_default();
        let value = trim_end(trim_start(value));
        Header { name: self.name(line), value, amount, index, origin: line.origin, anchor }
    }
}

fn without_end(line: &[u8]) -> Option<&[u8]> {
    match line {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\r' | b'\n'] => Some(text),
        _ => None,
    }
}

fn invalid(text: &[u8]) -> Error {
    let code = if text.is_empty() { Code::WeirdServerReply } else { Code::BadFunctionArgument };
    Error::new(code, "Invalid response header")
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn store() -> HeaderStore {
        let mut store = HeaderStore::new();
        for line in ["Date: now\r\n", "Set-Cookie:  a \t\r\n", "set-cookie: b\n", "\r\n"] {
            store.push_line(line.as_bytes(), Origin::HEADER).unwrap();
        }
        store.push_line(b"X: t\r\n", Origin::TRAILER).unwrap();
        store.start_next_request();
        store.push_line(b":status: 200\r\n", Origin::PSEUDO).unwrap();
        store.push_line(b"SET-COOKIE: c\r\n", Origin::HEADER).unwrap();
        store
    }

    #[test]
    fn names_match_in_any_case_and_are_counted() {
        let store = store();
        let header = store.header(b"SET-cookie", 1, Origin::HEADER, 0).unwrap();
        assert_eq!((header.name, header.value), (&b"set-cookie"[..], &b"b"[..]));
        assert_eq!((header.amount, header.index), (2, 1));
        assert_eq!(store.header(b"set-cookie", 0, Origin::HEADER, 0).unwrap().value, b"a");
        assert_eq!(store.header(b"set-cookie", 0, Origin::HEADER, -1).unwrap().value, b"c");
        assert_eq!(store.header(b":status", 0, Origin::PSEUDO, 1).unwrap().value, b"200");
    }

    #[test]
    fn each_miss_has_its_code() {
        let store = store();
        let miss = |name: &str, index, origins, request| {
            store.header(name.as_bytes(), index, origins, request).unwrap_err()
        };
        assert_eq!(miss("date", 1, Origin::HEADER, 0), HeaderCode::BadIndex);
        assert_eq!(miss("date", 0, Origin::TRAILER, 0), HeaderCode::Missing);
        assert_eq!(miss("date", 0, Origin::HEADER, 2), HeaderCode::NoRequest);
        assert_eq!(miss("date", 0, Origin::HEADER, -2), HeaderCode::BadArgument);
        assert_eq!(miss("date", 0, Origin::empty(), 0), HeaderCode::BadArgument);
        let empty = HeaderStore::new();
        assert_eq!(empty.header(b"x", 0, Origin::HEADER, 0), Err(HeaderCode::NoHeaders));
    }

    #[test]
    fn walking_gives_each_once() {
        let store = store();
        let mut seen = Vec::new();
        let mut previous = None;
        while let Some(header) = store.next(Origin::all(), 0, previous) {
            seen.push((header.value.to_vec(), header.index, header.amount));
            previous = Some(header.anchor);
        }
        let want = [("now", 0, 1), ("a", 0, 2), ("b", 1, 2), ("t", 0, 1)];
        assert_eq!(
            seen,
            want.map(|(value, index, amount)| (value.as_bytes().to_vec(), index, amount))
        );
        assert_eq!(store.next(Origin::all(), 0, Some(usize::MAX)), None);
    }

    #[test]
    fn bad_lines_and_too_many_fail() {
        let mut store = HeaderStore::new();
        assert_eq!(
            store.push_line(b"no end", Origin::HEADER).unwrap_err().code(),
            Code::WeirdServerReply
        );
        assert_eq!(
            store.push_line(b"  \r\n", Origin::HEADER).unwrap_err().code(),
            Code::WeirdServerReply
        );
        let error = store.push_line(b"no colon\r\n", Origin::HEADER).unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::BadFunctionArgument, "Invalid response header")
        );
        assert!(store.push_line(b"status: 1\r\n", Origin::PSEUDO).is_err());
        for _ in 0..MAX_HEADERS {
            store.push_line(b"a:\r\n", Origin::HEADER).unwrap();
        }
        let error = store.push_line(b"a:\r\n", Origin::HEADER).unwrap_err();
        assert_eq!(error.message(), "Too many response headers, 5000 is max");
        let mut store = HeaderStore::new();
        let line = [b"a:", &vec![b'a'; MAX_HEADER_BYTES / 8 - 2][..], b"\r\n"].concat();
        for _ in 0..8 {
            store.push_line(&line, Origin::HEADER).unwrap();
            store.start_next_request();
        }
        let error = store.push_line(b"a:\r\n", Origin::HEADER).unwrap_err();
        assert_eq!(error.message(), "Too large response headers: 6144002 > 6144000");
    }

    #[test]
    fn clearing_keeps_memory() {
        let mut store = store();
        let room = (store.bytes.capacity(), store.lines.capacity());
        store.clear();
        assert!(store.is_empty() && store.request() == 0);
        assert_eq!((store.bytes.capacity(), store.lines.capacity()), room);
    }

    #[test]
    fn hostile_lines_do_no_harm() {
        let mut random = Random::new(3);
        let mut store = HeaderStore::new();
        for _ in 0..3000 {
            let line = random.text(&[b":", b" ", b"\t", b"\r", b"\n", b"a", b"A"], 6);
            let origin = if random.below(2) == 0 { Origin::PSEUDO } else { Origin::HEADER };
            let _ = store.push_line(&line, origin);
        }
        let mut previous = None;
        while let Some(header) = store.next(Origin::all(), -1, previous) {
            previous = Some(header.anchor);
        }
    }
}
