//! Options that are on or off.

use tress_engine::options::{Hooks, Method};
use tress_model::Code;

use super::{Easy, Outcome, option, set};

/// Sets an on/off option; other options are unknown here.
pub(super) fn set(easy: &mut Easy, option: i32, on: bool) -> Outcome {
    match request(easy, option, on) {
        Err(Code::UnknownOption) => {}
        result => return result,
    }
    match http(easy, option, on) {
        Err(Code::UnknownOption) => {}
        result => return result,
    }
    match connection(easy, option, on) {
        Err(Code::UnknownOption) => other_protocols(easy, option, on),
        result => result,
    }
}

fn request(easy: &mut Easy, option: i32, on: bool) -> Outcome {
    match option {
        option::VERBOSE => {
            easy.hook(Hooks::DEBUG, on);
            set!(easy, verbose = on)
        }
        option::NOPROGRESS => {
            easy.hook(Hooks::PROGRESS, !on);
            set!(easy, noprogress = on)
        }
        option::HEADER => set!(easy, header = on),
        option::NOSIGNAL => set!(easy, nosignal = on),
        option::FAILONERROR => set!(easy, failonerror = on),
        option::NOBODY => nobody(easy, on),
        option::UPLOAD | option::PUT => {
            let method = if on { Method::Put } else { Method::Get };
            set_method(easy, method, on)
        }
        option::POST => {
            let method = if on { Method::Post } else { Method::Get };
            set_method(easy, method, on)
        }
        option::HTTPGET if on => set_method(easy, Method::Get, true),
        option::HTTPGET => Ok(()),
        option::FILETIME => set!(easy, filetime = on),
        option::PATH_AS_IS => set!(easy, path_as_is = on),
        option::DISALLOW_USERNAME_IN_URL => set!(easy, disallow_username_in_url = on),
        option::QUICK_EXIT => set!(easy, quick_exit = on),
        _ => Err(Code::UnknownOption),
    }
}

/// No body of the response: in HTTP that is HEAD.
fn nobody(easy: &mut Easy, on: bool) -> Outcome {
    let method = match (on, easy.options.method) {
        (true, _) => Method::Head,
        (false, Method::Head) => Method::Get,
        (false, method) => method,
    };
    set!(easy, method = method)?;
    set!(easy, nobody = on)
}

/// Chooses the method; one that is asked for brings the response's body back.
pub(super) fn set_method(easy: &mut Easy, method: Method, with_body: bool) -> Outcome {
    set!(easy, method = method)?;
    if with_body { set!(easy, nobody = false) } else { Ok(()) }
}

fn http(easy: &mut Easy, option: i32, on: bool) -> Outcome {
    match option {
        option::HTTP09_ALLOWED => set!(easy, http, http_mut, http09_allowed = on),
        option::AUTOREFERER => set!(easy, http, http_mut, autoreferer = on),
        option::TRANSFER_ENCODING => set!(easy, http, http_mut, transfer_encoding = on),
        option::HTTP_TRANSFER_DECODING => set!(easy, http, http_mut, http_transfer_decoding = on),
        option::HTTP_CONTENT_DECODING => set!(easy, http, http_mut, http_content_decoding = on),
        option::KEEP_SENDING_ON_ERROR => set!(easy, http, http_mut, keep_sending_on_error = on),
        option::IGNORE_CONTENT_LENGTH => set!(easy, http, http_mut, ignore_content_length = on),
        option::UNRESTRICTED_AUTH => set!(easy, auth, auth_mut, unrestricted_auth = on),
        option::SASL_IR => set!(easy, auth, auth_mut, sasl_ir = on),
        option::COOKIESESSION => set!(easy, state, state_mut, cookiesession = on),
        _ => Err(Code::UnknownOption),
    }
}

