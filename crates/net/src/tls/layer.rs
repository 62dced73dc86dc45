//! The layer itself: handshake, then records over the stream below.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;

use rustls::AlertDescription;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::unbuffered::{ConnectionState, EncodeError};
use rustls_pki_types::{CertificateDer, ServerName};
use tress_model::{Code, Error, Result};

use super::record::{self, APPLICATION_DATA, BadRecord, Gather, Keys};
use super::settings::{TlsSettings, TlsVersion};
use super::{TlsContext, failure, names, pin};
use crate::{Shutdown, Stream, Want};

/// A peer whose handshake is longer than this is refused.
const MAX_HANDSHAKE: usize = 256 * 1024;
/// A peer whose message after the handshake is longer than this is refused.
const MAX_POST_HANDSHAKE: usize = 64 * 1024;
/// A peer that sends so many records on end without a byte of data is refused.
const MAX_EMPTY_RECORDS: u32 = 64;
/// So much is read at a time during the handshake.
const HANDSHAKE_READ: usize = 4096;
/// So many bytes are sealed at a time.
const SEND_CHUNK: usize = 4 * record::MAX_PLAINTEXT;
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
    end: End,
    info: Option<Box<TlsInfo>>,
    verify_result: i64,
}

enum State {
    Handshake(Box<Handshaking>),
    Open(Box<Open>),
    Failed,
}

struct Handshaking {
    connection: UnbufferedClientConnection,
    settings: Arc<TlsSettings>,
    host: Box<str>,
    port: u16,
}

struct Open {
    kernel: KernelConnection<ClientConnectionData>,
    rx: Keys,
    tx: Keys,
    /// The start of a handshake message that is not complete.
    fragment: Vec<u8>,
    /// Records since the last one with data.
    empty_records: u32,
}

/// How the peer's side ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    No,
    /// By close_notify.
    Closed,
    Failed(Fault),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Record(BadRecord),
    Alert(u8),
    /// The stream below ended without close_notify.
    Truncated,
}

impl Tls {
    pub(crate) fn new(
        below: Stream,
        context: &TlsContext,
        settings: Arc<TlsSettings>,
        host: &str,
        port: u16,
        alpn: &[&[u8]],
    ) -> Result<Self> {
        let config = context.config(&settings)?;
        let name = server_name(host)?;
        let alpn = alpn.iter().map(|p| p.to_vec()).collect();
        let connection = UnbufferedClientConnection::new_with_alpn(config, name, alpn)
            .map_err(|e| failure::of_handshake(&e).0)?;
        let handshaking = Handshaking { connection, settings, host: host.into(), port };
        Ok(Self {
            below,
            state: State::Handshake(Box::new(handshaking)),
            tail: Vec::new(),
            plain: Vec::new(),
            plain_at: 0,
            out: Vec::new(),
            owed: 0,
            end: End::No,
            info: None,
            verify_result: 0,
        })
    }

    pub(crate) fn info(&self) -> Option<&TlsInfo> {
        self.info.as_deref()
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
        self.below.blocked_on(if must_send { Want::Write } else { calling })
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
        if let Some(pinned) = &handshaking.settings.pinned_key {
            let own = handshaking.connection.peer_certificates().and_then(|c| c.first());
            pin::check(pinned, own.map_or(&[][..], |c| c.as_ref()))?;
        }
        let tls13 = info.version == TlsVersion::V1_3;
        let (secrets, kernel) = handshaking
            .connection
            .dangerous_into_kernel_connection()
            .map_err(|e| failure::of_handshake(&e).0)?;
        let keys = Keys::new(secrets.rx, tls13).zip(Keys::new(secrets.tx, tls13));
        let Some((rx, tx)) = keys else {
            return Err(failure::connect_error("unknown cipher"));
        };
        self.info = Some(Box::new(info));
        self.state =
            State::Open(Box::new(Open { kernel, rx, tx, fragment: Vec::new(), empty_records: 0 }));
        self.tail.shrink_to_fit();
        Ok(Handshake::Done)
    }

    fn fail(&mut self, error: Error) -> Result<Handshake> {
        self.state = State::Failed;
        Err(error)
    }

