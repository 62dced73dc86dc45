//! Options that are strings: copied, NULL resets them.

use tress_engine::options::{Auth, Protocols, Text};
use tress_model::Code;

use super::{Easy, Outcome, copy, option, set};

/// The longest `CURLOPT_INTERFACE`, in bytes.
const INTERFACE_MAX: usize = 512;

/// Sets a string; other options are unknown here.
pub(super) fn set(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    for group in [request, identity, tls, proxy, proxy_tls, connection, state, other_protocols] {
        match group(easy, option, value) {
            Err(Code::UnknownOption) => {}
            result => return result,
        }
    }
    Err(Code::UnknownOption)
}

/// Sets a text unless it is the same already: compared before it is copied.
macro_rules! text {
    ($easy:ident, $value:ident, $($place:ident $(($($call:tt)*))?).+; $($place_mut:ident $(($($call_mut:tt)*))?).+) => {{
        if $easy.options.$($place $(($($call)*))?).+.as_deref() != $value {
            $easy.options_mut().$($place_mut $(($($call_mut)*))?).+ = copy($value);
        }
        Ok(())
    }};
}

fn request(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::URL => {
            if let Some(kept) = &mut easy.kept {
                kept.copied_url = None;
            }
            if let Some(lists) = &mut easy.lists {
                lists.curlu = std::ptr::null_mut();
            }
            set!(easy, connect, connect_mut, url = None)?;
            text!(easy, value, url; url)
        }
        option::CUSTOMREQUEST => text!(easy, value, customrequest; customrequest),
        option::USERAGENT => text!(easy, value, useragent; useragent),
        option::ACCEPT_ENCODING => text!(easy, value, accept_encoding; accept_encoding),
        option::REFERER => text!(easy, value, http().referer; http_mut().referer),
        option::COOKIE => text!(easy, value, http().cookie; http_mut().cookie),
        option::RANGE => text!(easy, value, http().range; http_mut().range),
        option::REQUEST_TARGET => {
            text!(easy, value, http().request_target; http_mut().request_target)
        }
        option::HTTPSIG_KEY => text!(easy, value, http().httpsig_key; http_mut().httpsig_key),
        option::HTTPSIG_KEYID => text!(easy, value, http().httpsig_keyid; http_mut().httpsig_keyid),
        option::HTTPSIG_HEADERS => {
            text!(easy, value, http().httpsig_headers; http_mut().httpsig_headers)
        }
        option::PROTOCOLS_STR => set!(easy, protocols = protocols(value, Protocols::all())?),
        option::REDIR_PROTOCOLS_STR => {
            set!(easy, redir_protocols = protocols(value, Protocols::REDIR)?)
        }
        option::DEFAULT_PROTOCOL => {
            text!(easy, value, connect().default_protocol; connect_mut().default_protocol)
        }
        _ => Err(Code::UnknownOption),
    }
}

/// A comma-separated list of schemes, `all`, or NULL for the default.
fn protocols(value: Option<&[u8]>, default: Protocols) -> Result<Protocols, Code> {
    let Some(value) = value else { return Ok(default) };
    if value.eq_ignore_ascii_case(b"all") {
        return Ok(Protocols::all());
    }
    let mut protocols = Protocols::empty();
    for scheme in value.split(|byte| *byte == b',').filter(|scheme| !scheme.is_empty()) {
        protocols |= Protocols::from_scheme(scheme).ok_or(Code::UnsupportedProtocol)?;
    }
    if protocols.is_empty() { Err(Code::BadFunctionArgument) } else { Ok(protocols) }
}

