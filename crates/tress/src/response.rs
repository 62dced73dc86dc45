//! What a transfer came to.

use std::fmt;
use std::io;

use tress_engine::options::HttpVersion;
use tress_engine::{Infos, Transfer};
use tress_model::headers::{HeaderStore, Origin};

use crate::easy::Easy;
use crate::{Code, Error, Handle, Result};

/// A transfer that has ended, well or not ([`Multi::next_done`](crate::Multi::next_done)).
pub struct Done {
    handle: Handle,
    error: Option<Error>,
    response: Response,
}

/// A response: head, figures, and the body if it was collected.
pub struct Response {
    easy: Easy,
    transfer: Box<Transfer>,
}

impl Done {
    pub(crate) fn new(handle: Handle, mut easy: Easy, transfer: Box<Transfer>) -> Self {
        let cause = easy.closures.get().failure.take();
        let error = match (transfer.result(), cause) {
            (Some(Ok(())), _) => None,
            (Some(Err(error)), Some(cause)) => Some(of_body(error.code(), cause)),
            (Some(Err(error)), None) => Some(error.clone()),
            (None, _) => Some(Code::FailedInit.into()),
        };
        Self { handle, error, response: Response { easy, transfer } }
    }

    /// What [`Multi::add`](crate::Multi::add) gave for it.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// The response, or why there is none.
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words.
    pub fn result(&self) -> std::result::Result<&Response, &Error> {
        self.error.as_ref().map_or(Ok(&self.response), Err)
    }

    /// The same, taken out.
    ///
    /// # Errors
    /// See [`Done::result`].
    pub fn into_result(self) -> Result<Response> {
        self.error.map_or(Ok(self.response), Err)
    }

    /// What is known of the response, also after a failure.
    pub fn partial(&self) -> &Response {
        &self.response
    }

    /// Its body, head and messages go to nobody any more.
    #[cfg(feature = "future")]
    pub(crate) fn forget_closures(&mut self) {
        let closures = self.response.easy.closures.get();
        (closures.on_body, closures.on_header, closures.messages) = (None, None, None);
    }

    /// The same transfer once more, to be added again: cheaper than a new one, since its request
    /// is prepared and its memory kept. Also one that has failed, to be tried again:
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let mut multi = tress::Multi::new();
    /// let mut tries = 1;
    /// while let Some(done) = multi.next_done() {
    ///     let server_is_busy = done.partial().status() == 503;
    ///     let may_pass = |error: &tress::Error| error.is_timeout() || error.is_connect();
    ///     if tries < 3 && (server_is_busy || done.result().is_err_and(may_pass)) {
    ///         tries += 1;
    ///         // What the server asks for, if it does.
    ///         std::thread::sleep(Duration::from_secs(done.partial().infos().retry_after.max(1)));
    ///         multi.add(done.again());
    ///     }
    /// }
    /// ```
    pub fn again(self) -> Easy {
        self.response.again()
    }
}

impl Response {
    /// The response code; 0 where there is none.
    pub fn status(&self) -> u32 {
        self.infos().response_code
    }

    /// The body, unless a closure got it.
    pub fn body(&self) -> &[u8] {
        &self.easy.body
    }

    /// The body, without a copy.
    pub fn into_body(self) -> Vec<u8> {
        self.easy.body
    }

    /// The body as text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(&self) -> std::result::Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.body())
    }

    /// The body as text of the encoding that its byte order mark says, or else its Content-Type,
    /// or else UTF-8; what is no text in it becomes U+FFFD.
    ///
    /// ```no_run
    /// let page = tress::Easy::get("https://example.com/latin1.html").perform()?;
    /// println!("{}", page.decoded_text());
    /// # Ok::<(), tress::Error>(())
    /// ```
    #[cfg(feature = "charset")]
    pub fn decoded_text(&self) -> std::borrow::Cow<'_, str> {
        let kind = self.infos().content_type().unwrap_or_default();
        let charset = kind.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
            let at = parameter.iter().position(|byte| *byte == b'=')?;
            let (name, value) = parameter.split_at(at);
            let named = name.trim_ascii().eq_ignore_ascii_case(b"charset");
            named.then(|| value[1..].trim_ascii())
        });
        let label = charset.map(|it| it.strip_prefix(b"\"").unwrap_or(it));
        let label = label.map(|it| it.strip_suffix(b"\"").unwrap_or(it)).unwrap_or_default();
        let encoding = encoding_rs::Encoding::for_label(label).unwrap_or(encoding_rs::UTF_8);
        encoding.decode(self.body()).0
    }

    /// The body, which is JSON.
    ///
    /// # Errors
    /// When it is not, or not of this type.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.body())
    }

    /// The last header of this name in the final response; the name in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        last(self.headers(), name)
    }

    /// Name and value of each header of the final response, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        Headers::of(&self.transfer)
    }

    /// The URL that answered: after redirects another than the one asked for.
    pub fn url(&self) -> String {
        url(&self.transfer)
    }

    /// The version of HTTP that was spoken.
    pub fn http_version(&self) -> Option<HttpVersion> {
        let version = HttpVersion::from_long(self.infos().http_version.into());
        version.filter(|version| *version != HttpVersion::None)
    }

    /// Sizes, times, addresses (`CURLINFO_*`).
    pub fn infos(&self) -> &Infos {
        self.transfer.infos()
    }

    pub(crate) fn head(&self) -> Head {
        Head::of(&self.transfer)
    }

    /// The same transfer once more ([`Done::again`]).
    pub fn again(self) -> Easy {
        let mut easy = self.easy;
        easy.body.clear();
        easy.used = Some(self.transfer);
        easy
    }
}

/// What is known of a response before its body is complete.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    status: u32,
    url: String,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Head {
    pub fn of(transfer: &Transfer) -> Self {
        let owned = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
        Self {
            status: transfer.infos().response_code,
            url: url(transfer),
            headers: Headers::of(transfer).map(owned).collect(),
        }
    }

    pub fn status(&self) -> u32 {
        self.status
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|(name, value)| (&name[..], &value[..]))
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        last(self.headers(), name)
    }
}

/// The body of the request could not be had.
fn of_body(code: Code, cause: io::Error) -> Error {
    let text = format!("The body of the request cannot be read: {cause}");
    Error::new(code, text).with_source(cause)
}

/// The last header of this name.
fn last<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>, name: &str) -> Option<&'a [u8]> {
    let named = headers.filter(|(given, _)| given.eq_ignore_ascii_case(name.as_bytes()));
    named.last().map(|(_, value)| value)
}

/// The headers of the final response.
struct Headers<'a> {
    store: &'a HeaderStore,
    previous: Option<usize>,
}

impl<'a> Headers<'a> {
    fn of(transfer: &'a Transfer) -> Self {
        Self { store: transfer.headers(), previous: None }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header = self.store.next(Origin::HEADER, -1, self.previous)?;
        self.previous = Some(header.anchor);
        Some((header.name, header.value))
    }
}

/// The URL used last.
fn url(transfer: &Transfer) -> String {
    String::from_utf8_lossy(&transfer.effective_url().unwrap_or_default()).into_owned()
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("url", &self.url())
            .field("body", &self.body().len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done")
            .field("handle", &self.handle)
            .field("result", &self.result())
            .finish()
    }
}
