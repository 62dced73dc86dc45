//! SMTP.

use super::lines::{Server, Taking, unstuffed};
use super::{Desk, Out};
use crate::plan::{Fault, Place};

pub fn command(server: &mut Server, line: &str, desk: &mut Desk<'_>) {
    let word = line.split(' ').next().unwrap_or("");
    match word {
        "EHLO" => {
            let tls = server.offered("250-STARTTLS\r\n");
            desk.say(&format!("250-h.test\r\n250-SIZE 100000000\r\n{tls}250 8BITMIME"));
        }
        "STARTTLS" => {
            let more = "250 8BITMIME\r\n250 from you\r\n250 to them";
            server.start_tls("220 go on", "454 not now", more, desk);
        }
        "HELO" | "RSET" | "NOOP" => desk.say("250 fine"),
        "MAIL" => {
            let name = line.split(['<', '@']).nth(1).unwrap_or("");
            let Ok(number) = name.parse() else {
                return desk.complain(|| format!("a mail that nobody sent: {line}"));
            };
            match server.begin(number, desk) {
                None => desk.say("250 from you"),
                Some(Fault::Error) => desk.say("550 not from you"),
                Some(_) => {}
            }
        }
        "RCPT" => desk.say("250 to them"),
        "DATA" => {
            server.taking = Some(Taking::UntilDot);
            desk.say("354 go ahead");
        }
        "QUIT" => {
            desk.say("221 bye");
            server.leave(Out::Close, desk);
        }
        _ => desk.say("500 what?"),
    }
}

/// The mail has come.
pub fn mailed(server: &mut Server, bytes: &[u8], desk: &mut Desk<'_>) {
    match server.strike(Place::Data, desk) {
        None => {
            // An empty mail is an empty line.
            let mail = if bytes == b"\r\n" { Vec::new() } else { unstuffed(bytes) };
            server.check_mail(&mail, desk);
            desk.say("250 taken");
            server.whole(desk);
        }
        Some(Fault::Error) => desk.say("554 not that"),
        Some(_) => {}
    }
}
