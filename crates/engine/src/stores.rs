//! What a handle remembers from one transfer to the next: cookies, hosts that want HTTPS only
//! (HSTS), alternative services; and what a share holds in the place of a multi handle: addresses
//! of names, TLS sessions. Each store is the handle's own or shared with other handles, in
//! other threads if need be.
//!
//! A handle that uses none of them has no [`Stores`]: it pays nothing.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tress_model::altsvc::{Alpn, AltSvcCache, Alternative, Service};
use tress_model::cookie::CookieJar;
use tress_model::hsts::HstsCache;
use tress_model::url::Url;
pub use tress_net::resolve::DnsCache;
pub use tress_net::tls::TlsContext;
use tress_net::{read_whole, replace_whole};

use crate::options::{AltSvcCtrl, HstsCtrl, HttpVersion, Options, StateOptions};

/// A store that several handles may hold.
pub type Shared<T> = Arc<Mutex<T>>;

/// The stores of a handle.
#[derive(Clone, Default)]
pub struct Stores {
    /// Cookies.
    pub cookies: Option<Shared<CookieJar>>,
    /// Cookies are sent and heeded; a jar alone only serves to be looked at.
    pub cookie_engine: bool,
    /// Hosts that want HTTPS only.
    pub hsts: Option<Shared<HstsCache>>,
    /// Alternative services.
    pub altsvc: Option<Shared<AltSvcCache>>,
    /// Addresses of names, in place of the multi handle's own.
    pub dns: Option<Shared<DnsCache>>,
    /// TLS sessions and prepared configurations, in place of the multi handle's own.
    pub tls: Option<TlsContext>,
}

/// HTTP versions that the engine can speak to an alternative service.
const SPOKEN: Alpn = Alpn::H1.union(Alpn::H2).union(Alpn::H3);

impl Stores {
    /// A transfer starts: reads `CURLOPT_COOKIEFILE` (`-` is standard input) and lets the jar
    /// run. Gives libcurl's words for the debug log. `now`: Unix seconds.
    pub fn load_cookies(&self, options: &StateOptions, now: i64) -> Vec<String> {
        let Some(jar) = &self.cookies else { return Vec::new() };
        let mut notes = Vec::new();
        let texts: Vec<_> = options
            .cookiefile
            .iter()
            .flat_map(|files| files.iter())
            .filter(|file| !file.is_empty())
            .filter_map(|file| match read_whole(path(file), true) {
                Ok(text) => Some(text),
                Err(error) => {
                    notes.push(unread(file, &error));
                    None
                }
            })
            .collect();
        let mut jar = lock(jar);
        for text in texts {
            jar.load(&text, !options.cookiesession, now);
        }
        jar.start();
        notes
    }

    /// A transfer starts: reads `CURLOPT_HSTS`. A file that is not there counts as empty.
    pub fn load_hsts(&self, options: &StateOptions, now: i64) {
        let Some(hsts) = &self.hsts else { return };
        for file in options.hsts.iter().flat_map(|files| files.iter()) {
            if let Ok(text) = read_whole(path(file), false) {
                lock(hsts).load(&text, now);
            }
        }
    }

    /// Reads a file of alternative services; one that is not there counts as empty.
    pub fn load_altsvc(&self, file: &[u8], now: i64) {
        if let (Some(altsvc), Ok(text)) = (&self.altsvc, read_whole(path(file), false)) {
            lock(altsvc).load(&text, now);
        }
    }

    /// The text for `CURLOPT_COOKIEJAR`, if it is to be written: a transfer has run.
    pub fn jar_text(&self, now: i64) -> Option<Vec<u8>> {
        let mut jar = lock(self.cookies.as_ref()?);
        jar.is_started().then(|| jar.file_text(now))
    }

