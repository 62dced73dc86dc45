//! Takes effects from the engine and carries them out, with no engine borrow alive while
//! application code runs.

use std::ffi::{c_int, c_long};
use std::os::fd::IntoRawFd;
use std::ptr::NonNull;
use std::time::Duration;

use tress_engine::{Effect, TransferId, Watch};
use tress_model::{Code, MultiCode};

use super::{
    Message, Multi, NOTIFY_EASY_DONE, NOTIFY_INFO_READ, answers, body, call, host_key, wildcard,
};
use crate::easy::Easy;
use crate::guard::Callback;
use crate::stdio;

/// Carries out what the engine hands out until there is nothing left.
///
/// # Safety
/// `multi` is good and not borrowed.
pub unsafe fn drive(multi: NonNull<Multi>) -> Result<(), MultiCode> {
    // SAFETY: by contract; each step borrows the handle anew, and for itself only.
    unsafe {
        while let Some(effect) = (*multi.as_ptr()).engine.next_effect() {
            carry_out(multi, effect);
        }
        tell_due(multi);
        if (*multi.as_ptr()).aborted { Err(MultiCode::AbortedByCallback) } else { Ok(()) }
    }
}

/// Does whatever is due, then carries out what comes of it.
///
/// # Safety
/// As for [`drive`].
pub unsafe fn act(multi: NonNull<Multi>) -> Result<(), MultiCode> {
    // SAFETY: by contract.
    unsafe {
        super::read_changed(multi);
        (*multi.as_ptr()).engine.timeout();
        drive(multi)
    }
}

unsafe fn carry_out(multi: NonNull<Multi>, effect: Effect) {
    // SAFETY: by the caller's contract, here and below.
    unsafe {
        let engine = &raw mut (*multi.as_ptr()).engine;
        let easy = |id: TransferId| (*multi.as_ptr()).handle(id);
        match effect {
            Effect::Deliver { transfer, kind, mut bytes } => {
                let answer = body::deliver(multi, easy(transfer), kind, &mut bytes);
                (*engine).delivered(kind, bytes, answer);
            }
            Effect::Read { transfer, room, mut buffer } => {
                let answer = body::read(multi, easy(transfer), room, &mut buffer);
                (*engine).supplied(buffer, answer);
            }
            Effect::Seek { transfer, offset } => {
                let answer = body::seek(multi, easy(transfer), offset);
                (*engine).sought(answer);
            }
            Effect::Progress { transfer, figures } => {
                let allowed = answers::progress(multi, easy(transfer), figures);
                (*engine).allowed(allowed);
            }
            Effect::Prereq { transfer, primary, local } => {
                let allowed = answers::prereq(multi, easy(transfer), primary, local);
                (*engine).allowed(allowed);
            }
            Effect::ResolverStart { transfer } => {
                let allowed = answers::resolver_start(multi, easy(transfer));
                (*engine).allowed(allowed);
            }
            Effect::Trailers { transfer } => {
                let trailers = answers::trailers(multi, easy(transfer));
                (*engine).trailers(trailers);
            }
            Effect::Push { parent, url, head } => {
                crate::push::offered(multi, easy(parent), &url, &head);
            }
            Effect::OpenSocket { transfer, target } => {
                let socket = answers::open_socket(multi, easy(transfer), &target);
                (*engine).socket_opened(socket, None);
            }
            Effect::SockOpt { transfer, socket, accepted } => {
                let answer = answers::sockopt(multi, easy(transfer), socket, accepted);
                (*engine).socket_options_set(answer);
            }
            Effect::FnMatch { transfer, pattern, name } => {
                let matches = wildcard::matches(multi, easy(transfer), pattern, name);
                (*engine).name_matched(matches);
            }
            Effect::ChunkBegin { transfer, file, remains } => {
                let answer = wildcard::begin(multi, easy(transfer), &file, remains);
                (*engine).chunk_begun(answer);
            }
            Effect::HostKey { transfer, key } => {
                let accepted = host_key::judge(multi, easy(transfer), &key);
                (*engine).host_key_judged(accepted);
            }
            Effect::KnownHost { transfer, known, found, matches } => {
                let known = known.as_deref();
                let answer = host_key::known(multi, easy(transfer), known, &found, matches);
                (*engine).known_host_judged(answer);
            }
            Effect::ChunkEnd { transfer } => wildcard::end(multi, easy(transfer)),
            Effect::CloseSocket { socket, transfer } => {
                let rare = transfer.and_then(easy).map(|easy| (*easy.as_ptr()).callbacks.rare());
                let closer = match rare {
                    Some(rare) => rare.closesocket.map(|close| (close, rare.closesocket_data)),
                    // Its handle is gone, the callback is remembered.
                    None => transfer.and_then(|id| (*multi.as_ptr()).closer(id)),
                };
                answers::close_socket(multi, closer, socket.into_raw_fd());
            }
            Effect::Debug { transfer, kind, bytes } => {
                answers::debug(multi, easy(transfer), kind, &bytes);
            }
            Effect::Watch { socket, transfer, what } => {
                watch(multi, socket, transfer.and_then(easy), what);
            }
            Effect::Timer { after } => timer(multi, after),
            Effect::Done { transfer } => done(multi, transfer),
        }
    }
}

