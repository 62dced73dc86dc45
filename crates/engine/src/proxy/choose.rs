//! Which proxies the settings and the environment ask for.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use tress_model::escape::unescape;
use tress_model::noproxy;
use tress_model::scheme::{Scheme, SchemeFlags};
use tress_model::url::{Url, UrlFlags};
use tress_model::{Code, Error, Result};

use super::{Proxy, text};
use crate::http::auth::Credentials;
use crate::options::{Options, ProxyOptions, ProxyType};

/// A SOCKS proxy, and an HTTP proxy behind it.
type Chosen = (Option<Proxy>, Option<Proxy>);

/// Port of an HTTP or SOCKS proxy where none is given (`CURLOPT_PROXY(3)`).
const DEFAULT_PORT: u16 = 1080;
/// Port of an HTTPS proxy where none is given.
const DEFAULT_HTTPS_PORT: u16 = 443;

/// The proxies to use for a host; the environment is asked where the settings say nothing.
///
/// # Errors
/// `CouldntResolveProxy` and `CouldntConnect` for what is no proxy.
pub(super) fn choose(options: &Options, host: &[u8], scheme: &Scheme) -> Result<Option<Chosen>> {
    let settings = options.proxy();
    if scheme.flags.contains(SchemeFlags::NO_NETWORK) {
        return Ok(None);
    }
    let given = |text: &Option<Box<[u8]>>| text.as_deref().map(<[u8]>::to_vec);
    let (mut proxy, pre_proxy) = (given(&settings.proxy), given(&settings.pre_proxy));
    if proxy.is_none() && pre_proxy.is_none() {
        proxy = from_environment(scheme.name);
    }
    let set = |text: Option<Vec<u8>>| text.filter(|text| !text.is_empty());
    let (proxy, pre_proxy) = (set(proxy), set(pre_proxy));
    if (proxy.is_none() && pre_proxy.is_none()) || is_exempt(settings, host) {
        return Ok(None);
    }
    let pre_proxy = pre_proxy.map(|text| parse(settings, &text, true)).transpose()?;
    let Some(name) = proxy else { return Ok(Some((pre_proxy, None))) };
    let proxy = parse(settings, &name, false)?;
    match (pre_proxy, proxy.is_socks()) {
        (pre_proxy, false) => Ok(Some((pre_proxy, Some(proxy)))),
        (None, true) => Ok(Some((Some(proxy), None))),
        (Some(_), true) => Err(refused(
            Code::CouldntResolveProxy,
            "Having a SOCKS pre-proxy and proxy is not supported with",
            &name,
        )),
    }
}

/// Is the host one that needs no proxy?
fn is_exempt(settings: &ProxyOptions, host: &[u8]) -> bool {
    let list = match settings.noproxy.as_deref() {
        Some(list) => Some(list.to_vec()),
        None => variable("no_proxy").or_else(|| variable("NO_PROXY")),
    };
    list.is_some_and(|list| noproxy::is_listed(host, &list))
}

/// The proxy of the environment: that of the scheme, else that of all. `HTTP_PROXY` is never
/// asked: in a CGI program whoever sends a `Proxy:` header sets it.
fn from_environment(scheme: &str) -> Option<Vec<u8>> {
    let own = match scheme {
        "http" | "https" => None,
        _ => {
            let name = format!("{scheme}_proxy");
            variable(&name).or_else(|| variable(&name.to_ascii_uppercase()))
        }
    };
    let shared = || match scheme {
        "https" | "wss" => variable("https_proxy").or_else(|| variable("HTTPS_PROXY")),
        "http" | "ws" => variable("http_proxy"),
        _ => None,
    };
    own.or_else(shared).or_else(|| variable("all_proxy")).or_else(|| variable("ALL_PROXY"))
}

/// An environment variable; an empty one counts as not set.
fn variable(name: &str) -> Option<Vec<u8>> {
    std::env::var_os(name).map(OsStringExt::into_vec).filter(|value| !value.is_empty())
}

/// Reads `[scheme://][user[:password]@]host[:port]`.
fn parse(settings: &ProxyOptions, name: &[u8], is_pre_proxy: bool) -> Result<Proxy> {
    let flags = UrlFlags::NON_SUPPORT_SCHEME | UrlFlags::GUESS_SCHEME;
    let url = Url::parse(name, flags).map_err(|code| {
        let shown = String::from_utf8_lossy(name);
        let text = format!("Unsupported proxy syntax in '{shown}': {}", code.message());
        Error::new(Code::CouldntResolveProxy, text)
    })?;
    let preset = if is_pre_proxy { ProxyType::Socks4 } else { settings.proxytype };
    let kind = match url.scheme_name().filter(|_| !url.is_scheme_guessed()) {
        Some(scheme) => kind_of(scheme, preset)
            .ok_or_else(|| refused(Code::CouldntConnect, "Unsupported proxy scheme for", name))?,
        None => preset,
    };
    let mut proxy = Proxy {
        kind,
        host: host(&url),
        port: url.explicit_port().unwrap_or(0),
        unix: None,
        credentials: credentials(settings, &url, is_pre_proxy).map(Arc::new),
    };
    if is_pre_proxy && !proxy.is_socks() {
        let text = "Unsupported pre-proxy type for";
        return Err(refused(Code::CouldntResolveProxy, text, name));
    }
    if proxy.port == 0 {
        proxy.port = match settings.proxyport {
            0 if proxy.is_https() => DEFAULT_HTTPS_PORT,
            0 => DEFAULT_PORT,
            port => port,
        };
    }
    if proxy.is_socks() && proxy.host.eq_ignore_ascii_case("localhost") && url.path() != b"/" {
        let path = unescape(url.path());
        proxy.unix = Some(Path::new(std::ffi::OsStr::from_bytes(&path)).into());
    }
    Ok(proxy)
}

