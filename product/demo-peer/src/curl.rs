//! The few functions of libcurl that the workload needs, from whichever library is opened.

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

/// An easy handle that is in no multi handle, and of no more than one owner.
#[repr(transparent)]
pub struct Easy(*mut c_void);

/// A multi handle.
pub type Multi = *mut c_void;

const CURLOPT_URL: c_int = 10_002;
const CURLOPT_PROXY: c_int = 10_004;
const CURLOPT_WRITEFUNCTION: c_int = 20_011;
const CURLOPT_NOSIGNAL: c_int = 99;
const CURL_GLOBAL_ALL: c_long = 3;

/// `CURLMsg`.
#[repr(C)]
pub struct Message {
    pub what: c_int,
    pub easy: *mut c_void,
    /// A union with a pointer; `CURLcode` of a transfer that is done.
    pub result: c_int,
}

/// Body pieces that any transfer has got.
static PIECES: AtomicU64 = AtomicU64::new(0);

/// The functions of an opened libcurl.
pub struct Curl {
    version: unsafe extern "C" fn() -> *const c_char,
    easy_init: unsafe extern "C" fn() -> *mut c_void,
    easy_setopt: unsafe extern "C" fn(*mut c_void, c_int, ...) -> c_int,
    easy_cleanup: unsafe extern "C" fn(*mut c_void),
    pub multi_init: unsafe extern "C" fn() -> Multi,
    pub multi_setopt: unsafe extern "C" fn(Multi, c_int, ...) -> c_int,
    pub multi_add_handle: unsafe extern "C" fn(Multi, *mut c_void) -> c_int,
    pub multi_remove_handle: unsafe extern "C" fn(Multi, *mut c_void) -> c_int,
    pub multi_socket_action: unsafe extern "C" fn(Multi, c_int, c_int, *mut c_int) -> c_int,
    pub multi_info_read: unsafe extern "C" fn(Multi, *mut c_int) -> *mut Message,
}

impl Easy {
    /// Takes a handle over.
    ///
    /// # Safety
    /// It is live, in no multi handle, and nobody else uses it.
    pub unsafe fn owned(easy: *mut c_void) -> Self {
        Self(easy)
    }

    /// Gives the handle to whoever asks.
    pub fn into_raw(self) -> *mut c_void {
        self.0
    }
}

impl Curl {
    /// Opens the library of that name or path.
    #[allow(clippy::missing_transmute_annotations)]
    pub fn open(library: &str) -> Result<Self, String> {
        let name = CString::new(library).map_err(|error| error.to_string())?;
        // SAFETY: the name is a C string; the library's initialisers are the loader's business,
        // as for every program that is linked against it.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        if handle.is_null() {
            return Err(format!("{library} cannot be opened"));
        }
        let symbol = |name: &CStr| {
            // SAFETY: the handle is open and stays so; the name is a C string.
            let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
            let missing = || format!("{library} has no {}", name.to_string_lossy());
            if found.is_null() { Err(missing()) } else { Ok(found) }
        };
        // The type comes from the field that the function is for.
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the symbol is libcurl's function of that name, whose C declaration is
                // what the type of the field says.
                unsafe { std::mem::transmute::<*mut c_void, _>(symbol($name)?) }
            };
        }
        let global_init: unsafe extern "C" fn(c_long) -> c_int = function!(c"curl_global_init");
        // SAFETY: there is one thread only.
        if unsafe { global_init(CURL_GLOBAL_ALL) } != 0 {
            return Err(format!("{library}: curl_global_init failed"));
        }
        Ok(Self {
            version: function!(c"curl_version"),
            easy_init: function!(c"curl_easy_init"),
            easy_setopt: function!(c"curl_easy_setopt"),
            easy_cleanup: function!(c"curl_easy_cleanup"),
            multi_init: function!(c"curl_multi_init"),
            multi_setopt: function!(c"curl_multi_setopt"),
            multi_add_handle: function!(c"curl_multi_add_handle"),
            multi_remove_handle: function!(c"curl_multi_remove_handle"),
            multi_socket_action: function!(c"curl_multi_socket_action"),
            multi_info_read: function!(c"curl_multi_info_read"),
        })
    }

    /// Its name and version: the first word of `curl_version`.
    pub fn version(&self) -> String {
        // SAFETY: the function has no arguments and gives a C string that lives on.
        let text = unsafe { CStr::from_ptr((self.version)()) };
        let text = text.to_string_lossy();
        text.split(' ').next().unwrap_or_default().replace(['"', '\\'], "")
    }

    /// A GET of the URL.
    pub fn easy(&self, url: &CStr) -> Result<Easy, String> {
        // SAFETY: the handle is new and checked; each option gets the type that it wants, and libcurl
        // copies the strings.
        unsafe {
            let easy = (self.easy_init)();
            if easy.is_null() {
                return Err("curl_easy_init failed".to_owned());
            }
            (self.easy_setopt)(easy, CURLOPT_URL, url.as_ptr());
            (self.easy_setopt)(easy, CURLOPT_PROXY, c"".as_ptr());
            (self.easy_setopt)(easy, CURLOPT_NOSIGNAL, 1 as c_long);
            (self.easy_setopt)(easy, CURLOPT_WRITEFUNCTION, write as *const c_void);
            Ok(Easy(easy))
        }
    }

    /// Ends a handle.
    pub fn cleanup(&self, easy: Easy) {
        // SAFETY: the handle is live and in no multi handle, as its type says, and given up here.
        unsafe { (self.easy_cleanup)(easy.0) }
    }

    /// How many pieces of bodies have come.
    pub fn pieces(&self) -> u64 {
        PIECES.load(Ordering::Relaxed)
    }
}

extern "C" fn write(_: *const c_char, size: usize, count: usize, _: *mut c_void) -> usize {
    PIECES.fetch_add(1, Ordering::Relaxed);
    size * count
}
