//! DICT and Gopher: one request, then everything up to the end of the connection is the body.

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::url::Url;
use tress_model::{Code, Result};
use tress_proto::h1::Span;
use tress_proto::{dict, gopher};

use crate::TransferId;
use crate::http::head::Head;
use crate::multi::Multi;
use crate::plan::Service;
use crate::transfer::Transfer;

/// What a DICT server is told of its client.
const CLIENT: &str = "libcurl 8.22.0";

/// The commands that a `dict://` URL stands for (RFC 2229).
///
/// # Errors
/// `UrlMalformat` for a path with control bytes, and those of [`dict::request`].
pub(crate) fn dict(url: &Url) -> Result<Head> {
    let Some(path) = unescape_strict(url.path(), Refuse::Control) else {
        return Err(Code::UrlMalformat.into());
    };
    Ok(head(dict::request(&path, CLIENT)?.unwrap_or_default()))
}

/// The selector of a `gopher://` URL (RFC 4266).
///
/// # Errors
/// `UrlMalformat` for a selector that is no single line.
pub(crate) fn gopher(url: &Url) -> Result<Head> {
    let encoded = String::from_utf8_lossy(url.path_and_query());
    let encoded = gopher::encoded_selector(&encoded);
    let Some(selector) = unescape_strict(encoded.as_bytes(), Refuse::Zero) else {
        return Err(Code::UrlMalformat.into());
    };
    Ok(head(gopher::request(&selector)?))
}

fn head(bytes: Vec<u8>) -> Head {
    Head { bytes, body_length: Some(0), ..Head::default() }
}

impl Multi {
    /// A piece of what is not HTTP. True: the application was asked to take something.
    pub(crate) fn take_foreign_apart(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        if transfer.plan()?.service == Service::Rtsp {
            return match self.take_rtsp_apart(id)? {
                Some(asked) => Ok(asked),
                None => self.take_apart(id),
            };
        }
        let Some(conn_id) = transfer.conn else { return Ok(false) };
        let (start, len) = (core.input.start(), core.input.of(conn_id).len());
        core.input.consume(len);
        transfer.exchange.all_parsed();
        match len {
            0 => Ok(false),
            len => self.on_body(id, start, Span::Input(0..len)),
        }
    }
}

impl Transfer {
    /// The peer has closed. True: that was the end of the body.
    ///
    /// # Errors
    /// Those of an RTSP reply that is cut.
    pub(crate) fn foreign_closed(&mut self) -> Result<bool> {
        let rtsp = self.plan()?.service == Service::Rtsp;
        let over = !rtsp || self.rtsp_closed()?;
        if over {
            self.exchange.reply_complete();
        }
        Ok(over)
    }
}
