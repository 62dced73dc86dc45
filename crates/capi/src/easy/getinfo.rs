//! `curl_easy_getinfo`: facts of the last or current transfer as C values.

use std::ffi::{CString, c_char, c_double, c_int, c_long, c_void};
use std::net::SocketAddr;
use std::ptr::{NonNull, null, null_mut};
use std::sync::LazyLock;
use std::time::Duration;

use tress_engine::options::{Method, Protocols};
use tress_engine::{Infos, RtspFacts, Times, Transfer};
use tress_model::Code;

use super::{Easy, Kept, made_up};
use crate::guard::{EasyCall, enter_easy};
use crate::slist::{self, Slist};
use crate::tables::info;

/// Strings that pointers were given out to, by the info's number: good until the next time.
#[derive(Default)]
pub struct Strings(Vec<(i32, CString)>);

/// What is known before the first transfer.
static NO_TRANSFER: LazyLock<Infos> = LazyLock::new(|| {
    let mut infos = Infos::default();
    (infos.transfer_number, infos.connection_number) = (-1, -1);
    infos
});

/// `struct curl_certinfo`, and its lists.
#[derive(Default)]
pub struct CertInfo {
    c: CCertInfo,
    /// What the lists were made of: asked for again, they stay as they are.
    of: Vec<Vec<Box<[u8]>>>,
    lists: Vec<*mut Slist>,
}

#[repr(C)]
struct CCertInfo {
    num_of_certs: c_int,
    certinfo: *mut *mut Slist,
}

/// `struct curl_tlssessioninfo`.
#[repr(C)]
pub struct TlsSession {
    backend: c_int,
    internals: *mut c_void,
}

impl Default for TlsSession {
    fn default() -> Self {
        Self { backend: RUSTLS, internals: null_mut() }
    }
}

/// `CURLSSLBACKEND_RUSTLS`.
const RUSTLS: c_int = 14;

/// Writes the answer to where `place` points.
///
/// # Safety
/// `easy` is NULL or points to readable memory; `place` is NULL or fits the info's type.
pub unsafe fn getinfo(easy: *mut c_void, info: i32, place: *mut c_void) -> c_int {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else {
        return Code::BadFunctionArgument as c_int;
    };
    if place.is_null() {
        return Code::BadFunctionArgument as c_int;
    }
    // SAFETY: a good handle; no callback runs here; the place fits the info's type.
    unsafe {
        let _guard = match enter_easy(easy, EasyCall::Getinfo) {
            Ok(guard) => guard,
            Err(code) => return code as c_int,
        };
        super::code(answer(easy, info, place))
    }
}

unsafe fn answer(easy: NonNull<Easy>, number: i32, place: *mut c_void) -> Result<(), Code> {
    let unknown = Err(Code::UnknownOption);
    // SAFETY: by the caller's contract; each place has the type that the number's bits say.
    unsafe {
        match number & 0xf0_0000 {
            0x10_0000 => {
                let Some(text) = string(easy, number) else { return unknown };
                place.cast::<*const c_char>().write(text);
            }
            0x20_0000 => {
                let value = made_up::figure(number).or_else(|| long(&*easy.as_ptr(), number));
                let Some(value) = value else { return unknown };
                place.cast::<c_long>().write(value);
            }
            0x30_0000 => {
                let Some(value) = double(&*easy.as_ptr(), number) else { return unknown };
                place.cast::<c_double>().write(value);
            }
            0x40_0000 => {
                let value = list(easy, number)?;
                // Memory ran out: there is no list, and that is told.
                place.cast::<*mut c_void>().write(value.unwrap_or(null_mut()));
                value.ok_or(Code::OutOfMemory)?;
            }
            0x50_0000 => {
                if number != info::ACTIVESOCKET {
                    return unknown;
                }
                place.cast::<c_int>().write((*easy.as_ptr()).active_socket());
            }
            0x60_0000 => {
                let value = made_up::figure(number).or_else(|| offset(&*easy.as_ptr(), number));
                let Some(value) = value else { return unknown };
                place.cast::<i64>().write(value);
            }
            _ => return unknown,
        }
    }
    Ok(())
}

impl Easy {
    /// Facts of the transfer, if there ever was one.
    ///
    /// # Safety
    /// As for [`Easy::transfer`].
    unsafe fn infos(&self) -> Option<&Infos> {
        // SAFETY: by contract.
        unsafe { self.transfer() }.map(Transfer::infos)
    }

