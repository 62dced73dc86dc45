//! The beginning of an exchange: the head is made, the body and the response are set up.

use tress_model::Result;
use tress_proto::h1::{Response, ResponseConfig};

use super::{Exchange, head};
use crate::TransferId;
use crate::body_out::BodyOut;
use crate::multi::{Flow, Multi};
use crate::options::Method;

impl Multi {
    /// Puts the request on its way.
    pub(crate) fn begin_exchange(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let now = core.now;
        let options = transfer.options.clone();
        transfer.infos.times.pretransfer = transfer.since_start(now);
        transfer.infos.times.posttransfer = std::time::Duration::ZERO;
        let length = head::body_length(&options);
        transfer.infos.upload_length = length;
        let head_len = transfer.plan()?.head.len();
        let exchange = &mut transfer.exchange;
        exchange.reset(head_len);
        exchange.body = BodyOut::begin(&options, length, length.is_none());
        exchange.response = Some(Response::new(ResponseConfig {
            head_request: options.nobody || options.method == Method::Head,
            http09_allowed: options.http().http09_allowed,
            reused: conn.uses > 1,
            ignore_content_length: options.http().ignore_content_length,
            max_filesize: options.limits().maxfilesize > 0,
            raw_transfer: !options.http().http_transfer_decoding,
            transfer_encoding_offered: options.http().transfer_encoding,
            ..ResponseConfig::default()
        }));
        Ok(Flow::Again)
    }
}

impl Exchange {
    fn reset(&mut self, head_len: usize) {
        self.out.clear();
        self.sent = 0;
        self.head_len = head_len;
        self.out_is_plan = true;
        self.head_ended = None;
        self.answered = false;
        self.response_done = false;
        self.parsing = false;
        self.ignore_body = false;
        self.encoded = 0..0;
        self.close = false;
        self.next = None;
        self.location = None;
        self.codings.clear();
    }
}
