//! Conversations of lines: FTP, SMTP, IMAP and POP3 with a server that says anything, several
//! requests one after the other.

use std::time::Instant;

use tress_model::{Code, Error};
use tress_proto::pingpong::{Event, UseSsl};
use tress_proto::{ftp, imap, pop3, sasl, smtp};

/// Steps of one conversation at most: it must come to an end with its input.
const MOST_STEPS: usize = 100_000;

/// What the owner of a machine has to do next.
enum Said {
    Wait,
    GoOn,
    StartTls,
    Next,
    Moved(u64),
    Ftp(ftp::Ask),
}

impl From<Event<'_>> for Said {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Wait => Self::Wait,
            Event::Line { .. } | Event::Body(_) => Self::GoOn,
            Event::StartTls => Self::StartTls,
            Event::Ready | Event::Done => Self::Next,
            Event::Upload => Self::Moved(100),
            Event::Download(size) => Self::Moved(size.unwrap_or(3)),
            Event::Ftp(ask) => Self::Ftp(ask),
            Event::Ssh(_) => unreachable!("a conversation in lines"),
        }
    }
}

/// Drives a machine with the server's `bytes`. `next` begins the request of a number, `moved` tells
/// it of a transfer, `asked` answers what FTP asks; each says whether to go on.
macro_rules! talk {
    ($machine:expr, $bytes:expr, $size:expr, $now:expr, $next:expr, $moved:expr, $asked:expr) => {{
        let mut machine = $machine;
        let (mut steps, mut requests) = (0, 0_u8);
        'talk: for piece in $bytes.chunks($size) {
            let mut at = 0;
            loop {
                let count = machine.output().len();
                machine.sent(count, $now);
                let Ok((consumed, event)) = machine.step(&piece[at..]) else { break 'talk };
                let said = Said::from(event);
                at += consumed;
                assert!(at <= piece.len());
                let go_on = match said {
                    Said::Wait if consumed == 0 && machine.output().is_empty() => break,
                    Said::Wait | Said::GoOn => true,
                    Said::StartTls => {
                        machine.tls_started();
                        true
                    }
                    Said::Next => {
                        requests = requests.wrapping_add(1);
                        $next(&mut machine, requests)
                    }
                    Said::Moved(count) => $moved(&mut machine, count),
                    Said::Ftp(ask) => $asked(&mut machine, ask),
                };
                if !go_on {
                    break 'talk;
                }
                steps += 1;
                assert!(steps < MOST_STEPS, "an endless conversation");
            }
        }
        let _ = machine.closed();
    }};
}

pub fn run(data: &[u8]) {
    let Some((&[which, size, shape], bytes)) = data.split_first_chunk::<3>() else { return };
    let size = usize::from(size).max(1);
    let use_ssl = [UseSsl::None, UseSsl::Try, UseSsl::None, UseSsl::All];
    let use_ssl = use_ssl[usize::from(which >> 2 & 1 | which >> 3 & 2)];
    match which & 3 {
        0 => ftp(which, shape, bytes, size, use_ssl),
        1 => smtp(which, shape, bytes, size, use_ssl),
        2 => imap(which, shape, bytes, size, use_ssl),
        _ => pop3(which, shape, bytes, size, use_ssl),
    }
}

fn login(which: u8, shape: u8) -> sasl::Config {
    let credentials = sasl::Credentials {
        user: b"user".to_vec(),
        password: if shape & 8 != 0 { Vec::new() } else { b"password".to_vec() },
        authzid: if shape & 4 != 0 { b"other".to_vec() } else { Vec::new() },
        service: None,
        bearer: (which & 32 != 0).then(|| b"token".to_vec()),
    };
    sasl::Config {
        credentials: (which & 8 != 0).then_some(credentials),
        host: "host".into(),
        port: 25,
        initial_response: which & 64 != 0,
        allowed: if which & 128 != 0 { sasl::ALL } else { sasl::DEFAULT },
        ..Default::default()
    }
}

