//! Cookies, HSTS and Alt-Svc of an easy handle: its own stores or its share's, their files, and
//! the options that work on them at once.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

use tress_engine::DebugKind;
use tress_engine::options::{AltSvcCtrl, HstsCtrl, List, StateOptions, Text};
use tress_engine::stores::{Stores, lock, unix_now};
use tress_model::cookie::CookieCommand;
use tress_model::hsts::MAX_HOST;
use tress_model::{Code, Error};

use super::Easy;
use crate::callbacks::{HstsEntry, HstsIndex};
use crate::guard::hold_easy;
use crate::multi::{self, Multi};
use crate::share::{Data, ShareHandle};
use crate::slist::{self, Slist};
use crate::stdio;

/// `CURLSTS_OK`.
const STS_OK: c_int = 0;
/// `CURLSTS_FAIL`.
const STS_FAIL: c_int = 2;

impl Easy {
    /// The stores, to be changed.
    fn stores_mut(&mut self) -> &mut Stores {
        Arc::make_mut(self.stores.get_or_insert_default())
    }

    fn turn_cookies_on(&mut self) {
        let stores = self.stores_mut();
        stores.cookies.get_or_insert_default();
        stores.cookie_engine = true;
    }

    /// `CURLOPT_COOKIEFILE`: one more file; NULL forgets the files and its own cookies.
    pub(super) fn set_cookiefile(&mut self, file: Option<&[u8]>) {
        let files = file.map(|file| with(&self.options.state().cookiefile, file));
        self.options_mut().state_mut().cookiefile = files;
        if file.is_none() && self.stores.is_some() {
            self.stores_mut().cookies = None;
        }
    }

    /// `CURLOPT_COOKIEJAR` was set.
    pub(super) fn cookiejar_set(&mut self) {
        self.turn_cookies_on();
    }

    /// `CURLOPT_HSTS`: one more file, the last is written; NULL forgets them and its own hosts.
    pub(super) fn set_hsts(&mut self, file: Option<&[u8]>) {
        let files = file.map(|file| with(&self.options.state().hsts, file));
        self.options_mut().state_mut().hsts = files;
        match file {
            Some(_) => drop(self.stores_mut().hsts.get_or_insert_default()),
            None if self.shares(Data::Hsts) => {}
            None => self.stores_mut().hsts = None,
        }
    }

    /// `CURLOPT_HSTS_CTRL`.
    pub(super) fn set_hsts_ctrl(&mut self, ctrl: HstsCtrl) {
        self.options_mut().state_mut().hsts_ctrl = ctrl;
        match ctrl.contains(HstsCtrl::ENABLE) {
            true => drop(self.stores_mut().hsts.get_or_insert_default()),
            false => self.stores_mut().hsts = None,
        }
    }

    /// `CURLOPT_ALTSVC`: the file is read at once.
    pub(super) fn set_altsvc(&mut self, file: Option<&[u8]>) {
        self.options_mut().state_mut().altsvc = file.map(Text::from);
        let stores = self.stores_mut();
        stores.altsvc.get_or_insert_default();
        if let Some(file) = file {
            stores.load_altsvc(file, unix_now());
        }
    }

    /// `CURLOPT_ALTSVC_CTRL`.
    pub(super) fn set_altsvc_ctrl(&mut self, ctrl: AltSvcCtrl) {
        self.options_mut().state_mut().altsvc_ctrl = ctrl;
        self.stores_mut().altsvc.get_or_insert_default();
    }

    /// The settings of stores that outlive `curl_easy_reset`: where these are written.
    pub(super) fn keep_over_reset(&self) -> Option<StateOptions> {
        let state = self.options.state();
        let kept = StateOptions {
            hsts: state.hsts.clone(),
            hsts_ctrl: state.hsts_ctrl,
            altsvc: state.altsvc.clone(),
            altsvc_ctrl: state.altsvc_ctrl,
            ..StateOptions::DEFAULT
        };
        (self.options.state.is_some() && self.stores.is_some()).then_some(kept)
    }

    fn shares(&self, data: Data) -> bool {
        self.share.as_ref().is_some_and(|share| share.shares(data))
    }
}

