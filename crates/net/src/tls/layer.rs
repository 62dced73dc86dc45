//! The layer itself: handshake, then records over the stream below.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice};

use rustls::AlertDescription;
use rustls_pki_types::CertificateDer;
use tress_model::{Code, Error, Result};

use super::early::Phase;
use super::failure;
use super::handshake::{Handshaking, Opening, Received, Step, receive_more};
use super::open::{End, Fault, MAX_EMPTY_RECORDS, Open};
use super::record::{self, APPLICATION_DATA, BadRecord, Gather, Keys};
use super::settings::TlsVersion;
use super::verify::{self, UNVERIFIED};
use crate::{Shutdown, Stream, Want};

/// So many bytes are sealed at a time.
const SEND_CHUNK: usize = 4 * record::MAX_PLAINTEXT;
/// So many pieces of what a peer still sends are dropped at its end, in one turn.
const MAX_DROPPED: usize = 64;
/// A buffer of this size has room for a record after the rest of another one.
const DIRECT: usize = 2 * record::MAX_RECORD;

/// How far a handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// The stream is open.
    Done,
    /// Call again when the descriptor is ready for this.
    Wait(Want),
}

/// What the handshake agreed on.
#[derive(Clone, Debug)]
pub struct TlsInfo {
    /// The protocol version.
    pub version: TlsVersion,
    /// OpenSSL's name of the cipher suite.
    pub cipher: &'static str,
    /// OpenSSL's name of the key exchange group; empty for a resumed session without one.
    pub group: &'static str,
    /// The application protocol that the server chose (RFC 7301).
    pub alpn: Option<Box<[u8]>>,
    /// An earlier session was resumed.
    pub resumed: bool,
    /// The peer's certificates, its own first, if the settings say to keep them.
    pub certificates: Vec<CertificateDer<'static>>,
    /// Bytes that were sent as early data; negative if the server did not take them.
    pub early_data: i64,
}

/// TLS over the stream below.
pub(crate) struct Tls {
    below: Stream,
    state: State,
    /// Received ciphertext: during the handshake all of it, then the start of a record.
    tail: Vec<u8>,
    /// Opened bytes that did not fit into the caller's buffer.
    plain: Vec<u8>,
    plain_at: usize,
    /// Ciphertext that the stream below did not take yet.
    out: Vec<u8>,
    /// So much of the caller's next bytes is already in `out`.
    owed: usize,
    /// The orderly end waits for the peer's.
    awaits_end: bool,
    end: End,
    info: Option<Box<TlsInfo>>,
    verify_result: i64,
}

enum State {
    Handshake(Box<Handshaking>),
    Open(Box<Open>),
    Failed,
}

impl Tls {
    pub(crate) fn new(below: Stream, opening: Opening) -> Self {
        Self {
            below,
            state: State::Handshake(opening.0),
            tail: Vec::new(),
            plain: Vec::new(),
            plain_at: 0,
            out: Vec::new(),
            owed: 0,
            awaits_end: false,
            end: End::No,
            info: None,
            verify_result: UNVERIFIED,
        }
    }

    pub(crate) fn info(&self) -> Option<&TlsInfo> {
        self.info.as_deref()
    }

    fn is_early(&self) -> bool {
        matches!(self.state, State::Handshake(_))
    }

    pub(crate) fn verify_result(&self) -> i64 {
        self.verify_result
    }

    pub(crate) fn below(&self) -> &Stream {
        &self.below
    }

    pub(crate) fn into_below(self) -> Stream {
        self.below
    }

    pub(crate) fn pending(&self) -> bool {
        !self.plain.is_empty()
            || record::record_length(&self.tail).is_some_and(|len| len <= self.tail.len())
            || self.below.pending()
    }

    /// The end of the handshake, or an answer to a key update, must get out
    /// before the peer says more; the caller's own bytes need not.
    pub(crate) fn blocked_on(&self, calling: Want) -> Want {
        let must_send = !self.out.is_empty() && self.owed == 0;
        // After early data the server's answer is awaited, whoever asks.
        let must_receive = self.is_early();
        self.below.blocked_on(match (must_send, must_receive) {
            (true, _) => Want::Write,
            (false, true) => Want::Read,
            (false, false) => calling,
        })
    }

