//! The end of a transfer: its connection goes back to the pool or is closed, its message is
//! queued.

use tress_model::Result;

use super::State;
use crate::TransferId;
use crate::effect::Effect;
use crate::http3::Session;
use crate::multi::Multi;
use crate::options::SslOptions;
use crate::proxy::Layer;

impl Multi {
    /// Ends a transfer with its result.
    pub(crate) fn finish(&mut self, id: TransferId, result: Result<()>) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        if let Err(error) = &result {
            self.core.info(transfer, || error.message().to_owned());
        }
        let may_be_early = transfer.options.tls().ssl_options.contains(SslOptions::EARLYDATA);
        let keep = match &result {
            Ok(()) => transfer.exchange.keeps_connection(),
            Err(error) => {
                self.survives(id, error.code()) || self.lose_conversation(id, error.code())
            }
        };
        if may_be_early {
            self.note_early_data(id);
        }
        self.leave_queue(id);
        self.release(id, keep);
        let now = self.core.now;
        if self.core.probes.has(id) {
            self.core.running -= 1;
            return self.probe_done(id, &result);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        transfer.end(result, now);
        self.core.running -= 1;
        self.core.messages.push_back(id);
        self.core.tell(Effect::Done { transfer: id });
    }

    /// What became of early data, and of the handshake that it went before, on a connection that
    /// the transfer has made (`CURLINFO_EARLYDATA_SENT_T`).
    fn note_early_data(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return };
        let of_proxy = conn.layer == Layer::ProxyTls;
        let Some(stream) = conn.stream().filter(|_| transfer.infos.num_connects > 0) else {
            return;
        };
        if let Some(info) = stream.tls_info() {
            transfer.infos.early_data_sent = info.early_data;
            if !of_proxy {
                transfer.infos.verify_result = stream.tls_verify_result();
            }
        }
    }

    /// Ends a transfer that the application takes out before it is done.
    pub(crate) fn cancel(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        // One that is over has nothing left to give back.
        if transfer.result.is_some() && transfer.conn.is_none() && transfer.lookup.is_none() {
            return;
        }
        self.leave_queue(id);
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        if transfer.is_running() {
            transfer.state = State::Idle;
            self.core.running -= 1;
        }
        if self.core.asked.is_some_and(|asked| asked.transfer == id) {
            self.core.asked = None;
        }
        self.lose_conversation(id, tress_model::Code::AbortedByCallback);
        self.release(id, false);
    }

    /// Parts a transfer from its connection, which is kept for others or closed.
    pub(crate) fn release(&mut self, id: TransferId, keep: bool) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let (awaited, lookup) = (transfer.awaited.take(), transfer.lookup.take());
        if let Some(awaited) = awaited {
            self.core.give_up_work(id, &awaited);
        }
        if let Some(lookup) = lookup {
            self.core.give_up_lookup(lookup);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        if transfer.doh.is_some() {
            self.stop_asking(id);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        if transfer.local.is_some() {
            return self.close_file(id);
        }
        if transfer.data.is_some() {
            self.drop_data(id);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let Some(conn_id) = transfer.conn.take() else { return };
        match self.pool.get(conn_id) {
            Some(conn) if conn.h2.is_some() => return self.leave(id, conn_id),
            Some(conn) if conn.h3().is_some_and(Session::has_joined) => {
                return self.leave_quic(id, conn_id);
            }
            _ => {}
        }
        self.core.input.discard(conn_id);
        let Some(conn) = self.pool.get_mut(conn_id) else { return };
        conn.transfer = None;
        if keep && !transfer.options.forbid_reuse && conn.leftover.is_empty() {
            self.core.info(transfer, || {
                let host = String::from_utf8_lossy(&conn.destination.host);
                format!(
                    "Connection #{} to host {host}:{} left intact",
                    conn.number, conn.destination.port
                )
            });
            self.keep(conn_id);
        } else {
            let verbose = transfer.options.verbose;
            let number = conn.number;
            if verbose {
                self.core.info(transfer, || format!("closing connection #{number}"));
            }
            self.close(conn_id);
        }
    }
}
