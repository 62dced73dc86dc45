//! The multi handle: the engine, the application's socket and timer callbacks, and the easy
//! handles that were added.

mod answers;
pub mod api;
mod body;
mod drive;
pub mod form;
mod host_key;
mod meter;
#[cfg(test)]
mod notify_tests;
pub mod poll;
mod setopt;
mod sockets;
mod wildcard;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::time::Instant;

use tress_engine::{MultiSettings, Pushed, Transfer, TransferId};
use tress_model::{Code, MultiCode};

use crate::callbacks::{CloseSocket, Notify, Push, Rare, Socket, Timer};
use crate::easy::Easy;
use crate::fork::Process;
use crate::gss::Gss;
use crate::guard::{Callback, Calls, enter_callback};
use crate::share::Parking;

pub(crate) use answers::{debug, debug_alone};
pub use drive::{act, drive};
use poll::Poller;
use sockets::Sockets;

/// Tells a multi handle from other memory: `CURLMULTI_MAGIC_NUMBER`.
const MAGIC: u32 = 0x000b_ab1e;

/// What `CURLM *` points to; the number comes first, as in [`Easy`].
#[repr(C)]
pub struct Multi {
    magic: u32,
    /// API calls and callbacks going on with this handle.
    pub(crate) calls: Calls,
    /// A callback returned -1: the transfers end with `CURLM_ABORTED_BY_CALLBACK`.
    aborted: bool,
    /// The timer callback returned -1 in this call.
    timer_refused: bool,
    /// A panic was caught while it was worked on: it only serves to be cleaned up.
    pub(crate) poisoned: bool,
    pub(crate) engine: tress_engine::Multi,
    /// The easy handles, by the index of their transfer's id.
    handles: Vec<Option<NonNull<Easy>>>,
    /// How handles that are gone would close the sockets that they have left.
    closers: HashMap<TransferId, Closer>,
    /// Handles whose settings changed after they were added and before their transfer begins.
    changed: Vec<NonNull<Easy>>,
    added: i64,
    callbacks: Callbacks,
    sockets: Sockets,
    poller: Poller,
    /// Connections outlive it there, where an easy handle shares them.
    parking: Option<Parking>,
    /// Whose the connections are.
    process: Process,
    /// The handle that the socket callback is given for what no transfer of the application
    /// does; made when first needed.
    admin: Option<NonNull<Easy>>,
}

/// The callbacks of a multi handle.
struct Callbacks {
    socket: Option<Socket>,
    socket_data: *mut c_void,
    timer: Option<Timer>,
    timer_data: *mut c_void,
    push: Option<Push>,
    push_data: *mut c_void,
    notify: Option<Notify>,
    notify_data: *mut c_void,
    /// Which notifications are enabled: bit n for `CURLMNOTIFY_*` n.
    notifications: u8,
    /// Notifications to come, and whose they are; none: nobody's.
    due: VecDeque<(u32, Option<TransferId>)>,
}

/// `CURLOPT_CLOSESOCKETFUNCTION` and its pointer.
type Closer = (CloseSocket, *mut c_void);

/// `CURLMNOTIFY_INFO_READ`: messages can be read.
const NOTIFY_INFO_READ: u32 = 0;
/// `CURLMNOTIFY_EASY_DONE`: a transfer is over.
const NOTIFY_EASY_DONE: u32 = 1;

/// `CURLMsg`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    msg: c_int,
    easy: *mut c_void,
    data: MessageData,
}

/// The union in `CURLMsg`.
#[repr(C)]
#[derive(Clone, Copy)]
union MessageData {
    whatever: *mut c_void,
    result: c_int,
}

impl Message {
    /// No message.
    pub(crate) fn none() -> Self {
        Self { msg: 0, easy: null_mut(), data: MessageData { whatever: null_mut() } }
    }

