//! What the engine asks of its driver, and what the driver answers.
//!
//! The engine never calls the application (invariant 2). A driver (the C ABI, the Rust API)
//! takes one [`Effect`] after the other from [`Multi::next_effect`](crate::Multi::next_effect)
//! and acts on it with no engine borrow alive. Effects of the first group want exactly one
//! answer, given before the next effect is taken; those of the second are only told.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut, Range};
use std::os::fd::{OwnedFd, RawFd};
use std::time::Duration;

use tress_net::connect::Target;
use tress_proto::ftp::listing::FileInfo;

use crate::{Transfer, TransferId};

/// Something for the driver to do.
#[derive(Debug)]
pub enum Effect {
    /// Give these bytes to the application; answer with `Multi::delivered`.
    Deliver {
        /// Whose bytes they are.
        transfer: TransferId,
        /// Which callback they are for.
        kind: Delivery,
        /// The bytes, lent: they go back with the answer.
        bytes: Lent,
    },
    /// Append at most `room` bytes of the request body to `buffer`; answer with
    /// `Multi::supplied`.
    Read {
        /// Who uploads.
        transfer: TransferId,
        /// How many bytes may be appended.
        room: usize,
        /// Where to; what is in it already stays.
        buffer: Vec<u8>,
    },
    /// Set the request body to `offset` bytes from its start; answer with `Multi::sought`.
    Seek {
        /// Who uploads.
        transfer: TransferId,
        /// Bytes from the start of the body.
        offset: u64,
    },
    /// Tell how far the transfer is; answer with `Multi::allowed`.
    Progress {
        /// Whose figures.
        transfer: TransferId,
        /// The figures.
        figures: Figures,
    },
    /// The connection is up and the request about to be sent (`CURLOPT_PREREQFUNCTION`);
    /// answer with `Multi::allowed`.
    Prereq {
        /// Who would send.
        transfer: TransferId,
        /// The peer's address.
        primary: SocketAddr,
        /// Our own.
        local: SocketAddr,
    },
    /// A name look-up is about to start (`CURLOPT_RESOLVER_START_FUNCTION`); answer with
    /// `Multi::allowed`.
    ResolverStart {
        /// Who looks up.
        transfer: TransferId,
    },
    /// Fetch the trailers of a chunked upload (`CURLOPT_TRAILERFUNCTION`); answer with
    /// `Multi::trailers`.
    Trailers {
        /// Who uploads.
        transfer: TransferId,
    },
    /// The server wants to push a response (`CURLMOPT_PUSHFUNCTION`); answer with
    /// `Multi::pushed`.
    Push {
        /// Whose stream the promise came with.
        parent: TransferId,
        /// What is pushed.
        url: Box<[u8]>,
        /// The promised request's fields, pseudo fields included, each as `name:value`.
        head: Vec<Box<[u8]>>,
    },
    /// Open a socket for this address (`CURLOPT_OPENSOCKETFUNCTION`); answer with
    /// `Multi::socket_opened`.
    OpenSocket {
        /// Who connects.
        transfer: TransferId,
        /// Where to.
        target: Target,
    },
    /// Set options on a fresh socket (`CURLOPT_SOCKOPTFUNCTION`); answer with
    /// `Multi::socket_options_set`.
    SockOpt {
        /// Who connects.
        transfer: TransferId,
        /// The socket.
        socket: RawFd,
        /// The peer has connected to us (`CURLSOCKTYPE_ACCEPT`).
        accepted: bool,
    },
    /// Does the name of a file match the pattern (`CURLOPT_FNMATCH_FUNCTION`)? Answer with
    /// `Multi::name_matched`.
    FnMatch {
        /// Who wants files by a pattern.
        transfer: TransferId,
        /// The pattern.
        pattern: Vec<u8>,
        /// The name.
        name: Vec<u8>,
    },
    /// A file is about to be fetched (`CURLOPT_CHUNK_BGN_FUNCTION`); answer with
    /// `Multi::chunk_begun`.
    ChunkBegin {
        /// Who fetches it.
        transfer: TransferId,
        /// What the listing says of it.
        file: Box<FileInfo>,
        /// Files that are left, this one included.
        remains: usize,
    },
    /// Is this the host's key (`CURLOPT_SSH_HOSTKEYFUNCTION`)? Answer with
    /// `Multi::host_key_judged`.
    HostKey {
        /// Who connects.
        transfer: TransferId,
        /// The key as SSH writes it.
        key: Vec<u8>,
    },
    /// What is to become of a host's key (`CURLOPT_SSH_KEYFUNCTION`)? Answer with
    /// `Multi::known_host_judged`.
    KnownHost {
        /// Who connects.
        transfer: TransferId,
        /// The key by which the host is known.
        known: Option<Vec<u8>>,
        /// The key that it has shown.
        found: Vec<u8>,
        /// How they compare.
        matches: KnownHostMatch,
    },

