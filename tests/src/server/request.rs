//! Reading one request: head, then the body by its framing.
use crate::program::mask_boundary;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// One request as it came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The sizes of the chunks that the body came in.
    pub(crate) chunks: Vec<usize>,
    head: String,
    trailers: String,
}

/// Bytes of a request's head that are read at most.
const MAX_HEAD: usize = 1 << 20;

impl Request {
    /// Reads the next request; `left` holds what was read beyond the previous one.
    pub(crate) fn read(stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<Option<Request>> {
        let end = loop {
            if let Some(at) = find(left, b"\r\n\r\n") {
                break at + 4;
            }
            if left.len() > MAX_HEAD || !more(stream, left)? {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&left[..end]).into_owned();
        left.drain(..end);
        let mut request = Request::parse(head);
        if request.path().starts_with("/early") || request.path().starts_with("/expect-reject") {
            return Ok(Some(request));
        }
        let silent = request.path().starts_with("/silent");
        if !silent
            && request.header("Expect").is_some_and(|v| v.eq_ignore_ascii_case("100-continue"))
        {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.read_body(stream, left)?;
        Ok(Some(request))
    }

    fn parse(head: String) -> Request {
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_string);
        let headers = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(k, v)| (k.to_string(), v.trim().to_string()))
            .collect();
        Request {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            version: words.next().unwrap_or_default(),
            headers,
            body: Vec::new(),
            chunks: Vec::new(),
            trailers: String::new(),
            head,
        }
    }

    fn read_body(&mut self, stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<()> {
        if self.header("Transfer-Encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            return self.read_chunked(stream, left);
        }
        let length = self.header("Content-Length").and_then(|v| v.parse().ok()).unwrap_or(0);
        while left.len() < length {
            if !more(stream, left)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.body = left.drain(..length).collect();
        Ok(())
    }

    fn read_chunked(&mut self, stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let line = line(stream, left)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| io::ErrorKind::InvalidData)?;
            if size == 0 {
                break;
            }
            while left.len() < size + 2 {
                if !more(stream, left)? {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.chunks.push(size);
            self.body.extend(left.drain(..size));
            left.drain(..2);
        }
        loop {
            let line = line(stream, left)?;
            if line.is_empty() {
                return Ok(());
            }
            self.trailers.push_str(&line);
            self.trailers.push('\n');
        }
    }

    /// The first value of a header, by any case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(k, _)| k.eq_ignore_ascii_case(name));
        all.next().map(|(_, v)| v.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, q)| q)
    }

    pub(crate) fn wants_close(&self) -> bool {
        match self.header("Connection") {
            Some(v) => v.eq_ignore_ascii_case("close"),
            None => self.version == "HTTP/1.0",
        }
    }

    /// The request as text: head as sent, then the body (its length and sum when long).
    pub(crate) fn transcript(&self) -> String {
        let body = if self.body.len() > 300 {
            let body = mask_boundary(&String::from_utf8_lossy(&self.body));
            let sum = body.bytes().fold(0u32, |a, b| a.rotate_left(5) ^ u32::from(b));
            format!("[{} bytes, sum {sum:08x}]", self.body.len())
        } else {
            String::from_utf8_lossy(&self.body).into_owned()
        };
        let trailers = if self.trailers.is_empty() {
            String::new()
        } else {
            format!("\n[trailers]\n{}", self.trailers)
        };
        format!("{}{body}{trailers}", self.head.replace("\r\n", "\n"))
    }
}

fn line(stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<String> {
    loop {
        if let Some(at) = find(left, b"\r\n") {
            let text = String::from_utf8_lossy(&left[..at]).into_owned();
            left.drain(..at + 2);
            return Ok(text);
        }
        if !more(stream, left)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn more(stream: &mut TcpStream, left: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 65536];
    let n = stream.read(&mut buffer)?;
    left.extend_from_slice(&buffer[..n]);
    Ok(n > 0)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}