    /// `CURLMSG_DONE`.
    fn done(easy: NonNull<Easy>, result: Code) -> Self {
        let mut data = MessageData { whatever: null_mut() };
        data.result = result as c_int;
        Self { msg: 1, easy: easy.as_ptr().cast(), data }
    }
}

impl Multi {
    fn new() -> Self {
        let null = null_mut();
        let mut engine = tress_engine::Multi::new(MultiSettings::default());
        engine.set_security(&Gss);
        Self {
            magic: MAGIC,
            calls: Calls::default(),
            aborted: false,
            timer_refused: false,
            poisoned: false,
            engine,
            handles: Vec::new(),
            changed: Vec::new(),
            added: 0,
            closers: HashMap::new(),
            callbacks: Callbacks {
                socket: None,
                socket_data: null,
                timer: None,
                timer_data: null,
                push: None,
                push_data: null,
                notify: None,
                notify_data: null,
                notifications: 0,
                due: VecDeque::new(),
            },
            sockets: Sockets::default(),
            poller: Poller::default(),
            parking: None,
            process: Process::this(),
            admin: None,
        }
    }

    /// A new handle, to be given to [`destroy`] once.
    pub(crate) fn create() -> *mut Self {
        Box::into_raw(Box::new(Self::new()))
    }

    /// The handle behind a `CURLM *`; none for NULL and for what looks freed or foreign.
    ///
    /// # Safety
    /// `multi` is NULL or points to readable memory.
    pub unsafe fn from_c(multi: *mut c_void) -> Option<NonNull<Self>> {
        let multi = NonNull::new(multi.cast::<Self>())?;
        // SAFETY: by contract readable; only the number is looked at.
        let magic = unsafe { (&raw const (*multi.as_ptr()).magic).read_unaligned() };
        (magic == MAGIC).then_some(multi)
    }

    /// The easy handle of a transfer.
    fn handle(&self, id: TransferId) -> Option<NonNull<Easy>> {
        self.handles.get(id.index()).copied().flatten()
    }

    /// Notes whose transfer it is that was added to the engine; `started`: could it start?
    ///
    /// # Safety
    /// Both are good and not borrowed.
    unsafe fn admit(
        multi: NonNull<Self>,
        easy: NonNull<Easy>,
        id: TransferId,
        started: tress_model::Result<()>,
    ) {
        // SAFETY: by contract.
        let (this, handle) = unsafe { (&mut *multi.as_ptr(), &mut *easy.as_ptr()) };
        if this.handles.len() <= id.index() {
            this.handles.resize(id.index() + 1, None);
        }
        if let Some(slot) = this.handles.get_mut(id.index()) {
            *slot = Some(easy);
        }
        if let (Err(error), Some(transfer)) = (started, this.engine.transfer_mut(id)) {
            transfer.fail_with(error);
        }
        this.added += 1;
        // The pointer itself, not one made of the borrow: it is used when that is long over.
        handle.multi = multi.as_ptr();
        handle.id = Some(id);
    }

    /// The push callback and its pointer, where one is set.
    pub(crate) fn push_callback(&self) -> Option<(Push, *mut c_void)> {
        Some((self.callbacks.push?, self.callbacks.push_data))
    }

    /// Remembers how the sockets are closed that a handle leaves with its connections.
    fn keep_closer(&mut self, id: TransferId, rare: Rare) {
        let Some(close) = rare.closesocket else { return };
        if self.closers.len() >= 16 + 2 * self.engine.connections() {
            let engine = &self.engine;
            self.closers.retain(|id, _| engine.has_opened(*id));
        }
        self.closers.insert(id, (close, rare.closesocket_data));
    }

    /// How the socket of a handle that is gone is closed; none: as any other.
    fn closer(&self, id: TransferId) -> Option<Closer> {
        self.closers.get(&id).copied()
    }

    fn forget(&mut self, id: TransferId) {
        if let Some(slot) = self.handles.get_mut(id.index()) {
            *slot = None;
        }
    }

