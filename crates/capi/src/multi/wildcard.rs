//! The callbacks of `CURLOPT_WILDCARDMATCH`.

use std::ffi::{CString, c_char, c_int, c_long, c_uint};
use std::ptr::{NonNull, from_ref, null_mut};

use tress_engine::{ChunkBegun, FileInfo};

use super::{Multi, call};
use crate::easy::Easy;
use crate::guard::Callback;

/// `struct curl_fileinfo`.
#[repr(C)]
struct CFileInfo {
    filename: *mut c_char,
    filetype: c_int,
    time: i64,
    perm: c_uint,
    uid: c_int,
    gid: c_int,
    size: i64,
    hardlinks: c_long,
    strings: Strings,
    flags: c_uint,
    b_data: *mut c_char,
    b_size: usize,
    b_used: usize,
}

#[repr(C)]
struct Strings {
    time: *mut c_char,
    perm: *mut c_char,
    user: *mut c_char,
    group: *mut c_char,
    target: *mut c_char,
}

/// `CURLFINFOFLAG_KNOWN_PERM`.
const KNOWN_PERM: c_uint = 1 << 3;
/// `CURLFINFOFLAG_KNOWN_SIZE`.
const KNOWN_SIZE: c_uint = 1 << 6;
/// `CURLFINFOFLAG_KNOWN_HLINKCOUNT`.
const KNOWN_HLINKCOUNT: c_uint = 1 << 7;

/// `CURLOPT_FNMATCH_FUNCTION`: does the name match?
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn matches(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    pattern: Vec<u8>,
    name: Vec<u8>,
) -> bool {
    let (Ok(pattern), Ok(name)) = (CString::new(pattern), CString::new(name)) else {
        return false;
    };
    // SAFETY: by contract; the strings live until the application's function returns.
    unsafe {
        let Some(rare) = easy.map(|easy| (*easy.as_ptr()).callbacks.rare()) else { return false };
        let Some(fnmatch) = rare.fnmatch else { return false };
        let data = rare.fnmatch_data;
        call(multi, Callback::Transfer, || fnmatch(data, pattern.as_ptr(), name.as_ptr())) == 0
    }
}

/// `CURLOPT_CHUNK_BGN_FUNCTION`.
///
/// # Safety
/// As for [`matches`].
pub unsafe fn begin(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    file: &FileInfo,
    remains: usize,
) -> ChunkBegun {
    // SAFETY: by contract.
    let Some(rare) = easy.map(|easy| unsafe { (*easy.as_ptr()).callbacks.rare() }) else {
        return ChunkBegun::Fetch;
    };
    let Some(begin) = rare.chunk_begin else { return ChunkBegun::Fetch };
    let string = |text: &[u8]| CString::new(text).unwrap_or_default();
    let optional = |text: &Option<Vec<u8>>| text.as_deref().map(string);
    let pointer = |text: &CString| text.as_ptr().cast_mut();
    let or_null = |text: &Option<CString>| text.as_ref().map_or(null_mut(), pointer);
    let (name, time) = (string(&file.name), string(&file.time));
    let (perm, user) = (optional(&file.permissions_text), optional(&file.user));
    let (group, target) = (optional(&file.group), optional(&file.target));
    let flag = |known: bool, flag: c_uint| if known { flag } else { 0 };
    let info = CFileInfo {
        filename: pointer(&name),
        filetype: file.kind as c_int,
        time: 0,
        perm: file.permissions.unwrap_or(0),
        uid: 0,
        gid: 0,
        size: file.size.and_then(|size| size.try_into().ok()).unwrap_or(0),
        hardlinks: file.hard_links.and_then(|count| count.try_into().ok()).unwrap_or(0),
        strings: Strings {
            time: pointer(&time),
            perm: or_null(&perm),
            user: or_null(&user),
            group: or_null(&group),
            target: or_null(&target),
        },
        flags: flag(file.permissions.is_some(), KNOWN_PERM)
            | flag(file.size.is_some(), KNOWN_SIZE)
            | flag(file.hard_links.is_some(), KNOWN_HLINKCOUNT),
        b_data: null_mut(),
        b_size: 0,
        b_used: 0,
    };
    let remains = c_int::try_from(remains).unwrap_or(c_int::MAX);
    let data = rare.chunk_data;
    // SAFETY: the application's function; what it gets lives until it returns.
    let answer =
        unsafe { call(multi, Callback::Transfer, || begin(from_ref(&info).cast(), data, remains)) };
    match answer {
        0 => ChunkBegun::Fetch,
        2 => ChunkBegun::Skip,
        _ => ChunkBegun::Fail,
    }
}

/// `CURLOPT_CHUNK_END_FUNCTION`; its answer means nothing to libcurl either.
///
/// # Safety
/// As for [`matches`].
pub unsafe fn end(multi: NonNull<Multi>, easy: Option<NonNull<Easy>>) {
    // SAFETY: by contract.
    unsafe {
        let Some(rare) = easy.map(|easy| (*easy.as_ptr()).callbacks.rare()) else { return };
        if let Some(end) = rare.chunk_end {
            let data = rare.chunk_data;
            call(multi, Callback::Transfer, || end(data));
        }
    }
}
