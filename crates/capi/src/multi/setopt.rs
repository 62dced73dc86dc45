//! `curl_multi_setopt`.

use std::ffi::{c_long, c_void};

use tress_model::MultiCode;

use super::Multi;
use crate::easy::setopt::Value;
use crate::tables::mopt;

/// `CURLPIPE_MULTIPLEX`.
const MULTIPLEX: c_long = 2;
/// `CURLMNWC_CLEAR_ALL`.
const CLEAR_ALL: c_long = 1;
/// `CURLMNWC_CLEAR_CONNS`.
const CLEAR_CONNS: c_long = 1 << 1;
/// `CURLMNWC_CLEAR_DNS`.
const CLEAR_DNS: c_long = 1 << 2;

impl Multi {
    /// Sets an option.
    ///
    /// # Safety
    /// A pointer is what the option's manual page asks for.
    pub(super) unsafe fn setopt(&mut self, option: i32, value: Value) -> Result<(), MultiCode> {
        match value {
            Value::Long(value) => self.set_long(option, value),
            // SAFETY: by contract.
            Value::Pointer(value) => unsafe { self.set_pointer(option, value) },
            Value::Offset(_) => match option {
                mopt::CONTENT_LENGTH_PENALTY_SIZE | mopt::CHUNK_LENGTH_PENALTY_SIZE => Ok(()),
                _ => Err(MultiCode::UnknownOption),
            },
        }
    }

    fn set_long(&mut self, option: i32, value: c_long) -> Result<(), MultiCode> {
        let settings = self.engine.settings_mut();
        let most = || match u64::try_from(value) {
            Ok(most) => Ok(u32::try_from(most).unwrap_or(u32::MAX)),
            Err(_) => Err(MultiCode::BadFunctionArgument),
        };
        match option {
            mopt::PIPELINING => settings.multiplex = value & MULTIPLEX != 0,
            mopt::MAXCONNECTS => {
                if let Ok(most) = u32::try_from(value) {
                    settings.max_connects = (most > 0).then_some(most);
                }
            }
            mopt::MAX_HOST_CONNECTIONS => settings.max_host_connections = most()?,
            mopt::MAX_TOTAL_CONNECTIONS => settings.max_total_connections = most()?,
            mopt::MAX_CONCURRENT_STREAMS => {
                let most = i32::try_from(value).ok().filter(|most| *most >= 1);
                settings.max_concurrent_streams = most.map_or(100, |most| most as u32);
            }
            mopt::NETWORK_CHANGED => self.network_changed(value),
            mopt::RESOLVE_THREADS_MAX if value <= 0 || u32::try_from(value).is_err() => {
                return Err(MultiCode::BadFunctionArgument);
            }
            // Threads are never waited for, so there is nothing to leave behind on exit.
            mopt::RESOLVE_THREADS_MAX | mopt::QUICK_EXIT | mopt::MAX_PIPELINE_LENGTH => {}
            _ => return Err(MultiCode::UnknownOption),
        }
        Ok(())
    }

    fn network_changed(&mut self, what: c_long) {
        let what = if what & CLEAR_ALL != 0 { CLEAR_CONNS | CLEAR_DNS } else { what };
        if what & CLEAR_DNS != 0 {
            self.engine.clear_dns();
        }
        if what & CLEAR_CONNS != 0 {
            self.engine.close_idle();
        }
    }

    unsafe fn set_pointer(&mut self, option: i32, value: *mut c_void) -> Result<(), MultiCode> {
        let callbacks = &mut self.callbacks;
        macro_rules! function {
            () => {{
                // SAFETY: a function of the option's type, or NULL, by the caller's contract;
                // `Option` of a function has the same layout.
                unsafe { std::mem::transmute::<*mut c_void, Option<_>>(value) }
            }};
        }
        match option {
            mopt::SOCKETFUNCTION => callbacks.socket = function!(),
            mopt::SOCKETDATA => callbacks.socket_data = value,
            mopt::TIMERFUNCTION => callbacks.timer = function!(),
            mopt::TIMERDATA => callbacks.timer_data = value,
            mopt::PUSHFUNCTION => {
                callbacks.push = function!();
                self.engine.settings_mut().push = callbacks.push.is_some();
            }
            mopt::PUSHDATA => callbacks.push_data = value,
            mopt::NOTIFYFUNCTION => callbacks.notify = function!(),
            mopt::NOTIFYDATA => callbacks.notify_data = value,
            mopt::PIPELINING_SITE_BL | mopt::PIPELINING_SERVER_BL => {}
            _ => return Err(MultiCode::UnknownOption),
        }
        Ok(())
    }
}
