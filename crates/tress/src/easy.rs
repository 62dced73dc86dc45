//! One transfer in the making.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tress_engine::options::{Auth, BodySource, FollowLocation, Hooks, Method, Options, Text};
use tress_engine::{Figures, Transfer};

use crate::{Multi, Response, Result};

/// What a body, header or progress closure wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Take no more until [`Multi::unpause`](crate::Multi::unpause); these bytes come again.
    /// A progress closure cannot pause: for it this is `Continue`.
    Pause,
    /// Fail the transfer.
    Abort,
}

/// A transfer with its settings and closures; made by its builder methods, then handed to
/// [`Easy::perform`] or [`Multi::add`].
///
/// ```
/// use std::time::Duration;
/// let easy = tress::Easy::post("http://example.com/form", "a=1&b=2")
///     .header("X-Request", "7")
///     .redirects(5)
///     .timeout(Duration::from_secs(10));
/// ```
pub struct Easy {
    options: Arc<Options>,
    /// Headers added since `options` was last given to a transfer.
    headers: Vec<Text>,
    pub(crate) closures: Closures,
    /// What did the last transfer ([`Done::again`](crate::Done::again)): the request is prepared.
    pub(crate) used: Option<Box<Transfer>>,
    /// Memory for a body that is collected.
    pub(crate) body: Vec<u8>,
}

type OnBytes = Box<dyn FnMut(&[u8]) -> Flow + Send>;
type OnProgress = Box<dyn FnMut(Figures) -> Flow + Send>;
type Upload = Box<dyn FnMut(&mut [u8]) -> io::Result<usize> + Send>;
type Seek = Box<dyn FnMut(u64) -> io::Result<()> + Send>;

/// The application's code that a transfer calls.
#[derive(Default)]
pub(crate) struct Closures {
    pub on_body: Option<OnBytes>,
    pub on_header: Option<OnBytes>,
    pub on_progress: Option<OnProgress>,
    pub upload: Option<Upload>,
    pub seek: Option<Seek>,
}

/// What to transfer.
impl Easy {
    /// A GET of `url`; what is wrong with it is told by the transfer's end.
    pub fn get(url: &str) -> Self {
        let options = Options { url: Some(url.as_bytes().into()), ..Options::default() };
        Self {
            options: Arc::new(options),
            headers: Vec::new(),
            closures: Closures::default(),
            used: None,
            body: Vec::new(),
        }
    }

    /// A HEAD of `url`.
    pub fn head(url: &str) -> Self {
        Self::get(url).set(|options| {
            options.nobody = true;
            options.method = Method::Head;
        })
    }

    /// A POST of `body` to `url`: a form, unless a `Content-Type` header says otherwise.
    pub fn post(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).sends(Method::Post, BodySource::Bytes(body.into().into()))
    }

    /// A PUT of `body` to `url`.
    pub fn put(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).sends(Method::Put, BodySource::Bytes(body.into().into()))
    }

    /// A PUT of what `read` gives until it gives 0 bytes; `length` bytes if that is known, else
    /// in chunks. An error of kind `WouldBlock` pauses the upload until [`Multi::unpause`]; any
    /// other fails it.
    pub fn upload(
        url: &str,
        length: Option<u64>,
        read: impl FnMut(&mut [u8]) -> io::Result<usize> + Send + 'static,
    ) -> Self {
        let source = BodySource::Application { len: length, fields: false };
        let mut easy = Self::get(url).sends(Method::Put, source);
        easy.closures.upload = Some(Box::new(read));
        easy
    }

    /// Lets an upload start again (a redirect, a connection that had died): `seek` goes to that
    /// byte of the body.
    pub fn on_seek(mut self, seek: impl FnMut(u64) -> io::Result<()> + Send + 'static) -> Self {
        self.closures.seek = Some(Box::new(seek));
        self.set(|options| options.hooks |= Hooks::SEEK)
    }

    /// Another word in the request line (`CURLOPT_CUSTOMREQUEST`).
    pub fn method(self, method: &str) -> Self {
        self.set(|options| options.customrequest = Some(text(method)))
    }
}

