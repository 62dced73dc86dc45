//! Which options make connections differ: all that decide with whom one is made, as whom, and how
//! safely.

use tress_model::url::UrlFlags;

use super::*;
use crate::http::auth::Credentials;
use crate::options::{Auth, FtpCcc, HttpVersion, ProxyType, SslOptions, TlsOptions, TlsVersion};

type Change = fn(&mut Options);

fn destination(base: Change, change: Change) -> Destination {
    let mut options = Options::default();
    base(&mut options);
    change(&mut options);
    made_of(&options)
}

fn made_of(options: &Options) -> Destination {
    let url = Url::parse(options.url.as_deref().unwrap(), UrlFlags::empty()).unwrap();
    let credentials = Credentials::of(options, &url, true).unwrap();
    Journey {
        options,
        url: &url,
        scheme: Scheme::find(url.scheme_name().unwrap()).unwrap(),
        alternative: None,
        binding: Binding::of(options, credentials.as_ref()),
        first_origin: true,
        only_http1: false,
    }
    .destination()
    .unwrap()
}

fn text(value: &str) -> Option<crate::options::Text> {
    Some(value.as_bytes().into())
}

fn list(line: &str) -> Option<crate::options::List> {
    Some([Box::from(line.as_bytes())].into())
}

/// Each of these, and the base without any, has connections of its own.
fn differ(base: Change, changes: &[(&str, Change)]) {
    let all = || [("none", (|_| {}) as Change)].into_iter().chain(changes.iter().copied());
    for (number, (name, change)) in all().enumerate() {
        let one = destination(base, change);
        assert!(one == destination(base, change), "{name} is not like itself");
        for (other_name, other) in all().skip(number + 1) {
            let other = destination(base, other);
            assert!(one != other, "{name} is like {other_name}");
        }
    }
}

fn alike(base: Change, changes: &[(&str, Change)]) {
    for (name, change) in changes {
        assert!(destination(base, |_| {}) == destination(base, *change), "{name} differs");
    }
}

fn at(url: &str, options: &mut Options) {
    options.url = text(url);
    // Not the environment's.
    options.proxy_mut().noproxy = text("");
    options.proxy_mut().proxy = text("");
}

fn plain(options: &mut Options) {
    at("http://a.example:81/", options);
}

fn with_proxy(url: &str, proxy: &str, options: &mut Options) {
    at(url, options);
    options.proxy_mut().proxy = text(proxy);
}

