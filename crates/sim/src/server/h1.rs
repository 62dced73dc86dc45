//! A server of HTTP/1.1.

use super::{Desk, Out, host_name};
use crate::plan::{Attempt, Expect, Fault, Framing, Method, Plan, numbers};

#[derive(Debug, Default)]
pub struct Server {
    input: Vec<u8>,
    request: Option<Request>,
    /// It says nothing more on this connection.
    mute: bool,
}

#[derive(Debug)]
struct Request {
    number: u32,
    hop: usize,
    is_head: bool,
    body: Body,
    /// The response has gone out before the end of the request.
    answered: bool,
}

#[derive(Debug)]
enum Body {
    Left(usize),
    Chunked,
}

impl Server {
    pub fn is_idle(&self) -> bool {
        self.input.is_empty() && self.request.is_none() && !self.mute
    }

    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        self.input.extend_from_slice(bytes);
        while !self.mute {
            let moved = match self.request {
                None => self.take_head(desk),
                Some(_) => self.take_body(desk),
            };
            if !moved {
                return;
            }
        }
    }

    fn take_head(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(end) = self.input.windows(4).position(|four| four == b"\r\n\r\n") else {
            return false;
        };
        let head: Vec<u8> = self.input.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let known = numbers(target).filter(|(number, _)| desk.plans.contains_key(number));
        let Some((number, hop)) = known else {
            desk.complain(|| format!("a request that nobody made: {head}"));
            return false;
        };
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().to_owned())
        };
        let length = field("Content-Length:").and_then(|text| text.parse().ok()).unwrap_or(0);
        let chunked = field("Transfer-Encoding:").is_some();
        let body = if chunked { Body::Chunked } else { Body::Left(length) };
        let expects = field("Expect:").is_some();
        let is_head = method == "HEAD";
        self.request = Some(Request { number, hop, is_head, body, answered: false });
        if let Some(plan) = desk.plans.get_mut(&number) {
            plan.uploaded = 0;
            plan.last = Attempt::None;
            if plan.fault == Fault::Deaf && plan.upload.is_some() && plan.faults_left > 0 {
                plan.fire();
                self.mute = true;
                desk.out.push(Out::Deaf);
                return false;
            }
            match plan.expect.filter(|_| expects) {
                Some(Expect::Continue) => desk.send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
                Some(Expect::Refuse) => return self.refuse(desk),
                Some(Expect::Silence) => {}
                None => {
                    if desk.plans.get(&number).is_some_and(|plan| plan.early) {
                        self.respond(desk);
                    }
                }
            }
        }
        !self.mute
    }

    fn refuse(&mut self, desk: &mut Desk<'_>) -> bool {
        let text = "HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        desk.send(text.into());
        desk.out.push(Out::Close);
        self.mute = true;
        false
    }

    fn take_body(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(request) = &mut self.request else { return false };
        let number = request.number;
        match &mut request.body {
            Body::Left(0) => {
                match request.answered {
                    true => desk.out.push(Out::Idle),
                    false => {
                        desk.check_upload(number);
                        self.respond(desk);
                    }
                }
                self.request = None;
                true
            }
            Body::Left(left) => {
                let count = self.input.len().min(*left);
                *left -= count;
                let bytes: Vec<u8> = self.input.drain(..count).collect();
                if !request.answered {
                    desk.take_upload(number, &bytes);
                }
                count > 0
            }
            Body::Chunked => {
                let Some(line) = self.input.windows(2).position(|two| two == b"\r\n") else {
                    return false;
                };
                let digits = String::from_utf8_lossy(&self.input[..line]).into_owned();
                let Ok(size) = usize::from_str_radix(digits.trim(), 16) else {
                    desk.complain(|| format!("transfer {number}: a chunk of size '{digits}'"));
                    return false;
                };
                if self.input.len() < line + 2 + size + 2 {
                    return false;
                }
                let chunk: Vec<u8> = self.input.drain(..line + 2 + size + 2).collect();
                if !request.answered {
                    desk.take_upload(number, &chunk[line + 2..line + 2 + size]);
                }
                if size == 0 {
                    request.body = Body::Left(0);
                }
                true
            }
        }
    }

    fn respond(&mut self, desk: &mut Desk<'_>) {
        let Some(request) = &mut self.request else { return };
        request.answered = true;
        let (number, hop, is_head) = (request.number, request.hop, request.is_head);
        let early = !matches!(request.body, Body::Left(0));
        let Some(plan) = desk.plans.get_mut(&number) else { return };
        let last = hop + 1 >= plan.hosts.len();
        let (mut bytes, head_len) = response(plan, number, hop, is_head);
        let closes = plan.close || (last && plan.framing == Framing::UntilClose && !is_head);
        let fault = if last { plan.fire() } else { Fault::None };
        plan.last = if last && fault == Fault::None { Attempt::Whole } else { Attempt::None };
        if fault == Fault::None {
            desk.send(bytes);
            match closes {
                true => {
                    let half = desk.random.chance(500);
                    self.leave(if half { Out::HalfClose } else { Out::Close }, desk);
                }
                false if early => {}
                false => desk.out.push(Out::Idle),
            }
            return;
        }
        let cut = match fault {
            Fault::Refused | Fault::GoAway => 0,
            _ => desk.random.below(bytes.len() as u64) as usize,
        };
        let short = plan.framing == Framing::UntilClose && !is_head && cut >= head_len;
        let orderly = matches!(fault, Fault::Close | Fault::Refused | Fault::GoAway);
        plan.last = match orderly {
            true if short => Attempt::Short,
            true if cut > 0 && cut < head_len => Attempt::HeadOnly,
            _ => Attempt::Broken,
        };
        bytes.truncate(cut);
        desk.send(bytes);
        match fault {
            Fault::Stall | Fault::Deaf => self.mute = true,
            _ if orderly => {
                let how = match desk.random.below(3) {
                    0 => Out::Close,
                    1 => Out::Cut,
                    _ => Out::HalfClose,
                };
                self.leave(how, desk);
            }
            _ => self.leave(Out::Reset, desk),
        }
    }

    fn leave(&mut self, how: Out, desk: &mut Desk<'_>) {
        self.mute = true;
        desk.out.push(how);
    }
}

