//! `curl_mime_*`: bodies of parts, as applications build them.
//!
//! A mime owns its parts, and a part the mime within it; a mime that hangs in a part knows the
//! part, so that either may be freed first.

pub mod api;
#[cfg(test)]
mod tests;
mod tree;
pub mod upload;

use std::ffi::c_void;
use std::fs::File;
use std::ptr::null_mut;
use std::sync::Arc;

use tress_model::mime::{BOUNDARY_RANDOM, Encoder};

use crate::callbacks::{Read, Seek};
use crate::memory::Free;
use crate::slist::{self, Slist};

/// `curl_mime`
pub struct MimeHandle {
    random: [u8; BOUNDARY_RANDOM],
    parts: Vec<*mut PartHandle>,
    /// The part it hangs in.
    holder: *mut PartHandle,
}

/// `curl_mimepart`
pub struct PartHandle {
    name: Option<Box<[u8]>>,
    filename: Option<Box<[u8]>>,
    content_type: Option<Box<[u8]>>,
    encoder: Option<Encoder>,
    headers: *mut Slist,
    owns_headers: bool,
    content: PartContent,
    /// The mime it is a part of.
    mime: *mut MimeHandle,
}

/// Where a part's bytes come from.
#[derive(Default)]
enum PartContent {
    #[default]
    None,
    Data(Arc<[u8]>),
    File {
        path: Box<[u8]>,
        /// None: not a plain file.
        size: Option<u64>,
        open: Option<File>,
    },
    Callback {
        size: Option<u64>,
        read: Read,
        seek: Option<Seek>,
        free: Option<Free>,
        user: *mut c_void,
        /// It was asked for bytes since the last rewinding.
        begun: bool,
    },
    Multipart(*mut MimeHandle),
}

impl MimeHandle {
    /// A mime without parts, with a boundary of its own.
    pub fn new() -> *mut Self {
        Box::into_raw(Box::new(Self {
            random: tress_engine::random::letters(),
            parts: Vec::new(),
            holder: null_mut(),
        }))
    }

    /// Frees a mime with all its parts; it leaves the part it hangs in.
    ///
    /// # Safety
    /// `mime` is NULL or alive, and in use by no transfer.
    pub unsafe fn free(mime: *mut Self) {
        if mime.is_null() {
            return;
        }
        // SAFETY: parts and holders are alive as long as the mime is.
        unsafe {
            if let Some(holder) = (*mime).holder.as_mut() {
                holder.content = PartContent::None;
            }
            for part in Box::from_raw(mime).parts {
                PartHandle::free(part);
            }
        }
    }

    /// A copy of a mime with all its parts: callbacks and their data are the same ones.
    ///
    /// # Safety
    /// `mime` and all within are alive.
    pub unsafe fn copy(mime: *const Self) -> *mut Self {
        let copy = Self::new();
        // SAFETY: as the caller promises; the copy is new.
        unsafe {
            for part in &(*mime).parts {
                let place = Self::add_part(copy);
                (**part).copy_to(place);
            }
        }
        copy
    }

    /// A new part at the end.
    ///
    /// # Safety
    /// `mime` is alive.
    pub unsafe fn add_part(mime: *mut Self) -> *mut PartHandle {
        let part = Box::into_raw(Box::new(PartHandle {
            name: None,
            filename: None,
            content_type: None,
            encoder: None,
            headers: null_mut(),
            owns_headers: false,
            content: PartContent::None,
            mime,
        }));
        // SAFETY: as the caller promises.
        unsafe { (*mime).parts.push(part) };
        part
    }
}

impl PartHandle {
    /// # Safety
    /// `part` is alive and no list holds it any more.
    unsafe fn free(part: *mut Self) {
        // SAFETY: as the caller promises.
        unsafe {
            Self::clear_content(part);
            (*part).set_headers(null_mut(), false);
            drop(Box::from_raw(part));
        }
    }

    /// Makes the empty part `place` the same as this one.
    ///
    /// # Safety
    /// Both and all within are alive.
    unsafe fn copy_to(&self, place: *mut Self) {
        // SAFETY: as the caller promises.
        unsafe {
            let copy = &mut *place;
            copy.name = self.name.clone();
            copy.filename = self.filename.clone();
            copy.content_type = self.content_type.clone();
            copy.encoder = self.encoder;
            let headers = slist::of_lines(slist::iter(self.headers)).unwrap_or(null_mut());
            copy.set_headers(headers, true);
            copy.content = match &self.content {
                PartContent::None => PartContent::None,
                PartContent::Data(bytes) => PartContent::Data(bytes.clone()),
                PartContent::File { path, size, .. } => {
                    PartContent::File { path: path.clone(), size: *size, open: None }
                }
                PartContent::Callback { size, read, seek, free, user, .. } => {
                    PartContent::Callback {
                        size: *size,
                        read: *read,
                        seek: *seek,
                        free: *free,
                        user: *user,
                        begun: false,
                    }
                }
                PartContent::Multipart(mime) => {
                    let within = MimeHandle::copy(*mime);
                    (*within).holder = place;
                    PartContent::Multipart(within)
                }
            };
        }
    }

    /// The field's name.
    pub fn set_name(&mut self, name: Option<&[u8]>) {
        self.name = name.map(Box::from);
    }

    /// Lets go of the content: the application's free function is called, a mime within is freed.
    ///
    /// # Safety
    /// `part` is alive and not borrowed; what the application gave is still valid.
    unsafe fn clear_content(part: *mut Self) {
        // SAFETY: as the caller promises; nothing is borrowed while the application's function runs,
        // which may use the part.
        unsafe {
            match std::mem::take(&mut (*part).content) {
                PartContent::Callback { free: Some(free), user, .. } => free(user),
                PartContent::Multipart(mime) => {
                    (*mime).holder = null_mut();
                    MimeHandle::free(mime);
                }
                _ => {}
            }
        }
    }

    /// # Safety
    /// A list that the part owns was not freed by others.
    unsafe fn set_headers(&mut self, headers: *mut Slist, own: bool) {
        if self.owns_headers && self.headers != headers {
            // SAFETY: as the caller promises.
            unsafe { slist::curl_slist_free_all(self.headers) };
        }
        self.headers = headers;
        self.owns_headers = own && !headers.is_null();
    }
}

/// A mime that belongs to a handle: the copy that `curl_easy_duphandle` made.
pub struct OwnMime(*mut MimeHandle);

impl OwnMime {
    /// A copy of the application's parts.
    ///
    /// # Safety
    /// `mime` is NULL or alive, with all within.
    pub unsafe fn copy_of(mime: *const MimeHandle) -> Option<Self> {
        // SAFETY: as the caller promises.
        (!mime.is_null()).then(|| Self(unsafe { MimeHandle::copy(mime) }))
    }

    /// For `CURLOPT_MIMEPOST` of the handle.
    pub fn as_ptr(&self) -> *mut MimeHandle {
        self.0
    }
}

impl Default for OwnMime {
    fn default() -> Self {
        Self(MimeHandle::new())
    }
}

impl Drop for OwnMime {
    fn drop(&mut self) {
        // SAFETY: nobody else frees it; a transfer that reads it holds on to it.
        unsafe { MimeHandle::free(self.0) };
    }
}
