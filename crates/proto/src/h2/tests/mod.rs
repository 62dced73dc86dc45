//! Tests with a scripted peer, which is the small server below.

mod exchange;
mod flow;
mod hostile;
mod malformed;
mod push;
mod splits;

use std::time::Instant;

use tress_model::Error;

use super::frame::{self, Head};
use super::hpack::{Decoder, Encoder, ListLimits};
use super::{Config, Connection, Event, Fields, Open, StreamId};

/// Writes a server's frames.
struct Peer {
    encoder: Encoder,
    out: Vec<u8>,
}

impl Peer {
    fn new() -> Self {
        Self { encoder: Encoder::new(), out: Vec::new() }
    }

    /// A peer that has said its SETTINGS.
    fn greeting() -> Self {
        let mut peer = Self::new();
        peer.settings(&[]);
        peer
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> &mut Self {
        Head::new(kind, flags, stream, payload.len()).write(payload, &mut self.out);
        self
    }

    fn settings(&mut self, settings: &[(u16, u32)]) -> &mut Self {
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend(id.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        self.frame(frame::SETTINGS, 0, 0, &payload)
    }

    fn block(&mut self, fields: &str) -> Vec<u8> {
        let mut block = Vec::new();
        self.encoder.encode(&self::fields(fields), &mut block);
        block
    }

    fn headers(&mut self, stream: u32, fields: &str, end: bool) -> &mut Self {
        let block = self.block(fields);
        let flags = frame::FLAG_END_HEADERS | u8::from(end);
        self.frame(frame::HEADERS, flags, stream, &block)
    }

    fn data(&mut self, stream: u32, data: &[u8], end: bool) -> &mut Self {
        self.frame(frame::DATA, u8::from(end), stream, data)
    }

    fn promise(&mut self, stream: u32, promised: u32, fields: &str) -> &mut Self {
        let mut payload = promised.to_be_bytes().to_vec();
        payload.extend(self.block(fields));
        self.frame(frame::PUSH_PROMISE, frame::FLAG_END_HEADERS, stream, &payload)
    }

    fn window_update(&mut self, stream: u32, increment: u32) -> &mut Self {
        self.frame(frame::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
    }

    fn rst_stream(&mut self, stream: u32, code: u32) -> &mut Self {
        self.frame(frame::RST_STREAM, 0, stream, &code.to_be_bytes())
    }

    fn goaway(&mut self, last: u32, code: u32, debug: &[u8]) -> &mut Self {
        let payload = [&last.to_be_bytes()[..], &code.to_be_bytes(), debug].concat();
        self.frame(frame::GOAWAY, 0, 0, &payload)
    }

    /// Gives what was written to the connection; what that makes of it.
    fn tell(&mut self, connection: &mut Connection) -> String {
        let input = std::mem::take(&mut self.out);
        receive(connection, &input).unwrap()
    }

    /// Gives what was written to the connection, which does not stand it.
    fn offend(&mut self, connection: &mut Connection) -> String {
        let input = std::mem::take(&mut self.out);
        let error = receive(connection, &input).unwrap_err();
        assert_eq!(connection.advance(b"", Instant::now()).unwrap_err(), error, "it stays dead");
        assert_eq!(connection.available(), 0);
        let last_words = sent(connection).pop().unwrap();
        assert_eq!(last_words.0.kind, frame::GOAWAY);
        error.message().to_string()
    }
}

/// A list from `name=value|name=value`.
fn fields(text: &str) -> Fields {
    let mut fields = Fields::default();
    for field in text.split('|').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').unwrap();
        fields.push(name.as_bytes(), value.as_bytes());
    }
    fields
}

fn config() -> Config {
    Config::default()
}

/// A connection that has said its own and got the peer's SETTINGS.
fn connected(config: Config) -> (Connection, Peer) {
    let (mut connection, mut peer) = (Connection::new(config), Peer::greeting());
    peer.tell(&mut connection);
    sent(&mut connection);
    (connection, peer)
}

fn open(connection: &mut Connection, method: &str, end: bool) -> StreamId {
    let head = fields(&format!(":method={method}|:scheme=http|:authority=a|:path=/"));
    let token = u64::from(connection.next_id) * 100;
    connection.open(&head, Open { end, token, priority: None }).unwrap()
}

fn get(connection: &mut Connection) -> StreamId {
    open(connection, "GET", true)
}

/// A connection with one GET under way.
fn getting() -> (Connection, Peer, StreamId) {
    let (mut connection, peer) = connected(config());
    let stream = get(&mut connection);
    sent(&mut connection);
    (connection, peer, stream)
}

/// Gives all of `input` to the connection; the events as text.
fn receive(connection: &mut Connection, input: &[u8]) -> Result<String, Error> {
    let (mut rest, mut told, now) = (input, String::new(), Instant::now());
    loop {
        let advance = connection.advance(rest, now)?;
        if advance.event == Event::More {
            assert_eq!(advance.consumed, rest.len());
            return Ok(told);
        }
        told += &text(connection, &advance.event, rest);
        rest = &rest[advance.consumed..];
    }
}

fn text(connection: &Connection, event: &Event, input: &[u8]) -> String {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "|");
    let raw = lossy(connection.fields().raw());
    let end = |end: &bool| if *end { " end" } else { "" };
    match event {
        Event::More => unreachable!(),
        Event::Head { stream, status, end: last } => {
            assert_eq!(stream.token, u64::from(stream.id.0) * 100);
            format!("{} head {status} {raw}{};", stream.id, end(last))
        }
        Event::Data { stream, range, end: last } => {
            format!("{} data {}{};", stream.id, lossy(&input[range.clone()]), end(last))
        }
        Event::Trailers { stream } => format!("{} trailers {raw} end;", stream.id),
        Event::Reset { stream, code, by_peer, retry, why } => {
            let by = if *by_peer { "peer" } else { why };
            format!("{} reset {code} by {by}{};", stream.id, if *retry { " retry" } else { "" })
        }
        Event::PushPromise { parent, promised } => {
            format!("{} promise {promised} {raw};", parent.id)
        }
        Event::GoAway { last, code } => format!("goaway {last} {code};"),
        Event::Settings => String::new(),
        Event::PingAck { payload } => format!("ping {};", lossy(payload)),
        Event::WindowOpened { stream } => format!("{} opened;", stream.id),
    }
}

/// What the connection has to send, as frames; that is sent then.
fn sent(connection: &mut Connection) -> Vec<(Head, Vec<u8>)> {
    let pending = connection.pending_output().to_vec();
    connection.sent(pending.len());
    let mut rest = pending.strip_prefix(frame::PREFACE).unwrap_or(&pending);
    let mut frames = Vec::new();
    while let Some(head) = Head::read(rest) {
        let (payload, later) = rest[frame::HEAD_LEN..].split_at(head.len as usize);
        frames.push((head, payload.to_vec()));
        rest = later;
    }
    assert!(rest.is_empty());
    frames
}

/// What the connection has to send, as text.
fn said(connection: &mut Connection, decoder: &mut Decoder) -> String {
    let one = |(head, payload): (Head, Vec<u8>)| {
        let (flags, id) = (head.flags, head.stream);
        let number = || frame::number(&payload, 0);
        match head.kind {
            frame::DATA => format!("{id} DATA {} {flags};", payload.len()),
            frame::HEADERS => {
                let mut list = Fields::default();
                let limits =
                    ListLimits { bytes: 100_000, count: 1000, string: 100_000, bomb: 400_000 };
                decoder.decode(&payload, limits, &mut list).unwrap();
                let raw = String::from_utf8_lossy(list.raw()).replace("\r\n", "|");
                format!("{id} HEADERS {raw} {flags};")
            }
            frame::RST_STREAM => format!("{id} RST {};", number()),
            frame::WINDOW_UPDATE => format!("{id} WINDOW {};", number()),
            kind => format!("{id} {kind} {payload:?} {flags};"),
        }
    };
    sent(connection).into_iter().map(one).collect()
}
