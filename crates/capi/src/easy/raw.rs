//! Bytes over a connection that `CURLOPT_CONNECT_ONLY` left to the application.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use tress_engine::options::ConnectOnly;
use tress_model::{Code, Error};

use super::Easy;
use crate::entry::entry;
use crate::guard::{EasyCall, enter_easy};

entry! {
    /// `curl_easy_recv(3)`
    fn curl_easy_recv(easy: *mut c_void, place: *mut u8, size: usize, count: *mut usize) -> c_int
    [Code::RecvError as c_int] {
        exchange(easy, EasyCall::Recv, count, |engine, held| {
            let buffer = match (place.is_null(), size) {
                (true, _) | (_, 0) => &mut [],
                // SAFETY: the caller gives so many writable bytes.
                _ => unsafe { std::slice::from_raw_parts_mut(place, size) },
            };
            engine.receive_raw(held, buffer)
        })
    }

    /// `curl_easy_send(3)`
    fn curl_easy_send(easy: *mut c_void, bytes: *const u8, size: usize, count: *mut usize)
    -> c_int [Code::SendError as c_int] {
        exchange(easy, EasyCall::Send, count, |engine, held| {
            let bytes = match (bytes.is_null(), size) {
                (true, _) | (_, 0) => &[],
                // SAFETY: the caller gives so many readable bytes.
                _ => unsafe { std::slice::from_raw_parts(bytes, size) },
            };
            engine.send_raw(held, bytes)
        })
    }
}

fn exchange(
    easy: *mut c_void,
    call: EasyCall,
    count: *mut usize,
    body: impl FnOnce(&mut tress_engine::Multi, tress_engine::Held) -> tress_model::Result<usize>,
) -> c_int {
    // SAFETY: the application gives NULL or a handle, and a good place for the count.
    unsafe {
        let Some(easy) = Easy::from_c(easy) else { return Code::BadFunctionArgument as c_int };
        let _guard = match enter_easy(easy, call) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        if let Some(count) = count.as_mut() {
            *count = 0;
        }
        match with_connection(easy, body) {
            Ok(done) => {
                if let Some(count) = count.as_mut() {
                    *count = done;
                }
                Code::Ok as c_int
            }
            Err(error) => {
                (*easy.as_ptr()).tell_error(&error);
                error.code() as c_int
            }
        }
    }
}

unsafe fn with_connection(
    easy: NonNull<Easy>,
    body: impl FnOnce(&mut tress_engine::Multi, tress_engine::Held) -> tress_model::Result<usize>,
) -> tress_model::Result<usize> {
    // SAFETY: by the caller's contract; no callback runs here.
    unsafe {
        let handle = &*easy.as_ptr();
        let refused = |words| Error::new(Code::UnsupportedProtocol, words);
        if handle.options.connect().connect_only == ConnectOnly::No {
            return Err(refused("CONNECT_ONLY is required"));
        }
        let held = handle.transfer().and_then(|transfer| transfer.held());
        let (Some(held), Some(home)) = (held, handle.home().as_mut()) else {
            return Err(refused("Failed to get last socket used for connection"));
        };
        home.enter();
        body(&mut home.engine, held)
    }
}