fn connection(easy: &mut Easy, option: i32, on: bool) -> Outcome {
    match option {
        option::FORBID_REUSE => set!(easy, forbid_reuse = on),
        option::FRESH_CONNECT => set!(easy, fresh_connect = on),
        option::TCP_NODELAY => set!(easy, tcp_nodelay = on),
        option::PIPEWAIT => set!(easy, pipewait = on),
        option::TCP_KEEPALIVE => set!(easy, connect, connect_mut, tcp_keepalive = on),
        // No safe call sets it on a socket; where the system has it switched off it is a wish, too.
        option::TCP_FASTOPEN => Ok(()),
        option::DNS_SHUFFLE_ADDRESSES => set!(easy, dns, dns_mut, dns_shuffle_addresses = on),
        option::DOH_SSL_VERIFYPEER => set!(easy, dns, dns_mut, doh_ssl_verifypeer = on),
        option::DOH_SSL_VERIFYHOST => set!(easy, dns, dns_mut, doh_ssl_verifyhost = on),
        option::HTTPPROXYTUNNEL => set!(easy, proxy, proxy_mut, httpproxytunnel = on),
        option::HAPROXYPROTOCOL => set!(easy, proxy, proxy_mut, haproxyprotocol = on),
        option::SOCKS5_GSSAPI_NEC => set!(easy, proxy, proxy_mut, socks5_gssapi_nec = on),
        option::PROXY_TRANSFER_MODE => set!(easy, proxy, proxy_mut, proxy_transfer_mode = on),
        option::SUPPRESS_CONNECT_HEADERS => {
            set!(easy, proxy, proxy_mut, suppress_connect_headers = on)
        }
        option::SSL_VERIFYPEER => set!(easy, tls, tls_mut, ssl_verifypeer = on),
        option::SSL_VERIFYHOST => set!(easy, tls, tls_mut, ssl_verifyhost = on),
        option::SSL_ENABLE_ALPN => set!(easy, tls, tls_mut, ssl_enable_alpn = on),
        option::CERTINFO => set!(easy, tls, tls_mut, certinfo = on),
        option::PROXY_SSL_VERIFYPEER => set!(easy, proxy.tls, ssl_verifypeer = on),
        option::PROXY_SSL_VERIFYHOST => set!(easy, proxy.tls, ssl_verifyhost = on),
        option::SSL_SESSIONID_CACHE => {
            set!(easy, proxy.tls, ssl_sessionid_cache = on)?;
            set!(easy, tls, tls_mut, ssl_sessionid_cache = on)
        }
        option::SSL_VERIFYSTATUS => set!(easy, tls, tls_mut, ssl_verifystatus = on),
        option::DOH_SSL_VERIFYSTATUS => set!(easy, dns, dns_mut, doh_ssl_verifystatus = on),
        _ => Err(Code::UnknownOption),
    }
}

fn other_protocols(easy: &mut Easy, option: i32, on: bool) -> Outcome {
    match option {
        option::TRANSFERTEXT => set!(easy, transfertext = on),
        option::CRLF => set!(easy, crlf = on),
        option::APPEND => set!(easy, append = on),
        option::DIRLISTONLY => set!(easy, dirlistonly = on),
        option::WILDCARDMATCH => set!(easy, wildcardmatch = on),
        option::FTP_USE_EPRT => set!(easy, ftp, ftp_mut, ftp_use_eprt = on),
        option::FTP_USE_EPSV => set!(easy, ftp, ftp_mut, ftp_use_epsv = on),
        // A wish: packets are never compressed.
        option::SSH_COMPRESSION => Ok(()),
        option::FTP_USE_PRET => set!(easy, ftp, ftp_mut, ftp_use_pret = on),
        option::FTP_SKIP_PASV_IP => set!(easy, ftp, ftp_mut, ftp_skip_pasv_ip = on),
        option::MAIL_RCPT_ALLOWFAILS => set!(easy, mail, mail_mut, mail_rcpt_allowfails = on),
        option::TFTP_NO_OPTIONS => set!(easy, other, other_mut, tftp_no_options = on),
        _ => Err(Code::UnknownOption),
    }
}
