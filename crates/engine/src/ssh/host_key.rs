//! Is a host's key the right one? Nothing about the user is said before that.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tress_model::{Code, Error, Result};
use tress_proto::ssh::known_hosts::{self, Match};
use tress_proto::ssh::{md5_fingerprint, sha256_fingerprint};

use super::settings::path_of;
use crate::TransferId;
use crate::effect::{Effect, KnownHost, KnownHostMatch};
use crate::multi::{Flow, Multi};
use crate::options::{Hooks, Options};

/// What the key of a host is held against, until it is judged.
#[derive(Default)]
pub(crate) struct HostCheck {
    /// The lines of known_hosts that name the host.
    pub(super) known: Vec<u8>,
    /// The key that the application is asked about.
    pub(super) key: Vec<u8>,
}

impl Multi {
    /// Holds the key against what the settings say; the application may be asked.
    pub(super) fn check_host_key(&mut self, id: TransferId, key: Vec<u8>) -> Result<Option<Flow>> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(None) };
        let options = transfer.options.clone();
        let ssh = options.ssh();
        if ssh.ssh_host_public_key_sha256.is_some() || ssh.ssh_host_public_key_md5.is_some() {
            check_fingerprints(&options, &key)?;
            self.accept_host_key(id)?;
            return Ok(None);
        }
        if options.hooks.contains(Hooks::SSH_HOSTKEY) {
            return Ok(Some(core.ask(id, Effect::HostKey { transfer: id, key })));
        }
        if ssh.ssh_knownhosts.is_none() {
            core.info(transfer, || "SSH: no knownhosts file configured".to_owned());
            self.accept_host_key(id)?;
            return Ok(None);
        }
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(None) };
        let (host, port) = (&conn.destination.host, conn.destination.port);
        let file = std::mem::take(&mut conversation.host_check.known);
        let (matches, known) = match known_hosts::check(&file, host, port, &key) {
            Match::Ok => (KnownHostMatch::Ok, Some(key.clone())),
            Match::Mismatch(known) => (KnownHostMatch::Mismatch, Some(known)),
            Match::Missing => (KnownHostMatch::Missing, None),
        };
        core.info(transfer, || format!("SSH: host check {}", matches as i32));
        if options.hooks.contains(Hooks::SSH_KEY) {
            conversation.host_check.key = key.clone();
            let question = Effect::KnownHost { transfer: id, known, found: key, matches };
            return Ok(Some(core.ask(id, question)));
        }
        if matches != KnownHostMatch::Ok {
            return Err(refused());
        }
        self.accept_host_key(id)?;
        Ok(None)
    }

    /// Answers [`Effect::HostKey`](crate::Effect::HostKey): is it the host's key?
    pub fn host_key_judged(&mut self, yes: bool) {
        let Some(id) = self.answering() else { return };
        let text = "SSH: callback failed host public key verification";
        let result = match yes {
            true => self.accept_host_key(id),
            false => Err(Error::new(Code::PeerFailedVerification, text)),
        };
        self.note_refusal(id, result);
    }

    /// Answers [`Effect::KnownHost`](crate::Effect::KnownHost).
    pub fn known_host_judged(&mut self, answer: KnownHost) {
        let Some(id) = self.answering() else { return };
        let result = match answer {
            KnownHost::Reject => Err(refused()),
            KnownHost::Fine => self.accept_host_key(id),
            KnownHost::Add | KnownHost::Replace => self.remember_host(id, answer),
        };
        self.note_refusal(id, result);
    }

    /// The login goes on when the key is in the file.
    fn remember_host(&mut self, id: TransferId, answer: KnownHost) -> Result<()> {
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(()) };
        match transfer.options.ssh().ssh_knownhosts.as_deref().map(path_of) {
            Some(path) => self.write_known_host(id, path, answer == KnownHost::Replace),
            None => self.accept_host_key(id),
        }
    }

    pub(super) fn accept_host_key(&mut self, id: TransferId) -> Result<()> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        match conn.conversation.as_deref_mut().and_then(|it| it.machine.ssh()) {
            Some(ssh) => ssh.accept_host_key(),
            None => Ok(()),
        }
    }

    fn note_refusal(&mut self, id: TransferId, result: Result<()>) {
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.refusal = result.err();
        }
    }
}

fn refused() -> Error {
    Error::new(Code::PeerFailedVerification, "SSH: knownhost check failed")
}

/// `CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256` and `_MD5`.
fn check_fingerprints(options: &Options, key: &[u8]) -> Result<()> {
    let ssh = options.ssh();
    let denied = |kind: &str, remote: &str, wanted: &[u8]| {
        let wanted = String::from_utf8_lossy(wanted);
        let text = format!(
            "Denied establishing ssh session: mismatch {kind} fingerprint. Remote {remote} is not equal to {wanted}"
        );
        Error::new(Code::PeerFailedVerification, text)
    };
    if let Some(wanted) = ssh.ssh_host_public_key_sha256.as_deref() {
        let remote = STANDARD_NO_PAD.encode(sha256_fingerprint(key));
        let bare = wanted.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        if remote.as_bytes() != &wanted[..bare] {
            return Err(denied("sha256", &remote, wanted));
        }
    }
    if let Some(wanted) = ssh.ssh_host_public_key_md5.as_deref() {
        let remote: String =
            md5_fingerprint(key).iter().map(|byte| format!("{byte:02x}")).collect();
        if !remote.as_bytes().eq_ignore_ascii_case(wanted) {
            return Err(denied("md5", &remote, wanted));
        }
    }
    Ok(())
}
