//! Conversations of lines: FTP, SMTP, IMAP and POP3 with a server that says anything.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use tress_proto::pingpong::{Event, UseSsl};
use tress_proto::{ftp, imap, pop3, sasl, smtp};

/// Steps of one conversation at most: it must come to an end with its input.
const MOST_STEPS: usize = 100_000;

/// Drives a machine with the server's `bytes`; `ready` begins its request.
macro_rules! talk {
    ($machine:expr, $bytes:expr, $size:expr, $now:expr, $ready:expr) => {{
        let mut machine = $machine;
        let mut steps = 0;
        'talk: for piece in $bytes.chunks($size) {
            let mut at = 0;
            loop {
                let count = machine.output().len();
                machine.sent(count, $now);
                let Ok((consumed, event)) = machine.step(&piece[at..]) else { break 'talk };
                let (ready, tls, wait) = match event {
                    Event::Ready => (true, false, false),
                    Event::StartTls => (false, true, false),
                    Event::Wait => (false, false, consumed == 0),
                    _ => (false, false, false),
                };
                at += consumed;
                assert!(at <= piece.len());
                if tls {
                    machine.tls_started();
                }
                if ready && !$ready(&mut machine) {
                    break 'talk;
                }
                if wait && machine.output().is_empty() {
                    break;
                }
                steps += 1;
                assert!(steps < MOST_STEPS, "an endless conversation");
            }
        }
    }};
}

fuzz_target!(|data: &[u8]| {
    let Some((&[which, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let (now, size) = (Instant::now(), usize::from(size).max(1));
    let use_ssl = if which & 4 != 0 { UseSsl::Try } else { UseSsl::default() };
    let login = sasl::Config {
        credentials: (which & 8 != 0).then(|| sasl::Credentials {
            user: b"user".to_vec(),
            password: b"password".to_vec(),
            ..Default::default()
        }),
        ..Default::default()
    };
    match which & 3 {
        0 => {
            let config = ftp::Config {
                user: b"user".to_vec(),
                password: b"password".to_vec(),
                use_ssl,
                ..Default::default()
            };
            let request = ftp::Request { path: b"a/b/c".to_vec(), ..Default::default() };
            talk!(ftp::Ftp::new(config, now), bytes, size, now, |ftp: &mut ftp::Ftp| ftp
                .perform(request.clone())
                .is_ok());
        }
        1 => {
            let config =
                smtp::Config { domain: b"me".to_vec(), use_ssl, login, ..Default::default() };
            let mail = smtp::Request::Mail(Box::default());
            talk!(smtp::Smtp::new(config, now), bytes, size, now, |smtp: &mut smtp::Smtp| {
                smtp.perform(mail.clone());
                true
            });
        }
        2 => {
            let Ok(config) = imap::Config::new(use_ssl, false, login, "", 1) else { return };
            let request = imap::Request {
                mailbox: Some(b"INBOX".to_vec()),
                uid: Some(b"1".to_vec()),
                ..Default::default()
            };
            talk!(imap::Imap::new(config, now), bytes, size, now, |imap: &mut imap::Imap| imap
                .perform(request.clone())
                .is_ok());
        }
        _ => {
            let Ok(config) = pop3::Config::new(use_ssl, false, login, "") else { return };
            let request = pop3::Request { id: b"1".to_vec(), ..Default::default() };
            talk!(pop3::Pop3::new(config, now), bytes, size, now, |pop3: &mut pop3::Pop3| {
                pop3.perform(&request);
                true
            });
        }
    }
});
