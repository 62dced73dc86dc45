//! Peers that overdo it: each limit by its name.

use std::time::Duration;

use super::*;
use crate::h2::{ErrorCode, Limits, Open, Rate};

/// Repeats `script` until the connection gives up; how often that was, and the reason.
fn flood(limits: Limits, mut script: impl FnMut(&mut Peer)) -> (usize, String) {
    let (mut connection, mut peer) = connected(Config { limits, push: true, ..config() });
    get(&mut connection);
    for round in 0..200_000 {
        script(&mut peer);
        let input = std::mem::take(&mut peer.out);
        if let Err(error) = receive(&mut connection, &input) {
            return (round, error.message().to_string());
        }
        sent(&mut connection);
    }
    panic!("no limit");
}

#[test]
fn settings_ping_priority_and_unknown_floods() {
    let calm = "(error 0xb ENHANCE_YOUR_CALM)";
    for (kind, stream, flags, len, name) in [
        (frame::SETTINGS, 0, 0, 0, "SETTINGS"),
        (frame::SETTINGS, 0, 1, 0, "SETTINGS"),
        (frame::PING, 0, 0, 8, "PING"),
        (frame::PING, 0, 1, 8, "PING"),
        (frame::PRIORITY, 1, 0, 5, "PRIORITY"),
        (frame::GOAWAY, 0, 0, 8, "GOAWAY"),
        (0x77, 1, 0, 5, "unknown"),
    ] {
        let payload = vec![0; len];
        let (rounds, why) = flood(Limits::default(), |peer| {
            peer.frame(kind, flags, stream, &payload);
        });
        assert!((900..1100).contains(&rounds), "{name} {rounds}");
        assert_eq!(why, format!("HTTP/2 connection shut down: too many {name} frames {calm}"));
    }
    let many = [(3, 100); 2000];
    let (rounds, _) = flood(Limits::default(), |peer| {
        peer.settings(&many);
    });
    assert!(rounds < 20, "{rounds}");
}

#[test]
fn pings_now_and_then_are_fine() {
    let (mut connection, mut peer) = connected(config());
    let mut now = Instant::now();
    for _ in 0..5000 {
        now += Duration::from_secs(10);
        peer.frame(frame::PING, 0, 0, b"12345678");
        let input = std::mem::take(&mut peer.out);
        connection.advance(&input, now).unwrap();
        sent(&mut connection);
    }
}

#[test]
fn window_update_flood() {
    for stream in [0, 1] {
        let (rounds, why) = flood(Limits::default(), |peer| {
            peer.window_update(stream, 1);
        });
        assert!((9_000..15_000).contains(&rounds), "{rounds}");
        assert!(why.contains("too many WINDOW_UPDATE frames"));
    }
}

#[test]
fn rapid_reset() {
    let (mut connection, mut peer) = connected(config());
    for round in 0..2000 {
        let stream = get(&mut connection);
        peer.rst_stream(stream.0, 8);
        let input = std::mem::take(&mut peer.out);
        if let Err(error) = receive(&mut connection, &input) {
            assert!((1000..1100).contains(&round), "{round}");
            assert!(error.message().contains("too many RST_STREAM frames"));
            return;
        }
        sent(&mut connection);
    }
    panic!("no limit");
}

#[test]
fn promise_flood() {
    let mut id = 0;
    let (rounds, why) = flood(Limits::default(), |peer| {
        id += 2;
        peer.promise(1, id, ":method=GET|:scheme=http|:authority=a|:path=/p");
    });
    assert!((1000..1100).contains(&rounds), "{rounds}");
    assert!(why.contains("too many PUSH_PROMISE frames"));
}

#[test]
fn empty_data_frames() {
    let mut first = true;
    let (rounds, why) = flood(Limits::default(), |peer| {
        if std::mem::take(&mut first) {
            peer.headers(1, ":status=200", false);
        }
        peer.data(1, b"", false);
    });
    assert!((1000..1100).contains(&rounds), "{rounds}");
    assert!(why.contains("too many empty DATA frames"));
}