    /// Writes `CURLOPT_COOKIEJAR`, a file; gives libcurl's words for the debug log when that
    /// fails.
    pub fn save_cookies(&self, jar: &[u8], now: i64) -> Option<String> {
        let text = self.jar_text(now)?;
        save(jar, text, || self.jar_text(now).unwrap_or_default()).err()?;
        let jar = String::from_utf8_lossy(jar);
        let why = "Failed writing received data to disk/application";
        Some(format!("WARNING: failed to save cookies in {jar}: {why}"))
    }

    /// Writes the last `CURLOPT_HSTS` unless it is only to be read.
    pub fn save_hsts(&self, options: &StateOptions) {
        let file = options.hsts.as_deref().and_then(|files| files.last());
        let (Some(hsts), Some(file)) = (&self.hsts, file) else { return };
        if !options.hsts_ctrl.contains(HstsCtrl::READONLYFILE) && !file.is_empty() {
            let text = || lock(hsts).file_text();
            // There is nobody left to tell: the handle is being cleaned up.
            let _ = save(file, text(), text);
        }
    }

    /// Writes `CURLOPT_ALTSVC` unless it is only to be read.
    pub fn save_altsvc(&self, options: &StateOptions) {
        let (Some(altsvc), Some(file)) = (&self.altsvc, options.altsvc.as_deref()) else { return };
        if !options.altsvc_ctrl.contains(AltSvcCtrl::READONLYFILE) && !file.is_empty() {
            let text = || lock(altsvc).file_text();
            let _ = save(file, text(), text);
        }
    }

    /// Does where a request goes depend on more than the settings?
    pub(crate) fn decide_destination(&self) -> bool {
        self.hsts.is_some() || self.altsvc.is_some()
    }

    /// Does the host of a plain `http` URL want HTTPS?
    pub(crate) fn wants_https(&self, url: &Url, now: i64) -> bool {
        let Some(hsts) = &self.hsts else { return false };
        url.scheme_name() == Some(b"http") && lock(hsts).applies(&url.host_key(), now)
    }

    /// Another place that serves the origin of `url`, in a version that is wanted.
    pub(crate) fn alternative(
        &self,
        options: &Options,
        url: &Url,
        now: i64,
    ) -> Option<Alternative> {
        let altsvc = self.altsvc.as_ref()?;
        if !heeds_altsvc(url) {
            return None;
        }
        let mut cache = lock(altsvc);
        let asked = accepted(options.state().altsvc_ctrl) & allowed(options) & SPOKEN;
        let versions = [Alpn::H3, Alpn::H2, Alpn::H1].into_iter();
        let found = versions
            .filter(|version| wanted(options).contains(*version))
            .find_map(|version| cache.lookup(&origin(url, version), asked, now).cloned());
        // At the same place HTTP/3 alone is something else.
        found.filter(|found| found.service.alpn == Alpn::H3 || !found.is_same_place())
    }
}

