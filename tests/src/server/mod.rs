//! A scripted HTTP/1.1 server on loopback, one thread a connection, and a record of what it saw.
//!
//! The path of a request says what the answer does; see `routes`.
mod cgi;
mod request;
mod routes;

use request::Request;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A running server. It stops accepting when dropped.
#[derive(Debug)]
pub struct Server {
    /// The port on 127.0.0.1.
    pub port: u16,
    state: Arc<State>,
}

/// What all connections share.
#[derive(Debug, Default)]
pub(crate) struct State {
    log: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    requests: AtomicUsize,
    stopped: std::sync::atomic::AtomicBool,
    root: Mutex<Option<PathBuf>>,
}

/// What to do with the connection after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Close,
    /// Close with unread data and no linger, so that the client sees a reset.
    Reset,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    pub fn start() -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    fn on(listener: TcpListener) -> Server {
        let port = listener.local_addr().expect("local address").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let state = Arc::clone(&shared);
                let id = state.connections.fetch_add(1, Ordering::SeqCst) + 1;
                std::thread::spawn(move || serve(stream, id, &state));
            }
        });
        Server { port, state }
    }

    /// `http://127.0.0.1:PORT`
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A URL of this server; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        self.base() + path
    }

    /// Directory that `/git/...` (smart, by `git http-backend`) and `/dumb/...` (files) serve.
    pub fn set_root(&self, root: PathBuf) {
        *self.state.root.lock().expect("root") = Some(root);
    }

    /// Takes the requests seen so far, each as sent, with the port replaced by `PORT`.
    pub fn take_log(&self) -> Vec<String> {
        let port = self.port.to_string();
        let log = std::mem::take(&mut *self.state.log.lock().expect("log"));
        log.into_iter().map(|r| r.replace(&port, "PORT")).collect()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// Requests answered so far.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut stream: TcpStream, id: usize, state: &State) {
    state.open.fetch_add(1, Ordering::SeqCst);
    let _ = stream.set_nodelay(true);
    let mut left = Vec::new();
    let mut count = 0;
    while let Ok(Some(request)) = Request::read(&mut stream, &mut left) {
        count += 1;
        state.requests.fetch_add(1, Ordering::SeqCst);
        state.log.lock().expect("log").push(request.transcript());
        match routes::answer(&mut stream, &request, state, id, count) {
            Ok(After::Keep) if !request.wants_close() => {}
            Ok(After::Reset) => {
                linger_zero(&stream);
                break;
            }
            _ => {
                let _ = stream.shutdown(Shutdown::Write);
                break;
            }
        }
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
}

fn linger_zero(stream: &TcpStream) {
    use std::os::fd::AsRawFd;
    let value = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the descriptor is open, the option takes a `linger` of that size.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            std::ptr::from_ref(&value).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        );
    }
}
