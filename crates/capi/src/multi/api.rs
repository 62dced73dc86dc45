//! The exported functions on multi handles.

use std::ffi::{c_int, c_long, c_uint, c_void};
use std::os::fd::RawFd;
use std::ptr::{NonNull, null_mut};
use std::time::Duration;

use tress_engine::Ready;
use tress_model::MultiCode;

use super::poll::{self, WaitFd};
use super::{Message, Multi, Poller, act, drive};
use crate::easy::Easy;
use crate::easy::setopt::Value;
use crate::entry::entry;
use crate::guard::{MultiCall, MultiGuard, enter_multi, hold_easy, is_held};
use crate::memory;

/// `CURL_SOCKET_TIMEOUT`.
const SOCKET_TIMEOUT: c_int = -1;
/// `CURL_CSELECT_IN`.
const SELECT_IN: c_int = 1;
/// `CURL_CSELECT_OUT`.
const SELECT_OUT: c_int = 2;
/// `CURL_CSELECT_ERR`.
const SELECT_ERR: c_int = 4;

entry! {
    /// `curl_multi_init(3)`
    fn curl_multi_init() -> *mut c_void [null_mut()] {
        let mut multi = Multi::new();
        multi.poller = Poller::with_wakeup();
        Box::into_raw(Box::new(multi)).cast()
    }

    /// `curl_multi_cleanup(3)`
    fn curl_multi_cleanup(multi: *mut c_void) -> c_int [MultiCode::InternalError as c_int] {
        code(with(multi, MultiCall::Cleanup, |multi, guard| {
            // The handle is gone when the guard would count it out.
            std::mem::forget(guard);
            // SAFETY: a good handle, given up by the application.
            unsafe { super::destroy(multi.as_ptr()) };
            Ok(())
        }))
    }

    /// `curl_multi_add_handle(3)`
    fn curl_multi_add_handle(multi: *mut c_void, easy: *mut c_void) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::AddHandle, |multi, _guard| {
            // SAFETY: the caller gives NULL or a handle; its lists are valid.
            unsafe {
                let easy = Easy::from_c(easy).ok_or(MultiCode::BadEasyHandle)?;
                if (*easy.as_ptr()).poisoned {
                    return Err(MultiCode::BadEasyHandle);
                }
                // In a callback of curl_easy_perform, or of another call that adds it: it is on
                // its way into another multi handle.
                if is_held(easy) {
                    return Err(MultiCode::AddedAlready);
                }
                // Its own multi handle is ended, and stores are read: callbacks find it busy.
                let held = hold_easy(easy);
                super::attach(multi, easy)?;
                drop(held);
                drive(multi).inspect_err(|_| super::detach(multi.as_ptr(), easy))
            }
        }))
    }

    /// `curl_multi_remove_handle(3)`
    fn curl_multi_remove_handle(multi: *mut c_void, easy: *mut c_void) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::RemoveHandle, |multi, _guard| {
            // SAFETY: the caller gives NULL or a handle.
            unsafe {
                let easy = Easy::from_c(easy).ok_or(MultiCode::BadEasyHandle)?;
                let its = (*easy.as_ptr()).multi;
                if its.is_null() {
                    return Ok(());
                }
                if its != multi.as_ptr() {
                    return Err(MultiCode::BadEasyHandle);
                }
                // Notifications come while it is taken out: they find it busy.
                if is_held(easy) {
                    return Err(MultiCode::RecursiveApiCall);
                }
                let _held = hold_easy(easy);
                super::detach(multi.as_ptr(), easy);
                match std::mem::take(&mut (*multi.as_ptr()).timer_refused) {
                    true => Err(MultiCode::AbortedByCallback),
                    false => Ok(()),
                }
            }
        }))
    }

    /// `curl_multi_perform(3)`
    fn curl_multi_perform(multi: *mut c_void, running: *mut c_int) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::Perform, |multi, _guard| {
            // SAFETY: a good handle, not borrowed.
            let result = unsafe { poll::act_on_polled(multi) };
            tell_running(multi, running);
            result
        }))
    }

    /// `curl_multi_socket_action(3)`
    fn curl_multi_socket_action(
        multi: *mut c_void,
        socket: c_int,
        events: c_int,
        running: *mut c_int,
    ) -> c_int [spoilt(multi)] {
        code(socket_action(multi, socket, events, running))
    }

    /// `curl_multi_socket(3)`: what happened on the socket is found out here.
    fn curl_multi_socket(multi: *mut c_void, socket: c_int, running: *mut c_int) -> c_int
    [spoilt(multi)] {
        code(socket_action(multi, socket, 0, running))
    }

    /// `curl_multi_socket_all(3)`: every socket is looked at.
    fn curl_multi_socket_all(multi: *mut c_void, running: *mut c_int) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::Socket, |multi, _guard| {
            // SAFETY: a good handle, not borrowed.
            let result = unsafe { poll::act_on_polled(multi) };
            tell_running(multi, running);
            result
        }))
    }

    /// `curl_multi_timeout(3)`
    fn curl_multi_timeout(multi: *mut c_void, millis: *mut c_long) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::Timeout, |multi, _guard| {
            if millis.is_null() {
                return Err(MultiCode::BadFunctionArgument);
            }
            // SAFETY: a good handle, not borrowed; the caller gives a good place.
            unsafe {
                let this = &mut *multi.as_ptr();
                this.enter();
                let after = this.engine.deadline();
                let millis_of = |after: Duration| after.as_nanos().div_ceil(1_000_000).try_into();
                *millis = after.map_or(-1, |after| millis_of(after).unwrap_or(c_long::MAX));
            }
            Ok(())
        }))
    }

    /// `curl_multi_assign(3)`
    fn curl_multi_assign(multi: *mut c_void, socket: c_int, data: *mut c_void) -> c_int
    [spoilt(multi)] {
        code(with(multi, MultiCall::Assign, |multi, _guard| {
            // SAFETY: a good handle, not borrowed.
            let known = unsafe { (*multi.as_ptr()).sockets.assign(socket, data) };
            if known { Ok(()) } else { Err(MultiCode::BadSocket) }
        }))
    }

    /// `curl_multi_info_read(3)`
    fn curl_multi_info_read(multi: *mut c_void, left: *mut c_int) -> *mut Message [null_mut()] {
        let mut message = null_mut();
        let mut count = 0;
        let _ = with(multi, MultiCall::InfoRead, |multi, _guard| {
            // SAFETY: a good handle, not borrowed; its easy handles are good.
            unsafe {
                let this = &mut *multi.as_ptr();
                if let Some((id, more)) = this.engine.next_message() {
                    count = more as c_int;
                    message = this.handle(id).map_or(null_mut(), |easy| {
                        &raw mut (*easy.as_ptr()).message
                    });
                }
            }
            Ok(())
        });
        // SAFETY: the caller gives NULL or a good place.
        if let Some(left) = unsafe { left.as_mut() } {
            *left = count;
        }
        message
    }

    /// `curl_multi_fdset(3)`
    fn curl_multi_fdset(
        multi: *mut c_void,
        read: *mut libc::fd_set,
        write: *mut libc::fd_set,
        _error: *mut libc::fd_set,
        max_fd: *mut c_int,
    ) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::Fdset, |multi, _guard| {
            if max_fd.is_null() {
                return Err(MultiCode::BadFunctionArgument);
            }
            let mut highest = -1;
            // SAFETY: a good handle, not borrowed; the caller gives good sets and place.
            unsafe {
                for wait in poll::wait_fds(&(*multi.as_ptr()).engine) {
                    if wait.fd() >= libc::FD_SETSIZE as c_int {
                        continue;
                    }
                    if wait.wants_read() && !read.is_null() {
                        libc::FD_SET(wait.fd(), read);
                    }
                    if wait.wants_write() && !write.is_null() {
                        libc::FD_SET(wait.fd(), write);
                    }
                    highest = highest.max(wait.fd());
                }
                *max_fd = highest;
            }
            Ok(())
        }))
    }

    /// `curl_multi_waitfds(3)`
    fn curl_multi_waitfds(
        multi: *mut c_void,
        fds: *mut WaitFd,
        size: c_uint,
        count: *mut c_uint,
    ) -> c_int [spoilt(multi)] {
        code(with(multi, MultiCall::Waitfds, |multi, _guard| {
            if fds.is_null() && (size > 0 || count.is_null()) {
                return Err(MultiCode::BadFunctionArgument);
            }
            let mut needed = 0;
            // SAFETY: a good handle, not borrowed; the caller gives `size` good places.
            unsafe {
                let wakeup = (&mut *multi.as_ptr()).wakeup_fd();
                for wait in poll::wait_fds(&(*multi.as_ptr()).engine).chain(wakeup) {
                    if needed < size {
                        fds.add(needed as usize).write(wait);
                    }
                    needed += 1;
                }
                if let Some(count) = count.as_mut() {
                    *count = needed;
                }
            }
            if needed > size && !fds.is_null() { Err(MultiCode::OutOfMemory) } else { Ok(()) }
        }))
    }

    /// `curl_multi_wait(3)`
    fn curl_multi_wait(
        multi: *mut c_void,
        extra: *mut WaitFd,
        count: c_uint,
        timeout: c_int,
        ready: *mut c_int,
    ) -> c_int [spoilt(multi)] {
        code(wait(multi, MultiCall::Wait, (extra, count), timeout, ready))
    }

    /// `curl_multi_poll(3)`
    fn curl_multi_poll(
        multi: *mut c_void,
        extra: *mut WaitFd,
        count: c_uint,
        timeout: c_int,
        ready: *mut c_int,
    ) -> c_int [spoilt(multi)] {
        code(wait(multi, MultiCall::Poll, (extra, count), timeout, ready))
    }

    /// `curl_multi_wakeup(3)`, from any thread.
    fn curl_multi_wakeup(multi: *mut c_void) -> c_int [MultiCode::WakeupFailure as c_int] {
        // SAFETY: the caller gives NULL or a handle that is not being cleaned up; the descriptor
        // never changes, so it may be read from any thread.
        let wakeup = unsafe { Multi::from_c(multi).map(|multi| (*multi.as_ptr()).poller.wakeup()) };
        code(match wakeup {
            None => Err(MultiCode::BadHandle),
            Some(None) => Err(MultiCode::WakeupFailure),
            Some(Some(fd)) => poll::signal(fd),
        })
    }

    /// `curl_multi_get_handles(3)`
    fn curl_multi_get_handles(multi: *mut c_void) -> *mut *mut c_void [null_mut()] {
        let mut handles: *mut *mut c_void = null_mut();
        let _ = with(multi, MultiCall::GetHandles, |multi, _guard| {
            // SAFETY: a good handle, not borrowed.
            let added = unsafe { (*multi.as_ptr()).handles.iter() }.flatten();
            let added: Vec<*mut c_void> = added.map(|easy| easy.as_ptr().cast()).collect();
            handles = memory::allocate((added.len() + 1) * size_of::<*mut c_void>()).cast();
            if !handles.is_null() {
                // SAFETY: there is room for them and the NULL.
                unsafe {
                    handles.copy_from_nonoverlapping(added.as_ptr(), added.len());
                    handles.add(added.len()).write(null_mut());
                }
            }
            Ok(())
        });
        handles
    }

    /// `curl_multi_get_offt(3)`
    fn curl_multi_get_offt(multi: *mut c_void, info: c_int, place: *mut i64) -> c_int
    [spoilt(multi)] {
        code(with(multi, MultiCall::GetOfft, |multi, _guard| {
            // SAFETY: the caller gives NULL or a good place.
            let place = unsafe { place.as_mut() }.ok_or(MultiCode::BadFunctionArgument)?;
            // SAFETY: a good handle, not borrowed.
            let count = unsafe { (*multi.as_ptr()).count(info) };
            *place = count.unwrap_or(-1);
            count.map(|_| ()).ok_or(MultiCode::UnknownOption)
        }))
    }

    /// `curl_multi_notify_enable(3)`
    fn curl_multi_notify_enable(multi: *mut c_void, notification: c_uint) -> c_int
    [spoilt(multi)] {
        code(notifications(multi, notification, true))
    }

    /// `curl_multi_notify_disable(3)`
    fn curl_multi_notify_disable(multi: *mut c_void, notification: c_uint) -> c_int
    [spoilt(multi)] {
        code(notifications(multi, notification, false))
    }

    /// `curl_multi_setopt(3)` with an option that takes a long.
    fn tress_multi_setopt_long(multi: *mut c_void, option: c_int, value: c_long) -> c_int
    [spoilt(multi)] {
        code(setopt(multi, option, Value::Long(value)))
    }

    /// `curl_multi_setopt(3)` with an option that takes a pointer.
    fn tress_multi_setopt_ptr(multi: *mut c_void, option: c_int, value: *mut c_void) -> c_int
    [spoilt(multi)] {
        code(setopt(multi, option, Value::Pointer(value)))
    }

    /// `curl_multi_setopt(3)` with an option that takes a `curl_off_t`.
    fn tress_multi_setopt_off(multi: *mut c_void, option: c_int, value: i64) -> c_int
    [spoilt(multi)] {
        code(setopt(multi, option, Value::Offset(value)))
    }
}

