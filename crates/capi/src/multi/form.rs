//! MIME bodies of requests: parts that the application made, read as one stream.

use std::ptr::NonNull;

use tress_engine::options::{BodySource, Method, Options, Text};
use tress_engine::{Sought, Supplied};
use tress_model::Code;
use tress_model::mime::Prepare;

use super::{Multi, call};
use crate::easy::Easy;
use crate::form;
use crate::guard::Callback;
use crate::mime::upload::{Caller, Upload};

/// The body that `CURLOPT_MIMEPOST` or `CURLOPT_HTTPPOST` makes.
pub fn body(easy: &mut Easy) -> BodySource {
    // SAFETY: the application keeps its parts until the transfer ends (CURLOPT_MIMEPOST).
    easy.upload = unsafe { upload(easy) }.map(Box::new);
    match &easy.upload {
        Some(upload) => {
            let headers = upload.body().headers().iter().map(|line| Text::from(&line[..]));
            BodySource::Mime { len: upload.body().size(), headers: headers.collect() }
        }
        None if has_parts(easy) => BodySource::Mime { len: None, headers: [].into() },
        None => BodySource::None,
    }
}

fn has_parts(easy: &Easy) -> bool {
    easy.lists.as_ref().is_some_and(|lists| match easy.options.method {
        Method::PostForm => !lists.httppost.is_null(),
        _ => !lists.mimepost.is_null(),
    })
}

/// The parts, laid out; none for a handle without parts, or with some that cannot be sent.
///
/// # Safety
/// The application's parts are alive, and stay while the upload is in use.
unsafe fn upload(easy: &Easy) -> Option<Upload> {
    let lists = easy.lists.as_ref()?;
    let lines = easy.options.httpheader.as_deref().unwrap_or_default();
    let mail = is_mail(&easy.options);
    let versioned = lines.iter().any(|line| value(line, b"mime-version:").is_some());
    let how = Prepare {
        mail,
        content_type: match mail {
            true => None,
            false => Some(content_type(lines).unwrap_or(b"multipart/form-data")),
        },
        form_escape: lists.mime_formescape,
        body_only: !mail,
        extra_headers: if mail && !versioned { &[b"Mime-Version: 1.0"] } else { &[] },
    };
    let headers = if mail { lines } else { &[] };
    let result: Result<Upload, Code> = if easy.options.method == Method::PostForm {
        let first: *const form::HttpPost = lists.httppost.cast_const().cast();
        if first.is_null() {
            return None;
        }
        // SAFETY: as the caller promises.
        unsafe {
            form::made(first, easy.callbacks.read)
                .and_then(|mime| Upload::new(mime.as_ptr(), Some(mime), headers, &how))
        }
    } else {
        let mime = NonNull::new(lists.mimepost.cast())?;
        // SAFETY: as the caller promises; the copy's own parts are there as long as the upload.
        unsafe { Upload::new(mime.as_ptr(), easy.own_mime.clone(), headers, &how) }
    };
    result.ok()
}

/// The value of the application's own `Content-Type` line.
fn content_type(lines: &[Text]) -> Option<&[u8]> {
    lines.iter().find_map(|line| value(line, b"content-type:")).filter(|value| !value.is_empty())
}

/// The value of a header line of that `name`, which ends in a colon.
fn value<'a>(line: &'a Text, name: &[u8]) -> Option<&'a [u8]> {
    let (begin, value) = line.split_at_checked(name.len())?;
    begin.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

/// Do the parts become a mail rather than a form?
fn is_mail(options: &Options) -> bool {
    const MAIL: [&[u8]; 4] = [b"smtp", b"smtps", b"imap", b"imaps"];
    let url = options.url.as_deref().unwrap_or_default();
    let scheme = url.split(|&byte| byte == b':').next().unwrap_or_default();
    MAIL.iter().any(|mail| mail.eq_ignore_ascii_case(scheme))
}

/// The next bytes of the encoded parts.
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn supply(
    multi: NonNull<Multi>,
    easy: NonNull<Easy>,
    room: usize,
    buffer: &mut Vec<u8>,
) -> Supplied {
    // SAFETY: by contract. The upload is taken out: callbacks may use the handle.
    unsafe {
        let Some(mut upload) = (*easy.as_ptr()).upload.take() else { return Supplied::Abort };
        let supplied = upload.read(&During(multi), room, buffer);
        (*easy.as_ptr()).upload = Some(upload);
        supplied
    }
}

/// Back to an offset of the encoded parts.
///
/// # Safety
/// As for [`supply`].
pub unsafe fn rewind(multi: NonNull<Multi>, easy: NonNull<Easy>, offset: u64) -> Sought {
    // SAFETY: by contract; see `supply`.
    unsafe {
        let Some(mut upload) = (*easy.as_ptr()).upload.take() else { return Sought::CantSeek };
        let sought = upload.rewind(&During(multi), offset);
        (*easy.as_ptr()).upload = Some(upload);
        sought
    }
}

/// Callbacks during a transfer of this multi handle.
struct During(NonNull<Multi>);

impl Caller for During {
    fn call<T>(&self, callback: impl FnOnce() -> T) -> T {
        // SAFETY: the multi handle is good and not borrowed while its parts are read.
        unsafe { call(self.0, Callback::Transfer, callback) }
    }
}
