use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::Code;

/// A failure with libcurl's code and the words for the error buffer.
///
/// The message names what was wrong and with which value; where libcurl has a
/// wording for the case (`CURLOPT_ERRORBUFFER`), it is libcurl's.
#[derive(Clone, Debug)]
pub struct Error(Box<Failure>);

#[derive(Clone, Debug)]
struct Failure {
    code: Code,
    message: Cow<'static, str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// A result whose failure carries libcurl's code and wording.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of kind `code`; an empty message stands for the code's own text.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Failure { code, message: message.into(), source: None }))
    }

    /// The same, with what it comes from.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The code that the application gets.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The words for the error buffer; may be empty.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl Error {
    /// Was a limit of time or speed over?
    pub fn is_timeout(&self) -> bool {
        self.code() == Code::OperationTimedout
    }

    /// Could the server, or the proxy, not be reached: its name not be resolved, no connection be
    /// made, or no TLS on it? Nothing of the request has been sent then.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.code(),
            Code::CouldntResolveProxy
                | Code::CouldntResolveHost
                | Code::CouldntConnect
                | Code::SslConnectError
                | Code::PeerFailedVerification
                | Code::Proxy
        )
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => write!(f, "{:?}", self.code()),
            message => write!(f, "{message} ({:?})", self.code()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Code and words say which failure it is.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        (self.code(), self.message()) == (other.code(), other.message())
    }
}

impl Eq for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.code() {
            Code::OperationTimedout => io::ErrorKind::TimedOut,
            Code::PartialFile | Code::GotNothing => io::ErrorKind::UnexpectedEof,
            Code::Again => io::ErrorKind::WouldBlock,
            Code::BadFunctionArgument | Code::UrlMalformat => io::ErrorKind::InvalidInput,
            Code::UnsupportedProtocol | Code::NotBuiltIn => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