#[test]
fn with_whom_a_connection_is_made() {
    differ(
        plain,
        &[
            ("the scheme", |it| it.url = text("https://a.example:81/")),
            ("the host", |it| it.url = text("http://b.example:81/")),
            ("the port", |it| it.url = text("http://a.example:82/")),
            ("CONNECT_TO, host", |it| it.connect_mut().connect_to = list("::b.example:81")),
            ("CONNECT_TO, port", |it| it.connect_mut().connect_to = list(":::82")),
            ("UNIX_SOCKET_PATH", |it| it.connect_mut().unix_socket_path = text("a.example")),
            ("ABSTRACT_UNIX_SOCKET", |it| {
                it.connect_mut().unix_socket_path = text("a.example");
                it.connect_mut().abstract_unix_socket = true;
            }),
            ("IPRESOLVE", |it| it.connect_mut().ipresolve = IpResolve::V4),
            ("ADDRESS_SCOPE", |it| it.connect_mut().address_scope = 1),
            ("INTERFACE", |it| it.connect_mut().interface = text("lo")),
            ("INTERFACE, another", |it| it.connect_mut().interface = text("eth0")),
            ("INTERFACE, an address", |it| it.connect_mut().interface = text("127.0.0.1")),
            ("INTERFACE, a device", |it| {
                it.connect_mut().interface_device = text("lo");
                it.connect_mut().interface_host = text("127.0.0.1");
            }),
            ("INTERFACE, a host", |it| it.connect_mut().interface_host = text("a.example")),
            ("LOCALPORT", |it| it.connect_mut().localport = 1000),
            ("LOCALPORTRANGE", |it| {
                it.connect_mut().localport = 1000;
                it.connect_mut().localportrange = 2;
            }),
            ("HAPROXYPROTOCOL", |it| it.proxy_mut().haproxyprotocol = true),
            ("HAPROXY_CLIENT_IP", |it| {
                it.proxy_mut().haproxyprotocol = true;
                it.proxy_mut().haproxy_client_ip = text("10.0.0.1");
            }),
            ("HAPROXY_CLIENT_IP, one that says none", |it| {
                it.proxy_mut().haproxyprotocol = true;
                it.proxy_mut().haproxy_client_ip = text("-");
            }),
            ("PROXY", |it| it.proxy_mut().proxy = text("http://p")),
            ("PROXY, another", |it| it.proxy_mut().proxy = text("http://q")),
            ("PROXYPORT", |it| {
                it.proxy_mut().proxy = text("http://p");
                it.proxy_mut().proxyport = 1;
            }),
            ("HTTPPROXYTUNNEL", |it| {
                it.proxy_mut().proxy = text("http://p");
                it.proxy_mut().httpproxytunnel = true;
            }),
            ("PRE_PROXY", |it| it.proxy_mut().pre_proxy = text("socks5://p")),
            ("PRE_PROXY and PROXY", |it| {
                it.proxy_mut().pre_proxy = text("socks5://p");
                it.proxy_mut().proxy = text("http://p");
            }),
            ("HTTP_VERSION", |it| it.http_version = HttpVersion::V2PriorKnowledge),
        ],
    );
    for proxy in ["socks5://p", "socks5h://p", "socks4://p", "socks4a://p"] {
        let base: Change = match proxy {
            "socks5://p" => |it| with_proxy("http://a.example:81/", "socks5://p", it),
            "socks5h://p" => |it| with_proxy("http://a.example:81/", "socks5h://p", it),
            "socks4://p" => |it| with_proxy("http://a.example:81/", "socks4://p", it),
            _ => |it| with_proxy("http://a.example:81/", "socks4a://p", it),
        };
        differ(base, FAR_ENDS);
    }
    differ(
        |it| {
            with_proxy("http://a.example:81/", "http://p", it);
            it.proxy_mut().httpproxytunnel = true;
        },
        FAR_ENDS,
    );
    differ(
        |it| at("http://a.example:81/", it),
        &[
            ("SOCKS4", |it| it.proxy_mut().proxy = text("socks4://p")),
            ("SOCKS4a", |it| it.proxy_mut().proxy = text("socks4a://p")),
            ("SOCKS5", |it| it.proxy_mut().proxy = text("socks5://p")),
            ("SOCKS5, names", |it| it.proxy_mut().proxy = text("socks5h://p")),
            ("SOCKS5, a socket", |it| it.proxy_mut().proxy = text("socks5://localhost/p")),
            ("SOCKS5, no socket", |it| it.proxy_mut().proxy = text("socks5://localhost")),
            ("HTTP", |it| it.proxy_mut().proxy = text("http://p:1080")),
            ("HTTP/1.0", |it| {
                it.proxy_mut().proxy = text("p");
                it.proxy_mut().proxytype = ProxyType::Http1_0;
            }),
            ("HTTPS", |it| it.proxy_mut().proxy = text("https://p:1080")),
        ],
    );
}

/// Where a proxy leads to.
const FAR_ENDS: &[(&str, Change)] = &[
    ("the host", |it| it.url = text("http://b.example:81/")),
    ("the port", |it| it.url = text("http://a.example:82/")),
    ("CONNECT_TO, host", |it| it.connect_mut().connect_to = list("::b.example:81")),
    ("CONNECT_TO, another host", |it| it.connect_mut().connect_to = list("::c.example:81")),
    ("CONNECT_TO, port", |it| it.connect_mut().connect_to = list(":::82")),
];