/// `CURLMOPT_SOCKETFUNCTION`.
unsafe fn watch(multi: NonNull<Multi>, socket: c_int, easy: Option<NonNull<Easy>>, what: Watch) {
    // SAFETY: by the caller's contract.
    unsafe {
        let this = &mut *multi.as_ptr();
        let data = this.sockets.tell(socket);
        let Some(callback) = this.callbacks.socket else { return };
        let user = this.callbacks.socket_data;
        let easy = easy.unwrap_or_else(|| this.admin()).as_ptr().cast();
        let answer =
            call(multi, Callback::Event, || callback(easy, socket, what as c_int, user, data));
        if what == Watch::Remove {
            (&mut *multi.as_ptr()).sockets.forget(socket);
        }
        if answer == -1 {
            abort(multi);
        }
    }
}

/// `CURLMOPT_TIMERFUNCTION`.
unsafe fn timer(multi: NonNull<Multi>, after: Option<Duration>) {
    // SAFETY: by the caller's contract.
    unsafe {
        let this = &mut *multi.as_ptr();
        let Some(callback) = this.callbacks.timer else { return };
        let user = this.callbacks.timer_data;
        let millis = after.map_or(-1, |after| after.as_millis().try_into().unwrap_or(c_long::MAX));
        let answer = call(multi, Callback::Event, || callback(multi.as_ptr().cast(), millis, user));
        (*multi.as_ptr()).timer_refused = answer == -1;
        if answer == -1 {
            abort(multi);
        }
    }
}

/// A socket or timer callback said that nothing works any more.
unsafe fn abort(multi: NonNull<Multi>) {
    // SAFETY: by the caller's contract.
    let this = unsafe { &mut *multi.as_ptr() };
    if !this.aborted {
        this.aborted = true;
        this.engine.abort();
    }
}

/// A transfer is over: its message and the words for the error buffer are made.
unsafe fn done(multi: NonNull<Multi>, transfer: TransferId) {
    // SAFETY: by the caller's contract.
    unsafe {
        let this = &mut *multi.as_ptr();
        let Some(easy) = this.handle(transfer) else { return };
        let result = this.engine.transfer(transfer).and_then(|transfer| transfer.result());
        let handle = &mut *easy.as_ptr();
        let code = match result {
            Some(Err(error)) => {
                handle.tell_error(error);
                error.code()
            }
            _ => Code::Ok,
        };
        handle.message = Message::done(easy, code);
        if handle.meter_shown {
            stdio::put(answers::stderr(handle), b"\n");
        }
        (*multi.as_ptr()).notify(NOTIFY_EASY_DONE, Some(transfer));
        let this = &mut *multi.as_ptr();
        if this.is_notified(NOTIFY_INFO_READ) && this.engine.is_first_message(transfer) {
            this.notify(NOTIFY_INFO_READ, None);
        }
    }
}

impl Multi {
    fn is_notified(&self, notification: u32) -> bool {
        let callbacks = &self.callbacks;
        callbacks.notify.is_some() && callbacks.notifications & (1 << notification) != 0
    }

    /// From now on there are none, due ones neither.
    pub(super) fn stop_notifications(&mut self) {
        self.callbacks.notify = None;
        self.callbacks.due.clear();
    }

    fn notify(&mut self, notification: u32, whose: Option<TransferId>) {
        if self.is_notified(notification) {
            self.callbacks.due.push_back((notification, whose));
        }
    }
}

/// `CURLMOPT_NOTIFYFUNCTION`, for the notifications that are due. The callback may do nearly
/// everything, so others may become due meanwhile: they follow, it is not called from within
/// itself.
unsafe fn tell_due(multi: NonNull<Multi>) {
    // SAFETY: by the caller's contract; each statement borrows the handle for itself only.
    unsafe {
        if (*multi.as_ptr()).calls.in_notification() {
            return;
        }
        while let Some((notification, whose)) = (&mut *multi.as_ptr()).callbacks.due.pop_front() {
            let this = &mut *multi.as_ptr();
            let easy = match whose {
                Some(id) => this.handle(id),
                None => Some(this.admin()),
            };
            let (Some(easy), true) = (easy, this.is_notified(notification)) else { continue };
            let Some(callback) = this.callbacks.notify else { continue };
            let user = this.callbacks.notify_data;
            call(multi, Callback::Notify, || {
                callback(multi.as_ptr().cast(), notification, easy.as_ptr().cast(), user);
            });
        }
    }
}
