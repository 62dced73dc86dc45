//! Options that are memory blocks (`struct curl_blob`).

use std::ffi::{c_uint, c_void};
use std::ptr::NonNull;

use tress_engine::options::Blob;
use tress_model::Code;

use super::{Easy, MAX_INPUT_LENGTH, Outcome, option, set};

/// `struct curl_blob`.
#[repr(C)]
pub struct CBlob {
    data: *mut c_void,
    len: usize,
    flags: c_uint,
}

/// Sets an option from 40,000 on. The content is copied, whether `CURL_BLOB_COPY` is set or not.
///
/// # Safety
/// `blob` is good for reading, and so is what it points to.
pub(super) unsafe fn set(easy: &mut Easy, option: i32, blob: Option<NonNull<CBlob>>) -> Outcome {
    // SAFETY: by contract.
    let blob = unsafe { read(blob) };
    match option {
        option::SSLCERT_BLOB => set!(easy, tls, tls_mut, sslcert_blob = blob?),
        option::SSLKEY_BLOB => set!(easy, tls, tls_mut, sslkey_blob = blob?),
        option::CAINFO_BLOB => set!(easy, tls, tls_mut, cainfo_blob = blob?),
        option::PROXY_SSLCERT_BLOB => set!(easy, proxy.tls, sslcert_blob = blob?),
        option::PROXY_SSLKEY_BLOB => set!(easy, proxy.tls, sslkey_blob = blob?),
        option::PROXY_CAINFO_BLOB => set!(easy, proxy.tls, cainfo_blob = blob?),
        option::ISSUERCERT_BLOB => set!(easy, tls, tls_mut, issuercert_blob = blob?),
        option::PROXY_ISSUERCERT_BLOB => set!(easy, proxy.tls, issuercert_blob = blob?),
        _ => Err(Code::UnknownOption),
    }
}

unsafe fn read(blob: Option<NonNull<CBlob>>) -> Result<Option<Blob>, Code> {
    let Some(blob) = blob else { return Ok(None) };
    // SAFETY: by the caller's contract.
    let CBlob { data, len, .. } = unsafe { blob.as_ref() };
    if data.is_null() || *len == 0 || *len > MAX_INPUT_LENGTH {
        return Err(Code::BadFunctionArgument);
    }
    // SAFETY: by the caller's contract.
    Ok(Some(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), *len) }.into()))
}