fn ftp(which: u8, shape: u8, bytes: &[u8], size: usize, use_ssl: UseSsl) {
    let has = |bit: u8| which & bit != 0;
    let word = |there: bool| there.then(|| b"word".to_vec());
    let config = ftp::Config {
        user: b"user".to_vec(),
        password: b"password".to_vec(),
        account: word(has(8)),
        alternative_to_user: word(has(8)),
        use_ssl,
        tls: has(64) && has(32),
        auth_tls_first: has(32),
        clear_command_channel: has(32),
        no_epsv: has(64),
        no_eprt: has(64),
        ipv6: has(128),
        tunneled: has(128) && has(64),
    };
    let now = Instant::now();
    let begin = |ftp: &mut ftp::Ftp, number: u8| {
        let number = shape.wrapping_add(number.wrapping_sub(1).wrapping_mul(37));
        ftp.perform(ftp_request(number, number.rotate_left(3) ^ which)).is_ok()
    };
    let moved = |ftp: &mut ftp::Ftp, count: u64| {
        ftp.accepted();
        ftp.transferred(count, now);
        true
    };
    let asked = |ftp: &mut ftp::Ftp, ask: ftp::Ask| match ask {
        ftp::Ask::OpenData { port: 1, .. } => {
            ftp.data_failed(Error::from(Code::CouldntConnect)).is_ok()
        }
        ftp::Ask::OpenData { .. } => ftp.data_connected().is_ok(),
        ftp::Ask::Listen => {
            let near: [u8; 4] = [127, 0, 0, 1];
            ftp.listening(if has(128) { [0_u8; 16].into() } else { near.into() }, 4000);
            true
        }
        ftp::Ask::StopTls => {
            ftp.tls_stopped();
            true
        }
        ftp::Ask::Header(header) => {
            assert!(!header.trim_end().contains(['\r', '\n']), "a header of one line: {header:?}");
            true
        }
        _ => true,
    };
    talk!(ftp::Ftp::new(config, now), bytes, size, now, begin, moved, asked);
}

fn ftp_request(bits: u8, more: u8) -> ftp::Request {
    let has = |bit: u8| bits & bit != 0;
    let also = |bit: u8| more & bit != 0;
    let commands = |there: bool| match there {
        true => vec![b"*NOOP".to_vec(), b"PWD".to_vec()],
        false => Vec::new(),
    };
    let conditions = [ftp::TimeCondition::IfModifiedSince, ftp::TimeCondition::IfUnmodifiedSince];
    ftp::Request {
        path: [&b"a/b/c"[..], b"a/b/", b"", b"/x"][usize::from(more & 3)].to_vec(),
        method: [ftp::FileMethod::MultiCwd, ftp::FileMethod::NoCwd, ftp::FileMethod::SingleCwd]
            [usize::from(more >> 2) % 3],
        upload: has(1),
        append: has(2),
        list_only: has(2),
        upload_size: also(16).then_some(100),
        converts_lines: also(32),
        custom: also(64).then(|| b"LIST -a".to_vec()),
        ascii: also(32),
        no_body: has(4),
        quote: commands(has(16)),
        prequote: commands(has(16)),
        postquote: commands(has(16)),
        missing_dirs: [ftp::MissingDirs::Fail, ftp::MissingDirs::Create, ftp::MissingDirs::Retry]
            [usize::from(more >> 5) % 3],
        file_time: has(64),
        time_condition: has(64).then(|| (conditions[usize::from(more & 1)], 1_000_000_000)),
        resume_from: if has(32) { [10, -10, -1][usize::from(more) % 3] } else { 0 },
        max_download: also(128).then_some(2),
        ignore_size: also(64),
        max_filesize: also(128).then_some(1000),
        known_size: also(16).then_some(5),
        active: has(8),
        pret: has(128),
        skip_pasv_ip: has(128),
    }
}

