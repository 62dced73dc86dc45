//! Messages of SFTP, version 3 (draft-ietf-secsh-filexfer-02).

use tress_model::{Code, Error, Result};

use super::super::wire::{Put, Reader, ssh_error};

/// The longest handle of a file (section 6.3).
pub const MAX_HANDLE: usize = 256;

/// The largest message that is taken.
pub const MAX_MESSAGE: usize = 256 * 1024;

pub(crate) const INIT: u8 = 1;
pub(crate) const VERSION: u8 = 2;
pub(crate) const OPEN: u8 = 3;
pub(crate) const CLOSE: u8 = 4;
pub(crate) const READ: u8 = 5;
pub(crate) const WRITE: u8 = 6;
pub(crate) const FSTAT: u8 = 8;
pub(crate) const SETSTAT: u8 = 9;
pub(crate) const OPENDIR: u8 = 11;
pub(crate) const READDIR: u8 = 12;
pub(crate) const REMOVE: u8 = 13;
pub(crate) const MKDIR: u8 = 14;
pub(crate) const RMDIR: u8 = 15;
pub(crate) const REALPATH: u8 = 16;
pub(crate) const STAT: u8 = 17;
pub(crate) const RENAME: u8 = 18;
pub(crate) const READLINK: u8 = 19;
pub(crate) const SYMLINK: u8 = 20;
pub(crate) const EXTENDED: u8 = 200;

const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;
const EXTENDED_REPLY: u8 = 201;

pub(crate) const READS: u32 = 1;
pub(crate) const WRITES: u32 = 2;
pub(crate) const APPENDS: u32 = 4;
pub(crate) const CREATES: u32 = 8;
pub(crate) const TRUNCATES: u32 = 16;

/// Takes the first message out of what has come, without its length.
///
/// # Errors
/// One that is too large.
pub(crate) fn take(input: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let Some(head) = input.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*head) as usize;
    if !(1..=MAX_MESSAGE).contains(&length) {
        return Err(ssh_error(format!("SFTP: message of {length} bytes")));
    }
    if input.len() < 4 + length {
        return Ok(None);
    }
    let message = input[4..4 + length].to_vec();
    input.drain(..4 + length);
    Ok(Some(message))
}

/// What the server has answered.
#[derive(Debug)]
pub(crate) enum Reply<'a> {
    Status(Status),
    Handle(&'a [u8]),
    Data(&'a [u8]),
    Names(Names<'a>),
    Attributes(Attributes),
    Extended(Reader<'a>),
}

impl<'a> Reply<'a> {
    /// The number of the request, and its answer.
    pub(crate) fn parse(message: &'a [u8]) -> Result<(u32, Self)> {
        let mut reader = Reader(message);
        let (kind, id) = (reader.u8()?, reader.u32()?);
        let reply = match kind {
            STATUS => Self::Status(Status(reader.u32()?)),
            HANDLE => match reader.string()? {
                handle if handle.len() <= MAX_HANDLE => Self::Handle(handle),
                handle => {
                    let length = handle.len();
                    return Err(ssh_error(format!("SFTP: a handle of {length} bytes")));
                }
            },
            DATA => Self::Data(reader.string()?),
            NAME => Self::Names(Names { left: reader.u32()?, reader }),
            ATTRS => Self::Attributes(Attributes::parse(&mut reader)?),
            EXTENDED_REPLY => Self::Extended(reader),
            _ => return Err(ssh_error(format!("SFTP: message of the unknown kind {kind}"))),
        };
        Ok((id, reply))
    }
}

/// Names that a reply lists, taken one by one.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    left: u32,
    reader: Reader<'a>,
}

/// A name: itself, as a line of a listing, and what is known of it.
pub(crate) struct Name<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) long: &'a [u8],
    pub(crate) attributes: Attributes,
}

impl<'a> Iterator for Names<'a> {
    type Item = Result<Name<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut take = || {
            let (name, long) = (self.reader.string()?, self.reader.string()?);
            Ok(Name { name, long, attributes: Attributes::parse(&mut self.reader)? })
        };
        let taken = take();
        if taken.is_err() {
            self.left = 0;
        }
        Some(taken)
    }
}

/// What is known of a file, or to be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) size: Option<u64>,
    /// User and group.
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) permissions: Option<u32>,
    /// Of the last access, and of the last change; Unix seconds.
    pub(crate) times: Option<(u32, u32)>,
}

impl Attributes {
    const SIZE: u32 = 1;
    const OWNER: u32 = 2;
    const PERMISSIONS: u32 = 4;
    const TIMES: u32 = 8;
    const EXTENDED: u32 = 0x8000_0000;

