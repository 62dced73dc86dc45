//! FTP, the control connection (RFC 959, RFC 2428, RFC 3659, RFC 4217).
//!
//! ```text
//! Greeting [-> AuthTls -> (TLS)] -> User -> Pass -> Acct [-> Pbsz -> Prot -> Ccc] -> Pwd -> Ready
//! request: Quote* -> Cwd* -> Mdtm -> [Type -> Size -> Rest] -> Pasv | Port -> (data connection)
//!          -> Type -> Prequote* -> Size -> Rest -> Retr | List | Stor -> (transfer)
//!          -> Final -> Postquote* -> Done
//! ```
//!
//! The owner opens or accepts the data connection when asked ([`Ask`]), moves the
//! bytes, and says when it is over ([`Ftp::transferred`]).

mod data;
pub mod fnmatch;
pub mod listing;
mod login;
mod path;
mod reply;
mod request;
#[cfg(test)]
mod tests;
mod transfer;

use std::net::IpAddr;
use std::time::Instant;

use tress_model::{Code, Error, Result};

pub use path::{FileMethod, MAX_DIRECTORIES};
pub use request::{MissingDirs, Request, TimeCondition};

use crate::pingpong::{UseSsl, Wire, conversation};

/// What a connection is set up with.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The user.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
    /// `CURLOPT_FTP_ACCOUNT`.
    pub account: Option<Vec<u8>>,
    /// `CURLOPT_FTP_ALTERNATIVE_TO_USER`.
    pub alternative_to_user: Option<Vec<u8>>,
    /// `CURLOPT_USE_SSL`.
    pub use_ssl: UseSsl,
    /// The connection has TLS already (`ftps`).
    pub tls: bool,
    /// `CURLOPT_FTPSSLAUTH` is `CURLFTPAUTH_TLS`: AUTH TLS before AUTH SSL.
    pub auth_tls_first: bool,
    /// `CURLOPT_FTP_SSL_CCC`: clear the command channel after the login.
    pub clear_command_channel: bool,
    /// `CURLOPT_FTP_USE_EPSV` is off.
    pub no_epsv: bool,
    /// `CURLOPT_FTP_USE_EPRT` is off.
    pub no_eprt: bool,
    /// The control connection is by IPv6: PASV and PORT are out of the question.
    pub ipv6: bool,
    /// The control connection goes through a tunnel.
    pub tunneled: bool,
}

/// What FTP asks for besides what all conversations do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Connect to `host` (that of the control connection when missing), then
    /// [`Ftp::data_connected`] or [`Ftp::data_failed`].
    OpenData {
        /// The address that the server names.
        host: Option<std::net::Ipv4Addr>,
        /// The port.
        port: u16,
    },
    /// Listen for the server's connection, then [`Ftp::listening`].
    Listen,
    /// Take TLS off the control connection, then [`Ftp::tls_stopped`].
    StopTls,
    /// A header that stands for a reply, for the header and the write callback.
    Header(String),
    /// The file's time, in seconds since 1970 (`CURLINFO_FILETIME`).
    FileTime(i64),
    /// The time condition is not met (`CURLINFO_CONDITION_UNMET`): no transfer.
    ConditionUnmet,
    /// Drop so many bytes of the upload first: the server has them.
    SkipUpload(u64),
    /// Where the login led (`CURLINFO_FTP_ENTRY_PATH`).
    EntryPath(Vec<u8>),
}

/// A conversation.
#[derive(Debug)]
pub struct Ftp {
    wire: Wire,
    core: login::Core,
}

conversation!(Ftp);

impl Ftp {
    /// A fresh connection, whose greeting is awaited.
    pub fn new(config: Config, now: Instant) -> Self {
        Self { wire: Wire::new(now), core: login::Core::new(config) }
    }

    /// TLS stands, as asked for by [`crate::pingpong::Event::StartTls`].
    pub fn tls_started(&mut self) {
        self.core.tls_started(&mut self.wire.tx);
    }

    /// TLS is gone, as asked for by [`Ask::StopTls`].
    pub fn tls_stopped(&mut self) {
        self.core.tls_stopped(&mut self.wire.tx);
    }

    /// Whether data connections have TLS.
    pub fn data_tls(&self) -> bool {
        self.core.data_tls
    }

    /// Whether text is transferred: lines that end in CRLF (TYPE A).
    pub fn is_text(&self) -> bool {
        self.core.transfer_type == b'A'
    }

    /// Begins a request, after [`crate::pingpong::Event::Ready`] or the request before.
    ///
    /// # Errors
    /// `UrlMalformat` for a path that is too deep or an upload without a name.
    pub fn perform(&mut self, request: Request) -> Result<()> {
        self.core.perform(request, &mut self.wire.tx)
    }

    /// The data connection stands, by [`Ask::OpenData`].
    ///
    /// # Errors
    /// None yet; a later command's.
    pub fn data_connected(&mut self) -> Result<()> {
        self.core.data_connected(&mut self.wire.tx)
    }

    /// The data connection could not be opened: after EPSV, PASV is tried.
    ///
    /// # Errors
    /// `error` itself, where nothing else is left.
    pub fn data_failed(&mut self, error: Error) -> Result<()> {
        self.core.data_failed(error, &mut self.wire.tx)
    }

    /// A socket listens for the server, as asked for by [`Ask::Listen`]:
    /// `advertised` is what the server shall connect to.
    pub fn listening(&mut self, advertised: IpAddr, port: u16) {
        self.core.listening(advertised, port, &mut self.wire.tx);
    }

    /// The server connected to the listening socket.
    pub fn accepted(&mut self) {
        self.core.accepted();
    }

    /// The transfer that [`crate::pingpong::Event::Upload`] or `Download` began is over, with so
    /// many bytes moved, and the data connection is closed.
    pub fn transferred(&mut self, bytes: u64, now: Instant) {
        self.core.transferred(bytes, &mut self.wire.tx);
        self.wire.sent(0, now);
    }

    /// Takes leave.
    pub fn quit(&mut self) {
        self.core.quit(&mut self.wire.tx);
    }

    /// The last reply's code (`CURLINFO_RESPONSE_CODE`).
    pub fn response_code(&self) -> u16 {
        self.core.code
    }
}

/// Whether a connection is still good after a transfer that ended with `code`.
pub fn keeps_connection(code: Code) -> bool {
    matches!(
        code,
        Code::Ok
            | Code::BadDownloadResume
            | Code::FtpWeirdPasvReply
            | Code::FtpPortFailed
            | Code::FtpAcceptFailed
            | Code::FtpAcceptTimeout
            | Code::FtpCouldntSetType
            | Code::FtpCouldntRetrFile
            | Code::PartialFile
            | Code::UploadFailed
            | Code::RemoteAccessDenied
            | Code::FilesizeExceeded
            | Code::RemoteFileNotFound
            | Code::WriteError
    )
}
