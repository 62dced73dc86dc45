//! The easy handle: settings, callbacks, and the transfer that they make.
//!
//! A handle is a boxed [`Easy`] behind `CURL *`. Application code may call back into the API
//! from any callback, so no reference into a handle lives across a callback: functions borrow
//! it for a few lines, copy what they need, and let go.

pub mod api;
pub mod getinfo;
pub mod headers;
mod lists;
mod made_up;
pub mod perform;
mod raw;
pub mod setopt;
pub(crate) mod stores;
#[cfg(test)]
mod tests;

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use tress_engine::options::{Hooks, Options};
use tress_engine::{Transfer, TransferId};
use tress_model::{Code, Error};

pub use lists::RawLists;

use crate::callbacks::Callbacks;
use crate::guard::Calls;
use crate::mime::OwnMime;
use crate::multi::{Message, Multi};
use crate::share::Link;

/// Tells an easy handle from other memory: `CURLEASY_MAGIC_NUMBER`.
const MAGIC: u32 = 0xc0de_dbad;

/// Stands in a transfer for settings that are being changed.
static NO_OPTIONS: LazyLock<Arc<Options>> = LazyLock::new(Arc::default);

/// `CURL_ERROR_SIZE`: bytes of the application's error buffer.
const ERROR_SIZE: usize = 256;

/// What `CURL *` points to. The number comes first in every kind of handle, so that looking for it
/// in another kind reads nothing behind the end.
#[repr(C)]
pub struct Easy {
    magic: u32,
    /// API calls going on with this handle.
    pub(crate) calls: Calls,
    /// A panic was caught while it was worked on: it only serves to be cleaned up.
    pub(crate) poisoned: bool,
    pub(crate) options: Arc<Options>,
    pub(crate) callbacks: Callbacks,
    /// What is the application's own memory: read when a transfer starts.
    pub(crate) lists: Option<Box<RawLists>>,
    /// The parts that the handle was copied with.
    pub(crate) own_mime: Option<Rc<OwnMime>>,
    /// `CURLOPT_POSTFIELDSIZE(_LARGE)`; -1: as long as the string is.
    pub(crate) postfieldsize: i64,
    /// `CURLOPT_INFILESIZE(_LARGE)`; -1: not known.
    pub(crate) infilesize: i64,
    /// `CURLOPT_COPYPOSTFIELDS`.
    pub(crate) copied_fields: Option<Arc<[u8]>>,
    /// How far the request's body was read, where the driver reads it from memory.
    pub(crate) body_offset: u64,
    /// The MIME body that is being sent.
    pub(crate) upload: Option<Box<crate::mime::upload::Upload>>,
    pub(crate) error_buffer: *mut c_char,
    /// The error buffer was filled in this transfer: the first failure is the one to tell.
    pub(crate) error_told: bool,
    /// The progress meter's head was shown in this transfer.
    pub(crate) meter_shown: bool,
    pub(crate) private: *mut c_void,
    /// Here while the handle is in no multi handle.
    pub(crate) transfer: Option<Box<Transfer>>,
    /// Where its transfer is while it is in a multi handle.
    pub(crate) multi: *mut Multi,
    pub(crate) id: Option<TransferId>,
    /// The multi handle that `curl_easy_perform` keeps for the next time.
    pub(crate) own_multi: *mut Multi,
    pub(crate) message: Message,
    pub(crate) share: Option<Link>,
    /// Cookies, HSTS and Alt-Svc, where one of their options was used.
    pub(crate) stores: Option<Arc<tress_engine::stores::Stores>>,
    /// Answers of `curl_easy_getinfo` and `curl_easy_header` that the handle keeps alive.
    pub(crate) kept: Option<Box<Kept>>,
}

/// What a setting gives up, and whose end calls functions of the application.
type GivenUp = (Option<Rc<OwnMime>>, Option<Box<crate::mime::upload::Upload>>);

/// Memory that API calls have handed out pointers to.
#[derive(Default)]
pub struct Kept {
    pub(crate) strings: getinfo::Strings,
    pub(crate) certinfo: getinfo::CertInfo,
    pub(crate) tls_session: getinfo::TlsSession,
    pub(crate) header: headers::Kept,
    pub(crate) frame: Option<crate::ws::WsFrame>,
    /// `CURLINFO_EFFECTIVE_URL` of the handle that this one is a copy of, until it has its own.
    pub(crate) copied_url: Option<Box<[u8]>>,
}

