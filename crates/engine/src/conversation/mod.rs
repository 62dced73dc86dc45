//! Conversations by command and reply: FTP and the mail protocols.
//!
//! What is said is decided by a sans-I/O machine of `tress_proto` (its `pingpong` has what they
//! share); this room lends it a connection:
//!
//! ```text
//!   layers below -> Layer::Login: log_in -> converse ... Event::Ready -> connected
//!                   (STARTTLS: Layer::Tls is put on in between, then log_in goes on)
//!   connected -> begin_request -> State::Conversation: converse ... Event::Done -> finish
//!   close -> the machine's QUIT -> Stage::Closing, with a deadline that nobody waits for
//! ```
//!
//! The [`Conversation`] belongs to its connection and outlives the transfer: the pool hands both
//! to the next one. User, password and what else a login depends on are in the pool's key
//! ([`Dialect::push_identity`]).
//!
//! Replies go to the debug callback and, as [`Delivery::Reply`], to the header callback;
//! bodies that come on the same connection as [`Delivery::Body`]. A body that goes out is asked
//! of the application by `refill`, as for HTTP; see [`body`].
//!
//! A further protocol wants a variant of [`Dialect`] and of [`Machine`] with its arms in
//! [`machine`], a scheme in [`Dialect::of`], and, where its body goes out on the same connection,
//! a way to frame it in [`body`].

mod body;
mod closing;
mod hear;
mod machine;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tress_model::scheme::Scheme;
use tress_model::{Code, Result};
use tress_proto::http::Kind;
use tress_proto::pingpong;

pub(crate) use machine::Machine;

use crate::TransferId;
use crate::conn::Conn;
use crate::destination::push;
use crate::effect::{DebugKind, Delivery, Lent};
use crate::http::auth::Credentials;
use crate::interest::{SocketOwner, Want};
use crate::mail::Outgoing;
use crate::multi::{Flow, Multi};
use crate::options::{Method, Options};
use crate::plan::{Plan, Service};
use crate::transfer::{State, Transfer};

use hear::Heard;

/// Time for a reply unless `CURLOPT_SERVER_RESPONSE_TIMEOUT` says otherwise.
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);

/// Which language of commands is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Ftp,
    Smtp,
    Imap,
    Pop3,
    Ssh,
}

impl Dialect {
    /// The one of a scheme, if it has one.
    pub(crate) fn of(scheme: &Scheme) -> Option<Self> {
        match scheme.name {
            "ftp" | "ftps" => Some(Self::Ftp),
            "smtp" | "smtps" => Some(Self::Smtp),
            "imap" | "imaps" => Some(Self::Imap),
            "pop3" | "pop3s" => Some(Self::Pop3),
            "scp" | "sftp" => Some(Self::Ssh),
            _ => None,
        }
    }

    /// Appends everything that a login depends on to the key of its connection.
    pub(crate) fn push_identity(
        self,
        options: &Options,
        login: Option<&Credentials>,
        key: &mut Vec<u8>,
    ) {
        push(key, &login.map(Credentials::identity).unwrap_or_default());
        key.push(options.tls().use_ssl as u8);
        match self {
            Self::Ftp => crate::ftp::push_identity(options, key),
            Self::Ssh => crate::ssh::push_identity(options, key),
            Self::Smtp | Self::Imap | Self::Pop3 => crate::mail::push_identity(options, key),
        }
    }
}

/// What is being said on a connection.
pub(crate) struct Conversation {
    pub(crate) machine: Machine,
    /// The login is over.
    ready: bool,
    /// Lines and pieces of a body that the application has not been given.
    undelivered: VecDeque<(Delivery, Vec<u8>)>,
    /// Nothing failed: commands would be understood.
    in_order: bool,
    /// A reply came for the transfer that has it now.
    answered: bool,
    /// The peer has closed its side.
    ended: bool,
    /// The request is done, but the application was asked about its progress first.
    over: bool,
    /// A mail that goes out.
    pub(crate) outgoing: Option<Outgoing>,
    /// SSH: the body goes out now.
    pub(crate) uploads: bool,
    /// SSH: what the host's key is held against.
    pub(crate) host_check: crate::ssh::HostCheck,
}