fn identity(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::USERPWD => {
            let (user, password) = user_and_password(value);
            set!(easy, auth, auth_mut, username = copy(user))?;
            set!(easy, auth, auth_mut, password = copy(password))
        }
        option::USERNAME => text!(easy, value, auth().username; auth_mut().username),
        option::PASSWORD => text!(easy, value, auth().password; auth_mut().password),
        option::LOGIN_OPTIONS => text!(easy, value, auth().login_options; auth_mut().login_options),
        option::XOAUTH2_BEARER => {
            text!(easy, value, auth().xoauth2_bearer; auth_mut().xoauth2_bearer)
        }
        option::SASL_AUTHZID => text!(easy, value, auth().sasl_authzid; auth_mut().sasl_authzid),
        option::SERVICE_NAME => text!(easy, value, auth().service_name; auth_mut().service_name),
        option::NETRC_FILE => text!(easy, value, auth().netrc_file; auth_mut().netrc_file),
        option::AWS_SIGV4 => {
            if value.is_some() {
                set!(easy, auth, auth_mut, httpauth = Auth::AWS_SIGV4)?;
            }
            text!(easy, value, auth().aws_sigv4; auth_mut().aws_sigv4)
        }
        _ => Err(Code::UnknownOption),
    }
}

/// `user:password`; without a colon there is no password.
fn user_and_password(value: Option<&[u8]>) -> (Option<&[u8]>, Option<&[u8]>) {
    let Some(value) = value else { return (None, None) };
    match value.iter().position(|byte| *byte == b':') {
        Some(colon) => (value.get(..colon), value.get(colon + 1..)),
        None => (Some(value), None),
    }
}

fn tls(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::CAINFO => text!(easy, value, tls().cainfo; tls_mut().cainfo),
        option::CAPATH => text!(easy, value, tls().capath; tls_mut().capath),
        option::CRLFILE => text!(easy, value, tls().crlfile; tls_mut().crlfile),
        option::SSLCERT => text!(easy, value, tls().sslcert; tls_mut().sslcert),
        option::SSLCERTTYPE => text!(easy, value, tls().sslcerttype; tls_mut().sslcerttype),
        option::SSLKEY => text!(easy, value, tls().sslkey; tls_mut().sslkey),
        option::SSLKEYTYPE => text!(easy, value, tls().sslkeytype; tls_mut().sslkeytype),
        option::KEYPASSWD => text!(easy, value, tls().keypasswd; tls_mut().keypasswd),
        option::SSL_CIPHER_LIST => {
            text!(easy, value, tls().ssl_cipher_list; tls_mut().ssl_cipher_list)
        }
        option::TLS13_CIPHERS => text!(easy, value, tls().tls13_ciphers; tls_mut().tls13_ciphers),
        option::SSL_EC_CURVES => text!(easy, value, tls().ssl_ec_curves; tls_mut().ssl_ec_curves),
        option::PINNEDPUBLICKEY => {
            text!(easy, value, tls().pinnedpublickey; tls_mut().pinnedpublickey)
        }
        option::SSLENGINE if value.is_none_or(<[u8]>::is_empty) => Ok(()),
        option::SSLENGINE => Err(Code::SslEngineNotfound),
        option::RANDOM_FILE | option::EGDSOCKET => Ok(()),
        option::ISSUERCERT => text!(easy, value, tls().issuercert; tls_mut().issuercert),
        option::SSL_SIGNATURE_ALGORITHMS => {
            text!(easy, value, tls().ssl_signature_algorithms; tls_mut().ssl_signature_algorithms)
        }
        option::ECH
        | option::TLSAUTH_USERNAME
        | option::TLSAUTH_PASSWORD
        | option::TLSAUTH_TYPE
        | option::PROXY_TLSAUTH_USERNAME
        | option::PROXY_TLSAUTH_PASSWORD
        | option::PROXY_TLSAUTH_TYPE => Err(Code::NotBuiltIn),
        _ => Err(Code::UnknownOption),
    }
}

