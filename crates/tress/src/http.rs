//! Requests, responses and headers of the crate `http` (feature `http`).

use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use ::http::{Method, Request, Version};
use tress_engine::options::{HttpVersion, Text};

use crate::{Easy, Response};

/// A transfer for the request. Its version is not asked for: [`Easy::http_version`] does that.
///
/// ```no_run
/// # #[cfg(feature = "http")] {
/// let request = http::Request::post("https://example.com/things")
///     .header("Content-Type", "application/json")
///     .body("{}")?;
/// let response: http::Response<Vec<u8>> = tress::Easy::from(request).perform()?.try_into()?;
/// println!("{} {:?}", response.status(), response.headers().get("Location"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<B: Into<Vec<u8>>> From<Request<B>> for Easy {
    fn from(request: Request<B>) -> Self {
        let (head, body) = request.into_parts();
        let (url, body) = (head.uri.to_string(), body.into());
        let easy = match (&head.method, body.is_empty()) {
            (&Method::GET, true) => Self::get(url),
            (&Method::HEAD, true) => Self::head(url),
            (&Method::POST, _) => Self::post(url, body),
            (&Method::PUT, _) => Self::put(url, body),
            (method, true) => Self::get(url).method(method.as_str()),
            (method, false) => Self::put(url, body).method(method.as_str()),
        };
        easy.headers(&head.headers)
    }
}

/// Headers of the crate `http`.
impl Easy {
    /// Adds headers, or replaces those that Tress would send itself.
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        for (name, value) in headers {
            self.add_header(line(name, value));
        }
        self
    }
}

fn line(name: &HeaderName, value: &HeaderValue) -> Text {
    let separator: &[u8] = if value.is_empty() { b";" } else { b": " };
    [name.as_str().as_bytes(), separator, value.as_bytes()].concat().into()
}

impl Response {
    /// The headers of the final response; those whose name or value `http` does not allow are
    /// left out.
    pub fn header_map(&self) -> HeaderMap {
        let typed = |(name, value): (&[u8], &[u8])| {
            Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        let mut map = HeaderMap::new();
        for (name, value) in self.headers().filter_map(typed) {
            map.append(name, value);
        }
        map
    }
}

/// The final response with its body.
impl TryFrom<Response> for ::http::Response<Vec<u8>> {
    /// There is no response code, as with other protocols than HTTP, or it is none.
    type Error = ::http::Error;

    fn try_from(response: Response) -> Result<Self, Self::Error> {
        let version = match response.http_version() {
            Some(HttpVersion::V1_0) => Version::HTTP_10,
            Some(HttpVersion::V2 | HttpVersion::V2Tls | HttpVersion::V2PriorKnowledge) => {
                Version::HTTP_2
            }
            _ => Version::HTTP_11,
        };
        let status = u16::try_from(response.status()).unwrap_or_default();
        let headers = response.header_map();
        let made = ::http::Response::builder().status(status).version(version);
        let mut made = made.body(response.into_body())?;
        *made.headers_mut() = headers;
        Ok(made)
    }
}