impl Conversation {
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine,
            ready: false,
            undelivered: VecDeque::new(),
            in_order: true,
            answered: false,
            ended: false,
            over: false,
            outgoing: None,
            uploads: false,
            host_check: crate::ssh::HostCheck::default(),
        }
    }

    /// Was the last command answered in full, and none prepared since? An application that refuses
    /// a line may do so in the middle of a reply.
    fn is_in_step(&self, code: Code) -> bool {
        code != Code::WriteError && self.machine.output().is_empty()
    }

    /// The reply to a mail is not heard before it is known here that all of it has gone. TLS may send
    /// the rest on its own, while it reads: a reply that was read then would answer nothing.
    fn sends_end_of_mail(&self) -> bool {
        self.outgoing.as_ref().is_some_and(Outgoing::is_ending)
    }

    /// When the reply that is awaited is overdue.
    pub(crate) fn deadline(&self, options: &Options) -> Option<Instant> {
        let timeout = match options.limits().server_response_timeout {
            Duration::ZERO => REPLY_TIMEOUT,
            timeout => timeout,
        };
        self.machine.deadline(timeout)
    }
}

impl Conversation {
    /// A mail server that has refused something hears QUIT all the same; one that is cut off in
    /// a body, or too late with its reply, does not.
    fn may_take_leave_after(&self, code: Code) -> bool {
        use Code::{AbortedByCallback, FilesizeExceeded, OperationTimedout, WriteError};
        let cut =
            matches!(code, AbortedByCallback | FilesizeExceeded | OperationTimedout | WriteError);
        self.machine.is_mail() && self.outgoing.is_none() && !cut
    }
}

impl Conn {
    /// Is somebody logging in on it?
    pub(crate) fn is_logging_in(&self) -> bool {
        self.conversation.as_deref().is_some_and(|conversation| !conversation.ready)
    }
}

impl Transfer {
    /// Does a body go out, in a protocol without methods? A redirect may have changed that.
    pub(crate) fn uploads(&self) -> bool {
        match self.exchange.follow.kind {
            Some(kind) => kind == Kind::Put,
            None => match self.options.method {
                Method::Put => true,
                Method::PostMime | Method::PostForm => self.is_mail(),
                _ => false,
            },
        }
    }

    /// Parts make a mail where one can be sent.
    fn is_mail(&self) -> bool {
        let dialect = self.plan.as_deref().and_then(|plan| plan.destination.dialect);
        matches!(dialect, Some(Dialect::Smtp | Dialect::Imap))
    }

    /// Does its conversation send a body?
    pub(crate) fn uploads_by_commands(&self) -> bool {
        let converses = |plan: &Plan| plan.service == Service::Conversation;
        self.uploads() && self.plan.as_deref().is_some_and(converses)
    }
}

impl Multi {
    /// Begins to log in, or goes on with it once TLS was put on in its course.
    pub(crate) fn log_in(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        // The server speaks first: an attempt to hear it sends the last words of TLS's handshake.
        conn.readable |= conn.stream().is_some_and(|stream| !stream.is_bare());
        match conn.conversation.as_deref_mut() {
            Some(conversation) => {
                conversation.machine.tls_started();
                // The handshake was no waiting for a reply, and the next command may not go at once.
                conversation.machine.await_reply_from(core.now);
            }
            None if conn.destination.dialect == Some(Dialect::Ssh) => {
                return self.prepare_ssh(id);
            }
            None => {
                let machine = Machine::new(transfer, conn, core.now)?;
                conn.conversation = Some(Box::new(Conversation::new(machine)));
            }
        }
        Ok(Flow::Again)
    }