    pub(crate) fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.plain.is_empty() {
            return Ok(self.take_plain(buf));
        }
        if buf.is_empty() {
            return Ok(0);
        }
        if !self.out.is_empty() {
            match flush(&mut self.below, &mut self.out) {
                Err(e) if e.kind() != ErrorKind::WouldBlock => return Err(e),
                _ => {}
            }
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
                return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
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
        Err(io::Error::new(ErrorKind::InvalidData, format!("SSL_read: {text}")))
    }

    pub(crate) fn send(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.owed > 0 {
            flush(&mut self.below, &mut self.out)?;
            return Ok(std::mem::take(&mut self.owed));
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
                self.below.start_shutdown();
                self.below.shutdown()
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                Ok(Shutdown::Wait(self.below.blocked_on(Want::Write)))
            }
            Err(e) => Err(e),
        }
    }

    /// Bytes wait in the socket of an idle connection: are they only session
    /// tickets and the like?
    pub(crate) fn is_quiet(&mut self) -> bool {
        let received = self.recv(&mut [0; 1]);
        received.is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }
}

impl Open {
    fn seal(
        &mut self,
        content_type: u8,
        plain: &mut Gather<'_, '_>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        if self.tx.used() >= record::KEY_LIMIT {
            self.renew_tx(out)?;
        }
        let impossible = || io::Error::other("SSL_write: cannot seal");
        self.tx.seal(content_type, plain, out).ok_or_else(impossible)
    }

    /// Tells the peer that new keys come, and takes them (RFC 8446, section 4.6.3).
    fn renew_tx(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let worn_out = || io::Error::other("SSL_write: the keys are worn out");
        if !self.tx.is_tls13() {
            return Err(worn_out());
        }
        const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];
        let bufs = [IoSlice::new(&KEY_UPDATE)];
        let sealed = self.tx.seal(record::HANDSHAKE, &mut Gather::new(&bufs), out);
        sealed.ok_or_else(worn_out)?;
        let secrets = self.kernel.update_tx_secret().map_err(|_| worn_out())?;
        self.tx = Keys::new(secrets, true).ok_or_else(worn_out)?;
        Ok(())
    }

    /// Deals with what is no application data.
    fn take_message(&mut self, content_type: u8, message: &[u8], out: &mut Vec<u8>) -> End {
        match (content_type, message) {
            (record::ALERT, [_, 0]) => End::Closed,
            // Before TLS 1.3 a warning may be passed over.
            (record::ALERT, [1, _]) if !self.rx.is_tls13() => End::No,
            (record::ALERT, [_, 90]) => End::No,
            (record::ALERT, [_, alert]) => End::Failed(Fault::Alert(*alert)),
            // HelloRequest: a client need not answer it.
            (record::HANDSHAKE, [0, 0, 0, 0]) if !self.rx.is_tls13() => End::No,
            (record::HANDSHAKE, _) if self.rx.is_tls13() => match self.post_handshake(message, out)
            {
                Some(()) => End::No,
                None => End::Failed(Fault::Record(BadRecord::Unexpected)),
            },
            _ => End::Failed(Fault::Record(BadRecord::Unexpected)),
        }
    }

    fn post_handshake(&mut self, message: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let mut fragment = std::mem::take(&mut self.fragment);
        fragment.extend_from_slice(message);
        let mut rest = &fragment[..];
        while let &[kind, a, b, c, ref after @ ..] = rest {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let Some((body, next)) = after.split_at_checked(length) else { break };
            match (kind, body) {
                // Without a session cache a ticket is of no use; a bad one neither.
                (4, ticket) => self.kernel.handle_new_session_ticket(ticket).ok()?,
                (24, &[asked @ (0 | 1)]) => self.renew_rx(asked == 1, out)?,
                _ => return None,
            }
            rest = next;
        }
        if rest.len() > MAX_POST_HANDSHAKE {
            return None;
        }
        self.fragment = rest.to_vec();
        Some(())
    }

    fn renew_rx(&mut self, answer: bool, out: &mut Vec<u8>) -> Option<()> {
        self.rx = Keys::new(self.kernel.update_rx_secret().ok()?, true)?;
        if answer { self.renew_tx(out).ok() } else { Some(()) }
    }
}

/// What the handshake needs next.
enum Step {
    Again,
    Receive,
    Open,
    Closed,
}

