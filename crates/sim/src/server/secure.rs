//! TLS around any other server.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{Error, ServerConfig, ServerConnection};

use super::{Desk, Out, Server};
use crate::plan::{Fault, Protocol};

/// A server behind TLS.
#[derive(Debug)]
pub struct Secure {
    tls: ServerConnection,
    inner: Server,
    /// What goes wrong with the handshake.
    bad: Option<Fault>,
    greeted: bool,
    mute: bool,
}

/// How servers speak TLS: those of HTTP/2, and the others.
#[derive(Debug)]
pub struct Configs {
    http2: Arc<ServerConfig>,
    other: Arc<ServerConfig>,
}

impl Configs {
    /// Sessions are remembered as long as these are there.
    pub fn new() -> Self {
        let config = |protocols: &[&[u8]]| {
            let own = identity();
            let chain = vec![own.certificate.clone()];
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.key.clone()));
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("the provider has all versions")
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .expect("key and certificate fit");
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        };
        Self { http2: config(&[b"h2"]), other: config(&[]) }
    }
}

impl Secure {
    pub fn new(configs: &Configs, protocol: Protocol) -> Self {
        let config = match protocol {
            Protocol::Http2 => &configs.http2,
            _ => &configs.other,
        };
        let mut inner = Server::new(protocol);
        if let Server::Lines(lines) = &mut inner {
            lines.is_secure = true;
        }
        Self::around(config, inner, false)
    }

    /// Around a server that has talked in the clear up to here.
    pub fn over(configs: &Configs, inner: Server) -> Self {
        Self::around(&configs.other, inner, true)
    }

    fn around(config: &Arc<ServerConfig>, inner: Server, greeted: bool) -> Self {
        let mut tls = ServerConnection::new(config.clone()).expect("the configuration is good");
        tls.set_buffer_limit(None);
        Self { tls, inner, bad: None, greeted, mute: false }
    }

    pub fn inner(&self) -> &Server {
        &self.inner
    }

    /// Somebody has connected: will the handshake do?
    pub fn greet(&mut self, desk: &mut Desk<'_>) {
        if desk.random.chance(desk.bad_hello) {
            self.bad =
                Some(desk.random.pick(&[Fault::Close, Fault::Reset, Fault::Stall, Fault::Error]));
        }
    }

    pub fn is_idle(&self) -> bool {
        self.greeted && !self.mute && self.inner.is_idle()
    }

    pub fn receive(&mut self, mut bytes: &[u8], desk: &mut Desk<'_>) {
        while !bytes.is_empty() && !self.mute {
            if self.tls.read_tls(&mut bytes).is_err() {
                return desk.complain(|| "TLS that cannot be read".to_owned());
            }
            match self.tls.process_new_packets() {
                Err(Error::AlertReceived(_)) => self.mute = true,
                Err(error) => return desk.complain(|| format!("TLS: {error}")),
                Ok(state) => {
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    let _ = self.tls.reader().read_exact(&mut plain);
                    if self.fails(desk) {
                        return;
                    }
                    self.flush(desk);
                    self.serve(&plain, desk);
                }
            }
        }
    }

    /// Does the handshake break off here?
    fn fails(&mut self, desk: &mut Desk<'_>) -> bool {
        // Half of it has been said by then.
        let Some(fault) = self.bad.take_if(|_| self.tls.wants_write()) else { return false };
        self.mute = true;
        desk.out.push(Out::Leaves);
        match fault {
            Fault::Stall => desk.out.push(Out::Hangs),
            Fault::Reset => desk.out.push(Out::Reset),
            Fault::Close => {
                let mut hello = Vec::new();
                let _ = self.tls.write_tls(&mut hello);
                hello.truncate(desk.random.below(hello.len() as u64) as usize);
                desk.send(hello);
                desk.out.push(Out::Close);
            }
            _ => {
                // A fatal alert: handshake_failure.
                desk.send(vec![21, 3, 3, 0, 2, 2, 40]);
                desk.out.push(Out::Close);
            }
        }
        true
    }

    fn serve(&mut self, plain: &[u8], desk: &mut Desk<'_>) {
        if !self.tls.is_handshaking() && !std::mem::replace(&mut self.greeted, true) {
            self.at_desk(desk, |server, desk| server.greet(desk));
        }
        if !plain.is_empty() {
            self.at_desk(desk, |server, desk| server.receive(plain, desk));
        }
    }

    /// The server inside works; what it says goes out in records.
    pub fn at_desk(&mut self, desk: &mut Desk<'_>, work: impl FnOnce(&mut Server, &mut Desk<'_>)) {
        let before = std::mem::take(&mut desk.out);
        work(&mut self.inner, desk);
        let said = std::mem::replace(&mut desk.out, before);
        for out in said {
            self.say(out, desk);
        }
    }

    pub fn say(&mut self, out: Out, desk: &mut Desk<'_>) {
        match out {
            Out::Bytes(bytes) => {
                let _ = self.tls.writer().write_all(&bytes);
                self.flush(desk);
            }
            Out::Close | Out::HalfClose => {
                if self.inner.is_shared() && !self.inner.is_leaving() {
                    desk.out.push(Out::Leaves);
                }
                self.tls.send_close_notify();
                self.flush(desk);
                desk.out.push(out);
            }
            Out::Cut => desk.out.push(Out::Close),
            other => desk.out.push(other),
        }
    }

    fn flush(&mut self, desk: &mut Desk<'_>) {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut bytes).is_err() {
                break;
            }
        }
        desk.send(bytes);
    }
}

/// The certificate of all hosts, its key in DER, and what clients trust, in PEM.
fn identity() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        // Signatures all have the same size.
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
        let hosts = (0..8).flat_map(|host| {
            let v4 = (1..3).map(move |last| format!("10.0.{host}.{last}"));
            v4.chain([format!("fd00::{host}"), super::host_name(host)])
        });
        let mut params = CertificateParams::new(hosts.collect::<Vec<_>>()).expect("names");
        params.serial_number = Some(1.into());
        let certificate = params.self_signed(&key).expect("a certificate");
        let pem = certificate.pem().into_bytes().into();
        Identity { certificate: certificate.der().clone(), key: key.serialize_der(), pem }
    })
}

struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    pem: Arc<[u8]>,
}

/// What clients trust, as PEM.
pub fn trusted() -> Arc<[u8]> {
    identity().pem.clone()
}
