use tress_model::{Code, Error, Result};

/// `CURLOPT_RTSP_REQUEST`, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum Method {
    Options = 1,
    Describe = 2,
    Announce = 3,
    Setup = 4,
    Play = 5,
    Pause = 6,
    Teardown = 7,
    GetParameter = 8,
    SetParameter = 9,
    Record = 10,
    /// Nothing is sent; interleaved packets are read.
    Receive = 11,
}

impl Method {
    /// The method's word; `""` for `Receive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Options => "OPTIONS",
            Self::Describe => "DESCRIBE",
            Self::Announce => "ANNOUNCE",
            Self::Setup => "SETUP",
            Self::Play => "PLAY",
            Self::Pause => "PAUSE",
            Self::Teardown => "TEARDOWN",
            Self::GetParameter => "GET_PARAMETER",
            Self::SetParameter => "SET_PARAMETER",
            Self::Record => "RECORD",
            Self::Receive => "",
        }
    }

    /// Whether a reply has a body for the application. GET_PARAMETER without
    /// a body of its own is a heartbeat and has none either.
    pub fn reply_has_body(self, request_body: bool) -> bool {
        match self {
            Self::Describe | Self::Receive => true,
            Self::GetParameter => request_body,
            _ => false,
        }
    }

    /// Whether the request may carry a body.
    pub fn sends_body(self) -> bool {
        matches!(self, Self::Announce | Self::GetParameter | Self::SetParameter)
    }
}

/// What a request is made of. Lines given as `&str` come without name or line
/// end unless said otherwise; what is `None` or empty is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `CURLOPT_RTSP_STREAM_URI`; `*` when missing.
    pub stream_uri: Option<&'a str>,
    /// The sequence number.
    pub cseq: u32,
    /// `CURLOPT_RTSP_SESSION_ID`.
    pub session: Option<&'a str>,
    /// `CURLOPT_RTSP_TRANSPORT`, for SETUP.
    pub transport: Option<&'a str>,
    /// `CURLOPT_ACCEPT_ENCODING`, for DESCRIBE.
    pub accept_encoding: Option<&'a str>,
    /// `CURLOPT_RANGE`, for PLAY, PAUSE and RECORD.
    pub range: Option<&'a str>,
    /// `CURLOPT_REFERER`.
    pub referer: Option<&'a str>,
    /// `CURLOPT_USERAGENT`.
    pub user_agent: Option<&'a str>,
    /// Complete header lines: proxy authentication, then authentication.
    pub auth_lines: &'a str,
    /// Complete header line of a time condition, for SETUP and DESCRIBE.
    pub time_condition_line: &'a str,
    /// Names of the application's own headers, in any case.
    pub custom_names: &'a [&'a str],
    /// The application's own header lines, complete.
    pub custom_lines: &'a str,
    /// The body's length, where the method sends one.
    pub body_len: u64,
}

/// The request's head, blank line included.
///
/// # Errors
/// `RtspCseqError` and `BadFunctionArgument` for headers that the application
/// must not set; `BadFunctionArgument` for SETUP without a transport.
pub fn head(method: Method, request: &Request<'_>) -> Result<String> {
    let has = |name: &str| request.custom_names.iter().any(|own| own.eq_ignore_ascii_case(name));
    if method == Method::Setup && request.transport.is_none() && !has("Transport") {
        let message = "Refusing to issue an RTSP SETUP without a Transport: header.";
        return Err(Error::new(Code::BadFunctionArgument, message));
    }
    if has("CSeq") {
        let message = "CSeq cannot be set as a custom header.";
        return Err(Error::new(Code::RtspCseqError, message));
    }
    if has("Session") {
        let message = "Session ID cannot be set as a custom header.";
        return Err(Error::new(Code::BadFunctionArgument, message));
    }
    let mut out = format!(
        "{} {} RTSP/1.0\r\nCSeq: {}\r\n",
        method.name(),
        request.stream_uri.unwrap_or("*"),
        request.cseq
    );
    let mut line = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| !has(name) || name == "Session") {
            out.extend([name, ": ", value, "\r\n"]);
        }
    };
    let describe = method == Method::Describe;
    let ranged = matches!(method, Method::Play | Method::Pause | Method::Record);
    line("Session", request.session);
    line("Transport", request.transport.filter(|_| method == Method::Setup));
    line("Accept", describe.then_some("application/sdp"));
    line("Accept-Encoding", request.accept_encoding.filter(|_| describe));
    line("Range", request.range.filter(|_| ranged));
    line("Referer", request.referer);
    line("User-Agent", request.user_agent.filter(|agent| !agent.is_empty()));
    out.push_str(request.auth_lines);
    if describe || method == Method::Setup {
        out.push_str(request.time_condition_line);
    }
    out.push_str(request.custom_lines);
    if method.sends_body() && request.body_len > 0 {
        if !has("Content-Length") {
            out.push_str(&format!("Content-Length: {}\r\n", request.body_len));
        }
        if !has("Content-Type") {
            out.push_str(match method {
                Method::Announce => "Content-Type: application/sdp\r\n",
                _ => "Content-Type: text/parameters\r\n",
            });
        }
    }
    out.push_str("\r\n");
    Ok(out)
}
