//! MQTT: one message is published, or those of a topic are the body until the broker leaves.
//!
//! A message that is published is an upload: it goes out as its source gives it.

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};
use tress_proto::mqtt::{self, CLIENT_ID_LEN, Event, Request};

use crate::body_out::BodyOut;
use crate::effect::{DebugKind, Effect};
use crate::multi::{Flow, Multi};
use crate::options::{BodySource, Method, Options};
use crate::plain::Heard;
use crate::transfer::{State, Transfer};
use crate::{TransferId, random};

/// A conversation with a broker.
pub(crate) struct Mqtt {
    machine: mqtt::Mqtt,
    phase: Phase,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Listening,
    /// The message goes out.
    Uploading,
    /// It is over once the output is sent.
    Done,
}

impl Mqtt {
    /// When the broker is to be reminded of us (`CURLOPT_UPKEEP_INTERVAL_MS`).
    pub(crate) fn deadline(&self, options: &Options) -> Option<std::time::Instant> {
        self.machine.ping_deadline(options.connect().upkeep_interval)
    }
}

impl Multi {
    /// The connection is up.
    pub(crate) fn begin_mqtt(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        conn.uses += 1;
        conn.last_user = Some(id);
        transfer.infos.times.pretransfer = transfer.since_start(core.now);
        let request = transfer.mqtt_request()?;
        core.info(transfer, || {
            format!("Using client id '{}'", String::from_utf8_lossy(&request.client_id))
        });
        let machine = mqtt::Mqtt::new(request, core.now)?;
        transfer.mqtt = Some(Box::new(Mqtt { machine, phase: Phase::Listening }));
        transfer.exchange.begin_frames(BodyOut::default());
        transfer.state = State::Mqtt;
        Ok(Flow::Again)
    }

