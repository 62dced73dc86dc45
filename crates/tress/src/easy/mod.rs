//! One transfer in the making.

mod closures;
mod request;
mod security;
mod way;

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tress_engine::Transfer;
use tress_engine::options::{BodySource, Method, Options, Protocols, Text};

pub use closures::Flow;
pub(crate) use closures::{Closures, Own, Source};

use crate::form::Form;
use crate::{Code, Error, Multi, Reader, Response, Result, Share};

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
///
/// A setting that cannot be, such as a header with a line end in it, fails the transfer: its
/// result says which one.
#[must_use = "a transfer does nothing until it is performed or added to a `Multi`"]
pub struct Easy {
    pub(crate) options: Arc<Options>,
    /// Headers added since `options` was last given to a transfer.
    headers: Vec<Text>,
    pub(crate) closures: Own<Closures>,
    share: Option<Share>,
    /// The first setting that cannot be.
    refused: Option<Error>,
    /// What did the last transfer ([`Done::again`](crate::Done::again)): the request is prepared.
    pub(crate) used: Option<Box<Transfer>>,
    /// Memory for a body that is collected.
    pub(crate) body: Vec<u8>,
}

/// What this crate serves. SCP and SFTP are left out, as nothing here says yet which host keys are
/// right, and the engine takes any where it is told nothing.
pub(crate) const OFFERED: Protocols =
    Protocols::all().difference(Protocols::SCP.union(Protocols::SFTP));

/// What to transfer.
impl Easy {
    /// A GET of `url`, or a download by another protocol; what is wrong with the URL is told by
    /// the transfer's end.
    pub fn get(url: impl AsRef<str>) -> Self {
        Self::of(url.as_ref())
    }

    fn of(url: &str) -> Self {
        let easy = Self {
            options: Arc::new(Options { protocols: OFFERED, ..Options::default() }),
            headers: Vec::new(),
            closures: Own::default(),
            share: None,
            refused: None,
            used: None,
            body: Vec::new(),
        };
        easy.set_text("URL", url, |options, url| options.url = Some(url))
    }

    /// A HEAD of `url`.
    pub fn head(url: impl AsRef<str>) -> Self {
        Self::get(url).set(|options| {
            options.nobody = true;
            options.method = Method::Head;
        })
    }

    /// A DELETE of `url`.
    pub fn delete(url: impl AsRef<str>) -> Self {
        Self::get(url).method("DELETE")
    }

    /// A POST of `body` to `url`: a form, unless a `Content-Type` header says otherwise. To an
    /// MQTT broker: a message.
    pub fn post(url: impl AsRef<str>, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).sends(Method::Post, BodySource::Bytes(body.into().into()))
    }

    /// A POST of names and values as `application/x-www-form-urlencoded`.
    ///
    /// ```
    /// let easy = tress::Easy::post_fields("http://example.com/", [("name", "Åse & Co"), ("n", "1")]);
    /// ```
    pub fn post_fields<'a>(
        url: impl AsRef<str>,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let escape = |text: &str| tress_model::escape::escape(text.as_bytes());
        let pairs: Vec<Vec<u8>> = fields
            .into_iter()
            .map(|(name, value)| [escape(name), escape(value)].join(&b'='))
            .collect();
        Self::post(url, pairs.join(&b'&'))
    }

    /// A POST of a form with files or other parts, as `multipart/form-data`.
    pub fn post_form(url: impl AsRef<str>, form: Form) -> Self {
        let mut easy = Self::get(url);
        match form.lay_out() {
            Ok((upload, source)) => {
                easy.closures.get().source = Some(Source::Form(upload));
                easy.sends(Method::PostMime, source)
            }
            Err(error) => easy.refuse(error),
        }
    }

    /// A POST of a value as JSON, with the headers `Content-Type` and `Accept` for it.
    #[cfg(feature = "json")]
    pub fn post_json(url: impl AsRef<str>, value: &(impl serde::Serialize + ?Sized)) -> Self {
        let url = url.as_ref();
        match serde_json::to_vec(value) {
            Ok(body) => Self::post(url, body)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json"),
            Err(error) => {
                let text = format!("The value for {url} is no JSON: {error}");
                Self::get(url).refuse(Error::new(Code::BadFunctionArgument, text))
            }
        }
    }

    /// A PUT of `body` to `url`, or an upload by another protocol.
    pub fn put(url: impl AsRef<str>, body: impl Into<Vec<u8>>) -> Self {
        Self::get(url).sends(Method::Put, BodySource::Bytes(body.into().into()))
    }

    /// A PATCH of `url` by `body`.
    pub fn patch(url: impl AsRef<str>, body: impl Into<Vec<u8>>) -> Self {
        Self::put(url, body).method("PATCH")
    }

    /// Another word in the request line (`CURLOPT_CUSTOMREQUEST`); for FTP and mail another
    /// command.
    pub fn method(self, method: &str) -> Self {
        if method.contains(['\r', '\n']) {
            return self.refuse_text("method", method, "it has a line end");
        }
        self.set_text("method", method, |options, word| options.customrequest = Some(word))
    }
}