fn with(known: &Option<List>, file: &[u8]) -> List {
    known.iter().flat_map(|files| files.iter()).cloned().chain([Text::from(file)]).collect()
}

/// Works on the stores, between the share's lock and unlock functions where `data` is shared.
///
/// # Safety
/// `easy` is good and not borrowed.
unsafe fn on_stores<T>(
    easy: NonNull<Easy>,
    data: Data,
    body: impl FnOnce(&Stores) -> T,
) -> Option<T> {
    // SAFETY: by contract; what is used while the application's functions run is a copy.
    let (stores, share) =
        unsafe { ((*easy.as_ptr()).stores.clone()?, (*easy.as_ptr()).share.clone()) };
    let work = || body(&stores);
    Some(match share.filter(|share| share.shares(data)) {
        Some(share) => share.locked(easy.as_ptr().cast(), data, work),
        None => work(),
    })
}

/// `CURLOPT_COOKIELIST`.
///
/// # Safety
/// `easy` is good and not borrowed.
pub(super) unsafe fn cookielist(easy: NonNull<Easy>, text: &[u8]) {
    // SAFETY: by contract.
    unsafe {
        let command = CookieCommand::parse(text);
        match command {
            CookieCommand::Flush => return flush(easy),
            CookieCommand::Reload => return reload(easy),
            CookieCommand::Add(_) => {
                let handle = &mut *easy.as_ptr();
                let jar = handle.stores.as_deref().and_then(|stores| stores.cookies.as_ref());
                if jar.is_none() {
                    handle.turn_cookies_on();
                }
            }
            CookieCommand::ClearAll | CookieCommand::ClearSession => {}
        }
        on_stores(easy, Data::Cookie, |stores| {
            let Some(jar) = &stores.cookies else { return };
            let mut jar = lock(jar);
            match command {
                CookieCommand::ClearAll => jar.clear(),
                CookieCommand::ClearSession => jar.clear_session(),
                // A line that is no cookie is left out silently.
                CookieCommand::Add(line) => drop(jar.add_line(line, unix_now())),
                CookieCommand::Flush | CookieCommand::Reload => {}
            }
        });
    }
}

/// Reads `CURLOPT_COOKIEFILE` again.
unsafe fn reload(easy: NonNull<Easy>) {
    // SAFETY: by the caller's contract.
    unsafe {
        let handle = &mut *easy.as_ptr();
        if handle.options.state().cookiefile.is_some() {
            handle.turn_cookies_on();
            let options = handle.options.clone();
            on_stores(easy, Data::Cookie, |it| it.load_cookies(options.state(), unix_now()));
        }
    }
}

/// Writes `CURLOPT_COOKIEJAR`, to standard output where it is `-`.
unsafe fn flush(easy: NonNull<Easy>) {
    // SAFETY: by the caller's contract; the stream is the C library's own.
    unsafe {
        let options = (*easy.as_ptr()).options.clone();
        let note = on_stores(easy, Data::Cookie, |stores| {
            let jar = options.state().cookiejar.as_deref()?;
            if jar != b"-" {
                return stores.save_cookies(jar, unix_now());
            }
            if let Some(text) = stores.jar_text(unix_now()) {
                stdio::put(stdio::stdout_stream(), &text);
            }
            None
        });
        if let Some(note) = note.flatten().filter(|_| options.verbose) {
            multi::debug_alone(easy, DebugKind::Text, format!("{note}\n").as_bytes());
        }
    }
}

/// `CURLINFO_COOKIELIST`: lines in the format of cookie files, for the application to free; none
/// when memory is out.
///
/// # Safety
/// `easy` is good and not borrowed.
pub(super) unsafe fn cookie_list(easy: NonNull<Easy>) -> Option<*mut Slist> {
    // SAFETY: by contract.
    let lines = unsafe {
        on_stores(easy, Data::Cookie, |stores| {
            stores.cookies.as_ref().map(|jar| lock(jar).lines(unix_now()))
        })
    };
    let lines = lines.flatten().unwrap_or_default();
    slist::of_lines(lines.iter().map(|line| &line[..]))
}

