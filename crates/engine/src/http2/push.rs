//! Server push: responses that the server sends unasked, where the application wants them.

use tress_model::url::{Url, UrlFlags};
use tress_model::{Code, Error, Result};
use tress_proto::h2::{ErrorCode, Fields, StreamId, StreamRef};

use super::serve::parts;
use super::{Stream, offer};
use crate::TransferId;
use crate::conn::ConnId;
use crate::effect::{Effect, Pushed};
use crate::multi::Multi;
use crate::plan::Plan;
use crate::transfer::{State, Transfer};

impl Multi {
    /// The server promises a response. The application decides; until it has, nothing more is
    /// taken from the connection.
    pub(super) fn promise_came(&mut self, id: ConnId, parent: StreamRef, promised: StreamId) {
        let (Some((transfer, _)), Some(session)) = parts(self, id, parent) else { return };
        let fields = session.machine.fields();
        let lines = fields.iter().map(|field| [field.name(), b":", field.value()].concat().into());
        let head = lines.collect();
        let promise = url_of(fields);
        let own = self.transfer(transfer).and_then(|transfer| transfer.plan.as_deref());
        let url = promise.filter(|url| own.is_some_and(|plan| plan.url.is_same_origin(url)));
        let Some(url) = url.and_then(|url| url.to_bytes(UrlFlags::empty()).ok()) else {
            // A server speaks for its own origin only (RFC 9113, 8.4).
            return self.refuse_push(id, promised, ErrorCode::PROTOCOL_ERROR);
        };
        if let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut()) {
            session.promised = Some(promised);
        }
        self.core.ask(transfer, Effect::Push { parent: transfer, url: url.into(), head });
    }

    /// Answers [`Effect::Push`]; the id of an accepted transfer, which is running then.
    pub fn pushed(&mut self, answer: Pushed) -> Option<TransferId> {
        let parent = self.answering()?;
        let conn_id = self.transfers.get(parent)?.conn?;
        let session = self.pool.get_mut(conn_id)?.h2.as_deref_mut()?;
        let promised = session.promised.take()?;
        match answer {
            Pushed::Accept(transfer) => {
                let id = self.add(transfer);
                let adopted = self.adopt(id, conn_id, promised);
                if let (Err(error), Some(transfer)) = (adopted, self.transfers.get_mut(id)) {
                    transfer.fail_with(error);
                }
                return Some(id);
            }
            Pushed::Deny => self.refuse_push(conn_id, promised, ErrorCode::CANCEL),
            Pushed::Fail => {
                self.refuse_push(conn_id, promised, ErrorCode::CANCEL);
                let text = "the push callback has rejected the stream that a push came with";
                if let Some(transfer) = self.transfers.get_mut(parent) {
                    transfer.fail_with(Error::new(Code::RecvError, text));
                }
            }
        }
        None
    }

    fn refuse_push(&mut self, id: ConnId, promised: StreamId, why: ErrorCode) {
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut()) else {
            return;
        };
        session.machine.reset(promised, why);
        self.core.h2.flush(id, session);
    }

    /// A transfer takes the promised stream as its own, as if it had sent the request.
    fn adopt(&mut self, id: TransferId, conn_id: ConnId, promised: StreamId) -> Result<()> {
        let gone = || Error::new(Code::Http2, "the pushed stream is gone");
        let transfer = self.transfers.get_mut(id).ok_or_else(gone)?;
        Plan::refresh(transfer, &mut self.core)?;
        let conn = self.pool.get_mut(conn_id).ok_or_else(gone)?;
        let session = conn.h2.as_deref_mut().ok_or_else(gone)?;
        session.machine.accept_push(promised, id.to_bits())?;
        session.users += 1;
        conn.uses += 1;
        let mut stream = session.spare.pop().unwrap_or_default();
        stream.await_pushed(promised);
        transfer.conn = Some(conn_id);
        transfer.state = State::Exchange;
        transfer.infos.connection_number = conn.number;
        (transfer.infos.primary, transfer.infos.local) = (conn.primary, conn.local);
        transfer.infos.socket = conn.stream().map(|stream| stream.fd());
        transfer.await_pushed(stream, self.core.now)?;
        offer(&mut self.pool, conn_id, &self.core.settings);
        self.watch_session(conn_id);
        Ok(())
    }
}

impl Transfer {
    fn await_pushed(&mut self, stream: Box<Stream>, now: std::time::Instant) -> Result<()> {
        let kind = self.plan()?.head.kind;
        let since = self.since_start(now);
        let times = &mut self.infos.times;
        (times.pretransfer, times.posttransfer) = (since, since);
        let options = self.options.clone();
        self.exchange.reset(0, None);
        self.exchange.await_upgraded(&options, kind, stream);
        Ok(())
    }
}

impl Stream {
    fn await_pushed(&mut self, promised: StreamId) {
        self.renew();
        self.id = Some(promised);
        self.local_ended = true;
    }
}

/// The URL that a promised request is for.
fn url_of(fields: &Fields) -> Option<Url> {
    let part = |name: &[u8]| fields.get(name);
    let scheme = part(b":scheme")?;
    let text = [scheme, b"://", part(b":authority")?, part(b":path")?].concat();
    Url::parse(&text, UrlFlags::empty()).ok()
}
