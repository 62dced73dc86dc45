//! Early data (RFC 8446, section 2.3): the first bytes go out with the first flight of a session
//! that is resumed. Until the server has answered they are kept: it may not have taken them.

use rustls::unbuffered::ConnectionState;

use super::config::Prepared;
use super::handshake::Handshaking;
use super::record::{HEADER, MAX_PLAINTEXT};
use super::settings::{Alike, TlsSettings};

/// What a record of TLS 1.3 adds to its plaintext: header, type and tag.
const OVERHEAD: usize = HEADER + 1 + 16;
/// A record of nothing but EndOfEarlyData.
const END_OF_EARLY_DATA: usize = OVERHEAD + 4;
/// Type of records that are sealed.
const APPLICATION_DATA: u8 = 23;

/// Early data of one handshake.
pub(super) struct Early {
    /// What the session was made for; the same must be spoken again.
    pub(super) alpn: Option<Box<[u8]>>,
    pub(super) sent: Vec<u8>,
    pub(super) phase: Phase,
    pub(super) accepted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first flight is not ready.
    Waiting,
    /// It is, and bytes may be added to it.
    Offered,
    /// It is on its way.
    Sent,
}

impl Early {
    /// Early data, if it is wanted and a session may be there whose protocol is offered again.
    pub(super) fn new(
        prepared: &Prepared,
        settings: &TlsSettings,
        host: &str,
        alpn: &[&[u8]],
    ) -> Option<Box<Self>> {
        let Alike(wanted) = settings.early_data;
        if !wanted {
            return None;
        }
        let known = prepared.alpn_of(host)?;
        let offered = known.as_deref().is_none_or(|known| alpn.contains(&known));
        let early = Self { alpn: known, sent: Vec::new(), phase: Phase::Waiting, accepted: false };
        offered.then(|| Box::new(early))
    }

    /// Looks at what is to be sent: a server that took the data is told where it ends.
    pub(super) fn notice(&mut self, record: &[u8]) {
        self.accepted |=
            record.len() == END_OF_EARLY_DATA && record.first() == Some(&APPLICATION_DATA);
    }

    /// `CURLINFO_EARLYDATA_SENT_T`: negative if the server did not take it.
    pub(super) fn amount(&self) -> i64 {
        let sent = self.sent.len() as i64;
        if self.accepted { sent } else { -sent }
    }
}

impl Handshaking {
    /// Adds up to a record of `bytes` to the first flight in `out`; says how many.
    pub(super) fn send_early(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let Some(early) = &mut self.early else { return 0 };
        early.phase = Phase::Sent;
        let status = self.connection.process_tls_records(&mut []);
        let Ok(ConnectionState::TransmitTlsData(mut transmit)) = status.state else { return 0 };
        let mut taken = 0;
        if let Some(mut encrypter) = transmit.may_encrypt_early_data() {
            let bytes = bytes.get(..bytes.len().min(MAX_PLAINTEXT)).unwrap_or_default();
            let mut record = vec![0; bytes.len() + OVERHEAD];
            // A session may have room for less than that.
            let written = encrypter.encrypt(bytes, &mut record).unwrap_or(0);
            taken = written.saturating_sub(OVERHEAD);
            out.extend_from_slice(record.get(..written).unwrap_or_default());
            early.sent.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        }
        transmit.done();
        taken
    }
}
