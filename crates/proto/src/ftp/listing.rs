//! Directory listings, as Unix and Windows NT servers write them, for
//! `CURLOPT_WILDCARDMATCH`.
//!
//! ```text
//! bytes -> lines -> "total N" first, maybe -> one [`FileInfo`] a line
//! ```

use tress_model::{Code, Error, Result};

/// The longest line of a listing.
pub const MAX_LINE: usize = 10_000;

/// A file's kind (`curlfiletype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum FileType {
    File = 0,
    Directory = 1,
    Symlink = 2,
    DeviceBlock = 3,
    DeviceChar = 4,
    NamedPipe = 5,
    Socket = 6,
    Door = 7,
}

/// What a listing says of a file (`struct curl_fileinfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// The name.
    pub name: Vec<u8>,
    /// The kind.
    pub kind: FileType,
    /// The size.
    pub size: Option<u64>,
    /// The permissions' bits.
    pub permissions: Option<u32>,
    /// The number of hard links.
    pub hard_links: Option<u64>,
    /// The time, as written.
    pub time: Vec<u8>,
    /// The permissions, as written; Unix alone.
    pub permissions_text: Option<Vec<u8>>,
    /// The owner; Unix alone.
    pub user: Option<Vec<u8>>,
    /// The group; Unix alone.
    pub group: Option<Vec<u8>>,
    /// Where a symbolic link leads.
    pub target: Option<Vec<u8>>,
}

