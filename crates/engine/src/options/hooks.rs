//! Which callbacks the application has set.

use bitflags::bitflags;

bitflags! {
    /// The callbacks that are set; the engine makes an effect for them only then.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Hooks: u32 {
        /// `WRITEFUNCTION`; body bytes are delivered in any case.
        const WRITE = 1;
        /// `HEADERFUNCTION`, or `HEADERDATA` alone.
        const HEADER = 1 << 1;
        /// `READFUNCTION`; upload bytes are asked for in any case.
        const READ = 1 << 2;
        /// `SEEKFUNCTION` or `IOCTLFUNCTION`, or a source that the driver can seek by itself.
        const SEEK = 1 << 3;
        /// `XFERINFOFUNCTION`, `PROGRESSFUNCTION` or the built-in meter, with `NOPROGRESS` off.
        const PROGRESS = 1 << 4;
        /// Somebody listens to debug text and bytes: `VERBOSE` is on.
        const DEBUG = 1 << 5;
        /// `SOCKOPTFUNCTION`.
        const SOCKOPT = 1 << 6;
        /// `OPENSOCKETFUNCTION`.
        const OPENSOCKET = 1 << 7;
        /// `CLOSESOCKETFUNCTION`.
        const CLOSESOCKET = 1 << 8;
        /// `PREREQFUNCTION`.
        const PREREQ = 1 << 9;
        /// `RESOLVER_START_FUNCTION`.
        const RESOLVER_START = 1 << 10;
        /// `TRAILERFUNCTION`.
        const TRAILER = 1 << 11;
        /// `CHUNK_BGN_FUNCTION`.
        const CHUNK_BGN = 1 << 12;
        /// `CHUNK_END_FUNCTION`.
        const CHUNK_END = 1 << 13;
        /// `FNMATCH_FUNCTION`.
        const FNMATCH = 1 << 14;
        /// `INTERLEAVEFUNCTION`.
        const INTERLEAVE = 1 << 15;
        /// `SSH_KEYFUNCTION`.
        const SSH_KEY = 1 << 16;
        /// `SSH_HOSTKEYFUNCTION`.
        const SSH_HOSTKEY = 1 << 17;
        /// `HSTSREADFUNCTION`.
        const HSTS_READ = 1 << 18;
        /// `HSTSWRITEFUNCTION`.
        const HSTS_WRITE = 1 << 19;
        /// The driver keeps response headers (`curl_easy_header(3)`).
        const KEEP_HEADERS = 1 << 20;
    }
}