/// The store, whatever became of a thread that held it.
pub fn lock<T>(store: &Mutex<T>) -> MutexGuard<'_, T> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unix seconds of the system's clock.
pub fn unix_now() -> i64 {
    if let Some(time) = test_hook("CURL_TIME").and_then(|time| time.to_str()?.parse().ok()) {
        return time;
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

/// The origin of a URL asked in a version of HTTP.
pub(crate) fn origin(url: &Url, alpn: Alpn) -> Service {
    Service { alpn, host: (*url.host_key()).into(), port: url.port() }
}

/// Alternative services count for HTTPS only.
pub(crate) fn heeds_altsvc(url: &Url) -> bool {
    url.scheme_name() == Some(b"https") || test_hook("CURL_ALTSVC_HTTP").is_some()
}

/// HSTS is heeded from HTTPS only.
pub(crate) fn heeds_hsts(url: &Url) -> bool {
    url.scheme_name() == Some(b"https") || test_hook("CURL_HSTS_HTTP").is_some()
}

/// What curl's own suite asks for by this variable, in the build that is for it.
pub fn test_hook(name: &str) -> Option<OsString> {
    if cfg!(feature = "test-hooks") { std::env::var_os(name) } else { None }
}

/// Writes a store's file. A store that has learned more meanwhile, in another thread, is written
/// again: of two that write the same file, the one that knew less may be the last to rename it.
fn save(file: &[u8], mut text: Vec<u8>, newest: impl Fn() -> Vec<u8>) -> io::Result<()> {
    const MOST_ROUNDS: usize = 10;
    for _ in 0..MOST_ROUNDS {
        replace_whole(path(file), &text)?;
        let now = newest();
        if now == text {
            break;
        }
        text = now;
    }
    Ok(())
}

/// `CURLOPT_ALTSVC_CTRL`; without it all versions are accepted.
fn accepted(ctrl: AltSvcCtrl) -> Alpn {
    let versions = Alpn::from_bits_truncate(u32::from(ctrl.bits()));
    if ctrl.is_empty() { Alpn::all() } else { versions }
}

/// The versions that may be spoken to an alternative service.
fn allowed(options: &Options) -> Alpn {
    match options.http_version {
        HttpVersion::V2 | HttpVersion::V2Tls => Alpn::H1 | Alpn::H2,
        HttpVersion::None | HttpVersion::V3 => Alpn::all(),
        HttpVersion::V1_0 | HttpVersion::V1_1 => Alpn::H1,
        HttpVersion::V2PriorKnowledge => Alpn::H2,
        HttpVersion::V3Only => Alpn::H3,
    }
}

/// The versions that an origin may have told its alternatives in.
fn wanted(options: &Options) -> Alpn {
    match options.http_version {
        HttpVersion::None | HttpVersion::V2 | HttpVersion::V2Tls => Alpn::H1 | Alpn::H2,
        HttpVersion::V1_1 => Alpn::H1,
        HttpVersion::V1_0 | HttpVersion::V2PriorKnowledge => Alpn::empty(),
        HttpVersion::V3 => Alpn::all(),
        HttpVersion::V3Only => Alpn::H3,
    }
}

fn path(file: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(file))
}

fn unread(file: &[u8], error: &io::Error) -> String {
    let file = String::from_utf8_lossy(file);
    match error.kind() {
        io::ErrorKind::IsADirectory => {
            format!("WARNING: cookie filename points to a directory: \"{file}\"")
        }
        _ => format!("WARNING: failed to open cookie file \"{file}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tress_model::url::UrlFlags;

    /// CVE-2023-23915.
    #[test]
    fn what_a_store_learns_while_its_file_is_written_is_written_too() {
        let file = std::env::temp_dir().join(format!("tress-learns-{}", std::process::id()));
        let learned = std::cell::Cell::new(0);
        let newest = || {
            learned.set(3.min(learned.get() + 1));
            learned.get().to_string().into_bytes()
        };
        save(file.as_os_str().as_bytes(), b"0".to_vec(), newest).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"3");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn alternatives_are_for_https_and_for_wanted_versions() {
        let cache = AltSvcCache::new();
        let stores = Stores { altsvc: Some(Arc::new(Mutex::new(cache))), ..Stores::default() };
        let url = |text: &str| Url::parse(text.as_bytes(), UrlFlags::empty()).unwrap();
        let secure = url("https://a.example/");
        let told = b"h1=\"b.example:8443\"";
        let altsvc = stores.altsvc.as_ref().unwrap();
        lock(altsvc).heed_header(&origin(&secure, Alpn::H1), told, 100);
        let mut options = Options::default();
        let place = |options: &Options, url: &Url| {
            stores.alternative(options, url, 100).map(|found| found.service.port)
        };
        assert_eq!(place(&options, &secure), Some(8443));
        assert_eq!(place(&options, &url("http://a.example:443/")), None);
        options.state_mut().altsvc_ctrl = AltSvcCtrl::H2;
        assert_eq!(place(&options, &secure), None);
        options.state_mut().altsvc_ctrl = AltSvcCtrl::H1;
        options.http_version = HttpVersion::V1_0;
        assert_eq!(place(&options, &secure), None);
    }
}
