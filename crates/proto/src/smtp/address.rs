use tress_model::{Code, Error, Result};

/// A mail address in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// As the application gave it.
    pub raw: Vec<u8>,
    /// What comes before the `@`, or all of it.
    pub local: Vec<u8>,
    /// What comes after.
    pub host: Option<Vec<u8>>,
    /// What comes after the closing `>`: parameters.
    pub suffix: Vec<u8>,
    /// The host had to be converted to an A-label.
    pub converted: bool,
}

impl Mailbox {
    /// Takes an address apart, with or without `<>` around it.
    ///
    /// # Errors
    /// `BadFunctionArgument` for a line end in it.
    pub fn parse(raw: &[u8]) -> Result<Self> {
        if raw.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            let message = "Refusing to send email address with a CR or LF";
            return Err(Error::new(Code::BadFunctionArgument, message));
        }
        let (address, suffix) = match raw.strip_prefix(b"<") {
            None => (raw.strip_suffix(b">").unwrap_or(raw), &b""[..]),
            Some(inner) => match inner.iter().rposition(|&byte| byte == b'>') {
                Some(end) => {
                    let (address, rest) = inner.split_at(end);
                    (address, rest.get(1..).unwrap_or_default())
                }
                None => (inner, &b""[..]),
            },
        };
        let (local, host) = match address.iter().position(|&byte| byte == b'@') {
            Some(at) => {
                let (local, rest) = address.split_at(at);
                (local, rest.get(1..).map(<[u8]>::to_vec))
            }
            None => (address, None),
        };
        let (raw, local) = (raw.to_vec(), local.to_vec());
        Ok(Self { raw, local, host, suffix: suffix.to_vec(), converted: false })
    }

    /// Puts the host's A-label in its place.
    pub fn set_ascii_host(&mut self, host: &str) {
        self.converted = self.host.as_deref() != Some(host.as_bytes());
        self.host = Some(host.as_bytes().to_vec());
    }

    /// Whether SMTPUTF8 must be said for it (RFC 6531).
    pub(super) fn needs_utf8(&self) -> bool {
        let host_is_ascii = self.host.as_ref().is_none_or(|host| host.is_ascii());
        self.converted || !self.local.is_ascii() || !host_is_ascii
    }

    /// `local@host`.
    pub(super) fn plain(&self) -> Vec<u8> {
        match &self.host {
            Some(host) => [&self.local, &b"@"[..], host].concat(),
            None => self.local.clone(),
        }
    }

    /// `<local@host>` and the suffix.
    pub(super) fn path(&self) -> Vec<u8> {
        [b"<", &self.plain()[..], b">", &self.suffix].concat()
    }
}