/// Enters an API call.
fn with(
    multi: *mut c_void,
    call: MultiCall,
    body: impl FnOnce(NonNull<Multi>, MultiGuard) -> Result<(), MultiCode>,
) -> Result<(), MultiCode> {
    // SAFETY: the application gives NULL or a handle.
    let multi = unsafe { Multi::from_c(multi) }.ok_or(MultiCode::BadHandle)?;
    // SAFETY: a good handle, not borrowed: callbacks run without borrows.
    let guard = unsafe { enter_multi(multi, call) }?;
    // SAFETY: as above.
    if unsafe { (*multi.as_ptr()).poisoned } && call != MultiCall::Cleanup {
        return Err(MultiCode::InternalError);
    }
    body(multi, guard)
}

fn socket_action(
    multi: *mut c_void,
    socket: RawFd,
    events: c_int,
    running: *mut c_int,
) -> Result<(), MultiCode> {
    with(multi, MultiCall::Socket, |multi, _guard| {
        // SAFETY: a good handle, not borrowed.
        let result = unsafe {
            let this = &mut *multi.as_ptr();
            this.enter();
            if socket == SOCKET_TIMEOUT {
                act(multi)
            } else {
                let ready = match events {
                    0 => poll::look(socket, this.engine.wanted(socket)),
                    events => Ready {
                        readable: events & SELECT_IN != 0,
                        writable: events & SELECT_OUT != 0,
                        error: events & SELECT_ERR != 0,
                    },
                };
                super::read_changed(multi);
                (*multi.as_ptr()).engine.socket_ready(socket, ready);
                drive(multi)
            }
        };
        tell_running(multi, running);
        result
    })
}