    /// The application closes this descriptor (`CURLOPT_CLOSESOCKETFUNCTION`).
    CloseSocket {
        /// The socket, not ours any more.
        socket: OwnedFd,
        /// Whose callback to use: the one that was set when the connection was made.
        transfer: Option<TransferId>,
    },
    /// The file that was begun last is done with (`CURLOPT_CHUNK_END_FUNCTION`).
    ChunkEnd {
        /// Who fetched it.
        transfer: TransferId,
    },
    /// Text or bytes for `CURLOPT_DEBUGFUNCTION`.
    Debug {
        /// Whom they are about.
        transfer: TransferId,
        /// What they are.
        kind: DebugKind,
        /// The text; `Text` ends in a line feed.
        bytes: Vec<u8>,
    },
    /// What is wanted of a socket has changed (`CURLMOPT_SOCKETFUNCTION`).
    Watch {
        /// The socket.
        socket: RawFd,
        /// A transfer that uses it; none when only the pool does.
        transfer: Option<TransferId>,
        /// What to wait for from now on.
        what: Watch,
    },
    /// The earliest deadline has changed (`CURLMOPT_TIMERFUNCTION`); none: stop the timer.
    Timer {
        /// From now, rounded up to whole milliseconds.
        after: Option<Duration>,
    },
    /// A transfer is over: its result can be read, a message may be queued.
    Done {
        /// Which one.
        transfer: TransferId,
    },
}

/// Which callback delivered bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// `CURLOPT_WRITEFUNCTION`.
    Body,
    /// `CURLOPT_INTERLEAVEFUNCTION`, else `CURLOPT_WRITEFUNCTION`: one whole RTP packet.
    Rtp,
    /// `CURLOPT_HEADERFUNCTION`: one whole line of a response head or trailer.
    Header,
    /// `CURLOPT_HEADERFUNCTION` alone, whatever `CURLOPT_HEADER` says: one line of a reply.
    Reply,
}

/// The application's answer to [`Effect::Deliver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// All bytes taken.
    Taken,
    /// So many bytes taken, then the application paused: the rest is kept for later.
    Pause {
        /// Bytes taken before it paused.
        taken: usize,
    },
    /// The callback failed: the number it returned instead of the number of bytes.
    Failed {
        /// How many bytes it was shown.
        passed: usize,
        /// What the callback returned.
        returned: usize,
    },
}

/// The application's answer to [`Effect::Read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supplied {
    /// The buffer has grown by at least a byte.
    Data,
    /// The body ends here (with what was appended).
    End,
    /// Nothing now: paused until `Multi::unpause`.
    Pause,
    /// `CURL_READFUNC_ABORT`.
    Abort,
    /// The callback returned more than there was room for.
    TooMuch,
    /// A part of a MIME body cannot be read or encoded.
    Failed,
}

/// The application's answer to [`Effect::ChunkBegin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkBegun {
    /// `CURL_CHUNK_BGN_FUNC_OK`.
    Fetch,
    /// `CURL_CHUNK_BGN_FUNC_SKIP`.
    Skip,
    /// `CURL_CHUNK_BGN_FUNC_FAIL`.
    Fail,
}

/// How a host's key compares to the file of known ones (`enum curl_khmatch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum KnownHostMatch {
    /// The host is known by this key.
    Ok = 0,
    /// It is known by another one.
    Mismatch = 1,
    /// It is not known.
    Missing = 2,
}

/// The application's answer to [`Effect::KnownHost`] (`enum curl_khstat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownHost {
    /// Go on, and add the key to the file.
    Add,
    /// Go on.
    Fine,
    /// Do not; `CURLKHSTAT_DEFER` comes to the same.
    Reject,
    /// Go on, and put the key in the place of the other one.
    Replace,
}

/// The application's answer to [`Effect::Seek`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// `CURL_SEEKFUNC_OK`.
    Ok,
    /// What else a callback returned: `CURL_SEEKFUNC_CANTSEEK` is 2, all others are failures.
    Refused(i32),
    /// There is no way to seek.
    CantSeek,
}

