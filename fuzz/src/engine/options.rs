//! `curl_easy_setopt` and `curl_multi_setopt` with any option and a value of its type.

use std::ffi::{c_int, c_long};
use std::path::PathBuf;

use tress_capi::tables::easy_options::EASY_OPTIONS;
use tress_capi::tables::multi_options::MULTI_OPTIONS;
use tress_capi::tables::row::{Kind, OptionRow};
use tress_capi::tables::{mopt, opt};

use super::abi::*;
use super::callbacks::{self, ALWAYS, SOMETIMES};
use super::world::{BODY, World};

/// Options that name a file: one of the process's own is named, whatever the input says.
const FILES: &[i32] = &[
    opt::ALTSVC,
    opt::CAINFO,
    opt::CAPATH,
    opt::COOKIEFILE,
    opt::COOKIEJAR,
    opt::CRLFILE,
    opt::EGDSOCKET,
    opt::HSTS,
    opt::HTTPSIG_KEY,
    opt::ISSUERCERT,
    opt::NETRC_FILE,
    opt::PINNEDPUBLICKEY,
    opt::PROXY_CAINFO,
    opt::PROXY_CAPATH,
    opt::PROXY_CRLFILE,
    opt::PROXY_ISSUERCERT,
    opt::PROXY_PINNEDPUBLICKEY,
    opt::PROXY_SSLCERT,
    opt::PROXY_SSLKEY,
    opt::RANDOM_FILE,
    opt::SSH_KNOWNHOSTS,
    opt::SSH_PRIVATE_KEYFILE,
    opt::SSH_PUBLIC_KEYFILE,
    opt::SSLCERT,
    opt::SSLKEY,
];

/// Options that are the fuzzer's own: protocols keep `file` out; memory and streams are given
/// by other records.
const OWN: &[i32] = &[
    opt::PROTOCOLS,
    opt::PROTOCOLS_STR,
    opt::REDIR_PROTOCOLS,
    opt::REDIR_PROTOCOLS_STR,
    opt::STDERR,
    opt::HTTPPOST,
    opt::PRIVATE,
];

/// `CURLAUTH_GSSNEGOTIATE` is `CURLAUTH_NEGOTIATE`; their tokens come from other threads, in
/// their own time.
const NEGOTIATE: c_long = 1 << 2;

/// Where the files are.
pub fn directory() -> PathBuf {
    std::env::temp_dir().join(format!("tress-fuzz-{}", std::process::id()))
}

/// A file of the process's own.
pub fn file(number: u8) -> PathBuf {
    directory().join(format!("file{}", number % 4))
}

/// Sets an option of an easy handle: its number, then the value.
pub fn set(world: &World, slot: usize, record: &[u8]) {
    let Some((&[low, high], value)) = record.split_first_chunk::<2>() else { return };
    let slot = slot % super::world::EASIES;
    let easy = world.easy(slot);
    let row = find(EASY_OPTIONS, u16::from_le_bytes([low, high]).into());
    if OWN.contains(&row.id) || easy.busy {
        return;
    }
    // SAFETY: a good handle; values are of the option's type and live as long as need be.
    unsafe { set_value(world, easy.handle, slot, row, value) };
}

unsafe fn set_value(world: &World, easy: Ptr, slot: usize, row: &OptionRow, value: &[u8]) {
    let id = row.id;
    // SAFETY: by the caller's contract.
    unsafe {
        match row.kind {
            Kind::Long | Kind::Values | Kind::Int | Kind::Socket | Kind::Double => {
                curl_easy_setopt(easy, id, tamed(id, number(value)) as c_long);
            }
            Kind::OffT => {
                curl_easy_setopt(easy, id, tamed(id, number(value)));
            }
            Kind::String if FILES.contains(&id) && !value.starts_with(b"sha256//") => {
                let path = file(value.first().copied().unwrap_or(0));
                let path = path.to_string_lossy();
                curl_easy_setopt(easy, id, world.text(path.as_bytes()));
            }
            Kind::String if value == b"\0" => {
                curl_easy_setopt(easy, id, std::ptr::null::<u8>());
            }
            Kind::String => {
                curl_easy_setopt(easy, id, world.text(value));
            }
            Kind::Slist if value.is_empty() => {
                curl_easy_setopt(easy, id, std::ptr::null::<u8>());
            }
            Kind::Slist => {
                curl_easy_setopt(easy, id, world.list(value));
            }
            Kind::Object | Kind::Ptr => set_object(world, easy, id, value),
            Kind::CbPtr => {
                curl_easy_setopt(easy, id, callbacks::user(slot));
            }
            Kind::Blob => {
                let blob = Blob { data: world.bytes(value), len: value.len(), flags: 1 };
                curl_easy_setopt(easy, id, world.keep(blob));
            }
            Kind::Function => set_function(easy, slot, id, value),
        }
    }
}

