//! `curl_ws_*`: an application's own dealings with a WebSocket.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{NonNull, null};

use tress_engine::options::ConnectOnly;
use tress_engine::{Held, Multi as Engine, WsFrame as Frame};
use tress_model::{Code, Error, Result};

use crate::easy::Easy;
use crate::entry::entry;
use crate::guard::{EasyCall, enter_easy};

/// `struct curl_ws_frame`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct WsFrame {
    pub age: c_int,
    pub flags: c_int,
    pub offset: i64,
    pub bytesleft: i64,
    pub len: usize,
}

impl From<Frame> for WsFrame {
    fn from(frame: Frame) -> Self {
        Self {
            age: 0,
            flags: frame.flags as c_int,
            offset: frame.offset as i64,
            bytesleft: frame.bytes_left as i64,
            len: frame.len,
        }
    }
}

entry! {
    /// `curl_ws_recv(3)`
    fn curl_ws_recv(
        easy: *mut c_void, buffer: *mut u8, size: usize, received: *mut usize,
        meta: *mut *const WsFrame,
    ) -> c_int [Code::RecvError as c_int] {
        // SAFETY: the application gives good places, and `size` writable bytes.
        unsafe {
            if let Some(received) = received.as_mut() {
                *received = 0;
            }
            if let Some(meta) = meta.as_mut() {
                *meta = null();
            }
            exchange(easy, EasyCall::WsRecv, |easy| {
                if size > 0 && buffer.is_null() {
                    return Err(Code::BadFunctionArgument.into());
                }
                let buffer = match size {
                    0 => &mut [],
                    _ => std::slice::from_raw_parts_mut(buffer, size),
                };
                let (engine, held) = held_connection(easy)?;
                let frame = (*engine).ws_receive(held, buffer)?;
                if let Some(received) = received.as_mut() {
                    *received = frame.len;
                }
                if let Some(meta) = meta.as_mut() {
                    *meta = keep(easy, frame);
                }
                Ok(())
            })
        }
    }

    /// `curl_ws_send(3)`
    fn curl_ws_send(
        easy: *mut c_void, buffer: *const u8, size: usize, sent: *mut usize, fragment: i64,
        flags: c_uint,
    ) -> c_int [Code::SendError as c_int] {
        // SAFETY: the application gives good places, and `size` readable bytes.
        unsafe {
            if let Some(sent) = sent.as_mut() {
                *sent = 0;
            }
            exchange(easy, EasyCall::WsSend, |easy| {
                if size > 0 && buffer.is_null() {
                    return Err(bad_argument("[WS] buffer is NULL when buflen is not"));
                }
                let raw = (*easy.as_ptr()).options.http().ws_raw_mode;
                let (engine, held) = connection(easy)?;
                if raw {
                    check_raw(buffer, sent, fragment, flags)?;
                }
                let bytes = match size {
                    0 => &[],
                    _ => std::slice::from_raw_parts(buffer, size),
                };
                let count = match raw {
                    true => (*engine).ws_send_raw(held, bytes)?,
                    false => (*engine).ws_send(held, bytes, fragment, flags)?,
                };
                if let Some(sent) = sent.as_mut() {
                    *sent = count;
                }
                Ok(())
            })
        }
    }

    /// `curl_ws_start_frame(3)`
    fn curl_ws_start_frame(easy: *mut c_void, flags: c_uint, length: i64) -> c_int
    [Code::SendError as c_int] {
        // SAFETY: the application gives NULL or a handle.
        unsafe {
            exchange(easy, EasyCall::WsSend, |easy| {
                if (*easy.as_ptr()).options.http().ws_raw_mode {
                    let words = "cannot curl_ws_start_frame() with CURLWS_RAW_MODE enabled";
                    return Err(Error::new(Code::FailedInit, words));
                }
                let (engine, held) = connection(easy)?;
                (*engine).ws_start_frame(held, flags, length)
            })
        }
    }

    /// `curl_ws_meta(3)`
    fn curl_ws_meta(easy: *mut c_void) -> *const WsFrame [null()] {
        // SAFETY: the application gives NULL or a handle.
        unsafe {
            let Some(easy) = Easy::from_c(easy) else { return null() };
            let handle = &*easy.as_ptr();
            let in_callback = handle.multi.as_ref().is_some_and(|multi| multi.calls.in_callback());
            if !in_callback || handle.options.http().ws_raw_mode {
                return null();
            }
            let frame = live(easy).and_then(|(engine, held)| (*engine).ws_frame(held));
            frame.map_or(null(), |frame| keep(easy, frame))
        }
    }
}

