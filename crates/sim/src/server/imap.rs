//! IMAP: a mailbox for each transfer, with one mail.

use super::lines::{Server, Taking};
use super::{Desk, Out};
use crate::plan::{Fault, Place};

pub fn command(server: &mut Server, line: &str, desk: &mut Desk<'_>) {
    let mut words = line.split(' ');
    let (tag, word) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut ok = |more: &str| desk.say(&format!("{more}{tag} OK"));
    match word {
        "CAPABILITY" => {
            let tls = server.offered(" STARTTLS");
            ok(&format!("* CAPABILITY IMAP4rev1{tls}\r\n"));
        }
        "STARTTLS" => {
            let more = "* CAPABILITY IMAP4rev1\r\nA003 OK\r\nA004 OK";
            server.start_tls(&format!("{tag} OK"), &format!("{tag} NO"), more, desk);
        }
        "LOGIN" => {
            server.check_login(words.next().unwrap_or(""), desk);
            desk.say(&format!("{tag} OK"));
        }
        "NOOP" => ok(""),
        "SELECT" => {
            server.state.place = words.next().unwrap_or("").to_owned();
            ok("* 1 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n");
        }
        "FETCH" => {
            let place = server.state.place.clone();
            fetch(server, tag, &place, desk);
        }
        "APPEND" => {
            let place = words.next().unwrap_or("");
            let size =
                line.rsplit('{').next().and_then(|text| text.trim_end_matches('}').parse().ok());
            if let (Some(size), Some(_)) = (size, begun(server, tag, place, desk)) {
                server.taking = Some(Taking::Literal(size, tag.to_owned()));
                desk.say("+ go ahead");
            }
        }
        "LOGOUT" => {
            ok("* BYE\r\n");
            server.leave(Out::Close, desk);
        }
        _ => desk.say(&format!("{tag} BAD what?")),
    }
}

fn begun(server: &mut Server, tag: &str, place: &str, desk: &mut Desk<'_>) -> Option<u32> {
    let Ok(number) = place.trim_matches('"').parse() else {
        desk.complain(|| format!("a mailbox that nobody asked for: {place}"));
        return None;
    };
    match server.begin(number, desk) {
        None => Some(number),
        Some(Fault::Error) => {
            desk.say(&format!("{tag} NO not that"));
            None
        }
        Some(_) => None,
    }
}

fn fetch(server: &mut Server, tag: &str, place: &str, desk: &mut Desk<'_>) {
    let Some(number) = begun(server, tag, place, desk) else { return };
    let mail = desk.content(number);
    let head = format!("* 1 FETCH (BODY[] {{{}}}\r\n", mail.len());
    let mut reply = [head.as_bytes(), &mail, b")\r\n"].concat();
    // What comes before the fault comes whole.
    let cut = desk.random.below(reply.len() as u64) as usize;
    let struck = desk.plans.get(&number).is_some_and(|plan| plan.is_due(Place::Data));
    if struck {
        reply.truncate(cut);
    }
    desk.send(reply);
    match server.strike(Place::Data, desk) {
        None => {
            desk.say(&format!("{tag} OK"));
            server.whole(desk);
        }
        Some(Fault::Error) => server.leave(Out::Close, desk),
        Some(_) => {}
    }
}

/// The mail has come.
pub fn appended(server: &mut Server, mail: &[u8], tag: &str, desk: &mut Desk<'_>) {
    match server.strike(Place::Data, desk) {
        None => {
            server.check_mail(mail, desk);
            desk.say(&format!("{tag} OK"));
            server.whole(desk);
        }
        Some(Fault::Error) => desk.say(&format!("{tag} NO not that")),
        Some(_) => {}
    }
}