unsafe fn set_object(world: &World, easy: Ptr, id: i32, value: &[u8]) {
    let first = usize::from(value.first().copied().unwrap_or(0));
    // SAFETY: by the caller's contract.
    unsafe {
        let object: Ptr = match id {
            opt::POSTFIELDS | opt::COPYPOSTFIELDS => world.bytes(value).cast(),
            opt::MIMEPOST => {
                let mimes = world.mimes.borrow();
                mimes.get(first % mimes.len().max(1)).copied().unwrap_or_default()
            }
            opt::CURLU => world.url(first),
            opt::SHARE if value.is_empty() => std::ptr::null_mut(),
            opt::SHARE => world.share(first),
            opt::ERRORBUFFER => world.bytes(&[]).cast(),
            opt::STREAM_DEPENDS | opt::STREAM_DEPENDS_E => easy,
            _ => return,
        };
        // A body without a size ends with a NUL.
        if id == opt::COPYPOSTFIELDS || id == opt::POSTFIELDS {
            object.cast::<u8>().add(value.len()).write(0);
        }
        curl_easy_setopt(easy, id, object);
    }
}

unsafe fn set_function(easy: Ptr, slot: usize, id: i32, value: &[u8]) {
    let known = ALWAYS.iter().chain(&SOMETIMES).find(|(_, function)| function.0 == id);
    let Some((data, function)) = known else { return };
    let takes_away = value.first().is_some_and(|byte| byte & 1 != 0);
    let sometimes = SOMETIMES.iter().any(|(_, function)| function.0 == id);
    // SAFETY: by the caller's contract.
    unsafe {
        if takes_away && sometimes {
            curl_easy_setopt(easy, id, callbacks::NONE);
        } else {
            curl_easy_setopt(easy, *data, callbacks::user(slot));
            curl_easy_setopt(easy, id, function.1);
        }
    }
}

/// Sets an option of a multi handle: its number, then the value.
pub fn set_multi(world: &World, slot: usize, record: &[u8]) {
    let Some((&id, value)) = record.split_first() else { return };
    let multi = world.multi(slot);
    let row = find(MULTI_OPTIONS, i32::from(id & 31));
    let function = match row.id {
        mopt::PUSHFUNCTION => callbacks::push as *const (),
        mopt::NOTIFYFUNCTION => callbacks::notify as *const (),
        _ => callbacks::NONE,
    };
    // SAFETY: a good handle; values are of the option's type.
    unsafe {
        match row.kind {
            Kind::Long => _ = curl_multi_setopt(multi, row.id, number(value) as c_long),
            Kind::OffT => _ = curl_multi_setopt(multi, row.id, number(value)),
            Kind::Function if !function.is_null() => {
                curl_multi_setopt(multi, row.id, function);
                curl_multi_notify_enable(multi, 0);
                curl_multi_notify_enable(multi, 1);
            }
            _ => {}
        }
    }
}

/// The option of a number without the part that tells its kind, or one of the others.
fn find(rows: &'static [OptionRow], number: i32) -> &'static OptionRow {
    let exact = rows.iter().find(|row| row.id % 10_000 == number);
    exact.unwrap_or_else(|| &rows[number as usize % rows.len()])
}

/// A number of any length up to eight bytes.
pub fn number(value: &[u8]) -> i64 {
    let mut bytes = match value.last() {
        Some(last) if value.len() > 1 && last & 0x80 != 0 => [0xff; 8],
        _ => [0; 8],
    };
    let len = value.len().min(8);
    bytes[..len].copy_from_slice(&value[..len]);
    i64::from_le_bytes(bytes)
}

/// Numbers that would break a promise of the fuzzer's are others.
fn tamed(id: c_int, value: i64) -> i64 {
    match id {
        opt::HTTPAUTH | opt::PROXYAUTH | opt::SOCKS5_AUTH => value & !i64::from(NEGOTIATE),
        opt::POSTFIELDSIZE | opt::POSTFIELDSIZE_LARGE => value.clamp(-1, BODY as i64),
        _ => value,
    }
}
