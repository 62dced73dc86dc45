//! SCP: rcp's protocol, which one `scp` speaks with another.
//!
//! Every line and every file is answered by a byte: 0, or 1 or 2 and a line that says why not.

use std::collections::VecDeque;

use tress_model::{Code, Error, Result};

use super::{Out, Request};

/// The longest line that is taken.
const MAX_LINE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Lines about the file are awaited.
    Heading,
    /// So many bytes of the file are left.
    Receiving(u64),
    /// The sender's last word on the file.
    Received,
    /// The receiver's word before, or on, the line about the file.
    Offering,
    Offered,
    /// So many bytes of the file are left.
    Sending(u64),
    /// The receiver's word on the file.
    Sent,
    /// Nothing but the end of the channel.
    Over,
}

/// One file's transfer.
pub(crate) struct Scp {
    step: Step,
    input: Vec<u8>,
    pub(crate) out: Vec<u8>,
    pub(crate) events: VecDeque<Out>,
    heading: Vec<u8>,
    size: u64,
    /// The file's times were told.
    timed: bool,
    /// What the other side's `scp` complained of.
    complaint: Vec<u8>,
}

impl Scp {
    /// # Errors
    /// An upload of unknown size.
    pub(crate) fn new(request: &Request) -> Result<Self> {
        let size = match (request.upload, request.upload_size) {
            (true, None) => {
                let text = "SCP requires a known file size for upload.";
                return Err(Error::new(Code::UploadFailed, text));
            }
            (_, size) => size.unwrap_or(0),
        };
        let name = request.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let heading = format!("C0{:o} {size} ", request.file_perms & 0o777);
        let heading = [heading.as_bytes(), name, b"\n"].concat();
        let step = if request.upload { Step::Offering } else { Step::Heading };
        let out = if request.upload { Vec::new() } else { vec![0] };
        let (input, events, complaint) = (Vec::new(), VecDeque::new(), Vec::new());
        Ok(Self { step, input, out, events, heading, size, timed: false, complaint })
    }

    /// The command that speaks the protocol on the other side.
    ///
    /// # Errors
    /// A path with a line end, or none at all.
    pub(crate) fn command(request: &Request) -> Result<Vec<u8>> {
        let path = match request.path.strip_prefix(b"/~/") {
            Some(path) => path,
            None => &request.path[..],
        };
        if path.is_empty() || path.contains(&b'\n') {
            let text = "SCP: the path is empty or has a line end in it";
            return Err(Error::new(Code::UrlMalformat, text));
        }
        let mut command = match request.upload {
            true => b"scp -t '".to_vec(),
            false => b"scp -f '".to_vec(),
        };
        if path.starts_with(b"-") {
            command.extend_from_slice(b"./");
        }
        for byte in path {
            match byte {
                b'\'' => command.extend_from_slice(b"'\\''"),
                _ => command.push(*byte),
            }
        }
        command.push(b'\'');
        Ok(command)
    }

    /// Bytes that may be sent now.
    pub(crate) fn upload_room(&self) -> u64 {
        match self.step {
            Step::Sending(left) => left,
            _ => 0,
        }
    }

    pub(crate) fn upload(&mut self, bytes: &[u8]) {
        if let Step::Sending(left) = &mut self.step {
            *left = left.saturating_sub(bytes.len() as u64);
            self.out.extend_from_slice(bytes);
        }
    }

    /// The body has ended.
    ///
    /// # Errors
    /// `PartialFile` when it was announced to be longer.
    pub(crate) fn upload_ended(&mut self) -> Result<()> {
        match self.step {
            Step::Sending(0) => {
                self.out.push(0);
                self.step = Step::Sent;
                Ok(())
            }
            Step::Sending(left) => {
                let text = format!("SCP: upload ended with {left} bytes missing");
                Err(Error::new(Code::PartialFile, text))
            }
            _ => Ok(()),
        }
    }

    /// Data of the channel. True: the channel is to be closed.
    pub(crate) fn receive(&mut self, data: &[u8]) -> Result<bool> {
        let mut data = data;
        if let Step::Receiving(left) = &mut self.step {
            let most = usize::try_from(*left).unwrap_or(usize::MAX).min(data.len());
            let (body, rest) = data.split_at(most);
            *left -= most as u64;
            if !body.is_empty() {
                self.events.push_back(Out::Body(body.to_vec()));
            }
            if *left == 0 {
                self.step = Step::Received;
            }
            data = rest;
        }
        self.input.extend_from_slice(data);
        loop {
            match self.step {
                Step::Heading => {
                    let Some(line) = self.take_line()? else { return Ok(false) };
                    self.heading_came(&line)?;
                    if matches!(self.step, Step::Receiving(_) | Step::Received) {
                        let rest = std::mem::take(&mut self.input);
                        return self.receive(&rest);
                    }
                }
                Step::Receiving(_) => return Ok(false),
                Step::Over => {
                    self.input.clear();
                    return Ok(true);
                }
                Step::Received | Step::Offering | Step::Offered | Step::Sent => {
                    if !self.take_word()? {
                        return Ok(false);
                    }
                    self.word_came();
                }
                // A word in the middle of a file is a complaint.
                Step::Sending(_) => {
                    let well = self.input.iter().take_while(|byte| **byte == 0).count();
                    self.input.drain(..well);
                    self.take_word()?;
                    return Ok(false);
                }
            }
        }
    }

