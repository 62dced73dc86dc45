//! A file that comes: many reads in flight, told in order.

use std::collections::VecDeque;

use tress_model::{Code, Error, Result};

use super::message::{Reply, Status};
use super::{CHUNK, MAX_IN_FLIGHT, Out, Request, odd};

/// Reads in flight at first; they double with each answer.
const FIRST_IN_FLIGHT: usize = 4;

/// A download.
pub(super) struct Download {
    /// Where the next read begins.
    offset: u64,
    /// Where the file, or the wanted part, ends; none: not known.
    end: Option<u64>,
    /// Where it begins.
    begin: u64,
    /// In the order of their offsets.
    reads: VecDeque<Read>,
    in_flight: usize,
    /// The end of the file was seen.
    at_end: bool,
}

struct Read {
    id: u32,
    offset: u64,
    length: u32,
    /// It is to be asked for, again or at last.
    due: bool,
    answer: Option<Answer>,
}

enum Answer {
    Data(Vec<u8>),
    End,
}

impl Download {
    /// # Errors
    /// `BadDownloadResume` and `RangeError` for what is beyond the file.
    pub(super) fn new(size: Option<u64>, request: &Request) -> Result<Self> {
        let (mut begin, mut end) = (0, size);
        if let (Some(size), Some(range)) = (size, &request.range) {
            let (first, length) = range_of(range, size)?;
            (begin, end) = (first, Some(first + length));
        }
        if request.resume_from != 0 {
            let size = size.unwrap_or(0);
            let from = match request.resume_from {
                from if from < 0 => size.checked_sub(from.unsigned_abs()),
                from => Some(from.unsigned_abs()).filter(|from| *from <= size),
            };
            begin =
                from.ok_or_else(|| beyond(request.resume_from, size, Code::BadDownloadResume))?;
            end = Some(size);
        }
        let (reads, in_flight, at_end) = (VecDeque::new(), FIRST_IN_FLIGHT, false);
        Ok(Self { offset: begin, end, begin, reads, in_flight, at_end })
    }

    /// Bytes that will come.
    pub(super) fn length(&self) -> Option<u64> {
        self.end.map(|end| end - self.begin)
    }

    /// The next read, to be sent with this id: offset and length.
    pub(super) fn wanted(&mut self, id: u32) -> Option<(u64, u32)> {
        if let Some(read) = self.reads.iter_mut().find(|read| read.due) {
            read.due = false;
            read.id = id;
            return Some((read.offset, read.length));
        }
        let left = self.end.map_or(u64::MAX, |end| end - self.offset);
        if self.at_end || left == 0 || self.reads.len() >= self.in_flight {
            return None;
        }
        let length = left.min(CHUNK as u64) as u32;
        let read = Read { id, offset: self.offset, length, due: false, answer: None };
        self.offset += u64::from(length);
        let asked = (read.offset, length);
        self.reads.push_back(read);
        Some(asked)
    }

    /// All has come that will come.
    pub(super) fn is_over(&self) -> bool {
        self.reads.is_empty() && (self.at_end || self.end == Some(self.offset))
    }

    /// # Errors
    /// An answer to nothing, and what the server fails with.
    pub(super) fn answer(
        &mut self,
        id: u32,
        reply: Reply<'_>,
        events: &mut VecDeque<Out>,
    ) -> Result<()> {
        let waits = |read: &&mut Read| read.id == id && !read.due && read.answer.is_none();
        let read = self.reads.iter_mut().find(waits).ok_or_else(odd)?;
        read.answer = Some(match reply {
            Reply::Data(data) if data.is_empty() || data.len() > read.length as usize => {
                return Err(odd());
            }
            Reply::Data(data) => Answer::Data(data.to_vec()),
            Reply::Status(Status::EOF) => Answer::End,
            Reply::Status(status) => return Err(status.error("Failed to read the remote file")),
            _ => return Err(odd()),
        });
        self.in_flight = (self.in_flight * 2).min(MAX_IN_FLIGHT);
        self.tell(events)
    }

    /// Tells of what has come in order.
    fn tell(&mut self, events: &mut VecDeque<Out>) -> Result<()> {
        while let Some(read) = self.reads.front_mut() {
            match read.answer.take() {
                None => break,
                Some(Answer::End) => {
                    if let Some(end) = self.end {
                        let left = end - read.offset;
                        let text = format!("transfer closed with {left} bytes remaining to read");
                        return Err(Error::new(Code::PartialFile, text));
                    }
                    self.at_end = true;
                    self.reads.pop_front();
                }
                // What else was asked for is of no use.
                Some(Answer::Data(_)) if self.at_end => {
                    self.reads.pop_front();
                }
                Some(Answer::Data(data)) => {
                    let count = data.len() as u32;
                    events.push_back(Out::Body(data));
                    if count == read.length {
                        self.reads.pop_front();
                        continue;
                    }
                    // Less than asked for: the rest is asked for again.
                    read.offset += u64::from(count);
                    read.length -= count;
                    read.due = true;
                    break;
                }
            }
        }
        Ok(())
    }
}

