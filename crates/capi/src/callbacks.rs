//! What the application hands over to be called: functions, and the pointers given back to them.
//!
//! The types have libcurl's signatures (`curl/curl.h`). What nearly every program sets stands in
//! [`Callbacks`]; the rest costs nothing until it is set.

use std::ffi::{c_char, c_double, c_int, c_long, c_uint, c_void};

use crate::slist::Slist;

/// `curl_write_callback`: body and header bytes.
pub type Write = unsafe extern "C" fn(*mut c_char, usize, usize, *mut c_void) -> usize;
/// `curl_read_callback`: bytes to upload.
pub type Read = unsafe extern "C" fn(*mut c_char, usize, usize, *mut c_void) -> usize;
/// `curl_seek_callback`.
pub type Seek = unsafe extern "C" fn(*mut c_void, i64, c_int) -> c_int;
/// `curl_ioctl_callback`.
pub type Ioctl = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void) -> c_int;
/// `curl_progress_callback`.
pub type Progress =
    unsafe extern "C" fn(*mut c_void, c_double, c_double, c_double, c_double) -> c_int;
/// `curl_xferinfo_callback`.
pub type XferInfo = unsafe extern "C" fn(*mut c_void, i64, i64, i64, i64) -> c_int;
/// `curl_debug_callback`.
pub type Debug = unsafe extern "C" fn(*mut c_void, c_int, *mut c_char, usize, *mut c_void) -> c_int;
/// `curl_sockopt_callback`.
pub type SockOpt = unsafe extern "C" fn(*mut c_void, c_int, c_int) -> c_int;
/// `curl_opensocket_callback`.
pub type OpenSocket = unsafe extern "C" fn(*mut c_void, c_int, *mut SockAddr) -> c_int;
/// `curl_closesocket_callback`.
pub type CloseSocket = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;
/// `curl_prereq_callback`.
pub type Prereq =
    unsafe extern "C" fn(*mut c_void, *mut c_char, *mut c_char, c_int, c_int) -> c_int;
/// `curl_resolver_start_callback`.
pub type ResolverStart = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> c_int;
/// `curl_trailer_callback`.
pub type Trailer = unsafe extern "C" fn(*mut *mut Slist, *mut c_void) -> c_int;
/// `curl_chunk_bgn_callback`.
pub type ChunkBegin = unsafe extern "C" fn(*const c_void, *mut c_void, c_int) -> c_long;
/// `curl_chunk_end_callback`.
pub type ChunkEnd = unsafe extern "C" fn(*mut c_void) -> c_long;
/// `curl_fnmatch_callback`.
pub type FnMatch = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> c_int;
/// `curl_hstsread_callback`.
pub type HstsRead = unsafe extern "C" fn(*mut c_void, *mut HstsEntry, *mut c_void) -> c_int;
/// `curl_hstswrite_callback`.
pub type HstsWrite =
    unsafe extern "C" fn(*mut c_void, *mut HstsEntry, *mut HstsIndex, *mut c_void) -> c_int;
/// `curl_sshkeycallback`.
pub type SshKey =
    unsafe extern "C" fn(*mut c_void, *const KhKey, *const KhKey, c_int, *mut c_void) -> c_int;
/// `curl_sshhostkeycallback`.
pub type SshHostKey = unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize) -> c_int;
/// `curl_socket_callback`.
pub type Socket =
    unsafe extern "C" fn(*mut c_void, c_int, c_int, *mut c_void, *mut c_void) -> c_int;
/// `curl_multi_timer_callback`.
pub type Timer = unsafe extern "C" fn(*mut c_void, c_long, *mut c_void) -> c_int;
/// `curl_notify_callback`.
pub type Notify = unsafe extern "C" fn(*mut c_void, c_uint, *mut c_void, *mut c_void);
/// `curl_push_callback`.
pub type Push =
    unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *mut c_void, *mut c_void) -> c_int;
/// `curl_lock_function`.
pub type Lock = unsafe extern "C" fn(*mut c_void, c_int, c_int, *mut c_void);
/// `curl_unlock_function`.
pub type Unlock = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void);

/// `CURL_WRITEFUNC_PAUSE`, `CURL_READFUNC_PAUSE`.
pub const PAUSE: usize = 0x1000_0001;
/// `CURL_READFUNC_ABORT`.
pub const READ_ABORT: usize = 0x1000_0000;
/// `CURL_PROGRESSFUNC_CONTINUE`.
pub const PROGRESS_CONTINUE: c_int = 0x1000_0001;
/// `CURL_MAX_WRITE_SIZE`: the most bytes of a body that one write callback gets.
pub const MAX_WRITE_SIZE: usize = 16_384;

/// `struct curl_khkey`.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct KhKey {
    pub key: *const c_char,
    pub len: usize,
    pub keytype: c_int,
}

/// `struct curl_sockaddr`.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct SockAddr {
    pub family: c_int,
    pub socktype: c_int,
    pub protocol: c_int,
    pub addrlen: c_uint,
    pub addr: libc::sockaddr_storage,
}

/// `struct curl_hstsentry`.
#[repr(C)]
#[allow(missing_docs)]
pub struct HstsEntry {
    pub name: *mut c_char,
    pub namelen: usize,
    /// A bit field of C: bit 0 is `includeSubDomains`.
    flags: u8,
    pub expire: [c_char; 18],
}

