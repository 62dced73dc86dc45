//! Which API call is allowed while another one, or a callback, is going on with the same handle.
//!
//! The rules are libcurl 8.22's (`libcurl(3)`, "callbacks"): some calls may be made from any
//! callback, most may not; a few may, but not from the socket and timer callbacks; and nearly
//! all may from the notification callback.

use std::ptr::NonNull;

use tress_model::{Code, MultiCode};

use crate::easy::Easy;
use crate::multi::Multi;

/// Calls and callbacks that are going on with a handle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    /// API calls and callbacks in all.
    depth: u16,
    /// Callbacks among them.
    callbacks: u16,
    /// Socket and timer callbacks among these.
    event_callbacks: u8,
    /// Notification callbacks among these.
    notify_callbacks: u8,
}

/// The most calls and callbacks that may be going on with one handle.
const DEPTH_MAX: u16 = 15;

/// A function on an easy handle that the rules know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum EasyCall {
    Cleanup,
    Duphandle,
    Getinfo,
    Header,
    Pause,
    Perform,
    Recv,
    Reset,
    Send,
    Setopt,
    Upkeep,
    WsRecv,
    WsSend,
}

impl EasyCall {
    /// May be called while another call is going on.
    fn recurses(self) -> bool {
        use EasyCall::*;
        matches!(self, Duphandle | Getinfo | Header | Pause | Setopt | WsRecv | WsSend)
    }

    /// May not be called from the socket and timer callbacks, though from others.
    fn not_in_events(self) -> bool {
        self == EasyCall::Pause
    }
}

/// A function on a multi handle that the rules know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MultiCall {
    AddHandle,
    Assign,
    Cleanup,
    Fdset,
    GetHandles,
    GetOfft,
    InfoRead,
    Notify,
    Perform,
    Poll,
    RemoveHandle,
    Setopt,
    Socket,
    Timeout,
    Wait,
    Waitfds,
}

impl MultiCall {
    fn recurses(self) -> bool {
        use MultiCall::*;
        matches!(self, Assign | GetHandles | GetOfft | InfoRead | Notify)
    }

    /// May be called from the notification callback.
    fn in_notify(self) -> bool {
        use MultiCall::*;
        !matches!(self, Cleanup | Perform | Socket)
    }
}

/// The kind of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// For a transfer: write, read, progress...
    Transfer,
    /// The socket or timer callback.
    Event,
    /// The notification callback.
    Notify,
}

/// A call on an easy handle is going on.
#[must_use]
pub struct EasyGuard(NonNull<Easy>);

/// A call on, or a callback for, a multi handle is going on.
#[must_use]
pub struct MultiGuard(NonNull<Multi>, Option<Callback>);

/// Enters an API call on an easy handle.
///
/// # Safety
/// `easy` is good and so is its multi handle, if any; nothing borrows them.
pub unsafe fn enter_easy(easy: NonNull<Easy>, call: EasyCall) -> Result<EasyGuard, Code> {
    // SAFETY: by contract.
    let (calls, multi) = unsafe { (&mut (*easy.as_ptr()).calls, (*easy.as_ptr()).multi) };
    // SAFETY: by contract.
    let multi = unsafe { multi.as_ref() }.map(|multi| multi.calls).unwrap_or_default();
    let busy = calls.depth > 0 || multi.depth > 0;
    if (busy && !call.recurses())
        || (call.not_in_events() && multi.event_callbacks > 0)
        || calls.depth >= DEPTH_MAX
    {
        return Err(Code::RecursiveApiCall);
    }
    calls.depth += 1;
    Ok(EasyGuard(easy))
}

/// Notes that a call on a multi handle works on an easy handle that is not in it yet, or not for
/// long.
///
/// # Safety
/// `easy` is good; nothing borrows it.
pub unsafe fn hold_easy(easy: NonNull<Easy>) -> EasyGuard {
    // SAFETY: by contract.
    unsafe { (*easy.as_ptr()).calls.hold() };
    EasyGuard(easy)
}

/// Is a call on the easy handle going on, of its own or of its multi handle's?
///
/// # Safety
/// `easy` is good; nothing borrows it.
pub unsafe fn is_held(easy: NonNull<Easy>) -> bool {
    // SAFETY: by contract.
    unsafe { (*easy.as_ptr()).calls.depth > 0 }
}

/// Enters an API call on a multi handle.
///
/// # Safety
/// `multi` is good; nothing borrows it.
pub unsafe fn enter_multi(multi: NonNull<Multi>, call: MultiCall) -> Result<MultiGuard, MultiCode> {
    // SAFETY: by contract.
    let calls = unsafe { &mut (*multi.as_ptr()).calls };
    let notified = calls.notify_callbacks > 0 && call.in_notify();
    if (calls.depth > 0 && !call.recurses() && !notified) || calls.depth >= DEPTH_MAX {
        return Err(MultiCode::RecursiveApiCall);
    }
    calls.depth += 1;
    Ok(MultiGuard(multi, None))
}

/// Notes that a callback is called.
///
/// # Safety
/// `multi` is good; nothing borrows it.
pub unsafe fn enter_callback(multi: NonNull<Multi>, kind: Callback) -> MultiGuard {
    // SAFETY: by contract.
    let calls = unsafe { &mut (*multi.as_ptr()).calls };
    calls.depth += 1;
    calls.callbacks += 1;
    match kind {
        Callback::Transfer => {}
        Callback::Event => calls.event_callbacks += 1,
        Callback::Notify => calls.notify_callbacks += 1,
    }
    MultiGuard(multi, Some(kind))
}

impl Calls {
    /// Notes a call that is going on.
    pub(crate) fn hold(&mut self) {
        self.depth += 1;
    }

    /// Is the notification callback going on?
    pub fn in_notification(self) -> bool {
        self.notify_callbacks > 0
    }

    /// Is a callback going on?
    pub fn in_callback(self) -> bool {
        self.callbacks > 0
    }
}

impl Drop for EasyGuard {
    fn drop(&mut self) {
        // SAFETY: while a call is going on the handle cannot be cleaned up.
        unsafe { (*self.0.as_ptr()).calls.depth -= 1 };
    }
}

impl Drop for MultiGuard {
    fn drop(&mut self) {
        // SAFETY: while a call is going on the handle cannot be cleaned up.
        let calls = unsafe { &mut (*self.0.as_ptr()).calls };
        calls.depth -= 1;
        if let Some(kind) = self.1 {
            calls.callbacks -= 1;
            match kind {
                Callback::Transfer => {}
                Callback::Event => calls.event_callbacks -= 1,
                Callback::Notify => calls.notify_callbacks -= 1,
            }
        }
    }
}
