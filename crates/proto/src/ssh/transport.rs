//! The binary packet protocol and its exchange of keys (RFC 4253), with strict order as OpenSSH
//! has it (the answer to the Terrapin attack).

use ring::rand::{SecureRandom, SystemRandom};
use tress_model::{Code, Error, Result};

use super::cipher::Keys;
use super::host_key;
use super::kex::{self, Agreed, Half, KEXINIT, Secrets, Transcript};
use super::wire::{Put, Reader, ssh_error};

/// What we call ourselves.
const VERSION: &[u8] = concat!("SSH-2.0-Tress_", env!("CARGO_PKG_VERSION")).as_bytes();

/// Most bytes that a server may say before its version.
const MAX_PREFACE: usize = 16 * 1024;

/// The longest version line (RFC 4253 section 4.2).
const MAX_VERSION: usize = 255;

/// Bytes in either direction after which keys are exchanged anew (RFC 4253 section 9).
const REKEY_AFTER: u64 = 1 << 30;

/// Messages that wait for an exchange of keys to end: no more than what was in flight.
pub(crate) const MAX_DELAYED: usize = 4096;

const DISCONNECT: u8 = 1;
const IGNORE: u8 = 2;
const UNIMPLEMENTED: u8 = 3;
const DEBUG: u8 = 4;
const NEWKEYS: u8 = 21;
const KEX_INIT: u8 = 30;
const KEX_REPLY: u8 = 31;

/// What the transport gives to those above it.
pub(crate) enum Incoming {
    /// Nothing until more bytes come.
    Nothing,
    /// The server's key, whose signature is good: is it the right one?
    HostKey(Vec<u8>),
    /// The connection is encrypted, for the first time.
    Secured,
    /// A message.
    Message(Vec<u8>),
}

/// How far an exchange of keys is.
enum Exchange {
    /// Our `KEXINIT` is sent, the server's awaited.
    Init { ours: Vec<u8> },
    /// Our half is sent, the server's awaited.
    Reply { ours: Vec<u8>, theirs: Vec<u8>, agreed: Agreed, half: Half, skip: bool },
    /// The application looks at the host key.
    Asking { agreed: Agreed, secrets: Secrets },
    /// Our `NEWKEYS` is sent, the server's awaited.
    NewKeys { opening: Keys },
}

/// The transport of one connection, as a client.
pub(crate) struct Transport {
    random: SystemRandom,
    host_keys: Vec<&'static str>,
    input: Vec<u8>,
    /// Bytes of the input that are done with.
    taken: usize,
    /// The size of the packet that comes next, once known.
    packet: Option<usize>,
    output: Vec<u8>,
    sent: usize,
    /// The server's version, once it was said.
    version: Option<Vec<u8>>,
    preface: usize,
    sealing: Keys,
    opening: Keys,
    sequence_out: u32,
    sequence_in: u32,
    /// Bytes since keys were exchanged last.
    moved: u64,
    exchange: Option<Exchange>,
    /// Messages that wait for the end of an exchange.
    delayed: Vec<Vec<u8>>,
    /// The first exchange's hash names the session.
    session: Vec<u8>,
    host_key: Vec<u8>,
    strict: bool,
    /// Keys were exchanged: the server's packets are sealed.
    secured: bool,
}

impl Transport {
    /// `host_keys`: algorithms that are taken, in the order of preference.
    pub(crate) fn new(host_keys: Vec<&'static str>) -> Result<Self> {
        let mut transport = Self {
            random: SystemRandom::new(),
            host_keys,
            input: Vec::new(),
            taken: 0,
            packet: None,
            output: [VERSION, b"\r\n"].concat(),
            sent: 0,
            version: None,
            preface: 0,
            sealing: Keys::None,
            opening: Keys::None,
            sequence_out: 0,
            sequence_in: 0,
            moved: 0,
            exchange: None,
            delayed: Vec::new(),
            session: Vec::new(),
            host_key: Vec::new(),
            strict: false,
            secured: false,
        };
        transport.begin_exchange()?;
        Ok(transport)
    }

    /// Keys are exchanged, and seal nothing: for tests and fuzzing of what comes inside.
    #[cfg(any(test, feature = "unsealed"))]
    pub(crate) fn unseal(&mut self) {
        self.output.clear();
        self.exchange = None;
        self.version = Some(b"SSH-2.0-test".to_vec());
        self.session = b"a session".to_vec();
        self.secured = true;
    }

    /// Are keys being exchanged? What is sent meanwhile waits.
    pub(crate) fn is_exchanging(&self) -> bool {
        self.exchange.is_some()
    }