    /// Takes the clock reading of this entry into the library.
    pub(crate) fn enter(&mut self) {
        if self.process.has_forked() {
            self.engine.forked();
            self.sockets = Sockets::default();
        }
        self.engine.enter(Instant::now());
    }

    /// An option of an added handle was set: what it points to is read when its transfer begins.
    pub(crate) fn settings_changed(&mut self, easy: NonNull<Easy>, id: TransferId) {
        if self.engine.is_to_begin(id) && !self.changed.contains(&easy) {
            self.changed.push(easy);
        }
    }

    /// The easy handle that stands for none of the application's.
    fn admin(&mut self) -> NonNull<Easy> {
        *self.admin.get_or_insert_with(|| {
            let mut admin = Easy::new();
            // It is always busy: the application that sees it must not end it.
            admin.calls.hold();
            NonNull::from(Box::leak(Box::new(admin)))
        })
    }
}

/// The first of the engine's invariants that does not hold, in words.
///
/// # Safety
/// `multi` is good, and no call of it is going on.
#[cfg(feature = "sim")]
pub unsafe fn audit(multi: *mut c_void) -> Option<String> {
    // SAFETY: by contract.
    unsafe { Multi::from_c(multi).and_then(|multi| (*multi.as_ptr()).engine.audit()) }
}

impl Drop for Multi {
    fn drop(&mut self) {
        self.magic = 0;
        if let Some(admin) = self.admin.take() {
            // SAFETY: made by `admin`, and no other owner frees it.
            drop(unsafe { Box::from_raw(admin.as_ptr()) });
        }
    }
}

/// Adds an easy handle: its transfer starts with the next action.
///
/// # Safety
/// Both are good and not borrowed; the application's lists in `easy` are valid.
pub(crate) unsafe fn attach(multi: NonNull<Multi>, easy: NonNull<Easy>) -> Result<(), MultiCode> {
    // SAFETY: by contract; no callback runs while they are borrowed.
    unsafe {
        let handle = &mut *easy.as_ptr();
        if handle.id.is_some() {
            return Err(MultiCode::AddedAlready);
        }
        if !handle.own_multi.is_null() && handle.own_multi != multi.as_ptr() {
            destroy(std::mem::replace(&mut handle.own_multi, null_mut()));
        }
        let handle = &mut *easy.as_ptr();
        handle.clear_error();
        Easy::materialise(easy);
        let this = &mut *multi.as_ptr();
        if this.aborted {
            if this.engine.running() > 0 {
                return Err(MultiCode::AbortedByCallback);
            }
            this.aborted = false;
        }
        this.enter();
        let started = crate::easy::stores::start(multi, easy);
        let transfer = (*easy.as_ptr()).lend_transfer();
        let this = &mut *multi.as_ptr();
        let share = (*easy.as_ptr()).share.as_ref();
        if let Some(parking) = share.and_then(|share| share.parking()) {
            this.engine.unpark(parking.take());
            this.parking = Some(parking);
        }
        let id = this.engine.add(transfer);
        Multi::admit(multi, easy, id, started);
    }
    Ok(())
}

/// Adds a handle that takes a pushed response, as an answer to the engine's question.
///
/// # Safety
/// As for [`attach`].
pub(crate) unsafe fn attach_pushed(multi: NonNull<Multi>, easy: NonNull<Easy>) {
    // SAFETY: by contract; no callback runs while they are borrowed.
    unsafe {
        Easy::materialise(easy);
        let started = crate::easy::stores::start(multi, easy);
        let transfer = (*easy.as_ptr()).lend_transfer();
        if let Some(id) = (*multi.as_ptr()).engine.pushed(Pushed::Accept(transfer)) {
            Multi::admit(multi, easy, id, started);
        }
    }
}