fn proxy(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::PROXY => text!(easy, value, proxy().proxy; proxy_mut().proxy),
        option::PRE_PROXY => text!(easy, value, proxy().pre_proxy; proxy_mut().pre_proxy),
        option::NOPROXY => text!(easy, value, proxy().noproxy; proxy_mut().noproxy),
        option::PROXYUSERPWD => {
            let (user, password) = user_and_password(value);
            set!(easy, proxy, proxy_mut, proxyusername = decoded(user)?)?;
            set!(easy, proxy, proxy_mut, proxypassword = decoded(password)?)
        }
        option::PROXYUSERNAME => {
            text!(easy, value, proxy().proxyusername; proxy_mut().proxyusername)
        }
        option::PROXYPASSWORD => {
            text!(easy, value, proxy().proxypassword; proxy_mut().proxypassword)
        }
        option::PROXY_SERVICE_NAME | option::SOCKS5_GSSAPI_SERVICE => {
            text!(easy, value, proxy().proxy_service_name; proxy_mut().proxy_service_name)
        }
        option::HAPROXY_CLIENT_IP => {
            set!(easy, proxy, proxy_mut, haproxyprotocol = value.is_some())?;
            text!(easy, value, proxy().haproxy_client_ip; proxy_mut().haproxy_client_ip)
        }
        _ => Err(Code::UnknownOption),
    }
}

/// Percent-decoded; a decoded NUL byte is refused.
fn decoded(value: Option<&[u8]>) -> Result<Option<Text>, Code> {
    let Some(value) = value else { return Ok(None) };
    let hex = |digit: Option<&u8>| digit.and_then(|digit| char::from(*digit).to_digit(16));
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, tail)) = rest.split_first() {
        match (first, hex(tail.first()), hex(tail.get(1))) {
            (b'%', Some(high), Some(low)) => {
                text.push((high * 16 + low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                text.push(*first);
                rest = tail;
            }
        }
    }
    if text.contains(&0) { Err(Code::UrlMalformat) } else { Ok(Some(text.into())) }
}

fn proxy_tls(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::PROXY_CAINFO => text!(easy, value, proxy_tls().cainfo; proxy_tls_mut().cainfo),
        option::PROXY_CAPATH => text!(easy, value, proxy_tls().capath; proxy_tls_mut().capath),
        option::PROXY_CRLFILE => text!(easy, value, proxy_tls().crlfile; proxy_tls_mut().crlfile),
        option::PROXY_SSLCERT => text!(easy, value, proxy_tls().sslcert; proxy_tls_mut().sslcert),
        option::PROXY_SSLCERTTYPE => {
            text!(easy, value, proxy_tls().sslcerttype; proxy_tls_mut().sslcerttype)
        }
        option::PROXY_SSLKEY => text!(easy, value, proxy_tls().sslkey; proxy_tls_mut().sslkey),
        option::PROXY_SSLKEYTYPE => {
            text!(easy, value, proxy_tls().sslkeytype; proxy_tls_mut().sslkeytype)
        }
        option::PROXY_KEYPASSWD => {
            text!(easy, value, proxy_tls().keypasswd; proxy_tls_mut().keypasswd)
        }
        option::PROXY_SSL_CIPHER_LIST => {
            text!(easy, value, proxy_tls().ssl_cipher_list; proxy_tls_mut().ssl_cipher_list)
        }
        option::PROXY_TLS13_CIPHERS => {
            text!(easy, value, proxy_tls().tls13_ciphers; proxy_tls_mut().tls13_ciphers)
        }
        option::PROXY_ISSUERCERT => {
            text!(easy, value, proxy_tls().issuercert; proxy_tls_mut().issuercert)
        }
        option::PROXY_PINNEDPUBLICKEY => {
            text!(easy, value, proxy_tls().pinnedpublickey; proxy_tls_mut().pinnedpublickey)
        }
        _ => Err(Code::UnknownOption),
    }
}

fn connection(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::INTERFACE => interface(easy, value),
        option::UNIX_SOCKET_PATH | option::ABSTRACT_UNIX_SOCKET => {
            let is_abstract = option == option::ABSTRACT_UNIX_SOCKET;
            set!(easy, connect, connect_mut, abstract_unix_socket = is_abstract)?;
            text!(easy, value, connect().unix_socket_path; connect_mut().unix_socket_path)
        }
        option::DOH_URL => text!(easy, value, dns().doh_url; dns_mut().doh_url),
        _ => Err(Code::UnknownOption),
    }
}

