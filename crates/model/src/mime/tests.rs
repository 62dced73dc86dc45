use super::*;
use crate::testing::Random;

const RANDOM: &[u8; BOUNDARY_RANDOM] = b"0123456789abcdefghijkl";
const BOUNDARY: &str = "------------------------0123456789abcdefghijkl";

fn form(parts: Vec<Part>) -> Part {
    let mut mime = Mime::new(RANDOM);
    mime.parts = parts;
    Part { content: Content::Multipart(mime), ..Part::default() }
}

fn bytes(text: &str) -> Option<Box<[u8]>> {
    Some(text.as_bytes().into())
}

fn data(text: &[u8]) -> Content {
    Content::Data(text.into())
}

const HTTP: Prepare<'_> = Prepare {
    mail: false,
    form_escape: false,
    content_type: Some(b"multipart/form-data"),
    body_only: true,
    extra_headers: &[],
};

const MAIL: Prepare<'_> = Prepare {
    mail: true,
    body_only: false,
    content_type: None,
    extra_headers: &[b"Mime-Version: 1.0"],
    ..HTTP
};

/// Reads a body with steps of `room`; sources give their number as a letter, `len` times.
fn read(body: &Arc<Body>, room: usize, len: usize) -> Vec<u8> {
    let mut reader = BodyReader::new(Arc::clone(body));
    let mut out = Vec::new();
    let mut given = [0; 3];
    loop {
        match reader.write(&mut out, room).unwrap() {
            Wants::Room => {}
            Wants::Nothing => return out,
            Wants::Source(SourceId(number)) => {
                let given = &mut given[number as usize];
                let now = room.min(len - *given);
                *given = if now == 0 { 0 } else { *given + now };
                reader.supply(&vec![b'a' + number as u8; now], &mut out).unwrap();
            }
        }
    }
}

fn text(part: &Part, how: &Prepare<'_>) -> String {
    let body = Arc::new(part.prepare(how).unwrap());
    let whole = read(&body, 1 << 20, 5);
    for room in [1, 3, 7, 64] {
        assert_eq!(read(&body, room, 5), whole, "by {room}");
    }
    if let Some(size) = body.size() {
        assert_eq!(size, whole.len() as u64);
    }
    String::from_utf8(whole).unwrap()
}

#[test]
fn forms_are_written() {
    let part = form(vec![
        Part { name: bytes("a\"\r\n"), content: data(b"1"), ..Part::default() },
        Part {
            name: bytes("f"),
            filename: bytes("x.png"),
            content: Content::File {
                path: b"/p/x".to_vec().into(),
                source: SourceId(0),
                size: Some(5),
            },
            headers: vec![b"X-A: b".to_vec().into(), b"content-type: text/x".to_vec().into()],
            ..Part::default()
        },
        Part { content: Content::Callback { source: SourceId(1), size: None }, ..Part::default() },
    ]);
    let want = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a%22%0D%0A\"\r\n\r\n1\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n\
         Content-Type: text/x\r\nX-A: b\r\n\r\naaaaa\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nbbbbb\r\n--{BOUNDARY}--\r\n"
    );
    assert_eq!(text(&part, &HTTP), want);
    let body = part.prepare(&HTTP).unwrap();
    let header = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}");
    assert_eq!(body.headers(), [header.into_bytes()]);
    assert_eq!(body.size(), None);
    assert_eq!(body.sources().collect::<Vec<_>>(), [SourceId(0), SourceId(1)]);
}

#[test]
fn an_empty_form_is_its_last_boundary() {
    assert_eq!(text(&form(vec![]), &HTTP), format!("--{BOUNDARY}--\r\n"));
}

#[test]
fn mails_are_written() {
    let file = |name: Option<Box<[u8]>>, path: &str| Part {
        filename: name,
        content: Content::File { path: path.as_bytes().into(), source: SourceId(2), size: None },
        encoder: Some(Encoder::Base64),
        ..Part::default()
    };
    let mut part = form(vec![
        Part { content: data(b"hello"), content_type: bytes("text/plain"), ..Part::default() },
        file(bytes("a\"\\b"), "x"),
        file(None, "x.gif"),
    ]);
    part.headers.push(b"Subject: s".to_vec().into());
    let want = format!(
        "Content-Type: multipart/mixed; boundary={BOUNDARY}\r\nMime-Version: 1.0\r\nSubject: s\r\n\r\n\
         --{BOUNDARY}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nhello\r\n\
         --{BOUNDARY}\r\nContent-Disposition: attachment; filename=\"a\\\"\\\\b\"\r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nY2NjY2M=\r\n\
         --{BOUNDARY}\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\nY2NjY2M=\r\n\
         --{BOUNDARY}--\r\n"
    );
    assert_eq!(text(&part, &MAIL), want);
}

