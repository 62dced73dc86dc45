use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{CWD, Mode, OFlags, openat};

/// A local file of a `file://` transfer.
///
/// It is opened so that a pipe or a device never blocks; reading a regular
/// file takes the time that the disk takes, so read it piece by piece.
pub struct LocalFile {
    file: File,
    size: u64,
    modified: Option<SystemTime>,
    is_dir: bool,
    is_regular: bool,
}

impl LocalFile {
    /// Opens an existing file or directory for reading.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(path, OFlags::RDONLY, Mode::empty())
    }

    /// Opens a file for writing, made with `permissions` (`CURLOPT_NEW_FILE_PERMS`)
    /// if there is none. It is emptied unless `append` says to go on at its end.
    pub fn create(path: &Path, append: bool, permissions: u32) -> io::Result<Self> {
        let end = if append { OFlags::APPEND } else { OFlags::TRUNC };
        let flags = OFlags::WRONLY | OFlags::CREATE | end;
        Self::of(path, flags, Mode::from_bits_truncate(permissions))
    }

    fn of(path: &Path, flags: OFlags, mode: Mode) -> io::Result<Self> {
        let file = File::from(openat(CWD, path, flags | OFlags::CLOEXEC | OFlags::NONBLOCK, mode)?);
        let about = file.metadata()?;
        Ok(Self {
            size: about.len(),
            modified: about.modified().ok(),
            is_dir: about.is_dir(),
            is_regular: about.is_file(),
            file,
        })
    }

    /// The size when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When it was last changed.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Is it a directory?
    pub fn is_dir(&self) -> bool {
        self.is_dir
    }

    /// Is it a regular file, whose size means something and which is always ready?
    pub fn is_regular(&self) -> bool {
        self.is_regular
    }

    /// The names in the directory at `path`, sorted, without those that start with a dot.
    pub fn list(path: &Path) -> io::Result<Vec<Vec<u8>>> {
        use std::os::unix::ffi::OsStringExt;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name().into_vec();
            if !name.starts_with(b".") {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Goes to `offset` from the start.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset)).map(drop)
    }

    /// Reads on; 0 at the end.
    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }

    /// Writes on and says how much of `buf` went.
    pub fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }

    /// The bare descriptor, to be closed later.
    pub fn into_fd(self) -> OwnedFd {
        self.file.into()
    }

    /// The descriptor to watch if this is no regular file.
    pub fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_appends_and_reads() {
        let path = std::env::temp_dir().join(format!("tress-net-file-{}", std::process::id()));
        let mut file = LocalFile::create(&path, false, 0o644).unwrap();
        assert_eq!(file.write(b"hello").unwrap(), 5);
        let mut file = LocalFile::create(&path, true, 0o644).unwrap();
        assert_eq!(file.write(b" you").unwrap(), 4);
        let mut file = LocalFile::open(&path).unwrap();
        assert_eq!((file.size(), file.is_dir(), file.is_regular()), (9, false, true));
        file.seek(6).unwrap();
        let mut buf = [0; 8];
        assert_eq!(file.read(&mut buf).unwrap(), 3);
        assert!(buf.starts_with(b"you"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(LocalFile::open(&path).err().unwrap().kind(), io::ErrorKind::NotFound);
        assert!(LocalFile::open(&std::env::temp_dir()).unwrap().is_dir());
    }
}
