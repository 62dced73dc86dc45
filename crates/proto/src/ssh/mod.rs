//! SSH as a client, for SCP and SFTP (RFC 4251 to 4254).
//!
//! ```text
//! bytes in -> transport: packets, keys -> userauth -> channel -> sftp or scp
//!          <- output                                          <- [`Event`](crate::pingpong::Event)s
//! ```
//!
//! The owner is asked about the host's key before anything about the user is said.

mod channel;
mod cipher;
mod host_key;
mod kex;
mod key;
pub mod known_hosts;
mod scp;
mod session;
mod sftp;
#[cfg(test)]
mod tests;
mod transport;
mod userauth;
mod wire;

pub use host_key::{key_text, key_type, md5_fingerprint, sha256_fingerprint};
pub use key::PrivateKey;
pub use session::{Config, Ssh};
pub use userauth::{Credentials, Methods};

/// What is asked of the owner besides what other conversations ask.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// Is this key the host's? Then [`Ssh::accept_host_key`] is called.
    HostKey(Vec<u8>),
    /// Text about the login, for people.
    Note(String),
    /// The directory that the user is in after the login.
    EntryPath(Vec<u8>),
    /// When the file was changed last; Unix seconds.
    FileTime(i64),
    /// The body that goes out begins so many bytes after its beginning.
    Resume(u64),
}

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The decoded path of the URL, with its first slash.
    pub path: Vec<u8>,
    /// The file goes to the server.
    pub upload: bool,
    /// Its bytes; none: not known.
    pub upload_size: Option<u64>,
    /// At the end of what is there (`CURLOPT_APPEND`).
    pub append: bool,
    /// Nothing is transferred (`CURLOPT_NOBODY`).
    pub no_body: bool,
    /// A directory is listed by names alone (`CURLOPT_DIRLISTONLY`).
    pub list_only: bool,
    /// When was the file changed (`CURLOPT_FILETIME`)?
    pub file_time: bool,
    /// Directories that are missing are made (`CURLOPT_FTP_CREATE_MISSING_DIRS`).
    pub create_dirs: bool,
    /// Bytes that are there already; negative: see there, or so many from the end.
    pub resume_from: i64,
    /// The part that is wanted (`CURLOPT_RANGE`).
    pub range: Option<Vec<u8>>,
    /// Commands before the transfer (`CURLOPT_QUOTE`).
    pub quote: Vec<Vec<u8>>,
    /// Commands after it (`CURLOPT_POSTQUOTE`).
    pub postquote: Vec<Vec<u8>>,
    /// `CURLOPT_NEW_FILE_PERMS`.
    pub file_perms: u32,
    /// `CURLOPT_NEW_DIRECTORY_PERMS`.
    pub dir_perms: u32,
}

/// What the parts of the machine tell.
#[derive(Debug)]
pub(crate) enum Out {
    HostKey(Vec<u8>),
    Note(String),
    EntryPath(Vec<u8>),
    FileTime(i64),
    Resume(u64),
    Ready,
    Line(Vec<u8>),
    Body(Vec<u8>),
    Upload,
    Download(Option<u64>),
    Done,
}
