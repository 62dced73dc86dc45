//! Small files that are read and written as a whole: cookies, HSTS, Alt-Svc.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, rename};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Most bytes that are read of a file; what follows is left out.
pub const MAX_WHOLE_FILE: u64 = 64 * 1024 * 1024;

/// Reads a file; the name `-` means standard input where `stdin` says so.
///
/// # Errors
/// Those of open(2) and read(2); `IsADirectory`.
pub fn read_whole(path: &Path, stdin: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if stdin && path.as_os_str() == "-" {
        io::stdin().take(MAX_WHOLE_FILE).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    file.take(MAX_WHOLE_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file so that nobody ever sees half of it: under another name first, then renamed; the
/// old one stays until then. What is no regular file is written in place. A file of ours keeps its permissions; a new one
/// can be read by its owner, and by those whom the umask lets.
///
/// # Errors
/// Those of open(2), write(2) and rename(2).
pub fn replace_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    let about = target.metadata()?;
    if !about.is_file() {
        return target.write_all(bytes);
    }
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    let mode = if ours { about.mode() & 0o7777 } else { 0 };
    let temporary = beside(path);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600 | mode).open(&temporary);
    let written = made.and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| rename(&temporary, path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

/// A name in the same directory that nobody can guess.
fn beside(path: &Path) -> PathBuf {
    let random = RandomState::new();
    let mut name =
        OsString::from(format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1)));
    name.push(".tmp");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = std::env::temp_dir().join(format!("tress-whole-file-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("jar");
        replace_whole(&path, b"one").unwrap();
        replace_whole(&path, b"two").unwrap();
        assert_eq!(read_whole(&path, false).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        assert_eq!(read_whole(&dir, false).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        std::fs::remove_dir_all(&dir).unwrap();
    }

    /// CVE-2023-46219.
    #[test]
    fn a_file_that_cannot_be_replaced_stays_as_it_is() {
        let top = std::env::temp_dir().join(format!("tress-long-name-{}", std::process::id()));
        let long_name = top.join("n".repeat(255));
        std::fs::create_dir_all(&top).unwrap();
        std::fs::write(&long_name, b"old").unwrap();
        replace_whole(&long_name, b"new").unwrap();
        assert_eq!(std::fs::read(&long_name).unwrap(), b"new");
        // There is room for the file's own name below the limit of paths, for no longer one.
        let mut deep = top.clone();
        while deep.as_os_str().len() < 4070 {
            let room = 4078 - deep.as_os_str().len();
            deep.push("d".repeat(room.min(200)));
        }
        std::fs::create_dir_all(&deep).unwrap();
        let path = deep.join("jar");
        std::fs::write(&path, b"old").unwrap();
        assert_eq!(replace_whole(&path, b"new").unwrap_err().raw_os_error(), Some(36));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        std::fs::remove_dir_all(&top).unwrap();
    }

    /// CVE-2022-32207.
    #[test]
    fn a_file_is_not_readable_by_more_than_before() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("tress-mode-{}", std::process::id()));
        for mode in [0o600, 0o640, 0o400] {
            std::fs::write(&path, b"old").unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            if replace_whole(&path, b"new").is_ok() {
                let now = std::fs::metadata(&path).unwrap().mode() & 0o777;
                assert_eq!(now, 0o600 | mode, "{mode:o}");
            }
            std::fs::remove_file(&path).unwrap();
        }
    }
}
