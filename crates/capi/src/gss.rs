//! The GSS-API library of MIT Kerberos (RFC 2744), opened at run time where it is installed.
//!
//! Nothing here links to it: a machine without Kerberos has a libcurl without Negotiate, and
//! `curl_version_info` says so.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use tress_engine::{Mechanism, Security, SecurityContext, SecurityPeer, SecurityStep};

/// The name of the library's present ABI.
const LIBRARY: &CStr = c"libgssapi_krb5.so.2";

/// The library that contexts of Negotiate are made by.
pub(crate) struct Gss;

/// Can it be opened? Tried once a process.
pub(crate) fn is_available() -> bool {
    api().is_some()
}

type Status = u32;
type Handle = *mut c_void;

/// `gss_buffer_desc`
#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

impl Buffer {
    const EMPTY: Self = Self { length: 0, value: null_mut() };

    /// Bytes that the library only reads.
    fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

/// `gss_channel_bindings_struct`: addresses are of no interest.
#[repr(C)]
struct ChannelBindings {
    initiator_kind: u32,
    initiator: Buffer,
    acceptor_kind: u32,
    acceptor: Buffer,
    application: Buffer,
}

/// `gss_OID_desc`
#[repr(C)]
struct Oid {
    length: u32,
    elements: *const c_void,
}

// SAFETY: what it points to is constant.
unsafe impl Sync for Oid {}

/// `gss_OID_set_desc`
#[repr(C)]
struct OidSet {
    count: usize,
    elements: *mut Oid,
}

impl Oid {
    const fn new(bytes: &'static [u8]) -> Self {
        Self { length: bytes.len() as u32, elements: bytes.as_ptr().cast() }
    }
}

/// SPNEGO (RFC 4178): 1.3.6.1.5.5.2
static SPNEGO: Oid = Oid::new(b"\x2b\x06\x01\x05\x05\x02");
/// Kerberos (RFC 4121): 1.2.840.113554.1.2.2
static KERBEROS: Oid = Oid::new(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/// A service of a host (RFC 2743 section 4.1): 1.2.840.113554.1.2.1.4
static HOST_BASED_SERVICE: Oid = Oid::new(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04");
/// NTLM, which has no business within Negotiate: 1.3.6.1.4.1.311.2.2.10
const NTLM: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

const DELEGATE: u32 = 1;
const MUTUAL: u32 = 2;
const REPLAY: u32 = 4;
const CONFIDENTIALITY: u32 = 16;
const INTEGRITY: u32 = 32;
const DELEGATE_BY_POLICY: u32 = 0x8000;
/// `GSS_C_INITIATE`
const INITIATE: c_int = 1;
/// `GSS_C_GSS_CODE` and `GSS_C_MECH_CODE`
const MAJOR: c_int = 1;
const MINOR: c_int = 2;
/// `GSS_S_FAILURE`: the minor status says what it is.
const FAILURE: Status = 13 << 16;
/// Texts of one status at most.
const MAX_TEXTS: usize = 8;

macro_rules! functions {
    ($($name:ident: fn($($type:ty),*);)*) => {
        /// The library's functions.
        struct Api { $($name: unsafe extern "C" fn($($type),*) -> Status,)* }

        impl Api {
            fn open() -> Option<Self> {
                // SAFETY: the name is a C string; the library stays open for ever.
                let library = unsafe { libc::dlopen(LIBRARY.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
                if library.is_null() {
                    return None;
                }
                $(
                    let name = concat!("gss_", stringify!($name), "\0");
                    // SAFETY: the library is open and the name a C string.
                    let $name = unsafe { libc::dlsym(library, name.as_ptr().cast()) };
                    if $name.is_null() {
                        return None;
                    }
                    // SAFETY: RFC 2744 gives the function of this name this type.
                    let $name = unsafe {
                        std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> Status>($name)
                    };
                )*
                Some(Self { $($name,)* })
            }
        }
    };
}

functions! {
    import_name: fn(*mut Status, *const Buffer, *const Oid, *mut Handle);
    release_name: fn(*mut Status, *mut Handle);
    acquire_cred: fn(*mut Status, Handle, u32, *const OidSet, c_int, *mut Handle, *mut *mut OidSet, *mut u32);
    release_cred: fn(*mut Status, *mut Handle);
    indicate_mechs: fn(*mut Status, *mut *mut OidSet);
    create_empty_oid_set: fn(*mut Status, *mut *mut OidSet);
    add_oid_set_member: fn(*mut Status, *const Oid, *mut *mut OidSet);
    release_oid_set: fn(*mut Status, *mut *mut OidSet);
    set_neg_mechs: fn(*mut Status, Handle, *const OidSet);
    init_sec_context: fn(*mut Status, Handle, *mut Handle, Handle, *const Oid, u32, u32, *const ChannelBindings,
        *const Buffer, *mut *mut Oid, *mut Buffer, *mut u32, *mut u32);
    delete_sec_context: fn(*mut Status, *mut Handle, *mut Buffer);
    wrap: fn(*mut Status, Handle, c_int, u32, *const Buffer, *mut c_int, *mut Buffer);
    unwrap: fn(*mut Status, Handle, *const Buffer, *mut Buffer, *mut c_int, *mut u32);
    release_buffer: fn(*mut Status, *mut Buffer);
    display_status: fn(*mut Status, Status, c_int, *const Oid, *mut u32, *mut Buffer);
}

fn api() -> Option<&'static Api> {
    static API: OnceLock<Option<Api>> = OnceLock::new();
    API.get_or_init(Api::open).as_ref()
}

impl Security for Gss {
    fn is_available(&self) -> bool {
        is_available()
    }

    fn context(&self, peer: SecurityPeer) -> Box<dyn SecurityContext> {
        let (name, credentials, context) = (null_mut(), null_mut(), null_mut());
        Box::new(Context { peer, name, credentials, context })
    }
}

/// A context and what it is made from; null until it is needed.
struct Context {
    peer: SecurityPeer,
    name: Handle,
    credentials: Handle,
    context: Handle,
}

// SAFETY: the library allows its objects in any thread, one at a time; they are this value's alone.
unsafe impl Send for Context {}

impl SecurityContext for Context {
    fn step(&mut self, token: &[u8]) -> Result<SecurityStep, String> {
        let api = api().ok_or("no GSS-API library")?;
        if self.name.is_null() {
            self.name = api.name(&self.peer)?;
        }
        if self.credentials.is_null() && self.peer.mechanism == Mechanism::Negotiate {
            self.credentials = api.credentials()?;
        }
        api.step(self, token)
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        let api = api().ok_or("no GSS-API library")?;
        let input = Buffer::of(message);
        let (mut minor, mut output) = (0, Buffer::EMPTY);
        // SAFETY: the context is the library's own, the input is only read and lives through the
        // call; the rest is ours to write, null for what is not asked for.
        let major =
            unsafe { (api.wrap)(&mut minor, self.context, 0, 0, &input, null_mut(), &mut output) };
        let token = api.take(&mut output);
        api.check("gss_wrap", major, minor).map(|()| token)
    }

    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        let api = api().ok_or("no GSS-API library")?;
        let input = Buffer::of(message);
        let (mut minor, mut output) = (0, Buffer::EMPTY);
        // SAFETY: as in `wrap`.
        let major = unsafe {
            (api.unwrap)(&mut minor, self.context, &input, &mut output, null_mut(), null_mut())
        };
        let message = api.take(&mut output);
        api.check("gss_unwrap", major, minor).map(|()| message)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let Some(api) = api() else { return };
        let mut minor = 0;
        // SAFETY: each is null or an object of the library that nobody else has.
        unsafe {
            if !self.context.is_null() {
                (api.delete_sec_context)(&mut minor, &mut self.context, null_mut());
            }
            if !self.name.is_null() {
                (api.release_name)(&mut minor, &mut self.name);
            }
            if !self.credentials.is_null() {
                (api.release_cred)(&mut minor, &mut self.credentials);
            }
        }
    }
}

impl Api {
    /// The name of a service.
    fn name(&self, peer: &SecurityPeer) -> Result<Handle, String> {
        let is_whole = peer.mechanism == Mechanism::Kerberos && peer.service.contains(&b'/');
        let (text, kind) = match is_whole {
            true => (peer.service.clone(), null()),
            false => {
                ([&peer.service[..], b"@", &peer.host].concat(), &raw const HOST_BASED_SERVICE)
            }
        };
        let buffer = Buffer::of(&text);
        let (mut minor, mut name) = (0, null_mut());
        // SAFETY: the buffer lives through the call, which copies it; the rest is ours to write;
        // null stands for the kind of names that the mechanism itself has.
        let major = unsafe { (self.import_name)(&mut minor, &buffer, kind, &mut name) };
        self.check("gss_import_name", major, minor).map(|()| name)
    }

    /// The user's own credentials, for all mechanisms but NTLM.
    fn credentials(&self) -> Result<Handle, String> {
        let (mut minor, mut credentials) = (0, null_mut());
        // SAFETY: null stands for defaults and for what is not asked for; the rest is ours.
        let major = unsafe {
            (self.acquire_cred)(
                &mut minor,
                null_mut(),
                u32::MAX,
                null(),
                INITIATE,
                &mut credentials,
                null_mut(),
                null_mut(),
            )
        };
        self.check("gss_acquire_cred", major, minor)?;
        self.restrict(credentials);
        Ok(credentials)
    }

    /// Keeps SPNEGO from offering NTLM.
    fn restrict(&self, credentials: Handle) {
        let (mut minor, mut all, mut some) = (0, null_mut::<OidSet>(), null_mut::<OidSet>());
        // SAFETY: the sets are the library's, and given back to it; `all` has `count` elements.
        unsafe {
            if is_error((self.indicate_mechs)(&mut minor, &mut all)) || all.is_null() {
                return;
            }
            if !is_error((self.create_empty_oid_set)(&mut minor, &mut some)) {
                let (count, elements) = ((*all).count, (*all).elements);
                let mechanisms = match count {
                    0 => &[],
                    count => std::slice::from_raw_parts(elements, count),
                };
                for mechanism in mechanisms {
                    let length = mechanism.length as usize;
                    let bytes = std::slice::from_raw_parts(mechanism.elements.cast::<u8>(), length);
                    if bytes != NTLM {
                        (self.add_oid_set_member)(&mut minor, mechanism, &mut some);
                    }
                }
                (self.set_neg_mechs)(&mut minor, credentials, some);
                (self.release_oid_set)(&mut minor, &mut some);
            }
            (self.release_oid_set)(&mut minor, &mut all);
        }
    }

    fn step(&self, context: &mut Context, token: &[u8]) -> Result<SecurityStep, String> {
        let mut flags = MUTUAL | REPLAY;
        // `CURLGSSAPI_DELEGATION_POLICY_FLAG`, `CURLGSSAPI_DELEGATION_FLAG`
        flags |= if context.peer.delegation & 1 != 0 { DELEGATE_BY_POLICY } else { 0 };
        flags |= if context.peer.delegation & 2 != 0 { DELEGATE } else { 0 };
        let input = Buffer::of(token);
        let binding = &context.peer.channel_binding;
        let bindings = ChannelBindings {
            initiator_kind: 0,
            initiator: Buffer::EMPTY,
            acceptor_kind: 0,
            acceptor: Buffer::EMPTY,
            application: Buffer::of(binding),
        };
        let bindings = if binding.is_empty() { null() } else { &raw const bindings };
        let mechanism = match context.peer.mechanism {
            Mechanism::Negotiate => &SPNEGO,
            Mechanism::Kerberos => &KERBEROS,
        };
        let (mut output, mut minor, mut granted) = (Buffer::EMPTY, 0, 0);
        // SAFETY: name, credentials and context are the library's own; the buffers live through
        // the call, the input is only read.
        let major = unsafe {
            (self.init_sec_context)(
                &mut minor,
                context.credentials,
                &mut context.context,
                context.name,
                mechanism,
                flags,
                0,
                bindings,
                &input,
                null_mut(),
                &mut output,
                &mut granted,
                null_mut(),
            )
        };
        let token = self.take(&mut output);
        self.check("gss_init_sec_context", major, minor)?;
        let protection = match granted {
            granted if granted & CONFIDENTIALITY != 0 => 2,
            granted => u8::from(granted & INTEGRITY != 0),
        };
        Ok(SecurityStep { token, complete: major == 0, protection })
    }

    /// The bytes of a buffer that the library has filled, which is given back.
    fn take(&self, buffer: &mut Buffer) -> Vec<u8> {
        let mut minor = 0;
        if buffer.value.is_null() {
            return Vec::new();
        }
        // SAFETY: the library has put so many bytes there; they are copied before it frees them.
        unsafe {
            let bytes = std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length);
            let bytes = bytes.to_vec();
            (self.release_buffer)(&mut minor, buffer);
            bytes
        }
    }

    /// The error of a call, in the library's words.
    fn check(&self, call: &str, major: Status, minor: Status) -> Result<(), String> {
        if !is_error(major) {
            return Ok(());
        }
        let mut text = format!("{call}() failed: ");
        if major != FAILURE {
            self.describe(major, MAJOR, &mut text);
        }
        self.describe(minor, MINOR, &mut text);
        Err(text)
    }

    fn describe(&self, status: Status, kind: c_int, out: &mut String) {
        let mut more = 0;
        for _ in 0..MAX_TEXTS {
            let (mut minor, mut text) = (0, Buffer::EMPTY);
            // SAFETY: everything written to is ours; the text is given back by `take`.
            let major = unsafe {
                (self.display_status)(&mut minor, status, kind, null(), &mut more, &mut text)
            };
            let text = self.take(&mut text);
            if major == 0 && !text.is_empty() {
                out.push_str(&String::from_utf8_lossy(&text));
                out.push_str(". ");
            }
            if is_error(major) || more == 0 {
                return;
            }
        }
    }
}

/// `GSS_ERROR`: a calling or a routine error.
fn is_error(major: Status) -> bool {
    major & 0xffff_0000 != 0
}