    /// Moves the handshake on. What it sends last stays here to go out with
    /// the first bytes of the caller, or with the first attempt to receive.
    pub(crate) fn handshake(&mut self) -> Result<Handshake> {
        let State::Handshake(handshaking) = &mut self.state else {
            return Ok(Handshake::Done);
        };
        loop {
            let step = handshaking.step(&mut self.tail, &mut self.out, &mut self.plain);
            match step {
                Ok(Step::Open) => break,
                Ok(Step::Again) => {}
                Ok(Step::Early) => {
                    let early = handshaking.early.as_ref().and_then(|early| early.alpn.clone());
                    let info = TlsInfo { alpn: early, resumed: true, ..handshaking.info() };
                    self.info = Some(Box::new(info));
                    return Ok(Handshake::Done);
                }
                Ok(Step::Closed) => return self.fail(failure::closed()),
                Ok(Step::Receive) => {
                    match receive_more(&mut self.below, &mut self.out, &mut self.tail) {
                        Ok(Received::Some) => {}
                        Ok(Received::Blocked(want)) => return Ok(Handshake::Wait(want)),
                        Ok(Received::End) => return self.fail(failure::closed()),
                        Err(e) => {
                            let error = failure::of_io(&e, &handshaking.host, handshaking.port);
                            return self.fail(error);
                        }
                    }
                }
                Err(e) => {
                    let (error, verify_result) = failure::of_handshake(&e);
                    self.verify_result = verify_result;
                    handshaking.last_words(&mut self.tail, &mut self.out);
                    let _ = flush(&mut self.below, &mut self.out);
                    return self.fail(error);
                }
            }
        }
        self.open()
    }

    /// The handshake is complete: check what rustls does not, and take the keys over.
    fn open(&mut self) -> Result<Handshake> {
        let State::Handshake(handshaking) = std::mem::replace(&mut self.state, State::Failed)
        else {
            return Ok(Handshake::Done);
        };
        let info = handshaking.info();
        let certificates = handshaking.connection.peer_certificates().unwrap_or_default();
        self.verify_result = match handshaking.settings.verify_peer {
            true => 0,
            false => verify::result_without_anchors(certificates),
        };
        if let Some(pins) = &handshaking.prepared.pins {
            pins.check(certificates.first().map_or(&[][..], |own| own.as_ref()))?;
        }
        let tls13 = info.version == TlsVersion::V1_3;
        if tls13 {
            handshaking.prepared.remember_alpn(&handshaking.host, info.alpn.as_deref());
        }
        let early = handshaking.early;
        if let Some(early) = early.as_deref().filter(|early| !early.sent.is_empty()) {
            check_protocol(early.alpn.as_deref(), info.alpn.as_deref())?;
        }
        let (secrets, kernel) = handshaking
            .connection
            .dangerous_into_kernel_connection()
            .map_err(|e| failure::of_handshake(&e).0)?;
        let keys = Keys::new(secrets.rx, tls13).zip(Keys::new(secrets.tx, tls13));
        let Some((rx, tx)) = keys else {
            return Err(failure::connect_error("unknown cipher"));
        };
        self.info = Some(Box::new(info));
        let mut open = Open { kernel, rx, tx, fragment: Vec::new(), empty_records: 0 };
        if let Some(early) = early.filter(|early| !early.accepted && !early.sent.is_empty()) {
            let again = [IoSlice::new(&early.sent)];
            open.seal(APPLICATION_DATA, &mut Gather::new(&again), &mut self.out)
                .map_err(|e| failure::connect_error(&e.to_string()))?;
        }
        self.state = State::Open(Box::new(open));
        self.tail.shrink_to_fit();
        Ok(Handshake::Done)
    }

    fn fail(&mut self, error: Error) -> Result<Handshake> {
        self.state = State::Failed;
        Err(error)
    }

