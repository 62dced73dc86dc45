//! A transfer takes its response out of QUIC, as much as it can look at.

use tress_net::quic::Read;
use tress_net::quic::bytes::Buf;
use tress_proto::h3::{ErrorCode, Event, Fault, reset_error};

use crate::TransferId;
use crate::http2::{Break, Broken};
use crate::multi::Multi;
use crate::options::HttpVersion;

/// Bytes of a body that are given to the application at once.
const GATHERED: usize = 64 * 1024;

/// What the rest of a stream is good for.
enum Rest {
    /// There may be more.
    More,
    /// There is nothing for now.
    Nothing,
    Broken(Broken),
    Fault(Fault),
}

impl Multi {
    /// Takes the next part of a response out of its stream. False: there is none for now.
    pub(crate) fn pull(&mut self, id: TransferId) -> bool {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return false };
        let Some(conn_id) = transfer.conn else { return false };
        let Some(session) = conn.h3_mut() else { return false };
        let some_body = transfer.infos.downloaded > 0;
        let version = transfer.options.http_version;
        let no_body = transfer.options.nobody;
        let answered = transfer.exchange.answered;
        let Some(own) = transfer.exchange.stream.as_deref_mut() else { return false };
        let Some(mut part) = own.part.take() else { return false };
        let room = core.input.room(0);
        let mut filled = 0;
        let mut found = false;
        let rest = loop {
            if part.pulled.is_empty() {
                match part.readable && !own.remote_ended {
                    false => break Rest::Nothing,
                    true => match session.quic.read(part.id, GATHERED) {
                        Read::Bytes(bytes) => part.pulled = bytes,
                        Read::Blocked | Read::Gone => {
                            part.readable = false;
                            break Rest::Nothing;
                        }
                        Read::End => {
                            part.readable = false;
                            if let Err(fault) = part.machine.end() {
                                break Rest::Fault(fault);
                            }
                            own.remote_ended = true;
                            found = true;
                            break Rest::Nothing;
                        }
                        Read::Reset(code) => {
                            part.readable = false;
                            if no_body && answered {
                                own.remote_ended = true;
                                found = true;
                                break Rest::Nothing;
                            }
                            let code = ErrorCode(code);
                            let error = reset_error(part.id, code, true, some_body || filled > 0);
                            break Rest::Broken(Broken { error, what: kind(code, version) });
                        }
                    },
                }
            }
            let most = part.pulled.len().min(GATHERED - filled);
            if most == 0 {
                break Rest::More;
            }
            let input = part.pulled.get(..most).unwrap_or_default();
            let limits = session.machine.limits();
            let advance = match part.machine.advance(input, limits, &mut session.fields) {
                Ok(advance) => advance,
                Err(fault) => break Rest::Fault(fault),
            };
            match advance.event {
                Event::More => {}
                Event::Head { .. } => {
                    own.lines.extend_from_slice(session.fields.raw());
                    found = true;
                }
                Event::Trailers => {
                    own.trailers.extend_from_slice(session.fields.raw());
                    found = true;
                }
                Event::Data { range } => {
                    let bytes = part.pulled.get(range).unwrap_or_default();
                    if let Some(place) = room.get_mut(filled..filled + bytes.len()) {
                        place.copy_from_slice(bytes);
                    }
                    filled += bytes.len();
                }
            }
            part.pulled.advance(advance.consumed);
        };
        let stream_id = part.id;
        own.part = Some(part);
        if filled > 0 {
            found = true;
            own.fresh = 0..filled;
            core.input.received(conn_id, filled);
            core.input.consume(filled);
            transfer.progress.received(filled, &transfer.options, core.now);
        }
        core.h3.flush(conn_id, session);
        match rest {
            Rest::More | Rest::Nothing => return found,
            Rest::Broken(broken) => {
                own.broken.get_or_insert(broken);
            }
            Rest::Fault(Fault::Stream(failure)) => {
                session.quic.abandon(stream_id, failure.code.0);
                let error = reset_error(stream_id, failure.code, false, some_body);
                own.broken.get_or_insert(Broken { error, what: Break::Failed });
                core.info(transfer, || format!("HTTP/3 stream {stream_id}: {}", failure.why));
            }
            Rest::Fault(Fault::Connection(failure)) => self.fail_session(conn_id, failure),
        }
        found
    }
}

/// What a server means that resets a stream.
fn kind(code: ErrorCode, version: HttpVersion) -> Break {
    match code {
        ErrorCode::REQUEST_REJECTED => Break::Refused,
        ErrorCode::VERSION_FALLBACK if version != HttpVersion::V3Only => Break::WantsHttp1,
        _ => Break::Failed,
    }
}