impl HstsEntry {
    /// An entry whose name is in, or goes to, `name`.
    pub fn with_name(name: &mut [u8], namelen: usize) -> Self {
        Self { name: name.as_mut_ptr().cast(), namelen, flags: 0, expire: [0; 18] }
    }

    /// Hosts below it too.
    pub fn include_subdomains(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Hosts below it too, or not.
    pub fn set_include_subdomains(&mut self, yes: bool) {
        self.flags = u8::from(yes);
    }
}

/// `struct curl_index`.
#[repr(C)]
#[allow(missing_docs)]
pub struct HstsIndex {
    pub index: usize,
    pub total: usize,
}

/// The callbacks of an easy handle that most programs set, with their pointers.
#[derive(Clone)]
#[allow(missing_docs)]
pub struct Callbacks {
    pub write: Option<Write>,
    pub write_data: *mut c_void,
    pub header: Option<Write>,
    pub header_data: *mut c_void,
    pub read: Option<Read>,
    pub read_data: *mut c_void,
    pub xferinfo: Option<XferInfo>,
    pub progress_data: *mut c_void,
    /// Callbacks that few programs set.
    pub rare: Option<Box<Rare>>,
}

/// The callbacks of an easy handle that few programs set.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Rare {
    pub debug: Option<Debug>,
    pub debug_data: *mut c_void,
    pub stderr: *mut libc::FILE,
    pub progress: Option<Progress>,
    pub seek: Option<Seek>,
    pub seek_data: *mut c_void,
    pub ioctl: Option<Ioctl>,
    pub ioctl_data: *mut c_void,
    pub sockopt: Option<SockOpt>,
    pub sockopt_data: *mut c_void,
    pub opensocket: Option<OpenSocket>,
    pub opensocket_data: *mut c_void,
    pub closesocket: Option<CloseSocket>,
    pub closesocket_data: *mut c_void,
    pub prereq: Option<Prereq>,
    pub prereq_data: *mut c_void,
    pub resolver_start: Option<ResolverStart>,
    pub resolver_start_data: *mut c_void,
    pub trailer: Option<Trailer>,
    pub trailer_data: *mut c_void,
    pub chunk_begin: Option<ChunkBegin>,
    pub chunk_end: Option<ChunkEnd>,
    pub chunk_data: *mut c_void,
    pub fnmatch: Option<FnMatch>,
    pub fnmatch_data: *mut c_void,
    pub interleave: Option<Write>,
    pub interleave_data: *mut c_void,
    pub ssh_key: Option<SshKey>,
    pub ssh_key_data: *mut c_void,
    pub ssh_hostkey: Option<SshHostKey>,
    pub ssh_hostkey_data: *mut c_void,
    pub hsts_read: Option<HstsRead>,
    pub hsts_read_data: *mut c_void,
    pub hsts_write: Option<HstsWrite>,
    pub hsts_write_data: *mut c_void,
}

impl Callbacks {
    /// None set: bodies go to standard output, uploads come from standard input.
    pub fn new() -> Self {
        let null = std::ptr::null_mut();
        Self {
            write: None,
            write_data: crate::stdio::stdout_stream().cast(),
            header: None,
            header_data: null,
            read: None,
            read_data: crate::stdio::stdin_stream().cast(),
            xferinfo: None,
            progress_data: null,
            rare: None,
        }
    }

    /// The rare ones; none are set where nothing was ever.
    pub fn rare(&self) -> Rare {
        self.rare.as_deref().copied().unwrap_or(Rare::NONE)
    }

    /// The rare ones, to be changed.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(|| Box::new(Rare::NONE))
    }
}

impl Default for Callbacks {
    fn default() -> Self {
        Self::new()
    }
}

impl Rare {
    const NONE: Self = Self {
        debug: None,
        debug_data: std::ptr::null_mut(),
        stderr: std::ptr::null_mut(),
        progress: None,
        seek: None,
        seek_data: std::ptr::null_mut(),
        ioctl: None,
        ioctl_data: std::ptr::null_mut(),
        sockopt: None,
        sockopt_data: std::ptr::null_mut(),
        opensocket: None,
        opensocket_data: std::ptr::null_mut(),
        closesocket: None,
        closesocket_data: std::ptr::null_mut(),
        prereq: None,
        prereq_data: std::ptr::null_mut(),
        resolver_start: None,
        resolver_start_data: std::ptr::null_mut(),
        trailer: None,
        trailer_data: std::ptr::null_mut(),
        chunk_begin: None,
        chunk_end: None,
        chunk_data: std::ptr::null_mut(),
        fnmatch: None,
        fnmatch_data: std::ptr::null_mut(),
        interleave: None,
        interleave_data: std::ptr::null_mut(),
        ssh_key: None,
        ssh_key_data: std::ptr::null_mut(),
        ssh_hostkey: None,
        ssh_hostkey_data: std::ptr::null_mut(),
        hsts_read: None,
        hsts_read_data: std::ptr::null_mut(),
        hsts_write: None,
        hsts_write_data: std::ptr::null_mut(),
    };
}
