use std::ffi::{c_char, c_int};
use std::ptr::null_mut;
use std::rc::Rc;

use tress_model::Code;

use super::{HttpPost, flag};
use crate::callbacks::Read;
use crate::mime::{MimeHandle, OwnMime, PartHandle, api};
use crate::stdio;

/// `CURL_ZERO_TERMINATED`
const ZERO_TERMINATED: usize = usize::MAX;

/// The parts that a form stands for; `read` is for parts of `CURLFORM_STREAM`. The one who gets
/// the mime frees it.
///
/// # Safety
/// `form` is a living chain; what it points to stays until the mime is freed.
pub unsafe fn made(form: *const HttpPost, read: Option<Read>) -> Result<Rc<OwnMime>, Code> {
    let mime = OwnMime::default();
    // SAFETY: as the caller promises.
    unsafe { fill(mime.as_ptr(), form, read) }.map(|()| Rc::new(mime))
}

/// # Safety
/// As for `made`.
unsafe fn fill(
    mime: *mut MimeHandle,
    mut form: *const HttpPost,
    read: Option<Read>,
) -> Result<(), Code> {
    // SAFETY: as the caller promises.
    unsafe {
        while let Some(post) = form.as_ref() {
            if post.more.is_null() {
                let part = MimeHandle::add_part(mime);
                set_name(part, post);
                set_part(part, post, post, read)?;
            } else {
                // Several files under one name are parts within a part.
                let holder = MimeHandle::add_part(mime);
                set_name(holder, post);
                let within = MimeHandle::new();
                api::curl_mime_subparts(holder, within);
                let mut file: *const HttpPost = post;
                while let Some(each) = file.as_ref() {
                    set_part(MimeHandle::add_part(within), post, each, read)?;
                    file = each.more;
                }
            }
            form = post.next;
        }
    }
    Ok(())
}

/// # Safety
/// As for `made`.
unsafe fn set_name(part: *mut PartHandle, post: &HttpPost) {
    // SAFETY: a name has its length, or ends with NUL.
    unsafe { (*part).set_name(text(post.name, post.namelength)) }
}

/// # Safety
/// The text is NULL, as long as said, or NUL-terminated for 0.
unsafe fn text<'a>(text: *const c_char, length: i64) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    unsafe {
        match usize::try_from(length) {
            Ok(length) if length > 0 && !text.is_null() => {
                Some(std::slice::from_raw_parts(text.cast(), length))
            }
            _ => crate::memory::bytes(text),
        }
    }
}

/// The content of `file`, which is `post` or one of its further files; what counts for all of a
/// name is read from `post`.
///
/// # Safety
/// As for `made`.
unsafe fn set_part(
    part: *mut PartHandle,
    post: &HttpPost,
    file: &HttpPost,
    read: Option<Read>,
) -> Result<(), Code> {
    // SAFETY: as the caller promises.
    unsafe {
        api::curl_mime_headers(part, file.contentheader, 0);
        if !file.contenttype.is_null() {
            api::curl_mime_type(part, file.contenttype);
        }
        let mut length = post.contentslength;
        if post.flags & flag::LARGE != 0 {
            length = post.contentlen;
        }
        let known = if length == 0 { -1 } else { length };
        let code = if post.flags & (flag::FILENAME | flag::READFILE) != 0 {
            set_file(part, post, file)
        } else if post.flags & flag::BUFFER != 0 {
            let length = usize::try_from(post.bufferlength).ok().filter(|length| *length > 0);
            api::curl_mime_data(part, post.buffer, length.unwrap_or(ZERO_TERMINATED))
        } else if post.flags & flag::CALLBACK != 0 {
            api::curl_mime_data_cb(part, known, read, None, None, post.userp)
        } else {
            api::curl_mime_data(
                part,
                post.contents,
                usize::try_from(known).unwrap_or(ZERO_TERMINATED),
            )
        };
        if code != 0 {
            return Err(Code::ReadError);
        }
        let shown = flag::FILENAME | flag::BUFFER | flag::CALLBACK;
        if !file.showfilename.is_null() && (!post.more.is_null() || post.flags & shown != 0) {
            api::curl_mime_filename(part, file.showfilename);
        }
    }
    Ok(())
}

/// # Safety
/// As for `made`.
unsafe fn set_file(part: *mut PartHandle, post: &HttpPost, file: &HttpPost) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let code = if crate::memory::bytes(file.contents) == Some(b"-") {
            let stdin = stdio::stdin_stream().cast();
            let seek = Some(stdio::seek_callback as _);
            api::curl_mime_data_cb(part, -1, Some(stdio::read), seek, None, stdin)
        } else {
            api::curl_mime_filedata(part, file.contents)
        };
        if code == 0 && post.flags & flag::READFILE != 0 {
            api::curl_mime_filename(part, null_mut());
        }
        code
    }
}
