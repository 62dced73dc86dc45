use std::fmt;
use std::net::SocketAddr;

use super::Target;

/// Something worth a line of debug text (`CURLINFO_TEXT`); `Display` gives
/// libcurl's wording without the line's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectNote {
    /// A socket starts to connect.
    Trying(Target),
    /// `connect` failed at once.
    ImmediateFail(Target, i32),
    /// An attempt failed.
    Failed {
        /// Where to.
        target: Target,
        /// Where from.
        local: Option<SocketAddr>,
        /// The system's error number.
        errno: i32,
    },
    /// The socket was bound to a network interface.
    BoundToInterface(Box<str>),
    /// The socket was bound to a near port, 0 if the system chose it.
    LocalPort(u16),
    /// A near port was taken; the next one of the range is tried.
    LocalPortTaken(u16),
}

impl fmt::Display for ConnectNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trying(target) => write!(f, "  Trying {}...", Bracketed(target)),
            Self::ImmediateFail(target, errno) => {
                let host = host(target);
                write!(f, "Immediate connect fail for {host}: {}", errno_text(*errno))
            }
            Self::Failed { target, local, errno } => {
                let (from, from_port) = match local {
                    Some(addr) => (addr.ip().to_string(), addr.port()),
                    None => (String::new(), 0),
                };
                let (to, port) = (host(target), port(target));
                let why = errno_text(*errno);
                write!(f, "connect to {to} port {port} from {from} port {from_port} failed: {why}")
            }
            Self::BoundToInterface(name) => {
                write!(f, "socket successfully bound to interface '{name}'")
            }
            Self::LocalPort(port) => write!(f, "Local port: {port}"),
            Self::LocalPortTaken(port) => {
                write!(f, "Bind to local port {port} failed, trying next")
            }
        }
    }
}

/// The system's words for an error number, as `strerror` has them.
pub(crate) fn errno_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

struct Bracketed<'a>(&'a Target);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::Ip(SocketAddr::V6(a)) if a.scope_id() != 0 => {
                write!(f, "[{}]:{} scope_id={}", a.ip(), a.port(), a.scope_id())
            }
            Target::Ip(addr) => write!(f, "{addr}"),
            target => write!(f, "{}:0", host(target)),
        }
    }
}

fn host(target: &Target) -> String {
    match target {
        Target::Ip(addr) => addr.ip().to_string(),
        Target::Unix(path) => path.display().to_string(),
        Target::UnixAbstract(_) => String::new(),
    }
}

fn port(target: &Target) -> u16 {
    match target {
        Target::Ip(addr) => addr.port(),
        Target::Unix(_) | Target::UnixAbstract(_) => 0,
    }
}