    /// Says what is to be said, and takes what has come.
    pub(crate) fn mqtt(&mut self, id: TransferId) -> Result<Flow> {
        let has_output = loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            let has_output = self.mqtt_sends(id)?;
            let Some(mqtt) = self.transfer(id).and_then(|transfer| transfer.mqtt.as_deref()) else {
                return Ok(Flow::Wait);
            };
            let flow = match mqtt.phase {
                Phase::Listening => self.mqtt_receives(id)?,
                Phase::Uploading | Phase::Done if has_output => Flow::Wait,
                Phase::Uploading => self.mqtt_uploads(id)?,
                Phase::Done => return Ok(self.mqtt_done(id)),
            };
            match flow {
                Flow::Again => {}
                Flow::Wait => break has_output || self.has_piece(id),
                Flow::Asked => return Ok(Flow::Asked),
            }
        };
        self.watch_plain(id, has_output);
        Ok(Flow::Wait)
    }

    /// Sends as much as goes; true: there is more.
    fn mqtt_sends(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(false) };
        let interval = transfer.options.connect().upkeep_interval;
        let Some(mqtt) = transfer.mqtt.as_deref_mut() else { return Ok(false) };
        if mqtt.machine.ping_deadline(interval).is_some_and(|at| at <= core.now) {
            mqtt.machine.ping();
        }
        while conn.writable && !mqtt.machine.output().is_empty() {
            let Some(stream) = conn.stream() else { return Ok(false) };
            match stream.send(mqtt.machine.output()) {
                Ok(count) => {
                    transfer.infos.request_size += count as u64;
                    if transfer.options.verbose {
                        let bytes = mqtt.machine.output()[..count].to_vec();
                        let kind = DebugKind::HeaderOut;
                        core.tell(Effect::Debug { transfer: id, kind, bytes });
                    }
                    mqtt.machine.sent(count, core.now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => conn.write_blocked(),
                Err(error) => return Err(transfer.stream_failed(&error, Code::SendError)),
            }
        }
        Ok(!mqtt.machine.output().is_empty())
    }

    /// Sends the message, as its source gives it.
    fn mqtt_uploads(&mut self, id: TransferId) -> Result<Flow> {
        match self.send_request(id)? {
            Flow::Wait => {}
            flow => return Ok(flow),
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        if !transfer.exchange.upload_ended() || !transfer.exchange.out_is_sent() {
            return Ok(Flow::Wait);
        }
        if let Some(mqtt) = transfer.mqtt.as_deref_mut() {
            mqtt.machine.published();
            mqtt.phase = Phase::Done;
        }
        Ok(Flow::Again)
    }

    /// Are there bytes of the message that the socket has no room for?
    fn has_piece(&self, id: TransferId) -> bool {
        self.transfer(id).is_some_and(|transfer| {
            !transfer.exchange.out_is_sent() && transfer.progress.may_send(self.core.now)
        })
    }

    fn mqtt_done(&mut self, id: TransferId) -> Flow {
        if let Some((transfer, _, core)) = self.parts(id) {
            transfer.infos.times.posttransfer = transfer.since_start(core.now);
        }
        self.finish(id, Ok(()));
        Flow::Wait
    }

    fn mqtt_receives(&mut self, id: TransferId) -> Result<Flow> {
        let heard = self.hear_plain(id)?;
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        let Some(mqtt) = transfer.mqtt.as_deref_mut() else { return Ok(Flow::Wait) };
        match heard {
            Heard::Bytes => {}
            Heard::Nothing => return Ok(Flow::Wait),
            Heard::End => return Err(mqtt.machine.closed()),
        }
        let input = core.input.of(conn_id);
        let (used, event) = mqtt.machine.receive(input, core.now)?;
        let start = core.input.start();
        core.input.consume(used);
        if let Event::Body(range) = event {
            if transfer.within_size(range.len()) < range.len() {
                let text = "Would have exceeded max file size";
                return Err(Error::new(Code::FilesizeExceeded, text));
            }
            transfer.infos.downloaded += range.len() as u64;
            return Ok(self.deliver_plain(id, start + range.start..start + range.end));
        }
        match event {
            Event::Download(size) => transfer.infos.download_length = Some(size),
            Event::Done => mqtt.phase = Phase::Done,
            Event::Upload => {
                mqtt.phase = Phase::Uploading;
                let head = mqtt.machine.output().to_vec();
                mqtt.machine.sent(head.len(), core.now);
                let options = transfer.options.clone();
                let message = BodyOut::begin(&options, message_size(&options), false);
                transfer.exchange.begin_message(head, message);
            }
            Event::More | Event::Body(_) => {}
        }
        if transfer.options.verbose {
            let said = core.input.bytes(start..start + used).to_vec();
            core.debug(transfer, DebugKind::HeaderIn, &said);
        }
        Ok(Flow::Again)
    }
}

impl Transfer {
    fn mqtt_request(&self) -> Result<Request> {
        let (plan, options) = (self.plan()?, &self.options);
        let publish = (options.method == Method::Post).then(|| message_size(options));
        if publish == Some(None) {
            let text = "MQTT publishes CURLOPT_POSTFIELDS only: there are none";
            return Err(Error::new(Code::BadFunctionArgument, text));
        }
        let login = plan.credentials.as_deref();
        let max_filesize = options.limits().maxfilesize;
        Ok(Request {
            path: plan.url.path().to_vec(),
            publish: publish.flatten(),
            user: login.map(|login| login.user.clone()).unwrap_or_default(),
            password: login.map(|login| login.password.clone()).unwrap_or_default(),
            client_id: client_id(),
            max_filesize: (max_filesize > 0).then_some(max_filesize),
        })
    }
}

/// Bytes of the message that is published; none: there is none in memory.
fn message_size(options: &Options) -> Option<u64> {
    match &options.body {
        BodySource::Bytes(bytes) => Some(bytes.len() as u64),
        BodySource::Application { len, fields: true } => *len,
        _ => None,
    }
}

/// `curl` and eight random letters or digits.
fn client_id() -> [u8; CLIENT_ID_LEN] {
    let mut name = *b"curl........";
    name[4..].copy_from_slice(&random::letters::<8>());
    name
}
