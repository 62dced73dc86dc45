//! What a login needs of files, and what it writes there: by worker threads, as files may be slow and a
//! key's passphrase is made to be.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tress_model::{Code, Error, Result};
use tress_proto::ssh::known_hosts::{self, Match};
use tress_proto::ssh::{PrivateKey, Ssh};

use super::settings::{PUBLICKEY, config, path_of};
use crate::TransferId;
use crate::conn::Conn;
use crate::conversation::{Conversation, Machine};
use crate::multi::{Flow, Multi};
use crate::options::Options;
use crate::workers::{Made, Then};

/// What a login needs of files.
pub(crate) struct Prepared {
    /// The user's key; or why there is none.
    pub(super) key: std::result::Result<Arc<PrivateKey>, String>,
    /// The lines of known_hosts that name the host.
    pub(super) known: Vec<u8>,
}

/// Which files, and what is looked for in them.
struct Files {
    key: KeyFile,
    passphrase: Vec<u8>,
    known_hosts: Option<PathBuf>,
    host: Vec<u8>,
    port: u16,
}

enum KeyFile {
    NotWanted,
    /// `CURLOPT_SSH_PRIVATE_KEYFILE`.
    Named(PathBuf),
    /// `~/.ssh/id_rsa`, or `id_rsa` where we are; `HOME` is this.
    Own(Option<OsString>),
}

impl Multi {
    /// Has a worker read what the login needs.
    pub(crate) fn prepare_ssh(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        let files = Files::of(&transfer.options, conn);
        let read = move || Made::Login(Box::new(files.read()));
        self.give_work(id, Then::LogIn, read).map_err(no_worker)?;
        Ok(Flow::Wait)
    }

    /// Begins to log in with what was read.
    pub(crate) fn begin_ssh(&mut self, id: TransferId, made: Option<Made>) -> Result<Flow> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(Made::Login(prepared)) = made else {
            return Err(Error::new(Code::FailedInit, "SSH: the user's key could not be read"));
        };
        let Prepared { key, known } = *prepared;
        let ssh = Ssh::new(config(transfer, conn, key, &known)?)?;
        let mut conversation = Conversation::new(Machine::Ssh(Box::new(ssh)));
        conversation.host_check.known = known;
        conn.conversation = Some(Box::new(conversation));
        Ok(Flow::Again)
    }

    /// Has a worker add the host's key to those that are known, in place of others of its kind if so
    /// wanted.
    pub(super) fn write_known_host(
        &mut self,
        id: TransferId,
        path: PathBuf,
        replaces: bool,
    ) -> Result<()> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(()) };
        let key = std::mem::take(&mut conversation.host_check.key);
        let (host, port) = (conn.destination.host.to_vec(), conn.destination.port);
        let write =
            move || {
                let written = add_known_host(&path, &host, port, &key, replaces);
                Made::Known(written.map_err(|error| {
                    format!("WARNING: writing {} failed: {error}", path.display())
                }))
            };
        self.give_work(id, Then::KnownHost, write).map_err(no_worker)
    }

    /// The host is among those that are known. The login goes on where that failed, as in libcurl.
    pub(crate) fn known_host_written(
        &mut self,
        id: TransferId,
        made: Option<Made>,
    ) -> Result<Flow> {
        if let Some(Made::Known(Err(why))) = made
            && let Some((transfer, _, core)) = self.parts(id)
        {
            core.info(transfer, || why);
        }
        self.accept_host_key(id)?;
        Ok(Flow::Again)
    }
}

impl Files {
    fn of(options: &Options, conn: &Conn) -> Self {
        let ssh = options.ssh();
        let key = match &ssh.ssh_private_keyfile {
            _ if ssh.ssh_auth_types & PUBLICKEY == 0 => KeyFile::NotWanted,
            Some(named) => KeyFile::Named(path_of(named)),
            None => KeyFile::Own(std::env::var_os("HOME")),
        };
        Self {
            key,
            passphrase: options.tls().keypasswd.as_deref().unwrap_or_default().to_vec(),
            known_hosts: ssh.ssh_knownhosts.as_deref().map(path_of),
            host: conn.destination.host.to_vec(),
            port: conn.destination.port,
        }
    }

    fn read(&self) -> Prepared {
        // A file that is not there knows nobody.
        let file = self.known_hosts.as_deref().and_then(|path| read(path).ok()).unwrap_or_default();
        Prepared {
            key: self.private_key().map(Arc::new),
            known: known_hosts::of_host(&file, &self.host, self.port),
        }
    }

    fn private_key(&self) -> std::result::Result<PrivateKey, String> {
        let path = match &self.key {
            KeyFile::NotWanted => return Err("not wanted".to_owned()),
            KeyFile::Named(path) => path.clone(),
            KeyFile::Own(home) => own_key(home.as_ref()).ok_or("no private key file")?,
        };
        let file = read(&path).map_err(|error| {
            format!("Unable to open private key file {}: {error}", path.display())
        })?;
        PrivateKey::parse(&file, &self.passphrase)
            .map_err(|why| format!("{}: {why}", path.display()))
    }
}

fn own_key(home: Option<&OsString>) -> Option<PathBuf> {
    let below_home = home.map(|home| Path::new(home).join(".ssh/id_rsa"));
    [below_home, Some("id_rsa".into())].into_iter().flatten().find(|path| path.exists())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    tress_net::read_whole(path, false)
}

fn add_known_host(
    path: &Path,
    host: &[u8],
    port: u16,
    key: &[u8],
    replaces: bool,
) -> std::io::Result<()> {
    let mut file = read(path).unwrap_or_default();
    if known_hosts::check(&file, host, port, key) == Match::Ok {
        return Ok(());
    }
    if replaces {
        file = known_hosts::without(&file, host, port, key);
    }
    if !file.is_empty() && !file.ends_with(b"\n") {
        file.push(b'\n');
    }
    file.extend_from_slice(&known_hosts::line(host, port, key));
    tress_net::replace_whole(path, &file)
}

fn no_worker(error: std::io::Error) -> Error {
    Error::new(Code::OutOfMemory, format!("SSH: no thread to read files: {error}"))
}