/// The application's answer to [`Effect::Push`].
pub enum Pushed {
    /// `CURL_PUSH_OK`: this transfer, whose URL is the one that is pushed, takes the response.
    Accept(Box<Transfer>),
    /// `CURL_PUSH_DENY`.
    Deny,
    /// `CURL_PUSH_ERROROUT`: the transfer that it came with fails too.
    Fail,
}

impl Sought {
    /// `CURL_SEEKFUNC_CANTSEEK`: what comes before the offset can be read and dropped.
    pub const READ_ON: Self = Self::Refused(2);
}

/// How far a transfer is, in bytes; a total of 0 is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Bytes that the body to come has.
    pub download_total: u64,
    /// Bytes of it that have come.
    pub downloaded: u64,
    /// Bytes that the body to send has.
    pub upload_total: u64,
    /// Bytes of it that were sent.
    pub uploaded: u64,
}

/// What [`Effect::Debug`] bytes are (`curl_infotype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum DebugKind {
    /// A remark.
    Text = 0,
    /// Of the head of a response, or a reply.
    HeaderIn = 1,
    /// The head of a request, or a command.
    HeaderOut = 2,
    /// Of the body that is received.
    DataIn = 3,
    /// Of the body that is sent.
    DataOut = 4,
    /// TLS as received.
    TlsDataIn = 5,
    /// TLS as sent.
    TlsDataOut = 6,
}

/// What to wait for on a socket (`CURL_POLL_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Watch {
    /// Nothing for now; the socket stays ours.
    None = 0,
    /// That it is readable.
    In = 1,
    /// That it is writable.
    Out = 2,
    /// Both.
    InOut = 3,
    /// Forget the socket: it is closed or handed away after this.
    Remove = 4,
}

/// Bytes lent to the driver; derefs to them. Give it back with the answer.
#[derive(Debug)]
pub struct Lent {
    pub(crate) buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// See [`Lent::cuts`].
    pub(crate) cuts: Vec<usize>,
    pub(crate) home: Home,
}

impl Lent {
    /// A part of a buffer that belongs to `home`.
    pub(crate) fn new(buffer: Vec<u8>, part: Range<usize>, home: Home) -> Self {
        Self { buffer, start: part.start, end: part.end, cuts: Vec::new(), home }
    }

    /// All of a buffer that nobody wants back.
    pub(crate) fn spare(buffer: Vec<u8>) -> Self {
        let all = 0..buffer.len();
        Self::new(buffer, all, Home::Spare)
    }

    /// All that was decoded.
    pub(crate) fn decoded(buffer: Vec<u8>) -> Self {
        Self { home: Home::Decoded, ..Self::spare(buffer) }
    }

    /// Where the peer has cut a body: the ends of its pieces but for the last, counted from the
    /// start of the bytes. libcurl hands over each of them alone.
    pub fn cuts(&self) -> &[usize] {
        &self.cuts
    }

    /// What `act` makes of the bytes with a NUL behind them, which stands there for so long.
    pub fn with_nul_behind<T>(&mut self, act: impl FnOnce(&mut [u8]) -> T) -> T {
        let behind = self.buffer.get_mut(self.end).map(|byte| std::mem::replace(byte, 0));
        if behind.is_none() {
            self.buffer.push(0);
        }
        let made = act(self.buffer.get_mut(self.start..=self.end).unwrap_or_default());
        match (behind, self.buffer.get_mut(self.end)) {
            (Some(behind), Some(byte)) => *byte = behind,
            _ => self.buffer.truncate(self.end),
        }
        made
    }
}

/// Where a lent buffer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// The bytes received last.
    Input,
    /// The output of the content decoders.
    Decoded,
    /// The transfer's own spare buffer.
    Spare,
}

/// The application may write to what it is shown.
impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..self.end).unwrap_or_default()
    }
}

impl Deref for Lent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_stands_behind_lent_bytes_for_a_while() {
        for (end, behind) in [(3, Some(b'd')), (4, None)] {
            let buffer = b"abcd".to_vec();
            let mut lent = Lent::new(buffer, 1..end, Home::Input);
            let seen = lent.with_nul_behind(|bytes| bytes.to_vec());
            assert_eq!(seen, [&b"abcd"[1..end], b"\0"].concat());
            assert_eq!((lent.buffer.get(end).copied(), lent.buffer.len()), (behind, 4));
        }
    }
}
