//! Forms with files: `multipart/form-data` (RFC 7578).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tress_engine::options::{BodySource, Text};
use tress_engine::{Supplied, random};
use tress_model::mime::{
    BOUNDARY_RANDOM, BodyReader, Content, Mime, Part as Laid, Prepare, SourceId, Wants, base_name,
};

use crate::{Error, Result};

/// The parts of a form, for [`Easy::post_form`](crate::Easy::post_form).
///
/// ```
/// use tress::{Easy, Form, Part};
/// let form = Form::new()
///     .text("name", "Åse")
///     .file("picture", "/tmp/cat.png")
///     .part(Part::bytes("notes", *b"{}").file_name("notes.json").content_type("application/json"));
/// let easy = Easy::post_form("https://example.com/upload", form);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Form {
    parts: Vec<Part>,
}

/// One part of a [`Form`].
#[derive(Clone, Debug)]
pub struct Part {
    laid: Laid,
    file: Option<Box<[u8]>>,
}

impl Form {
    /// No parts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(Part::bytes(name, value))
    }

    /// Adds a file, which is read while the form is sent; its name and, by that, its type are
    /// told. One that cannot be read fails the transfer with `ReadError`.
    #[must_use]
    pub fn file(self, name: &str, path: impl AsRef<Path>) -> Self {
        self.part(Part::file(name, path))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// The body of a request, and what its head says of it.
    pub(crate) fn lay_out(self) -> Result<(FormUpload, BodySource)> {
        let boundary = random::letters::<BOUNDARY_RANDOM>();
        let (mut mime, mut files) = (Mime::new(&boundary), Vec::new());
        for Part { mut laid, file } in self.parts {
            if let Some(path) = file {
                let source = SourceId(files.len() as u32);
                let about = std::fs::metadata(OsStr::from_bytes(&path)).ok();
                let size = about.filter(|about| about.is_file()).map(|about| about.len());
                laid.content = Content::File { path: path.clone(), source, size };
                files.push(Source { path, open: None });
            }
            mime.parts.push(laid);
        }
        let top = Laid { content: Content::Multipart(mime), ..Laid::default() };
        let how = Prepare {
            content_type: Some(b"multipart/form-data"),
            body_only: true,
            ..Prepare::default()
        };
        let body = top.prepare(&how).map_err(Error::from)?;
        let headers = body.headers().iter().map(|line| Text::from(&line[..])).collect();
        let source = BodySource::Mime { len: body.size(), headers };
        Ok((FormUpload { reader: BodyReader::new(Arc::new(body)), files }, source))
    }
}

impl Part {
    /// Bytes in memory.
    pub fn bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let content = Content::Data(bytes.into().into());
        let name = Some(name.as_bytes().into());
        Self { laid: Laid { name, content, ..Laid::default() }, file: None }
    }

    /// A file: see [`Form::file`].
    pub fn file(name: &str, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().as_os_str().as_bytes();
        let laid = Laid {
            name: Some(name.as_bytes().into()),
            filename: Some(base_name(path).into()),
            ..Laid::default()
        };
        Self { laid, file: Some(path.into()) }
    }

    /// The file name that the server is told.
    #[must_use]
    pub fn file_name(mut self, name: &str) -> Self {
        self.laid.filename = Some(name.as_bytes().into());
        self
    }

    /// The type of the content; without it, it is guessed from the file's name.
    #[must_use]
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.laid.content_type = Some(content_type.as_bytes().into());
        self
    }
}

/// A form on its way.
pub(crate) struct FormUpload {
    reader: BodyReader,
    files: Vec<Source>,
}

struct Source {
    path: Box<[u8]>,
    open: Option<File>,
}

impl FormUpload {
    /// Appends up to `room` bytes.
    ///
    /// # Errors
    /// When a file cannot be read; it is named.
    pub fn read(&mut self, room: usize, buffer: &mut Vec<u8>) -> io::Result<Supplied> {
        let end = buffer.len() + room;
        loop {
            let left = end.saturating_sub(buffer.len());
            let source = match self.reader.write(buffer, left) {
                Ok(Wants::Room) => return Ok(Supplied::Data),
                Ok(Wants::Nothing) => return Ok(Supplied::End),
                Ok(Wants::Source(source)) => source,
                Err(_) => return Ok(Supplied::Failed),
            };
            let left = end.saturating_sub(buffer.len());
            if left == 0 {
                return Ok(Supplied::Data);
            }
            let mut piece = vec![0; left];
            let Some(file) = self.files.get_mut(source.0 as usize) else {
                return Ok(Supplied::Failed);
            };
            let count = file.read(&mut piece).map_err(|error| file.named(&error))?;
            if self.reader.supply(&piece[..count], buffer).is_err() {
                return Ok(Supplied::Failed);
            }
        }
    }

    /// Back to the beginning.
    pub fn rewind(&mut self) {
        self.files.iter_mut().for_each(|file| file.open = None);
        self.reader.rewind();
    }
}

impl Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let file = match &mut self.open {
            Some(file) => file,
            none => none.insert(File::open(OsStr::from_bytes(&self.path))?),
        };
        let count = file.read(into)?;
        if count == 0 {
            self.open = None;
        }
        Ok(count)
    }

    fn named(&self, error: &io::Error) -> io::Error {
        let path = String::from_utf8_lossy(&self.path);
        io::Error::new(error.kind(), format!("{path}: {error}"))
    }
}
