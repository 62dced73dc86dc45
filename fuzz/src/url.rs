//! URLs: parsed, written, parsed again; references joined; parts set.

use tress_model::url::{Url, UrlFlags, UrlPart};

pub fn run(data: &[u8]) {
    let Some((&[flags, at], text)) = data.split_first_chunk::<2>() else { return };
    let flags = UrlFlags::from_bits_truncate(u32::from(flags) << (at % 16));
    let cut = usize::from(at).min(text.len());
    let (base, reference) = text.split_at(cut);
    if let Ok(url) = Url::parse(text, flags) {
        check(&url);
    }
    if let Ok(url) = Url::parse(base, flags) {
        check(&url);
        if let Ok(joined) = url.join(reference, flags) {
            check(&joined);
        }
        for part in [UrlPart::Host, UrlPart::Path, UrlPart::Query, UrlPart::Port, UrlPart::User] {
            let mut changed = url.clone();
            if changed.set(part, Some(reference), flags).is_ok() {
                let _ = changed.to_bytes(UrlFlags::empty());
                let _ = changed.get(part, UrlFlags::URLDECODE);
            }
        }
    }
}

/// What is written parses, to the same text.
fn check(url: &Url) {
    let _ = url.host_ascii();
    let Ok(text) = url.to_bytes(UrlFlags::empty()) else { return };
    assert!(!text.contains(&0));
    if url.password().is_some_and(|password| password.contains(&b';')) {
        // As in libcurl: options may stand before a password, and are written behind it.
        return;
    }
    let lax = UrlFlags::NON_SUPPORT_SCHEME
        | UrlFlags::NO_AUTHORITY
        | UrlFlags::PATH_AS_IS
        | UrlFlags::ALLOW_SPACE;
    if let Ok(again) = Url::parse(&text, lax) {
        assert_eq!(again.to_bytes(UrlFlags::empty()).as_deref(), Ok(&text[..]));
    }
}
