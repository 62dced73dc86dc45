//! The share handle: caches and stores that several easy handles use, in several threads if the
//! application likes.
//!
//! What is shared is thread-safe by itself. The application's lock functions are called all the
//! same when a handle is linked, when a transfer starts, and around what options and infos do at
//! once; while a transfer runs our own locks are enough.

use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tress_engine::Parked;
use tress_engine::stores::{DnsCache, Shared, TlsContext, lock};
use tress_model::cookie::CookieJar;
use tress_model::hsts::HstsCache;

use crate::callbacks::{Lock, Unlock};
use crate::entry::entry;
use crate::fork::Process;
use crate::tables::shopt;

/// Tells a share handle from other memory: `CURL_GOOD_SHARE`.
const MAGIC: u32 = 0x7e11_7a1e;

/// `CURLSHE_OK`.
const OK: c_int = 0;
/// `CURLSHE_BAD_OPTION`.
const BAD_OPTION: c_int = 1;
/// `CURLSHE_IN_USE`.
const IN_USE: c_int = 2;
/// `CURLSHE_INVALID`.
const INVALID: c_int = 3;
/// `CURLSHE_NOMEM`.
const NOMEM: c_int = 4;

/// What can be shared (`CURL_LOCK_DATA_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Data {
    /// The share handle itself; not for `CURLSHOPT_SHARE`.
    Share = 1,
    Cookie = 2,
    Dns = 3,
    SslSession = 4,
    Connect = 5,
    Psl = 6,
    Hsts = 7,
}

impl Data {
    fn from_int(value: c_int) -> Option<Self> {
        use Data::*;
        let all = [Cookie, Dns, SslSession, Connect, Psl, Hsts];
        all.into_iter().find(|data| *data as c_int == value)
    }
}

/// What `CURLSH *` points to; the number comes first, as in an easy handle.
#[repr(C)]
pub struct ShareHandle {
    magic: u32,
    share: Arc<Share>,
}

/// What a share handle and the easy handles linked to it hold together.
#[derive(Default)]
struct Share {
    /// Easy handles that are linked.
    users: AtomicU32,
    /// There was one at some time.
    ever_used: AtomicBool,
    settings: Mutex<Settings>,
    /// There while they are shared.
    cookies: Mutex<Option<Shared<CookieJar>>>,
    hsts: Mutex<Option<Shared<HstsCache>>>,
    dns: Shared<DnsCache>,
    tls: TlsContext,
    /// Connections of multi handles that are gone, for the next one.
    parked: Mutex<Idle>,
}

const _: () = {
    const fn goes_to_any_thread<T: Send + Sync>() {}
    goes_to_any_thread::<Share>();
};

/// Where a multi handle's idle connections go when it ends.
pub(crate) struct Parking(Arc<Share>);

impl Parking {
    /// Leaves connections to others.
    pub(crate) fn park(&self, connections: Vec<Parked>) {
        self.0.parked().of_this_process().extend(connections);
    }

    /// Takes what others have left.
    pub(crate) fn take(&self) -> Vec<Parked> {
        std::mem::take(self.0.parked().of_this_process())
    }
}

/// Connections that no multi handle has.
#[derive(Default)]
struct Idle {
    process: Option<Process>,
    connections: Vec<Parked>,
}

impl Idle {
    /// What the parent process has left is dropped: it is still the parent's.
    fn of_this_process(&mut self) -> &mut Vec<Parked> {
        if self.process.get_or_insert_with(Process::this).has_forked() {
            self.connections.clear();
        }
        &mut self.connections
    }
}

#[derive(Clone, Copy, Default)]
struct Settings {
    /// Bit n: `CURL_LOCK_DATA_*` n is shared.
    shared: u32,
    lock: Option<Lock>,
    unlock: Option<Unlock>,
    data: UserData,
}

/// The application's pointer, only ever given back to it.
#[derive(Clone, Copy)]
struct UserData(*mut c_void);

impl Default for UserData {
    fn default() -> Self {
        Self(null_mut())
    }
}

// SAFETY: we never look behind the pointer; the application asked for it in any thread.
unsafe impl Send for UserData {}

/// An easy handle's use of a share; it ends when this is dropped.
pub struct Link(Arc<Share>);

impl ShareHandle {
    /// The handle behind a `CURLSH *`; none for NULL and for what looks freed or foreign.
    ///
    /// # Safety
    /// `share` is NULL or points to readable memory.
    unsafe fn from_c(share: *mut c_void) -> Option<NonNull<Self>> {
        let share = NonNull::new(share.cast::<Self>())?;
        // SAFETY: by contract readable; only the number is looked at.
        let magic = unsafe { (&raw const (*share.as_ptr()).magic).read_unaligned() };
        (magic == MAGIC).then_some(share)
    }

    /// Links an easy handle.
    ///
    /// # Safety
    /// `share` is NULL or points to readable memory.
    pub unsafe fn link(share: *mut c_void) -> Option<Link> {
        // SAFETY: by contract.
        let share = unsafe { Self::from_c(share)?.as_ref() };
        share.share.users.fetch_add(1, Ordering::AcqRel);
        share.share.ever_used.store(true, Ordering::Release);
        Some(Link(share.share.clone()))
    }
}

impl Link {
    /// Is this kind of data shared?
    pub(crate) fn shares(&self, data: Data) -> bool {
        self.0.settings().shared & (1 << data as u32) != 0
    }

    /// The jar of all that share cookies; none: they are not shared.
    pub(crate) fn cookies(&self) -> Option<Shared<CookieJar>> {
        lock(&self.0.cookies).clone()
    }

    /// The HSTS hosts of all that share them; none: they are not shared.
    pub(crate) fn hsts(&self) -> Option<Shared<HstsCache>> {
        lock(&self.0.hsts).clone()
    }