    /// `CURLINFO_ACTIVESOCKET`: the connection's descriptor, or -1.
    unsafe fn active_socket(&self) -> c_int {
        // SAFETY: by the caller's contract; the multi handle is not borrowed elsewhere.
        unsafe {
            let held = self.transfer().and_then(|transfer| transfer.held());
            match (held, self.home().as_mut()) {
                (Some(held), Some(multi)) => multi.engine.raw_socket(held).unwrap_or(-1),
                _ => -1,
            }
        }
    }

    /// Memory that the handle keeps for pointers given out.
    pub(crate) fn kept_mut(&mut self) -> &mut Kept {
        self.kept.get_or_insert_default()
    }
}

unsafe fn string(easy: NonNull<Easy>, number: i32) -> Option<*const c_char> {
    // SAFETY: by the caller's contract; the texts are copied before the handle is changed.
    let text: Option<Box<[u8]>> = unsafe {
        let handle = &*easy.as_ptr();
        let transfer = handle.transfer();
        let infos = transfer.map(Transfer::infos);
        let ip = |address: fn(&Infos) -> Option<SocketAddr>| {
            let address = infos.and_then(address);
            Some(address.map(|it| it.ip().to_string()).unwrap_or_default().into_bytes().into())
        };
        match number {
            info::PRIVATE => return Some(handle.private.cast_const().cast()),
            info::EFFECTIVE_URL => {
                let url = handle.effective_url();
                Some(url.or_else(|| handle.options.url.clone()).unwrap_or_default())
            }
            info::EFFECTIVE_METHOD => Some(handle.effective_method(transfer).into()),
            info::CONTENT_TYPE => infos.and_then(Infos::content_type).map(Into::into),
            info::REDIRECT_URL => infos.and_then(|infos| infos.redirect_url.clone()),
            info::REFERER => match transfer {
                Some(transfer) => transfer.referer().map(Into::into),
                None => handle.options.http().referer.clone(),
            },
            info::PRIMARY_IP => ip(|infos| infos.primary),
            info::LOCAL_IP => ip(|infos| infos.local),
            info::SCHEME => transfer.and_then(Transfer::scheme).map(|it| it.as_bytes().into()),
            info::RTSP_SESSION_ID => {
                let given = handle.options.other().rtsp_session_id.clone();
                let learnt = || transfer.and_then(Transfer::rtsp)?.session.map(Into::into);
                given.or_else(learnt)
            }
            info::FTP_ENTRY_PATH => {
                transfer.and_then(|transfer| transfer.infos().ftp_entry_path.clone())
            }
            info::CAINFO => Some(crate::version::CA_FILE.to_bytes().into()),
            info::CAPATH => Some(crate::version::CA_PATH.to_bytes().into()),
            _ => return None,
        }
    };
    // SAFETY: by the caller's contract.
    let strings = unsafe { &mut (*easy.as_ptr()).kept_mut().strings };
    Some(text.map_or(null(), |text| strings.keep(number, text)))
}

impl Strings {
    fn keep(&mut self, number: i32, text: Box<[u8]>) -> *const c_char {
        let text = CString::new(text).unwrap_or_default();
        let at = self.0.iter().position(|(known, _)| *known == number);
        match at.and_then(|at| self.0.get_mut(at)) {
            Some((_, kept)) => {
                // What was handed out stays good as long as it is true.
                if *kept != text {
                    *kept = text;
                }
                kept.as_ptr()
            }
            None => {
                // The pointer is taken where the text stays: a move would end it (found by Miri).
                self.0.push((number, text));
                self.0.last().map_or(null(), |(_, kept)| kept.as_ptr())
            }
        }
    }
}

impl Easy {
    fn effective_method<'a>(&'a self, transfer: Option<&'a Transfer>) -> &'a [u8] {
        if let Some(transfer) = transfer {
            return transfer.effective_method();
        }
        match (&self.options.customrequest, self.options.method) {
            (Some(custom), _) => custom,
            (None, _) if self.options.nobody => b"HEAD",
            (None, Method::Post | Method::PostForm | Method::PostMime) => b"POST",
            (None, Method::Put) => b"PUT",
            (None, Method::Head) => b"HEAD",
            (None, Method::Get) => b"GET",
        }
    }
}

