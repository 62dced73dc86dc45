//! What the engine asks for is done here, by the transfers' closures.

use std::io;

use tress_engine::{
    ChunkBegun, Delivered, Delivery, Effect, KnownHost, Pushed, SockOptAnswer, Sought, Supplied,
    TransferId,
};

use crate::Multi;
use crate::easy::{Closures, Flow, Source};

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
                let answer = self.seek(transfer, offset);
                self.engine.sought(answer);
            }
            Effect::Progress { transfer, figures } => {
                let closure = self.closures(transfer).and_then(|c| c.on_progress.as_mut());
                let flow = closure.map(|closure| closure(figures));
                self.engine.allowed(flow != Some(Flow::Abort));
            }
            Effect::Prereq { transfer, primary, .. } => {
                let closure = self.closures(transfer).and_then(|c| c.on_request.as_mut());
                let flow = closure.map(|closure| closure(primary));
                self.engine.allowed(flow != Some(Flow::Abort));
            }
            Effect::ResolverStart { .. } => self.engine.allowed(true),
            Effect::Push { .. } => {
                let _ = self.engine.pushed(Pushed::Deny);
            }
            Effect::Trailers { .. } => self.engine.trailers(Some(Vec::new())),
            Effect::OpenSocket { .. } => self.engine.socket_opened(None, None),
            Effect::SockOpt { .. } => self.engine.socket_options_set(SockOptAnswer::Ok),
            Effect::FnMatch { .. } => self.engine.name_matched(false),
            Effect::ChunkBegin { .. } => self.engine.chunk_begun(ChunkBegun::Fetch),
            // No callback is ever set: settings decide.
            Effect::HostKey { .. } => self.engine.host_key_judged(false),
            Effect::KnownHost { .. } => self.engine.known_host_judged(KnownHost::Reject),
            Effect::ChunkEnd { .. } => {}
            Effect::CloseSocket { socket, .. } => drop(socket),
            Effect::Debug { transfer, kind, bytes } => {
                let closure = self.closures(transfer).and_then(|c| c.on_debug.as_mut());
                if let Some(closure) = closure {
                    closure(kind, &bytes);
                }
            }
            Effect::Watch { socket, what, .. } => self.watch(socket, what),
            Effect::Timer { after } => self.timer(after),
            Effect::Done { transfer } => self.end(transfer),
        }
    }

    fn deliver(&mut self, id: TransferId, kind: Delivery, bytes: &[u8]) -> Delivered {
        let Some(easy) = self.easies.get_mut(&id) else { return Delivered::Taken };
        if let (Some(messages), Delivery::Body) = (&mut easy.closures.get().messages, kind) {
            let held = self.engine.connection_of(id);
            let frame = held.and_then(|held| self.engine.ws_frame(held));
            let most = easy.options.limits().maxfilesize;
            return frame.map_or(Delivered::Taken, |frame| messages.take(frame, bytes, most));
        }
        let closure = match kind {
            Delivery::Body | Delivery::Rtp => easy.closures.get().on_body.as_mut(),
            Delivery::Header | Delivery::Reply => easy.closures.get().on_header.as_mut(),
        };
        match (closure, kind) {
            (Some(closure), _) => match closure(bytes) {
                Flow::Continue => Delivered::Taken,
                Flow::Pause => Delivered::Pause { taken: 0 },
                Flow::Abort => Delivered::Failed { passed: bytes.len(), returned: 0 },
            },
            (None, Delivery::Body | Delivery::Rtp) => {
                easy.body.extend_from_slice(bytes);
                Delivered::Taken
            }
            (None, Delivery::Header | Delivery::Reply) => Delivered::Taken,
        }
    }

    fn read(&mut self, id: TransferId, room: usize, buffer: &mut Vec<u8>) -> Supplied {
        let Some(closures) = self.closures(id) else { return Supplied::End };
        let result = match &mut closures.source {
            Some(Source::Form(form)) => form.read(room, buffer),
            Some(Source::Read(read)) => filled(room, buffer, read),
            #[cfg(feature = "future")]
            Some(Source::Body(body)) => filled(room, buffer, |room| body.read(room)),
            None => Ok(Supplied::End),
        };
        result.unwrap_or_else(|error| {
            closures.failure = Some(error);
            Supplied::Failed
        })
    }

    fn seek(&mut self, id: TransferId, offset: u64) -> Sought {
        let Some(closures) = self.closures(id) else { return Sought::CantSeek };
        if let (Some(Source::Form(form)), 0) = (&mut closures.source, offset) {
            form.rewind();
            return Sought::Ok;
        }
        match closures.seek.as_mut().map(|seek| seek(offset)) {
            Some(Ok(())) => Sought::Ok,
            Some(Err(error)) => {
                closures.failure = Some(error);
                // `CURL_SEEKFUNC_FAIL`
                Sought::Refused(1)
            }
            None => Sought::CantSeek,
        }
    }

    fn closures(&mut self, id: TransferId) -> Option<&mut Closures> {
        self.easies.get_mut(&id).map(|easy| easy.closures.get())
    }
}

/// Appends what `read` gives, `room` bytes at most.
fn filled(
    room: usize,
    buffer: &mut Vec<u8>,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<Supplied> {
    let start = buffer.len();
    buffer.resize(start + room, 0);
    let result = read(&mut buffer[start..]);
    let count = result.as_ref().map_or(0, |count| *count);
    buffer.truncate(start + count.min(room));
    match result {
        Ok(count) if count > room => Ok(Supplied::TooMuch),
        Ok(0) => Ok(Supplied::End),
        Ok(_) => Ok(Supplied::Data),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Supplied::Pause),
        Err(error) => Err(error),
    }
}