#[test]
fn multiparts_nest_to_a_limit() {
    let mut part = form(vec![]);
    for _ in 1..MAX_LEVELS {
        part = form(vec![part]);
    }
    assert!(part.prepare(&HTTP).is_ok());
    assert_eq!(form(vec![part]).prepare(&HTTP).err(), Some(Code::ReadError));
    let inner =
        Part { name: bytes("n"), ..form(vec![Part { filename: bytes("f"), ..Part::default() }]) };
    let want = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"n\"\r\n\
         Content-Type: multipart/mixed; boundary={BOUNDARY}\r\n\r\n\
         --{BOUNDARY}\r\nContent-Disposition: attachment; filename=\"f\"\r\n\r\n\r\n--{BOUNDARY}--\r\n\r\n\
         --{BOUNDARY}--\r\n"
    );
    assert_eq!(text(&form(vec![inner]), &HTTP), want);
}

#[test]
fn what_cannot_be_sent_fails() {
    let named = form(vec![Part { name: bytes("a\nb"), ..Part::default() }]);
    assert_eq!(named.prepare(&MAIL).err(), Some(Code::BadFunctionArgument));
    let escaped = Prepare { form_escape: true, ..HTTP };
    assert_eq!(named.prepare(&escaped).err(), Some(Code::BadFunctionArgument));
    let coded = Part { encoder: Some(Encoder::Base64), ..form(vec![]) };
    assert_eq!(coded.prepare(&HTTP).err(), Some(Code::BadFunctionArgument));
    let eight =
        Part { encoder: Some(Encoder::SevenBit), content: data(b"a\xff"), ..Part::default() };
    let mut reader = BodyReader::new(Arc::new(eight.prepare(&HTTP).unwrap()));
    assert_eq!(reader.write(&mut Vec::new(), 9), Err(Code::ReadError));
}

fn encode(encoder: Encoder, bytes: &[u8]) -> String {
    let part = Part { encoder: Some(encoder), content: data(bytes), ..Part::default() };
    text(&part, &Prepare { content_type: None, ..HTTP })
}

#[test]
fn quoted_printable_keeps_lines_short() {
    let encode = |text: &str| encode(Encoder::QuotedPrintable, text.as_bytes());
    assert_eq!(encode("a=b\u{e9} \r\n\tc\t"), "a=3Db=C3=A9=20\r\n\tc=09");
    assert_eq!(encode("a\rb\nc\r"), "a=0Db=0Ac=0D");
    assert_eq!(encode(&"x".repeat(76)), "x".repeat(76));
    assert_eq!(encode(&"x".repeat(77)), format!("{}=\r\nxx", "x".repeat(75)));
    assert_eq!(encode(&format!("{}\r\ny", "x".repeat(76))), format!("{}\r\ny", "x".repeat(76)));
    assert_eq!(encode(&format!("{}=", "x".repeat(74))), format!("{}=\r\n=3D", "x".repeat(74)));
}

#[test]
fn base64_breaks_lines() {
    assert_eq!(encode(Encoder::Base64, b"ab"), "YWI=");
    let long = encode(Encoder::Base64, &[b'a'; 58]);
    assert_eq!(long, format!("{}\r\nYQ==", "YWFh".repeat(19)));
    assert_eq!(Encoder::from_name(b"Quoted-Printable"), Some(Encoder::QuotedPrintable));
    assert_eq!(Encoder::from_name(b"x"), None);
}

#[test]
fn sources_give_no_more_than_announced() {
    let part = Part {
        content: Content::Callback { source: SourceId(0), size: Some(3) },
        ..Part::default()
    };
    let mut reader = BodyReader::new(Arc::new(part.prepare(&HTTP).unwrap()));
    let mut out = Vec::new();
    assert_eq!(reader.write(&mut out, 9), Ok(Wants::Source(SourceId(0))));
    assert_eq!(reader.source_left(), Some(3));
    reader.supply(b"abcdef", &mut out).unwrap();
    assert_eq!(reader.write(&mut out, 9), Ok(Wants::Nothing));
    assert_eq!(out, b"abc");
    reader.rewind();
    assert_eq!(reader.write(&mut out, 9), Ok(Wants::Source(SourceId(0))));
}

#[test]
fn names_and_types_come_from_paths() {
    assert_eq!(base_name(b"/a/b/c.txt"), b"c.txt");
    assert_eq!(base_name(b"a/b//"), b"b");
    assert_eq!(base_name(b"/"), b"");
    assert_eq!(guess_content_type(b"A.JPEG"), Some("image/jpeg"));
    assert_eq!(guess_content_type(b"jpeg"), None);
}

#[test]
fn hostile_data_is_encoded_the_same_in_any_steps() {
    let pieces: &[&[u8]] =
        &[b"a", b" ", b"\r\n", b"\r", b"\n", b"=", b"\xff", b"xxxxxxxxxxxxxxxxxxxxxxxxx"];
    let mut random = Random::new(29);
    for round in 0..300 {
        let bytes = random.text(pieces, 40);
        let encoder = if round % 2 == 0 { Encoder::Base64 } else { Encoder::QuotedPrintable };
        let coded = encode(encoder, &bytes);
        assert!(coded.split("\r\n").all(|line| line.len() <= 76));
    }
}
