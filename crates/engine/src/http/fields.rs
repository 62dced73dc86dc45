//! What the lines of a response's head mean for its transfer.

use tress_model::date::parse_date;
use tress_model::{Code, Error, Result};
use tress_proto::decode::{Decoder, add_content_codings};
use tress_proto::h1::{BodyFraming, Field, Version};
use tress_proto::http::custom;

use super::Next;
use super::auth::{Bound, Whom};
use crate::body_out::BodyState;
use crate::multi::Core;
use crate::options::{FollowLocation, Method};
use crate::transfer::Transfer;

/// A body with less than this left to send is sent to its end, so that the connection can be used
/// for the next request.
const WORTH_SENDING: u64 = 2000;

/// Decoded bytes made at once, so that a paused application holds no more than that.
const DECODED_ROOM: usize = 64 * 1024;
/// The same where the size of the body is limited: what libcurl decodes at once.
const LIMITED_ROOM: usize = 16 * 1024;

impl Transfer {
    /// A status line.
    pub(super) fn on_status(&mut self, status: u16, version: Version) {
        self.infos.response_code = u32::from(status);
        self.infos.http_version = match version {
            Version::Unknown => 0,
            Version::Http09 | Version::Http10 => 1,
            Version::Http11 => 2,
            Version::Http2 => 3,
            Version::Http3 => 30,
        };
        self.infos.content_type.clear();
        self.exchange.location = None;
        self.exchange.content_range = false;
        self.exchange.follow.http10 |= version == Version::Http10;
        self.exchange.codings.clear();
    }

    /// A header of the response.
    pub(super) fn on_field(&mut self, field: Field, value: &[u8]) -> Result<()> {
        match field {
            Field::ContentType => {
                self.infos.content_type.clear();
                self.infos.content_type.extend_from_slice(value);
            }
            Field::ContentEncoding => self.note_codings(value)?,
            Field::Location => self.note_location(value)?,
            Field::LastModified if self.options.filetime || self.has_time_condition() => {
                self.exchange.document_time = parse_date(value);
                if self.options.filetime {
                    self.infos.filetime = self.exchange.document_time;
                }
            }
            Field::ContentRange if self.options.resume_from > 0 => self.note_range(value),
            Field::RetryAfter => {
                let text = std::str::from_utf8(value).unwrap_or_default();
                self.infos.retry_after = text.parse().unwrap_or(0);
            }
            Field::WwwAuthenticate if self.infos.response_code == 401 => {
                self.note_challenge(Whom::Server, value);
            }
            Field::PersistentAuth => {
                if let Some(auth) = &mut self.auth {
                    auth.persistence = Some(value.into());
                }
            }
            Field::ProxyAuthenticate if self.infos.response_code == 407 => {
                self.note_challenge(Whom::Proxy, value);
            }
            _ => {}
        }
        Ok(())
    }

    /// Where a redirect leads to; saying it twice is allowed, saying two things is not.
    fn note_location(&mut self, value: &[u8]) -> Result<()> {
        let before = self.exchange.location.as_deref();
        if value.is_empty() || before == Some(value) {
            return Ok(());
        }
        if before.is_some() {
            return Err(Error::new(Code::WeirdServerReply, "Multiple Location headers"));
        }
        self.exchange.location = Some(value.into());
        Ok(())
    }

    fn note_codings(&mut self, value: &[u8]) -> Result<()> {
        if !self.options.http().http_content_decoding || self.options.accept_encoding.is_none() {
            return Ok(());
        }
        add_content_codings(value, &mut self.exchange.codings)
    }

    pub(crate) fn meets_time_condition(&self) -> bool {
        let http = self.options.http();
        let document = self.exchange.document_time.unwrap_or(0);
        let ranged = http.range.is_some() || self.options.resume_from != 0;
        ranged
            || self.exchange.next.is_some()
            || super::head::time_condition(&self.options)
                .is_none_or(|(condition, value)| condition.is_met(value, document))
    }

    fn has_time_condition(&self) -> bool {
        self.options.http().timecondition != crate::options::TimeCondition::None
    }

