//! SETTINGS (RFC 9113, 6.5): ours to the peer and the peer's to us.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Config;
use super::error::{ConnectionError, ErrorCode, FrameResult, protocol};

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// The bytes of one setting.
pub(super) const ENTRY_LEN: usize = 6;
/// The window of a stream and of the connection before any SETTINGS (RFC 9113, 6.9.2).
pub(super) const DEFAULT_WINDOW: u32 = 65_535;
/// The largest window there may be (RFC 9113, 6.9.1).
pub(super) const MAX_WINDOW: u32 = 0x7fff_ffff;

/// The payload of the SETTINGS frame that `config` asks for: what libcurl sends.
pub(super) fn payload(config: &Config) -> [u8; 3 * ENTRY_LEN] {
    let mut payload = [0; 3 * ENTRY_LEN];
    let entries = [
        (MAX_CONCURRENT_STREAMS, config.max_concurrent),
        (INITIAL_WINDOW_SIZE, config.initial_window),
        (ENABLE_PUSH, u32::from(config.push)),
    ];
    for (entry, (id, value)) in payload.chunks_exact_mut(ENTRY_LEN).zip(entries) {
        entry[..2].copy_from_slice(&id.to_be_bytes());
        entry[2..].copy_from_slice(&value.to_be_bytes());
    }
    payload
}

/// The value of the `HTTP2-Settings` field of an upgrade request (RFC 7540, 3.2.1).
pub fn upgrade_value(config: &Config) -> String {
    URL_SAFE_NO_PAD.encode(payload(config))
}

/// What the peer has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerSettings {
    /// How large a dynamic table our encoder may use, in bytes.
    pub header_table_size: u32,
    /// How many streams of ours may be open at once.
    pub max_concurrent: u32,
    /// The window of a new stream towards the peer, in bytes.
    pub initial_window: u32,
    /// The largest frame payload that the peer takes, in bytes.
    pub max_frame: u32,
    /// Whether extended CONNECT is allowed (RFC 8441).
    pub extended_connect: bool,
}

impl PeerSettings {
    /// What holds until the peer's SETTINGS are there.
    pub(super) fn before_any(max_concurrent: u32) -> Self {
        Self {
            header_table_size: super::hpack::DEFAULT_TABLE_SIZE,
            max_concurrent,
            initial_window: DEFAULT_WINDOW,
            max_frame: super::frame::MAX_PAYLOAD,
            extended_connect: false,
        }
    }

    /// Takes the settings of a frame's payload, each in its turn; unknown ones are ignored.
    pub(super) fn apply(&mut self, payload: &[u8]) -> FrameResult<()> {
        for entry in payload.chunks_exact(ENTRY_LEN) {
            let &[a, b, c, d, e, f] = entry else { continue };
            let value = u32::from_be_bytes([c, d, e, f]);
            match u16::from_be_bytes([a, b]) {
                HEADER_TABLE_SIZE => self.header_table_size = value,
                ENABLE_PUSH if value != 0 => return protocol("server sent ENABLE_PUSH"),
                MAX_CONCURRENT_STREAMS => self.max_concurrent = value,
                INITIAL_WINDOW_SIZE if value > MAX_WINDOW => {
                    let why = "INITIAL_WINDOW_SIZE over the maximum";
                    return Err(ConnectionError(ErrorCode::FLOW_CONTROL_ERROR, why));
                }
                INITIAL_WINDOW_SIZE => self.initial_window = value,
                MAX_FRAME_SIZE if !(16_384..=0xff_ffff).contains(&value) => {
                    return protocol("MAX_FRAME_SIZE out of range");
                }
                MAX_FRAME_SIZE => self.max_frame = value,
                ENABLE_CONNECT_PROTOCOL if value > 1 => {
                    return protocol("ENABLE_CONNECT_PROTOCOL out of range");
                }
                ENABLE_CONNECT_PROTOCOL => self.extended_connect = value == 1,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, PeerSettings, payload, upgrade_value};

    #[test]
    fn what_libcurl_sends() {
        let config = Config::default();
        assert_eq!(payload(&config), *b"\0\x03\0\0\0\x64\0\x04\0\x01\0\0\0\x02\0\0\0\0");
        assert_eq!(upgrade_value(&config), "AAMAAABkAAQAAQAAAAIAAAAA");
    }

    #[test]
    fn values_out_of_range() {
        let mut settings = PeerSettings::before_any(100);
        for bad in
            [b"\0\x02\0\0\0\x01", b"\0\x04\x80\0\0\0", b"\0\x05\0\0\x3f\xff", b"\0\x08\0\0\0\x02"]
        {
            assert!(settings.apply(bad).is_err(), "{bad:?}");
        }
        assert!(settings.apply(b"\0\x05\0\x01\0\0\xab\xcd\xff\xff\xff\xff").is_ok());
        assert_eq!(settings.max_frame, 65_536);
    }
}
