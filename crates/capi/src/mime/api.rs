//! The exported functions.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use tress_model::mime::{Encoder, base_name};

use super::{MimeHandle, PartContent, PartHandle};
use crate::callbacks::{Read, Seek};
use crate::entry::entry;
use crate::memory::{self, Free};
use crate::slist::Slist;
use crate::tables::codes::curle;

/// `CURL_ZERO_TERMINATED`
const ZERO_TERMINATED: usize = usize::MAX;

entry! {
    /// `curl_mime_init(3)`
    fn curl_mime_init(_easy: *mut c_void) -> *mut MimeHandle [null_mut()] {
        MimeHandle::new()
    }

    /// `curl_mime_free(3)`
    fn curl_mime_free(mime: *mut MimeHandle) {
        // SAFETY: NULL or a living mime.
        unsafe { MimeHandle::free(mime) }
    }

    /// `curl_mime_addpart(3)`
    fn curl_mime_addpart(mime: *mut MimeHandle) -> *mut PartHandle [null_mut()] {
        if mime.is_null() {
            return null_mut();
        }
        // SAFETY: a living mime.
        unsafe { MimeHandle::add_part(mime) }
    }

    /// `curl_mime_name(3)`
    fn curl_mime_name(part: *mut PartHandle, name: *const c_char) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: see `set_text`.
        unsafe { set_text(part, name, |part| &mut part.name) }
    }

    /// `curl_mime_filename(3)`
    fn curl_mime_filename(part: *mut PartHandle, name: *const c_char) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: see `set_text`.
        unsafe { set_text(part, name, |part| &mut part.filename) }
    }

    /// `curl_mime_type(3)`
    fn curl_mime_type(part: *mut PartHandle, name: *const c_char) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: see `set_text`.
        unsafe { set_text(part, name, |part| &mut part.content_type) }
    }

    /// `curl_mime_encoder(3)`; NULL for none.
    fn curl_mime_encoder(part: *mut PartHandle, name: *const c_char) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living part; NULL or a C string.
        let (Some(part), name) = (unsafe { (part.as_mut(), memory::bytes(name)) }) else {
            return curle::BAD_FUNCTION_ARGUMENT;
        };
        part.encoder = name.and_then(Encoder::from_name);
        if part.encoder.is_some() == name.is_some() { curle::OK } else { curle::BAD_FUNCTION_ARGUMENT }
    }

    /// `curl_mime_headers(3)`
    fn curl_mime_headers(part: *mut PartHandle, headers: *mut Slist, take_ownership: c_int)
    -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living part and list.
        unsafe {
            let Some(part) = part.as_mut() else { return curle::BAD_FUNCTION_ARGUMENT };
            part.set_headers(headers, take_ownership != 0);
        }
        curle::OK
    }

    /// `curl_mime_data(3)`: the bytes are copied.
    fn curl_mime_data(part: *mut PartHandle, data: *const c_char, size: usize) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living part.
        let Some(part) = (unsafe { cleared(part) }) else { return curle::BAD_FUNCTION_ARGUMENT };
        let bytes = if size == ZERO_TERMINATED {
            // SAFETY: NULL or a C string.
            unsafe { memory::bytes(data) }
        } else {
            // SAFETY: NULL or that many bytes.
            (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data.cast(), size) })
        };
        if let Some(bytes) = bytes {
            part.content = PartContent::Data(bytes.into());
        }
        curle::OK
    }

    /// `curl_mime_filedata(3)`: the file is read when the part is sent; its name is told too.
    fn curl_mime_filedata(part: *mut PartHandle, path: *const c_char) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living part; NULL or a C string.
        let (Some(part), path) = (unsafe { (cleared(part), memory::bytes(path)) }) else {
            return curle::BAD_FUNCTION_ARGUMENT;
        };
        let Some(path) = path else { return curle::OK };
        let Ok(about) = std::fs::metadata(OsStr::from_bytes(path)) else { return curle::READ_ERROR };
        let size = about.is_file().then_some(about.len());
        part.content = PartContent::File { path: path.into(), size, open: None };
        part.filename = Some(base_name(path).into());
        curle::OK
    }

    /// `curl_mime_data_cb(3)`
    fn curl_mime_data_cb(
        part: *mut PartHandle, size: i64, read: Option<Read>, seek: Option<Seek>,
        free: Option<Free>, user: *mut c_void,
    ) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living part.
        let Some(part) = (unsafe { cleared(part) }) else { return curle::BAD_FUNCTION_ARGUMENT };
        if let Some(read) = read {
            let size = u64::try_from(size).ok();
            part.content = PartContent::Callback { size, read, seek, free, user, begun: false };
        }
        curle::OK
    }

    /// `curl_mime_subparts(3)`: the part owns the mime from now on.
    fn curl_mime_subparts(part: *mut PartHandle, mime: *mut MimeHandle) -> c_int [curle::OUT_OF_MEMORY] {
        // SAFETY: NULL or living ones.
        unsafe { subparts(part, mime) }
    }
}

/// # Safety
/// Both are NULL or alive.
unsafe fn subparts(part: *mut PartHandle, mime: *mut MimeHandle) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(PartContent::Multipart(same)) = part.as_ref().map(|part| &part.content)
            && std::ptr::eq(*same, mime)
        {
            return curle::OK;
        }
        let Some(handle) = cleared(part) else { return curle::BAD_FUNCTION_ARGUMENT };
        let Some(within) = mime.as_mut() else { return curle::OK };
        if !within.holder.is_null() || std::ptr::eq(root(handle.mime), mime) {
            return curle::BAD_FUNCTION_ARGUMENT;
        }
        within.holder = part;
        handle.content = PartContent::Multipart(mime);
    }
    curle::OK
}

/// The mime that everything around `mime` hangs in.
///
/// # Safety
/// All are alive.
unsafe fn root(mut mime: *mut MimeHandle) -> *mut MimeHandle {
    // SAFETY: as the caller promises.
    unsafe {
        while let Some(holder) = mime.as_ref().and_then(|mime| mime.holder.as_ref()) {
            mime = holder.mime;
        }
    }
    mime
}

/// The part, without content.
///
/// # Safety
/// NULL or alive.
unsafe fn cleared<'a>(part: *mut PartHandle) -> Option<&'a mut PartHandle> {
    // SAFETY: as the caller promises.
    unsafe {
        if part.is_null() {
            return None;
        }
        PartHandle::clear_content(part);
        part.as_mut()
    }
}

/// # Safety
/// The part is NULL or alive, the text NULL or a C string.
unsafe fn set_text(
    part: *mut PartHandle,
    text: *const c_char,
    place: impl FnOnce(&mut PartHandle) -> &mut Option<Box<[u8]>>,
) -> c_int {
    // SAFETY: as the caller promises.
    let (Some(part), text) = (unsafe { (part.as_mut(), memory::bytes(text)) }) else {
        return curle::BAD_FUNCTION_ARGUMENT;
    };
    *place(part) = text.map(Box::from);
    curle::OK
}