/// A transfer starts: the files are read, the application is asked for its HSTS entries.
///
/// # Safety
/// Both are good and not borrowed.
pub(crate) unsafe fn start(multi: NonNull<Multi>, easy: NonNull<Easy>) -> Result<(), Error> {
    // SAFETY: by contract.
    unsafe {
        let handle = &mut *easy.as_ptr();
        if handle.stores.is_none() && handle.options.state.is_none() {
            return Ok(());
        }
        // The application's functions are called, and the handle is in no multi handle yet.
        let _held = hold_easy(easy);
        if handle.options.state().cookiefile.is_some() {
            handle.turn_cookies_on();
        }
        let options = handle.options.clone();
        let Some(stores) = handle.stores.clone() else { return Ok(()) };
        if stores.cookies.is_some() {
            let notes =
                on_stores(easy, Data::Cookie, |it| it.load_cookies(options.state(), unix_now()));
            for note in notes.into_iter().flatten().filter(|_| options.verbose) {
                let text = format!("{note}\n");
                multi::debug(multi, Some(easy), DebugKind::Text, text.as_bytes());
            }
        }
        if options.state().hsts.is_some() {
            on_stores(easy, Data::Hsts, |it| it.load_hsts(options.state(), unix_now()));
        }
        if stores.hsts.is_some() { pull_hsts(Some(multi), easy, easy) } else { Ok(()) }
    }
}

/// `CURLOPT_HSTSREADFUNCTION` of `easy`, for the entries of `into`.
unsafe fn pull_hsts(
    multi: Option<NonNull<Multi>>,
    easy: NonNull<Easy>,
    into: NonNull<Easy>,
) -> Result<(), Error> {
    // SAFETY: by the caller's contract; the application's function gets what its type asks for:
    // room for a name and a date, each with its end.
    unsafe {
        let rare = (*easy.as_ptr()).callbacks.rare();
        let Some(read) = rare.hsts_read else { return Ok(()) };
        loop {
            let mut name = [0u8; MAX_HOST + 1];
            let mut entry = HstsEntry::with_name(&mut name, MAX_HOST);
            let data = rare.hsts_read_data;
            let mut ask = || read(into.as_ptr().cast(), &raw mut entry, data);
            let answer = match multi {
                Some(multi) => multi::call(multi, crate::guard::Callback::Transfer, ask),
                None => ask(),
            };
            match answer {
                STS_OK => {}
                STS_FAIL => return Err(Code::AbortedByCallback.into()),
                _ => return Ok(()),
            }
            let bad = || Error::from(Code::BadFunctionArgument);
            let name = c_text(&name).filter(|name| !name.is_empty()).ok_or_else(bad)?;
            let expire = entry.expire.map(|byte| byte as u8);
            let expire = c_text(&expire).ok_or_else(bad)?;
            let below = entry.include_subdomains();
            let added = on_stores(into, Data::Hsts, |stores| match &stores.hsts {
                Some(hsts) => lock(hsts).add(name, expire, below, unix_now()),
                None => Ok(()),
            });
            added.unwrap_or(Ok(()))?;
        }
    }
}

/// What stands before the NUL; none without one.
fn c_text(bytes: &[u8]) -> Option<&[u8]> {
    bytes.iter().position(|byte| *byte == 0).and_then(|end| bytes.get(..end))
}

/// The handle is cleaned up: what is to be kept is written.
///
/// # Safety
/// `easy` is good and not borrowed.
pub(super) unsafe fn save(easy: NonNull<Easy>) {
    // SAFETY: by contract.
    unsafe {
        let Some(stores) = (*easy.as_ptr()).stores.clone() else { return };
        let options = (*easy.as_ptr()).options.clone();
        if stores.cookies.is_some() {
            flush(easy);
        }
        stores.save_altsvc(options.state());
        stores.save_hsts(options.state());
        push_hsts(easy, &stores);
    }
}

