//! The cookie engine of a handle: its jar or its share's, files, `CURLOPT_COOKIELIST`.

use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null_mut};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tress_engine::SharedCookies;
use tress_model::cookie::{CookieCommand, CookieJar};

use super::Easy;
use crate::share::Data;
use crate::slist::{self, Slist};

/// The cookies of an easy handle.
#[derive(Default)]
pub struct Cookies {
    /// Cookies are sent and kept: one of the cookie options was used.
    on: bool,
    /// None while the share's jar is used, or none is needed.
    own: Option<SharedCookies>,
    /// How many of `CURLOPT_COOKIEFILE` were read.
    loaded: usize,
}

impl Easy {
    /// Turns the cookie engine on.
    pub(crate) fn cookies_on(&mut self) {
        self.cookies.on = true;
    }

    /// `CURLOPT_COOKIEFILE` with NULL: off, and its own cookies are forgotten.
    pub(crate) fn cookies_off(&mut self) {
        self.cookies = Cookies::default();
    }

    /// A copy's cookie engine: on like this one's, with no cookies yet.
    pub(crate) fn cookies_for_copy(&self) -> Cookies {
        Cookies { on: self.cookies.on, ..Cookies::default() }
    }

    /// The jar for a transfer, with the files read; none while the engine is off.
    pub(crate) fn cookies_for_transfer(&mut self) -> Option<SharedCookies> {
        if self.options.state.as_ref().is_some_and(|state| state.cookiefile.is_some()) {
            self.cookies.on = true;
            self.load_cookie_files();
        }
        self.cookies.on.then(|| self.jar())
    }

    /// `CURLOPT_COOKIELIST`.
    pub(crate) fn cookie_command(&mut self, text: &[u8]) {
        match CookieCommand::parse(text) {
            CookieCommand::ClearAll => self.with_jar(|jar| jar.clear()),
            CookieCommand::ClearSession => self.with_jar(|jar| jar.clear_session()),
            CookieCommand::Flush => self.flush_cookies(),
            CookieCommand::Reload => {
                self.cookies.loaded = 0;
                self.load_cookie_files();
            }
            CookieCommand::Add(line) => {
                self.cookies.on = true;
                self.with_jar(|jar| drop(jar.add_line(line, now())));
            }
        }
    }

    /// `CURLINFO_COOKIELIST`: lines in the format of cookie files, for the application to free.
    pub(crate) fn cookie_list(&mut self) -> *mut Slist {
        if !self.cookies.on {
            return null_mut();
        }
        let mut lines = Vec::new();
        self.with_jar(|jar| lines = jar.lines(now()));
        // SAFETY: the list is made here.
        lines.iter().fold(null_mut(), |list, line| unsafe { slist::append(list, line) })
    }

    /// Writes `CURLOPT_COOKIEJAR`; nothing without one.
    pub(crate) fn flush_cookies(&mut self) {
        let Some(path) = self.options.state().cookiejar.clone() else { return };
        self.cookies.on = true;
        self.load_cookie_files();
        let mut text = Vec::new();
        self.with_jar(|jar| text = jar.file_text(now()));
        if &*path == b"-" {
            let _ = std::io::stdout().write_all(&text);
        } else {
            let _ = write_whole(Path::new(std::ffi::OsStr::from_bytes(&path)), &text);
        }
    }

    fn load_cookie_files(&mut self) {
        let Some(files) = self.options.state().cookiefile.clone() else { return };
        let session = !self.options.state().cookiesession;
        for file in files.iter().skip(self.cookies.loaded).filter(|file| !file.is_empty()) {
            let mut text = Vec::new();
            let read = match &**file {
                b"-" => std::io::stdin().read_to_end(&mut text),
                path => std::fs::File::open(Path::new(std::ffi::OsStr::from_bytes(path)))
                    .and_then(|mut file| file.read_to_end(&mut text)),
            };
            if read.is_ok() {
                self.with_jar(|jar| jar.load(&text, session, now()));
            }
        }
        self.cookies.loaded = files.len();
    }

    fn jar(&mut self) -> SharedCookies {
        let shared = self.share.as_ref().filter(|share| share.shares(Data::Cookie));
        match shared {
            Some(share) => share.cookies(),
            None => self.cookies.own.get_or_insert_with(Arc::default).clone(),
        }
    }

    /// Works on the jar, between the share's lock and unlock functions.
    fn with_jar(&mut self, body: impl FnOnce(&mut CookieJar)) {
        let jar = self.jar();
        let easy = NonNull::from(&mut *self).as_ptr().cast();
        let work = || body(&mut lock(&jar));
        match &self.share {
            Some(share) if share.shares(Data::Cookie) => share.locked(easy, Data::Cookie, work),
            _ => work(),
        }
    }
}

fn lock(jar: &SharedCookies) -> MutexGuard<'_, CookieJar> {
    jar.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces a file as a whole, so that no reader sees half of it.
fn write_whole(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let is_plain = std::fs::metadata(path).map_or(true, |found| found.is_file());
    if !is_plain {
        return std::fs::write(path, text);
    }
    let mut beside = PathBuf::from(path).into_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}