impl Handshaking {
    fn step(
        &mut self,
        tail: &mut Vec<u8>,
        out: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> std::result::Result<Step, rustls::Error> {
        let status = self.connection.process_tls_records(tail);
        let discard = status.discard;
        let step = match status.state? {
            ConnectionState::EncodeTlsData(mut encode) => {
                append(out, |room| encode.encode(room))?;
                Step::Again
            }
            ConnectionState::TransmitTlsData(transmit) => {
                // It goes out in order, before anything else.
                transmit.done();
                Step::Again
            }
            ConnectionState::ReadTraffic(mut traffic) => {
                while let Some(record) = traffic.next_record() {
                    plain.extend_from_slice(record?.payload);
                }
                Step::Again
            }
            ConnectionState::BlockedHandshake => Step::Receive,
            ConnectionState::WriteTraffic(_) => Step::Open,
            _ => Step::Closed,
        };
        tail.drain(..discard.min(tail.len()));
        if tail.len() > MAX_HANDSHAKE {
            return Err(rustls::Error::General("handshake too long".into()));
        }
        Ok(step)
    }

    /// The alert that tells the peer what was wrong.
    fn last_words(&mut self, tail: &mut [u8], out: &mut Vec<u8>) {
        if let Ok(ConnectionState::EncodeTlsData(mut encode)) =
            self.connection.process_tls_records(tail).state
        {
            let _ = append(out, |room| encode.encode(room));
        }
    }

    fn info(&self) -> TlsInfo {
        let connection = &self.connection;
        let tls13 = connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
        let certificates =
            connection.peer_certificates().filter(|_| self.settings.keep_certificates);
        let suite = connection.negotiated_cipher_suite();
        let group = connection.negotiated_key_exchange_group();
        let kind = connection.handshake_kind();
        TlsInfo {
            version: if tls13 { TlsVersion::V1_3 } else { TlsVersion::V1_2 },
            cipher: suite.map_or("", |s| names::cipher_name(s.suite())),
            group: group.map_or("", |g| names::group_name(g.name())),
            alpn: connection.alpn_protocol().map(Into::into),
            resumed: kind == Some(rustls::HandshakeKind::Resumed),
            certificates: certificates.unwrap_or_default().to_vec(),
        }
    }
}

/// Appends what `encode` writes, in as much room as it asks for.
fn append(
    out: &mut Vec<u8>,
    mut encode: impl FnMut(&mut [u8]) -> std::result::Result<usize, EncodeError>,
) -> std::result::Result<(), rustls::Error> {
    let start = out.len();
    let mut room = 0;
    loop {
        out.resize(start + room, 0);
        match encode(out.get_mut(start..).unwrap_or_default()) {
            Ok(written) => {
                out.truncate(start + written);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(e)) if e.required_size > room => {
                room = e.required_size;
            }
            Err(e) => return Err(rustls::Error::General(e.to_string())),
        }
    }
}

enum Received {
    Some,
    End,
    Blocked(Want),
}

/// Sends what waits, then receives into `tail`.
fn receive_more(below: &mut Stream, out: &mut Vec<u8>, tail: &mut Vec<u8>) -> io::Result<Received> {
    match flush(below, out) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::WouldBlock => {
            return Ok(Received::Blocked(below.blocked_on(Want::Write)));
        }
        Err(e) => return Err(e),
    }
    let have = tail.len();
    tail.resize(have + HANDSHAKE_READ, 0);
    let received = below.recv(tail.get_mut(have..).unwrap_or_default());
    tail.truncate(have + *received.as_ref().unwrap_or(&0));
    match received {
        Ok(0) => Ok(Received::End),
        Ok(_) => Ok(Received::Some),
        Err(e) if e.kind() == ErrorKind::WouldBlock => {
            Ok(Received::Blocked(below.blocked_on(Want::Read)))
        }
        Err(e) => Err(e),
    }
}

fn flush(below: &mut Stream, out: &mut Vec<u8>) -> io::Result<()> {
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

/// A name for SNI and verification: without brackets and the final dot.
fn server_name(host: &str) -> Result<ServerName<'static>> {
    let trimmed = host.strip_suffix('.').unwrap_or(host);
    let trimmed = trimmed.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(trimmed);
    ServerName::try_from(trimmed.to_owned())
        .map_err(|_| Error::new(Code::SslConnectError, format!("Failed set SNI '{host}'")))
}
