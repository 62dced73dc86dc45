//! `curl_easy_perform` and the calls that act on a handle's connection.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::time::Duration;

use tress_model::{Code, Error, MultiCode};

use super::Easy;
use crate::guard::{EasyCall, enter_easy};
use crate::multi::{self, Multi};

/// `CURLPAUSE_RECV`.
const PAUSE_RECV: c_int = 1;
/// `CURLPAUSE_SEND`.
const PAUSE_SEND: c_int = 4;

/// The longest single wait of a blocking transfer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// `curl_easy_perform`: a whole transfer, on a multi handle of the easy handle's own.
///
/// # Safety
/// `easy` is NULL or points to readable memory; the application's lists are valid.
pub unsafe fn perform(easy: *mut c_void) -> c_int {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else {
        return Code::BadFunctionArgument as c_int;
    };
    // SAFETY: a good handle; borrows end before callbacks can run.
    unsafe {
        let _guard = match enter_easy(easy, EasyCall::Perform) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        let handle = &mut *easy.as_ptr();
        handle.clear_error();
        if handle.poisoned {
            return Code::FailedInit as c_int;
        }
        if handle.id.is_some() {
            let words = "easy handle already used in multi handle";
            handle.tell_error(&Error::new(Code::FailedInit, words));
            return Code::FailedInit as c_int;
        }
        match handle.own_multi() {
            Some(own) => transfer(own, easy) as c_int,
            None => Code::OutOfMemory as c_int,
        }
    }
}

impl Easy {
    /// The multi handle that it keeps for blocking transfers.
    fn own_multi(&mut self) -> Option<NonNull<Multi>> {
        if self.own_multi.is_null() {
            self.own_multi = Multi::create();
        }
        let own = NonNull::new(self.own_multi)?;
        if let Some(held) = self.transfer.as_ref().and_then(|transfer| transfer.held()) {
            // SAFETY: its own, and not borrowed.
            unsafe { (*own.as_ptr()).engine.close_raw(held) };
        }
        Some(own)
    }
}

/// Runs the transfer to its end.
unsafe fn transfer(own: NonNull<Multi>, easy: NonNull<Easy>) -> Code {
    // SAFETY: by the caller's contract.
    unsafe {
        (*own.as_ptr()).engine.settings_mut().max_connects =
            Some((*easy.as_ptr()).options.connect().maxconnects);
        if multi::attach(own, easy).is_err() {
            return Code::FailedInit;
        }
        let mut result = multi::drive(own).and_then(|()| multi::act(own));
        while result.is_ok() && (*own.as_ptr()).engine.running() > 0 {
            result =
                multi::poll::wait(own, LONGEST_WAIT).and_then(|()| multi::poll::act_on_polled(own));
        }
        let code = match result {
            Ok(()) => (*easy.as_ptr()).result(),
            Err(MultiCode::OutOfMemory) => Code::OutOfMemory,
            Err(_) => Code::BadFunctionArgument,
        };
        while (*own.as_ptr()).engine.next_message().is_some() {}
        multi::detach(own.as_ptr(), easy);
        code
    }
}

impl Easy {
    /// How the transfer ended.
    unsafe fn result(&self) -> Code {
        // SAFETY: by the caller's contract.
        match unsafe { self.transfer() }.and_then(|transfer| transfer.result()) {
            Some(Ok(())) => Code::Ok,
            Some(Err(error)) => error.code(),
            None => Code::FailedInit,
        }
    }
}

/// `curl_easy_pause`: sets which directions are paused from now on.
///
/// # Safety
/// `easy` is NULL or points to readable memory.
pub unsafe fn pause(easy: *mut c_void, action: c_int) -> c_int {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else {
        return Code::BadFunctionArgument as c_int;
    };
    // SAFETY: a good handle; borrows end before callbacks can run.
    unsafe {
        let _guard = match enter_easy(easy, EasyCall::Pause) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        let (multi, id) = ((*easy.as_ptr()).multi, (*easy.as_ptr()).id);
        let (Some(multi), Some(id)) = (NonNull::new(multi), id) else {
            return Code::BadFunctionArgument as c_int;
        };
        let this = &mut *multi.as_ptr();
        let nested = this.calls.in_callback();
        if !nested {
            this.enter();
        }
        let paused = this.engine.pause(id, action & PAUSE_RECV != 0, action & PAUSE_SEND != 0);
        if let Err(error) = paused {
            return error.code() as c_int;
        }
        // In a callback the drive loop below us tells the changes.
        if !nested && multi::drive(multi).is_err() {
            return Code::AbortedByCallback as c_int;
        }
    }
    Code::Ok as c_int
}

/// `curl_easy_upkeep`: keeps the connections of the handle's pool alive.
///
/// # Safety
/// `easy` is NULL or points to readable memory.
pub unsafe fn upkeep(easy: *mut c_void) -> c_int {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else {
        return Code::BadFunctionArgument as c_int;
    };
    // SAFETY: a good handle; borrows end before callbacks can run.
    unsafe {
        let _guard = match enter_easy(easy, EasyCall::Upkeep) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        let Some(multi) = NonNull::new((*easy.as_ptr()).home()) else { return Code::Ok as c_int };
        (*multi.as_ptr()).enter();
        let interval = (*easy.as_ptr()).options.connect().upkeep_interval;
        (*multi.as_ptr()).engine.upkeep(interval);
        match multi::act(multi) {
            Ok(()) => Code::Ok as c_int,
            Err(_) => Code::AbortedByCallback as c_int,
        }
    }
}