    fn parse(reader: &mut Reader<'_>) -> Result<Self> {
        let flags = reader.u32()?;
        let mut attributes = Self::default();
        if flags & Self::SIZE != 0 {
            attributes.size = Some(reader.u64()?);
        }
        if flags & Self::OWNER != 0 {
            attributes.owner = Some((reader.u32()?, reader.u32()?));
        }
        if flags & Self::PERMISSIONS != 0 {
            attributes.permissions = Some(reader.u32()?);
        }
        if flags & Self::TIMES != 0 {
            attributes.times = Some((reader.u32()?, reader.u32()?));
        }
        if flags & Self::EXTENDED != 0 {
            for _ in 0..reader.u32()? {
                let (_, _) = (reader.string()?, reader.string()?);
            }
        }
        Ok(attributes)
    }

    pub(crate) fn put(&self, message: &mut Vec<u8>) {
        let flag = |set: bool, flag| if set { flag } else { 0 };
        message.put_u32(
            flag(self.size.is_some(), Self::SIZE)
                | flag(self.owner.is_some(), Self::OWNER)
                | flag(self.permissions.is_some(), Self::PERMISSIONS)
                | flag(self.times.is_some(), Self::TIMES),
        );
        if let Some(size) = self.size {
            message.put_u64(size);
        }
        for (one, other) in [self.owner].into_iter().flatten() {
            message.put_u32(one);
            message.put_u32(other);
        }
        if let Some(permissions) = self.permissions {
            message.put_u32(permissions);
        }
        if let Some((accessed, changed)) = self.times {
            message.put_u32(accessed);
            message.put_u32(changed);
        }
    }

    pub(crate) fn is_link(&self) -> bool {
        self.permissions.is_some_and(|permissions| permissions & 0o170_000 == 0o120_000)
    }
}

/// What became of a request (`SSH_FX_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

impl Status {
    pub(crate) const OK: Self = Self(0);
    pub(crate) const EOF: Self = Self(1);
    pub(crate) const NO_SUCH_FILE: Self = Self(2);
    pub(crate) const PERMISSION_DENIED: Self = Self(3);
    pub(crate) const FAILURE: Self = Self(4);
    pub(crate) const NO_SUCH_PATH: Self = Self(10);
    pub(crate) const FILE_ALREADY_EXISTS: Self = Self(11);

    /// In the words that users of libcurl know.
    pub(crate) fn words(self) -> &'static str {
        match self.0 {
            2 | 10 => "No such file or directory",
            3 => "Permission denied",
            4 => "Operation failed",
            5 => "Bad message from SFTP server",
            6 => "Not connected to SFTP server",
            7 => "Connection to SFTP server lost",
            8 => "Operation not supported by SFTP server",
            9 => "Invalid handle",
            11 => "File already exists",
            12 => "File is write protected",
            13 => "No media",
            14 => "Disk full",
            15 => "User quota exceeded",
            16 => "Unknown principal",
            17 => "File lock conflict",
            18 => "Directory not empty",
            19 => "Not a directory",
            20 => "Invalid filename",
            21 => "Link points to itself",
            _ => "Unknown error",
        }
    }

    /// What a transfer fails with.
    pub(crate) fn code(self) -> Code {
        match self.0 {
            2 | 10 => Code::RemoteFileNotFound,
            3 | 12 | 17 => Code::RemoteAccessDenied,
            11 => Code::RemoteFileExists,
            14 | 15 => Code::RemoteDiskFull,
            18 => Code::QuoteError,
            _ => Code::Ssh,
        }
    }

    pub(crate) fn error(self, what: &str) -> Error {
        Error::new(self.code(), format!("{what}: {}", self.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_back() {
        let attributes = Attributes {
            size: Some(1 << 40),
            owner: Some((1, 2)),
            permissions: Some(0o120_777),
            times: Some((3, 4)),
        };
        let mut message = Vec::new();
        attributes.put(&mut message);
        assert_eq!(Attributes::parse(&mut Reader(&message)).unwrap(), attributes);
        assert!(attributes.is_link());
        assert!(Attributes::parse(&mut Reader(&message[..20])).is_err());
    }

    #[test]
    fn names_end_with_the_message() {
        let mut message = vec![NAME];
        message.put_u32(7);
        message.put_u32(u32::MAX);
        message.put_string(b"a");
        message.put_string(b"-rw a");
        Attributes::default().put(&mut message);
        let (id, reply) = Reply::parse(&message).unwrap();
        let Reply::Names(names) = reply else { panic!("{reply:?}") };
        assert_eq!(id, 7);
        let names: Vec<_> = names.collect();
        assert_eq!(names.len(), 2);
        assert!(names[0].is_ok() && names[1].is_err());
    }

    #[test]
    fn messages_are_taken_whole() {
        let mut input = vec![0, 0, 0, 2, 1];
        assert!(take(&mut input).unwrap().is_none());
        input.extend([2, 9]);
        assert_eq!(take(&mut input).unwrap().unwrap(), [1, 2]);
        assert_eq!(input, [9]);
        assert!(take(&mut vec![0xff, 0, 0, 0]).is_err());
        assert!(take(&mut vec![0, 0, 0, 0]).is_err());
    }
}