    pub(crate) fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.is_early() {
            // Bytes of an answer may come with the server's part of the handshake.
            self.complete_handshake()?;
            self.try_flush()?;
        }
        if !self.plain.is_empty() {
            return Ok(self.take_plain(buf));
        }
        if !self.out.is_empty() {
            self.try_flush()?;
        }
        if buf.is_empty() {
            return Ok(0);
        }
        if buf.len() >= DIRECT + self.tail.len() {
            return self.fill(buf);
        }
        let mut big = vec![0; DIRECT + self.tail.len()];
        let filled = self.fill(&mut big)?;
        big.truncate(filled);
        self.plain = big;
        Ok(self.take_plain(buf))
    }

    /// Sends what waits, as far as that goes now.
    pub(crate) fn try_flush(&mut self) -> io::Result<()> {
        match flush(&mut self.below, &mut self.out) {
            Err(e) if e.kind() != ErrorKind::WouldBlock => Err(e),
            _ => Ok(()),
        }
    }

    fn take_plain(&mut self, buf: &mut [u8]) -> usize {
        let left = self.plain.get(self.plain_at..).unwrap_or_default();
        let taken = buf.iter_mut().zip(left).map(|(to, from)| *to = *from).count();
        self.plain_at += taken;
        if self.plain_at >= self.plain.len() {
            (self.plain, self.plain_at) = (Vec::new(), 0);
        }
        taken
    }

    /// Receives ciphertext into `buf` and opens it there, until there is
    /// plaintext at its front. Keeps the start of a record that is not complete.
    fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut have = self.tail.len();
        buf.iter_mut().zip(&self.tail).for_each(|(to, from)| *to = *from);
        self.tail.clear();
        loop {
            let (plain, used) = self.open_records(buf, have);
            if plain > 0 || self.end != End::No {
                self.tail.extend_from_slice(buf.get(used..have).unwrap_or_default());
                self.free_when_idle();
                return if plain > 0 { Ok(plain) } else { self.ended() };
            }
            buf.copy_within(used..have, 0);
            have -= used;
            match self.below.recv(buf.get_mut(have..).unwrap_or_default()) {
                Ok(0) => self.end = End::Failed(Fault::Truncated),
                Ok(received) => have += received,
                Err(e) => {
                    self.tail.extend_from_slice(buf.get(..have).unwrap_or_default());
                    self.free_when_idle();
                    return Err(e);
                }
            }
        }
    }

    fn free_when_idle(&mut self) {
        if self.tail.is_empty() {
            self.tail = Vec::new();
        }
    }

    /// Opens the records that are complete in the first `have` bytes, their
    /// plaintext at the front: says how much that is, and how many bytes were used.
    fn open_records(&mut self, buf: &mut [u8], have: usize) -> (usize, usize) {
        let (mut plain, mut used) = (0, 0);
        let State::Open(open) = &mut self.state else { return (0, 0) };
        while self.end == End::No {
            let Some(length) = buf.get(used..have).and_then(record::record_length) else { break };
            if length > record::MAX_RECORD {
                self.end = End::Failed(Fault::Record(BadRecord::TooLong));
                break;
            }
            let end = used + length;
            if end > have {
                break;
            }
            let Some(window) = buf.get_mut(plain..end) else { break };
            match open.rx.open(window, used - plain) {
                Ok((APPLICATION_DATA, length @ 1..)) => {
                    plain += length;
                    open.empty_records = 0;
                }
                Ok(_) if open.empty_records >= MAX_EMPTY_RECORDS => {
                    self.end = End::Failed(Fault::Record(BadRecord::Unexpected));
                }
                Ok((APPLICATION_DATA, _)) => open.empty_records += 1,
                Ok((content_type, length)) => {
                    open.empty_records += 1;
                    let message = window.get(..length).unwrap_or_default();
                    self.end = open.take_message(content_type, message, &mut self.out);
                }
                Err(bad) => self.end = End::Failed(Fault::Record(bad)),
            }
            used = end;
        }
        (plain, used)
    }

    fn ended(&self) -> io::Result<usize> {
        let text = match self.end {
            End::No | End::Closed => return Ok(0),
            End::Failed(Fault::Truncated) => {
                let text = "SSL_read: error:0A000126:SSL routines::unexpected eof while reading";
                let error = Error::new(Code::RecvError, text);
                return Err(io::Error::new(ErrorKind::UnexpectedEof, error));
            }
            End::Failed(Fault::Alert(alert)) => failure::alert_text(AlertDescription::from(alert)),
            End::Failed(Fault::Record(bad)) => match bad {
                BadRecord::Mac => {
                    "error:0A000119:SSL routines::decryption failed or bad record mac".into()
                }
                BadRecord::TooLong => "error:0A0000C6:SSL routines::packet length too long".into(),
                BadRecord::Unexpected => "error:0A0000F4:SSL routines::unexpected message".into(),
            },
        };
        let error = Error::new(Code::RecvError, format!("SSL_read: {text}"));
        Err(io::Error::new(ErrorKind::InvalidData, error))
    }

    pub(crate) fn send(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.owed > 0 {
            flush(&mut self.below, &mut self.out)?;
            return Ok(std::mem::take(&mut self.owed));
        }
        if let State::Handshake(_) = self.state {
            let taken = self.send_early(bufs)?;
            if taken > 0 {
                return Ok(taken);
            }
            self.complete_handshake()?;
            // Bytes of an answer may have come: when it is blocked the caller asks for them.
            return Err(ErrorKind::WouldBlock.into());
        }
        let State::Open(open) = &mut self.state else {
            return Err(ErrorKind::NotConnected.into());
        };
        // Ciphertext exists only until it is sent: all connections of a thread share its buffer.
        thread_local!(static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
        let mut scratch = SCRATCH.take();
        scratch.clear();
        scratch.append(&mut self.out);
        let mut plain = Gather::new(bufs);
        while plain.taken() < SEND_CHUNK && !plain.is_empty() {
            open.seal(APPLICATION_DATA, &mut plain, &mut scratch)?;
        }
        let taken = plain.taken();
        let sent = send_all(&mut self.below, &scratch, &mut self.out);
        SCRATCH.set(scratch);
        match sent {
            Ok(()) => Ok(taken),
            Err(e) => {
                if e.kind() == ErrorKind::WouldBlock {
                    self.owed = taken;
                }
                Err(e)
            }
        }
    }

    /// Sends the first bytes as early data, if there is still time for that; says how many.
    fn send_early(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let State::Handshake(handshaking) = &mut self.state else { return Ok(0) };
        if !handshaking.early.as_ref().is_some_and(|early| early.phase == Phase::Offered) {
            return Ok(0);
        }
        let mut bytes = Vec::new();
        Gather::new(bufs).take(record::MAX_PLAINTEXT, &mut bytes);
        let taken = handshaking.send_early(&bytes, &mut self.out);
        self.try_flush()?;
        Ok(taken)
    }

    /// After early data: what is left of the handshake.
    fn complete_handshake(&mut self) -> io::Result<()> {
        match self.handshake() {
            Ok(Handshake::Done) => Ok(()),
            Ok(Handshake::Wait(_)) => Err(ErrorKind::WouldBlock.into()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    pub(crate) fn start_shutdown(&mut self) {
        if let State::Open(open) = &mut self.state {
            const CLOSE_NOTIFY: [u8; 2] = [1, 0];
            let bufs = [IoSlice::new(&CLOSE_NOTIFY)];
            let _ = open.seal(record::ALERT, &mut Gather::new(&bufs), &mut self.out);
            self.state = State::Failed;
        }
    }

    pub(crate) fn shutdown(&mut self) -> io::Result<Shutdown> {
        match flush(&mut self.below, &mut self.out) {
            Ok(()) => {
                if self.awaits_end && !self.has_peer_ended()? {
                    return Ok(Shutdown::Wait(self.below.blocked_on(Want::Read)));
                }
                self.below.start_shutdown();
                self.below.shutdown()
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                Ok(Shutdown::Wait(self.below.blocked_on(Want::Write)))
            }
            Err(e) => Err(e),
        }
    }

    pub(crate) fn await_end(&mut self) {
        self.awaits_end = true;
    }

    /// Drops what still comes. A peer that goes on for long counts as one that has ended.
    fn has_peer_ended(&mut self) -> io::Result<bool> {
        for _ in 0..MAX_DROPPED {
            match self.below.recv(&mut [0; 1024]) {
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// Bytes wait in the socket of an idle connection: are they only session
    /// tickets and the like?
    pub(crate) fn is_quiet(&mut self) -> bool {
        let received = self.recv(&mut [0; 1]);
        received.is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }
}

pub(super) fn flush(below: &mut Stream, out: &mut Vec<u8>) -> io::Result<()> {
    if out.is_empty() {
        return Ok(());
    }
    let waiting = std::mem::take(out);
    send_all(below, &waiting, out)
}

/// Sends `bytes`; what does not go is put into `rest`.
fn send_all(below: &mut Stream, mut bytes: &[u8], rest: &mut Vec<u8>) -> io::Result<()> {
    while !bytes.is_empty() {
        match below.send(bytes) {
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(e) => {
                rest.extend_from_slice(bytes);
                return Err(e);
            }
        }
    }
    Ok(())
}

/// A request that went out early can only be answered in the protocol that it was made for.
fn check_protocol(early: Option<&[u8]>, now: Option<&[u8]>) -> Result<()> {
    if early == now {
        return Ok(());
    }
    let shown = |alpn: Option<&[u8]>| match alpn {
        Some(alpn) => String::from_utf8_lossy(alpn).into_owned(),
        None => "none".into(),
    };
    let text = format!(
        "early data was sent for protocol '{}' of the session, the server chose '{}'",
        shown(early),
        shown(now)
    );
    Err(failure::connect_error(&text))
}
