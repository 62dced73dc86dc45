//! What settings and URL mean for FTP.

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_proto::ftp::{Config, FileMethod, MissingDirs, Request, TimeCondition};
use tress_proto::pingpong;

use crate::conn::Conn;
use crate::destination::push;
use crate::file::wanted_range;
use crate::options::{
    self, CreateMissingDirs, FtpCcc, FtpFileMethod, FtpSslAuth, List, Options, UseSsl,
};
use crate::transfer::Transfer;

/// Who logs in where no user is named (RFC 1635).
const ANONYMOUS: (&[u8], &[u8]) = (b"anonymous", b"ftp@example.com");

/// Appends what a login depends on to the key of its connection.
pub(crate) fn push_identity(options: &Options, key: &mut Vec<u8>) {
    let ftp = options.ftp();
    push(key, ftp.ftp_account.as_deref().unwrap_or_default());
    push(key, ftp.ftp_alternative_to_user.as_deref().unwrap_or_default());
    key.push(ftp.ftp_ssl_ccc as u8);
}

/// What a connection is set up with.
///
/// # Errors
/// `UrlMalformat` for control bytes in user or password.
pub(crate) fn config(transfer: &Transfer, conn: &Conn) -> Result<Config> {
    let options = &transfer.options;
    let ftp = options.ftp();
    let login = transfer.plan()?.credentials.clone();
    let (user, password) = match login.as_deref().filter(|login| login.has_user_or_password()) {
        Some(login) => (login.user.clone(), login.password.clone()),
        None => (ANONYMOUS.0.to_vec(), ANONYMOUS.1.to_vec()),
    };
    let destination = &conn.destination;
    let proxied = destination.first_proxy().is_some();
    Ok(Config {
        user,
        password,
        account: ftp.ftp_account.as_deref().map(<[u8]>::to_vec),
        alternative_to_user: ftp.ftp_alternative_to_user.as_deref().map(<[u8]>::to_vec),
        use_ssl: match (options.tls().use_ssl, destination.tls_from_start) {
            // FTPS has TLS everywhere unless the control connection is all that is wanted.
            (UseSsl::Control, true) => pingpong::UseSsl::Control,
            (_, true) => pingpong::UseSsl::All,
            (UseSsl::None, false) => pingpong::UseSsl::None,
            (UseSsl::Try, false) => pingpong::UseSsl::Try,
            (UseSsl::Control, false) => pingpong::UseSsl::Control,
            (UseSsl::All, false) => pingpong::UseSsl::All,
        },
        tls: destination.tls_from_start,
        auth_tls_first: ftp.ftpsslauth == FtpSslAuth::Tls,
        clear_command_channel: ftp.ftp_ssl_ccc != FtpCcc::None,
        no_epsv: !ftp.ftp_use_epsv,
        no_eprt: !ftp.ftp_use_eprt,
        ipv6: !proxied && conn.primary.is_some_and(|address| address.is_ipv6()),
        tunneled: proxied,
    })
}

/// What to do on a connection that is ready.
///
/// # Errors
/// `UrlMalformat` for a path with control bytes, `RangeError`.
pub(crate) fn request(transfer: &Transfer) -> Result<Request> {
    let options = &transfer.options;
    let ftp = options.ftp();
    let (path, url_type) = path_and_type(transfer.plan()?.url.path());
    let Some(path) = unescape_strict(path, Refuse::Control) else {
        let text = "path contains control characters";
        return Err(Error::new(Code::UrlMalformat, text));
    };
    let upload = transfer.uploads();
    let (resume_from, max_download) = match wanted_range(options)? {
        (from, most) if options.resume_from == 0 => (from, most),
        (from, _) => (from, None),
    };
    let limits = options.limits();
    Ok(Request {
        path,
        method: match ftp.ftp_filemethod {
            FtpFileMethod::Default | FtpFileMethod::MultiCwd => FileMethod::MultiCwd,
            FtpFileMethod::NoCwd => FileMethod::NoCwd,
            FtpFileMethod::SingleCwd => FileMethod::SingleCwd,
        },
        upload,
        append: options.append,
        upload_size: upload.then(|| options.body.length()).flatten(),
        converts_lines: options.crlf,
        list_only: options.dirlistonly || url_type == Some(b'D'),
        custom: options.customrequest.as_deref().map(<[u8]>::to_vec),
        ascii: is_text(transfer),
        no_body: options.nobody,
        quote: commands(&ftp.quote),
        prequote: commands(&ftp.prequote),
        postquote: commands(&ftp.postquote),
        missing_dirs: match ftp.ftp_create_missing_dirs {
            CreateMissingDirs::No => MissingDirs::Fail,
            CreateMissingDirs::Yes => MissingDirs::Create,
            CreateMissingDirs::Retry => MissingDirs::Retry,
        },
        file_time: options.filetime,
        time_condition: time_condition(options),
        resume_from,
        max_download,
        ignore_size: options.http().ignore_content_length,
        max_filesize: (limits.maxfilesize > 0).then_some(limits.maxfilesize),
        known_size: None,
        active: ftp.ftpport.is_some(),
        pret: ftp.ftp_use_pret,
        skip_pasv_ip: ftp.ftp_skip_pasv_ip,
    })
}

/// Is text transferred, not bytes: by `;type=` of the URL, else by `CURLOPT_TRANSFERTEXT`?
pub(crate) fn is_text(transfer: &Transfer) -> bool {
    let path = transfer.plan.as_deref().map_or(&b""[..], |plan| plan.url.path());
    match path_and_type(path).1 {
        Some(b'A') => true,
        Some(b'I') => false,
        _ => transfer.options.transfertext,
    }
}

/// The path without its first slash, and the letter of `;type=` at its end, in upper case.
fn path_and_type(path: &[u8]) -> (&[u8], Option<u8>) {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    match path.split_last_chunk::<7>() {
        Some((rest, [mark @ .., letter])) if mark.eq_ignore_ascii_case(b";type=") => {
            (rest, Some(letter.to_ascii_uppercase()))
        }
        _ => (path, None),
    }
}

fn commands(list: &Option<List>) -> Vec<Vec<u8>> {
    list.iter().flat_map(|list| list.iter()).map(|command| command.to_vec()).collect()
}

fn time_condition(options: &Options) -> Option<(TimeCondition, i64)> {
    let http = options.http();
    let condition = match http.timecondition {
        options::TimeCondition::IfModifiedSince => TimeCondition::IfModifiedSince,
        options::TimeCondition::IfUnmodifiedSince => TimeCondition::IfUnmodifiedSince,
        _ => return None,
    };
    Some((condition, http.timevalue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_at_the_end_of_the_path() {
        assert_eq!(path_and_type(b"/a/b;type=a"), (&b"a/b"[..], Some(b'A')));
        assert_eq!(path_and_type(b"/;TYPE=i"), (&b""[..], Some(b'I')));
        assert_eq!(path_and_type(b"/a;type="), (&b"a;type="[..], None));
        assert_eq!(path_and_type(b"//a"), (&b"/a"[..], None));
    }
}