fn kind_of(scheme: &[u8], preset: ProxyType) -> Option<ProxyType> {
    let kind = match scheme.to_ascii_lowercase().as_slice() {
        b"http" if preset == ProxyType::Http1_0 => preset,
        b"http" => ProxyType::Http,
        b"https" if matches!(preset, ProxyType::Https2 | ProxyType::Https3) => preset,
        b"https" => ProxyType::Https,
        b"socks" | b"socks4" => ProxyType::Socks4,
        b"socks4a" => ProxyType::Socks4a,
        b"socks5" => ProxyType::Socks5,
        b"socks5h" => ProxyType::Socks5Hostname,
        _ => return None,
    };
    Some(kind)
}

fn host(url: &Url) -> Box<str> {
    let host = match url.host_ascii() {
        Ok(ascii) => ascii.into_owned(),
        Err(_) => url.host().to_vec(),
    };
    let bare = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    text(&unescape(bare.unwrap_or(&host)))
}

/// Those of the proxy string, else those of the settings, which are not for a pre-proxy.
fn credentials(settings: &ProxyOptions, url: &Url, is_pre_proxy: bool) -> Option<Credentials> {
    if url.user().is_some() || url.password().is_some() {
        let decoded = |part: Option<&[u8]>| unescape(part.unwrap_or_default());
        return Some(Credentials {
            user: decoded(url.user()),
            password: decoded(url.password()),
            bearer: Vec::new(),
        });
    }
    let (user, password) = (&settings.proxyusername, &settings.proxypassword);
    if is_pre_proxy || (user.is_none() && password.is_none()) {
        return None;
    }
    let set = |part: &Option<Box<[u8]>>| part.as_deref().unwrap_or_default().to_vec();
    Some(Credentials { user: set(user), password: set(password), bearer: Vec::new() })
}

fn refused(code: Code, why: &str, name: &[u8]) -> Error {
    Error::new(code, format!("{why} '{}'", String::from_utf8_lossy(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Result<Proxy> {
        parse(&ProxyOptions::default(), name.as_bytes(), false)
    }

    #[test]
    fn proxy_strings() {
        for (name, kind, host, port) in [
            ("proxy.example", ProxyType::Http, "proxy.example", 1080),
            ("proxy.example:3128", ProxyType::Http, "proxy.example", 3128),
            ("http://proxy.example:80/", ProxyType::Http, "proxy.example", 80),
            ("https://proxy.example", ProxyType::Https, "proxy.example", 443),
            ("socks://[::1]:1", ProxyType::Socks4, "::1", 1),
            ("SOCKS4a://s", ProxyType::Socks4a, "s", 1080),
            ("socks5://u:p@s:9", ProxyType::Socks5, "s", 9),
            ("socks5h://s", ProxyType::Socks5Hostname, "s", 1080),
        ] {
            let proxy = read(name).unwrap();
            assert_eq!((proxy.kind, &*proxy.host, proxy.port), (kind, host, port), "{name}");
        }
        assert_eq!(read("ftp://proxy").err().unwrap().code(), Code::CouldntConnect);
        assert_eq!(read("http://a b").err().unwrap().code(), Code::CouldntResolveProxy);
        let proxy = read("socks5h://localhost/run/s.sock").unwrap();
        assert_eq!(proxy.unix.as_deref(), Some(Path::new("/run/s.sock")));
    }

    #[test]
    fn credentials_of_the_string_come_first() {
        let set = Some(b"set"[..].into());
        let settings = ProxyOptions { proxyusername: set, ..ProxyOptions::default() };
        let user = |name: &str, pre| {
            let proxy = parse(&settings, name.as_bytes(), pre).unwrap();
            proxy.credentials.map(|found| (found.user.clone(), found.password.clone()))
        };
        assert_eq!(user("a", false), Some((b"set".to_vec(), Vec::new())));
        assert_eq!(user("%61:b%3a@a", false), Some((b"a".to_vec(), b"b:".to_vec())));
        assert_eq!(user("socks5://a", true), None);
    }
}