unsafe fn exchange(
    easy: *mut c_void,
    call: EasyCall,
    body: impl FnOnce(NonNull<Easy>) -> Result<()>,
) -> c_int {
    // SAFETY: by the caller's contract; no callback runs in `body`.
    unsafe {
        let Some(easy) = Easy::from_c(easy) else { return Code::BadFunctionArgument as c_int };
        let _guard = match enter_easy(easy, call) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        match body(easy) {
            Ok(()) => Code::Ok as c_int,
            Err(error) => {
                (*easy.as_ptr()).tell_error(&error);
                error.code() as c_int
            }
        }
    }
}

fn bad_argument(words: &'static str) -> Error {
    Error::new(Code::BadFunctionArgument, words)
}

/// What raw mode asks of the arguments.
fn check_raw(buffer: *const u8, sent: *mut usize, fragment: i64, flags: c_uint) -> Result<()> {
    if buffer.is_null() {
        return Err(bad_argument("[WS] buffer is NULL in raw mode"));
    }
    if sent.is_null() {
        return Err(bad_argument("[WS] sent is NULL in raw mode"));
    }
    if fragment != 0 || flags != 0 {
        return Err(bad_argument("[WS] fragsize and flags must be zero in raw mode"));
    }
    Ok(())
}

/// The connection of the transfer that is going on.
unsafe fn live(easy: NonNull<Easy>) -> Option<(*mut Engine, Held)> {
    // SAFETY: by the caller's contract.
    unsafe {
        let handle = &*easy.as_ptr();
        let id = handle.id?;
        let multi = handle.multi.as_mut()?;
        let held = multi.engine.connection_of(id)?;
        Some((&raw mut multi.engine, held))
    }
}

/// The connection that the last transfer has left to the application.
unsafe fn left(easy: NonNull<Easy>) -> Option<(*mut Engine, Held)> {
    // SAFETY: by the caller's contract.
    unsafe {
        let handle = &*easy.as_ptr();
        let held = handle.transfer().and_then(|transfer| transfer.held())?;
        let home = handle.home().as_mut()?;
        home.enter();
        Some((&raw mut home.engine, held))
    }
}

/// The connection to receive from, whether a transfer uses it or not.
unsafe fn held_connection(easy: NonNull<Easy>) -> Result<(*mut Engine, Held)> {
    // SAFETY: by the caller's contract.
    unsafe {
        if let Some(live) = live(easy) {
            return Ok(live);
        }
        if (*easy.as_ptr()).options.connect().connect_only == ConnectOnly::No {
            return Err(Error::new(Code::UnsupportedProtocol, "[WS] CONNECT_ONLY is required"));
        }
        left(easy).ok_or_else(|| bad_argument("[WS] connection not found"))
    }
}

/// The connection to send over, whether a transfer uses it or not.
unsafe fn connection(easy: NonNull<Easy>) -> Result<(*mut Engine, Held)> {
    // SAFETY: by the caller's contract.
    unsafe {
        if let Some(live) = live(easy) {
            return Ok(live);
        }
        if (*easy.as_ptr()).options.connect().connect_only == ConnectOnly::No {
            return Err(Error::new(Code::SendError, "[WS] No associated connection"));
        }
        let gone = "Failed to get recent socket";
        left(easy).ok_or_else(|| Error::new(Code::UnsupportedProtocol, gone))
    }
}

/// A frame's description that lives as long as the handle, or until the next one.
unsafe fn keep(easy: NonNull<Easy>, frame: Frame) -> *const WsFrame {
    // SAFETY: by the caller's contract.
    let handle = unsafe { &mut *easy.as_ptr() };
    &raw const *handle.kept.get_or_insert_default().frame.insert(frame.into())
}
