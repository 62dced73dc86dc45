//! A scripted server behind TLS.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::serve;

/// The server's end of a connection.
pub type Served = StreamOwned<ServerConnection, TcpStream>;

/// Answers each connection by `script`; its address, and its certificate as PEM.
pub fn serve_tls(script: impl Fn(Served) + Send + Sync + 'static) -> (SocketAddr, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let address = serve(move |stream| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        script(StreamOwned::new(connection, stream));
    });
    (address, certificate.pem().into_bytes())
}