/// The bytes of a response, and how many of them are head.
fn response(plan: &Plan, number: u32, hop: usize, is_head: bool) -> (Vec<u8>, usize) {
    let mut text = String::new();
    if plan.interim {
        text.push_str("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    }
    let connection = if plan.close { "Connection: close\r\n" } else { "" };
    if let Some(host) = plan.hosts.get(hop + 1) {
        let status = if plan.method == Method::Put { 307 } else { 302 };
        let location = plan.url(&host_name(*host), number, hop + 1);
        text.push_str(&format!(
            "HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\n{connection}\
             Content-Length: 4\r\n\r\n"
        ));
        let head_len = text.len();
        if !is_head {
            text.push_str("away");
        }
        return (text.into_bytes(), head_len);
    }
    let body = plan.body(number);
    let coding = if plan.coded { "Content-Encoding: gzip\r\n" } else { "" };
    let framing = match plan.framing {
        Framing::Length => format!("Content-Length: {}\r\n", body.len()),
        Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Framing::UntilClose => String::new(),
    };
    text.push_str(&format!("HTTP/1.1 200 OK\r\n{framing}{coding}{connection}\r\n"));
    let head_len = text.len();
    let mut bytes = text.into_bytes();
    if is_head {
        return (bytes, head_len);
    }
    match plan.framing {
        Framing::Chunked => {
            for chunk in body.chunks(1 + body.len() / 3) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        }
        Framing::Length | Framing::UntilClose => bytes.extend(body),
    }
    (bytes, head_len)
}
