use super::*;
use crate::testing::Prng;

fn request(publish: Option<&[u8]>) -> Request {
    Request {
        path: b"/t".to_vec(),
        publish: publish.map(|message| message.len() as u64),
        user: Vec::new(),
        password: Vec::new(),
        client_id: *b"curl12345678",
        max_filesize: None,
    }
}

fn play(request: Request, input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>, bool)> {
    let message = vec![b'm'; request.publish.unwrap_or_default() as usize];
    let now = Instant::now();
    let mut mqtt = Mqtt::new(request, now)?;
    let (mut sent, mut body) = (Vec::new(), Vec::new());
    for part in input.chunks(piece) {
        let mut at = 0;
        loop {
            sent.extend_from_slice(mqtt.output());
            mqtt.sent(mqtt.output().len(), now);
            let rest = &part[at..];
            let (used, event) = mqtt.receive(rest, now)?;
            at += used;
            match event {
                Event::More => break,
                Event::Upload => {
                    sent.extend_from_slice(mqtt.output());
                    mqtt.sent(mqtt.output().len(), now);
                    sent.extend_from_slice(&message);
                    mqtt.published();
                }
                Event::Download(_) => {}
                Event::Body(range) => body.extend_from_slice(&rest[range]),
                Event::Done => {
                    sent.extend_from_slice(mqtt.output());
                    return Ok((sent, body, true));
                }
            }
        }
    }
    Ok((sent, body, false))
}

const CONNECTED: &[u8] = b"\x10\x18\0\x04MQTT\x04\x02\0\x3c\0\x0ccurl12345678";

#[test]
fn subscribing() {
    let input = b"\x20\x02\0\0\x90\x03\0\x01\0\x30\x05\0\x01thi\xd0\0\x30\x04\0\x01t!\xe0\0";
    for piece in 1..=input.len() {
        let (sent, body, done) = play(request(None), input, piece).unwrap();
        assert_eq!(sent, [CONNECTED, b"\x82\x06\0\x01\0\x01t\0"].concat());
        assert_eq!((body.as_slice(), done), (&b"\0\x01thi\0\x01t!"[..], true));
    }
}

#[test]
fn publishing() {
    let (sent, _, done) = play(request(Some(b"hello")), b"\x20\x02\0\0", 1).unwrap();
    assert_eq!(sent, [CONNECTED, b"\x30\x08\0\x01tmmmmm\xe0\0"].concat());
    assert!(done);
    let long = vec![b'x'; 200];
    let (sent, ..) = play(request(Some(&long)), b"\x20\x02\0\0", 9).unwrap();
    assert_eq!(sent[CONNECTED.len()..][..3], [0x30, 0xcb, 0x01]);
}

#[test]
fn credentials_and_pings() {
    let who = Request { user: b"u".to_vec(), password: b"pw".to_vec(), ..request(None) };
    let now = Instant::now();
    let mut mqtt = Mqtt::new(who, now).unwrap();
    assert_eq!(mqtt.output()[9], 0xc2);
    assert!(mqtt.output().ends_with(b"\0\x01u\0\x02pw"));
    let second = Duration::from_secs(1);
    assert_eq!(mqtt.ping_deadline(second), Some(now + second));
    mqtt.ping();
    assert_eq!(mqtt.ping_deadline(second), None);
    mqtt.receive(b"\xd0\0", now).unwrap();
    assert!(mqtt.ping_deadline(second).is_some());
}

#[test]
fn refusals() {
    let wording = |input: &[u8]| {
        let error = play(request(None), input, 99).unwrap_err();
        assert_eq!(error.code(), Code::WeirdServerReply);
        error.message().to_owned()
    };
    assert_eq!(wording(b"\x20\x03"), "CONNACK expected Remaining Length 2, got 3");
    assert_eq!(wording(b"\x20\x02\0\x05"), "Expected 0000 but got 0005");
    assert_eq!(wording(b"\x20\x02\0\0\x90\x04"), "SUBACK expected Remaining Length 3, got 4");
    assert_eq!(
        wording(b"\xe1\0"),
        "Broker sent malformed DISCONNECT (remaining_length=0, header byte=0xe1)"
    );
    wording(b"\x20\x80\x80\x80\x80");
    wording(b"\x20\x02\0\0\x90\x03\0\x01\x80");
    for path in ["/", "", "/%01", &format!("/{}", "t".repeat(0x1_0000))] {
        let bad = Request { path: path.into(), ..request(None) };
        assert_eq!(play(bad, b"\x20\x02\0\0", 1).unwrap_err().code(), Code::UrlMalformat);
    }
    let small = Request { max_filesize: Some(3), ..request(None) };
    let error = play(small, b"\x20\x02\0\0\x30\x04", 9).unwrap_err();
    assert_eq!(error.code(), Code::FilesizeExceeded);
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(55);
    for _ in 0..2000 {
        let len = prng.below(60);
        let tail = prng.bytes(len, &[0x20, 2, 0, 0x30, 0x90, 3, 1, 0x80, 0xe0, 0xd0]);
        let input = [&b"\x20\x02\0\0"[..], &tail].concat();
        let _ = play(request(None), &input, 1 + prng.below(20));
    }
}