/// Transfers are about to begin: the memory that settings made since point to is read.
///
/// # Safety
/// `multi` is good and not borrowed; the application's lists are valid.
pub(crate) unsafe fn read_changed(multi: NonNull<Multi>) {
    // SAFETY: by contract; handles leave the list when they leave the multi handle.
    unsafe {
        while let Some(easy) = (*multi.as_ptr()).changed.pop() {
            Easy::materialise(easy);
            let handle = &*easy.as_ptr();
            if let Some(id) = handle.id {
                (*multi.as_ptr()).engine.options_changed(id, handle.options.clone());
            }
        }
    }
}

/// Takes an easy handle out; what it still does is cancelled.
///
/// # Safety
/// Both are good and not borrowed; `easy` is in `multi`.
pub(crate) unsafe fn detach(multi: *mut Multi, easy: NonNull<Easy>) {
    // SAFETY: by contract.
    unsafe {
        let Some(id) = (*easy.as_ptr()).id else { return };
        (&mut *multi).changed.retain(|&changed| changed != easy);
        // Nothing happens when a transfer leaves that is over: the time does not matter.
        if (&*multi).engine.transfer(id).is_none_or(|transfer| transfer.is_running()) {
            (*multi).enter();
            last_progress(multi, id);
        }
        let transfer = (*multi).engine.remove(id);
        (&mut *multi).keep_closer(id, (*easy.as_ptr()).callbacks.rare());
        // The handle is known until the application has heard of what ends with it.
        let Some(multi) = NonNull::new(multi) else { return };
        let _ = drive(multi);
        (&mut *multi.as_ptr()).forget(id);
        let handle = &mut *easy.as_ptr();
        handle.transfer = transfer;
        handle.multi = null_mut();
        handle.id = None;
    }
}

/// A transfer that is cancelled once it has a connection tells its progress a last time.
unsafe fn last_progress(multi: *mut Multi, id: TransferId) {
    // SAFETY: by the caller's contract.
    unsafe {
        let Some(figures) = (*multi).engine.transfer(id).and_then(Transfer::last_figures) else {
            return;
        };
        if let Some(multi) = NonNull::new(multi) {
            let easy = (*multi.as_ptr()).handle(id);
            answers::progress(multi, easy, figures);
        }
    }
}

/// Ends a multi handle: the transfers are cancelled, their easy handles stay, the connections
/// are closed.
///
/// # Safety
/// `multi` came from [`Multi::create`], is good and not borrowed.
pub(crate) unsafe fn destroy(multi: *mut Multi) {
    // SAFETY: by contract.
    unsafe {
        // Nobody is to add a handle any more, as a notification lets one.
        (&mut *multi).stop_notifications();
        for at in 0..(&*multi).handles.len() {
            if let Some(easy) = (&*multi).handles.get(at).copied().flatten() {
                detach(multi, easy);
            }
        }
        (*multi).enter();
        if let Some(parking) = (&*multi).parking.as_ref() {
            parking.park((*multi).engine.park_idle());
        }
        (*multi).engine.close_all();
        if let Some(multi) = NonNull::new(multi) {
            let _ = drive(multi);
        }
        drop(Box::from_raw(multi));
    }
}

impl Easy {
    /// The transfer, with the settings of now, to be lent to a multi handle.
    fn lend_transfer(&mut self) -> Box<Transfer> {
        let mut transfer = match self.transfer.take() {
            Some(mut transfer) => {
                transfer.set_options(self.options.clone());
                transfer
            }
            None => Transfer::boxed(self.options.clone()),
        };
        transfer.set_stores(self.stores.clone());
        transfer
    }
}

/// Calls back into the application, with the call noted in the guard.
///
/// # Safety
/// `multi` is good and not borrowed.
pub(crate) unsafe fn call<T>(
    multi: NonNull<Multi>,
    kind: Callback,
    callback: impl FnOnce() -> T,
) -> T {
    // SAFETY: by contract.
    let _guard = unsafe { enter_callback(multi, kind) };
    callback()
}
