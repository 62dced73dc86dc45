//! What is to happen to a transfer, and what has happened to it on the servers' side.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use tress_engine::options::UseSsl;

use crate::character::Character;
use crate::random::Random;

/// One transfer's requests and responses.
#[derive(Debug)]
pub struct Plan {
    /// The hosts of its requests, one after the other: all but the last redirect.
    pub hosts: Vec<usize>,
    /// Of these, which speak TLS.
    pub secure: Vec<bool>,
    pub method: Method,
    /// Bytes of the body of the last response.
    pub size: usize,
    pub framing: Framing,
    /// The server closes the connection after each response.
    pub close: bool,
    /// The body is coded with gzip.
    pub coded: bool,
    /// The server answers an upload before it has all of it.
    pub early: bool,
    /// A 103 comes first.
    pub interim: bool,
    pub upload: Option<Upload>,
    /// The request says `Expect: 100-continue`.
    pub expect: Option<Expect>,
    pub fault: Fault,
    /// Conversations: where it happens.
    pub place: Place,
    /// Conversations: is TLS wanted where they begin without?
    pub use_ssl: UseSsl,
    /// FTP: the server tells sizes.
    pub tells_size: bool,
    /// Lines of text, not any bytes.
    pub is_text: bool,
    /// How often the fault is still to happen.
    pub faults_left: u32,
    /// Faults that have happened to its requests.
    pub fired: u32,
    /// Somebody on its way has stopped for good.
    pub stalled: bool,
    /// How the server has treated the last request.
    pub last: Attempt,
    /// What the server has got of the upload.
    pub uploaded: usize,
    /// A server that left has said that it serves this request, on which connection.
    pub promised: Option<(usize, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Put,
    /// FTP: what is there.
    List,
}

/// What a host speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Http1,
    Http2,
    Ftp,
    Smtp,
    Imap,
    Pop3,
}

/// Where a fault of a conversation happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the command that says what is wanted.
    Command,
    /// While the data flows, or after it.
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length,
    Chunked,
    UntilClose,
}

#[derive(Clone, Copy, Debug)]
pub struct Upload {
    pub size: usize,
    /// Its size is told beforehand; else it goes in chunks.
    pub known: bool,
}

/// What a server makes of `Expect: 100-continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Continue,
    Silence,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The response breaks off somewhere, by an orderly close.
    Close,
    /// The same by a reset.
    Reset,
    /// The response stops somewhere and never goes on.
    Stall,
    /// Nothing of the upload is taken any more.
    Deaf,
    /// HTTP/2: the stream is reset, or refused.
    RstStream,
    Refused,
    /// HTTP/2: the server leaves; later streams are not looked at.
    GoAway,
    /// Conversations: the reply says no.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    None,
    /// The whole response was sent.
    Whole,
    /// It broke off within a body whose end is the close of the connection.
    Short,
    /// It broke off within its head by an orderly close, which libcurl takes for the end.
    HeadOnly,
    Broken,
}

impl Plan {
    pub fn new(character: &Character, random: &mut Random) -> Self {
        let hops = random.pick(&[1, 1, 1, 1, 2, 4]);
        // What is told of the protocol beforehand holds for redirects, too.
        let (first, http2) = (random.below(character.hosts), character.http2_hosts());
        let kind = if first < http2 { 0..http2 } else { http2..character.hosts };
        let mut hosts = vec![first as usize];
        hosts.extend((1..hops).map(|_| random.between(kind.start, kind.end - 1) as usize));
        let secure = hosts.iter().map(|host| character.is_secure(*host)).collect();
        let method =
            random.pick(&[Method::Get, Method::Get, Method::Get, Method::Head, Method::Put]);
        let size = random.pick(&[0, 1, 100, 100, 100, 5_000, 5_000, 70_000, 200_000]);
        // One byte at a time, and what that costs, is not for bodies of any size.
        let size = size.min(5_000 * character.segment.min(u64::from(character.buffer) / 32));
        let upload = (method == Method::Put).then(|| Upload {
            // Not more than goes out in some hundred writes.
            size: random
                .pick(&[0, 1, 300, 20_000, 100_000])
                .min(200 * character.send_room.1 as usize),
            known: random.chance(600),
        });
        let faults = [
            Fault::Close,
            Fault::Reset,
            Fault::Stall,
            Fault::Deaf,
            Fault::RstStream,
            Fault::Refused,
            Fault::GoAway,
        ];
        let fault = if random.chance(character.fault) { random.pick(&faults) } else { Fault::None };
        let framing =
            random.pick(&[Framing::Length, Framing::Length, Framing::Chunked, Framing::UntilClose]);
        let close = random.chance(100);
        // Bytes that nobody takes any more may cost the client the answer.
        let closes = close || framing == Framing::UntilClose;
        let early = random.chance(200) && upload.is_some() && !(closes && character.clean);
        let expects = [Expect::Continue, Expect::Silence, Expect::Refuse];
        Self {
            hosts,
            secure,
            method,
            size: random.below(size + 1) as usize,
            framing,
            close,
            coded: random.chance(150),
            early,
            interim: random.chance(100),
            expect: (upload.is_some() && random.chance(300)).then(|| random.pick(&expects)),
            upload,
            fault,
            place: Place::Command,
            use_ssl: UseSsl::None,
            tells_size: false,
            is_text: false,
            faults_left: random.pick(&[1, 1, 2, 1_000]),
            fired: 0,
            stalled: false,
            last: Attempt::None,
            uploaded: 0,
            promised: None,
        }
    }

