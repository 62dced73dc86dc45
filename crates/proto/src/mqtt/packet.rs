//! The packets that go out.

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};

use super::Request;

/// The length of a client's name.
pub const CLIENT_ID_LEN: usize = 12;
/// The longest message.
pub const MAX_MESSAGE: usize = 0xfff_ffff;

const CONNECT: u8 = 0x10;
pub(super) const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
pub(super) const SUBACK: u8 = 0x90;
pub(super) const DISCONNECT: u8 = 0xe0;
pub(super) const PINGRESP: u8 = 0xd0;
pub(super) const PING: [u8; 2] = [0xc0, 0];
pub(super) const BYE: [u8; 2] = [DISCONNECT, 0];
/// Seconds of silence after which a broker may give a client up.
const KEEP_ALIVE: u16 = 60;
const CLEAN_SESSION: u8 = 0x02;
const HAS_PASSWORD: u8 = 0x40;
const HAS_USER: u8 = 0x80;

pub(super) fn connect(request: &Request) -> Result<Vec<u8>> {
    let too_long = |what: &str, text: &[u8]| {
        Error::new(Code::WeirdServerReply, format!("{what} too long: [{}]", text.len()))
    };
    let mut flags = CLEAN_SESSION;
    let mut payload = Vec::new();
    field(&request.client_id, &mut payload);
    if !request.user.is_empty() {
        flags |= HAS_USER;
        field(&request.user, &mut payload).ok_or_else(|| too_long("Username", &request.user))?;
    }
    if !request.password.is_empty() {
        flags |= HAS_PASSWORD;
        field(&request.password, &mut payload)
            .ok_or_else(|| too_long("Password", &request.password))?;
    }
    let mut out = vec![CONNECT];
    length(10 + payload.len(), &mut out);
    out.extend_from_slice(b"\0\x04MQTT\x04");
    out.push(flags);
    out.extend_from_slice(&KEEP_ALIVE.to_be_bytes());
    out.extend_from_slice(&payload);
    Ok(out)
}

/// The topic that a URL's path names.
pub(super) fn topic(path: &[u8]) -> Result<Vec<u8>> {
    let malformed = |message: &str| Error::new(Code::UrlMalformat, message.to_owned());
    let encoded = path.strip_prefix(b"/").unwrap_or(path);
    if encoded.is_empty() {
        return Err(malformed("No MQTT topic found. Forgot to URL encode it?"));
    }
    let Some(topic) = unescape_strict(encoded, Refuse::Control) else {
        return Err(Error::from(Code::UrlMalformat));
    };
    if topic.len() > 0xffff {
        return Err(malformed("Too long MQTT topic"));
    }
    Ok(topic)
}

pub(super) fn subscribe(topic: &[u8], out: &mut Vec<u8>) {
    out.push(SUBSCRIBE);
    length(topic.len() + 5, out);
    out.extend_from_slice(&[0, 1]);
    field(topic, out);
    out.push(0);
}

/// All of it but the message itself.
pub(super) fn publish(topic: &[u8], message: u64, out: &mut Vec<u8>) -> Result<()> {
    let message = usize::try_from(message).unwrap_or(usize::MAX);
    let len = message.saturating_add(2 + topic.len());
    if len > MAX_MESSAGE - 5 {
        return Err(Error::from(Code::TooLarge));
    }
    out.push(PUBLISH);
    length(len, out);
    field(topic, out);
    Ok(())
}

/// Text after its length in two bytes.
fn field(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
    out.extend_from_slice(text);
    Some(())
}

/// Seven bits a byte, the lowest first.
fn length(mut len: usize, out: &mut Vec<u8>) {
    loop {
        let byte = (len % 0x80) as u8;
        len /= 0x80;
        if len == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}
