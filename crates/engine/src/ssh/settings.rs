//! What settings and URL mean to SSH's machine.

use std::path::PathBuf;
use std::sync::Arc;

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_proto::ssh::{Config, Credentials, Methods, PrivateKey, Request, known_hosts};

use crate::conn::Conn;
use crate::destination::push_if_any;
use crate::options::{CreateMissingDirs, Hooks, List, Options};
use crate::transfer::Transfer;

/// `CURLSSH_AUTH_PUBLICKEY`.
pub(super) const PUBLICKEY: u32 = 1;

/// Appends what a login depends on, and what a host key was held against, to the key of its
/// connection.
pub(crate) fn push_identity(options: &Options, key: &mut Vec<u8>) {
    let ssh = options.ssh();
    let texts = [
        &ssh.ssh_private_keyfile,
        &ssh.ssh_public_keyfile,
        &options.tls().keypasswd,
        &ssh.ssh_knownhosts,
        &ssh.ssh_host_public_key_md5,
        &ssh.ssh_host_public_key_sha256,
    ];
    for text in texts {
        push_if_any(key, text.as_deref());
    }
    key.extend_from_slice(&ssh.ssh_auth_types.to_be_bytes());
    let asks = options.hooks & (Hooks::SSH_KEY | Hooks::SSH_HOSTKEY);
    key.extend_from_slice(&asks.bits().to_be_bytes());
}

/// What a connection is set up with.
///
/// # Errors
/// There is no plan.
pub(super) fn config(
    transfer: &Transfer,
    conn: &Conn,
    key: std::result::Result<Arc<PrivateKey>, String>,
    known: &[u8],
) -> Result<Config> {
    let login = transfer.plan()?.credentials.clone();
    let (user, password) = match login.as_deref() {
        Some(login) => (login.user.clone(), login.password.clone()),
        None => (Vec::new(), Vec::new()),
    };
    let methods = Methods(transfer.options.ssh().ssh_auth_types);
    let destination = &conn.destination;
    Ok(Config {
        credentials: Credentials { user, password, key, methods },
        sftp: destination.scheme == "sftp",
        known_keys: known_hosts::key_types(known, &destination.host, destination.port),
    })
}

pub(super) fn path_of(text: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(text).into()
}

/// What to do on a connection that is ready.
///
/// # Errors
/// `UrlMalformat` for a path with a zero byte.
pub(crate) fn request(transfer: &Transfer) -> Result<Request> {
    let options = &transfer.options;
    let ftp = options.ftp();
    let Some(path) = unescape_strict(transfer.plan()?.url.path(), Refuse::Zero) else {
        return Err(Error::new(Code::UrlMalformat, "path contains a zero byte"));
    };
    let upload = transfer.uploads();
    Ok(Request {
        path,
        upload,
        upload_size: upload.then(|| options.body.length()).flatten(),
        append: options.append,
        no_body: options.nobody,
        list_only: options.dirlistonly,
        file_time: options.filetime,
        create_dirs: ftp.ftp_create_missing_dirs != CreateMissingDirs::No,
        resume_from: options.resume_from,
        range: options.http().range.as_deref().map(<[u8]>::to_vec),
        quote: commands(&ftp.quote),
        postquote: commands(&ftp.postquote),
        file_perms: ftp.new_file_perms,
        dir_perms: ftp.new_directory_perms,
    })
}

fn commands(list: &Option<List>) -> Vec<Vec<u8>> {
    list.iter().flat_map(|list| list.iter()).map(|command| command.to_vec()).collect()
}