impl Easy {
    /// A handle with libcurl's defaults.
    pub fn new() -> Self {
        Self {
            magic: MAGIC,
            calls: Calls::default(),
            poisoned: false,
            options: Arc::default(),
            callbacks: Callbacks::new(),
            lists: None,
            own_mime: None,
            postfieldsize: -1,
            infilesize: -1,
            copied_fields: None,
            body_offset: 0,
            upload: None,
            error_buffer: null_mut(),
            error_told: false,
            meter_shown: false,
            private: null_mut(),
            transfer: None,
            multi: null_mut(),
            id: None,
            own_multi: null_mut(),
            message: Message::none(),
            share: None,
            stores: None,
            kept: None,
        }
    }

    /// The handle behind a `CURL *`; none for NULL and for what looks freed or foreign.
    ///
    /// # Safety
    /// `easy` is NULL or points to readable memory.
    pub unsafe fn from_c(easy: *mut c_void) -> Option<NonNull<Self>> {
        let easy = NonNull::new(easy.cast::<Self>())?;
        // SAFETY: by contract readable; only the number is looked at.
        let magic = unsafe { (&raw const (*easy.as_ptr()).magic).read_unaligned() };
        (magic == MAGIC).then_some(easy)
    }

    /// The settings, to be changed. A transfer that is under way keeps the ones it has until
    /// the change is told to its multi handle.
    pub(crate) fn options_mut(&mut self) -> &mut Options {
        if let Some(transfer) = &mut self.transfer
            && Arc::ptr_eq(transfer.options(), &self.options)
        {
            transfer.set_options(NO_OPTIONS.clone());
        }
        Arc::make_mut(&mut self.options)
    }

    /// Sets or clears the flag of a callback.
    pub(crate) fn hook(&mut self, hook: Hooks, set: bool) {
        if self.options.hooks.contains(hook) != set {
            self.options_mut().hooks.set(hook, set);
        }
    }

    /// Writes the reason of a failure into the application's error buffer, the first one only.
    pub(crate) fn tell_error(&mut self, error: &Error) {
        if self.error_buffer.is_null() || self.error_told {
            return;
        }
        let message = error.message().as_bytes();
        let len = message.len().min(ERROR_SIZE - 1);
        if len == 0 {
            return;
        }
        self.error_told = true;
        // SAFETY: the application promises `CURL_ERROR_SIZE` writable bytes (CURLOPT_ERRORBUFFER).
        unsafe {
            self.error_buffer.cast::<u8>().copy_from_nonoverlapping(message.as_ptr(), len);
            self.error_buffer.add(len).write(0);
        }
    }

    /// Empties the error buffer: a new transfer starts.
    pub(crate) fn clear_error(&mut self) {
        self.error_told = false;
        self.meter_shown = false;
        if !self.error_buffer.is_null() {
            // SAFETY: as in `tell_error`.
            unsafe { self.error_buffer.write(0) };
        }
    }

    /// Lets go of the parts that the handle was copied with, and out of a transfer of what reads
    /// them. To be dropped when nothing borrows the handle.
    fn give_up_parts(&mut self) -> GivenUp {
        let upload = if self.id.is_none() { self.upload.take() } else { None };
        (self.own_mime.take(), upload)
    }

    /// The multi handle with its connections: the one it is in, or its own.
    pub(crate) fn home(&self) -> *mut Multi {
        if self.multi.is_null() { self.own_multi } else { self.multi }
    }

    /// The transfer, wherever it is now; none before the first.
    ///
    /// # Safety
    /// The handle's multi pointer is NULL or good, and nothing borrows that multi handle.
    pub(crate) unsafe fn transfer(&self) -> Option<&Transfer> {
        match (self.id, self.multi.is_null()) {
            // SAFETY: by contract.
            (Some(id), false) => unsafe { (*self.multi).engine.transfer(id) },
            _ => self.transfer.as_deref(),
        }
    }

    /// Bytes of its body that its callback was called with and has not answered for.
    ///
    /// # Safety
    /// As for [`Easy::transfer`].
    pub(crate) unsafe fn untaken(&self) -> u64 {
        match (self.id, self.multi.is_null()) {
            // SAFETY: by contract.
            (Some(id), false) => unsafe { (*self.multi).engine.untaken(id) },
            _ => 0,
        }
    }

    /// `CURLINFO_EFFECTIVE_URL`, where it may be another than `CURLOPT_URL`.
    ///
    /// # Safety
    /// As for [`Easy::transfer`].
    pub(crate) unsafe fn effective_url(&self) -> Option<Box<[u8]>> {
        // SAFETY: by contract.
        let own = unsafe { self.transfer() }.and_then(Transfer::effective_url);
        own.map(Vec::into_boxed_slice).or_else(|| self.kept.as_ref()?.copied_url.clone())
    }
}

