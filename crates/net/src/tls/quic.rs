//! TLS of a QUIC connection (RFC 9001), by the same settings, anchors and checks as over TCP.
//!
//! The QUIC machine shakes hands by rustls itself and keeps of an error its text alone. So what
//! was found wrong with a certificate is noted here, on the thread that the handshake runs on.

use std::cell::RefCell;
use std::sync::Arc;

use quinn_proto::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, Error as TlsError};
use rustls::{SignatureScheme, SupportedCipherSuite};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tress_model::{Code, Error, Result};

use super::config::{Prepared, resumption, verifier};
use super::handshake::server_name;
use super::layer::TlsInfo;
use super::settings::{TlsSettings, TlsVersion};
use super::trust::TrustStore;
use super::verify::{self, UNVERIFIED, Verifier};
use super::{TlsContext, failure};

/// Error codes of QUIC from here on are those of TLS alerts (RFC 9001, 4.8).
const CRYPTO_ERROR: u64 = 0x100;

/// What is to be agreed on with a peer, and what was.
pub(crate) struct Agreement {
    settings: Arc<TlsSettings>,
    prepared: Arc<Prepared>,
    name: String,
    info: Option<Box<TlsInfo>>,
    verify_result: i64,
}

impl Agreement {
    pub(crate) fn new(
        context: &TlsContext,
        settings: &Arc<TlsSettings>,
        host: &str,
    ) -> Result<Self> {
        let name = server_name(host)?.to_str().into_owned();
        let prepared = context.prepare(settings)?;
        let settings = settings.clone();
        Ok(Self { settings, prepared, name, info: None, verify_result: UNVERIFIED })
    }

    pub(crate) fn config(&self) -> Result<Arc<QuicClientConfig>> {
        self.prepared.quic(&self.settings)
    }

    /// The name that the server has to prove.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn info(&self) -> Option<&TlsInfo> {
        self.info.as_deref()
    }

    pub(crate) fn verify_result(&self) -> i64 {
        self.verify_result
    }

    /// The handshake is complete: checks what rustls does not.
    pub(crate) fn complete(
        &mut self,
        certificates: Vec<CertificateDer<'static>>,
        alpn: Option<Vec<u8>>,
    ) -> Result<()> {
        self.verify_result = match self.settings.verify_peer {
            true => 0,
            false => verify::result_without_anchors(&certificates),
        };
        if let Some(pins) = &self.prepared.pins {
            pins.check(certificates.first().map_or(&[][..], |own| own.as_ref()))?;
        }
        let keep = self.settings.keep_certificates.0;
        self.info = Some(Box::new(TlsInfo {
            version: TlsVersion::V1_3,
            // The machine does not tell.
            cipher: "",
            group: "",
            alpn: alpn.map(Into::into),
            resumed: false,
            certificates: if keep { certificates } else { Vec::new() },
            early_data: 0,
        }));
        Ok(())
    }

    /// The error of a handshake that failed here; none: it was not TLS.
    pub(crate) fn failed(&mut self, code: u64, reason: &str) -> Option<Error> {
        if let Some(error) = NOTED.take() {
            let (error, verify_result) = failure::of_handshake(&error);
            self.verify_result = verify_result;
            return Some(error);
        }
        alert(code).map(|_| quic_error(reason))
    }

    /// The error of a handshake that the peer has given up; none: not for TLS.
    pub(crate) fn refused(&self, code: u64) -> Option<Error> {
        Some(failure::of_handshake(&TlsError::AlertReceived(alert(code)?)).0)
    }
}

fn alert(code: u64) -> Option<AlertDescription> {
    let number = u8::try_from(code.checked_sub(CRYPTO_ERROR)?).ok()?;
    Some(AlertDescription::from(number))
}

fn quic_error(reason: &str) -> Error {
    Error::new(Code::QuicConnectError, format!("QUIC connect: {reason}"))
}

/// The configuration for QUIC beside that for TCP.
pub(super) fn config(
    settings: &TlsSettings,
    tcp: &ClientConfig,
    trust: Option<Arc<TrustStore>>,
) -> Result<QuicClientConfig> {
    if !(settings.min_version..=settings.max_version).contains(&TlsVersion::V1_3) {
        return Err(quic_error("QUIC needs TLS version 1.3"));
    }
    let verifier = verifier(settings, trust, tcp.crypto_provider())?;
    let mut config = tcp.clone();
    config.dangerous().set_certificate_verifier(Arc::new(Noting(verifier)));
    config.resumption = resumption(settings);
    config.alpn_protocols = vec![b"h3".to_vec()];
    // What goes first is sealed by this suite, whatever is agreed on (RFC 9001, 5.2).
    let initial = match TLS13_AES_128_GCM_SHA256 {
        SupportedCipherSuite::Tls13(suite) => suite.quic_suite(),
        SupportedCipherSuite::Tls12(_) => None,
    };
    let initial = initial.ok_or_else(|| quic_error("no cipher suite for the first packets"))?;
    QuicClientConfig::with_initial(Arc::new(config), initial)
        .map_err(|error| quic_error(&error.to_string()))
}

thread_local! {
    /// Why a certificate was refused last on this thread.
    static NOTED: RefCell<Option<TlsError>> = const { RefCell::new(None) };
}

/// Notes what the verifier of all connections finds wrong.
#[derive(Debug)]
struct Noting(Verifier);

fn noted<T>(found: std::result::Result<T, TlsError>) -> std::result::Result<T, TlsError> {
    NOTED.set(found.as_ref().err().cloned());
    found
}

impl ServerCertVerifier for Noting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        noted(self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        noted(self.0.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        noted(self.0.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
