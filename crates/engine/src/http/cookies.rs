//! Cookies of the handle's jar: sent with requests, kept from responses.

use std::sync::{Arc, Mutex, PoisonError};

use tress_model::cookie::{CookieJar, Response, is_secure_context};

use crate::options::Options;
use crate::plan::Plan;
use crate::transfer::Transfer;

/// A jar of one handle, or of several that share it.
pub type SharedCookies = Arc<Mutex<CookieJar>>;

impl Transfer {
    /// The jar that cookies come from and go to; none: cookies are not looked at.
    pub fn set_cookies(&mut self, jar: Option<SharedCookies>) {
        self.cookies = jar;
    }

    /// The jar's cookies for the next request: `a=b; c=d`.
    pub(super) fn jar_cookies(&self, now: i64) -> Vec<u8> {
        let mut cookies = Vec::new();
        if let (Some(jar), Some(plan)) = (&self.cookies, &self.plan) {
            let mut jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
            jar.start();
            if !jar.is_empty() {
                jar.write_header(&mut cookies, &place(plan, &self.options), now);
            }
        }
        cookies
    }

    /// Keeps the cookie of a `Set-Cookie` header; one that is refused is left out silently.
    pub(super) fn keep_cookie(&mut self, value: &[u8]) {
        if let (Some(jar), Some(plan)) = (&self.cookies, &self.plan) {
            let mut jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = jar.set_from_response(value, &place(plan, &self.options), unix_now());
        }
    }
}

/// Seconds since 1970.
pub(super) fn unix_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

fn place<'a>(plan: &'a Plan, options: &'a Options) -> Response<'a> {
    let host = plan.url.host_name();
    let tls = plan.url.scheme_name().is_some_and(|scheme| scheme == b"https" || scheme == b"wss");
    Response {
        host: custom_host(options).filter(|_| !plan.redirected).unwrap_or(host),
        path: plan.url.path(),
        secure: is_secure_context(tls, host),
    }
}

/// The host of a `Host:` header that the application has set.
fn custom_host(options: &Options) -> Option<&[u8]> {
    let lines = options.httpheader.as_ref()?.iter();
    let mut hosts =
        lines.filter(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"host:")));
    let value = hosts.next()?.get(5..)?.trim_ascii();
    let host = match value.strip_prefix(b"[") {
        Some(rest) => rest.split(|byte| *byte == b']').next(),
        None => value.split(|byte| *byte == b':').next(),
    };
    host.filter(|host| !host.is_empty())
}
