//! What follows a redirect (RFC 9110 section 15.4, `CURLOPT_FOLLOWLOCATION`).

use tress_model::{Code, Error, Result};

use super::request::Kind;

/// `CURLOPT_FOLLOWLOCATION`, when it says to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// `CURLFOLLOW_ALL`: a custom method is kept.
    All,
    /// `CURLFOLLOW_OBEYCODE`: a custom method goes when the code asks for GET.
    ObeyCode,
    /// `CURLFOLLOW_FIRSTONLY`: a custom method is for the first request alone.
    FirstOnly,
}

/// `CURLOPT_POSTREDIR`: after which codes a POST stays a POST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepPost {
    /// After 301.
    pub after_301: bool,
    /// After 302.
    pub after_302: bool,
    /// After 303.
    pub after_303: bool,
}

/// The request after the redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its kind; only Put, Post and PostForm send the body again, from its beginning.
    pub kind: Kind,
    /// `CURLOPT_CUSTOMREQUEST` no longer holds.
    pub drop_custom_method: bool,
}

/// The request that follows a response `status` to a request of `kind`.
pub fn next(status: u16, kind: Kind, follow: Follow, keep_post: KeepPost) -> Next {
    let is_post = matches!(kind, Kind::Post | Kind::PostForm);
    let to_get = match status {
        301 => is_post && !keep_post.after_301,
        302 => is_post && !keep_post.after_302,
        303 => !is_post || !keep_post.after_303,
        _ => false,
    };
    let drop_custom_method = follow == Follow::FirstOnly || (follow == Follow::ObeyCode && to_get);
    let kind = if to_get && kind != Kind::Head { Kind::Get } else { kind };
    Next { kind, drop_custom_method }
}

/// Whether `status` with a `Location` leads on.
pub fn is_redirect(status: u16) -> bool {
    (300..400).contains(&status)
}

/// Whether one more redirect may follow after `count` of them; `max` as `CURLOPT_MAXREDIRS`, -1
/// for no limit.
///
/// # Errors
/// `TooManyRedirects`.
pub fn check_limit(count: u32, max: i64) -> Result<()> {
    if max >= 0 && i64::from(count) >= max {
        let message = format!("Maximum ({max}) redirects followed");
        return Err(Error::new(Code::TooManyRedirects, message));
    }
    Ok(())
}

/// Where a request goes, as far as credentials are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The URL's scheme.
    pub scheme: &'a [u8],
    /// The host name, in the form that is resolved.
    pub host: &'a [u8],
    /// The port, the scheme's own if the URL has none.
    pub port: u16,
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
            && self.scheme.eq_ignore_ascii_case(other.scheme)
    }
}

/// Whether credentials, `CURLOPT_COOKIE` and custom `Authorization` and `Cookie` headers go to
/// `now`: to where the first request went, or anywhere by `CURLOPT_UNRESTRICTED_AUTH`.
pub fn credentials_allowed(first: &Origin<'_>, now: &Origin<'_>, unrestricted: bool) -> bool {
    unrestricted || first == now
}

/// The `Referer` that `CURLOPT_AUTOREFERER` makes of the URL that redirected: without credentials
/// and fragment (RFC 9110 section 10.1.3).
pub fn referer(url: &[u8]) -> Vec<u8> {
    let url = url.split(|&b| b == b'#').next().unwrap_or_default();
    let Some(authority) = url.windows(3).position(|w| w == b"://").map(|at| at + 3) else {
        return url.to_vec();
    };
    let (scheme, rest) = url.split_at_checked(authority).unwrap_or((url, &[]));
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    let at = rest.iter().take(end).rposition(|&b| b == b'@').map_or(0, |at| at + 1);
    [scheme, rest.get(at..).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        let none = KeepPost::default();
        let all = KeepPost { after_301: true, after_302: true, after_303: true };
        let kind = |status, kind, keep| next(status, kind, Follow::All, keep).kind;
        for status in [301, 302, 303] {
            assert_eq!(kind(status, Kind::Post, none), Kind::Get);
            assert_eq!(kind(status, Kind::PostForm, all), Kind::PostForm);
            assert_eq!(kind(status, Kind::Head, none), Kind::Head);
        }
        assert_eq!(kind(301, Kind::Put, none), Kind::Put);
        assert_eq!(kind(303, Kind::Put, all), Kind::Get);
        for status in [300, 307, 308] {
            assert_eq!(kind(status, Kind::Post, none), Kind::Post);
        }
    }

    #[test]
    fn custom_methods() {
        let drop = |status, follow| {
            next(status, Kind::Post, follow, KeepPost::default()).drop_custom_method
        };
        assert!(!drop(301, Follow::All));
        assert!(drop(301, Follow::ObeyCode));
        assert!(!drop(307, Follow::ObeyCode));
        assert!(drop(307, Follow::FirstOnly));
    }

    #[test]
    fn credentials() {
        let origin = |scheme, host, port| Origin { scheme, host, port };
        let first = origin(b"https", b"a.example", 443);
        assert!(credentials_allowed(&first, &origin(b"https", b"A.example", 443), false));
        for other in [
            origin(b"http", b"a.example", 443),
            origin(b"https", b"b.example", 443),
            origin(b"https", b"a.example", 444),
        ] {
            assert!(!credentials_allowed(&first, &other, false));
            assert!(credentials_allowed(&first, &other, true));
        }
    }

    #[test]
    fn limit_and_referer() {
        assert!(check_limit(3, 4).is_ok());
        assert!(check_limit(u32::MAX, -1).is_ok());
        let error = check_limit(4, 4).unwrap_err();
        assert_eq!(error.message(), "Maximum (4) redirects followed");
        assert_eq!(referer(b"http://u:p@h:1/a?b#c"), b"http://h:1/a?b");
        assert_eq!(referer(b"http://u@v@h"), b"http://h");
        assert_eq!(referer(b"http://h/@x"), b"http://h/@x");
        assert_eq!(referer(b"junk"), b"junk");
    }
}