/// The first byte and the length of `CURLOPT_RANGE`.
fn range_of(range: &[u8], size: u64) -> Result<(u64, u64)> {
    let refused = || Error::from(Code::RangeError);
    let text = std::str::from_utf8(range).map_err(|_| refused())?;
    let (first, last) = text.trim().split_once('-').ok_or_else(refused)?;
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse::<u64>().map(Some).map_err(|_| refused()),
    };
    let (first, last) = match (number(first)?, number(last)?) {
        (None, None | Some(0)) => return Err(refused()),
        (None, Some(count)) => (size - count.min(size), size),
        (Some(first), _) if first > size => {
            return Err(beyond(first as i64, size, Code::RangeError));
        }
        (Some(first), None) => (first, size),
        (Some(first), Some(last)) => (first, last.saturating_add(1).min(size)),
    };
    match last.checked_sub(first).filter(|length| *length > 0) {
        Some(length) => Ok((first, length)),
        None => {
            let text = "Bad range: start offset larger than end offset";
            Err(Error::new(Code::RangeError, text))
        }
    }
}

fn beyond(offset: i64, size: u64, code: Code) -> Error {
    Error::new(code, format!("Offset ({offset}) was beyond file size ({size})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn download(size: Option<u64>) -> Download {
        Download::new(size, &Request::default()).unwrap()
    }

    fn bodies(events: &mut VecDeque<Out>) -> Vec<u8> {
        let body = |event| if let Out::Body(body) = event { body } else { Vec::new() };
        events.drain(..).flat_map(body).collect()
    }

    #[test]
    fn answers_out_of_order_and_short_ones() {
        let mut file = download(Some(2 * CHUNK as u64 + 3));
        let mut events = VecDeque::new();
        let asked: Vec<_> = (0..9).map_while(|id| file.wanted(id)).collect();
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[2], (2 * CHUNK as u64, 3));
        file.answer(2, Reply::Data(b"end"), &mut events).unwrap();
        file.answer(1, Reply::Data(&[1; CHUNK]), &mut events).unwrap();
        assert!(bodies(&mut events).is_empty());
        file.answer(0, Reply::Data(&[0; 10]), &mut events).unwrap();
        assert_eq!(bodies(&mut events).len(), 10);
        assert_eq!(file.wanted(7), Some((10, CHUNK as u32 - 10)));
        assert!(file.answer(0, Reply::Data(b"x"), &mut events).is_err());
        file.answer(7, Reply::Data(&[0; CHUNK - 10]), &mut events).unwrap();
        assert_eq!(bodies(&mut events).len(), 2 * CHUNK - 7);
        assert!(file.is_over());
    }

    #[test]
    fn the_end_of_a_file_of_unknown_size() {
        let mut file = download(None);
        let mut events = VecDeque::new();
        while file.wanted(file.reads.len() as u32).is_some() {}
        file.answer(0, Reply::Data(b"all"), &mut events).unwrap();
        assert_eq!(file.wanted(9), Some((3, CHUNK as u32 - 3)));
        for id in [9, 1, 2, 3] {
            file.answer(id, Reply::Status(Status::EOF), &mut events).unwrap();
        }
        assert!(file.is_over());
        assert_eq!(bodies(&mut events), b"all");
        let mut short = download(Some(5));
        short.wanted(0);
        let error = short.answer(0, Reply::Status(Status::EOF), &mut events).unwrap_err();
        assert_eq!(error.code(), Code::PartialFile);
    }

    #[test]
    fn ranges_of_a_file() {
        let range = |text: &str| range_of(text.as_bytes(), 22).ok();
        assert_eq!(range("5-9"), Some((5, 5)));
        assert_eq!(range("5-99"), Some((5, 17)));
        assert_eq!(range("-9"), Some((13, 9)));
        assert_eq!(range("-99"), Some((0, 22)));
        assert_eq!(range("3-"), Some((3, 19)));
        for bad in ["99-", "-0", "9-5", "-", "x-", "5", "22-"] {
            assert_eq!(range(bad), None, "{bad}");
        }
        let resumed = |resume_from| {
            let request = Request { resume_from, ..Request::default() };
            Download::new(Some(10), &request).map(|download| download.length())
        };
        assert_eq!(resumed(4).unwrap(), Some(6));
        assert_eq!(resumed(-4).unwrap(), Some(4));
        assert_eq!(resumed(10).unwrap(), Some(0));
        assert_eq!(resumed(11).unwrap_err().code(), Code::BadDownloadResume);
        assert_eq!(resumed(-11).unwrap_err().code(), Code::BadDownloadResume);
    }
}
