//! Sockets, TLS, name resolving: the only owner of file descriptors.
#![forbid(unsafe_code)]

pub mod connect;
mod datagram;
mod file;
mod listen;
mod poll;
pub mod quic;
pub mod resolve;
#[cfg(feature = "sim")]
pub mod sim;
mod stream;
mod system;
pub mod tls;
mod tunnel;
mod wake;
mod whole_file;
mod work;

pub use datagram::Datagram;
pub use file::LocalFile;
pub use listen::Listener;
pub use poll::{PollEvents, Poller};
pub use stream::{Shutdown, Stream, Want};
pub use wake::Wake;
pub use whole_file::{MAX_WHOLE_FILE, read_whole, replace_whole};
pub use work::{Work, WorkId};
