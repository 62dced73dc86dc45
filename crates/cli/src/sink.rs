//! Where a body goes: straight to its place, as it comes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::checksum::{Checksum, Summing};
use crate::names;

/// Where a body is to go.
#[derive(Clone, Debug)]
pub enum Place {
    Stdout,
    Nowhere,
    /// A device or a pipe that is there: written to as it is.
    Special(PathBuf),
    /// A file, which has another name until it is complete.
    File {
        path: PathBuf,
        overwrite: bool,
    },
}

/// A body on its way. Opened by its first byte, so that a failure leaves nothing behind.
pub struct Sink {
    place: Place,
    file: Option<File>,
    /// Bytes of the body that are in the place, those of earlier tries included.
    pub length: u64,
    /// Why no more can be written.
    pub error: Option<io::Error>,
    /// The sum that the body must have, and the one so far.
    sum: Option<(Checksum, Summing)>,
}

impl Place {
    /// A file of that name, or what stands there.
    pub fn of(path: PathBuf, overwrite: bool) -> Self {
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() && !found.is_dir() => Self::Special(path),
            _ => Self::File { path, overwrite },
        }
    }

    /// How the place is shown to people.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Stdout => Some("-".to_owned()),
            Self::Nowhere => None,
            Self::Special(path) | Self::File { path, .. } => Some(path.display().to_string()),
        }
    }

    /// The file's own name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::File { path, .. } => path.file_name()?.to_str(),
            _ => None,
        }
    }

    /// A file of another name in the same directory; other places stay what they are.
    pub fn renamed(&self, name: &str) -> Self {
        match self {
            Self::File { path, overwrite } => {
                Self::File { path: path.with_file_name(name), overwrite: *overwrite }
            }
            other => other.clone(),
        }
    }

    /// The complete file that is there already.
    pub fn existing(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } if path.symlink_metadata().is_ok() => Some(path),
            _ => None,
        }
    }

    /// How many bytes an earlier run has left to go on with.
    pub fn begun(&self) -> u64 {
        match self {
            Self::File { path, .. } => fs::metadata(part(path)).map_or(0, |found| found.len()),
            _ => 0,
        }
    }

    /// A body can be written from its start again.
    pub fn can_start_again(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Nowhere)
    }
}

impl Sink {
    /// For a body whose first `from` bytes are in the place.
    pub fn new(place: Place, from: u64, checksum: Option<&Checksum>) -> Self {
        let sum = checksum.map(|sum| (sum.clone(), sum.summing()));
        Self { place, file: None, length: from, error: None, sum }
    }

    /// Writes a piece of the body. False: it failed, see `error`.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        let result = match self.place {
            Place::Nowhere => Ok(()),
            Place::Stdout => io::stdout().lock().write_all(bytes),
            _ => self.open().and_then(|mut file| file.write_all(bytes)),
        };
        match result {
            Ok(()) => {
                self.length += bytes.len() as u64;
                if let Some((_, sum)) = &mut self.sum {
                    sum.update(bytes);
                }
            }
            Err(error) => self.error = Some(error),
        }
        self.error.is_none()
    }

    /// The body has come: has it the sum that it must have? One that has not is thrown away.
    pub fn check(&mut self) -> Result<(), String> {
        self.open_if_file().map_err(|error| error.to_string())?;
        let Some((wanted, sum)) = self.sum.take() else { return Ok(()) };
        let result = wanted.check(sum);
        if let (Err(_), Place::File { path, .. }) = (&result, &self.place) {
            let _ = fs::remove_file(part(path));
        }
        result
    }

    /// The body is complete: it gets its last name, and this time if one is known.
    pub fn complete(&mut self, last: &Place, time: Option<SystemTime>) -> io::Result<()> {
        self.open_if_file()?;
        if let (Some(time), Some(file)) = (time, &self.file) {
            file.set_modified(time)?;
        }
        self.file = None;
        match (&self.place, last) {
            (Place::File { path, .. }, Place::File { path: last, overwrite: true }) => {
                fs::rename(part(path), last)
            }
            (Place::File { path, .. }, Place::File { path: last, overwrite: false }) => {
                rename_to_new(&part(path), last)
            }
            (Place::Stdout, _) => io::stdout().lock().flush(),
            _ => Ok(()),
        }
    }

    /// An empty body makes an empty file.
    fn open_if_file(&mut self) -> io::Result<()> {
        match self.place {
            Place::Nowhere | Place::Stdout => Ok(()),
            _ => self.open().map(|_| ()),
        }
    }

    fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(match &self.place {
                Place::File { path, .. } if self.length == 0 => File::create(part(path))?,
                Place::File { path, .. } => {
                    if let Some((_, sum)) = &mut self.sum {
                        begin_sum(sum, &part(path))?;
                    }
                    OpenOptions::new().append(true).open(part(path))?
                }
                Place::Special(path) => OpenOptions::new().write(true).open(path)?,
                Place::Stdout | Place::Nowhere => return Err(io::ErrorKind::Unsupported.into()),
            });
        }
        self.file.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Sums up what an earlier try or run has left.
fn begin_sum(sum: &mut Summing, path: &Path) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        sum.update(bytes);
        let count = bytes.len();
        file.consume(count);
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_file_name(names::part(&path.file_name().unwrap_or_default().to_string_lossy()))
}

/// Renames, unless the new name is taken: by the kernel in one step where the file system can.
fn rename_to_new(old: &Path, new: &Path) -> io::Result<()> {
    match renameat_with(CWD, old, CWD, new, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if new.symlink_metadata().is_ok() => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(old, new),
        result => Ok(result?),
    }
}
