//! What transfers remember together.

use std::fmt;
use std::sync::{Arc, Mutex};

use tress_engine::stores::{DnsCache, Stores, TlsContext, lock, unix_now};
use tress_model::altsvc::AltSvcCache;
use tress_model::cookie::CookieJar;
use tress_model::hsts::HstsCache;

/// What transfers remember together: cookies, hosts that want HTTPS, alternative services; and
/// what several [`Multi`](crate::Multi)s have in common, on several threads if need be: addresses
/// of names, TLS sessions. Clones are the same share.
///
/// ```
/// use tress::{Easy, Share};
/// let share = Share::new().with_cookies().with_hsts();
/// let login = Easy::post_fields("https://example.com/login", [("name", "me")]).share(&share);
/// let page = Easy::get("https://example.com/page").share(&share);
/// ```
#[derive(Clone, Default)]
pub struct Share(Arc<Stores>);

impl Share {
    /// Nothing is remembered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cookies: those that servers set are sent where they belong.
    #[must_use]
    pub fn with_cookies(self) -> Self {
        let mut jar = CookieJar::new();
        jar.start();
        self.with(|stores| {
            stores.cookies = Some(Arc::new(Mutex::new(jar)));
            stores.cookie_engine = true;
        })
    }

    /// Hosts that have asked for HTTPS (RFC 6797) are asked by HTTPS.
    #[must_use]
    pub fn with_hsts(self) -> Self {
        self.with(|stores| stores.hsts = Some(Arc::new(Mutex::new(HstsCache::new()))))
    }

    /// Alternative services that servers tell of (RFC 7838) are used.
    #[must_use]
    pub fn with_alternative_services(self) -> Self {
        self.with(|stores| stores.altsvc = Some(Arc::new(Mutex::new(AltSvcCache::new()))))
    }

    /// Addresses of names; without this each multi has its own.
    #[must_use]
    pub fn with_addresses(self) -> Self {
        self.with(|stores| stores.dns = Some(Arc::new(Mutex::new(DnsCache::default()))))
    }

    /// TLS sessions, and what is prepared for TLS; without this each multi has its own.
    #[must_use]
    pub fn with_tls_sessions(self) -> Self {
        self.with(|stores| stores.tls = Some(TlsContext::default()))
    }

    /// Takes in cookies: lines of a Netscape cookie file, or `Set-Cookie:` headers.
    pub fn load_cookies(&self, text: &[u8]) {
        if let Some(jar) = &self.0.cookies {
            lock(jar).load(text, true, unix_now());
        }
    }

    /// The cookies as a Netscape cookie file; empty where none are shared.
    pub fn cookies(&self) -> Vec<u8> {
        let jar = self.0.cookies.as_ref();
        jar.map(|jar| lock(jar).file_text(unix_now())).unwrap_or_default()
    }

    pub(crate) fn stores(&self) -> Arc<Stores> {
        self.0.clone()
    }

    fn with(mut self, change: impl FnOnce(&mut Stores)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("cookies", &self.0.cookies.is_some())
            .field("hsts", &self.0.hsts.is_some())
            .field("alternative_services", &self.0.altsvc.is_some())
            .field("addresses", &self.0.dns.is_some())
            .field("tls_sessions", &self.0.tls.is_some())
            .finish()
    }
}
