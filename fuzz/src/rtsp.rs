//! RTSP: headers of replies, and packets between them, in pieces of any size.

use tress_proto::rtsp::{Channels, Checks, Interleaved, Method, Piece};

pub fn run(data: &[u8]) {
    let Some((&[size, cseq, lines], bytes)) = data.split_first_chunk::<3>() else { return };
    let session = (lines & 128 != 0).then(|| "session".to_owned());
    let mut checks = Checks::new(Method::Setup, cseq.into(), session);
    let mut channels = Channels::default();
    let mut rest = bytes;
    for _ in 0..lines & 15 {
        let Some(end) = rest.iter().position(|&b| b == b'\n') else { break };
        if checks.header(&String::from_utf8_lossy(&rest[..end]), &mut channels).is_err() {
            break;
        }
        rest = &rest[end + 1..];
    }
    let _ = (checks.done(), checks.closed());
    let whole = packets(rest, usize::MAX, &channels);
    // How the bytes were cut changes nothing of what they mean.
    assert_eq!(whole, packets(rest, usize::from(size).max(1), &channels));
    replies(rest, usize::from(size).max(1), cseq.into(), &channels);
}

/// What is in a packet, and what is not, while only packets are waited for; whether the last one
/// is unfinished.
fn packets(bytes: &[u8], size: usize, channels: &Channels) -> (Vec<Vec<u8>>, Vec<u8>, bool) {
    let (mut packets, mut other) = (Vec::new(), Vec::new());
    let mut interleaved = Interleaved::default();
    for piece in bytes.chunks(size.min(bytes.len().max(1))) {
        let mut input = piece;
        loop {
            let (used, what) = interleaved.next(input, 0, false, channels);
            match what {
                None => break assert_eq!(used, input.len()),
                Some(Piece::Packet(range)) => packets.push(input[range].to_vec()),
                Some(Piece::HeldPacket) => packets.push(interleaved.packet().to_vec()),
                Some(Piece::Other(range)) => other.extend(&input[range]),
                Some(Piece::Dollar) => other.push(b'$'),
                Some(Piece::Reply) => panic!("no reply is waited for"),
            }
            input = &input[used..];
        }
    }
    (packets, other, interleaved.in_packet())
}

/// With replies, of which one has a body left: each step goes on.
fn replies(bytes: &[u8], size: usize, body: u64, channels: &Channels) {
    let mut interleaved = Interleaved::default();
    let mut left = body;
    for piece in bytes.chunks(size) {
        let mut input = piece;
        loop {
            let (used, what) = interleaved.next(input, left, true, channels);
            input = match what {
                None => break,
                // Its headers are for another machine; here they are a byte.
                Some(Piece::Reply) => &input[1..],
                Some(what) => {
                    if let Piece::Other(range) = what {
                        left = left.saturating_sub(range.len() as u64);
                    }
                    &input[used..]
                }
            };
        }
    }
}
