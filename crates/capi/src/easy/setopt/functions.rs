//! Options that are functions.

use std::ffi::c_void;

use tress_engine::options::Hooks;
use tress_model::Code;

use super::{Easy, Outcome, option};

/// Sets an option from 20,000 on; NULL puts the default behaviour back.
///
/// # Safety
/// `function` is NULL or a function of the type that the option's manual page names.
pub(super) unsafe fn set(easy: &mut Easy, option: i32, function: *mut c_void) -> Outcome {
    macro_rules! keep {
        ($($place:ident).+) => {
            // SAFETY: a function pointer of the option's type, or NULL, by contract; `Option` of
            // a function has the same layout.
            easy.$($place).+ = unsafe { std::mem::transmute::<*mut c_void, Option<_>>(function) }
        };
        (rare $place:ident) => {{
            // SAFETY: as above.
            let kept = unsafe { std::mem::transmute::<*mut c_void, Option<_>>(function) };
            easy.callbacks.rare_mut().$place = kept;
        }};
    }
    match option {
        option::WRITEFUNCTION => keep!(callbacks.write),
        option::HEADERFUNCTION => keep!(callbacks.header),
        option::READFUNCTION => keep!(callbacks.read),
        option::XFERINFOFUNCTION => keep!(callbacks.xferinfo),
        option::PROGRESSFUNCTION => keep!(rare progress),
        option::DEBUGFUNCTION => keep!(rare debug),
        option::SEEKFUNCTION => keep!(rare seek),
        option::IOCTLFUNCTION => keep!(rare ioctl),
        option::SOCKOPTFUNCTION => keep!(rare sockopt),
        option::OPENSOCKETFUNCTION => keep!(rare opensocket),
        option::CLOSESOCKETFUNCTION => keep!(rare closesocket),
        option::RESOLVER_START_FUNCTION => keep!(rare resolver_start),
        option::PREREQFUNCTION => keep!(rare prereq),
        option::TRAILERFUNCTION => keep!(rare trailer),
        option::CHUNK_BGN_FUNCTION => keep!(rare chunk_begin),
        option::CHUNK_END_FUNCTION => keep!(rare chunk_end),
        option::FNMATCH_FUNCTION => keep!(rare fnmatch),
        option::INTERLEAVEFUNCTION => keep!(rare interleave),
        option::SSH_KEYFUNCTION => keep!(rare ssh_key),
        option::SSH_HOSTKEYFUNCTION => keep!(rare ssh_hostkey),
        option::HSTSREADFUNCTION => keep!(rare hsts_read),
        option::HSTSWRITEFUNCTION => keep!(rare hsts_write),
        // There is no OpenSSL below us whose context could be shown.
        option::SSL_CTX_FUNCTION => return Err(Code::NotBuiltIn),
        _ => return Err(Code::UnknownOption),
    }
    easy.choose_hooks(option, !function.is_null());
    Ok(())
}

impl Easy {
    /// Tells the engine which effects are wanted from now on.
    fn choose_hooks(&mut self, option: i32, set: bool) {
        let hook = match option {
            option::WRITEFUNCTION => Hooks::WRITE,
            option::HEADERFUNCTION => return self.choose_header_hook(),
            option::READFUNCTION => Hooks::READ,
            option::SOCKOPTFUNCTION => Hooks::SOCKOPT,
            option::OPENSOCKETFUNCTION => Hooks::OPENSOCKET,
            option::CLOSESOCKETFUNCTION => Hooks::CLOSESOCKET,
            option::RESOLVER_START_FUNCTION => Hooks::RESOLVER_START,
            option::PREREQFUNCTION => Hooks::PREREQ,
            option::TRAILERFUNCTION => Hooks::TRAILER,
            option::CHUNK_BGN_FUNCTION => Hooks::CHUNK_BGN,
            option::CHUNK_END_FUNCTION => Hooks::CHUNK_END,
            option::FNMATCH_FUNCTION => Hooks::FNMATCH,
            option::INTERLEAVEFUNCTION => Hooks::INTERLEAVE,
            option::SSH_KEYFUNCTION => Hooks::SSH_KEY,
            option::SSH_HOSTKEYFUNCTION => Hooks::SSH_HOSTKEY,
            option::HSTSREADFUNCTION => Hooks::HSTS_READ,
            option::HSTSWRITEFUNCTION => Hooks::HSTS_WRITE,
            _ => return,
        };
        self.hook(hook, set);
    }

    /// Headers are wanted with a function of their own, or with a destination for the write
    /// callback.
    pub(super) fn choose_header_hook(&mut self) {
        let wanted = self.callbacks.header.is_some() || !self.callbacks.header_data.is_null();
        self.hook(Hooks::HEADER, wanted);
    }
}