/// Reads a listing.
#[derive(Debug, Default)]
pub struct Listing {
    line: Vec<u8>,
    style: Style,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Style {
    #[default]
    Unknown,
    /// Unix, before its first line.
    UnixStart,
    Unix,
    Windows,
}

impl Listing {
    /// Takes a part of the listing; appends the files of its complete lines.
    ///
    /// # Errors
    /// `FtpBadFileList` for a line of neither kind.
    pub fn parse(&mut self, input: &[u8], files: &mut Vec<FileInfo>) -> Result<()> {
        for part in input.split_inclusive(|&byte| byte == b'\n') {
            if self.line.len() + part.len() > MAX_LINE {
                return Err(Error::from(Code::OutOfMemory));
            }
            self.line.extend_from_slice(part);
            if part.last() == Some(&b'\n') {
                let line = std::mem::take(&mut self.line);
                files.extend(self.line(&line)?);
                self.line = line;
                self.line.clear();
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<FileInfo>> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.style == Style::Unknown {
            let windows = line.first().is_some_and(u8::is_ascii_digit);
            self.style = if windows { Style::Windows } else { Style::UnixStart };
        }
        if self.style == Style::UnixStart {
            self.style = Style::Unix;
            if line.first() == Some(&b't') {
                return if is_total(line) { Ok(None) } else { Err(bad()) };
            }
        }
        let info = if self.style == Style::Windows { windows(line) } else { unix(line) };
        info.map(Some).ok_or_else(bad)
    }
}

fn bad() -> Error {
    Error::from(Code::FtpBadFileList)
}

fn is_total(line: &[u8]) -> bool {
    line.strip_prefix(b"total ")
        .is_some_and(|rest| rest.trim_ascii_start().iter().all(u8::is_ascii_digit))
}

/// `drwxr-xr-x   1 user group  4096 May  2 1996 name`.
fn unix(line: &[u8]) -> Option<FileInfo> {
    let (&kind, rest) = line.split_first()?;
    let kind = match kind {
        b'-' => FileType::File,
        b'd' => FileType::Directory,
        b'l' => FileType::Symlink,
        b'p' => FileType::NamedPipe,
        b's' => FileType::Socket,
        b'c' => FileType::DeviceChar,
        b'b' => FileType::DeviceBlock,
        b'D' => FileType::Door,
        _ => return None,
    };
    let (bits, rest) = rest.split_at_checked(9)?;
    let permissions = permissions(bits)?;
    let (hard_links, rest) = field(rest.strip_prefix(b" ")?)?;
    let (user, rest) = field(rest)?;
    let (group, rest) = field(rest)?;
    let (size, rest) = field(rest)?;
    let (time, rest) = time(rest)?;
    let (name, target) = match kind {
        FileType::Symlink => {
            let arrow = rest.windows(4).position(|four| four == b" -> ")?;
            let target = rest.get(arrow + 4..).filter(|target| !target.is_empty())?;
            (rest.get(..arrow)?, Some(target.to_vec()))
        }
        _ => (rest, None),
    };
    Some(FileInfo {
        name: Some(name).filter(|name| !name.is_empty())?.to_vec(),
        kind,
        size: number(size)?,
        permissions: Some(permissions),
        hard_links: number(hard_links)?,
        time: time.to_vec(),
        permissions_text: Some(bits.to_vec()),
        user: Some(user.to_vec()),
        group: Some(group.to_vec()),
        target,
    })
}

/// The next field and what follows the blank after it.
fn field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = skip_blanks(text);
    let end = text.iter().position(|&byte| byte == b' ')?;
    let (field, rest) = text.split_at(end);
    Some((field, rest.get(1..)?))
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| byte == b' ').count();
    text.get(blanks..).unwrap_or_default()
}

/// Three fields of letters, digits and the like; the name after them.
fn time(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = skip_blanks(text);
    let (month, rest) = field(text)?;
    let (day, rest) = field(rest)?;
    let (clock, rest) = field(rest)?;
    let plain = |field: &[u8], more: &[u8]| {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || more.contains(byte);
        field.first().is_some_and(u8::is_ascii_alphanumeric) && field.iter().all(fits)
    };
    if !(plain(month, b".") && plain(day, b".") && plain(clock, b".:")) {
        return None;
    }
    let time = text.get(..text.len() - rest.len() - 1)?;
    Some((time, skip_blanks(rest)))
}

/// A field of digits alone; a number too large is left unknown.
fn number(field: &[u8]) -> Option<Option<u64>> {
    if field.is_empty() || !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    Some(number.filter(|&number| number < i64::MAX as u64))
}

fn permissions(text: &[u8]) -> Option<u32> {
    let mut bits = 0;
    for (i, group) in text.chunks(3).enumerate() {
        let &[read, write, execute] = group else { return None };
        let shift = 6 - 3 * i as u32;
        bits |= match read {
            b'r' => 4 << shift,
            b'-' => 0,
            _ => return None,
        };
        bits |= match write {
            b'w' => 2 << shift,
            b'-' => 0,
            _ => return None,
        };
        // Set-user-id, set-group-id and sticky share the place of "execute".
        let special = 1 << (11 - i as u32);
        bits |= match (execute, i) {
            (b'x', _) => 1 << shift,
            (b's', 0 | 1) | (b't', 2) => (1 << shift) | special,
            (b'S', 0 | 1) | (b'T', 2) => special,
            (b'-', _) => 0,
            _ => return None,
        };
    }
    Some(bits)
}

/// `01-29-97  11:32PM  <DIR>  name`, or a size in place of `<DIR>`.
fn windows(line: &[u8]) -> Option<FileInfo> {
    let (date, rest) = line.split_at_checked(8)?;
    let rest = rest.strip_prefix(b" ")?;
    if !date.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return None;
    }
    let (clock, rest) = field(rest)?;
    if !clock.iter().skip(1).all(|byte| b"APM0123456789:".contains(byte)) {
        return None;
    }
    let time = line.get(..line.len() - rest.len() - 1)?;
    let (size, rest) = field(rest)?;
    let (kind, size) = match size {
        b"<DIR>" => (FileType::Directory, Some(0)),
        size => (FileType::File, number(size)?),
    };
    let name = Some(skip_blanks(rest)).filter(|name| !name.is_empty())?.to_vec();
    Some(FileInfo {
        name,
        kind,
        size,
        permissions: None,
        hard_links: None,
        time: time.to_vec(),
        permissions_text: None,
        user: None,
        group: None,
        target: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Prng;

    fn parse(input: &[u8], piece: usize) -> Result<Vec<FileInfo>> {
        let (mut listing, mut files) = (Listing::default(), Vec::new());
        for part in input.chunks(piece) {
            listing.parse(part, &mut files)?;
        }
        Ok(files)
    }

    #[test]
    fn unix_lines() {
        let input = b"total 20\r\n\
            drwxr-xr-x   8 98       98           512 Oct 22 13:06 .\r\n\
            -rw-r--r--   1 0        1             35 Jul 16  1996 a b.txt\r\n\
            lrwxrwxrwx   1 0        1             14 May 12 2008 link -> to\r\n\
            -rwsr-xr-t   1 u        g  18446744073709551615 Jan. 1 00:00 big\r\n";
        for piece in [1, 7, 999] {
            let files = parse(input, piece).unwrap();
            assert_eq!(files.len(), 4);
            assert_eq!((files[0].kind, files[0].permissions), (FileType::Directory, Some(0o755)));
            assert_eq!(files[1].name, b"a b.txt");
            assert_eq!((files[1].size, files[1].time.as_slice()), (Some(35), &b"Jul 16  1996"[..]));
            assert_eq!(files[2].target.as_deref(), Some(&b"to"[..]));
            assert_eq!((files[3].size, files[3].permissions), (None, Some(0o5755)));
        }
    }

    #[test]
    fn windows_lines() {
        let input =
            b"04-27-10  11:01AM       <DIR>          dir\r\n01-29-97 11:32PM 458 chmod b\r\n";
        let files = parse(input, 3).unwrap();
        assert_eq!((files[0].kind, files[0].name.as_slice()), (FileType::Directory, &b"dir"[..]));
        assert_eq!((files[1].size, files[1].name.as_slice()), (Some(458), &b"chmod b"[..]));
        assert_eq!(files[0].time, b"04-27-10  11:01AM");
    }

    #[test]
    fn bad_lines() {
        for bad in [&b"total x\n"[..], b"-rw-r--r-- x\n", b"xrw-r--r-- 1 a b 1 a b c d\n", b"\n"] {
            assert_eq!(parse(bad, 99).unwrap_err().code(), Code::FtpBadFileList);
        }
        assert!(parse(&vec![b'a'; MAX_LINE + 1], 1000).is_err());
        let mut prng = Prng::new(2);
        for _ in 0..1000 {
            let len = prng.below(90);
            let _ =
                parse(&[b"-rw-r--r-- 1 ".to_vec(), prng.bytes(len, b"a 1 b 2->\n")].concat(), 9);
            let _ = parse(&prng.bytes(len, b"01-29-97 11:32PM <DIR>\n"), 9);
        }
    }
}
