//! Names resolved over HTTPS (`CURLOPT_DOH_URL`, RFC 8484).
//!
//! Each question is a transfer of the multi handle's own, a *probe*, with a connection like any
//! other: what it receives is kept here, and nobody is told of it. As in a libcurl that is built
//! without experimental features no HTTPS records are asked for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;
use tress_model::{Code, Error, Result};
use tress_net::resolve::{Addresses, Family, Unresolved, ipv6_works};
use tress_proto::doh::{self, Answer, DohError, MAX_ANSWER, RecordType};

use crate::TransferId;
use crate::effect::{Delivered, Delivery, Effect};
use crate::multi::Multi;
use crate::options::{BodySource, HttpVersion, Method, Options, Protocols, SslOptions, TlsOptions};
use crate::stores::Stores;
use crate::transfer::Transfer;

/// A look-up of a transfer.
pub(crate) struct Lookup {
    /// Probes without an answer.
    pending: SmallVec<[TransferId; 2]>,
    found: Addresses,
    /// Every answer so far says that there is no such name.
    negative: bool,
}

/// The probes of a multi handle.
#[derive(Default)]
pub(crate) struct Probes(HashMap<TransferId, Probe>);

/// One question.
struct Probe {
    /// Whose look-up it is for.
    asker: TransferId,
    record: RecordType,
    answer: Vec<u8>,
}

impl Probes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, id: TransferId) -> bool {
        !self.0.is_empty() && self.0.contains_key(&id)
    }

    /// The application's transfer that this one works for: mostly itself.
    pub(crate) fn asker(&self, id: TransferId) -> TransferId {
        if self.0.is_empty() { id } else { self.0.get(&id).map_or(id, |probe| probe.asker) }
    }
}

impl Multi {
    /// Asks for the addresses of a name; [`Multi::name_found`] gets the answer.
    ///
    /// # Errors
    /// `OutOfMemory`, as in libcurl, for a name that fits into no question.
    pub(crate) fn ask_over_https(
        &mut self,
        id: TransferId,
        name: &str,
        family: Family,
    ) -> Result<()> {
        let records = [
            (RecordType::Aaaa, family != Family::V4 && ipv6_works()),
            (RecordType::A, family != Family::V6),
        ];
        let mut pending = SmallVec::new();
        for (record, _) in records.into_iter().filter(|(_, wanted)| *wanted) {
            let question = doh::encode(name, record).map_err(not_encoded)?;
            let Some(transfer) = self.transfers.get(id) else { return Ok(()) };
            let probe = probe(transfer, &question, self.core.now);
            let probe = self.transfers.insert(Box::new(probe));
            self.core.probes.0.insert(probe, Probe { asker: id, record, answer: Vec::new() });
            if let Some(transfer) = self.transfers.get_mut(probe) {
                transfer.begin(probe, self.core.now, -1);
                self.core.running += 1;
                self.core.wake(probe, transfer);
            }
            pending.push(probe);
        }
        let lookup = Lookup { pending, found: Addresses::default(), negative: true };
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.doh = Some(Box::new(lookup));
        }
        Ok(())
    }

    /// Gives up the look-up of a transfer, if one is on.
    pub(crate) fn stop_asking(&mut self, id: TransferId) {
        let lookup = self.transfers.get_mut(id).and_then(|transfer| transfer.doh.take());
        for probe in lookup.into_iter().flat_map(|lookup| lookup.pending) {
            self.remove(probe);
            self.core.probes.0.remove(&probe);
        }
    }

    /// Takes what a probe has received; gives back what is for the application.
    pub(crate) fn keep_answer(&mut self, effect: Effect) -> Option<Effect> {
        let (transfer, kind, bytes) = match effect {
            Effect::Deliver { transfer, kind, bytes } => (transfer, kind, bytes),
            Effect::Watch { socket, transfer, what } => {
                let transfer = transfer.map(|id| self.core.probes.asker(id));
                return Some(Effect::Watch { socket, transfer, what });
            }
            effect => return Some(effect),
        };
        let Some(probe) = self.core.probes.0.get_mut(&transfer) else {
            return Some(Effect::Deliver { transfer, kind, bytes });
        };
        let fits = kind != Delivery::Body || probe.answer.len() + bytes.len() <= MAX_ANSWER;
        if kind == Delivery::Body && fits {
            probe.answer.extend_from_slice(&bytes);
        }
        let answer = match fits {
            true => Delivered::Taken,
            false => Delivered::Failed { passed: bytes.len(), returned: 0 },
        };
        self.delivered(kind, bytes, answer);
        None
    }

    /// A probe is over.
    pub(crate) fn probe_done(&mut self, id: TransferId, result: &Result<()>) {
        let Some(probe) = self.core.probes.0.remove(&id) else { return };
        self.core.timers.set(crate::timers::Owner::Transfer(id), None);
        let status = self.transfers.remove(id).map_or(0, |it| it.infos().response_code);
        let answer = match result {
            Ok(()) if (200..300).contains(&status) => {
                doh::decode(&probe.answer, probe.record).map_err(|why| (why, why.text().into()))
            }
            Ok(()) => Err((DohError::Malformed, format!("HTTP status {status}"))),
            Err(error) => Err((DohError::Malformed, error.message().to_owned())),
        };
        let Some((transfer, _, core)) = self.parts(probe.asker) else { return };
        let Some(lookup) = &mut transfer.doh else { return };
        lookup.pending.retain(|other| *other != id);
        let mut problem = None;
        match answer {
            Ok(answer) => lookup.take(answer),
            Err((why, text)) => {
                lookup.negative &= why == DohError::NoSuchName;
                problem = Some(text);
            }
        }
        let over = lookup.pending.is_empty();
        if let Some(text) = problem {
            core.info(transfer, || format!("[DoH] [{}] error: {text}", probe.record.name()));
        }
        if over && let Some(lookup) = transfer.doh.take() {
            let outcome = match (lookup.found.is_empty(), lookup.negative) {
                (false, _) => Ok(Arc::new(lookup.found)),
                (true, true) => Err(Unresolved::NoSuchName),
                (true, false) => Err(Unresolved::Transient),
            };
            self.name_found(probe.asker, outcome);
        }
    }
}

