//! The server connects to us (`CURLOPT_FTPPORT`).

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tress_model::{Code, Error, Result};
use tress_net::Listener;
use tress_net::connect::Target;

use super::data::Data;
use crate::TransferId;
use crate::conn::{Conn, Stage};
use crate::effect::Effect;
use crate::multi::{Flow, Multi};
use crate::options::Hooks;
use crate::transfer::Transfer;

/// Time for the server to connect unless `CURLOPT_ACCEPTTIMEOUT_MS` says otherwise.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(60);

/// What `CURLOPT_FTPPORT` asks for: where to listen.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    /// An address, a host or an interface; none: where the control connection is.
    host: Option<Box<str>>,
    ports: (u16, u16),
}

impl Multi {
    /// Listens for the server's connection, on a socket of the application's if it wants that.
    pub(super) fn listen_for_data(&mut self, id: TransferId) -> Result<Option<Flow>> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(None) };
        let asks = transfer.options.hooks.contains(Hooks::OPENSOCKET);
        let (address, _, _) = transfer.where_to_listen(conn)?;
        let destination = Arc::new(conn.destination.for_data(&address.to_string(), 0));
        let data = Conn::new(destination, id, core.now).opened_by(id, &transfer.options);
        let data = self.pool.insert_uncounted(data);
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(None) };
        let mut data = Data::new(data);
        data.asked = asks;
        transfer.data = Some(Box::new(data));
        if asks {
            let target = Target::Ip(SocketAddr::new(address, 0));
            return Ok(Some(core.ask(id, Effect::OpenSocket { transfer: id, target })));
        }
        self.listen(id, None)?;
        Ok(None)
    }

    /// The application has opened the socket, or refused to.
    pub(super) fn listen_on(&mut self, id: TransferId, socket: Option<OwnedFd>) -> Result<Flow> {
        let Some(socket) = socket else { return Err(failed("socket failure")) };
        self.listen(id, Some(socket))?;
        Ok(Flow::Again)
    }

    fn listen(&mut self, id: TransferId, socket: Option<OwnedFd>) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let (address, near, ports) = transfer.where_to_listen(conn)?;
        let listener = match socket {
            Some(socket) => Listener::on(socket, address, ports.0, ports.1),
            None => Listener::bind(address, ports.0, ports.1)
                .or_else(|_| Listener::bind(near, ports.0, ports.1)),
        };
        let listener = listener.map_err(|_| failed("bind() failed, ran out of ports"))?;
        let Some(at) = listener.local_addr() else { return Err(failed("getsockname() failed")) };
        core.info(transfer, || format!("Listening on {} port {}", at.ip(), at.port()));
        let timeout = match transfer.options.limits().accepttimeout {
            Duration::ZERO => ACCEPT_TIMEOUT,
            timeout => timeout,
        };
        if let Some(data) = transfer.data.as_deref_mut() {
            (data.asked, data.opened) = (false, None);
            data.accept_by = Some(core.now + timeout);
        }
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.listening(address, at.port());
        }
        let Some((_, data, _)) = self.data_parts(id) else { return Ok(()) };
        data.stage = Stage::Listening(listener);
        Ok(())
    }

    /// Takes the server's connection in, if it has come.
    pub(super) fn accept_data(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, conn, core)) = self.data_parts(id) else { return Ok(Flow::Wait) };
        let Some(data) = transfer.data.as_deref_mut() else { return Ok(Flow::Wait) };
        let Stage::Listening(listener) = &conn.stage else { return Ok(Flow::Wait) };
        let stream = match listener.accept() {
            Ok(stream) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if data.accept_by.is_some_and(|at| at <= core.now) {
                    let text = "Accept timeout occurred while waiting server connect";
                    return Err(Error::new(Code::FtpAcceptTimeout, text));
                }
                return Ok(Flow::Wait);
            }
            Err(_) => return Err(failed("Error accept()ing server connect")),
        };
        data.accept_by = None;
        let moves = data.direction.is_some();
        core.info(transfer, || "Connection accepted from server".to_owned());
        conn.primary = stream.peer_addr();
        conn.readable = false;
        conn.writable = true;
        let socket = stream.fd();
        // The socket that listened is the application's to close, what came of it is ours.
        let opened_by = conn.opened_by.take();
        let listening = std::mem::replace(&mut conn.stage, Stage::Open(stream));
        if let Stage::Listening(listener) = listening {
            self.close_fd(listener.into_fd(), opened_by);
        }
        if moves {
            self.data_accepted(id);
            self.secure_data(id)?;
        }
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if transfer.options.hooks.contains(Hooks::SOCKOPT) {
            return Ok(core.ask(id, Effect::SockOpt { transfer: id, socket, accepted: true }));
        }
        Ok(Flow::Again)
    }

    /// The machine is told that the server has connected, if it waits for that.
    pub(super) fn data_accepted(&mut self, id: TransferId) {
        let Some((_, Some(conn), _)) = self.parts(id) else { return };
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.accepted();
        }
    }
}

impl Transfer {
    /// The address to listen at, that of the control connection, and the ports.
    fn where_to_listen(&self, control: &Conn) -> Result<(IpAddr, IpAddr, (u16, u16))> {
        let wish = self.options.ftp().ftpport.as_deref().unwrap_or(b"-");
        let wish = Wish::parse(&String::from_utf8_lossy(wish))?;
        let near = control.local.map(|address| address.ip());
        let Some(near) = near else { return Err(failed("no address to listen at")) };
        Ok((wish.address(near)?, near, wish.ports))
    }
}

impl Wish {
    /// `[address|host|interface][:port[-port]]`; `-` is the control connection's own address.
    fn parse(text: &str) -> Result<Self> {
        let (host, ports) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(|| failed("missing ]"))?;
            (host, rest.strip_prefix(':'))
        } else if text.parse::<IpAddr>().is_ok() {
            (text, None)
        } else {
            text.split_once(':').map_or((text, None), |(host, ports)| (host, Some(ports)))
        };
        let ports = match ports {
            None | Some("") => (0, 0),
            Some(ports) => {
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                let number = |text: &str| text.parse::<u16>().unwrap_or(0);
                match (number(first), number(last)) {
                    // A range that is none, or beyond the ports there are: any port.
                    (first, last) if first == 0 || first > last => (0, 0),
                    range => range,
                }
            }
        };
        let host = (!host.is_empty() && host != "-").then(|| host.into());
        Ok(Self { host, ports })
    }

    fn address(&self, near: IpAddr) -> Result<IpAddr> {
        let Some(host) = self.host.as_deref() else { return Ok(near) };
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        Err(failed(&format!("failed to resolve the address provided to PORT: {host}")))
    }
}

fn failed(text: &str) -> Error {
    Error::new(Code::FtpPortFailed, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes() {
        let wish = |text: &str| {
            let Wish { host, ports } = Wish::parse(text).unwrap();
            (host.as_deref().unwrap_or("-").to_owned(), ports)
        };
        assert_eq!(wish("-"), ("-".into(), (0, 0)));
        assert_eq!(wish("127.0.0.1"), ("127.0.0.1".into(), (0, 0)));
        assert_eq!(wish("127.0.0.1:2000-2010"), ("127.0.0.1".into(), (2000, 2010)));
        assert_eq!(wish(":2000"), ("-".into(), (2000, 2000)));
        assert_eq!(wish("[::1]:99"), ("::1".into(), (99, 99)));
        assert_eq!(wish("::1"), ("::1".into(), (0, 0)));
        assert_eq!(wish("eth0:5-4"), ("eth0".into(), (0, 0)));
    }
}
