use std::borrow::Cow;
use std::fmt;

use crate::Code;

/// A failure with libcurl's code and the words for the error buffer.
///
/// The message names what was wrong and with which value; where libcurl has a
/// wording for the case (`CURLOPT_ERRORBUFFER`), it is libcurl's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<(Code, Cow<'static, str>)>);

/// A result whose failure carries libcurl's code and wording.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of kind `code`; an empty message stands for the code's own text.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new((code, message.into())))
    }

    /// The code that the application gets.
    pub fn code(&self) -> Code {
        self.0.0
    }

    /// The words for the error buffer; may be empty.
    pub fn message(&self) -> &str {
        &self.0.1
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

impl std::error::Error for Error {}
