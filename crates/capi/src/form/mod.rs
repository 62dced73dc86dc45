//! `curl_formadd`, `curl_formget`, `curl_formfree`: the old way to build forms, made into MIME
//! parts when they are sent.

mod add;
mod mime;
#[cfg(test)]
mod tests;

use std::ffi::{c_char, c_int, c_long, c_void};

use tress_engine::Supplied;
use tress_model::mime::Prepare;

use crate::entry::entry;
use crate::memory;
use crate::mime::upload::{Caller, Upload};
use crate::slist::Slist;
use crate::tables::codes::curle;

pub use mime::made;

/// Bits of [`HttpPost::flags`] (`CURL_HTTPPOST_*`).
#[allow(missing_docs)]
pub mod flag {
    use std::ffi::c_long;

    pub const FILENAME: c_long = 1 << 0;
    pub const READFILE: c_long = 1 << 1;
    pub const PTRNAME: c_long = 1 << 2;
    pub const PTRCONTENTS: c_long = 1 << 3;
    pub const BUFFER: c_long = 1 << 4;
    pub const PTRBUFFER: c_long = 1 << 5;
    pub const CALLBACK: c_long = 1 << 6;
    pub const LARGE: c_long = 1 << 7;
}

/// `struct curl_httppost`
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct HttpPost {
    pub next: *mut HttpPost,
    pub name: *mut c_char,
    pub namelength: c_long,
    pub contents: *mut c_char,
    pub contentslength: c_long,
    pub buffer: *mut c_char,
    pub bufferlength: c_long,
    pub contenttype: *mut c_char,
    pub contentheader: *mut Slist,
    pub more: *mut HttpPost,
    pub flags: c_long,
    pub showfilename: *mut c_char,
    pub userp: *mut c_void,
    pub contentlen: i64,
}

/// `curl_formget_callback`
type Append = unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> usize;

entry! {
    /// `curl_formfree(3)`
    fn curl_formfree(form: *mut HttpPost) {
        // SAFETY: NULL or a chain of `curl_formadd`, freed once.
        unsafe { free(form) }
    }

    /// `curl_formget(3)`: the whole encoded form, bit by bit, to a function.
    fn curl_formget(form: *mut HttpPost, user: *mut c_void, append: Option<Append>)
    -> c_int [curle::OUT_OF_MEMORY] {
        let Some(append) = append else { return curle::BAD_FUNCTION_ARGUMENT };
        // SAFETY: NULL or a living chain; the function is for that pointer.
        unsafe { get(form, &|text: &[u8]| append(user, text.as_ptr().cast(), text.len())) }
    }
}

/// # Safety
/// `form` is NULL or a chain whose memory is ours.
unsafe fn free(mut form: *mut HttpPost) {
    // SAFETY: as the caller promises.
    unsafe {
        while let Some(post) = form.as_ref() {
            free(post.more);
            free_texts(post);
            let next = post.next;
            memory::release(form.cast());
            form = next;
        }
    }
}

/// # Safety
/// The texts that are not the application's own are ours, and nobody else has them.
unsafe fn free_texts(post: &HttpPost) {
    // SAFETY: as the caller promises; flags tell what is the application's own.
    unsafe {
        if post.flags & flag::PTRNAME == 0 {
            memory::release(post.name.cast());
        }
        if post.flags & (flag::PTRCONTENTS | flag::BUFFER | flag::CALLBACK) == 0 {
            memory::release(post.contents.cast());
        }
        memory::release(post.contenttype.cast());
        memory::release(post.showfilename.cast());
    }
}

/// # Safety
/// `form` is NULL or a living chain.
unsafe fn get(form: *mut HttpPost, append: &dyn Fn(&[u8]) -> usize) -> c_int {
    const PIECE: usize = 8192;
    if form.is_null() {
        return curle::OK;
    }
    let how = Prepare { content_type: Some(b"multipart/form-data"), ..Prepare::default() };
    // SAFETY: the chain is alive and stays as it is.
    let upload = unsafe {
        made(form, None).and_then(|mime| Upload::new(mime.as_ptr(), Some(mime), &[], &how))
    };
    let mut upload = match upload {
        Ok(upload) => upload,
        Err(code) => return code as c_int,
    };
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        // SAFETY: the parts belong to the upload.
        let supplied = unsafe { upload.read(&Directly, PIECE, &mut piece) };
        if !piece.is_empty() && append(&piece) != piece.len() {
            return curle::READ_ERROR;
        }
        match supplied {
            Supplied::Data => {}
            Supplied::End => return curle::OK,
            Supplied::Abort => return curle::ABORTED_BY_CALLBACK,
            Supplied::Pause | Supplied::TooMuch | Supplied::Failed => return curle::READ_ERROR,
        }
    }
}

/// No guard is needed: no handle is at work.
struct Directly;

impl Caller for Directly {
    fn call<T>(&self, callback: impl FnOnce() -> T) -> T {
        callback()
    }
}