    /// The names that all know who share them.
    pub(crate) fn dns(&self) -> Option<Shared<DnsCache>> {
        self.shares(Data::Dns).then(|| self.0.dns.clone())
    }

    /// The TLS sessions of all that share them.
    pub(crate) fn tls(&self) -> Option<TlsContext> {
        self.shares(Data::SslSession).then(|| self.0.tls.clone())
    }

    /// Where connections are shared: the place for idle ones.
    pub(crate) fn parking(&self) -> Option<Parking> {
        self.shares(Data::Connect).then(|| Parking(self.0.clone()))
    }

    /// Runs `body` between the application's lock and unlock functions.
    pub(crate) fn locked<T>(&self, easy: *mut c_void, data: Data, body: impl FnOnce() -> T) -> T {
        self.0.locked(easy, data, body)
    }
}

impl Clone for Link {
    fn clone(&self) -> Self {
        self.0.users.fetch_add(1, Ordering::AcqRel);
        Self(self.0.clone())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.0.users.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Share {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        lock(&self.settings)
    }

    fn parked(&self) -> MutexGuard<'_, Idle> {
        lock(&self.parked)
    }

    /// Runs `body` between the application's lock and unlock functions; around the share handle
    /// itself only where both are there.
    fn locked<T>(&self, easy: *mut c_void, data: Data, body: impl FnOnce() -> T) -> T {
        /// `CURL_LOCK_ACCESS_SINGLE`.
        const SINGLE: c_int = 2;
        let Settings { mut lock, mut unlock, data: UserData(user), .. } = *self.settings();
        if data == Data::Share && (lock.is_none() || unlock.is_none()) {
            (lock, unlock) = (None, None);
        }
        if let Some(lock) = lock {
            // SAFETY: the application's function, with the arguments its type asks for.
            unsafe { lock(easy, data as c_int, SINGLE, user) };
        }
        let result = body();
        if let Some(unlock) = unlock {
            // SAFETY: as above.
            unsafe { unlock(easy, data as c_int, user) };
        }
        result
    }

    /// Makes a store that is to be shared.
    fn keep(&self, data: Data) {
        match data {
            Data::Cookie => drop(lock(&self.cookies).get_or_insert_default()),
            Data::Hsts => drop(lock(&self.hsts).get_or_insert_default()),
            _ => {}
        }
    }

    /// Drops a store that is no longer shared.
    fn forget(&self, data: Data) {
        match data {
            Data::Cookie => *lock(&self.cookies) = None,
            Data::Hsts => *lock(&self.hsts) = None,
            _ => {}
        }
    }

    fn in_use(&self) -> bool {
        self.users.load(Ordering::Acquire) > 0
    }
}

entry! {
    /// `curl_share_init(3)`
    fn curl_share_init() -> *mut c_void [null_mut()] {
        Box::into_raw(Box::new(ShareHandle { magic: MAGIC, share: Arc::default() })).cast()
    }

    /// `curl_share_cleanup(3)`
    fn curl_share_cleanup(share: *mut c_void) -> c_int [NOMEM] {
        // SAFETY: the caller gives NULL or a handle.
        let Some(share) = (unsafe { ShareHandle::from_c(share) }) else { return INVALID };
        // SAFETY: a good handle; made by `curl_share_init`, given up by the application.
        unsafe {
            if share.as_ref().share.in_use() {
                return IN_USE;
            }
            // It is a handle no longer, for the application's functions that are still to come.
            (*share.as_ptr()).magic = 0;
            if share.as_ref().share.ever_used.load(Ordering::Acquire) {
                share.as_ref().share.locked(null_mut(), Data::Share, || ());
            }
            drop(Box::from_raw(share.as_ptr()));
        }
        OK
    }

    /// `curl_share_setopt(3)` with an option that takes an int.
    fn tress_share_setopt_int(share: *mut c_void, option: c_int, value: c_int) -> c_int [NOMEM] {
        change(share, |share, settings| {
            let Some(data) = Data::from_int(value) else { return BAD_OPTION };
            match option {
                shopt::SHARE => {
                    settings.shared |= 1 << data as u32;
                    share.keep(data);
                }
                shopt::UNSHARE if data == Data::Psl => return BAD_OPTION,
                shopt::UNSHARE => {
                    settings.shared &= !(1 << data as u32);
                    share.forget(data);
                }
                _ => return BAD_OPTION,
            }
            OK
        })
    }

    /// `curl_share_setopt(3)` with an option that takes a pointer.
    fn tress_share_setopt_ptr(share: *mut c_void, option: c_int, value: *mut c_void) -> c_int
    [NOMEM] {
        change(share, |_, settings| {
            match option {
                // SAFETY: functions of the option's type, or NULL, by the caller's contract;
                // `Option` of a function has the same layout.
                shopt::LOCKFUNC => settings.lock = unsafe {
                    std::mem::transmute::<*mut c_void, Option<Lock>>(value)
                },
                // SAFETY: as above.
                shopt::UNLOCKFUNC => settings.unlock = unsafe {
                    std::mem::transmute::<*mut c_void, Option<Unlock>>(value)
                },
                shopt::USERDATA => settings.data = UserData(value),
                _ => return BAD_OPTION,
            }
            OK
        })
    }
}

/// Changes a share that no easy handle uses.
fn change(share: *mut c_void, body: impl FnOnce(&Share, &mut Settings) -> c_int) -> c_int {
    // SAFETY: the application gives NULL or a handle.
    let Some(share) = (unsafe { ShareHandle::from_c(share) }) else { return INVALID };
    // SAFETY: a good handle.
    let share = unsafe { &share.as_ref().share };
    if share.in_use() {
        return IN_USE;
    }
    body(share, &mut share.settings())
}