#[test]
fn continuation_flood() {
    let mut first = true;
    let mut begin = move |peer: &mut Peer| {
        if std::mem::take(&mut first) {
            peer.frame(frame::HEADERS, 1, 1, b"");
        }
    };
    let mut again = begin;
    let (rounds, why) = flood(Limits::default(), |peer| {
        begin(peer);
        peer.frame(frame::CONTINUATION, 0, 1, b"");
    });
    assert_eq!(rounds, 8);
    assert!(why.contains("too many CONTINUATION frames"));
    let patient = Limits { continuations: u32::MAX, ..Limits::default() };
    let (rounds, why) = flood(patient, |peer| {
        again(peer);
        peer.frame(frame::CONTINUATION, 0, 1, &[0x88; 16_384]);
    });
    assert_eq!(rounds, 18, "300 KiB of header block");
    assert!(why.contains("header block over the limit"));
    let strict = Limits { empty_frames: Rate { burst: 5, per_second: 1 }, ..patient };
    let mut first = true;
    let (_, why) = flood(strict, |peer| {
        if std::mem::take(&mut first) {
            peer.frame(frame::HEADERS, 1, 1, b"");
        }
        peer.frame(frame::CONTINUATION, 0, 1, b"");
    });
    assert!(why.contains("too many empty header frames"));
}

/// Heads over the limits cost the stream, not the connection.
#[test]
fn header_list_size_and_count() {
    let limits = Limits { header_list_bytes: 1000, header_count: 20, ..Limits::default() };
    let (mut connection, mut peer) = connected(Config { limits, ..config() });
    let large = format!(":status=200|x={}", "v".repeat(1000));
    let many = format!(":status=200{}", "|x=".repeat(20));
    for head in [large, many] {
        let stream = get(&mut connection);
        peer.headers(stream.0, &head, true);
        let told = peer.tell(&mut connection);
        assert_eq!(told, format!("{stream} reset ENHANCE_YOUR_CALM by head over the limit;"));
    }
    let stream = get(&mut connection);
    peer.headers(stream.0, ":status=200|x=", true);
    assert!(peer.tell(&mut connection).ends_with("|x: || end;"));
}

/// Few bytes that stand for many: each names a large field of the dynamic table.
#[test]
fn hpack_bomb() {
    let (mut connection, mut peer, _) = getting();
    let mut block = peer.block(&format!(":status=200|x={}", "v".repeat(3000)));
    block.extend(std::iter::repeat_n(0xbe, 1000));
    peer.frame(frame::HEADERS, frame::FLAG_END_HEADERS, 1, &block);
    let told = peer.offend(&mut connection);
    assert!(told.contains("head far over the limit (error 0x9 COMPRESSION_ERROR)"), "{told}");
}

#[test]
fn a_huge_field() {
    for name in [true, false] {
        let (mut connection, mut peer, _) = getting();
        let huge = "v".repeat(65_537);
        let field = if name { format!("{huge}=x") } else { format!("x={huge}") };
        let block = peer.block(&format!(":status=200|{field}"));
        let mut kind = frame::HEADERS;
        for part in block.chunks(16_384) {
            peer.frame(kind, 0, 1, part);
            kind = frame::CONTINUATION;
        }
        peer.frame(kind, frame::FLAG_END_HEADERS, 1, b"");
        assert!(peer.offend(&mut connection).contains("name or value over the limit"));
    }
}

#[test]
fn endless_informational_responses() {
    let (mut connection, mut peer, _) = getting();
    (0..101).for_each(|_| {
        peer.headers(1, ":status=103", false);
    });
    let told = peer.tell(&mut connection);
    assert!(told.ends_with("1 reset ENHANCE_YOUR_CALM by too many 1xx responses;"));
    assert_eq!(told.matches("head 103").count(), 100);
}

#[test]
fn heads_for_closed_streams() {
    let (mut connection, mut peer) = connected(config());
    get(&mut connection);
    peer.headers(1, ":status=200", true).tell(&mut connection);
    (0..1100).for_each(|_| {
        peer.headers(1, ":status=200", true);
    });
    assert!(peer.offend(&mut connection).contains("too many heads for closed streams"));
}

