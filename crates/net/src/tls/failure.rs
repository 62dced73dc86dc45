//! rustls' errors in libcurl's codes and OpenSSL's words.

use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use tress_model::{Code, Error};

use super::verify::{BadCertificate, UNVERIFIED};

/// The error of a handshake and `CURLINFO_SSL_VERIFYRESULT`.
pub(super) fn of_handshake(error: &rustls::Error) -> (Error, i64) {
    match error {
        rustls::Error::InvalidCertificate(e) => of_certificate(e),
        rustls::Error::NoCertificatesPresented => (
            connect_error("error:0A0000C7:SSL routines::peer did not return a certificate"),
            UNVERIFIED,
        ),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            let text = alert_text(AlertDescription::CertificateRequired);
            (Error::new(Code::SslClientcert, format!("TLS cert problem: {text}")), UNVERIFIED)
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateExpired) => {
            let message = "SSL certificate verification failed";
            (Error::new(Code::PeerFailedVerification, message), UNVERIFIED)
        }
        rustls::Error::AlertReceived(alert) => (connect_error(&alert_text(*alert)), UNVERIFIED),
        rustls::Error::InvalidMessage(e) => (connect_error(message_text(e)), UNVERIFIED),
        rustls::Error::PeerIncompatible(e) => (connect_error(incompatible_text(e)), UNVERIFIED),
        rustls::Error::NoApplicationProtocol => {
            (connect_error("error:0A000460:SSL routines::reason(1120)"), UNVERIFIED)
        }
        other => (connect_error(&other.to_string()), UNVERIFIED),
    }
}

/// The peer closed during the handshake.
pub(super) fn closed() -> Error {
    connect_error("error:0A000126:SSL routines::unexpected eof while reading")
}

/// Reading or writing failed during the handshake.
pub(super) fn of_io(error: &io::Error, host: &str, port: u16) -> Error {
    let reason = match error.raw_os_error() {
        Some(errno) => crate::connect::errno_text(errno),
        None => error.to_string(),
    };
    let message = format!("SSL_connect: {reason} in connection to {host}:{port} ");
    Error::new(Code::SslConnectError, message)
}

/// "TLS connect error: " and the text.
pub(super) fn connect_error(text: &str) -> Error {
    Error::new(Code::SslConnectError, format!("TLS connect error: {text}"))
}

fn of_certificate(error: &CertificateError) -> (Error, i64) {
    if let CertificateError::Other(other) = error
        && let Some(bad) = other.0.downcast_ref::<BadCertificate>()
    {
        return (Error::new(bad.code, bad.message.clone()), bad.verify_result);
    }
    let message = format!("SSL certificate problem: {error}");
    (Error::new(Code::PeerFailedVerification, message), 1)
}

/// An alert in the form of OpenSSL's error queue.
pub(super) fn alert_text(alert: AlertDescription) -> String {
    let number = u8::from(alert);
    let reason = match alert {
        AlertDescription::UnexpectedMessage => "ssl/tls alert unexpected message",
        AlertDescription::BadRecordMac => "ssl/tls alert bad record mac",
        AlertDescription::RecordOverflow => "tlsv1 alert record overflow",
        AlertDescription::HandshakeFailure => "ssl/tls alert handshake failure",
        AlertDescription::BadCertificate => "ssl/tls alert bad certificate",
        AlertDescription::UnsupportedCertificate => "ssl/tls alert unsupported certificate",
        AlertDescription::CertificateRevoked => "ssl/tls alert certificate revoked",
        AlertDescription::CertificateExpired => "ssl/tls alert certificate expired",
        AlertDescription::CertificateUnknown => "ssl/tls alert certificate unknown",
        AlertDescription::IllegalParameter => "ssl/tls alert illegal parameter",
        AlertDescription::UnknownCA => "tlsv1 alert unknown ca",
        AlertDescription::AccessDenied => "tlsv1 alert access denied",
        AlertDescription::DecodeError => "tlsv1 alert decode error",
        AlertDescription::DecryptError => "tlsv1 alert decrypt error",
        AlertDescription::ProtocolVersion => "tlsv1 alert protocol version",
        AlertDescription::InsufficientSecurity => "tlsv1 alert insufficient security",
        AlertDescription::InternalError => "tlsv1 alert internal error",
        AlertDescription::UserCanceled => "tlsv1 alert user cancelled",
        AlertDescription::NoRenegotiation => "tlsv1 alert no renegotiation",
        AlertDescription::MissingExtension => "tlsv13 alert missing extension",
        AlertDescription::CertificateRequired => "tlsv13 alert certificate required",
        AlertDescription::UnsupportedExtension => "tlsv1 unsupported extension",
        AlertDescription::UnrecognisedName => "tlsv1 unrecognized name",
        AlertDescription::NoApplicationProtocol => "tlsv1 alert no application protocol",
        _ => "",
    };
    // SSL_R_... of an alert is its number and 1000; 0x0A is ERR_LIB_SSL.
    let code = 0x0A00_0000 + 1000 + u32::from(number);
    if reason.is_empty() {
        return format!("error:{code:08X}:SSL routines::reason({})", 1000 + u32::from(number));
    }
    format!("error:{code:08X}:SSL routines::{reason}")
}

fn message_text(message: &InvalidMessage) -> &'static str {
    match message {
        // What is no TLS record at all: plain HTTP, most of the time.
        InvalidMessage::InvalidContentType
        | InvalidMessage::UnknownProtocolVersion
        | InvalidMessage::InvalidEmptyPayload
        | InvalidMessage::MessageTooLarge => "error:0A00010B:SSL routines::wrong version number",
        _ => "error:0A00009F:SSL routines::length mismatch",
    }
}

fn incompatible_text(incompatible: &PeerIncompatible) -> &'static str {
    match incompatible {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => {
            "error:0A000102:SSL routines::unsupported protocol"
        }
        PeerIncompatible::ExtendedMasterSecretExtensionRequired => {
            "error:0A000068:SSL routines::inconsistent extms"
        }
        _ => "error:0A0000C1:SSL routines::no shared cipher",
    }
}
