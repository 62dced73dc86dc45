//! A MIME body on its way: the encoded bytes, with files and callbacks asked as they are needed.

use std::ffi::{OsStr, c_char};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;
use std::sync::Arc;

use tress_engine::options::Text;
use tress_engine::{Sought, Supplied};
use tress_model::Code;
use tress_model::mime::{Body, BodyReader, Encoder, Prepare, SourceId, Wants};

use super::{MimeHandle, OwnMime, PartContent, PartHandle, tree};

/// `CURL_READFUNC_ABORT`
const READ_ABORT: usize = 0x1000_0000;
/// `CURL_READFUNC_PAUSE`
const READ_PAUSE: usize = 0x1000_0001;

/// Encoders write more than they read: at most so many times as much.
const ENCODER_GROWTH: usize = 4;

/// A body that is being read.
pub struct Upload {
    reader: BodyReader,
    sources: Vec<*mut PartHandle>,
    /// Who keeps the parts, where it is not the application.
    _owner: Option<Rc<OwnMime>>,
    scratch: Vec<u8>,
    /// A source has paused or failed after bytes that had to go out first.
    stopped: Option<Supplied>,
}

/// How callbacks of the application are called: with the guard of its multi handle, say.
pub trait Caller {
    /// Calls.
    fn call<T>(&self, callback: impl FnOnce() -> T) -> T;
}

impl Upload {
    /// The parts of `mime`, laid out, with the application's `headers` for all of it; `owner` keeps
    /// them, where the application does not.
    ///
    /// # Safety
    /// `mime` and all within stay alive and as they are until the upload is dropped.
    pub unsafe fn new(
        mime: *mut MimeHandle,
        owner: Option<Rc<OwnMime>>,
        headers: &[Text],
        how: &Prepare,
    ) -> Result<Self, Code> {
        let mut sources = Vec::new();
        // SAFETY: as the caller promises.
        let mut top = unsafe { tree::top(&*mime, &mut sources) };
        top.headers = headers.to_vec();
        let body = top.prepare(how);
        let reader = BodyReader::new(Arc::new(body?));
        Ok(Self { reader, sources, _owner: owner, scratch: Vec::new(), stopped: None })
    }

    /// The body as it is laid out.
    pub fn body(&self) -> &Body {
        self.reader.body()
    }

    /// Appends up to about `room` encoded bytes.
    ///
    /// # Safety
    /// The application's callbacks and files are as it promised.
    pub unsafe fn read(
        &mut self,
        caller: &impl Caller,
        room: usize,
        buffer: &mut Vec<u8>,
    ) -> Supplied {
        if let Some(stopped) = self.stopped.take() {
            return stopped;
        }
        let start = buffer.len();
        let mut called = false;
        loop {
            let left = room.saturating_sub(buffer.len() - start);
            let source = match self.reader.write(buffer, left) {
                Ok(Wants::Room) => return Supplied::Data,
                Ok(Wants::Nothing) => return Supplied::End,
                Ok(Wants::Source(source)) => source,
                Err(_) => return self.failed(buffer.len() > start),
            };
            let left = room.saturating_sub(buffer.len() - start);
            // What a file or callback gives goes out before more is asked for.
            if buffer.len() > start && (left < ENCODER_GROWTH || called) {
                return Supplied::Data;
            }
            called = true;
            // SAFETY: as the caller promises.
            match unsafe { self.fetch(caller, source, left) } {
                Ok(()) => {}
                Err(stop) if buffer.len() > start => {
                    self.stopped = Some(stop);
                    return Supplied::Data;
                }
                Err(stop) => return stop,
            }
            if self.reader.supply(&self.scratch, buffer).is_err() {
                return self.failed(buffer.len() > start);
            }
        }
    }

    /// A part cannot be sent; what comes before it is.
    fn failed(&mut self, after_data: bool) -> Supplied {
        if !after_data {
            return Supplied::Failed;
        }
        self.stopped = Some(Supplied::Failed);
        Supplied::Data
    }