    /// Bytes to send.
    pub(crate) fn output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    pub(crate) fn output_sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output.clear();
            self.sent = 0;
        } else if self.sent > MAX_DELAYED * 64 {
            self.output.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Bytes that have come.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.taken == self.input.len() {
            self.input.clear();
        } else if self.taken > 0 {
            self.input.drain(..self.taken);
        }
        self.taken = 0;
        self.input.extend_from_slice(bytes);
    }

    /// What the signature of a login is bound to.
    pub(crate) fn session(&self) -> &[u8] {
        &self.session
    }

    /// Sends a message, or keeps it until keys are exchanged.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<()> {
        if self.exchange.is_some() {
            if self.delayed.len() >= MAX_DELAYED {
                return Err(ssh_error("SSH: too much waits for an exchange of keys"));
            }
            self.delayed.push(message.to_vec());
            return Ok(());
        }
        self.seal(message)?;
        if self.moved > REKEY_AFTER {
            self.begin_exchange()?;
        }
        Ok(())
    }

    /// Takes leave: nothing follows this.
    pub(crate) fn disconnect(&mut self) {
        const BY_APPLICATION: u32 = 11;
        let mut message = vec![DISCONNECT];
        message.put_u32(BY_APPLICATION);
        message.put_string(b"Shutdown");
        message.put_string(b"");
        // What cannot be sealed is not said.
        let _ = self.seal(&message);
    }

    /// The next thing that has come.
    ///
    /// # Errors
    /// Everything that RFC 4253 forbids, and the server's taking leave.
    pub(crate) fn next(&mut self) -> Result<Incoming> {
        if self.version.is_none() && !self.take_version()? {
            return Ok(Incoming::Nothing);
        }
        loop {
            if matches!(self.exchange, Some(Exchange::Asking { .. })) {
                return Ok(Incoming::Nothing);
            }
            let Some(message) = self.take_packet()? else { return Ok(Incoming::Nothing) };
            if let Some(incoming) = self.handle(message)? {
                return Ok(incoming);
            }
        }
    }

    /// The host key is the right one: the keys of the first exchange are taken into use.
    pub(crate) fn accept_host_key(&mut self) -> Result<()> {
        match self.exchange.take() {
            Some(Exchange::Asking { agreed, secrets }) => self.take_keys(&agreed, &secrets),
            other => {
                self.exchange = other;
                Ok(())
            }
        }
    }

    fn take_version(&mut self) -> Result<bool> {
        let failed = |why: &str| {
            let text = format!("Failure establishing ssh session: {why}");
            Error::new(Code::FailedInit, text)
        };
        loop {
            let rest = &self.input[self.taken..];
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                return match self.preface + rest.len() > MAX_PREFACE {
                    true => Err(failed("the server does not say its version")),
                    false => Ok(false),
                };
            };
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]).to_vec();
            self.taken += end + 1;
            self.preface += end + 1;
            if !line.starts_with(b"SSH-") {
                if self.preface > MAX_PREFACE {
                    return Err(failed("the server does not say its version"));
                }
                continue;
            }
            let speaks_it = line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-");
            if !speaks_it || line.len() > MAX_VERSION {
                return Err(failed("the server does not speak version 2 of SSH"));
            }
            self.version = Some(line);
            return Ok(true);
        }
    }

    fn take_packet(&mut self) -> Result<Option<Vec<u8>>> {
        let rest = &mut self.input[self.taken..];
        let total = match self.packet {
            Some(total) => total,
            None => match self.opening.packet_len(self.sequence_in, rest)? {
                Some(total) => total,
                None => return Ok(None),
            },
        };
        self.packet = Some(total);
        let Some(packet) = rest.get_mut(..total) else { return Ok(None) };
        let payload = self.opening.open(self.sequence_in, packet)?;
        let message = packet[payload].to_vec();
        self.taken += total;
        self.packet = None;
        self.moved += total as u64;
        self.sequence_in = match self.sequence_in.checked_add(1) {
            Some(next) => next,
            None if self.session.is_empty() => {
                return Err(ssh_error("SSH: too many packets before the first keys"));
            }
            None => 0,
        };
        Ok(Some(message))
    }

    /// Acts on a message of the transport's own; gives others to those above.
    fn handle(&mut self, message: Vec<u8>) -> Result<Option<Incoming>> {
        let number = message.first().copied().unwrap_or(0);
        // What is not encrypted is the exchange of keys, and nothing else.
        let first = !self.secured;
        if number == DISCONNECT {
            return Err(disconnected(&message, first));
        }
        if let Some(Exchange::Reply { skip, .. }) = &mut self.exchange
            && *skip
            && number == KEX_INIT
        {
            *skip = false;
            return Ok(None);
        }
        match number {
            KEXINIT => self.kexinit_came(message).map(|()| None),
            KEX_REPLY => self.reply_came(&message),
            NEWKEYS => self.newkeys_came(),
            IGNORE | UNIMPLEMENTED | DEBUG if !(first && self.strict) => Ok(None),
            _ if first => Err(ssh_error(format!("SSH: message {number} before the keys"))),
            50.. | 5..=7 => Ok(Some(Incoming::Message(message))),
            _ => {
                let mut answer = vec![UNIMPLEMENTED];
                answer.put_u32(self.sequence_in.wrapping_sub(1));
                self.send(&answer).map(|()| None)
            }
        }
    }

    fn begin_exchange(&mut self) -> Result<()> {
        let mut cookie = [0; 16];
        self.random.fill(&mut cookie).map_err(|_| ssh_error("SSH: no random numbers"))?;
        let ours = kex::kexinit(&cookie, &self.host_keys, self.session.is_empty());
        self.seal(&ours)?;
        self.exchange = Some(Exchange::Init { ours });
        Ok(())
    }

    fn kexinit_came(&mut self, theirs: Vec<u8>) -> Result<()> {
        if self.exchange.is_none() {
            self.begin_exchange()?;
        }
        let Some(Exchange::Init { ours }) = self.exchange.take() else {
            return Err(ssh_error("SSH: an exchange of keys within another one"));
        };
        let agreed = kex::agree(&theirs, &self.host_keys)?;
        if self.session.is_empty() {
            self.strict = agreed.strict;
            if self.strict && self.sequence_in != 1 {
                return Err(ssh_error(
                    "SSH: packets before the exchange of keys, against strict order",
                ));
            }
        }
        let half = Half::new(&agreed, &self.random)?;
        let mut message = vec![KEX_INIT];
        message.put_string(&half.public);
        self.seal(&message)?;
        let skip = agreed.skip_guess;
        self.exchange = Some(Exchange::Reply { ours, theirs, agreed, half, skip });
        Ok(())
    }

    fn reply_came(&mut self, message: &[u8]) -> Result<Option<Incoming>> {
        let Some(Exchange::Reply { ours, theirs, agreed, half, .. }) = self.exchange.take() else {
            return Err(ssh_error("SSH: a reply to no exchange of keys"));
        };
        let mut reader = Reader(&message[1..]);
        let (host_key, public, signed) = (reader.string()?, reader.string()?, reader.string()?);
        let version = self.version.as_deref().unwrap_or_default();
        let transcript =
            Transcript { versions: (VERSION, version), inits: (&ours, &theirs), host_key };
        let secrets = Secrets::new(half, public, &transcript)?;
        host_key::verify(agreed.host_key, host_key, signed, &secrets.hash)?;
        if self.session.is_empty() {
            self.session = secrets.hash.clone();
            self.host_key = host_key.to_vec();
            self.exchange = Some(Exchange::Asking { agreed, secrets });
            return Ok(Some(Incoming::HostKey(host_key.to_vec())));
        }
        if self.host_key != host_key {
            return Err(Error::new(
                Code::PeerFailedVerification,
                "SSH: the server has changed its host key",
            ));
        }
        self.take_keys(&agreed, &secrets)?;
        Ok(None)
    }

    fn take_keys(&mut self, agreed: &Agreed, secrets: &Secrets) -> Result<()> {
        let (sealing, opening) = secrets.keys(agreed, &self.session)?;
        self.seal(&[NEWKEYS])?;
        self.sealing = sealing;
        if self.strict {
            self.sequence_out = 0;
        }
        self.exchange = Some(Exchange::NewKeys { opening });
        Ok(())
    }

    fn newkeys_came(&mut self) -> Result<Option<Incoming>> {
        let Some(Exchange::NewKeys { opening }) = self.exchange.take() else {
            return Err(ssh_error("SSH: new keys out of order"));
        };
        let first = !std::mem::replace(&mut self.secured, true);
        self.opening = opening;
        if self.strict {
            self.sequence_in = 0;
        }
        self.moved = 0;
        for message in std::mem::take(&mut self.delayed) {
            self.seal(&message)?;
        }
        Ok(first.then_some(Incoming::Secured))
    }

    fn seal(&mut self, message: &[u8]) -> Result<()> {
        let before = self.output.len();
        let random = &self.random;
        // Where padding is not encrypted its randomness does not matter.
        let fill = |padding: &mut [u8]| {
            let _ = random.fill(padding);
        };
        self.sealing.seal(self.sequence_out, message, &mut self.output, fill)?;
        self.moved += (self.output.len() - before) as u64;
        self.sequence_out = self.sequence_out.wrapping_add(1);
        Ok(())
    }
}

fn disconnected(message: &[u8], first: bool) -> Error {
    let mut reader = Reader(message.get(5..).unwrap_or_default());
    let why = String::from_utf8_lossy(reader.string().unwrap_or_default()).into_owned();
    match first {
        true => Error::new(
            Code::FailedInit,
            format!("Failure establishing ssh session: disconnected by the server: {why}"),
        ),
        false => ssh_error(format!("SSH: disconnected by the server: {why}")),
    }
}