    /// A transfer by commands and replies with a host that speaks `protocol`.
    pub fn of_conversation(
        host: usize,
        protocol: Protocol,
        character: &Character,
        random: &mut Random,
    ) -> Self {
        let mut plan = Self::new(character, random);
        let methods = match protocol {
            Protocol::Ftp => &[Method::Get, Method::Put, Method::List][..],
            Protocol::Smtp => &[Method::Put],
            Protocol::Imap => &[Method::Get, Method::Put],
            _ => &[Method::Get],
        };
        let faults = [Fault::Close, Fault::Reset, Fault::Stall, Fault::Error, Fault::Deaf];
        let size = random.pick(&[0, 32, 320, 6_400, 70_400]);
        plan.hosts = vec![host];
        (plan.coded, plan.early) = (false, false);
        plan.secure = vec![character.is_secure(host)];
        plan.method = random.pick(methods);
        plan.is_text = protocol != Protocol::Ftp || plan.method == Method::List;
        plan.size = random.below(size + 1) as usize / 32 * 32;
        plan.tells_size = random.chance(700);
        let upload = random.pick(&[0, 32, 320, 20_000]).min(100 * character.send_room.1 as usize);
        plan.upload = (plan.method == Method::Put).then(|| Upload {
            size: upload / 32 * 32,
            known: protocol == Protocol::Imap || random.chance(600),
        });
        plan.expect = None;
        if plan.fault != Fault::None {
            plan.fault = random.pick(&faults);
        }
        plan.place = random.pick(&[Place::Command, Place::Data]);
        if random.chance(character.upgrades) {
            plan.use_ssl = random.pick(&[UseSsl::Try, UseSsl::Control, UseSsl::All, UseSsl::All]);
        }
        plan
    }

    /// The byte at `offset` of what it gets, or sends.
    pub fn byte(&self, number: u32, offset: usize) -> u8 {
        match (self.is_text, offset % 32) {
            (false, _) => byte(number, offset),
            (true, 30) if self.method != Method::List => b'\r',
            (true, 31) => b'\n',
            (true, 0) if (offset >> 5).is_multiple_of(3) => b'.',
            (true, _) => b'a' + byte(number, offset) % 26,
        }
    }

    /// The body of the response as it goes over the wire.
    pub fn body(&self, number: u32) -> Vec<u8> {
        let plain: Vec<u8> = (0..self.size).map(|offset| self.byte(number, offset)).collect();
        if !self.coded {
            return plain;
        }
        let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
        let written = coder.write_all(&plain);
        written.and_then(|()| coder.finish()).unwrap_or_default()
    }

    /// Does the server close when it has answered, so that what comes then is answered by a reset?
    pub fn closes_early(&self) -> bool {
        self.early && (self.close || self.framing == Framing::UntilClose)
    }

    /// Will the fault happen at the next occasion?
    pub fn is_due(&self, place: Place) -> bool {
        self.place == place && self.fault != Fault::None && self.faults_left > 0
    }

    /// The fault that happens to the request that is being answered.
    pub fn fire(&mut self) -> Fault {
        if self.fault == Fault::None || self.faults_left == 0 {
            return Fault::None;
        }
        self.faults_left -= 1;
        self.fired += 1;
        self.stalled |= matches!(self.fault, Fault::Stall | Fault::Deaf);
        self.fault
    }
}

/// The byte at `offset` of what transfer `number` gets, or sends.
fn byte(number: u32, offset: usize) -> u8 {
    (number as usize * 31 + offset * 7 + (offset >> 8)) as u8
}

impl Plan {
    /// Must everything be said behind TLS?
    pub fn needs_tls(&self) -> bool {
        matches!(self.use_ssl, UseSsl::Control | UseSsl::All)
    }

    /// The URL of a request, `host` as it is written there.
    pub fn url(&self, host: &str, number: u32, hop: usize) -> String {
        let scheme = if self.secure.get(hop) == Some(&true) { "https" } else { "http" };
        format!("{scheme}://{host}/{number}/{hop}")
    }
}

/// Transfer and hop of a request's target.
pub fn numbers(target: &str) -> Option<(u32, usize)> {
    let mut parts = target.rsplit('/');
    let hop = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, hop))
}
