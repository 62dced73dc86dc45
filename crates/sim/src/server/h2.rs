//! A server of HTTP/2 with prior knowledge.

use std::collections::BTreeMap;

use tress_proto::h2::{Decoder, Fields, ListLimits};

use super::{Desk, Out, host_name};
use crate::network::forget_promises;
use crate::plan::{Attempt, Fault, Method, numbers};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const FIRST_WINDOW: i64 = 65_535;
const FRAME: i64 = 16_384;

#[derive(Debug)]
pub struct Server {
    input: Vec<u8>,
    greeted: bool,
    /// A request has come.
    used: bool,
    decoder: Decoder,
    streams: BTreeMap<u32, Stream>,
    /// What the client allows to be sent.
    window: i64,
    stream_window: i64,
    /// What the client may send.
    credit: i64,
    /// Streams after this one are not looked at.
    leaving: Option<u32>,
    mute: bool,
}

#[derive(Debug)]
struct Stream {
    number: u32,
    hop: usize,
    is_head: bool,
    window: i64,
    credit: i64,
    /// The rest of the response's body, once there is one.
    body: Option<Vec<u8>>,
    /// It was answered, whatever of its body is to come.
    answered: bool,
    /// How it ends, if not with the body.
    fault: Fault,
}

impl Server {
    pub fn new() -> Self {
        Self {
            input: Vec::new(),
            greeted: false,
            used: false,
            decoder: Decoder::new(),
            streams: BTreeMap::new(),
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            credit: FIRST_WINDOW,
            leaving: None,
            mute: false,
        }
    }

    pub fn is_idle(&self) -> bool {
        self.used && self.input.is_empty() && self.streams.is_empty() && !self.mute
    }

