//! What is read of certificates, keys and lists, without a connection: for fuzzing (cargo feature
//! `sim`; the shipped library has none of this).

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tress_model::{Code, Error, Result};

use super::config;
use super::pin::Pins;
use super::settings::TlsSettings;
use super::trust::TrustStore;
use super::verify::result_without_anchors;

/// Reads all that `settings` name, as the first connection with them does.
///
/// # Errors
/// Those of a connection whose settings are not good.
pub fn read_own(settings: &TlsSettings) -> Result<()> {
    let trust = if settings.verify_peer { Some(TrustStore::of(settings)?) } else { None };
    config::build(settings, trust).map(drop)
}

/// Verifies what a server called `name` would send: its `chain`, own certificate first, and a
/// stapled answer about that, at a time in Unix seconds.
///
/// # Errors
/// Those of the settings, then those of verifying.
pub fn verify(
    settings: &TlsSettings,
    chain: &[&[u8]],
    staple: &[u8],
    name: &str,
    now: u64,
) -> Result<()> {
    let trust = if settings.verify_peer { Some(TrustStore::of(settings)?) } else { None };
    let verifier = config::verifier(settings, trust, &Arc::new(config::provider(settings)?))?;
    let chain: Vec<_> = chain.iter().map(|&der| CertificateDer::from(der)).collect();
    let Some((own, between)) = chain.split_first() else { return Ok(()) };
    let _ = (result_without_anchors(&chain), Pins::of("sha256//").check(own));
    let name = ServerName::try_from(name).map_err(|_| Error::from(Code::UrlMalformat))?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let verified = verifier.verify_server_cert(own, between, &name, staple, now);
    verified.map(drop).map_err(|e| Error::new(Code::PeerFailedVerification, e.to_string()))
}
