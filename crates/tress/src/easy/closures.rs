//! The application's code that a transfer calls.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use tress_engine::options::{BodySource, Hooks, Method};
use tress_engine::{DebugKind, Figures};

use super::Easy;
use crate::form::FormUpload;
use crate::websocket::{Message, Messages};

/// What a body, header or progress closure wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// Go on.
    Continue,
    /// Take no more until [`Multi::unpause`](crate::Multi::unpause); these bytes come again.
    /// A progress closure cannot pause: for it this is `Continue`.
    Pause,
    /// Fail the transfer.
    Abort,
}

type OnBytes = Box<dyn FnMut(&[u8]) -> Flow + Send>;
type OnProgress = Box<dyn FnMut(Figures) -> Flow + Send>;
type OnRequest = Box<dyn FnMut(SocketAddr) -> Flow + Send>;
type OnDebug = Box<dyn FnMut(DebugKind, &[u8]) + Send>;
type Read = Box<dyn FnMut(&mut [u8]) -> io::Result<usize> + Send>;
type Seek = Box<dyn FnMut(u64) -> io::Result<()> + Send>;

/// What the application's code is called for.
#[derive(Default)]
pub(crate) struct Closures {
    pub on_body: Option<OnBytes>,
    pub on_header: Option<OnBytes>,
    pub on_progress: Option<OnProgress>,
    pub on_debug: Option<OnDebug>,
    pub on_request: Option<OnRequest>,
    pub messages: Option<Messages>,
    pub source: Option<Source>,
    pub seek: Option<Seek>,
    /// Why the body of the request cannot be had.
    pub failure: Option<io::Error>,
}

/// What only its owner uses, so that others may look at what is beside it from any thread: a
/// closure need not be `Sync` for a [`Response`](crate::Response) to be.
#[derive(Default)]
pub(crate) struct Own<T>(Mutex<T>);

impl<T> Own<T> {
    /// Nobody else has it: nothing is locked.
    pub fn get(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the body of a request comes from, if it is not in memory.
pub(crate) enum Source {
    Read(Read),
    Form(FormUpload),
    /// What `async` code writes.
    #[cfg(feature = "future")]
    Body(crate::future::Body),
}

/// Closures that the transfer calls.
impl Easy {
    /// A PUT of what `read` gives until it gives 0 bytes; `length` bytes if that is known, else
    /// in chunks. An error of kind `WouldBlock` pauses the upload until
    /// [`Multi::unpause`](crate::Multi::unpause); any other fails it with `ReadError`, and is
    /// that error's source. [`Easy::method`] makes a POST of it.
    ///
    /// ```no_run
    /// use std::io::Read;
    /// let mut file = std::fs::File::open("large")?;
    /// let length = file.metadata()?.len();
    /// let easy = tress::Easy::upload("ftp://example.com/large", Some(length), move |room| {
    ///     file.read(room)
    /// });
    /// easy.credentials("user", "secret").require_tls().perform()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn upload(
        url: impl AsRef<str>,
        length: Option<u64>,
        read: impl FnMut(&mut [u8]) -> io::Result<usize> + Send + 'static,
    ) -> Self {
        let source = BodySource::Application { len: length, fields: false };
        let mut easy = Self::get(url).sends(Method::Put, source);
        easy.closures.get().source = Some(Source::Read(Box::new(read)));
        easy
    }

    /// A PUT of what `async` code writes ([`future::body`](crate::future::body)), by a
    /// [`future::Client`](crate::future::Client).
    #[cfg(feature = "future")]
    pub fn upload_body(
        url: impl AsRef<str>,
        length: Option<u64>,
        body: crate::future::Body,
    ) -> Self {
        let source = BodySource::Application { len: length, fields: false };
        let mut easy = Self::get(url).sends(Method::Put, source);
        easy.closures.get().source = Some(Source::Body(body));
        easy
    }

    /// Lets an upload start again (a redirect, a connection that had died): `seek` goes to that
    /// byte of the body.
    pub fn on_seek(mut self, seek: impl FnMut(u64) -> io::Result<()> + Send + 'static) -> Self {
        self.closures.get().seek = Some(Box::new(seek));
        self.set(|options| options.hooks |= Hooks::SEEK)
    }

    /// Gets the body piece by piece; without this it is collected in the
    /// [`Response`](crate::Response).
    ///
    /// ```no_run
    /// use std::io::Write;
    /// use tress::{Easy, Flow};
    /// let mut file = std::fs::File::create("large")?;
    /// let easy = Easy::get("https://example.com/large").on_body(move |piece| {
    ///     if file.write_all(piece).is_ok() { Flow::Continue } else { Flow::Abort }
    /// });
    /// easy.perform()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_body(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.closures.get().on_body = Some(Box::new(closure));
        self
    }

