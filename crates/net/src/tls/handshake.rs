//! The handshake: rustls' state machine between the stream below and the layer's buffers.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError};
use rustls_pki_types::ServerName;
use tress_model::{Code, Error, Result};

use super::config::Prepared;
use super::early::{Early, Phase};
use super::layer::{TlsInfo, flush};
use super::settings::{TlsSettings, TlsVersion};
use super::{failure, names};
use crate::{Stream, Want};

/// A peer whose handshake is longer than this is refused.
const MAX_HANDSHAKE: usize = 256 * 1024;
/// So much is read at a time during the handshake.
const HANDSHAKE_READ: usize = 4096;

/// A handshake under way.
pub(super) struct Handshaking {
    pub(super) connection: UnbufferedClientConnection,
    pub(super) settings: Arc<TlsSettings>,
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) prepared: Arc<Prepared>,
    pub(super) early: Option<Box<Early>>,
}

/// A handshake that has not begun: it has no stream yet, so that what is wrong with the settings is
/// told while the stream is still whole, and whoever watches its socket.
pub struct Opening(pub(super) Box<Handshaking>);

impl Opening {
    /// `prepared` was made of `settings`; `host` is checked against the certificate, `port` is for
    /// messages, `alpn` the protocols to offer.
    ///
    /// # Errors
    /// `SslConnectError` for a host that cannot be asked for (RFC 6066 section 3).
    pub fn new(
        prepared: Arc<Prepared>,
        settings: &Arc<TlsSettings>,
        host: &str,
        port: u16,
        alpn: &[&[u8]],
    ) -> Result<Self> {
        let settings = Arc::clone(settings);
        let name = server_name(host)?;
        let early = Early::new(&prepared, &settings, host, alpn);
        let config = if early.is_some() { prepared.early() } else { prepared.config.clone() };
        let alpn = alpn.iter().map(|p| p.to_vec()).collect();
        let connection = UnbufferedClientConnection::new_with_alpn(config, name, alpn)
            .map_err(|e| failure::of_handshake(&e).0)?;
        let host = host.into();
        let handshaking = Handshaking { connection, settings, host, port, prepared, early };
        Ok(Self(Box::new(handshaking)))
    }
}

/// What the handshake needs next.
pub(super) enum Step {
    Again,
    Receive,
    /// Nothing, but bytes of the caller may go with the first flight.
    Early,
    Open,
    Closed,
}

impl Handshaking {
    /// Lets rustls take what came and say what is to go.
    pub(super) fn step(
        &mut self,
        tail: &mut Vec<u8>,
        out: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> std::result::Result<Step, rustls::Error> {
        let status = self.connection.process_tls_records(tail);
        let discard = status.discard;
        let step = match status.state? {
            ConnectionState::EncodeTlsData(mut encode) => {
                let start = out.len();
                append(out, |room| encode.encode(room))?;
                if let Some(early) = &mut self.early {
                    early.notice(out.get(start..).unwrap_or_default());
                }
                Step::Again
            }
            ConnectionState::TransmitTlsData(mut transmit) => {
                let offered = transmit.may_encrypt_early_data().is_some();
                match &mut self.early {
                    Some(early) if early.phase == Phase::Waiting && offered => {
                        early.phase = Phase::Offered;
                        Step::Early
                    }
                    early => {
                        if let Some(early) = early.as_mut().filter(|_| offered) {
                            early.phase = Phase::Sent;
                        }
                        // It goes out in order, before anything else.
                        transmit.done();
                        Step::Again
                    }
                }
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
    pub(super) fn last_words(&mut self, tail: &mut [u8], out: &mut Vec<u8>) {
        if let Ok(ConnectionState::EncodeTlsData(mut encode)) =
            self.connection.process_tls_records(tail).state
        {
            let _ = append(out, |room| encode.encode(room));
        }
    }

    /// What was agreed on.
    pub(super) fn info(&self) -> TlsInfo {
        let connection = &self.connection;
        let tls13 = connection.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
        let certificates =
            connection.peer_certificates().filter(|_| self.settings.keep_certificates.0);
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
            early_data: self.early.as_ref().map_or(0, |early| early.amount()),
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

/// What receiving came to.
pub(super) enum Received {
    Some,
    End,
    Blocked(Want),
}

/// Sends what waits, then receives into `tail`.
pub(super) fn receive_more(
    below: &mut Stream,
    out: &mut Vec<u8>,
    tail: &mut Vec<u8>,
) -> io::Result<Received> {
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

/// A name for SNI and verification: without brackets and the final dot.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>> {
    let trimmed = host.strip_suffix('.').unwrap_or(host);
    let trimmed = trimmed.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(trimmed);
    ServerName::try_from(trimmed.to_owned())
        .map_err(|_| Error::new(Code::SslConnectError, format!("Failed set SNI '{host}'")))
}
