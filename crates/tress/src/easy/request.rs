//! What a request says, and what becomes of its answer.

use std::time::Duration;

use tress_engine::options::{Auth, FollowLocation, HttpVersion, Protocols};

use super::{Easy, OFFERED};

/// What the request says.
impl Easy {
    /// Adds a name and its value to the query of the URL, encoded.
    ///
    /// ```
    /// let easy = tress::Easy::get("http://example.com/?a=1#part").query("b", "2 & 3");
    /// assert!(format!("{easy:?}").contains("http://example.com/?a=1&b=2%20%26%203#part"));
    /// ```
    pub fn query(self, name: &str, value: &str) -> Self {
        let escape = |text: &str| tress_model::escape::escape(text.as_bytes());
        let pair = [escape(name), escape(value)].join(&b'=');
        self.set(|options| {
            let url = options.url.take().unwrap_or_default();
            let end = url.iter().position(|&byte| byte == b'#').unwrap_or(url.len());
            let (before, fragment) = url.split_at(end);
            let between: &[u8] = match before.iter().position(|&byte| byte == b'?') {
                None => b"?",
                Some(at) if at + 1 == before.len() || before.ends_with(b"&") => b"",
                Some(_) => b"&",
            };
            options.url = Some([before, between, &pair, fragment].concat().into());
        })
    }

    /// Adds a header, or replaces one that Tress would send itself.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(why) = wrong_header(name, value) {
            return self.refuse_text("header", &format!("{name}: {value}"), why);
        }
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        self.add_header(line.into_bytes().into());
        self
    }

    /// Leaves out a header that Tress would send itself.
    pub fn without_header(mut self, name: &str) -> Self {
        if let Some(why) = wrong_header(name, "") {
            return self.refuse_text("header", name, why);
        }
        self.add_header(format!("{name}:").into_bytes().into());
        self
    }

    /// `User-Agent`.
    pub fn user_agent(self, agent: &str) -> Self {
        if agent.contains(['\r', '\n']) {
            return self.refuse_text("user agent", agent, LINE_END);
        }
        self.set_text("user agent", agent, |options, agent| options.useragent = Some(agent))
    }

    /// Cookies as they are sent, `name=value; other=value` (`CURLOPT_COOKIE`). Those that servers
    /// set are kept in a [`Share`](crate::Share).
    pub fn cookie(self, cookies: &str) -> Self {
        if cookies.contains(['\r', '\n']) {
            return self.refuse_text("cookie", cookies, LINE_END);
        }
        self.set_text("cookie", cookies, |options, it| options.http_mut().cookie = Some(it))
    }

    /// User and password for the server (`CURLOPT_USERPWD`), by Basic authentication, or by what
    /// [`Easy::auth`] allows.
    pub fn credentials(self, user: &str, password: &str) -> Self {
        self.set_text("user", user, |options, user| options.auth_mut().username = Some(user))
            .set_text("password", password, |options, it| options.auth_mut().password = Some(it))
    }

    /// The ways to prove who the user is that may be used (`CURLOPT_HTTPAUTH`), such as
    /// `Auth::DIGEST` or `Auth::all()`; Basic otherwise.
    pub fn auth(self, allowed: Auth) -> Self {
        self.set(|options| options.auth_mut().httpauth = allowed)
    }

    /// A bearer token (RFC 6750) for the server: `CURLOPT_XOAUTH2_BEARER`.
    pub fn bearer(self, token: &str) -> Self {
        self.auth(Auth::BEARER)
            .set_text("token", token, |options, it| options.auth_mut().xoauth2_bearer = Some(it))
    }

    /// The version of HTTP (`CURLOPT_HTTP_VERSION`); HTTP/2 over TLS where both can otherwise.
    pub fn http_version(self, version: HttpVersion) -> Self {
        self.set(|options| options.http_version = version)
    }

    /// Asks for compressed bodies, and unpacks them.
    pub fn accept_compressed(self) -> Self {
        self.set(|options| options.accept_encoding = Some(Box::default()))
    }

    /// Only these bytes of the whole, such as `0-99`, `100-` or `-50` (`CURLOPT_RANGE`).
    pub fn range(self, range: &str) -> Self {
        self.set_text("range", range, |options, range| options.http_mut().range = Some(range))
    }

    /// Goes on with a download at byte `from`; fails with `RangeError` when the server cannot.
    pub fn resume_from(self, from: u64) -> Self {
        self.set(|options| options.resume_from = i64::try_from(from).unwrap_or(i64::MAX))
    }

    /// From whom and to whom a mail goes (SMTP); the mail itself is the body.
    ///
    /// ```no_run
    /// let mail = "From: <me@example.com>\r\nTo: <you@example.org>\r\nSubject: Hello\r\n\r\nHello!\r\n";
    /// tress::Easy::put("smtp://mail.example.com/", mail)
    ///     .mail("<me@example.com>", &["<you@example.org>"])
    ///     .credentials("me", "secret")
    ///     .require_tls()
    ///     .perform()?;
    /// # Ok::<(), tress::Error>(())
    /// ```
    pub fn mail(self, from: &str, to: &[&str]) -> Self {
        let all = to.iter().chain([&from]);
        if let Some(bad) = all.into_iter().find(|address| address.contains(['\r', '\n', '\0'])) {
            return self.refuse_text("mail address", bad, LINE_END);
        }
        self.set(|options| {
            options.mail_mut().mail_from = Some(from.as_bytes().into());
            options.mail_mut().mail_rcpt = Some(to.iter().map(|it| it.as_bytes().into()).collect());
        })
    }
}