/// `device-or-host`, `if!device`, `host!host`, `ifhost!device!host`; NULL for none.
fn interface(easy: &mut Easy, value: Option<&[u8]>) -> Outcome {
    let (mut either, mut device, mut host) = (None, None, None);
    match value {
        None => {}
        Some(value) if value.len() > INTERFACE_MAX => return Err(Code::BadFunctionArgument),
        Some(value) => {
            if let Some(rest) = value.strip_prefix(b"if!") {
                device = Some(rest);
            } else if let Some(rest) = value.strip_prefix(b"host!") {
                host = Some(rest);
            } else if let Some(rest) = value.strip_prefix(b"ifhost!") {
                let bang = rest.iter().position(|byte| *byte == b'!');
                let bang = bang.ok_or(Code::BadFunctionArgument)?;
                (device, host) = (rest.get(..bang), rest.get(bang + 1..));
            } else {
                either = Some(value);
            }
        }
    }
    if [either, device, host].contains(&Some(&[])) {
        return Err(Code::BadFunctionArgument);
    }
    set!(easy, connect, connect_mut, interface = copy(either))?;
    set!(easy, connect, connect_mut, interface_device = copy(device))?;
    set!(easy, connect, connect_mut, interface_host = copy(host))
}

fn state(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::COOKIEFILE => {
            easy.set_cookiefile(value);
            Ok(())
        }
        option::COOKIEJAR => {
            easy.cookiejar_set();
            text!(easy, value, state().cookiejar; state_mut().cookiejar)
        }
        option::HSTS => {
            easy.set_hsts(value);
            Ok(())
        }
        option::ALTSVC => {
            easy.set_altsvc(value);
            Ok(())
        }
        _ => Err(Code::UnknownOption),
    }
}

fn other_protocols(easy: &mut Easy, option: i32, value: Option<&[u8]>) -> Outcome {
    match option {
        option::FTPPORT => text!(easy, value, ftp().ftpport; ftp_mut().ftpport),
        option::FTP_ACCOUNT => text!(easy, value, ftp().ftp_account; ftp_mut().ftp_account),
        option::FTP_ALTERNATIVE_TO_USER => {
            text!(easy, value, ftp().ftp_alternative_to_user; ftp_mut().ftp_alternative_to_user)
        }
        option::MAIL_FROM => text!(easy, value, mail().mail_from; mail_mut().mail_from),
        option::MAIL_AUTH => text!(easy, value, mail().mail_auth; mail_mut().mail_auth),
        option::RTSP_SESSION_ID => {
            if let Some(transfer) = &mut easy.transfer {
                transfer.rtsp_settings_changed(None, None);
            }
            text!(easy, value, other().rtsp_session_id; other_mut().rtsp_session_id)
        }
        option::RTSP_STREAM_URI => {
            text!(easy, value, other().rtsp_stream_uri; other_mut().rtsp_stream_uri)
        }
        option::RTSP_TRANSPORT => {
            text!(easy, value, other().rtsp_transport; other_mut().rtsp_transport)
        }
        option::SSH_PRIVATE_KEYFILE => {
            text!(easy, value, ssh().ssh_private_keyfile; ssh_mut().ssh_private_keyfile)
        }
        option::SSH_PUBLIC_KEYFILE => {
            text!(easy, value, ssh().ssh_public_keyfile; ssh_mut().ssh_public_keyfile)
        }
        option::SSH_KNOWNHOSTS => {
            text!(easy, value, ssh().ssh_knownhosts; ssh_mut().ssh_knownhosts)
        }
        option::SSH_HOST_PUBLIC_KEY_MD5 => {
            text!(easy, value, ssh().ssh_host_public_key_md5; ssh_mut().ssh_host_public_key_md5)
        }
        option::SSH_HOST_PUBLIC_KEY_SHA256 => {
            text!(easy, value, ssh().ssh_host_public_key_sha256; ssh_mut().ssh_host_public_key_sha256)
        }
        option::KRBLEVEL => Err(Code::NotBuiltIn),
        _ => Err(Code::UnknownOption),
    }
}
