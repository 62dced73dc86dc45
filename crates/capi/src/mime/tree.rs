//! The application's parts as plain values, with their sources numbered.

use tress_model::mime::{Content, Mime, Part, SourceId};

use super::{MimeHandle, PartContent, PartHandle};
use crate::slist;

/// The part that stands for the whole body.
///
/// # Safety
/// `mime` and all within are alive.
pub unsafe fn top(mime: &MimeHandle, sources: &mut Vec<*mut PartHandle>) -> Part {
    // SAFETY: as the caller promises.
    let content = Content::Multipart(unsafe { values(mime, sources) });
    Part { content, ..Part::default() }
}

/// # Safety
/// As for `top`.
unsafe fn values(mime: &MimeHandle, sources: &mut Vec<*mut PartHandle>) -> Mime {
    let mut value = Mime::new(&mime.random);
    // SAFETY: as the caller promises.
    value.parts = mime.parts.iter().map(|part| unsafe { part_value(*part, sources) }).collect();
    value
}

/// # Safety
/// As for `top`.
unsafe fn part_value(handle: *mut PartHandle, sources: &mut Vec<*mut PartHandle>) -> Part {
    // SAFETY: as the caller promises.
    unsafe {
        let part = &*handle;
        let mut source = || {
            sources.push(handle);
            SourceId(sources.len() as u32 - 1)
        };
        let content = match &part.content {
            PartContent::None => Content::None,
            PartContent::Data(bytes) => Content::Data(bytes.clone()),
            PartContent::File { path, size, .. } => {
                Content::File { path: path.clone(), source: source(), size: *size }
            }
            PartContent::Callback { size, .. } => {
                Content::Callback { source: source(), size: *size }
            }
            PartContent::Multipart(mime) => Content::Multipart(values(&**mime, sources)),
        };
        Part {
            name: part.name.clone(),
            filename: part.filename.clone(),
            content_type: part.content_type.clone(),
            headers: slist::iter(part.headers).map(Box::from).collect(),
            encoder: part.encoder,
            content,
        }
    }
}
