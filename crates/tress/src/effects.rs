//! What the engine asks for is done here, by the transfers' closures.

use std::io;

use tress_engine::{
    ChunkBegun, Delivered, Delivery, Effect, Pushed, SockOptAnswer, Sought, Supplied, TransferId,
};

use crate::Multi;
use crate::easy::{Closures, Flow};

impl Multi {
    /// Acts on every effect of this entry into the engine.
    pub(crate) fn effects(&mut self) {
        while let Some(effect) = self.engine.next_effect() {
            self.act(effect);
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Deliver { transfer, kind, bytes } => {
                let answer = self.deliver(transfer, kind, &bytes);
                self.engine.delivered(kind, bytes, answer);
            }
            Effect::Read { transfer, room, mut buffer } => {
                let answer = self.read(transfer, room, &mut buffer);
                self.engine.supplied(buffer, answer);
            }
            Effect::Seek { transfer, offset } => {
                let seek = self.closures(transfer).and_then(|closures| closures.seek.as_mut());
                let answer = match seek.map(|seek| seek(offset)) {
                    Some(Ok(())) => Sought::Ok,
                    // `CURL_SEEKFUNC_FAIL`
                    Some(Err(_)) => Sought::Refused(1),
                    None => Sought::CantSeek,
                };
                self.engine.sought(answer);
            }
            Effect::Progress { transfer, figures } => {
                let closure = self.closures(transfer).and_then(|c| c.on_progress.as_mut());
                let flow = closure.map(|closure| closure(figures));
                self.engine.allowed(flow != Some(Flow::Abort));
            }
            Effect::Prereq { .. } | Effect::ResolverStart { .. } => self.engine.allowed(true),
            Effect::Push { .. } => {
                let _ = self.engine.pushed(Pushed::Deny);
            }
            Effect::Trailers { .. } => self.engine.trailers(Some(Vec::new())),
            Effect::OpenSocket { .. } => self.engine.socket_opened(None, None),
            Effect::SockOpt { .. } => self.engine.socket_options_set(SockOptAnswer::Ok),
            Effect::FnMatch { .. } => self.engine.name_matched(false),
            Effect::ChunkBegin { .. } => self.engine.chunk_begun(ChunkBegun::Fetch),
            Effect::ChunkEnd { .. } => {}
            Effect::CloseSocket { socket, .. } => drop(socket),
            Effect::Debug { .. } => {}
            Effect::Watch { socket, what, .. } => self.watch(socket, what),
            Effect::Timer { after } => self.timer(after),
            Effect::Done { transfer } => self.end(transfer),
        }
    }

    fn deliver(&mut self, id: TransferId, kind: Delivery, bytes: &[u8]) -> Delivered {
        let Some(easy) = self.easies.get_mut(&id) else { return Delivered::Taken };
        let closure = match kind {
            Delivery::Body | Delivery::Rtp => easy.closures.on_body.as_mut(),
            Delivery::Header | Delivery::Reply => easy.closures.on_header.as_mut(),
        };
        match (closure, kind) {
            (Some(closure), _) => match closure(bytes) {
                Flow::Continue => Delivered::Taken,
                Flow::Pause => Delivered::Pause { taken: 0 },
                Flow::Abort => Delivered::Failed { returned: 0 },
            },
            (None, Delivery::Body | Delivery::Rtp) => {
                easy.body.extend_from_slice(bytes);
                Delivered::Taken
            }
            (None, Delivery::Header | Delivery::Reply) => Delivered::Taken,
        }
    }

    fn read(&mut self, id: TransferId, room: usize, buffer: &mut Vec<u8>) -> Supplied {
        let Some(upload) = self.closures(id).and_then(|closures| closures.upload.as_mut()) else {
            return Supplied::End;
        };
        let start = buffer.len();
        buffer.resize(start + room, 0);
        let count = upload(buffer.get_mut(start..).unwrap_or_default());
        buffer.truncate(start + count.as_ref().map_or(0, |count| (*count).min(room)));
        match count {
            Ok(0) => Supplied::End,
            Ok(count) if count <= room => Supplied::Data,
            Ok(_) => Supplied::TooMuch,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Supplied::Pause,
            Err(_) => Supplied::Abort,
        }
    }

    fn closures(&mut self, id: TransferId) -> Option<&mut Closures> {
        self.easies.get_mut(&id).map(|easy| &mut easy.closures)
    }
}
