//! The callbacks that steer or observe a transfer, apart from its bodies.

use std::ffi::{CString, c_int};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::ptr::{NonNull, null_mut};

use tress_engine::options::Text;
use tress_engine::{DebugKind, Figures, SockOptAnswer, Target};

use super::{Closer, Multi, call, meter};
use crate::callbacks::PROGRESS_CONTINUE;
use crate::easy::Easy;
use crate::guard::Callback;
use crate::{slist, stdio};

/// `CURLSOCKTYPE_IPCXN`.
const IPCXN: c_int = 0;
/// `CURLSOCKTYPE_ACCEPT`.
const ACCEPT: c_int = 1;

/// Tells the progress callback, or shows the meter; false: the transfer is to end.
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn progress(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    figures: Figures,
) -> bool {
    let Some(easy) = easy else { return true };
    let Figures { download_total, downloaded, upload_total, uploaded, .. } = figures;
    // SAFETY: by contract; the application's functions get what their types ask for.
    unsafe {
        let callbacks = &(*easy.as_ptr()).callbacks;
        let data = callbacks.progress_data;
        let answer = if let Some(xferinfo) = callbacks.xferinfo {
            call(multi, Callback::Transfer, || {
                xferinfo(
                    data,
                    download_total as i64,
                    downloaded as i64,
                    upload_total as i64,
                    uploaded as i64,
                )
            })
        } else if let Some(progress) = callbacks.rare().progress {
            call(multi, Callback::Transfer, || {
                progress(
                    data,
                    download_total as f64,
                    downloaded as f64,
                    upload_total as f64,
                    uploaded as f64,
                )
            })
        } else {
            PROGRESS_CONTINUE
        };
        if answer == PROGRESS_CONTINUE {
            meter::show(easy, figures);
            return true;
        }
        answer == 0
    }
}

/// `CURLOPT_PREREQFUNCTION`; false: the request is not to be sent.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn prereq(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    primary: SocketAddr,
    local: SocketAddr,
) -> bool {
    // SAFETY: by contract.
    let Some(rare) = easy.map(|easy| unsafe { (*easy.as_ptr()).callbacks.rare() }) else {
        return true;
    };
    let Some(prereq) = rare.prereq else { return true };
    let text = |ip: IpAddr| CString::new(ip.to_string()).unwrap_or_default();
    let (there, here) = (text(primary.ip()), text(local.ip()));
    // SAFETY: the application's function; the strings live until it returns.
    let answer = unsafe {
        call(multi, Callback::Transfer, || {
            prereq(
                rare.prereq_data,
                there.as_ptr().cast_mut(),
                here.as_ptr().cast_mut(),
                c_int::from(primary.port()),
                c_int::from(local.port()),
            )
        })
    };
    answer == 0
}

/// `CURLOPT_RESOLVER_START_FUNCTION`; false: the name is not to be looked up.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn resolver_start(multi: NonNull<Multi>, easy: Option<NonNull<Easy>>) -> bool {
    // SAFETY: by contract; the application's function gets what its type asks for.
    unsafe {
        let Some(rare) = easy.map(|easy| (*easy.as_ptr()).callbacks.rare()) else { return true };
        let Some(start) = rare.resolver_start else { return true };
        let data = rare.resolver_start_data;
        call(multi, Callback::Transfer, || start(null_mut(), null_mut(), data)) == 0
    }
}

/// `CURLOPT_TRAILERFUNCTION`: the lines, or none when the transfer is to end.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn trailers(multi: NonNull<Multi>, easy: Option<NonNull<Easy>>) -> Option<Vec<Text>> {
    // SAFETY: by contract; the application makes the list with `curl_slist_append`, we free it
    // (CURLOPT_TRAILERFUNCTION).
    unsafe {
        let rare = (*easy?.as_ptr()).callbacks.rare();
        let Some(trailer) = rare.trailer else { return Some(Vec::new()) };
        let mut list = null_mut();
        let answer = call(multi, Callback::Transfer, || trailer(&raw mut list, rare.trailer_data));
        let lines = slist::iter(list).map(Text::from).collect();
        slist::curl_slist_free_all(list);
        (answer == 0).then_some(lines)
    }
}

