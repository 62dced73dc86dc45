//! A TLS layer with its keys: sealing, and what peers say after the handshake.

use std::io::{self, IoSlice};

use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;

use super::record::{self, BadRecord, Gather, Keys};

/// A peer whose message after the handshake is longer than this is refused.
pub(super) const MAX_POST_HANDSHAKE: usize = 64 * 1024;
/// A peer that sends so many records on end without a byte of data is refused.
pub(super) const MAX_EMPTY_RECORDS: u32 = 64;

/// Keys of both directions, and what rustls still does.
pub(super) struct Open {
    pub(super) kernel: KernelConnection<ClientConnectionData>,
    pub(super) rx: Keys,
    pub(super) tx: Keys,
    /// The start of a handshake message that is not complete.
    pub(super) fragment: Vec<u8>,
    /// Records since the last one with data.
    pub(super) empty_records: u32,
}

/// How the peer's side ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    No,
    /// By close_notify.
    Closed,
    Failed(Fault),
}

/// What was wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Record(BadRecord),
    Alert(u8),
    /// The stream below ended without close_notify.
    Truncated,
}

impl Open {
    /// Seals the next bytes of `plain` as one record, with new keys when the old ones are worn out.
    pub(super) fn seal(
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
    pub(super) fn take_message(
        &mut self,
        content_type: u8,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> End {
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
