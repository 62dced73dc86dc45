//! Does a transfer's result fit what has happened to it?

use tress_model::{Code, Result};

use crate::character::World;
use crate::event_loop::Live;
use crate::network::{Host, Net};
use crate::plan::{Attempt, Expect, Fault, Framing, Method, Plan};

/// What is wrong with the result, if anything is.
pub fn judge(live: &Live, result: &Result<()>, status: u32, net: &Net) -> Option<String> {
    let plan = net.plans.get(&live.number)?;
    let talks = net.character.world == World::Conversations;
    let error = match result {
        Ok(()) if talks => return judge_conversation(live, plan),
        Ok(()) => {
            let size = if plan.method == Method::Head { 0 } else { plan.size };
            let short = plan.last == Attempt::Short && plan.framing == Framing::UntilClose;
            if plan.expect == Some(Expect::Refuse) && status == 417 {
                // A header of the application's own is not taken back.
                return None;
            }
            if live.aborted {
                return Some("succeeds although it was aborted".into());
            }
            if plan.last == Attempt::HeadOnly && live.received == 0 {
                return None;
            }
            if plan.last != Attempt::Whole && !short {
                return Some(format!("succeeds although the server says {:?}", plan.last));
            }
            if status != 200 || (live.received != size && !short) {
                let got = live.received;
                return Some(format!("succeeds with status {status} and {got} bytes of {size}"));
            }
            return None;
        }
        Err(error) => error,
    };
    let code = error.code();
    let spent = net.now - live.since;
    let over =
        |limit: std::time::Duration| !limit.is_zero() && u128::from(spent) >= limit.as_micros();
    let hosts = || plan.hosts.iter().chain(&[0]).filter_map(|host| net.hosts.get(*host));
    let since = |at: Option<u64>| at.is_some_and(|at| at >= live.since);
    let fits = match code {
        Code::OperationTimedout => {
            over(live.limit)
                || over(live.connect_limit)
                // A slow way may take as long.
                || spent >= 300_000_000
                    && (net.character.latency.1 >= 100_000
                        || hosts().any(|host| host.hangs.is_some()))
                || talks
                    && spent >= 60_000_000
                    && (plan.stalled || hosts().any(|host| since(host.hangs)))
                // So FTP's 421 is called.
                || talks && hosts().any(|host| since(host.broken))
        }
        Code::CouldntConnect => {
            hosts().any(|host| since(host.not_reached) || since(host.no_files))
                // A proxy leads nowhere.
                || hosts().any(|host| since(host.broken))
                || live.refused_socket
        }
        // The handshake of TLS broke off.
        Code::SslConnectError => hosts().any(|host| since(host.broken)),
        // That with a proxy did, or it needs an address of version 4.
        Code::Proxy => hosts().any(|host| {
            let needs_v4 = host.addresses.iter().any(std::net::SocketAddr::is_ipv6);
            since(host.broken) || host.no_name.is_some() || needs_v4
        }),
        Code::CouldntResolveHost | Code::CouldntResolveProxy => {
            // A failed look-up is remembered for a while.
            hosts().any(|host| host.no_name.is_some())
        }
        Code::AbortedByCallback => live.aborted || live.refused_socket,
        Code::WriteError | Code::ReadError if live.aborted => true,
        // Mail that may not go in the clear.
        Code::UseSslFailed => {
            plan.needs_tls() && hosts().any(|host| since(host.unsecured) || since(host.broken))
        }
        // A reply says what it says; a lost connection may show in any of them.
        _ if talks => {
            let lost = |host: &Host| since(host.broken) || since(host.not_reached);
            plan.fired > 0 || hosts().any(|host| lost(host) || since(host.no_files))
        }
        // Whoever shares a connection suffers from what others bring upon it.
        Code::RecvError | Code::SendError | Code::PartialFile
            if hosts().any(|host| since(host.broken)) =>
        {
            true
        }
        // The wait for `100 Continue` was over before the refusal had been read.
        Code::RecvError | Code::SendError
            if plan.expect == Some(Expect::Refuse) && hosts().any(|h| since(h.reset_late)) =>
        {
            true
        }
        // The answer came before the end of the request, and was lost by what was sent after it.
        Code::RecvError | Code::SendError | Code::PartialFile | Code::GotNothing
            if plan.closes_early() && hosts().any(|h| since(h.reset_late)) =>
        {
            true
        }
        Code::RecvError
        | Code::SendError
        | Code::GotNothing
        | Code::PartialFile
        | Code::BadContentEncoding
        | Code::WriteError
        | Code::WeirdServerReply => breaks_off(plan.fault) && plan.fired > 0,
        Code::Http2 | Code::Http2Stream => plan.fired > 0 || hosts().any(|host| since(host.broken)),
        _ => false,
    };
    (!fits).then(|| format!("fails with {code:?}: {}", error.message()))
}

/// What is wrong with a conversation's success?
fn judge_conversation(live: &Live, plan: &Plan) -> Option<String> {
    let (got, size) = match plan.upload {
        Some(upload) => (plan.uploaded, upload.size),
        None => (live.received, plan.size),
    };
    if live.aborted {
        return Some("succeeds although it was aborted".into());
    }
    if plan.last == Attempt::Short {
        // Nothing tells how long a mail of POP3 is.
        return (got > size).then(|| format!("succeeds with {got} bytes of {size}"));
    }
    if plan.last != Attempt::Whole {
        return Some(format!("succeeds although the server says {:?}", plan.last));
    }
    (got != size).then(|| format!("succeeds with {got} bytes of {size}"))
}

fn breaks_off(fault: Fault) -> bool {
    !matches!(fault, Fault::None | Fault::Stall | Fault::Deaf)
}