unsafe fn long(easy: &Easy, number: i32) -> Option<c_long> {
    // SAFETY: by the caller's contract.
    let infos = unsafe { easy.infos() }.unwrap_or(&NO_TRANSFER);
    let port = |address: Option<SocketAddr>| address.map_or(-1, |it| c_long::from(it.port()));
    Some(match number {
        info::RESPONSE_CODE => infos.response_code.into(),
        info::HTTP_CONNECTCODE => infos.connect_code.into(),
        info::FILETIME => infos.filetime.unwrap_or(-1),
        info::HEADER_SIZE => infos.header_size as c_long,
        info::REQUEST_SIZE => infos.request_size as c_long,
        info::SSL_VERIFYRESULT => infos.verify_result,
        info::PROXY_SSL_VERIFYRESULT => infos.proxy_verify_result,
        info::REDIRECT_COUNT => infos.redirect_count.into(),
        info::HTTPAUTH_AVAIL => infos.auth_available.into(),
        info::PROXYAUTH_AVAIL => infos.proxy_auth_available.into(),
        info::HTTPAUTH_USED => infos.auth_used.into(),
        info::PROXYAUTH_USED => infos.proxy_auth_used.into(),
        info::OS_ERRNO => infos.os_errno.into(),
        info::NUM_CONNECTS => infos.num_connects.into(),
        // SAFETY: by the caller's contract.
        info::LASTSOCKET => unsafe { easy.active_socket() }.into(),
        info::PRIMARY_PORT => port(infos.primary),
        info::LOCAL_PORT => port(infos.local),
        info::PROXY_ERROR => infos.proxy_error.into(),
        info::CONDITION_UNMET => (infos.condition_unmet || infos.response_code == 304).into(),
        info::RTSP_CLIENT_CSEQ | info::RTSP_SERVER_CSEQ | info::RTSP_CSEQ_RECV => {
            let set = easy.options.other();
            // SAFETY: by the caller's contract.
            let facts = unsafe { easy.transfer() }.and_then(Transfer::rtsp).unwrap_or(RtspFacts {
                client_cseq: set.rtsp_client_cseq,
                server_cseq: set.rtsp_server_cseq,
                ..RtspFacts::default()
            });
            match number {
                info::RTSP_CLIENT_CSEQ => facts.client_cseq.into(),
                info::RTSP_SERVER_CSEQ => facts.server_cseq.into(),
                _ => facts.received_cseq.into(),
            }
        }
        info::HTTP_VERSION => infos.http_version.into(),
        // SAFETY: by the caller's contract.
        info::PROTOCOL => unsafe { easy.transfer() }.map_or(0, protocol),
        info::USED_PROXY => infos.used_proxy.into(),
        _ => return None,
    })
}

/// `CURLPROTO_*` of the scheme used last.
fn protocol(transfer: &Transfer) -> c_long {
    let scheme = transfer.scheme().unwrap_or_default().as_bytes();
    Protocols::from_scheme(scheme).map_or(0, |protocol| protocol.bits() as c_long)
}

unsafe fn double(easy: &Easy, number: i32) -> Option<c_double> {
    let twin = match number {
        info::SIZE_UPLOAD => info::SIZE_UPLOAD_T,
        info::SIZE_DOWNLOAD => info::SIZE_DOWNLOAD_T,
        info::SPEED_UPLOAD => info::SPEED_UPLOAD_T,
        info::SPEED_DOWNLOAD => info::SPEED_DOWNLOAD_T,
        info::CONTENT_LENGTH_UPLOAD => info::CONTENT_LENGTH_UPLOAD_T,
        info::CONTENT_LENGTH_DOWNLOAD => info::CONTENT_LENGTH_DOWNLOAD_T,
        _ => {
            // SAFETY: by the caller's contract.
            let times = unsafe { easy.infos() }.map(|infos| infos.times).unwrap_or_default();
            return seconds(&times, number).map(|time| time.as_micros() as f64 / 1e6);
        }
    };
    // SAFETY: by the caller's contract.
    unsafe { offset(easy, twin) }.map(|value| value as f64)
}

fn seconds(times: &Times, number: i32) -> Option<Duration> {
    Some(match number {
        info::TOTAL_TIME => times.total,
        info::NAMELOOKUP_TIME => times.namelookup,
        info::CONNECT_TIME => times.connect,
        info::APPCONNECT_TIME => times.appconnect,
        info::PRETRANSFER_TIME => times.pretransfer,
        info::STARTTRANSFER_TIME => times.starttransfer,
        info::REDIRECT_TIME => times.redirect,
        _ => return None,
    })
}