    /// Text on the standard error of the other side.
    pub(crate) fn complain(&mut self, text: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.complaint.len());
        self.complaint.extend_from_slice(&text[..text.len().min(room)]);
    }

    /// The channel is closed.
    ///
    /// # Errors
    /// It was closed too early.
    pub(crate) fn closed(&mut self) -> Result<()> {
        match self.step {
            Step::Over => Ok(()),
            Step::Receiving(left) => {
                let text = format!("transfer closed with {left} bytes remaining to read");
                Err(Error::new(Code::PartialFile, text))
            }
            _ => Err(self.refused(&self.complaint)),
        }
    }

    fn word_came(&mut self) {
        match self.step {
            Step::Offering => {
                self.out.extend_from_slice(&self.heading);
                self.step = Step::Offered;
            }
            Step::Offered => {
                self.step = Step::Sending(self.size);
                self.events.push_back(Out::Upload);
            }
            Step::Received => {
                self.out.push(0);
                self.step = Step::Over;
            }
            _ => self.step = Step::Over,
        }
    }

    fn heading_came(&mut self, line: &[u8]) -> Result<()> {
        let odd = || {
            let line = String::from_utf8_lossy(line);
            Error::new(Code::Ssh, format!("SCP: the server says \"{}\"", line.trim_end()))
        };
        match line.first() {
            // Times, with -p.
            Some(b'T') if !self.timed => self.timed = true,
            Some(b'C') => {
                let mut words = line.split(|byte| *byte == b' ').skip(1);
                let size = words.next().and_then(|word| std::str::from_utf8(word).ok());
                let size = size.and_then(|size| size.parse::<u64>().ok()).ok_or_else(odd)?;
                self.events.push_back(Out::Download(Some(size)));
                self.step = if size == 0 { Step::Received } else { Step::Receiving(size) };
            }
            _ => return Err(odd()),
        }
        self.out.push(0);
        Ok(())
    }

    /// Takes a byte that says that all is well.
    fn take_word(&mut self) -> Result<bool> {
        match self.input.first() {
            None => Ok(false),
            Some(0) => {
                self.input.remove(0);
                Ok(true)
            }
            Some(_) => match self.take_line()? {
                None => Ok(false),
                Some(line) => Err(self.refused(&line)),
            },
        }
    }

    fn take_line(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(end) = self.input.iter().position(|byte| *byte == b'\n') else {
            return match self.input.len() > MAX_LINE {
                true => Err(Error::new(Code::Ssh, "SCP: the server's line is too long")),
                false => Ok(None),
            };
        };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        match line.first() {
            Some(1 | 2) => Err(self.refused(&line[1..])),
            _ => Ok(Some(line)),
        }
    }

    fn refused(&self, why: &[u8]) -> Error {
        let why = String::from_utf8_lossy(why.trim_ascii()).into_owned();
        let why = why.trim_start_matches(['\u{1}', '\u{2}']);
        match self.step {
            Step::Heading | Step::Receiving(_) | Step::Received => {
                Error::new(Code::RemoteFileNotFound, format!("Failed to recv file: {why}"))
            }
            _ => Error::new(Code::UploadFailed, format!("Failed to send file: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, upload_size: Option<u64>) -> Request {
        let upload = upload_size.is_some();
        Request { path: path.into(), upload, upload_size, file_perms: 0o644, ..Request::default() }
    }

    #[test]
    fn paths_are_quoted_for_the_shell() {
        let command = |path| Scp::command(&request(path, None)).unwrap();
        assert_eq!(command("/a b"), b"scp -f '/a b'");
        assert_eq!(command("/it's"), b"scp -f '/it'\\''s'");
        assert_eq!(command("/~/x;y"), b"scp -f 'x;y'");
        assert_eq!(command("/~/-x"), b"scp -f './-x'");
        assert!(Scp::command(&request("/a\nb", None)).is_err());
        assert!(Scp::command(&request("/~/", None)).is_err());
    }

    #[test]
    fn a_download_in_pieces() {
        let mut scp = Scp::new(&request("/f", None)).unwrap();
        let mut bodies = Vec::new();
        for byte in b"C0644 5 f\nhello\0" {
            let over = scp.receive(&[*byte]).unwrap();
            assert_eq!(over, *byte == 0);
            while let Some(event) = scp.events.pop_front() {
                if let Out::Body(body) = event {
                    bodies.extend(body);
                }
            }
        }
        assert_eq!(bodies, b"hello");
        assert_eq!(scp.out, [0, 0, 0]);
        scp.closed().unwrap();
    }

    #[test]
    fn an_upload_and_its_words() {
        let mut scp = Scp::new(&request("/d/f", Some(2))).unwrap();
        assert!(!scp.receive(&[0]).unwrap());
        assert_eq!(std::mem::take(&mut scp.out), b"C0644 2 f\n");
        assert!(!scp.receive(&[0]).unwrap());
        assert_eq!(scp.upload_room(), 2);
        scp.upload(b"hi");
        scp.upload_ended().unwrap();
        assert_eq!(scp.out, b"hi\0");
        assert!(scp.receive(&[0]).unwrap());
        scp.closed().unwrap();
    }

    #[test]
    fn refusals_name_the_reason() {
        let mut scp = Scp::new(&request("/f", None)).unwrap();
        let error = scp.receive(b"\x01scp: /f: No such file or directory\n").unwrap_err();
        assert_eq!(error.code(), Code::RemoteFileNotFound);
        assert!(error.message().contains("No such file"));
        let mut scp = Scp::new(&request("/f", Some(1))).unwrap();
        scp.complain(b"scp: no");
        assert_eq!(scp.closed().unwrap_err().code(), Code::UploadFailed);
        let mut scp = Scp::new(&request("/f", None)).unwrap();
        assert!(scp.receive(&[b'x'; MAX_LINE + 1]).is_err());
        assert!(Scp::new(&Request { upload: true, ..request("/f", None) }).is_err());
    }
}
