//! MIME bodies of requests: parts that the application made, read as one stream.

use std::ptr::NonNull;

use tress_engine::options::{BodySource, Method, Text};
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
    let own_type = easy.options.httpheader.as_ref().and_then(|lines| content_type(lines));
    let how = Prepare {
        content_type: Some(own_type.unwrap_or(b"multipart/form-data")),
        form_escape: lists.mime_formescape,
        body_only: true,
        ..Prepare::default()
    };
    let result: Result<Upload, Code> = if easy.options.method == Method::PostForm {
        let first: *const form::HttpPost = lists.httppost.cast_const().cast();
        if first.is_null() {
            return None;
        }
        // SAFETY: as the caller promises.
        unsafe {
            form::made(first, easy.callbacks.read).and_then(|mime| Upload::new(mime, true, &how))
        }
    } else {
        let mime = NonNull::new(lists.mimepost.cast())?;
        // SAFETY: as the caller promises.
        unsafe { Upload::new(mime.as_ptr(), false, &how) }
    };
    result.ok()
}

/// The value of the application's own `Content-Type` line.
fn content_type(lines: &[Text]) -> Option<&[u8]> {
    const NAME: &[u8] = b"content-type:";
    let is_type =
        |line: &&Text| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let value = lines.iter().find(is_type)?.get(NAME.len()..)?.trim_ascii();
    (!value.is_empty()).then_some(value)
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