#[test]
fn as_whom_a_proxy_is_spoken_to() {
    let users: &[(&str, Change)] = &[
        ("PROXYUSERNAME", |it| it.proxy_mut().proxyusername = text("u")),
        ("PROXYPASSWORD", |it| it.proxy_mut().proxypassword = text("u")),
        ("both", |it| {
            it.proxy_mut().proxyusername = text("u");
            it.proxy_mut().proxypassword = text("u");
        }),
        ("both, another's", |it| {
            it.proxy_mut().proxyusername = text("u\0");
            it.proxy_mut().proxypassword = text("u");
        }),
        ("both, a third's", |it| {
            it.proxy_mut().proxyusername = text("u");
            it.proxy_mut().proxypassword = text("\0u");
        }),
    ];
    differ(|it| with_proxy("http://a.example/", "socks5://p", it), users);
    differ(|it| with_proxy("http://a.example/", "http://p", it), users);
    differ(|it| with_proxy("https://a.example/", "http://p", it), users);
    differ(
        |it| with_proxy("http://a.example/", "socks5h://p", it),
        &[
            ("SOCKS5_AUTH, password", |it| it.proxy_mut().socks5_auth = Auth::BASIC),
            ("SOCKS5_AUTH, GSS-API", |it| it.proxy_mut().socks5_auth = Auth::NEGOTIATE),
            ("SOCKS5_AUTH, none", |it| it.proxy_mut().socks5_auth = Auth::empty()),
            ("SOCKS5_GSSAPI_NEC", |it| it.proxy_mut().socks5_gssapi_nec = true),
            ("PROXY_SERVICE_NAME", |it| it.proxy_mut().proxy_service_name = text("a")),
            ("PROXY_SERVICE_NAME, another", |it| it.proxy_mut().proxy_service_name = text("b")),
            ("GSSAPI_DELEGATION", |it| it.auth_mut().gssapi_delegation = 1),
            ("GSSAPI_DELEGATION, another", |it| it.auth_mut().gssapi_delegation = 2),
        ],
    );
    let schemes: &[(&str, Change)] = &[
        ("PROXYAUTH, NTLM", |it| it.proxy_mut().proxyauth = Auth::NTLM),
        ("PROXYAUTH, Negotiate", |it| it.proxy_mut().proxyauth = Auth::NEGOTIATE),
        ("PROXYAUTH, both", |it| it.proxy_mut().proxyauth = Auth::NTLM | Auth::NEGOTIATE),
        ("PROXY_SERVICE_NAME", |it| {
            it.proxy_mut().proxyauth = Auth::NEGOTIATE;
            it.proxy_mut().proxy_service_name = text("a");
        }),
        ("GSSAPI_DELEGATION", |it| {
            it.proxy_mut().proxyauth = Auth::NEGOTIATE;
            it.auth_mut().gssapi_delegation = 1;
        }),
    ];
    differ(|it| with_proxy("http://a.example/", "http://u@p", it), schemes);
    differ(|it| with_proxy("https://a.example/", "http://u@p", it), schemes);
    differ(
        |it| with_proxy("https://a.example/", "http://p", it),
        &[
            ("PROXYHEADER", |it| {
                it.proxy_mut().proxyheader = list("Proxy-Authorization: Bearer a")
            }),
            ("PROXYHEADER, another", |it| {
                it.proxy_mut().proxyheader = list("proxy-authorization: Bearer b");
            }),
            ("HTTPHEADER for both", |it| {
                it.proxy_mut().header_separate = false;
                it.httpheader = list("Proxy-Authorization: Bearer c");
            }),
        ],
    );
}