fn tell_running(multi: NonNull<Multi>, place: *mut c_int) {
    // SAFETY: a good handle, not borrowed; the caller gives NULL or a good place.
    unsafe {
        if let Some(place) = place.as_mut() {
            *place = (*multi.as_ptr()).engine.running() as c_int;
        }
    }
}

fn wait(
    multi: *mut c_void,
    call: MultiCall,
    (extra, count): (*mut WaitFd, c_uint),
    timeout: c_int,
    ready: *mut c_int,
) -> Result<(), MultiCode> {
    with(multi, call, |multi, _guard| {
        let longest = u64::try_from(timeout).map_err(|_| MultiCode::BadFunctionArgument)?;
        let extra = match (extra.is_null(), count) {
            (_, 0) => &mut [],
            (true, _) => return Err(MultiCode::BadFunctionArgument),
            // SAFETY: the caller gives so many good entries.
            _ => unsafe { std::slice::from_raw_parts_mut(extra, count as usize) },
        };
        let always = call == MultiCall::Poll;
        // SAFETY: a good handle, not borrowed.
        let found =
            unsafe { poll::wait_with(multi, extra, Duration::from_millis(longest), always) };
        // SAFETY: the caller gives NULL or a good place.
        if let Some(place) = unsafe { ready.as_mut() } {
            *place = found.unwrap_or(0) as c_int;
        }
        found.map(|_| ())
    })
}

