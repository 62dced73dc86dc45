//! FTP: the commands; the data goes over a connection of its own (`Out::Data`).

use super::lines::Server;
use super::{Data, Desk, Out};
use crate::plan::{Attempt, Fault, Method, Place};

pub fn command(server: &mut Server, line: &str, desk: &mut Desk<'_>) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "USER" => desk.say("331 and the password?"),
        "PASS" => desk.say("230-come in\r\n230 done"),
        "PWD" => desk.say("257 \"/\" is where you are"),
        "TYPE" | "SYST" | "NOOP" => desk.say("200 fine"),
        "CWD" => {
            server.state.place = rest.to_owned();
            desk.say("250 there");
        }
        "EPSV" if server.state.pasv_only => desk.say("500 what?"),
        "EPSV" | "PASV" => listen(server, word == "PASV", desk),
        "SIZE" => match rest.parse().ok().and_then(|number| desk.plans.get(&number)) {
            Some(plan) if plan.tells_size => desk.say(&format!("213 {}", plan.size)),
            _ => desk.say("500 what?"),
        },
        "RETR" => send(server, rest, desk),
        "LIST" | "NLST" => {
            let place = std::mem::take(&mut server.state.place);
            send(server, &place, desk);
        }
        "STOR" => take(server, rest, desk),
        "QUIT" => {
            desk.say("221 bye");
            server.leave(Out::Close, desk);
        }
        _ => desk.say("500 what?"),
    }
}

fn listen(server: &mut Server, old: bool, desk: &mut Desk<'_>) {
    server.state.port = *desk.next_port;
    *desk.next_port += 1;
    let port = server.state.port;
    desk.out.push(Out::Data(port, Data::Listen));
    match old {
        true => desk.say(&format!("227 here (10,0,0,1,{},{})", port >> 8, port & 255)),
        false => desk.say(&format!("229 here (|||{port}|)")),
    }
}

fn begun(server: &mut Server, name: &str, desk: &mut Desk<'_>) -> Option<u32> {
    let Ok(number) = name.parse() else {
        desk.complain(|| format!("a file that nobody asked for: {name}"));
        return None;
    };
    match server.begin(number, desk) {
        None => Some(number),
        Some(Fault::Error) => {
            desk.say("550 no");
            None
        }
        Some(_) => None,
    }
}

fn send(server: &mut Server, name: &str, desk: &mut Desk<'_>) {
    let Some(number) = begun(server, name, desk) else { return };
    let mut bytes = desk.content(number);
    if desk.plans.get(&number).is_some_and(|plan| plan.method == Method::List) {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let ended = |line: &[u8]| [line.strip_suffix(b"\n").unwrap_or(line), b"\r\n"].concat();
        bytes = lines.flat_map(ended).collect();
    }
    desk.say("150 here it comes");
    let port = server.state.port;
    let struck = desk.plans.get(&number).is_some_and(|plan| plan.place == Place::Data);
    let fault = match struck {
        true => desk.plans.get_mut(&number).map_or(Fault::None, |plan| plan.fire()),
        false => Fault::None,
    };
    if fault == Fault::None {
        desk.out.push(Out::Data(port, Data::Send(vec![Out::Bytes(bytes), Out::Close])));
        desk.say("226 that was it");
        return server.whole(desk);
    }
    desk.plans.get_mut(&number).into_iter().for_each(|plan| plan.last = Attempt::Broken);
    if fault != Fault::Error {
        bytes.truncate(desk.random.below(bytes.len() as u64) as usize);
    }
    let mut parts = vec![Out::Bytes(bytes)];
    match fault {
        Fault::Stall | Fault::Deaf => server.mute = true,
        Fault::Reset => parts.push(Out::Reset),
        _ => parts.push(Out::Close),
    }
    desk.out.push(Out::Data(port, Data::Send(parts)));
    if !server.mute {
        desk.say("426 something has broken");
    }
}

fn take(server: &mut Server, name: &str, desk: &mut Desk<'_>) {
    let Some(number) = begun(server, name, desk) else { return };
    server.busy = true;
    desk.say("150 go ahead");
    let deaf = desk.plans.get_mut(&number).is_some_and(|plan| {
        plan.place == Place::Data && plan.fault == Fault::Deaf && plan.fire() == Fault::Deaf
    });
    desk.out.push(Out::Data(server.state.port, if deaf { Data::Deaf } else { Data::Take }));
}

/// The client has closed the connection that its file came over.
pub fn uploaded(server: &mut Server, bytes: &[u8], desk: &mut Desk<'_>) {
    let Some(number) = server.state.number else { return };
    match server.strike(Place::Data, desk) {
        None => {
            desk.take_upload(number, bytes);
            let whole = desk
                .plans
                .get(&number)
                .is_some_and(|plan| plan.upload.is_some_and(|upload| plan.uploaded == upload.size));
            desk.say("226 taken");
            match whole {
                true => server.whole(desk),
                // The client has given up.
                false => server.busy = false,
            }
        }
        Some(Fault::Error) => {
            server.busy = false;
            desk.say("452 no room for that");
        }
        Some(_) => {}
    }
}