    /// Has it taken leave of those that it did not serve, and does it serve the others?
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_some_and(|last| last > 0)
    }

    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        self.input.extend_from_slice(bytes);
        if !self.greeted {
            if self.input.len() < PREFACE.len() {
                return;
            }
            if !self.input.starts_with(PREFACE) {
                return desk.complain(|| "no preface".to_owned());
            }
            self.input.drain(..PREFACE.len());
            self.greeted = true;
            let most = desk.random.pick(&[1_u32, 3, 100, 1_000]);
            let settings = [&3_u16.to_be_bytes()[..], &most.to_be_bytes()].concat();
            desk.send(frame(SETTINGS, 0, 0, &settings));
        }
        while !self.mute && self.take_frame(desk) {}
        self.pump(desk);
    }

    fn take_frame(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some([a, b, c, kind, flags, s @ ..]) = self.input.get(..9) else { return false };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (kind, flags) = (*kind, *flags);
        let stream = u32::from_be_bytes([s[0], s[1], s[2], s[3]]);
        if self.input.len() < 9 + length {
            return false;
        }
        let all: Vec<u8> = self.input.drain(..9 + length).collect();
        let payload = &all[9..];
        match kind {
            HEADERS => self.headers(stream, flags, payload, desk),
            DATA => self.data(stream, flags, payload, desk),
            RST_STREAM => {
                self.streams.remove(&stream);
            }
            SETTINGS if flags & 1 == 0 => {
                self.settings(payload);
                desk.send(frame(SETTINGS, 1, 0, &[]));
            }
            PING if flags & 1 == 0 => desk.send(frame(PING, 1, 0, payload)),
            WINDOW_UPDATE => self.window_update(stream, payload),
            _ => {}
        }
        true
    }

    fn headers(&mut self, id: u32, flags: u8, payload: &[u8], desk: &mut Desk<'_>) {
        let skip = if flags & 0x20 != 0 { 5 } else { 0 };
        let mut fields = Fields::default();
        let limits = ListLimits { bytes: 1 << 20, count: 1_000, string: 1 << 20, bomb: 1 << 20 };
        let decoded = self.decoder.decode(&payload[skip..], limits, &mut fields);
        if decoded.is_err() || flags & END_HEADERS == 0 || flags & 8 != 0 {
            return desk.complain(|| format!("stream {id}: a head that cannot be read"));
        }
        if self.leaving.is_some_and(|last| id > last) {
            return;
        }
        let text =
            |name: &[u8]| fields.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let target = text(b":path").unwrap_or_default();
        let known = numbers(&target).filter(|(number, _)| desk.plans.contains_key(number));
        let Some((number, hop)) = known else {
            return desk.complain(|| format!("a request that nobody made: {target}"));
        };
        if desk.plans.get(&number).is_some_and(|it| it.promised.is_some_and(|it| it.0 == hop)) {
            let text = "comes a second time, although GOAWAY has said that it is served";
            return desk.complain(|| format!("request {hop} of transfer {number} {text}"));
        }
        let is_head = text(b":method").as_deref() == Some("HEAD");
        let (window, credit) = (self.stream_window, FIRST_WINDOW);
        let fault = Fault::None;
        let (body, answered) = (None, false);
        let stream = Stream { number, hop, is_head, window, credit, body, answered, fault };
        self.streams.insert(id, stream);
        self.used = true;
        if let Some(plan) = desk.plans.get_mut(&number) {
            plan.uploaded = 0;
            plan.last = Attempt::None;
        }
        let early = desk.plans.get(&number).is_some_and(|plan| plan.early);
        if flags & END_STREAM != 0 || early {
            self.respond(id, desk);
        }
    }

    fn data(&mut self, id: u32, flags: u8, payload: &[u8], desk: &mut Desk<'_>) {
        self.credit -= payload.len() as i64;
        let Some(stream) = self.streams.get_mut(&id) else {
            // Reset or never looked at: it counts for the connection all the same.
            self.credit += payload.len() as i64;
            return desk.send(window_update(0, payload.len()));
        };
        stream.credit -= payload.len() as i64;
        if self.credit < 0 || stream.credit < 0 {
            return desk.complain(|| format!("stream {id}: more than its window"));
        }
        let number = stream.number;
        if !stream.answered {
            desk.take_upload(number, payload);
        }
        let deaf = desk.plans.get_mut(&number).is_some_and(|plan| {
            let deaf = plan.fault == Fault::Deaf && plan.faults_left > 0;
            plan.stalled |= deaf;
            plan.fired += u32::from(deaf);
            deaf
        });
        if !payload.is_empty() {
            self.credit += payload.len() as i64;
            desk.send(window_update(0, payload.len()));
            if !deaf {
                stream.credit += payload.len() as i64;
                desk.send(window_update(id, payload.len()));
            }
        }
        if flags & END_STREAM != 0 && self.streams.get(&id).is_some_and(|it| !it.answered) {
            self.respond(id, desk);
        }
    }

    fn settings(&mut self, payload: &[u8]) {
        for setting in payload.chunks_exact(6) {
            if setting[..2] == [0, 4] {
                let size = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
                let change = i64::from(size) - self.stream_window;
                self.stream_window = i64::from(size);
                self.streams.values_mut().for_each(|stream| stream.window += change);
            }
        }
    }

    fn window_update(&mut self, id: u32, payload: &[u8]) {
        let Ok(four) = <[u8; 4]>::try_from(payload) else { return };
        let more = i64::from(u32::from_be_bytes(four));
        match id {
            0 => self.window += more,
            id => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.window += more;
                }
            }
        }
    }

    fn respond(&mut self, id: u32, desk: &mut Desk<'_>) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let number = stream.number;
        stream.answered = true;
        if desk.plans.get(&number).is_some_and(|plan| !plan.early) {
            desk.check_upload(number);
        }
        let Some(plan) = desk.plans.get_mut(&number) else { return };
        if let Some(host) = plan.hosts.get(stream.hop + 1) {
            let status = if plan.method == Method::Put { 307 } else { 302 };
            let location = plan.url(&host_name(*host), number, stream.hop + 1);
            stream.body = Some(Vec::new());
            return desk.send(head(id, status, &[("location", &location)], false));
        }
        let fault = plan.fire();
        plan.last = if fault == Fault::None { Attempt::Whole } else { Attempt::Broken };
        match fault {
            Fault::Refused => return self.reset(id, 7, desk),
            Fault::GoAway => return self.go_away(id, desk),
            Fault::RstStream if desk.random.chance(500) => return self.reset(id, 2, desk),
            _ => stream.fault = fault,
        }
        let mut body = plan.body(number);
        let length = body.len().to_string();
        let mut fields = Vec::new();
        if plan.framing == crate::plan::Framing::Length {
            fields.push(("content-length", &*length));
        }
        if plan.coded {
            fields.push(("content-encoding", "gzip"));
        }
        if plan.interim {
            desk.send(head(id, 103, &[("link", "</x>")], false));
        }
        desk.send(head(id, 200, &fields, false));
        if stream.is_head {
            body.clear();
        }
        stream.body = Some(body);
    }

    /// Sends as much of the bodies as the windows allow.
    fn pump(&mut self, desk: &mut Desk<'_>) {
        let ids: Vec<u32> = self.streams.keys().copied().collect();
        for id in ids {
            if self.mute {
                return;
            }
            self.pump_stream(id, desk);
        }
        if self.leaving.is_some() && self.streams.is_empty() {
            self.mute = true;
            desk.out.push(Out::Close);
        } else if self.is_idle() {
            desk.out.push(Out::Idle);
        }
    }

    fn pump_stream(&mut self, id: u32, desk: &mut Desk<'_>) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let Some(mut body) = stream.body.take() else { return };
        if stream.fault != Fault::None {
            let cut = body.len() / 2;
            let sent = cut.min(1_000);
            desk.send(frame(DATA, 0, id, &body[..sent]));
            return self.break_off(id, desk);
        }
        if stream.is_head && body.is_empty() {
            self.streams.remove(&id);
            return desk.send(frame(DATA, END_STREAM, id, &[]));
        }
        while !body.is_empty() {
            let room = self.window.min(stream.window).clamp(0, FRAME) as usize;
            if room == 0 {
                stream.body = Some(body);
                return;
            }
            let rest = body.split_off(room.min(body.len()));
            self.window -= body.len() as i64;
            stream.window -= body.len() as i64;
            desk.send(frame(DATA, 0, id, &body));
            body = rest;
        }
        self.streams.remove(&id);
        desk.send(frame(DATA, END_STREAM, id, &[]));
    }

    fn break_off(&mut self, id: u32, desk: &mut Desk<'_>) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        let how = match stream.fault {
            Fault::Close => Out::Close,
            Fault::Reset => Out::Reset,
            Fault::RstStream => return self.reset(id, 8, desk),
            _ => return,
        };
        self.mute = true;
        forget_promises(desk.plans, desk.connection);
        desk.out.extend([Out::Leaves, how]);
    }

    fn reset(&mut self, id: u32, code: u32, desk: &mut Desk<'_>) {
        if let Some(stream) = self.streams.remove(&id)
            && let Some(plan) = desk.plans.get_mut(&stream.number)
        {
            plan.promised = None;
        }
        desk.send(frame(RST_STREAM, 0, id, &code.to_be_bytes()));
    }

    /// The stream and later ones are not served; the connection is closed after the others.
    fn go_away(&mut self, id: u32, desk: &mut Desk<'_>) {
        let below = self.streams.range(..id).next_back().map(|(id, _)| *id);
        let last = below.unwrap_or(id.saturating_sub(2));
        let cut_off = self.streams.range(last + 1..).any(|(at, it)| *at != id && it.answered);
        for dropped in self.streams.range(last + 1..).map(|(_, stream)| stream.number) {
            // A second GOAWAY takes back what the first has promised.
            desk.plans.get_mut(&dropped).into_iter().for_each(|plan| plan.promised = None);
        }
        self.streams.retain(|id, _| *id <= last);
        self.leaving = Some(last);
        // Where nobody is served, how often one tries has an end; who has half an answer cannot.
        if last == 0 || cut_off {
            desk.out.push(Out::Leaves);
        }
        for stream in self.streams.values() {
            if let Some(plan) = desk.plans.get_mut(&stream.number) {
                plan.promised = Some((stream.hop, desk.connection));
            }
        }
        desk.send(frame(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat()));
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn window_update(stream: u32, more: usize) -> Vec<u8> {
    if more == 0 {
        return Vec::new();
    }
    frame(WINDOW_UPDATE, 0, stream, &(more as u32).to_be_bytes())
}

/// A head whose fields are all literals.
fn head(stream: u32, status: u16, fields: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let mut block = [&[0x08, 3][..], status.to_string().as_bytes()].concat();
    for (name, value) in fields {
        block.extend([0, name.len() as u8]);
        block.extend(name.as_bytes());
        block.push(value.len() as u8);
        block.extend(value.as_bytes());
    }
    frame(HEADERS, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, &block)
}