/// `CURLOPT_HSTSWRITEFUNCTION`, for each entry until it has enough.
unsafe fn push_hsts(easy: NonNull<Easy>, stores: &Stores) {
    // SAFETY: by the caller's contract; name and date live until the function returns.
    unsafe {
        let rare = (*easy.as_ptr()).callbacks.rare();
        let (Some(write), Some(hsts)) = (rare.hsts_write, &stores.hsts) else { return };
        let entries = lock(hsts).entries().to_vec();
        for (index, known) in entries.iter().enumerate() {
            let mut name = [&*known.host, b"\0"].concat();
            let mut entry = HstsEntry::with_name(&mut name, known.host.len());
            entry.set_include_subdomains(known.subdomains);
            for (place, byte) in entry.expire.iter_mut().zip(known.expire_text().bytes()) {
                *place = byte as c_char;
            }
            let mut place = HstsIndex { index, total: entries.len() };
            let data = rare.hsts_write_data;
            if write(easy.as_ptr().cast(), &raw mut entry, &raw mut place, data) != STS_OK {
                return;
            }
        }
    }
}

/// The stores of a copy: the cookie engine is on like the original's but without cookies, HSTS
/// and Alt-Svc entries are copied; nothing is shared.
///
/// # Safety
/// Both are good and not borrowed.
pub(super) unsafe fn copy(source: NonNull<Easy>, copy: NonNull<Easy>) -> Result<(), Error> {
    // SAFETY: by contract.
    unsafe {
        let Some(known) = (*source.as_ptr()).stores.clone() else { return Ok(()) };
        let mut stores = Stores::default();
        if known.cookie_engine && known.cookies.is_some() {
            stores.cookies = Some(Arc::default());
            stores.cookie_engine = true;
        }
        if let Some(altsvc) = &known.altsvc {
            stores.altsvc = Some(Arc::new(lock(altsvc).clone().into()));
        }
        let Some(hsts) = &known.hsts else {
            (*copy.as_ptr()).stores = Some(Arc::new(stores));
            return Ok(());
        };
        stores.hsts = Some(Arc::new(lock(hsts).clone().into()));
        stores.load_hsts((*copy.as_ptr()).options.state(), unix_now());
        (*copy.as_ptr()).stores = Some(Arc::new(stores));
        // A copy is made even when the application has no entries to give; it is not the
        // application's yet, to be ended.
        let _held = hold_easy(copy);
        let _ = pull_hsts(None, copy, copy);
        Ok(())
    }
}

/// `CURLOPT_SHARE`: links a share, or unlinks with NULL; not while a transfer is under way.
///
/// # Safety
/// `easy` is good and not borrowed; `share` is NULL or points to readable memory.
pub(super) unsafe fn set_share(easy: NonNull<Easy>, share: *mut c_void) -> Result<(), Code> {
    // SAFETY: by contract.
    unsafe {
        if (*easy.as_ptr()).id.is_some() {
            return Err(Code::BadFunctionArgument);
        }
        unlink(easy);
        let Some(link) = ShareHandle::link(share) else { return Ok(()) };
        link.locked(easy.as_ptr().cast(), Data::Share, || {
            let handle = &mut *easy.as_ptr();
            if let Some(cookies) = link.cookies() {
                handle.stores_mut().cookies = Some(cookies);
            }
            if let Some(hsts) = link.hsts() {
                handle.stores_mut().hsts = Some(hsts);
            }
            if link.shares(Data::Dns) || link.shares(Data::SslSession) {
                let stores = handle.stores_mut();
                (stores.dns, stores.tls) = (link.dns(), link.tls());
            }
        });
        (*easy.as_ptr()).share = Some(link);
        Ok(())
    }
}

/// Parts a handle from its share.
///
/// # Safety
/// `easy` is good and not borrowed.
pub(super) unsafe fn unlink(easy: NonNull<Easy>) {
    // SAFETY: by contract.
    unsafe {
        let Some(link) = (*easy.as_ptr()).share.take() else { return };
        link.locked(easy.as_ptr().cast(), Data::Share, || {
            let handle = &mut *easy.as_ptr();
            if handle.stores.is_none() {
                return;
            }
            let stores = handle.stores_mut();
            stores.cookies.take_if(|jar| link.cookies().is_some_and(|it| Arc::ptr_eq(jar, &it)));
            (stores.dns, stores.tls) = (None, None);
            stores.hsts.take_if(|hsts| link.hsts().is_some_and(|it| Arc::ptr_eq(hsts, &it)));
        });
    }
}
