//! Options that are pointers kept as they are: user data, lists, handles.

use std::ffi::{c_char, c_void};

use tress_engine::options::Method;
use tress_model::Code;

use super::{Easy, MAX_INPUT_LENGTH, Outcome, option, set};

/// Sets a pointer; string options are unknown here.
///
/// # Safety
/// `value` is what the option's manual page asks for.
pub(super) unsafe fn set(easy: &mut Easy, option: i32, value: *mut c_void) -> Outcome {
    if user_data(easy, option, value) || list(easy, option, value) {
        return Ok(());
    }
    match option {
        option::POSTFIELDS => {
            easy.lists_mut().postfields = value.cast();
            easy.copied_fields = None;
            set!(easy, method = Method::Post)
        }
        // SAFETY: by contract.
        option::COPYPOSTFIELDS => unsafe { copy_fields(easy, value.cast()) },
        option::MIMEPOST => {
            easy.lists_mut().mimepost = value;
            super::flags::set_method(easy, Method::PostMime, true)
        }
        option::HTTPPOST => {
            easy.lists_mut().httppost = value;
            super::flags::set_method(easy, Method::PostForm, true)
        }
        option::CURLU => {
            easy.lists_mut().curlu = value;
            set!(easy, connect, connect_mut, url = None)?;
            set!(easy, url = None)
        }
        option::ERRORBUFFER => {
            easy.error_buffer = value.cast();
            Ok(())
        }
        option::PRIVATE => {
            easy.private = value;
            Ok(())
        }
        // Deprecated, and without effect since 7.?: stream dependencies.
        option::STREAM_DEPENDS | option::STREAM_DEPENDS_E => Ok(()),
        option::SSL_CTX_DATA => Err(Code::NotBuiltIn),
        _ => Err(Code::UnknownOption),
    }
}

/// What is given back to callbacks.
fn user_data(easy: &mut Easy, option: i32, value: *mut c_void) -> bool {
    match option {
        option::WRITEDATA => easy.callbacks.write_data = value,
        option::READDATA => easy.callbacks.read_data = value,
        option::HEADERDATA => {
            easy.callbacks.header_data = value;
            easy.choose_header_hook();
        }
        option::XFERINFODATA => easy.callbacks.progress_data = value,
        option::STDERR => easy.callbacks.rare_mut().stderr = value.cast(),
        option::DEBUGDATA => easy.callbacks.rare_mut().debug_data = value,
        option::SEEKDATA => easy.callbacks.rare_mut().seek_data = value,
        option::IOCTLDATA => easy.callbacks.rare_mut().ioctl_data = value,
        option::SOCKOPTDATA => easy.callbacks.rare_mut().sockopt_data = value,
        option::OPENSOCKETDATA => easy.callbacks.rare_mut().opensocket_data = value,
        option::CLOSESOCKETDATA => easy.callbacks.rare_mut().closesocket_data = value,
        option::RESOLVER_START_DATA => easy.callbacks.rare_mut().resolver_start_data = value,
        option::PREREQDATA => easy.callbacks.rare_mut().prereq_data = value,
        option::TRAILERDATA => easy.callbacks.rare_mut().trailer_data = value,
        option::CHUNK_DATA => easy.callbacks.rare_mut().chunk_data = value,
        option::FNMATCH_DATA => easy.callbacks.rare_mut().fnmatch_data = value,
        option::INTERLEAVEDATA => easy.callbacks.rare_mut().interleave_data = value,
        option::SSH_KEYDATA => easy.callbacks.rare_mut().ssh_key_data = value,
        option::SSH_HOSTKEYDATA => easy.callbacks.rare_mut().ssh_hostkey_data = value,
        option::HSTSREADDATA => easy.callbacks.rare_mut().hsts_read_data = value,
        option::HSTSWRITEDATA => easy.callbacks.rare_mut().hsts_write_data = value,
        _ => return false,
    }
    true
}

/// Lists stay the application's; they are read when a transfer starts.
fn list(easy: &mut Easy, option: i32, value: *mut c_void) -> bool {
    let value = value.cast();
    match option {
        option::HTTPHEADER => easy.lists_mut().httpheader = value,
        option::PROXYHEADER => easy.lists_mut().proxyheader = value,
        option::HTTP200ALIASES => easy.lists_mut().http200aliases = value,
        option::QUOTE => easy.lists_mut().quote = value,
        option::PREQUOTE => easy.lists_mut().prequote = value,
        option::POSTQUOTE => easy.lists_mut().postquote = value,
        option::RESOLVE => easy.lists_mut().resolve = value,
        option::CONNECT_TO => easy.lists_mut().connect_to = value,
        option::TELNETOPTIONS => easy.lists_mut().telnetoptions = value,
        option::MAIL_RCPT => easy.lists_mut().mail_rcpt = value,
        _ => return false,
    }
    true
}

/// Copies the fields: as many bytes as the size set before says, else a C string.
unsafe fn copy_fields(easy: &mut Easy, fields: *const c_char) -> Outcome {
    let bytes = match (fields.is_null(), usize::try_from(easy.postfieldsize)) {
        (true, _) => None,
        // SAFETY: by the caller's contract so many bytes are readable.
        (false, Ok(len)) => Some(unsafe { std::slice::from_raw_parts(fields.cast(), len) }),
        // SAFETY: by the caller's contract a C string.
        (false, Err(_)) => Some(unsafe { std::ffi::CStr::from_ptr(fields) }.to_bytes()),
    };
    if easy.postfieldsize < 0 && bytes.is_some_and(|bytes| bytes.len() > MAX_INPUT_LENGTH) {
        return Err(Code::BadFunctionArgument);
    }
    let same = easy.copied_fields.as_deref() == bytes;
    if !same {
        easy.copied_fields = bytes.map(Into::into);
    }
    if let Some(lists) = &mut easy.lists {
        lists.postfields = std::ptr::null();
    }
    set!(easy, method = Method::Post)
}
