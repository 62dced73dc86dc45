use super::*;
use crate::testing::Prng;

fn options(options: &[&str]) -> Result<Options> {
    Options::parse(None, options.iter().map(|option| option.as_bytes()))
}

fn play(options: Options, input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut telnet, mut body) = (Telnet::new(options), Vec::new());
    for part in input.chunks(piece) {
        let mut at = 0;
        loop {
            let rest = &part[at..];
            let (used, event) = telnet.receive(rest)?;
            at += used;
            match event {
                Event::More => break,
                Event::Body(range) => body.extend_from_slice(&rest[range]),
            }
        }
        assert_eq!(at, part.len());
    }
    Ok((telnet.output().to_vec(), body))
}

#[test]
fn data_any_split() {
    let input = b"a\r\0b\r\nc\xff\xffd\xff\xf1e\r\xff\xfff\r\r\0g";
    for piece in 1..=input.len() {
        let (out, body) = play(Options::default(), input, piece).unwrap();
        assert_eq!(
            (out.as_slice(), body.as_slice()),
            (&b""[..], &b"a\rb\r\nc\xffde\r\xfff\r\rg"[..])
        );
    }
}

#[test]
fn negotiation() {
    let input = [IAC, DO, 99, IAC, WILL, ECHO, IAC, DO, WINDOW_SIZE, IAC, WONT, ECHO, b'x'];
    for piece in 1..=input.len() {
        let (out, body) = play(options(&["WS=80x255"]).unwrap(), &input, piece).unwrap();
        let wanted = [
            &[IAC, WONT, 99][..],
            &[IAC, WILL, BINARY, IAC, DO, BINARY],
            &[IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, SUPPRESS_GO_AHEAD],
            &[IAC, WILL, WINDOW_SIZE],
            &[IAC, DO, ECHO],
            &[IAC, SB, WINDOW_SIZE, 0, 80, 0, 255, 255, IAC, SE],
            &[IAC, DONT, ECHO],
        ]
        .concat();
        assert_eq!((out, body.as_slice()), (wanted, &b"x"[..]));
    }
}

#[test]
fn suboptions() {
    let ask = |option| [IAC, SB, option, 1, IAC, SE];
    let answer = |list: &[&str], option| play(options(list).unwrap(), &ask(option), 2);
    let (out, _) = answer(&["TTYPE=vt100"], TERMINAL_TYPE).unwrap();
    assert_eq!(out, b"\xff\xfa\x18\0vt100\xff\xf0");
    let (out, _) = answer(&["NEW_ENV=A,b", "new_env=C"], NEW_ENVIRON).unwrap();
    assert_eq!(out, b"\xff\xfa\x27\0\0A\x01b\0C\xff\xf0");
    let long = format!("XDISPLOC={}", "x".repeat(1001));
    let error = answer(&[&long], X_DISPLAY).unwrap_err();
    assert_eq!(error.message(), "Too long telnet XDISPLOC");
    let error = play(Options::default(), &[IAC, SB, 1, IAC, 5], 9).unwrap_err();
    assert_eq!(error.message(), "telnet: suboption error");
}

#[test]
fn the_end_of_a_long_suboption_is_dropped() {
    let mut telnet = Telnet::new(options(&["TTYPE=vt100"]).unwrap());
    let long = [&[IAC, SB, TERMINAL_TYPE][..], &[1; 100_000], &[IAC, IAC].repeat(1000)].concat();
    assert_eq!(telnet.receive(&long).unwrap(), (long.len(), Event::More));
    assert_eq!(telnet.suboption.len(), MAX_SUBOPTION);
    // What was kept is answered, and data go on.
    assert_eq!(telnet.receive(&[IAC, SE, b'x']).unwrap(), (3, Event::Body(2..3)));
    assert_eq!(telnet.output(), b"\xff\xfa\x18\0vt100\xff\xf0");
}

#[test]
fn option_errors() {
    let code = |option| options(&[option]).unwrap_err().code();
    assert_eq!(code("TTYPE"), Code::SetoptOptionSyntax);
    assert_eq!(code("WS=80"), Code::SetoptOptionSyntax);
    assert_eq!(code("WS=80x70000"), Code::SetoptOptionSyntax);
    assert_eq!(code("NOPE=1"), Code::UnknownOption);
    assert_eq!(options(&["NOPE=1"]).unwrap_err().message(), "Unknown telnet option NOPE=1");
    let user = Options::parse(Some(b"\xe4"), []).unwrap_err();
    assert_eq!(user.code(), Code::BadFunctionArgument);
}

#[test]
fn sending_and_hostile_bytes() {
    let mut telnet = Telnet::new(Options::default());
    telnet.send(b"a\xffb");
    assert_eq!(telnet.output(), b"a\xff\xffb");
    let mut prng = Prng::new(77);
    for _ in 0..2000 {
        let len = prng.below(60);
        let input = prng.bytes(len, &[IAC, SB, SE, DO, DONT, WILL, WONT, 24, 39, 13, 0]);
        let _ = play(options(&["TTYPE=x"]).unwrap(), &input, 1 + prng.below(20));
    }
}
