//! The harness of the integration tests: which library is under test, how a program is built for
//! it and run on it, and a scripted server.
//!
//! `TRESS_LIB` chooses the library: unset it is `target/dist/lib` (made by `cargo xtask dist` when
//! missing); `system` is Debian's libcurl; `reference` is libcurl 8.22 of the crate `curl-sys`.
pub mod aioquic;
pub mod api;
pub mod cc;
pub mod differences;
pub mod event;
pub mod kerberos;
pub mod library;
pub mod mosquitto;
pub mod nginx;
pub mod peers;
pub mod program;
pub mod proxies;
pub mod server;
pub mod sshd;
pub mod tls;
pub mod vsftpd;

pub use aioquic::Http3Server;
pub use event::{Loop, Transfer};
pub use library::Library;
pub use nginx::Nginx;
pub use program::{Outcome, Program};
pub use server::Server;

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The directory of this package.
pub fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The workspace's root.
pub fn workspace() -> PathBuf {
    here().parent().map(PathBuf::from).unwrap_or_default()
}

/// A fresh directory for one test, below the build directory.
pub fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let unique = format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let dir = library::target().join("tests-scratch").join(unique);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("scratch directory");
    dir
}

/// A pipe that nobody writes to: whoever opens it waits for ever.
pub fn fifo() -> PathBuf {
    let pipe = scratch("pipe").join("fifo");
    let name = std::ffi::CString::new(pipe.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the path is a C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    pipe
}
