//! POP3.

use super::lines::{Server, stuffed};
use super::{Desk, Out};
use crate::plan::{Attempt, Fault, Place};

const STATUS: &[u8] = b"+OK\r\n";

pub fn command(server: &mut Server, line: &str, desk: &mut Desk<'_>) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "CAPA" => desk.say(&format!("+OK\r\n{}USER\r\n.", server.offered("STLS\r\n"))),
        "STLS" => {
            let more = "+OK\r\nUSER\r\n.\r\n+OK\r\n+OK\r\n+OK\r\nnot yours\r\n.";
            server.start_tls("+OK go on", "-ERR not now", more, desk);
        }
        "USER" => {
            server.check_login(rest, desk);
            desk.say("+OK");
        }
        "PASS" | "NOOP" => desk.say("+OK"),
        "RETR" => retrieve(server, rest, desk),
        "QUIT" => {
            desk.say("+OK bye");
            server.leave(Out::Close, desk);
        }
        _ => desk.say("-ERR what?"),
    }
}

fn retrieve(server: &mut Server, name: &str, desk: &mut Desk<'_>) {
    let Ok(number) = name.parse() else {
        return desk.complain(|| format!("a mail that nobody asked for: {name}"));
    };
    match server.begin(number, desk) {
        None => {}
        Some(Fault::Error) => return desk.say("-ERR not that"),
        Some(_) => return,
    }
    let mut reply = [STATUS, &stuffed(&desk.content(number))[..]].concat();
    let cut = desk.random.below(reply.len() as u64) as usize;
    let struck = desk.plans.get(&number).is_some_and(|plan| plan.is_due(Place::Data));
    if struck {
        reply.truncate(cut);
    }
    desk.send(reply);
    match server.strike(Place::Data, desk) {
        None => {
            desk.say(".");
            server.whole(desk);
        }
        Some(fault) => {
            if fault == Fault::Error {
                server.leave(Out::Close, desk);
            }
            let orderly = matches!(fault, Fault::Error | Fault::Close);
            if orderly && cut >= STATUS.len() {
                let plan = desk.plans.get_mut(&number);
                plan.into_iter().for_each(|plan| plan.last = Attempt::Short);
            }
        }
    }
}