    /// Begins the request of a transfer on a connection that is logged in.
    pub(crate) fn begin_request(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        conn.uses += 1;
        conn.last_user = Some(id);
        transfer.infos.times.pretransfer = transfer.since_start(core.now);
        transfer.infos.download_length = None;
        (transfer.infos.downloaded, transfer.infos.uploaded) = (0, 0);
        let options = transfer.options.clone();
        let length = match transfer.uploads() {
            true => options.body.length(),
            false => Some(0),
        };
        transfer.infos.upload_length = length;
        transfer.exchange.begin_upload(&options, length);
        if options.crlf
            || (conn.destination.dialect == Some(Dialect::Ftp) && crate::ftp::is_text(transfer))
        {
            transfer.exchange.body.end_lines_in_crlf();
        }
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(Flow::Wait) };
        (conversation.answered, conversation.over) = (false, false);
        conversation.uploads = false;
        conversation.undelivered.clear();
        transfer.state = State::Conversation;
        conversation.machine.perform(transfer)?;
        conversation.machine.await_reply_from(core.now);
        Ok(Flow::Again)
    }

    /// Says and hears what there is, and moves the body.
    pub(crate) fn converse(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if self.transfer(id).is_some_and(Transfer::is_away) {
                // TLS is put on the second connection.
                return Ok(Flow::Again);
            }
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            if let Some(flow) = self.deliver_reply(id) {
                return Ok(flow);
            }
            self.say(id)?;
            match self.hear(id)? {
                Heard::Something => continue,
                Heard::Flow(flow) => return Ok(flow),
                Heard::Nothing => {}
            }
            match self.move_body(id)? {
                Flow::Again => {}
                Flow::Wait => break,
                Flow::Asked => return Ok(Flow::Asked),
            }
        }
        self.check_reply_time(id)?;
        self.watch_conversation(id);
        Ok(Flow::Wait)
    }

    /// Sends the commands that are to go out.
    fn say(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Ok(()) };
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(()) };
        while conn.writable && !conversation.machine.output().is_empty() {
            let output = conversation.machine.output();
            match stream.send(output) {
                Ok(count) => {
                    // What SSH says is encrypted.
                    if conversation.machine.speaks_lines() {
                        let said = output.get(..count).unwrap_or(&[]);
                        core.debug(transfer, DebugKind::HeaderOut, said);
                    }
                    conversation.machine.sent(core.turn.spend(count), core.now);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    conn.writable = false;
                }
                Err(error) => return Err(transfer.stream_failed(&error, Code::SendError)),
            }
        }
        Ok(())
    }

    /// Bytes for the application, in the order of their coming.
    pub(crate) fn conversation_delivers(&mut self, id: TransferId, kind: Delivery, bytes: Vec<u8>) {
        let Some((_, Some(conn), _)) = self.parts(id) else { return };
        if let Some(conversation) = conn.conversation.as_deref_mut() {
            conversation.undelivered.push_back((kind, bytes));
        }
    }

    /// Hands the next reply, or piece of a body, to the application.
    fn deliver_reply(&mut self, id: TransferId) -> Option<Flow> {
        let (transfer, conn, core) = self.parts(id)?;
        if transfer.paused.receive {
            return None;
        }
        let (kind, buffer) = conn?.conversation.as_deref_mut()?.undelivered.pop_front()?;
        Some(core.deliver(id, kind, Lent::spare(buffer)))
    }

    fn check_reply_time(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let Some(conversation) = conn.conversation.as_deref() else { return Ok(()) };
        match conversation.deadline(&transfer.options) {
            Some(at) if at <= core.now => Err(pingpong::timed_out()),
            _ => Ok(()),
        }
    }

    /// What is waited for on the sockets of a conversation.
    fn watch_conversation(&mut self, id: TransferId) {
        self.watch_data(id);
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return };
        let Some(conversation) = conn.conversation.as_deref() else { return };
        let mut want = Want::NONE;
        let limited =
            !conversation.machine.speaks_lines() && !transfer.progress.may_receive(core.now);
        let receives = !transfer.paused.receive
            && !conversation.ended
            && !limited
            && !conversation.sends_end_of_mail();
        if receives {
            want = want.and(Want::IN);
        }
        let sends_mail = conversation.outgoing.as_ref().is_some_and(|it| !it.unsent().is_empty())
            && transfer.progress.may_send(core.now);
        let reads_by_writing = receives && conn.reads_by_writing;
        if !conversation.machine.output().is_empty() || reads_by_writing || sends_mail {
            want = want.and(Want::OUT);
        }
        if let Some(stream) = conn.stream() {
            core.interest.set(stream.fd(), owner, Some(id), want);
        }
        if core.turn.is_over() {
            core.mark_dirty(id, transfer);
        }
    }

    /// The request is done.
    pub(crate) fn request_done(&mut self, id: TransferId) -> Result<Flow> {
        if let Some(flow) = self.next_of_wildcard(id)? {
            return Ok(flow);
        }
        if self.ask_progress(id) {
            if let Some((_, Some(conn), _)) = self.parts(id)
                && let Some(conversation) = conn.conversation.as_deref_mut()
            {
                conversation.over = true;
            }
            return Ok(Flow::Asked);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        transfer.exchange.reply_complete();
        self.finish(id, Ok(()));
        Ok(Flow::Wait)
    }

    /// Something failed in the course of a conversation: nothing more is said. False: the
    /// connection is of no use any more.
    pub(crate) fn lose_conversation(&mut self, id: TransferId, code: Code) -> bool {
        self.drop_data(id);
        if let Some((_, Some(conn), _)) = self.parts(id)
            && let Some(conversation) = conn.conversation.as_deref_mut()
        {
            conversation.in_order = conversation.may_take_leave_after(code);
        }
        false
    }

    /// Can the connection be used again although a transfer on it failed with this?
    pub(crate) fn survives(&self, id: TransferId, code: Code) -> bool {
        let Some(transfer) = self.transfer(id) else { return false };
        let conn = transfer.conn.and_then(|conn| self.pool.get(conn));
        let Some(conversation) = conn.and_then(|conn| conn.conversation.as_deref()) else {
            return false;
        };
        transfer.state == State::Conversation
            && conversation.ready
            && !transfer.is_moving_data()
            && conversation.is_in_step(code)
            && conversation.machine.survives(code)
    }
}
