//! What worker threads make for transfers: tokens of a GSS-API library, what TLS and SSH's logins need of
//! files.
//!
//! ```text
//!   give_work -> State::Awaiting: in the queue `workers_for`, the workers' descriptor is watched
//!             -> work_is_done -> go_on: with what `Then` says
//! ```
//!
//! The transfer has nothing else to do meanwhile. Until its connection is up, the time-out of connecting
//! counts on.

use std::io;
use std::sync::Arc;

use tress_model::Result;
use tress_net::WorkId;
use tress_net::tls::Prepared;

use crate::TransferId;
use crate::conn::Stage;
use crate::http::auth::{Stepped, Whom};
use crate::interest::{SocketOwner, Want};
use crate::multi::{Core, Flow, Multi};
use crate::ssh;
use crate::transfer::State;

/// What a worker has made.
pub(crate) enum Made {
    /// A token, in a step of a security context.
    Token(Stepped),
    /// What SSH's login needs of files.
    Login(Box<ssh::Prepared>),
    /// A host was added to those that are known; or why not.
    Known(std::result::Result<(), String>),
    /// What the files of TLS settings have come to; or what is wrong with them.
    TlsFiles(Result<Arc<Prepared>>),
}

impl Made {
    fn token(self) -> Option<Stepped> {
        match self {
            Self::Token(stepped) => Some(stepped),
            _ => None,
        }
    }

    /// The same for another one who waits for it.
    fn shared(&self) -> Option<Self> {
        match self {
            Self::TlsFiles(result) => Some(Self::TlsFiles(result.clone())),
            _ => None,
        }
    }
}

/// A transfer waits for a worker.
pub(crate) struct Awaited {
    pub(crate) work: WorkId,
    then: Then,
}

impl Awaited {
    /// Is it a part of connecting?
    pub(crate) fn connects(&self) -> bool {
        !matches!(self.then, Then::Request(_))
    }
}

/// What a transfer goes on with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// The talk with a SOCKS proxy.
    Socks,
    /// The request, with a token for one of the two.
    Request(Whom),
    /// The next layer: a tunnel.
    Layer,
    /// Asking once more for a tunnel.
    TunnelAgain,
    /// SSH's first words.
    LogIn,
    /// SSH's login, to a host that is known now.
    KnownHost,
    /// The handshake of TLS.
    Secure,
}

impl Then {
    /// For whom a token is.
    pub(crate) fn whom(self) -> Whom {
        match self {
            Self::Request(whom) => whom,
            _ => Whom::Proxy,
        }
    }
}

impl Multi {
    /// Gives `job` to a worker; the transfer waits for it, then goes on.
    ///
    /// # Errors
    /// There is no worker to be had.
    pub(crate) fn give_work(
        &mut self,
        id: TransferId,
        then: Then,
        job: impl FnOnce() -> Made + Send + 'static,
    ) -> io::Result<()> {
        let work = self.core.work.submit(job)?;
        self.await_work(id, then, work);
        Ok(())
    }

    /// The transfer waits for what a worker was given.
    pub(crate) fn await_work(&mut self, id: TransferId, then: Then, work: WorkId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        transfer.awaited = Some(Box::new(Awaited { work, then }));
        transfer.state = State::Awaiting;
        core.workers_for.entry(work).or_default().push(id);
        core.watch_workers(id);
        // What the peer sends meanwhile must not wake the application's loop again and again.
        let fd = match &conn.stage {
            Stage::Proxy(handshake) => Some(handshake.stream.fd()),
            _ => conn.fd(),
        };
        if let (Some(fd), Some(owner)) = (fd, transfer.conn.map(SocketOwner::Conn))
            && !conn.has_streams()
        {
            core.interest.set(fd, owner, Some(id), Want::NONE);
        }
    }

    /// Workers have made something.
    pub(crate) fn work_is_done(&mut self) {
        for (work, mut made) in self.core.work.take_results() {
            self.core.reading.retain(|reading| reading.work != work);
            for id in self.core.workers_for.remove(&work).unwrap_or_default() {
                let Some((transfer, _, core)) = self.parts(id) else { continue };
                let for_others = made.as_ref().and_then(Made::shared);
                core.made.insert(id, std::mem::replace(&mut made, for_others));
                core.wake(id, transfer);
            }
        }
        self.core.stop_watching_workers();
    }

    /// Goes on when what a transfer waits for is there.
    pub(crate) fn go_on(&mut self, id: TransferId) -> Result<Flow> {
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        let Some(&Awaited { then, .. }) = transfer.awaited.as_deref() else {
            return Ok(Flow::Wait);
        };
        let Some(made) = self.core.made.remove(&id) else { return Ok(Flow::Wait) };
        transfer.awaited = None;
        transfer.state = State::Connecting;
        match then {
            Then::LogIn => return self.begin_ssh(id, made),
            Then::KnownHost => return self.known_host_written(id, made),
            Then::Secure => return self.files_read(id, made),
            Then::Socks => {
                self.socks_token_made(id, made.and_then(Made::token));
                return self.talk(id);
            }
            Then::Request(_) | Then::Layer | Then::TunnelAgain => {
                self.token_made(id, then.whom(), made.and_then(Made::token));
            }
        }
        match then {
            Then::Layer => self.next_layer(id),
            Then::TunnelAgain => self.ask_again_for_tunnel(id),
            _ => {
                if let Some(transfer) = self.transfers.get_mut(id) {
                    transfer.state = State::Exchange;
                }
                self.begin_exchange(id)
            }
        }
    }
}

impl Core {
    fn watch_workers(&mut self, id: TransferId) {
        if let Some(fd) = self.work.wake_fd() {
            self.interest.set(fd, SocketOwner::Workers, Some(id), Want::IN);
            self.workers_fd = Some(fd);
        }
    }

    /// The transfer does not wait for this any more.
    pub(crate) fn give_up_work(&mut self, id: TransferId, awaited: &Awaited) {
        self.made.remove(&id);
        if let Some(waiting) = self.workers_for.get_mut(&awaited.work) {
            waiting.retain(|it| *it != id);
            if waiting.is_empty() {
                self.workers_for.remove(&awaited.work);
            }
        }
        self.stop_watching_workers();
    }

    fn stop_watching_workers(&mut self) {
        let idle = self.workers_for.is_empty() || self.work.wake_fd().is_none();
        if let Some(fd) = self.workers_fd.filter(|_| idle) {
            self.interest.set(fd, SocketOwner::Workers, None, Want::NONE);
            self.workers_fd = None;
        }
    }
}
