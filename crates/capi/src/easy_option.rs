//! `curl_easy_option_*`: the options of easy handles, for programs that look them up.

use std::ffi::{CString, c_char, c_int, c_uint};
use std::ptr::null;
use std::sync::OnceLock;

use crate::entry::entry;
use crate::memory;
use crate::tables::easy_options::{EASY_ALIASES, EASY_OPTIONS};
use crate::tables::row::Kind;

/// `CURLOT_FLAG_ALIAS`
const ALIAS: c_uint = 1;

/// `struct curl_easyoption`
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)]
pub struct EasyOptionRow {
    pub name: *const c_char,
    pub id: c_int,
    pub kind: c_int,
    pub flags: c_uint,
}

// SAFETY: the names live as long as the process and are never written.
unsafe impl Send for EasyOptionRow {}
// SAFETY: see `Send`.
unsafe impl Sync for EasyOptionRow {}

entry! {
    /// `curl_easy_option_by_name(3)`: in any case, without `CURLOPT_`.
    fn curl_easy_option_by_name(name: *const c_char) -> *const EasyOptionRow [null()] {
        // SAFETY: NULL or a C string.
        let Some(name) = (unsafe { memory::bytes(name) }) else { return null() };
        found(|row| {
            // SAFETY: every row has a C string.
            unsafe { memory::bytes(row.name) }.is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// `curl_easy_option_by_id(3)`: never an alias.
    fn curl_easy_option_by_id(id: c_int) -> *const EasyOptionRow [null()] {
        found(|row| row.id == id && row.flags & ALIAS == 0)
    }

    /// `curl_easy_option_next(3)`: in order of the names, from NULL to NULL.
    fn curl_easy_option_next(previous: *const EasyOptionRow) -> *const EasyOptionRow [null()] {
        let rows = rows();
        if previous.is_null() {
            return rows.first().map_or(null(), std::ptr::from_ref);
        }
        let at = rows.iter().position(|row| std::ptr::eq(row, previous));
        at.and_then(|at| rows.get(at + 1)).map_or(null(), std::ptr::from_ref)
    }
}

fn found(is: impl Fn(&EasyOptionRow) -> bool) -> *const EasyOptionRow {
    rows().iter().find(|row| is(row)).map_or(null(), std::ptr::from_ref)
}

/// The options and their aliases, in order of the names.
fn rows() -> &'static [EasyOptionRow] {
    static ROWS: OnceLock<Box<[EasyOptionRow]>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut rows: Vec<(&[u8], EasyOptionRow)> = EASY_OPTIONS
            .iter()
            .map(|row| {
                let kind = number(row.kind);
                (
                    row.name.to_bytes(),
                    EasyOptionRow { name: row.name.as_ptr(), id: row.id, kind, flags: 0 },
                )
            })
            .collect();
        for (alias, real) in EASY_ALIASES {
            let real = EASY_OPTIONS.iter().find(|row| row.name.to_bytes() == real.as_bytes());
            let name = CString::new(*alias).unwrap_or_default().into_raw();
            if let Some(row) = real {
                let row = EasyOptionRow { name, id: row.id, kind: number(row.kind), flags: ALIAS };
                rows.push((alias.as_bytes(), row));
            }
        }
        rows.sort_by_key(|(name, _)| *name);
        rows.into_iter().map(|(_, row)| row).collect()
    })
}

/// `CURLOT_*`
fn number(kind: Kind) -> c_int {
    match kind {
        Kind::Values => 1,
        Kind::OffT => 2,
        Kind::Object => 3,
        Kind::String => 4,
        Kind::Slist => 5,
        Kind::CbPtr => 6,
        Kind::Blob => 7,
        Kind::Function => 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn found_by_name_and_by_number() {
        // SAFETY: C strings in, constant rows out.
        unsafe {
            let url = &*curl_easy_option_by_name(c"url".as_ptr());
            assert_eq!((url.id, url.kind, url.flags), (10002, 4, 0));
            let file = &*curl_easy_option_by_name(c"FILE".as_ptr());
            assert_eq!((file.id, file.flags), (10001, ALIAS));
            assert_eq!(CStr::from_ptr((*curl_easy_option_by_id(10001)).name), c"WRITEDATA");
            assert!(curl_easy_option_by_id(9999).is_null());
        }
    }

    #[test]
    fn the_walk_reaches_all() {
        // SAFETY: rows come from the walk itself.
        let next = |row: *const EasyOptionRow| unsafe { curl_easy_option_next(row) };
        let walk = std::iter::successors(Some(next(null())), |row| Some(next(*row)));
        let count = walk.take_while(|row| !row.is_null()).count();
        assert_eq!(count, EASY_OPTIONS.len() + EASY_ALIASES.len());
    }
}
