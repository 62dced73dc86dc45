//! The callbacks about keys of SSH hosts.

use std::ffi::{CString, c_char, c_int};
use std::ptr::{NonNull, null};

use tress_engine::{KnownHost, KnownHostMatch, ssh_key_text, ssh_key_type};

use super::{Multi, call};
use crate::callbacks::KhKey;
use crate::easy::Easy;
use crate::guard::Callback;

/// `CURLKHMATCH_OK`.
const MATCH_OK: c_int = 0;

/// `CURLOPT_SSH_HOSTKEYFUNCTION`: is this the host's key?
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn judge(multi: NonNull<Multi>, easy: Option<NonNull<Easy>>, key: &[u8]) -> bool {
    let Some(easy) = easy else { return false };
    // SAFETY: by contract; the key lives until the application's function returns.
    unsafe {
        let rare = (*easy.as_ptr()).callbacks.rare();
        let (callback, data) = (rare.ssh_hostkey, rare.ssh_hostkey_data);
        let Some(callback) = callback else { return false };
        let answer = call(multi, Callback::Transfer, || {
            callback(data, key_type(key), key.as_ptr().cast(), key.len())
        });
        answer == MATCH_OK
    }
}

/// `CURLOPT_SSH_KEYFUNCTION`: what is to become of the host's key?
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn known(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    known: Option<&[u8]>,
    found: &[u8],
    matches: KnownHostMatch,
) -> KnownHost {
    let Some(easy) = easy else { return KnownHost::Reject };
    // A known key is told in base64, with no length: it is a string.
    let text = known.and_then(|known| CString::new(ssh_key_text(known)).ok());
    let known = text.as_deref().zip(known).map(|(text, known)| KhKey {
        key: text.as_ptr(),
        len: 0,
        keytype: key_type(known),
    });
    let key: *const c_char = found.as_ptr().cast();
    let found = KhKey { key, len: found.len(), keytype: key_type(found) };
    // SAFETY: by contract; both keys live until the application's function returns.
    let answer = unsafe {
        let rare = (*easy.as_ptr()).callbacks.rare();
        let (callback, data) = (rare.ssh_key, rare.ssh_key_data);
        let Some(callback) = callback else { return KnownHost::Reject };
        call(multi, Callback::Transfer, || {
            let known = known.as_ref().map_or(null(), |known| known as *const KhKey);
            callback(easy.as_ptr().cast(), known, &found, matches as c_int, data)
        })
    };
    match answer {
        0 => KnownHost::Add,
        1 => KnownHost::Fine,
        4 => KnownHost::Replace,
        _ => KnownHost::Reject,
    }
}

/// `enum curl_khtype`.
fn key_type(key: &[u8]) -> c_int {
    match ssh_key_type(key) {
        b"ssh-rsa" => 2,
        b"ssh-dss" => 3,
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => 4,
        b"ssh-ed25519" => 5,
        _ => 0,
    }
}