impl Lookup {
    /// Takes an answer; an empty one does not say that there is no such name.
    fn take(&mut self, answer: Answer) {
        self.negative = false;
        for address in answer.addresses {
            self.found.push(SocketAddr::new(address, 0));
        }
    }
}

fn not_encoded(why: DohError) -> Error {
    let number = if why == DohError::NameTooLong { 13 } else { 1 };
    Error::new(Code::OutOfMemory, format!("Failed to encode DoH packet [{number}]"))
}

/// The transfer that asks a question for another one.
fn probe(asker: &Transfer, question: &[u8], now: std::time::Instant) -> Transfer {
    let mut probe = Transfer::new(Arc::new(options(asker, question, now)));
    let shared = asker.stores.as_deref().filter(|it| it.dns.is_some() || it.tls.is_some());
    probe.set_stores(shared.map(|stores| {
        let (dns, tls) = (stores.dns.clone(), stores.tls.clone());
        Arc::new(Stores { dns, tls, ..Stores::default() })
    }));
    probe
}

fn options(asker: &Transfer, question: &[u8], now: std::time::Instant) -> Options {
    let from = &asker.options;
    let url = from.dns().doh_url.clone();
    let plain = url.as_deref().is_some_and(|url| {
        url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"http:"))
    });
    let deadline = [asker.total_deadline(), asker.connect_deadline()].into_iter().flatten().min();
    let left = deadline.map(|at| at.saturating_duration_since(now).max(Duration::from_millis(1)));
    let header = format!("Content-Type: {}", doh::CONTENT_TYPE);
    let mut options = Options {
        url,
        method: Method::Post,
        body: BodySource::Bytes(question.into()),
        httpheader: Some([header.into_bytes().into()].into()),
        protocols: match cfg!(feature = "test-hooks") {
            true => Protocols::HTTP | Protocols::HTTPS,
            false => Protocols::HTTPS,
        },
        timeout: left.unwrap_or_default(),
        ..Options::default()
    };
    options.connect_mut().default_protocol = Some(b"https"[..].into());
    if !plain {
        options.http_version = HttpVersion::V2Tls;
        options.pipewait = true;
        *options.tls_mut() = tls(from);
    }
    options
}

/// Whom to trust is the transfer's to say; what it proves itself with is not for the resolver.
fn tls(from: &Options) -> TlsOptions {
    let (own, dns) = (from.tls(), from.dns());
    TlsOptions {
        ssl_verifypeer: dns.doh_ssl_verifypeer,
        ssl_verifyhost: dns.doh_ssl_verifyhost,
        ssl_verifystatus: dns.doh_ssl_verifystatus,
        ssl_options: own.ssl_options - SslOptions::AUTO_CLIENT_CERT,
        certinfo: own.certinfo,
        cainfo: own.cainfo.clone(),
        cainfo_blob: own.cainfo_blob.clone(),
        capath: own.capath.clone(),
        crlfile: own.crlfile.clone(),
        ssl_ec_curves: own.ssl_ec_curves.clone(),
        ..TlsOptions::default()
    }
}