    /// Gets each line of the response's head, with its line end; for FTP and mail each reply.
    pub fn on_header(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.closures.get().on_header = Some(Box::new(closure));
        self.set(|options| options.hooks |= Hooks::HEADER)
    }

    /// Gets the figures of the transfer, about once a second and when something moves.
    pub fn on_progress(mut self, closure: impl FnMut(Figures) -> Flow + Send + 'static) -> Self {
        self.closures.get().on_progress = Some(Box::new(closure));
        self.set(|options| options.hooks |= Hooks::PROGRESS)
    }

    /// Is asked before each request, those of redirects included, that goes to this address (a
    /// proxy's, if there is one): the connection is up, and nothing of the request was sent.
    /// `Abort` fails the transfer with `AbortedByCallback`; `Pause` is `Continue`.
    ///
    /// So URLs that come from somewhere else do not lead into one's own network:
    ///
    /// ```no_run
    /// use std::net::{IpAddr, SocketAddr};
    /// use tress::{Easy, Flow};
    /// fn only_public(to: SocketAddr) -> Flow {
    ///     match to.ip().to_canonical() {
    ///         IpAddr::V4(ip) if ip.is_private() || ip.is_loopback() || ip.is_link_local() => Flow::Abort,
    ///         IpAddr::V6(ip) if ip.is_loopback() || ip.is_unique_local() => Flow::Abort,
    ///         _ => Flow::Continue,
    ///     }
    /// }
    /// Easy::get("http://example.com/hook").redirects(5).on_request(only_public).perform()?;
    /// # Ok::<(), tress::Error>(())
    /// ```
    pub fn on_request(mut self, closure: impl FnMut(SocketAddr) -> Flow + Send + 'static) -> Self {
        self.closures.get().on_request = Some(Box::new(closure));
        self.set(|options| options.hooks |= Hooks::PREREQ)
    }

    /// Gets what a log wants to know: remarks, and the bytes that go both ways. With credentials
    /// in them.
    pub fn on_debug(mut self, closure: impl FnMut(DebugKind, &[u8]) + Send + 'static) -> Self {
        self.closures.get().on_debug = Some(Box::new(closure));
        self.set(|options| {
            options.verbose = true;
            options.hooks |= Hooks::DEBUG;
        })
    }

    /// Gets the messages of a WebSocket (a URL of scheme `ws` or `wss`); answer, or say
    /// something yourself, by [`Multi::send_message`](crate::Multi::send_message). The transfer
    /// is over when the server closes.
    ///
    /// ```no_run
    /// use std::{sync::mpsc, time::Duration};
    /// use tress::{Easy, Flow, Message, Multi};
    /// let (sender, heard) = mpsc::channel();
    /// let mut multi = Multi::new();
    /// let socket = multi.add(Easy::get("wss://example.com/").on_message(move |message| {
    ///     sender.send(message).map_or(Flow::Abort, |()| Flow::Continue)
    /// }));
    /// while multi.running() > 0 {
    ///     multi.turn(Duration::from_secs(1))?;
    ///     for message in heard.try_iter() {
    ///         println!("{message:?}");
    ///         multi.send_message(socket, &Message::Text("thanks".into()))?;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_message(mut self, closure: impl FnMut(Message) -> Flow + Send + 'static) -> Self {
        self.closures.get().messages = Some(Messages::new(Box::new(closure)));
        self
    }
}