fn smtp(which: u8, shape: u8, bytes: &[u8], size: usize, use_ssl: UseSsl) {
    let config = smtp::Config {
        domain: b"me".to_vec(),
        use_ssl,
        login: login(which, shape),
        ..Default::default()
    };
    let now = Instant::now();
    let mailbox =
        |there: bool, text: &str| there.then(|| smtp::Mailbox::parse(text.as_bytes()).unwrap());
    let recipients: Vec<_> = ["a@b", "<c@d> X=1", "\u{e4}@f"]
        .iter()
        .filter_map(|text| mailbox(shape & 1 == 0 || text.is_ascii(), text))
        .collect();
    let begin = |smtp: &mut smtp::Smtp, number: u8| {
        smtp.perform(match number.wrapping_add(shape >> 6) % 3 {
            1 => smtp::Request::Mail(Box::new(smtp::Mail {
                from: mailbox(shape & 2 == 0, "me@h"),
                auth: mailbox(shape & 4 != 0, "you@h"),
                recipients: recipients.clone(),
                size: (shape & 16 != 0).then_some(100),
                allow_failures: shape & 32 != 0,
            })),
            left => smtp::Request::Command {
                custom: if left == 0 { b"NOOP".to_vec() } else { Vec::new() },
                recipients: if shape & 8 != 0 { Vec::new() } else { recipients.clone() },
                no_body: shape & 1 != 0,
            },
        });
        true
    };
    let moved = |smtp: &mut smtp::Smtp, _| {
        smtp.uploaded(now);
        true
    };
    talk!(smtp::Smtp::new(config, now), bytes, size, now, begin, moved, |_: &mut _, _| true);
}

fn imap(which: u8, shape: u8, bytes: &[u8], size: usize, use_ssl: UseSsl) {
    let options = ["", "AUTH=+LOGIN", "AUTH=PLAIN", "AUTH=*"][usize::from(shape >> 6)];
    let login = login(which, shape);
    let Ok(config) = imap::Config::new(use_ssl, false, login, options, 1) else { return };
    let now = Instant::now();
    let word = |there: bool, text: &str| there.then(|| text.as_bytes().to_vec());
    let begin = |imap: &mut imap::Imap, number: u8| {
        let kind = (number.wrapping_sub(1).wrapping_add(shape)) % 6;
        imap.perform(imap::Request {
            mailbox: word(kind != 5, "IN\"BOX"),
            uid_validity: (shape & 16 != 0).then_some(3),
            uid: word(kind == 0, "1"),
            index: word(kind == 1, "2"),
            section: if shape & 32 != 0 { b"TEXT".to_vec() } else { Vec::new() },
            partial: word(shape & 32 != 0, "0.9"),
            query: word(kind == 2, "ALL"),
            custom: word(kind == 3, "FETCH"),
            custom_parameters: b" 1:2 BODY[TEXT]".to_vec(),
            append: (kind == 4)
                .then_some(imap::Append { size: Some(100), flags: imap::Flags(shape) }),
        })
        .is_ok()
    };
    let moved = |imap: &mut imap::Imap, _| {
        imap.uploaded(now);
        true
    };
    talk!(imap::Imap::new(config, now), bytes, size, now, begin, moved, |_: &mut _, _| true);
}

fn pop3(which: u8, shape: u8, bytes: &[u8], size: usize, use_ssl: UseSsl) {
    let options = ["", "AUTH=+APOP", "AUTH=PLAIN", "AUTH=*"][usize::from(shape >> 6)];
    let login = login(which, shape);
    let Ok(config) = pop3::Config::new(use_ssl, false, login, options) else { return };
    let now = Instant::now();
    let begin = |pop3: &mut pop3::Pop3, number: u8| {
        let kind = (number.wrapping_sub(1).wrapping_add(shape)) % 4;
        pop3.perform(&pop3::Request {
            id: if kind == 1 { Vec::new() } else { b"1".to_vec() },
            custom: if kind == 3 { b"TOP 1 2".to_vec() } else { Vec::new() },
            list_only: kind == 2,
        });
        true
    };
    let nothing = |_: &mut pop3::Pop3, _| true;
    talk!(pop3::Pop3::new(config, now), bytes, size, now, begin, nothing, |_: &mut _, _| true);
}