/// What was under way when we closed a stream is dropped; more than its window allowed is not.
#[test]
fn data_for_closed_streams() {
    let (mut connection, mut peer, stream) = getting();
    peer.headers(1, ":status=200", false).data(1, &[0; 10_000], false).tell(&mut connection);
    connection.reset(stream, ErrorCode::CANCEL);
    let left = 64 * 1024 - 10_000;
    (0..left / 16_384).for_each(|_| {
        peer.data(1, &[0; 16_384], false);
    });
    peer.data(1, &vec![0; left % 16_384], true);
    assert_eq!(peer.tell(&mut connection), "");
    peer.data(1, b"x", false);
    assert!(
        peer.offend(&mut connection).contains("DATA on a closed stream (error 0x5 STREAM_CLOSED)")
    );
    let (mut connection, mut peer, _) = getting();
    peer.headers(1, ":status=200", false).data(1, b"all", true).tell(&mut connection);
    peer.data(1, b"more", false);
    assert!(peer.offend(&mut connection).contains("DATA on a closed stream"));
}

/// A peer that asks for answers and reads none.
#[test]
fn answers_nobody_reads() {
    let limits = Limits {
        control_frames: Rate { burst: u32::MAX, per_second: 0 },
        pending_output: 10_000,
        ..Limits::default()
    };
    let (mut connection, mut peer) = connected(Config { limits, ..config() });
    (0..1000).for_each(|_| {
        peer.frame(frame::PING, 0, 0, b"12345678");
    });
    assert!(peer.offend(&mut connection).contains("too much output is pending"));
    assert!(connection.pending_output().len() < 11_000);
}

/// xorshift64*: the same frames on each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

/// Frames of any kind with any payload: no panic, no runaway memory, bounded replies.
#[test]
fn random_frames() {
    for seed in 1..400 {
        let mut random = Random(seed);
        let (mut connection, mut peer) = connected(Config { push: seed % 2 == 0, ..config() });
        for _ in 0..200 {
            if random.below(4) == 0 {
                let head = fields(":method=POST|:path=/");
                let _ = connection.open(&head, Open::default());
            }
            let stream = random.below(8) as u32;
            match random.below(8) {
                0 => {
                    peer.headers(stream, ":status=200|x=y", random.below(4) == 0);
                }
                1 => {
                    peer.data(stream, b"some body", random.below(4) == 0);
                }
                _ => {
                    let payload: Vec<u8> =
                        (0..random.below(20)).map(|_| random.below(256) as u8).collect();
                    let flags = random.below(256) as u8 & 0x2d;
                    peer.frame(random.below(11) as u8, flags, stream, &payload);
                }
            }
            let input = std::mem::take(&mut peer.out);
            let cut = random.below(input.len() as u64) as usize;
            let outcome = play(&mut connection, &input[..cut])
                .and_then(|()| play(&mut connection, &input[cut..]));
            connection.consumed(StreamId(stream), 5);
            let _ = connection.send_data(StreamId(stream), b"upload", false);
            if outcome.is_err() {
                break;
            }
        }
        assert!(connection.pending_output().len() < 20_000);
    }
}

/// Real scripts with bytes changed.
#[test]
fn bytes_flipped() {
    let mut peer = Peer::greeting();
    peer.headers(1, ":status=200|content-length=9|server=x", false).data(1, b"some body", true);
    peer.headers(3, ":status=200", false).window_update(0, 9).data(3, &[7; 300], false);
    let script = peer.out;
    for seed in 1..3000 {
        let mut random = Random(seed);
        let mut input = script.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(input.len() as u64) as usize;
            input[at] ^= 1 << random.below(8);
        }
        let mut connection = Connection::new(config());
        get(&mut connection);
        get(&mut connection);
        let _ = play(&mut connection, &input);
        assert!(connection.pending_output().len() < 1000);
    }
}

/// Gives `input` and sees that ranges lie within it and that it comes to an end.
fn play(connection: &mut Connection, input: &[u8]) -> Result<(), Error> {
    let mut rest = input;
    for _ in 0..10_000 {
        let advance = connection.advance(rest, Instant::now())?;
        match advance.event {
            Event::More => return Ok(()),
            Event::Data { range, .. } => assert!(range.end <= advance.consumed),
            _ => {}
        }
        rest = &rest[advance.consumed..];
    }
    panic!("no end of events");
}