    /// The empty line: what follows, and what it means for the request.
    pub(crate) fn head_ended(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        framing: BodyFraming,
        informational: bool,
    ) -> Result<()> {
        let status = self.infos.response_code;
        if informational {
            if status == 100 {
                self.exchange.body.flow();
            }
            return Ok(());
        }
        let Some(response) = self.exchange.response.as_ref() else { return Ok(()) };
        let head = response.head();
        self.exchange.close |= head.close;
        let length = head.content_length;
        if self.exchange.foreign {
            self.rtsp_head_ended(framing);
        }
        self.plan_next(core, bound, status);
        self.settle_upload(core, bound, status);
        if self.is_websocket() && status >= 200 {
            let text = format!("Refused WebSocket upgrade: {status}");
            return Err(Error::new(Code::HttpReturnedError, text));
        }
        // Nothing is left to resume: that is no failure, and its text no part of the download.
        let complete = status == 416 && self.resumes();
        self.exchange.ignore_body |= complete;
        let fails = status >= 400 && self.options.failonerror && !complete;
        if fails && self.exchange.next.is_none() {
            let text = format!("The requested URL returned error: {status}");
            return Err(Error::new(Code::HttpReturnedError, text));
        }
        self.check_range(core, length)?;
        self.check_size_announced(length)?;
        self.infos.download_length = match framing {
            BodyFraming::None | BodyFraming::Length(_) => length,
            _ => None,
        };
        if !self.meets_time_condition() {
            // The answer is taken for a 304: libcurl simulates one.
            self.infos.condition_unmet = true;
            self.infos.response_code = 304;
            self.exchange.response_done = true;
            self.exchange.close = true;
            return Ok(());
        }
        if let Some(response) = self.exchange.response.as_ref() {
            self.exchange.codings.extend_from_slice(&response.head().transfer_codings);
        }
        // Most bodies are as they come.
        let is_coded = !self.exchange.codings.is_empty();
        if is_coded && framing != BodyFraming::None && !self.exchange.ignore_body {
            let decoder = Decoder::new(&self.exchange.codings);
            self.exchange.decoder = (!decoder.is_identity()).then(|| Box::new(decoder));
        }
        Ok(())
    }

    /// Is this response the last one, or what comes after it?
    fn plan_next(&mut self, core: &mut Core, bound: &mut Option<Box<Bound>>, status: u32) {
        let redirect = (300..400).contains(&status);
        let next = if self.authenticates_again(core, bound) {
            Next::Authenticate
        } else if status == 417 && self.may_drop_expect() {
            Next::WithoutExpect
        } else if redirect
            && self.exchange.location.is_some()
            && self.options.followlocation != FollowLocation::No
        {
            Next::Redirect
        } else {
            return;
        };
        self.exchange.next = Some(next);
        self.exchange.ignore_body = true;
    }

    /// Did this request ask for a `100 Continue` of the library's own accord? Without that it can
    /// be made once more; an application's own header would be refused again.
    fn may_drop_expect(&self) -> bool {
        let headers = self.options.httpheader.as_deref().unwrap_or_default();
        !self.exchange.follow.expect_disabled
            && !self.exchange.close
            && self.exchange.body.state() != BodyState::Ended
            && custom::find(headers, "Expect").is_none()
            && self.plan.as_ref().is_some_and(|plan| plan.head.sent.expect_100)
    }

    fn authenticates_again(&mut self, core: &mut Core, bound: &mut Option<Box<Bound>>) -> bool {
        if self.auth.is_none() {
            return false;
        }
        self.take_challenges(core, bound);
        let closes = self.exchange.close;
        let for_proxy = self.proxy_asks_again(core, bound, closes);
        let Some(credentials) = self.credentials_to_pick_for() else { return for_proxy };
        self.wants_another_round(core, bound, Whom::Server, &credentials, closes) || for_proxy
    }

    /// A final answer came while the body of the request is still being sent.
    fn settle_upload(&mut self, core: &mut Core, bound: &Option<Box<Bound>>, status: u32) {
        let exchange = &mut self.exchange;
        if exchange.body.state() == BodyState::Ended && exchange.out_is_sent() {
            return self.skip_ignored_body();
        }
        if status < 300 && matches!(exchange.body.state(), BodyState::Waits(_)) {
            // The answer came without a look at the body: it is not needed.
            return self.stop_sending();
        }
        let again = matches!(exchange.next, Some(Next::Redirect | Next::Authenticate));
        if again && !exchange.close {
            let left = exchange.body_left();
            if left.is_none_or(|left| left >= WORTH_SENDING) && !self.is_being_proved(bound) {
                core.info(self, || match left {
                    Some(left) => format!("close instead of sending {left} more bytes"),
                    None => "close instead of sending unknown amount of more bytes".to_owned(),
                });
                return self.stop_sending();
            }
        }
        if status < 300 || self.options.http().keep_sending_on_error {
            if self.options.http().keep_sending_on_error && status >= 300 {
                core.info(self, || "HTTP error before end of send, keep sending".to_owned());
            }
            self.exchange.body.flow();
            return;
        }
        if again && !self.exchange.close && self.exchange.body.taken() > 0 {
            core.info(self, || "Keep sending data to get tossed away".to_owned());
            self.exchange.body.flow();
            return;
        }
        if !self.exchange.close {
            core.info(self, || "HTTP error before end of send, stop sending".to_owned());
        }
        self.stop_sending();
    }

