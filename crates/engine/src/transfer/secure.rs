//! TLS on a connected socket.

use std::sync::Arc;

use tress_model::{Code, Error, Result};
use tress_net::WorkId;
use tress_net::tls::{Handshake, Opening, Prepared, TlsContext, TlsInfo, TlsSettings, UNVERIFIED};

use crate::TransferId;
use crate::conn::Stage;
use crate::destination::HttpWish;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::proxy::Layer;
use crate::workers::{Made, Then};

impl Multi {
    /// Puts TLS on: that to the proxy, or that to the origin.
    pub(crate) fn secure(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if !conn.leftover.is_empty() {
            let text = "the proxy sent more than its reply";
            return Err(Error::new(Code::SslConnectError, text));
        }
        let destination = Arc::clone(&conn.destination);
        let Some((settings, ..)) = destination.tls_of(conn.layer) else {
            return self.next_layer(id);
        };
        // Until there is a verdict.
        let result = match conn.layer {
            Layer::ProxyTls => &mut transfer.infos.proxy_verify_result,
            _ => &mut transfer.infos.verify_result,
        };
        *result = UNVERIFIED;
        let shared = transfer.stores.as_deref().and_then(|stores| stores.tls.as_ref());
        let context = shared.unwrap_or(&core.tls).clone();
        if let Some(prepared) = context.at_hand(settings)? {
            return self.begin_tls(id, prepared);
        }
        // FTP's second connection has the settings of the first: they were read. The simulator has no threads.
        if transfer.is_away() || cfg!(feature = "sim") {
            let prepared = context.prepare(settings)?;
            return self.begin_tls(id, prepared);
        }
        let settings = settings.clone();
        self.read_files(id, context, settings)
    }

    /// Has a worker read the files that TLS settings name, once for all that need them now.
    fn read_files(
        &mut self,
        id: TransferId,
        context: TlsContext,
        settings: Arc<TlsSettings>,
    ) -> Result<Flow> {
        let core = &mut self.core;
        let same = |it: &&Reading| it.context.is(&context) && it.settings == settings;
        let under_way = core.reading.iter().find(same).map(|it| it.work);
        let work = under_way.or_else(|| {
            let (to, of) = (context.clone(), settings.clone());
            let work = core.work.submit(move || Made::TlsFiles(to.prepare(&of))).ok()?;
            let (context, settings) = (context.clone(), settings.clone());
            core.reading.push(Reading { context, settings, work });
            Some(work)
        });
        match work {
            Some(work) => self.await_work(id, Then::Secure, work),
            // There are no threads to be had: better late than never.
            None => return self.begin_tls(id, context.prepare(&settings)?),
        }
        Ok(Flow::Wait)
    }

    /// The files are read, or something is wrong with them.
    pub(crate) fn files_read(&mut self, id: TransferId, made: Option<Made>) -> Result<Flow> {
        match made {
            Some(Made::TlsFiles(Ok(prepared))) => self.begin_tls(id, prepared),
            Some(Made::TlsFiles(Err(error))) => Err(error),
            _ => Err(Error::new(Code::FailedInit, "SSL: the certificates could not be read")),
        }
    }

    fn begin_tls(&mut self, id: TransferId, prepared: Arc<Prepared>) -> Result<Flow> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        let destination = Arc::clone(&conn.destination);
        let Some((settings, host, port)) = destination.tls_of(conn.layer) else {
            return self.next_layer(id);
        };
        let alpn: &[&[u8]] = match conn.layer {
            Layer::ProxyTls if destination.is_proxy_http2() => HttpWish::Either.alpn(),
            _ if !destination.alpn => &[],
            Layer::ProxyTls => &[b"http/1.1"],
            _ => destination.http.alpn(),
        };
        let opening = Opening::new(prepared, settings, &host, port, alpn)?;
        let Stage::Open(stream) = std::mem::replace(&mut conn.stage, Stage::Slot) else {
            return Ok(Flow::Wait);
        };
        conn.stage = Stage::Handshake(stream.start_tls(opening));
        Ok(Flow::Again)
    }

    /// Moves the handshake on.
    pub(crate) fn shake_hands(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return Ok(Flow::Wait) };
        let Stage::Handshake(stream) = &mut conn.stage else { return Ok(Flow::Wait) };
        let outcome = stream.handshake();
        match conn.layer {
            Layer::ProxyTls => transfer.infos.proxy_verify_result = stream.tls_verify_result(),
            _ => transfer.infos.verify_result = stream.tls_verify_result(),
        }
        match outcome? {
            Handshake::Wait(want) => {
                core.interest.set(stream.fd(), owner, Some(id), Want::from(want));
                return Ok(Flow::Wait);
            }
            Handshake::Done => {}
        }
        if let Some(info) = stream.tls_info() {
            core.info(transfer, || agreed(info));
            if !info.resumed && conn.layer == Layer::Tls {
                transfer.infos.keep_certificates(info);
            }
        }
        if let Stage::Handshake(stream) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            // FTP's data may have come with the end of the handshake, and nothing follows it.
            conn.readable |= stream.pending() || transfer.is_away();
            conn.stage = Stage::Open(stream);
        }
        conn.writable = true;
        transfer.infos.times.appconnect = transfer.since_start(core.now);
        self.next_layer(id)
    }
}

/// Files of TLS settings that a worker reads.
pub(crate) struct Reading {
    context: TlsContext,
    settings: Arc<TlsSettings>,
    pub(crate) work: WorkId,
}

fn agreed(info: &TlsInfo) -> String {
    format!("SSL connection using {} / {} / {}", info.version.name(), info.cipher, info.group)
}