unsafe fn offset(easy: &Easy, number: i32) -> Option<i64> {
    // SAFETY: by the caller's contract.
    let infos = unsafe { easy.infos() }.unwrap_or(&NO_TRANSFER);
    // What the application is looking at right now counts when it is taken.
    // SAFETY: by the caller's contract.
    let downloaded = || infos.downloaded.saturating_sub(unsafe { easy.untaken() });
    let times = &infos.times;
    let micros = |time: Duration| time.as_micros() as i64;
    let length = |length: Option<u64>| length.map_or(-1, |length| length as i64);
    Some(match number {
        info::FILETIME_T => infos.filetime.unwrap_or(-1),
        info::SIZE_UPLOAD_T => infos.uploaded as i64,
        info::SIZE_DOWNLOAD_T => downloaded() as i64,
        info::SIZE_DELIVERED => infos.delivered as i64,
        info::SPEED_DOWNLOAD_T => speed(downloaded(), times.total),
        info::SPEED_UPLOAD_T => speed(infos.uploaded, times.total),
        info::CONTENT_LENGTH_DOWNLOAD_T => length(infos.download_length),
        info::CONTENT_LENGTH_UPLOAD_T => length(infos.upload_length),
        info::TOTAL_TIME_T => micros(times.total),
        info::NAMELOOKUP_TIME_T => micros(times.namelookup),
        info::CONNECT_TIME_T => micros(times.connect),
        info::APPCONNECT_TIME_T => micros(times.appconnect),
        info::PRETRANSFER_TIME_T => micros(times.pretransfer),
        info::POSTTRANSFER_TIME_T => micros(times.posttransfer),
        info::STARTTRANSFER_TIME_T => micros(times.starttransfer),
        info::QUEUE_TIME_T => micros(times.queue),
        info::REDIRECT_TIME_T => micros(times.redirect),
        info::RETRY_AFTER => infos.retry_after as i64,
        info::XFER_ID => infos.transfer_number,
        info::CONN_ID => infos.connection_number,
        info::EARLYDATA_SENT_T => infos.early_data_sent,
        _ => return None,
    })
}

/// Bytes a second over the whole transfer.
pub(crate) fn speed(bytes: u64, time: Duration) -> i64 {
    let micros = time.as_micros().max(1);
    i64::try_from(u128::from(bytes) * 1_000_000 / micros).unwrap_or(i64::MAX)
}

/// None: memory ran out.
unsafe fn list(easy: NonNull<Easy>, number: i32) -> Result<Option<*mut c_void>, Code> {
    if number == info::COOKIELIST {
        // SAFETY: by the caller's contract.
        let list = unsafe { super::stores::cookie_list(easy) };
        return Ok(list.map(<*mut Slist>::cast));
    }
    // SAFETY: by the caller's contract.
    let handle = unsafe { &mut *easy.as_ptr() };
    Ok(match number {
        info::SSL_ENGINES => Some(null_mut()),
        // SAFETY: as above.
        info::CERTINFO => unsafe { handle.certinfo() },
        info::TLS_SESSION | info::TLS_SSL_PTR => {
            Some((&raw mut handle.kept_mut().tls_session).cast())
        }
        _ => return Err(Code::UnknownOption),
    })
}

impl Easy {
    /// None: memory ran out.
    unsafe fn certinfo(&mut self) -> Option<*mut c_void> {
        // SAFETY: by the caller's contract.
        let certificates = unsafe { self.infos() }.map(|infos| infos.certificates.clone());
        let kept = &mut self.kept_mut().certinfo;
        let certificates = certificates.unwrap_or_default();
        if kept.of == certificates {
            return Some((&raw mut kept.c).cast());
        }
        kept.of.clear();
        kept.replace(Vec::new());
        let mut lists = Vec::new();
        for lines in &certificates {
            match slist::of_lines(lines.iter().map(|line| &line[..])) {
                Some(list) => lists.push(list),
                None => {
                    kept.replace(lists);
                    kept.replace(Vec::new());
                    return None;
                }
            }
        }
        kept.replace(lists);
        kept.of = certificates;
        Some((&raw mut kept.c).cast())
    }
}

impl CertInfo {
    fn replace(&mut self, lists: Vec<*mut Slist>) {
        for list in std::mem::replace(&mut self.lists, lists) {
            // SAFETY: made by `slist::append`, given up here.
            unsafe { slist::curl_slist_free_all(list) };
        }
        self.c.num_of_certs = self.lists.len() as c_int;
        self.c.certinfo = self.lists.as_mut_ptr();
    }
}

impl Drop for CertInfo {
    fn drop(&mut self) {
        self.replace(Vec::new());
    }
}

impl Default for CCertInfo {
    fn default() -> Self {
        Self { num_of_certs: 0, certinfo: null_mut() }
    }
}
