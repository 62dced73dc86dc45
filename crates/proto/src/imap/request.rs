use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};

/// What to do on a connection that is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The mailbox.
    pub mailbox: Option<Vec<u8>>,
    /// The mailbox must still be of this validity.
    pub uid_validity: Option<u32>,
    /// The message, by its unique id.
    pub uid: Option<Vec<u8>>,
    /// The message, by its number.
    pub index: Option<Vec<u8>>,
    /// The part of the message.
    pub section: Vec<u8>,
    /// The range of bytes.
    pub partial: Option<Vec<u8>>,
    /// What to search for: the URL's query, decoded.
    pub query: Option<Vec<u8>>,
    /// `CURLOPT_CUSTOMREQUEST`, decoded: the command.
    pub custom: Option<Vec<u8>>,
    /// The custom command's parameters, with the blank before them.
    pub custom_parameters: Vec<u8>,
    /// Add a message.
    pub append: Option<Append>,
}

/// A message to add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Append {
    /// The message's size; without it nothing can be added.
    pub size: Option<u64>,
    /// Its flags.
    pub flags: Flags,
}

/// `CURLOPT_UPLOAD_FLAGS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The flags as APPEND wants them, with a blank before; nothing for none.
    pub(super) fn list(self) -> String {
        const NAMES: [&str; 5] = ["Answered", "Deleted", "Draft", "Flagged", "Seen"];
        if self.0 == 0 {
            return String::new();
        }
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        let list: Vec<String> = set.map(|(_, name)| format!("\\{name}")).collect();
        format!(" ({})", list.join(" "))
    }
}

impl Request {
    /// Reads a URL's path (with its slash, still encoded), its query (decoded) and
    /// `CURLOPT_CUSTOMREQUEST`.
    ///
    /// # Errors
    /// `UrlMalformat` for a path that RFC 5092 does not know.
    pub fn parse(path: &[u8], query: Option<Vec<u8>>, custom: Option<&[u8]>) -> Result<Self> {
        let mut request = Self::default();
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let (mailbox, mut rest) = split_bchars(path);
        if !mailbox.is_empty() {
            let mailbox = mailbox.strip_suffix(b"/").unwrap_or(mailbox);
            request.mailbox = Some(decode(mailbox)?);
        }
        while let Some(parameter) = rest.strip_prefix(b";") {
            let equals = parameter.iter().position(|&byte| byte == b'=').ok_or_else(malformed)?;
            let (name, value) = parameter.split_at(equals);
            let (value, after) = split_bchars(value.get(1..).unwrap_or_default());
            request.parameter(&decode(name)?, decode(value)?)?;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(malformed());
        }
        if request.mailbox.is_some() && request.uid.is_none() && request.index.is_none() {
            request.query = query;
        }
        if let Some(custom) = custom {
            let mut custom = decode(custom)?;
            let blank = custom.iter().position(|&byte| byte == b' ').unwrap_or(custom.len());
            request.custom_parameters = custom.split_off(blank);
            request.custom = Some(custom);
        }
        Ok(request)
    }

    fn parameter(&mut self, name: &[u8], mut value: Vec<u8>) -> Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        if value.last() == Some(&b'/') {
            value.pop();
        }
        match name.to_ascii_uppercase().as_slice() {
            b"UIDVALIDITY" if self.uid_validity.is_none() => {
                self.uid_validity = leading_number(&value).and_then(|n| u32::try_from(n).ok());
            }
            b"UID" if self.uid.is_none() => self.uid = Some(value),
            b"MAILINDEX" if self.index.is_none() => self.index = Some(value),
            b"SECTION" if self.section.is_empty() => self.section = value,
            b"PARTIAL" if self.partial.is_none() => self.partial = Some(value),
            _ => return Err(malformed()),
        }
        Ok(())
    }

    /// A custom FETCH of several messages: libcurl shows none of its lines as
    /// body.
    pub(super) fn is_custom_listing(&self) -> bool {
        let Some(custom) = &self.custom else { return false };
        let parameters = self.custom_parameters.as_slice();
        let set = if custom.eq_ignore_ascii_case(b"FETCH") {
            parameters.strip_prefix(b" ")
        } else if custom.eq_ignore_ascii_case(b"UID") {
            let (fetch, set) = parameters.split_at_checked(7).unwrap_or_default();
            fetch.eq_ignore_ascii_case(b" FETCH ").then_some(set)
        } else {
            None
        };
        let after = set.and_then(|set| set.iter().find(|byte| !byte.is_ascii_digit()));
        matches!(after, Some(b':' | b','))
    }
}

/// The number at the start of `text`.
pub(super) fn leading_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

/// The characters that a mailbox has in a URL (`bchar` of RFC 5092), and the rest.
fn split_bchars(text: &[u8]) -> (&[u8], &[u8]) {
    let is_bchar = |byte: &u8| byte.is_ascii_alphanumeric() || b":@/&=-._~!$'()*+,%".contains(byte);
    text.split_at(text.iter().take_while(|byte| is_bchar(byte)).count())
}

fn decode(text: &[u8]) -> Result<Vec<u8>> {
    unescape_strict(text, Refuse::Control).ok_or_else(malformed)
}

fn malformed() -> Error {
    Error::from(Code::UrlMalformat)
}
