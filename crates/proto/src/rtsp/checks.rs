use tress_model::{Code, Error, Result};

use super::Method;

/// The interleaved channels that the server announced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels([u64; 4]);

impl Channels {
    /// Whether packets of `channel` are to be expected.
    pub fn contains(&self, channel: u8) -> bool {
        let word = self.0.get(usize::from(channel / 64)).copied().unwrap_or(0);
        word & (1 << (channel % 64)) != 0
    }

    fn insert(&mut self, channel: u8) {
        if let Some(word) = self.0.get_mut(usize::from(channel / 64)) {
            *word |= 1 << (channel % 64);
        }
    }
}

/// What a reply's headers are checked for.
#[derive(Clone, Debug)]
pub struct Checks {
    method: Method,
    cseq_sent: u32,
    cseq_received: u32,
    session: Option<String>,
}

impl Checks {
    /// For a request with `cseq`, in `session` if there is one yet.
    pub fn new(method: Method, cseq: u32, session: Option<String>) -> Self {
        Self { method, cseq_sent: cseq, cseq_received: 0, session }
    }

    /// The reply's sequence number (`CURLINFO_RTSP_CSEQ_RECV`).
    pub fn cseq_received(&self) -> u32 {
        self.cseq_received
    }

    /// The session, given or taken from the reply (`CURLINFO_RTSP_SESSION_ID`).
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Looks at a header line, without its line end. Channels that it
    /// announces go to `channels`, which belongs to the connection's user.
    ///
    /// # Errors
    /// `RtspCseqError` and `RtspSessionError`.
    pub fn header(&mut self, line: &str, channels: &mut Channels) -> Result<()> {
        let Some((name, value)) = line.split_once(':') else { return Ok(()) };
        let value = value.trim_start_matches([' ', '\t']);
        if name.eq_ignore_ascii_case("CSeq") {
            self.cseq_received = leading_number(value).ok_or_else(|| {
                let message = format!("Unable to read the CSeq header: [{line}]");
                Error::new(Code::RtspCseqError, message)
            })?;
        } else if name.eq_ignore_ascii_case("Session") {
            self.check_session(value)?;
        } else if name.eq_ignore_ascii_case("Transport") {
            announce(value, channels);
        }
        Ok(())
    }

    /// The reply is complete.
    ///
    /// # Errors
    /// `RtspCseqError` for a reply to another request.
    pub fn done(&self) -> Result<()> {
        if self.method == Method::Receive || self.cseq_sent == self.cseq_received {
            return Ok(());
        }
        let message = format!(
            "The CSeq of this request {} did not match the response {}",
            self.cseq_sent, self.cseq_received
        );
        Err(Error::new(Code::RtspCseqError, message))
    }

    /// The server closed the connection: an error while packets are waited for.
    ///
    /// # Errors
    /// `RecvError` for `Receive`.
    pub fn closed(&self) -> Result<()> {
        if self.method != Method::Receive {
            return Ok(());
        }
        let message = "Server prematurely closed the RTSP connection.";
        Err(Error::new(Code::RecvError, message))
    }

    fn check_session(&mut self, value: &str) -> Result<()> {
        if value.is_empty() {
            return Err(Error::new(Code::RtspSessionError, "Got a blank Session ID"));
        }
        let end = value.find(|c: char| c <= ' ' || c == ';').unwrap_or(value.len());
        let (id, _) = value.split_at(end);
        match &self.session {
            Some(wanted) if wanted != id => {
                let message =
                    format!("Got RTSP Session ID Line [{value}], but wanted ID [{wanted}]");
                Err(Error::new(Code::RtspSessionError, message))
            }
            Some(_) => Ok(()),
            None => {
                self.session = Some(id.to_owned());
                Ok(())
            }
        }
    }
}

/// Takes the channels of an `interleaved` parameter (RFC 2326 section 12.39).
fn announce(transport: &str, channels: &mut Channels) {
    let interleaved = transport.split(';').find_map(|parameter| {
        let parameter = parameter.trim_start_matches([' ', '\t']);
        let (name, value) = parameter.split_at_checked("interleaved=".len())?;
        name.eq_ignore_ascii_case("interleaved=").then_some(value)
    });
    let Some(value) = interleaved else { return };
    let Some(first) = leading_number::<u8>(value) else { return };
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let last = value.get(digits..).and_then(|rest| rest.strip_prefix('-')).and_then(leading_number);
    for channel in first..=last.unwrap_or(first) {
        channels.insert(channel);
    }
}

fn leading_number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}
