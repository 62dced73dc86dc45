//! The server connects to us (`CURLOPT_FTPPORT`).

use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tress_model::{Code, Error, Result};
use tress_net::Listener;

use super::data::Data;
use crate::TransferId;
use crate::conn::{Conn, Stage};
use crate::multi::{Flow, Multi};

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
    /// Listens for the server's connection.
    pub(super) fn listen_for_data(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let wish = transfer.options.ftp().ftpport.as_deref().unwrap_or(b"-");
        let wish = Wish::parse(&String::from_utf8_lossy(wish))?;
        let near = conn.local.map(|address| address.ip());
        let Some(near) = near else { return Err(failed("no address to listen at")) };
        let address = wish.address(near)?;
        let listener = Listener::bind(address, wish.ports.0, wish.ports.1)
            .or_else(|_| Listener::bind(near, wish.ports.0, wish.ports.1))
            .map_err(|_| failed("bind() failed, we ran out of ports"))?;
        let Some(at) = listener.local_addr() else { return Err(failed("getsockname() failed")) };
        core.info(transfer, || format!("Listening on {} port {}", at.ip(), at.port()));
        let timeout = match transfer.options.limits().accepttimeout {
            Duration::ZERO => ACCEPT_TIMEOUT,
            timeout => timeout,
        };
        let (now, owner) = (core.now, id);
        let destination = Arc::new(conn.destination.for_data(&address.to_string(), at.port()));
        let mut accepting = Conn::new(destination, owner, now);
        accepting.stage = Stage::Listening(listener);
        let data = self.pool.insert_uncounted(accepting);
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let mut data = Data::new(data);
        data.accept_by = Some(now + timeout);
        transfer.data = Some(Box::new(data));
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.listening(address, at.port());
        }
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
            Err(_) => {
                return Err(Error::new(Code::FtpPortFailed, "Error accept()ing server connect"));
            }
        };
        data.accept_by = None;
        core.info(transfer, || "Connection accepted from server".to_owned());
        conn.primary = stream.peer_addr();
        conn.readable = false;
        conn.writable = true;
        let listening = std::mem::replace(&mut conn.stage, Stage::Open(stream));
        if let Stage::Listening(listener) = listening {
            self.close_fd(listener.into_fd(), None);
        }
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.accepted();
        }
        self.secure_data(id)?;
        Ok(Flow::Again)
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
