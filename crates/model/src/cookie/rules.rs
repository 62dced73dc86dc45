use super::{Cookie, Refused};
use crate::host::is_ip;

/// How many lists a jar has (libcurl's number: listings come out in its order).
pub(super) const BUCKETS: usize = 63;

/// The list that a domain's cookies are in; hosts below one registered name share it.
pub(super) fn bucket_of(domain: Option<&[u8]>) -> usize {
    let Some(domain) = domain.filter(|domain| !is_ip(domain)) else { return 0 };
    let mut dots = memchr::memrchr_iter(b'.', domain).skip(1);
    let top = dots.next().and_then(|dot| domain.get(dot + 1..)).unwrap_or(domain);
    let hash = top.iter().fold(5381u64, |hash, byte| {
        hash.wrapping_add(hash << 5) ^ u64::from(byte.to_ascii_uppercase())
    });
    (hash % BUCKETS as u64) as usize
}

/// Whether a host is the domain or below it (RFC 6265 section 5.1.3).
pub(super) fn tail_matches(domain: &[u8], host: &[u8]) -> bool {
    let Some(before) = host.len().checked_sub(domain.len()) else { return false };
    let Some((front, tail)) = host.split_at_checked(before) else { return false };
    tail.eq_ignore_ascii_case(domain) && (front.is_empty() || front.ends_with(b"."))
}

/// Whether a request's path is the cookie's or below it (RFC 6265 section 5.1.4).
pub(super) fn path_matches(cookie_path: &[u8], path: &[u8]) -> bool {
    if cookie_path.len() == 1 {
        return true;
    }
    let path = if path.starts_with(b"/") { path } else { b"/" };
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/"),
        None => false,
    }
}

/// Whether two cookies are the same but for the value.
pub(super) fn is_same(old: &Cookie, new: &Cookie) -> bool {
    let same_domain = match (&old.domain, &new.domain) {
        (Some(old_domain), Some(new_domain)) => {
            old_domain.eq_ignore_ascii_case(new_domain) && old.tail_match == new.tail_match
        }
        (None, None) => true,
        _ => false,
    };
    old.name == new.name && same_domain && old.path == new.path
}

/// The rules of the name prefixes `__Secure-` and `__Host-` (RFC 6265bis section 4.1.3).
pub(super) fn keeps_prefix(cookie: &Cookie) -> bool {
    if cookie.name.starts_with(b"__Secure-") {
        cookie.secure
    } else if cookie.name.starts_with(b"__Host-") {
        cookie.secure && !cookie.tail_match && cookie.path.as_deref() == Some(b"/")
    } else {
        true
    }
}

/// Whether a cookie from an insecure place would hide a secure one (RFC 6265bis section 5.5).
pub(super) fn would_overlay(old: &Cookie, new: &Cookie, secure: bool) -> bool {
    if secure || new.secure || !old.secure || old.name != new.name {
        return false;
    }
    let same_site = match (&old.domain, &new.domain) {
        (Some(old), Some(new)) => tail_matches(old, new) || tail_matches(new, old),
        (None, None) => true,
        _ => false,
    };
    let (Some(old_path), Some(new_path)) = (&old.path, &new.path) else { return false };
    // The old path's first segment counts: `/login` also guards `/login/en`.
    let rest = old_path.get(1..).unwrap_or_default();
    let end = memchr::memchr(b'/', rest).map_or(old_path.len(), |slash| slash + 1);
    same_site && old_path.get(..end).is_some_and(|start| new_path.starts_with(start))
}

pub(super) fn overlay_refusal(new: &Cookie) -> Refused {
    let domain = new.domain.as_deref().unwrap_or(b"(nil)");
    Refused(
        format!(
            "cookie '{}' for domain '{}' dropped, would overlay an existing cookie",
            String::from_utf8_lossy(&new.name),
            String::from_utf8_lossy(domain)
        )
        .into(),
    )
}

/// Whether a domain is a listed public suffix, such as `co.uk`.
pub(super) fn is_public_suffix(domain: &[u8]) -> bool {
    let domain = lowercase(domain);
    psl::suffix(&domain).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == domain)
}

/// Refuses a cookie for a public suffix, unless the suffix is the host itself.
pub(super) fn check_public_suffix(cookie: &Cookie, host: &[u8]) -> Result<(), Refused> {
    let Some(domain) = cookie.domain.as_deref().filter(|domain| !is_ip(domain)) else {
        return Ok(());
    };
    let (domain, host) = (lowercase(domain), lowercase(host));
    let is_acceptable = domain == host
        || tail_matches(&domain, &host)
            && psl::suffix(&host).is_none_or(|suffix| domain.len() > suffix.as_bytes().len());
    if is_acceptable {
        return Ok(());
    }
    Err(Refused(
        format!(
            "cookie '{}' dropped, domain '{}' must not set cookies for '{}'",
            String::from_utf8_lossy(&cookie.name),
            String::from_utf8_lossy(&host),
            String::from_utf8_lossy(&domain)
        )
        .into(),
    ))
}

/// In lower case, without a dot at the end.
fn lowercase(domain: &[u8]) -> Vec<u8> {
    domain.strip_suffix(b".").unwrap_or(domain).to_ascii_lowercase()
}