fn notifications(multi: *mut c_void, notification: c_uint, on: bool) -> Result<(), MultiCode> {
    with(multi, MultiCall::Notify, |multi, _guard| {
        if notification > super::NOTIFY_EASY_DONE {
            return Err(MultiCode::UnknownOption);
        }
        // SAFETY: a good handle, not borrowed.
        let enabled = unsafe { &mut (*multi.as_ptr()).callbacks.notifications };
        *enabled = *enabled & !(1 << notification) | (u8::from(on) << notification);
        Ok(())
    })
}

fn setopt(multi: *mut c_void, option: c_int, value: Value) -> Result<(), MultiCode> {
    with(multi, MultiCall::Setopt, |multi, _guard| {
        // SAFETY: a good handle, not borrowed; pointers are what the option asks for.
        unsafe {
            let this = &mut *multi.as_ptr();
            this.enter();
            this.setopt(option, value)?;
            drive(multi)
        }
    })
}

impl Multi {
    /// `CURLMINFO_*`.
    fn count(&self, info: c_int) -> Option<i64> {
        let current = self.handles.iter().flatten().count();
        let running = self.engine.running();
        let pending = self.engine.pending();
        Some(match info {
            1 => current as i64,
            2 => (running - pending) as i64,
            3 => pending as i64,
            4 => (current - running) as i64,
            5 => self.added,
            _ => return None,
        })
    }
}

/// What a caught panic returns: the handle is spoilt.
fn spoilt(multi: *mut c_void) -> c_int {
    // SAFETY: the application gave the handle, and gives only good ones or NULL.
    if let Some(multi) = unsafe { Multi::from_c(multi) } {
        // SAFETY: a good handle.
        unsafe { (*multi.as_ptr()).poisoned = true };
    }
    MultiCode::InternalError as c_int
}

fn code(result: Result<(), MultiCode>) -> c_int {
    result.err().unwrap_or(MultiCode::Ok) as c_int
}