#[test]
fn as_whom_a_server_is_spoken_to() {
    let user: Change = |it| it.auth_mut().username = text("u");
    differ(
        plain,
        &[
            ("HTTPAUTH, NTLM", |it| {
                it.auth_mut().httpauth = Auth::NTLM;
                it.auth_mut().username = text("u");
            }),
            ("HTTPAUTH, NTLM, another user", |it| {
                it.auth_mut().httpauth = Auth::NTLM;
                it.auth_mut().username = text("v");
            }),
            ("HTTPAUTH, NTLM, another password", |it| {
                it.auth_mut().httpauth = Auth::NTLM;
                it.auth_mut().username = text("u");
                it.auth_mut().password = text("p");
            }),
            ("HTTPAUTH, Negotiate", |it| {
                it.auth_mut().httpauth = Auth::NEGOTIATE;
                it.auth_mut().username = text("u");
            }),
            ("SERVICE_NAME", |it| {
                it.auth_mut().httpauth = Auth::NEGOTIATE;
                it.auth_mut().username = text("u");
                it.auth_mut().service_name = text("a");
            }),
            ("GSSAPI_DELEGATION", |it| {
                it.auth_mut().httpauth = Auth::NEGOTIATE;
                it.auth_mut().username = text("u");
                it.auth_mut().gssapi_delegation = 1;
            }),
        ],
    );
    // Not even one that nobody is authenticated on, which was made without keeping a certificate.
    let secure: Change = |it| at("https://a.example/", it);
    let negotiates: Change = |it| {
        it.auth_mut().httpauth = Auth::NEGOTIATE;
        it.auth_mut().username = text("u");
    };
    let unbound = |base, change| destination(base, change).unbound.unwrap();
    assert!(*unbound(plain, negotiates) == destination(plain, |_| {}));
    assert!(*unbound(secure, negotiates) != destination(secure, |_| {}));
    // What says itself anew with each request is of no connection.
    alike(plain, &[("USERNAME", user)]);
    let logins: &[(&str, Change)] = &[
        ("USERNAME", user),
        ("PASSWORD", |it| it.auth_mut().password = text("p")),
        ("XOAUTH2_BEARER", |it| it.auth_mut().xoauth2_bearer = text("t")),
        ("USE_SSL, tried", |it| it.tls_mut().use_ssl = UseSsl::Try),
        ("USE_SSL, control", |it| it.tls_mut().use_ssl = UseSsl::Control),
        ("USE_SSL, all", |it| it.tls_mut().use_ssl = UseSsl::All),
    ];
    differ(|it| at("ftp://a.example/", it), logins);
    differ(|it| at("ftps://a.example/", it), logins);
    for base in [
        (|it| at("smtp://a.example/", it)) as Change,
        |it| at("imap://a.example/", it),
        |it| at("pop3://a.example/", it),
        |it| at("pop3s://a.example/", it),
    ] {
        differ(base, logins);
        differ(
            base,
            &[
                ("LOGIN_OPTIONS", |it| it.auth_mut().login_options = text("AUTH=PLAIN")),
                ("SASL_AUTHZID", |it| it.auth_mut().sasl_authzid = text("a")),
                ("SERVICE_NAME", |it| it.auth_mut().service_name = text("a")),
                ("HTTPAUTH", |it| it.auth_mut().httpauth = Auth::DIGEST),
            ],
        );
    }
    differ(
        |it| at("ftp://a.example/", it),
        &[
            ("FTP_ACCOUNT", |it| it.ftp_mut().ftp_account = text("a")),
            ("FTP_ALTERNATIVE_TO_USER", |it| it.ftp_mut().ftp_alternative_to_user = text("a")),
            ("FTP_SSL_CCC", |it| it.ftp_mut().ftp_ssl_ccc = FtpCcc::Passive),
        ],
    );
    let secure_shell: &[(&str, Change)] = &[
        ("SSH_PRIVATE_KEYFILE", |it| it.ssh_mut().ssh_private_keyfile = text("a")),
        ("SSH_PUBLIC_KEYFILE", |it| it.ssh_mut().ssh_public_keyfile = text("a")),
        ("KEYPASSWD", |it| it.tls_mut().keypasswd = text("a")),
        ("SSH_KNOWNHOSTS", |it| it.ssh_mut().ssh_knownhosts = text("a")),
        ("SSH_HOST_PUBLIC_KEY_MD5", |it| it.ssh_mut().ssh_host_public_key_md5 = text("a")),
        ("SSH_HOST_PUBLIC_KEY_SHA256", |it| it.ssh_mut().ssh_host_public_key_sha256 = text("a")),
        ("SSH_AUTH_TYPES", |it| it.ssh_mut().ssh_auth_types = 1),
        ("SSH_KEYFUNCTION", |it| it.hooks |= crate::options::Hooks::SSH_KEY),
        ("SSH_HOSTKEYFUNCTION", |it| it.hooks |= crate::options::Hooks::SSH_HOSTKEY),
        ("USERNAME", user),
        ("PASSWORD", |it| it.auth_mut().password = text("p")),
    ];
    differ(|it| at("sftp://a.example/", it), secure_shell);
    differ(|it| at("scp://a.example/", it), secure_shell);
}