/// How.
impl Easy {
    /// Adds a header, or replaces one that Tress would send itself.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        self.headers.push(text(&line));
        self
    }

    /// Leaves out a header that Tress would send itself.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.push(text(&format!("{name}:")));
        self
    }

    /// `User-Agent`.
    pub fn user_agent(self, agent: &str) -> Self {
        self.set(|options| options.useragent = Some(text(agent)))
    }

    /// User and password for the server (`CURLOPT_USERPWD`), by Basic authentication.
    pub fn credentials(self, user: &str, password: &str) -> Self {
        self.set(|options| {
            let auth = options.auth_mut();
            auth.httpauth = Auth::BASIC;
            auth.username = Some(text(user));
            auth.password = Some(text(password));
        })
    }

    /// Follows at most so many redirects; 0: none.
    pub fn redirects(self, most: u16) -> Self {
        self.set(|options| {
            let all = FollowLocation::All;
            options.followlocation = if most == 0 { FollowLocation::No } else { all };
            options.maxredirs = most.min(i16::MAX as u16) as i16;
        })
    }

    /// The proxy's URL (`CURLOPT_PROXY`); empty: none, whatever the environment says.
    pub fn proxy(self, url: &str) -> Self {
        self.set(|options| options.proxy_mut().proxy = Some(text(url)))
    }

    /// A file of certificates to trust, in place of the system's (`CURLOPT_CAINFO`).
    pub fn ca_file(self, path: &str) -> Self {
        self.set(|options| options.tls_mut().cainfo = Some(text(path)))
    }

    /// Takes any certificate, and so anybody's answer: for tests only.
    pub fn insecure(self) -> Self {
        self.set(|options| {
            options.tls_mut().ssl_verifypeer = false;
            options.tls_mut().ssl_verifyhost = false;
        })
    }

    /// Goes on with a download at byte `from`; fails with `RangeError` when the server cannot.
    pub fn resume_from(self, from: u64) -> Self {
        self.set(|options| options.resume_from = i64::try_from(from).unwrap_or(i64::MAX))
    }

    /// A response code of 400 and more is an error (`CURLOPT_FAILONERROR`).
    pub fn fail_on_error(self) -> Self {
        self.set(|options| options.failonerror = true)
    }

    /// Asks for compressed bodies, and unpacks them.
    pub fn accept_compressed(self) -> Self {
        self.set(|options| options.accept_encoding = Some(Box::default()))
    }

    /// Any other setting, by libcurl's name of it:
    /// `easy.set(|options| options.http_mut().referer = ...)`.
    pub fn set(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

/// Limits.
impl Easy {
    /// Time for the whole transfer; zero: no limit.
    pub fn timeout(self, time: Duration) -> Self {
        self.set(|options| options.timeout = time)
    }

    /// Time for connecting; zero: 300 seconds.
    pub fn connect_timeout(self, time: Duration) -> Self {
        self.set(|options| options.connecttimeout = time)
    }

    /// Fails with `OperationTimedout` once there were fewer than `bytes` a second for `time`;
    /// zero: never.
    pub fn min_speed(self, bytes: u64, time: Duration) -> Self {
        self.set(|options| {
            options.limits_mut().low_speed_limit = bytes;
            options.limits_mut().low_speed_time = time;
        })
    }

    /// Bytes a second received at most; 0: no limit.
    pub fn max_receive_speed(self, bytes: u64) -> Self {
        self.set(|options| options.limits_mut().max_recv_speed = bytes)
    }

    /// Fails with `FilesizeExceeded` when the body has more bytes; 0: no limit.
    pub fn max_size(self, bytes: u64) -> Self {
        self.set(|options| options.limits_mut().maxfilesize = bytes)
    }
}

/// Closures that the transfer calls.
impl Easy {
    /// Gets the body piece by piece; without this it is collected in the [`Response`].
    pub fn on_body(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.closures.on_body = Some(Box::new(closure));
        self
    }

    /// Gets each line of the response's head, with its line end.
    pub fn on_header(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.closures.on_header = Some(Box::new(closure));
        self.set(|options| options.hooks |= Hooks::HEADER)
    }

    /// Gets the figures of the transfer, about once a second and when something moves.
    pub fn on_progress(mut self, closure: impl FnMut(Figures) -> Flow + Send + 'static) -> Self {
        self.closures.on_progress = Some(Box::new(closure));
        self.set(|options| options.hooks |= Hooks::PROGRESS)
    }
}

impl Easy {
    /// Performs the transfer and waits for its end. Many at once: [`Multi`].
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words.
    pub fn perform(self) -> Result<Response> {
        let mut multi = Multi::new();
        multi.add(self);
        loop {
            if let Some(done) = multi.next_done() {
                return done.into_result();
            }
            multi.turn(Duration::from_secs(60)).map_err(|error| {
                crate::Error::new(crate::Code::UnrecoverablePoll, error.to_string())
            })?;
        }
    }

    /// The engine's side of it. The one that was used before has its request prepared, which
    /// holds as long as the options are the same allocation.
    pub(crate) fn transfer(&mut self) -> Box<Transfer> {
        if !self.headers.is_empty() {
            let added = std::mem::take(&mut self.headers);
            let options = Arc::make_mut(&mut self.options);
            let before = options.httpheader.as_deref().unwrap_or_default();
            options.httpheader = Some(before.iter().cloned().chain(added).collect());
        }
        match self.used.take() {
            Some(mut transfer) => {
                if !Arc::ptr_eq(transfer.options(), &self.options) {
                    transfer.set_options(self.options.clone());
                }
                transfer
            }
            None => Box::new(Transfer::new(self.options.clone())),
        }
    }

    fn sends(self, method: Method, body: BodySource) -> Self {
        self.set(|options| {
            options.method = method;
            options.body = body;
        })
    }
}

fn text(text: &str) -> Text {
    text.as_bytes().into()
}