    fn stop_sending(&mut self) {
        self.exchange.body.give_up();
        self.exchange.drop_unsent();
        self.exchange.close = true;
        self.skip_ignored_body();
    }

    /// A body that nobody wants is not waited for on a connection that is of no further use.
    fn skip_ignored_body(&mut self) {
        self.exchange.response_done |= self.exchange.ignore_body && self.exchange.close;
    }

    /// A resumed download needs a server that does ranges.
    fn check_range(&mut self, core: &mut Core, length: Option<u64>) -> Result<()> {
        let exchange = &mut self.exchange;
        let in_range = exchange.content_range || exchange.ignore_body || exchange.next.is_some();
        if in_range || !self.resumes() {
            return Ok(());
        }
        if length == u64::try_from(self.options.resume_from).ok() {
            core.info(self, || "The entire document is already downloaded".to_owned());
            self.exchange.response_done = true;
            self.exchange.close = true;
            return Ok(());
        }
        let text = "HTTP server does not seem to support byte ranges. Cannot resume.";
        Err(Error::new(Code::RangeError, text))
    }

    /// Does the range begin where the download is to go on? An answer without a range is all
    /// that there is to get.
    fn note_range(&mut self, value: &[u8]) {
        let begin = value.iter().position(|b| b.is_ascii_digit() || *b == b'*');
        let rest = begin.and_then(|at| value.get(at..)).unwrap_or_default();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(rest.get(..digits).unwrap_or_default());
        let offset = text.ok().and_then(|text| text.parse::<i64>().ok());
        self.exchange.content_range |= match offset {
            Some(offset) => offset == self.options.resume_from,
            None => self.infos.response_code < 300,
        };
    }

    /// Does it go on with an earlier download?
    fn resumes(&self) -> bool {
        self.options.resume_from > 0 && self.options.method == Method::Get
    }

    fn check_size_announced(&self, length: Option<u64>) -> Result<()> {
        let most = self.options.limits().maxfilesize;
        match length {
            Some(length) if most > 0 && length > most && !self.exchange.ignore_body => {
                Err(Error::new(Code::FilesizeExceeded, "Maximum file size exceeded"))
            }
            _ => Ok(()),
        }
    }

    /// More of the body has come, as it is on the way: how many of the `count` bytes are within
    /// `CURLOPT_MAXFILESIZE`. The transfer fails once those are delivered.
    pub(crate) fn take_within_size(&mut self, count: usize) -> usize {
        let taken = self.within_size(count);
        self.exchange.oversize = taken < count;
        self.infos.downloaded += taken as u64;
        taken
    }

    /// How many of `count` bytes more of a body are within `CURLOPT_MAXFILESIZE`.
    pub(crate) fn within_size(&self, count: usize) -> usize {
        let most = self.options.limits().maxfilesize;
        if most == 0 || self.exchange.ignore_body {
            return count;
        }
        let left = most.saturating_sub(self.infos.downloaded);
        count.min(usize::try_from(left).unwrap_or(count))
    }

    /// The body went beyond `CURLOPT_MAXFILESIZE`.
    pub(crate) fn oversize(&self) -> Error {
        let (most, size) = (self.options.limits().maxfilesize, self.infos.downloaded);
        let text = format!("Exceeded the maximum allowed file size ({most}) with {size} bytes");
        Error::new(Code::FilesizeExceeded, text)
    }

    /// How many decoded bytes are made and delivered at once: few where their number is limited,
    /// so that what is within the limit arrives.
    pub(crate) fn decoded_room(&self) -> usize {
        if self.options.limits().maxfilesize > 0 { LIMITED_ROOM } else { DECODED_ROOM }
    }

    /// `CURLOPT_MAXFILESIZE` holds for a decoded body too.
    ///
    /// # Errors
    /// `FilesizeExceeded` for a body that would be too long with `count` bytes more.
    pub(crate) fn check_decoded_size(&self, count: usize) -> Result<()> {
        let most = self.options.limits().maxfilesize;
        if most > 0 && self.infos.delivered + count as u64 > most {
            return Err(Error::new(Code::FilesizeExceeded, "Would have exceeded max file size"));
        }
        Ok(())
    }

    /// Figures for the progress callback.
    pub(crate) fn figures(&self) -> crate::effect::Figures {
        crate::effect::Figures {
            download_total: self.infos.download_length.unwrap_or(0),
            downloaded: self.infos.downloaded,
            upload_total: self.infos.upload_length.unwrap_or(0),
            uploaded: self.infos.uploaded,
        }
    }
}
