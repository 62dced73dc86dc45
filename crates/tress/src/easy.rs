//! One transfer in the making.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tress_engine::Figures;
use tress_engine::options::{Auth, BodySource, FollowLocation, Hooks, Method, Options};

use crate::{Multi, Response, Result};

/// What a body or progress closure wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Take no more until [`Multi::unpause`](crate::Multi::unpause); these bytes come again.
    Pause,
    /// Fail the transfer.
    Abort,
}

type OnBytes = Box<dyn FnMut(&[u8]) -> Flow + Send>;
type OnProgress = Box<dyn FnMut(Figures) -> Flow + Send>;
type Upload = Box<dyn FnMut(&mut [u8]) -> io::Result<usize> + Send>;

/// A transfer with its settings and closures; made by its builder methods, then handed to
/// [`Easy::perform`] or [`Multi::add`].
pub struct Easy {
    pub(crate) options: Options,
    pub(crate) on_body: Option<OnBytes>,
    pub(crate) on_header: Option<OnBytes>,
    pub(crate) on_progress: Option<OnProgress>,
    pub(crate) upload: Option<Upload>,
    headers: Vec<Box<[u8]>>,
}

impl Easy {
    /// A GET of `url`.
    pub fn get(url: &str) -> Self {
        let options = Options { url: Some(url.as_bytes().into()), ..Options::default() };
        Self {
            options,
            on_body: None,
            on_header: None,
            on_progress: None,
            upload: None,
            headers: Vec::new(),
        }
    }

    /// A HEAD of `url`.
    pub fn head(url: &str) -> Self {
        let mut easy = Self::get(url);
        easy.options.nobody = true;
        easy.options.method = Method::Head;
        easy
    }

    /// A POST of `body` to `url`.
    pub fn post(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).body(Method::Post, body.into())
    }

    /// A PUT of `body` to `url`.
    pub fn put(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).body(Method::Put, body.into())
    }

    /// Uploads what `read` gives, until it gives 0 bytes; `length` bytes if that is known.
    pub fn upload(
        url: &str,
        length: Option<u64>,
        read: impl FnMut(&mut [u8]) -> io::Result<usize> + Send + 'static,
    ) -> Self {
        let mut easy = Self::get(url);
        easy.options.method = Method::Put;
        easy.options.body = BodySource::Application { len: length, fields: false };
        easy.upload = Some(Box::new(read));
        easy
    }

    /// Another word in the request line (`CURLOPT_CUSTOMREQUEST`).
    pub fn method(mut self, method: &str) -> Self {
        self.options.customrequest = Some(method.as_bytes().into());
        self
    }

    /// Adds a header, or replaces one that Tress would send itself.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        self.headers.push(line.into_bytes().into());
        self
    }

    /// Leaves out a header that Tress would send itself.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.push(format!("{name}:").into_bytes().into());
        self
    }

    /// `User-Agent`.
    pub fn user_agent(mut self, agent: &str) -> Self {
        self.options.useragent = Some(agent.as_bytes().into());
        self
    }

    /// User and password for the server (`CURLOPT_USERPWD`), by Basic authentication.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        let auth = self.options.auth_mut();
        auth.httpauth = Auth::BASIC;
        auth.username = Some(user.as_bytes().into());
        auth.password = Some(password.as_bytes().into());
        self
    }

    /// Follows at most so many redirects; 0: none.
    pub fn redirects(mut self, most: u16) -> Self {
        self.options.followlocation =
            if most == 0 { FollowLocation::No } else { FollowLocation::All };
        self.options.maxredirs = most.min(i16::MAX as u16) as i16;
        self
    }

    /// Time for the whole transfer; zero: no limit.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options.timeout = time;
        self
    }

    /// Time for connecting; zero: 300 seconds.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.options.connecttimeout = time;
        self
    }

    /// Goes on with a download at byte `from`.
    pub fn resume_from(mut self, from: u64) -> Self {
        self.options.resume_from = i64::try_from(from).unwrap_or(i64::MAX);
        self
    }

    /// Bytes a second received at most; 0: no limit.
    pub fn max_receive_speed(mut self, bytes: u64) -> Self {
        self.options.limits_mut().max_recv_speed = bytes;
        self
    }

    /// A response code of 400 and more is an error (`CURLOPT_FAILONERROR`).
    pub fn fail_on_error(mut self) -> Self {
        self.options.failonerror = true;
        self
    }

    /// Asks for compressed bodies, and unpacks them.
    pub fn accept_compressed(mut self) -> Self {
        self.options.accept_encoding = Some(Box::default());
        self
    }

    /// Gets the body piece by piece; without this it is collected in the [`Response`].
    pub fn on_body(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.on_body = Some(Box::new(closure));
        self
    }

    /// Gets each line of the response's head, with its line end.
    pub fn on_header(mut self, closure: impl FnMut(&[u8]) -> Flow + Send + 'static) -> Self {
        self.on_header = Some(Box::new(closure));
        self.options.hooks |= Hooks::HEADER;
        self
    }

    /// Gets the figures of the transfer, about once a second and when something moves.
    pub fn on_progress(mut self, closure: impl FnMut(Figures) -> Flow + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(closure));
        self.options.hooks |= Hooks::PROGRESS;
        self
    }

    /// Any other setting, by libcurl's name of it.
    pub fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Performs the transfer and waits for its end.
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words.
    pub fn perform(self) -> Result<Response> {
        let mut multi = Multi::new();
        multi.add(self);
        loop {
            if let Some(done) = multi.next_done() {
                return done.result;
            }
            multi.turn(Duration::from_secs(60)).map_err(|error| {
                crate::Error::new(crate::Code::UnrecoverablePoll, error.to_string())
            })?;
        }
    }

    pub(crate) fn take_options(&mut self) -> Arc<Options> {
        let mut options = std::mem::take(&mut self.options);
        if !self.headers.is_empty() {
            options.httpheader = Some(std::mem::take(&mut self.headers).into());
        }
        Arc::new(options)
    }

    fn body(mut self, method: Method, body: Vec<u8>) -> Self {
        self.options.method = method;
        self.options.body = BodySource::Bytes(body.into());
        self
    }
}