/// What becomes of the answer.
impl Easy {
    /// Follows at most so many redirects; 0: none.
    pub fn redirects(self, most: u16) -> Self {
        self.set(|options| {
            let all = FollowLocation::All;
            options.followlocation = if most == 0 { FollowLocation::No } else { all };
            options.maxredirs = most.min(i16::MAX as u16) as i16;
        })
    }

    /// Which schemes the URL may have, redirects included (`CURLOPT_PROTOCOLS`,
    /// `CURLOPT_REDIR_PROTOCOLS`); any other fails with `UnsupportedProtocol`. All otherwise, and
    /// HTTP and FTP for redirects; SCP and SFTP never. For URLs that come from somewhere else.
    ///
    /// ```
    /// use tress::{Code, Easy, Protocols};
    /// let easy = Easy::get("file:///etc/passwd").protocols(Protocols::HTTP | Protocols::HTTPS);
    /// assert_eq!(easy.perform().unwrap_err().code(), Code::UnsupportedProtocol);
    /// ```
    pub fn protocols(self, allowed: Protocols) -> Self {
        self.set(|options| {
            options.protocols = allowed & OFFERED;
            options.redir_protocols = allowed & OFFERED;
        })
    }

    /// A response code of 400 and more is an error (`CURLOPT_FAILONERROR`).
    pub fn fail_on_error(self) -> Self {
        self.set(|options| options.failonerror = true)
    }
}

/// Limits.
impl Easy {
    /// Time for the whole transfer; zero: no limit.
    pub fn timeout(self, time: Duration) -> Self {
        self.set(|options| options.timeout = time)
    }

    /// Time for connecting; zero: 300 seconds.
    pub fn connect_timeout(self, time: Duration) -> Self {
        self.set(|options| options.connecttimeout = time)
    }

    /// Fails with `OperationTimedout` once there were fewer than `bytes` a second for `time`;
    /// zero: never. So `min_speed(1, time)` bounds how long a server may be silent, however long
    /// the whole takes.
    pub fn min_speed(self, bytes: u64, time: Duration) -> Self {
        self.set(|options| {
            options.limits_mut().low_speed_limit = bytes;
            options.limits_mut().low_speed_time = time;
        })
    }

    /// Bytes a second received at most; 0: no limit.
    pub fn max_receive_speed(self, bytes: u64) -> Self {
        self.set(|options| options.limits_mut().max_recv_speed = bytes)
    }

    /// Bytes a second sent at most; 0: no limit.
    pub fn max_send_speed(self, bytes: u64) -> Self {
        self.set(|options| options.limits_mut().max_send_speed = bytes)
    }

    /// Fails with `FilesizeExceeded` when the body has more bytes; 0: no limit. A message of a
    /// WebSocket counts as a body.
    pub fn max_size(self, bytes: u64) -> Self {
        self.set(|options| options.limits_mut().maxfilesize = bytes)
    }
}

const LINE_END: &str = "it has a line end or a zero byte";

/// What keeps a header from being one line of a head.
fn wrong_header(name: &str, value: &str) -> Option<&'static str> {
    let separator = |byte: u8| byte <= b' ' || matches!(byte, b':' | b';' | 0x7f);
    if name.is_empty() || name.bytes().any(separator) {
        return Some("that is no header's name");
    }
    value.contains(['\r', '\n', '\0']).then_some(LINE_END)
}