/// How TLS is spoken with a server, and the same for a proxy; `tests/tests/tls_sessions.rs` has them
/// on real connections.
#[test]
fn how_safely() {
    type Of = fn(&mut Options) -> &mut TlsOptions;
    let sides: [(Change, Of); 4] = [
        (|it| at("https://a.example/", it), |it| it.tls_mut()),
        (|it| with_proxy("http://a.example/", "https://p", it), |it| it.proxy_tls_mut()),
        (|it| with_proxy("https://a.example/", "https://p", it), |it| it.proxy_tls_mut()),
        (
            |it| {
                at("imap://a.example/", it);
                it.tls_mut().use_ssl = UseSsl::All;
            },
            |it| it.tls_mut(),
        ),
    ];
    let changes: &[fn(&mut TlsOptions)] = &[
        |_| {},
        |it| it.ssl_verifypeer = false,
        |it| it.ssl_verifyhost = false,
        |it| it.ssl_verifystatus = true,
        |it| it.sslversion = TlsVersion::V1_3,
        |it| it.sslversion_max = Some(TlsVersion::V1_2),
        |it| it.ssl_options = SslOptions::NO_PARTIALCHAIN,
        |it| it.cainfo = text("a"),
        |it| it.cainfo = text("A"),
        |it| it.cainfo_blob = Some(b"a"[..].into()),
        |it| it.capath = text("a"),
        |it| it.crlfile = text("a"),
        |it| it.issuercert = text("a"),
        |it| it.issuercert_blob = Some(b"a"[..].into()),
        |it| it.sslcert = text("a"),
        |it| it.sslcert_blob = Some(b"a"[..].into()),
        |it| it.sslcerttype = text("DER"),
        |it| it.sslkey = text("a"),
        |it| it.sslkey_blob = Some(b"a"[..].into()),
        |it| it.sslkeytype = text("DER"),
        |it| it.keypasswd = text("a"),
        |it| it.ssl_cipher_list = text("a"),
        |it| it.tls13_ciphers = text("a"),
        |it| it.ssl_ec_curves = text("a"),
        |it| it.ssl_signature_algorithms = text("a"),
        |it| it.pinnedpublickey = text("a"),
    ];
    for (base, of) in sides {
        let all = || {
            changes.iter().map(|change| {
                let mut options = Options::default();
                base(&mut options);
                change(of(&mut options));
                options
            })
        };
        for (number, one) in all().enumerate() {
            for (other_number, other) in all().enumerate() {
                let same = made_of(&one) == made_of(&other);
                assert_eq!(same, number == other_number, "{number} and {other_number}");
            }
        }
    }
}

#[test]
fn what_makes_no_difference() {
    alike(
        plain,
        &[
            ("USERAGENT", |it| it.useragent = text("a")),
            ("HTTPHEADER", |it| it.httpheader = list("Authorization: a")),
            ("TCP_NODELAY", |it| it.tcp_nodelay = false),
            ("TCP_KEEPALIVE", |it| it.connect_mut().tcp_keepalive = true),
            // As with libcurl a name is a name, wherever it was found.
            ("RESOLVE", |it| it.dns_mut().resolve = list("a.example:81:127.0.0.1")),
            ("DOH_URL", |it| it.dns_mut().doh_url = text("https://b.example/")),
            ("PROXY_SERVICE_NAME without a proxy", |it| {
                it.proxy_mut().proxy_service_name = text("a");
            }),
            ("GSSAPI_DELEGATION without Negotiate", |it| it.auth_mut().gssapi_delegation = 1),
            ("SSL_VERIFYPEER without TLS", |it| it.tls_mut().ssl_verifypeer = false),
        ],
    );
    alike(
        |it| with_proxy("https://a.example/", "http://p", it),
        &[
            ("PROXYHEADER", |it| it.proxy_mut().proxyheader = list("X: a")),
            ("GSSAPI_DELEGATION", |it| it.auth_mut().gssapi_delegation = 1),
            ("SOCKS5_AUTH", |it| it.proxy_mut().socks5_auth = Auth::BASIC),
        ],
    );
    alike(
        |it| with_proxy("http://a.example/", "http://p", it),
        &[
            ("the URL", |it| it.url = text("http://b.example/")),
            // It goes with each request.
            ("PROXYHEADER", |it| it.proxy_mut().proxyheader = list("Proxy-Authorization: a")),
        ],
    );
}