    /// Fills the scratch buffer from a source; nothing in it ends the source.
    ///
    /// # Safety
    /// As for `read`.
    unsafe fn fetch(
        &mut self,
        caller: &impl Caller,
        source: SourceId,
        room: usize,
    ) -> Result<(), Supplied> {
        let Some(&part) = self.sources.get(source.0 as usize) else { return Err(Supplied::Abort) };
        // SAFETY: parts outlive the upload.
        let encodes =
            matches!(unsafe { (*part).encoder }, Some(Encoder::Base64 | Encoder::QuotedPrintable));
        let room = if encodes { (room / ENCODER_GROWTH).max(1) } else { room };
        let left = self
            .reader
            .source_left()
            .map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        self.scratch.clear();
        self.scratch.resize(room.min(left), 0);
        // SAFETY: the part is alive; no reference into it is held while a callback runs.
        let count = unsafe { read_source(part, caller, &mut self.scratch)? };
        self.scratch.truncate(count);
        Ok(())
    }

    /// Back to the beginning; other offsets cannot be had.
    ///
    /// # Safety
    /// As for `read`.
    pub unsafe fn rewind(&mut self, caller: &impl Caller, offset: u64) -> Sought {
        if offset != 0 {
            return Sought::CantSeek;
        }
        for &part in &self.sources {
            // SAFETY: the part is alive; no reference into it is held while a callback runs.
            let sought = unsafe { rewind_source(part, caller) };
            if sought != Sought::Ok {
                return sought;
            }
        }
        self.stopped = None;
        self.reader.rewind();
        Sought::Ok
    }
}

/// # Safety
/// The part is alive, its callback as the application promised.
unsafe fn read_source(
    part: *mut PartHandle,
    caller: &impl Caller,
    into: &mut [u8],
) -> Result<usize, Supplied> {
    // SAFETY: as the caller promises; the borrow ends before the callback.
    let (read, user) = match unsafe { &mut (*part).content } {
        PartContent::File { path, open, .. } => return read_file(path, open, into),
        PartContent::Callback { read, user, begun, .. } => {
            *begun = true;
            (*read, *user)
        }
        _ => return Ok(0),
    };
    // SAFETY: the application's function, its pointer, and room for what it is asked for.
    match caller.call(|| unsafe { read(into.as_mut_ptr().cast::<c_char>(), 1, into.len(), user) }) {
        READ_ABORT => Err(Supplied::Abort),
        READ_PAUSE => Err(Supplied::Pause),
        count if count > into.len() => Err(Supplied::TooMuch),
        count => Ok(count),
    }
}

fn read_file(path: &[u8], open: &mut Option<File>, into: &mut [u8]) -> Result<usize, Supplied> {
    if open.is_none() {
        *open = File::open(OsStr::from_bytes(path)).ok();
    }
    let file = open.as_mut().ok_or(Supplied::Failed)?;
    let count = file.read(into).map_err(|_| Supplied::Failed)?;
    if count == 0 {
        *open = None;
    }
    Ok(count)
}

/// # Safety
/// As for `read_source`.
unsafe fn rewind_source(part: *mut PartHandle, caller: &impl Caller) -> Sought {
    // SAFETY: as the caller promises; the borrow ends before the callback.
    let (seek, user) = match unsafe { &mut (*part).content } {
        PartContent::File { open, .. } => {
            *open = None;
            return Sought::Ok;
        }
        PartContent::Callback { begun: false, .. } => return Sought::Ok,
        PartContent::Callback { seek: Some(seek), user, begun, .. } => {
            *begun = false;
            (*seek, *user)
        }
        PartContent::Callback { seek: None, .. } => return Sought::CantSeek,
        _ => return Sought::Ok,
    };
    // SAFETY: the application's function and pointer.
    match caller.call(|| unsafe { seek(user, 0, libc::SEEK_SET) }) {
        0 => Sought::Ok,
        _ => Sought::CantSeek,
    }
}