impl Default for Easy {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Easy {
    fn drop(&mut self) {
        self.magic = 0;
    }
}

/// `curl_easy_init`: a new handle.
pub fn init() -> *mut c_void {
    Box::into_raw(Box::new(Easy::new())).cast()
}

/// `curl_easy_cleanup`: ends a handle; what it still does is cancelled.
///
/// # Safety
/// `easy` is NULL or what [`init`] or [`duphandle`] gave, not cleaned up before.
pub unsafe fn cleanup(easy: *mut c_void) {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else { return };
    // SAFETY: a good handle is alive, and so is its multi handle; callbacks may run here.
    unsafe {
        let Ok(guard) = crate::guard::enter_easy(easy, crate::guard::EasyCall::Cleanup) else {
            return;
        };
        // The handle is gone when the guard would count it out.
        std::mem::forget(guard);
        let multi = (*easy.as_ptr()).multi;
        if !multi.is_null() {
            crate::multi::detach(multi, easy);
        }
        let own = std::mem::replace(&mut (*easy.as_ptr()).own_multi, null_mut());
        if !own.is_null() {
            crate::multi::destroy(own);
        }
        // It is a handle no longer, for the callbacks that are still to come: none of them can put
        // it into a multi handle again.
        (*easy.as_ptr()).magic = 0;
        stores::save(easy);
        stores::unlink(easy);
        drop(Box::from_raw(easy.as_ptr()));
    }
}

/// `curl_easy_duphandle`: a new handle with the same settings; NULL for a bad one.
///
/// # Safety
/// `easy` is NULL or points to readable memory.
pub unsafe fn duphandle(easy: *mut c_void) -> *mut c_void {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else { return null_mut() };
    // SAFETY: a good handle; no callback runs while it is borrowed.
    let source = unsafe { easy.as_ref() };
    let mut copy = Easy::new();
    copy.options = Arc::new((*source.options).clone());
    copy.callbacks = source.callbacks.clone();
    copy.lists = source.lists.clone();
    if let Some(lists) = &mut copy.lists {
        // SAFETY: the application keeps its parts as long as they are set (CURLOPT_MIMEPOST).
        let own = unsafe { OwnMime::copy_of(lists.mimepost.cast_const().cast()) };
        copy.own_mime = own.map(Rc::new);
        lists.mimepost = copy.own_mime.as_ref().map_or(null_mut(), |own| own.as_ptr().cast());
    }
    copy.postfieldsize = source.postfieldsize;
    copy.infilesize = source.infilesize;
    copy.copied_fields = source.copied_fields.clone();
    copy.error_buffer = source.error_buffer;
    copy.private = source.private;
    // SAFETY: as above.
    if let Some(url) = unsafe { source.effective_url() } {
        copy.kept.get_or_insert_default().copied_url = Some(url);
    }
    let copy = NonNull::from(Box::leak(Box::new(copy)));
    // SAFETY: both are good; nothing borrows them any more.
    if unsafe { stores::copy(easy, copy) }.is_err() {
        // SAFETY: made above.
        drop(unsafe { Box::from_raw(copy.as_ptr()) });
        return null_mut();
    }
    copy.as_ptr().cast()
}

/// `curl_easy_reset`: all settings back to their defaults; connections, caches, cookies and the
/// share stay.
///
/// # Safety
/// `easy` is NULL or points to readable memory.
pub unsafe fn reset(easy: *mut c_void) {
    // SAFETY: by contract.
    let Some(mut easy) = (unsafe { Easy::from_c(easy) }) else { return };
    // SAFETY: a good handle; no callback runs while it is borrowed.
    unsafe {
        let Ok(_guard) = crate::guard::enter_easy(easy, crate::guard::EasyCall::Reset) else {
            return;
        };
        // Freed when the borrow is over: the application's functions are called.
        let _given_up = easy.as_mut().give_up_parts();
        let easy = easy.as_mut();
        let kept = easy.keep_over_reset();
        easy.options = Arc::default();
        if let Some(kept) = kept {
            *easy.options_mut().state_mut() = kept;
        }
        easy.callbacks = Callbacks::new();
        easy.lists = None;
        easy.postfieldsize = -1;
        easy.infilesize = -1;
        easy.copied_fields = None;
        easy.error_buffer = null_mut();
        easy.private = null_mut();
        easy.kept = None;
        if let Some(transfer) = &mut easy.transfer {
            transfer.reset();
        }
    }
}

/// The C number of a result.
pub(crate) fn code(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(Code::Ok) as c_int
}
