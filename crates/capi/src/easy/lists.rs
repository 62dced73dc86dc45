//! Lists and fields that libcurl does not copy: the application keeps the memory, and its
//! content counts when a transfer starts.

use std::ffi::{CStr, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

use tress_engine::options::{Auth, BodySource, Hooks, List, Method, Text};
use tress_model::url::{UrlFlags, UrlPart};

use super::Easy;
use crate::slist::{self, Slist};
use crate::url::CurlU;

/// Pointers into the application's memory.
#[derive(Clone)]
#[allow(missing_docs)]
pub struct RawLists {
    pub httpheader: *mut Slist,
    pub proxyheader: *mut Slist,
    pub http200aliases: *mut Slist,
    pub quote: *mut Slist,
    pub prequote: *mut Slist,
    pub postquote: *mut Slist,
    pub resolve: *mut Slist,
    pub connect_to: *mut Slist,
    pub telnetoptions: *mut Slist,
    pub mail_rcpt: *mut Slist,
    /// `CURLOPT_POSTFIELDS`.
    pub postfields: *const u8,
    /// `CURLOPT_MIMEPOST`, a `curl_mime *`.
    pub mimepost: *mut c_void,
    /// `CURLOPT_HTTPPOST`, a `struct curl_httppost *`.
    pub httppost: *mut c_void,
    /// `CURLOPT_CURLU`, a `CURLU *`.
    pub curlu: *mut c_void,
    /// `CURLOPT_MIME_OPTIONS`: `CURLMIMEOPT_FORMESCAPE`.
    pub mime_formescape: bool,
}

impl Default for RawLists {
    fn default() -> Self {
        Self {
            httpheader: null_mut(),
            proxyheader: null_mut(),
            http200aliases: null_mut(),
            quote: null_mut(),
            prequote: null_mut(),
            postquote: null_mut(),
            resolve: null_mut(),
            connect_to: null_mut(),
            telnetoptions: null_mut(),
            mail_rcpt: null_mut(),
            postfields: std::ptr::null(),
            mimepost: null_mut(),
            httppost: null_mut(),
            curlu: null_mut(),
            mime_formescape: false,
        }
    }
}

impl Easy {
    /// The application's pointers, to be changed.
    pub(crate) fn lists_mut(&mut self) -> &mut RawLists {
        self.lists.get_or_insert_default()
    }

    /// `CURLOPT_POSTFIELDS`, where they are the application's memory.
    pub(crate) fn postfields(&self) -> *const u8 {
        self.lists.as_ref().map_or(std::ptr::null(), |lists| lists.postfields)
    }

    /// Reads the application's memory into the settings; changes nothing that is the same as
    /// the last time.
    ///
    /// # Safety
    /// The application's lists, fields and parts are valid (`CURLOPT_HTTPHEADER` and others).
    pub(crate) unsafe fn materialise(easy: NonNull<Self>) {
        // SAFETY: by contract. What was sent before goes first, with nothing borrowed: functions of
        // the application may be called.
        unsafe {
            let sent = (*easy.as_ptr()).upload.take();
            drop(sent);
            let handle = &mut *easy.as_ptr();
            if let Some(lists) = handle.lists.clone() {
                handle.read_lists(&lists);
                handle.read_url(&lists);
            }
            handle.choose_body();
        }
    }

    unsafe fn read_lists(&mut self, lists: &RawLists) {
        macro_rules! read {
            ($list:ident) => {
                // SAFETY: by the caller's contract.
                if let Some(changed) = unsafe { changed(lists.$list, &self.options.$list) } {
                    self.options_mut().$list = changed;
                }
            };
            ($group:ident, $group_mut:ident: $($list:ident)*) => {$(
                // SAFETY: by the caller's contract.
                if let Some(changed) = unsafe { changed(lists.$list, &self.options.$group().$list) } {
                    self.options_mut().$group_mut().$list = changed;
                }
            )*};
        }
        read!(httpheader);
        read!(http, http_mut: http200aliases);
        read!(proxy, proxy_mut: proxyheader);
        read!(ftp, ftp_mut: quote prequote postquote);
        read!(dns, dns_mut: resolve);
        read!(connect, connect_mut: connect_to);
        read!(other, other_mut: telnetoptions);
        read!(mail, mail_mut: mail_rcpt);
    }

    /// `CURLOPT_CURLU`: the URL that the application's handle has by now.
    unsafe fn read_url(&mut self, lists: &RawLists) {
        if lists.curlu.is_null() {
            return;
        }
        // SAFETY: the application keeps the handle while it is set (CURLOPT_CURLU).
        let parts = unsafe { &*lists.curlu.cast::<CurlU>() }.url();
        if self.options.connect().url.as_deref() != Some(parts) {
            let parts = Arc::new(parts.clone());
            let text = parts.get(UrlPart::Url, UrlFlags::empty()).map(|url| Text::from(&*url));
            let options = self.options_mut();
            options.url = text.ok();
            options.connect_mut().url = Some(parts);
        }
    }

    /// Decides where the request's body comes from.
    unsafe fn choose_body(&mut self) {
        self.body_offset = 0;
        let body = match self.options.method {
            Method::Get | Method::Head => BodySource::None,
            Method::Put => BodySource::Application { len: known(self.infilesize), fields: false },
            // SAFETY: by the caller's contract.
            Method::Post => unsafe { self.fields() },
            Method::PostForm | Method::PostMime => crate::multi::form::body(self),
        };
        if !same_body(&self.options.body, &body) {
            self.options_mut().body = body;
        }
        self.hook(Hooks::SEEK, self.can_seek());
    }

    /// Can the request's body be read again? A stream of the C library counts as one that can.
    fn can_seek(&self) -> bool {
        let callbacks = &self.callbacks;
        match self.options.body {
            BodySource::Application { fields: false, .. } => {
                let rare = callbacks.rare.as_deref();
                rare.is_some_and(|rare| rare.seek.is_some() || rare.ioctl.is_some())
                    || callbacks.read.is_none()
            }
            BodySource::None | BodySource::Bytes(_) => false,
            BodySource::Application { .. } | BodySource::Mime { .. } => true,
        }
    }

    unsafe fn fields(&self) -> BodySource {
        if let Some(copied) = &self.copied_fields {
            return BodySource::Bytes(copied.clone());
        }
        let fields = self.postfields();
        if fields.is_null() {
            return BodySource::Application { len: known(self.postfieldsize), fields: false };
        }
        let len = known(self.postfieldsize)
            // SAFETY: without a size the fields are a C string (CURLOPT_POSTFIELDS).
            .unwrap_or_else(|| unsafe { CStr::from_ptr(fields.cast()) }.count_bytes() as u64);
        if self.options.auth().httpauth.contains(Auth::AWS_SIGV4) {
            // A signature is made over all of them before they are sent.
            // SAFETY: the application promises `len` bytes there (CURLOPT_POSTFIELDS).
            return BodySource::Bytes(unsafe {
                std::slice::from_raw_parts(fields, len as usize).into()
            });
        }
        BodySource::Application { len: Some(len), fields: true }
    }
}

fn known(size: i64) -> Option<u64> {
    u64::try_from(size).ok()
}

fn same_body(a: &BodySource, b: &BodySource) -> bool {
    match (a, b) {
        (BodySource::None, BodySource::None) => true,
        (BodySource::Bytes(a), BodySource::Bytes(b)) => Arc::ptr_eq(a, b),
        (
            BodySource::Application { len: a, fields: x },
            BodySource::Application { len: b, fields: y },
        ) => a == b && x == y,
        _ => false,
    }
}

/// The list's new content, if it is not what it was.
unsafe fn changed(list: *const Slist, old: &Option<List>) -> Option<Option<List>> {
    if list.is_null() {
        return old.is_some().then_some(None);
    }
    // SAFETY: by the caller's contract the list is valid.
    let new = || unsafe { slist::iter(list) };
    if let Some(old) = old
        && old.iter().map(|text| &**text).eq(new())
    {
        return None;
    }
    Some(Some(new().map(Text::from).collect()))
}