/// `CURLOPT_OPENSOCKETFUNCTION`; none: the application refused.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn open_socket(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    target: &Target,
) -> Option<OwnedFd> {
    // SAFETY: by contract; the application's function gets what its type asks for, and the
    // descriptor that it gives is ours from then on.
    unsafe {
        let rare = (*easy?.as_ptr()).callbacks.rare();
        let open = rare.opensocket?;
        let mut address = crate::sockaddr::from_target(target)?;
        let socket =
            call(multi, Callback::Transfer, || open(rare.opensocket_data, IPCXN, &raw mut address));
        (socket >= 0).then(|| OwnedFd::from_raw_fd(socket))
    }
}

/// `CURLOPT_SOCKOPTFUNCTION`.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn sockopt(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    socket: RawFd,
    accepted: bool,
) -> SockOptAnswer {
    // SAFETY: by contract; the application's function gets what its type asks for.
    unsafe {
        let Some(rare) = easy.map(|easy| (*easy.as_ptr()).callbacks.rare()) else {
            return SockOptAnswer::Ok;
        };
        let Some(sockopt) = rare.sockopt else { return SockOptAnswer::Ok };
        let data = rare.sockopt_data;
        let purpose = if accepted { ACCEPT } else { IPCXN };
        match call(multi, Callback::Transfer, || sockopt(data, socket, purpose)) {
            0 => SockOptAnswer::Ok,
            2 => SockOptAnswer::AlreadyConnected,
            _ => SockOptAnswer::Error,
        }
    }
}

/// `CURLOPT_CLOSESOCKETFUNCTION`, or a plain close.
///
/// # Safety
/// As for [`progress`]; `socket` is open and belongs to nobody else.
pub unsafe fn close_socket(multi: NonNull<Multi>, closer: Option<Closer>, socket: RawFd) {
    // SAFETY: by contract.
    unsafe {
        match closer {
            Some((close, data)) => {
                call(multi, Callback::Transfer, || close(data, socket));
            }
            None => drop(OwnedFd::from_raw_fd(socket)),
        }
    }
}

/// `CURLOPT_DEBUGFUNCTION`, or lines on `CURLOPT_STDERR` with a mark in front.
///
/// # Safety
/// As for [`progress`].
pub unsafe fn debug(
    multi: NonNull<Multi>,
    easy: Option<NonNull<Easy>>,
    kind: DebugKind,
    bytes: &[u8],
) {
    if let Some(easy) = easy {
        // SAFETY: by contract.
        unsafe { call(multi, Callback::Transfer, || debug_alone(easy, kind, bytes)) };
    }
}

/// The same for a handle that is in no multi handle.
///
/// # Safety
/// `easy` is good and not borrowed.
pub unsafe fn debug_alone(easy: NonNull<Easy>, kind: DebugKind, bytes: &[u8]) {
    // SAFETY: by contract; the application's function gets what its type asks for.
    unsafe {
        let rare = (*easy.as_ptr()).callbacks.rare();
        if let Some(debug) = rare.debug {
            // libcurl promises no end of string, but has one, and programs rely on it.
            let mut text = [bytes, b"\0"].concat();
            let data = rare.debug_data;
            debug(easy.as_ptr().cast(), kind as c_int, text.as_mut_ptr().cast(), bytes.len(), data);
            return;
        }
        let mark = match kind {
            DebugKind::Text => b"* ",
            DebugKind::HeaderIn => b"< ",
            DebugKind::HeaderOut => b"> ",
            _ => return,
        };
        let stream = stderr(&*easy.as_ptr());
        stdio::put(stream, mark);
        stdio::put(stream, bytes);
    }
}

/// `CURLOPT_STDERR`.
pub(super) fn stderr(easy: &Easy) -> *mut libc::FILE {
    let stream = easy.callbacks.rare().stderr;
    if stream.is_null() { stdio::stderr_stream() } else { stream }
}