impl Easy {
    /// Any other setting, by libcurl's name of it:
    /// `easy.set(|options| options.http_mut().referer = ...)`. Callbacks are not among them.
    pub fn set(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }

    /// Takes over all settings of another transfer, but for its URL, method, body and closures:
    /// what many have in common is written once. Settings made before this are lost.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tress::Easy;
    /// let common = Easy::get("").bearer("token").timeout(Duration::from_secs(10));
    /// let list = Easy::get("https://example.com/things").like(&common);
    /// let made = Easy::post("https://example.com/things", "name=new").like(&common);
    /// ```
    pub fn like(mut self, other: &Self) -> Self {
        let own = self.options;
        self.options = Arc::new(Options {
            url: own.url.clone(),
            method: own.method,
            nobody: own.nobody,
            body: own.body.clone(),
            customrequest: own.customrequest.clone(),
            hooks: own.hooks,
            verbose: own.verbose || other.options.verbose,
            ..Options::clone(&other.options)
        });
        self.headers.splice(0..0, other.headers.iter().cloned());
        self.share = other.share.clone();
        match &other.refused {
            Some(error) => self.refuse(error.clone()),
            None => self,
        }
    }

    /// Uses the stores of `share`: cookies, HSTS and what else is in it.
    pub fn share(mut self, share: &Share) -> Self {
        self.share = Some(share.clone());
        self
    }

    /// Performs the transfer and waits for its end, on a connection of its own. The body is
    /// collected in memory: [`Easy::max_size`] limits it. Several after each other on the same
    /// connections: [`Multi::perform`]. Many at once: [`Multi`].
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words.
    pub fn perform(self) -> Result<Response> {
        Multi::new().perform(self)
    }

    /// Performs the transfer, whose body is read as it comes: a source of bytes. A closure of
    /// [`Easy::on_body`] is replaced.
    ///
    /// ```no_run
    /// use std::io::BufRead;
    /// for line in tress::Easy::get("https://example.com/large.txt").open()?.lines() {
    ///     println!("{}", line?);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words, if it fails before its body comes; later
    /// failures are those of reading, with that error within.
    pub fn open(self) -> Result<Reader<Multi>> {
        Reader::open(Multi::new(), self)
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
        let mut transfer = match self.used.take() {
            Some(mut transfer) => {
                if !Arc::ptr_eq(transfer.options(), &self.options) {
                    transfer.set_options(self.options.clone());
                }
                transfer
            }
            None => Transfer::boxed(self.options.clone()),
        };
        if let Some(share) = &self.share {
            transfer.set_stores(Some(share.stores()));
        }
        if let Some(Source::Form(form)) = &mut self.closures.get().source {
            form.rewind();
        }
        transfer
    }

    /// What a transfer with these settings fails of at once.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.refused.clone()
    }

    /// Where `async` code writes the body.
    #[cfg(feature = "future")]
    pub(crate) fn pipe(&mut self) -> Option<Arc<crate::future::Pipe>> {
        match &self.closures.get().source {
            Some(Source::Body(body)) => Some(body.pipe()),
            _ => None,
        }
    }

    fn sends(self, method: Method, body: BodySource) -> Self {
        self.set(|options| {
            options.method = method;
            options.body = body;
        })
    }

    /// Sets a text, which the engine wants without a zero byte.
    fn set_text(self, what: &str, text: &str, set: impl FnOnce(&mut Options, Text)) -> Self {
        match text.contains('\0') {
            true => self.refuse_text(what, text, "it has a zero byte"),
            false => self.set(|options| set(options, text.as_bytes().into())),
        }
    }

    /// The same of a path.
    fn set_path(self, what: &str, path: &Path, set: impl FnOnce(&mut Options, Text)) -> Self {
        let bytes = path.as_os_str().as_bytes();
        match bytes.contains(&0) {
            true => self.refuse_text(what, &path.to_string_lossy(), "it has a zero byte"),
            false => self.set(|options| set(options, bytes.into())),
        }
    }

    pub(crate) fn add_header(&mut self, line: Text) {
        self.headers.push(line);
    }

    fn refuse_text(self, what: &str, value: &str, why: &str) -> Self {
        let text = format!("The {what} {value:?} cannot be: {why}");
        self.refuse(Error::new(Code::BadFunctionArgument, text))
    }

    fn refuse(mut self, error: Error) -> Self {
        self.refused.get_or_insert(error);
        self
    }
}

impl fmt::Debug for Easy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.options.url.as_deref().unwrap_or_default();
        let url = String::from_utf8_lossy(url);
        f.debug_struct("Easy").field("url", &url).finish_non_exhaustive()
    }
}
