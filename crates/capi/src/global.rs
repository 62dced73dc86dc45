//! `curl_global_*`: there is nothing global to set up but the memory functions.

use std::ffi::{c_char, c_int, c_long, c_void};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::entry::entry;
use crate::flavour::Flavour;
use crate::memory::{self, Free, Malloc};
use crate::tables::codes::curle;

/// How often `curl_global_init` was called without its `curl_global_cleanup`.
static USERS: Mutex<u32> = Mutex::new(0);

/// `CURLSSLSET_OK`, `_UNKNOWN_BACKEND`.
const SSLSET_OK: c_int = 0;
const SSLSET_UNKNOWN_BACKEND: c_int = 1;

/// `CURLSSLBACKEND_RUSTLS`
const RUSTLS: c_int = 14;

/// `curl_realloc_callback`, `curl_strdup_callback`, `curl_calloc_callback`: asked for, not used.
type Realloc = unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void;
type Strdup = unsafe extern "C" fn(*const c_char) -> *mut c_char;
type Calloc = unsafe extern "C" fn(usize, usize) -> *mut c_void;

/// `curl_ssl_backend`
#[repr(C)]
#[allow(missing_docs)]
pub struct SslBackend {
    pub id: c_int,
    pub name: *const c_char,
}

entry! {
    /// `curl_global_init(3)`
    fn curl_global_init(_flags: c_long) -> c_int [curle::FAILED_INIT] {
        enter(None)
    }

    /// `curl_global_init_mem(3)`: what the application frees comes from these functions.
    fn curl_global_init_mem(
        _flags: c_long,
        malloc: Option<Malloc>,
        free: Option<Free>,
        realloc: Option<Realloc>,
        strdup: Option<Strdup>,
        calloc: Option<Calloc>,
    ) -> c_int [curle::FAILED_INIT] {
        let (Some(malloc), Some(free)) = (malloc, free) else { return curle::FAILED_INIT };
        if realloc.is_none() || strdup.is_none() || calloc.is_none() {
            return curle::FAILED_INIT;
        }
        enter(Some((malloc, free)))
    }

    /// `curl_global_cleanup(3)`
    fn curl_global_cleanup() {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        *users = users.saturating_sub(1);
    }

    /// `curl_global_trace(3)`: there are no components that are traced apart from others.
    fn curl_global_trace(_config: *const c_char) -> c_int [curle::FAILED_INIT] {
        curle::OK
    }

    /// `curl_global_sslset(3)`: the flavour's name and the truth are both accepted.
    fn curl_global_sslset(id: c_int, name: *const c_char, available: *mut *const *const SslBackend)
    -> c_int [SSLSET_UNKNOWN_BACKEND] {
        if !available.is_null() {
            // SAFETY: the caller gives a place for the list.
            unsafe { available.write(backends().0) };
        }
        // SAFETY: NULL or a C string.
        let name = unsafe { memory::bytes(name) };
        let known = [Flavour::this().backend(), (RUSTLS, c"rustls")].iter().any(|(known, text)| {
            id == *known || name.is_some_and(|name| name.eq_ignore_ascii_case(text.to_bytes()))
        });
        if known { SSLSET_OK } else { SSLSET_UNKNOWN_BACKEND }
    }
}

fn enter(functions: Option<(Malloc, Free)>) -> c_int {
    let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
    if *users == 0 {
        memory::set_functions(functions);
    }
    *users += 1;
    curle::OK
}

/// A list with NULL at its end, kept for the life of the process.
struct Backends(*const *const SslBackend);

// SAFETY: constant once made.
unsafe impl Send for Backends {}
// SAFETY: constant once made.
unsafe impl Sync for Backends {}

fn backends() -> &'static Backends {
    static LIST: OnceLock<Backends> = OnceLock::new();
    LIST.get_or_init(|| {
        let known = [Flavour::this().backend(), (RUSTLS, c"rustls")];
        let list = known.map(|(id, name)| {
            std::ptr::from_ref::<SslBackend>(Box::leak(Box::new(SslBackend {
                id,
                name: name.as_ptr(),
            })))
        });
        Backends([list[0], list[1], std::ptr::null()].to_vec().leak().as_ptr())
    })
}
