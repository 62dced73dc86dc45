//! Packets, replies and bodies are told apart.

use std::ops::Range;

use tress_model::{Code, Error, Result};
use tress_proto::h1::{BodyFraming, Span};
use tress_proto::rtsp::{Method, Piece};

use super::{Phase, method};
use crate::TransferId;
use crate::effect::{Delivery, Lent};
use crate::multi::Multi;
use crate::transfer::Transfer;

impl Multi {
    /// One piece of the input. True: the application was asked to take something; none: it
    /// belongs to the head of a reply.
    pub(crate) fn take_rtsp_apart(&mut self, id: TransferId) -> Result<Option<bool>> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Some(false)) };
        let Some(conn_id) = transfer.conn else { return Ok(Some(false)) };
        let only_packets = method(&transfer.options) == Method::Receive;
        let Some(rtsp) = transfer.rtsp.as_deref_mut() else { return Ok(Some(false)) };
        let left = match rtsp.phase {
            Phase::Head => return Ok(None),
            Phase::Before => 0,
            Phase::Body(left) => left,
        };
        let input = core.input.of(conn_id);
        if input.is_empty() {
            let waits = rtsp.phase == Phase::Before && !only_packets;
            let exchange = &mut transfer.exchange;
            exchange.all_parsed();
            if left == 0 && !waits && !rtsp.packets.in_packet() {
                exchange.reply_complete();
            }
            return Ok(Some(false));
        }
        let (used, piece) = rtsp.packets.next(input, left, !only_packets, &rtsp.channels);
        let start = core.input.start();
        core.input.consume(used);
        let Some(piece) = piece else { return Ok(Some(false)) };
        match piece {
            Piece::Other(range) => {
                let count = left.min(range.len() as u64);
                transfer.body_taken(count);
                let range = range.start..range.start + count as usize;
                match range.is_empty() {
                    true => Ok(Some(false)),
                    false => self.on_body(id, start, Span::Input(range)).map(Some),
                }
            }
            Piece::Dollar if left == 0 => Ok(Some(false)),
            Piece::Dollar => {
                transfer.body_taken(1);
                transfer.infos.downloaded += 1;
                Ok(Some(self.deliver_own(id, Delivery::Body, b"$".to_vec())))
            }
            Piece::Packet(range) => Ok(Some(self.deliver_packet(id, start, range))),
            Piece::HeldPacket => {
                let packet = rtsp.packets.packet().to_vec();
                Ok(Some(self.deliver_own(id, Delivery::Rtp, packet)))
            }
            Piece::Reply if rtsp.phase == Phase::Before => {
                rtsp.phase = Phase::Head;
                Ok(Some(false))
            }
            Piece::Reply => {
                // Nobody has asked for another one.
                core.input.consume(usize::MAX);
                conn.leftover.clear();
                transfer.exchange.useless_after();
                transfer.exchange.reply_complete();
                Ok(Some(false))
            }
        }
    }

    fn deliver_packet(&mut self, id: TransferId, start: usize, range: Range<usize>) -> bool {
        let bytes = self.core.input.lend(start + range.start..start + range.end);
        self.core.deliver(id, Delivery::Rtp, bytes);
        true
    }

    fn deliver_own(&mut self, id: TransferId, kind: Delivery, buffer: Vec<u8>) -> bool {
        self.core.deliver(id, kind, Lent::spare(buffer));
        true
    }
}

impl Transfer {
    /// The head of the reply is over: how much body follows.
    pub(crate) fn rtsp_head_ended(&mut self, framing: BodyFraming) {
        let Some(rtsp) = self.rtsp.as_deref_mut() else { return };
        rtsp.phase = Phase::Body(match framing {
            BodyFraming::Length(length) => length,
            _ => 0,
        });
    }

    /// The peer has closed. True: that was the end of the reply; false: see what HTTP says.
    ///
    /// # Errors
    /// `RecvError` while packets were waited for, `PartialFile` in a body.
    pub(crate) fn rtsp_closed(&mut self) -> Result<bool> {
        let Some(rtsp) = self.rtsp.as_deref() else { return Ok(false) };
        match rtsp.phase {
            Phase::Body(0) => Ok(true),
            Phase::Body(left) => {
                let text = format!("transfer closed with {left} bytes remaining to read");
                Err(Error::new(Code::PartialFile, text))
            }
            Phase::Before | Phase::Head => rtsp.checks.closed().map(|()| false),
        }
    }

    fn body_taken(&mut self, count: u64) {
        if let Some(rtsp) = self.rtsp.as_deref_mut()
            && let Phase::Body(left) = &mut rtsp.phase
        {
            *left = left.saturating_sub(count);
        }
    }
}
