//! Result codes: what a transfer, a multi handle, a share or a URL call came to.

/// What became of a transfer or of a call on an easy handle (`CURLcode`, libcurl-errors(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Code {
    /// All went well; no [`Error`](crate::Error) has it.
    Ok = 0,
    /// The URL's scheme is unknown, or not allowed here.
    UnsupportedProtocol = 1,
    /// The transfer could not even be set up.
    FailedInit = 2,
    /// The URL is none.
    UrlMalformat = 3,
    /// What was asked for is not part of this library.
    NotBuiltIn = 4,
    /// The proxy's name has no address.
    CouldntResolveProxy = 5,
    /// The host's name has no address.
    CouldntResolveHost = 6,
    /// No connection could be made to the host or the proxy.
    CouldntConnect = 7,
    /// The server said something that its protocol does not know.
    WeirdServerReply = 8,
    /// The server does not let us there; with FTP: into the directory.
    RemoteAccessDenied = 9,
    /// The server did not connect back for an active FTP transfer, and said why.
    FtpAcceptFailed = 10,
    /// The answer to the FTP password makes no sense.
    FtpWeirdPassReply = 11,
    /// The server did not connect back for an active FTP transfer in time.
    FtpAcceptTimeout = 12,
    /// The answer to PASV or EPSV makes no sense.
    FtpWeirdPasvReply = 13,
    /// The address in the answer to PASV cannot be read.
    FtpWeird227Format = 14,
    /// The address for FTP's data was not found.
    FtpCantGetHost = 15,
    /// The HTTP/2 connection broke: a frame that must not be, or a GOAWAY.
    Http2 = 16,
    /// The server refused FTP's TYPE.
    FtpCouldntSetType = 17,
    /// The body is shorter or longer than was announced.
    PartialFile = 18,
    /// The server refused to send the file by FTP.
    FtpCouldntRetrFile = 19,
    /// A command of the application's own was refused.
    QuoteError = 21,
    /// The response code is 400 or more, and `CURLOPT_FAILONERROR` was set.
    HttpReturnedError = 22,
    /// The application, or the local file, did not take what was received.
    WriteError = 23,
    /// The server refused the upload.
    UploadFailed = 25,
    /// The body to send could not be read.
    ReadError = 26,
    /// Memory ran out.
    OutOfMemory = 27,
    /// A limit of time or of lowest speed was over.
    OperationTimedout = 28,
    /// The server refused PORT or EPRT, or there was no address for it.
    FtpPortFailed = 30,
    /// The server refused FTP's REST: it cannot go on in the midst of a file.
    FtpCouldntUseRest = 31,
    /// The server did not send the part that was asked for.
    RangeError = 33,
    /// No TLS could be agreed upon.
    SslConnectError = 35,
    /// The place to go on from is behind the file's end.
    BadDownloadResume = 36,
    /// The file of a `file` URL could not be opened.
    FileCouldntReadFile = 37,
    /// LDAP's login failed.
    LdapCannotBind = 38,
    /// LDAP's search failed.
    LdapSearchFailed = 39,
    /// The application ended the transfer itself.
    AbortedByCallback = 42,
    /// A setting or an argument cannot be.
    BadFunctionArgument = 43,
    /// The network device or address to connect from could not be used.
    InterfaceFailed = 45,
    /// There were more redirects than allowed.
    TooManyRedirects = 47,
    /// There is no such option.
    UnknownOption = 48,
    /// The option's text is not of the form that it must have.
    SetoptOptionSyntax = 49,
    /// The server closed without an answer.
    GotNothing = 52,
    /// There is no such crypto engine.
    SslEngineNotfound = 53,
    /// The crypto engine cannot be the default.
    SslEngineSetfailed = 54,
    /// Sending failed: the connection is gone.
    SendError = 55,
    /// Receiving failed: the connection is gone, or what came is no valid message.
    RecvError = 56,
    /// Our certificate or its key cannot be used.
    SslCertproblem = 58,
    /// There is no such cipher, or none that both sides have.
    SslCipher = 59,
    /// The server's certificate, or host key, is not to be trusted.
    PeerFailedVerification = 60,
    /// The body's encoding is broken, or unknown.
    BadContentEncoding = 61,
    /// The body is larger than allowed.
    FilesizeExceeded = 63,
    /// The server does not go over to TLS, which is required.
    UseSslFailed = 64,
    /// The body had to be sent again, and cannot be read from its start.
    SendFailRewind = 65,
    /// The crypto engine could not be prepared.
    SslEngineInitfailed = 66,
    /// The server does not take the user or the password.
    LoginDenied = 67,
    /// TFTP: there is no such file.
    TftpNotfound = 68,
    /// TFTP: not permitted.
    TftpPerm = 69,
    /// The server has no room left.
    RemoteDiskFull = 70,
    /// TFTP: the server did not understand.
    TftpIllegal = 71,
    /// TFTP: the server does not know this transfer.
    TftpUnknownid = 72,
    /// The file is on the server already.
    RemoteFileExists = 73,
    /// TFTP: there is no such user.
    TftpNosuchuser = 74,
    /// The certificates to trust could not be read.
    SslCacertBadfile = 77,
    /// What the URL names is not there.
    RemoteFileNotFound = 78,
    /// The SSH session failed.
    Ssh = 79,
    /// TLS could not be ended in order.
    SslShutdownFailed = 80,
    /// Not now: do it once more when there is room, or something has come.
    Again = 81,
    /// The revocation list could not be read.
    SslCrlBadfile = 82,
    /// The issuer is not the one that was asked for.
    SslIssuerError = 83,
    /// The server refused FTP's PRET.
    FtpPretFailed = 84,
    /// RTSP: the number of the answer is not that of the request.
    RtspCseqError = 85,
    /// RTSP: the answer belongs to another session.
    RtspSessionError = 86,
    /// The listing for a pattern of FTP could not be read.
    FtpBadFileList = 87,
    /// The application refused a file of a pattern of FTP.
    ChunkFailed = 88,
    /// There is no connection, and none may be made.
    NoConnectionAvailable = 89,
    /// The server's public key is not the pinned one.
    SslPinnedpubkeynotmatch = 90,
    /// What the server staples about its certificate does not say that it is good.
    SslInvalidcertstatus = 91,
    /// The stream of HTTP/2 was reset, or broke.
    Http2Stream = 92,
    /// A call from within a callback that does not allow it.
    RecursiveApiCall = 93,
    /// An authentication function failed.
    AuthError = 94,
    /// The HTTP/3 connection broke.
    Http3 = 95,
    /// No QUIC connection could be made.
    QuicConnectError = 96,
    /// The proxy's handshake failed.
    Proxy = 97,
    /// The server wants a certificate of ours.
    SslClientcert = 98,
    /// Waiting for sockets failed.
    UnrecoverablePoll = 99,
    /// Something is longer than its limit.
    TooLarge = 100,
    /// Encrypted Client Hello is required, and failed.
    EchRequired = 101,
}

/// What became of a call on a multi handle (`CURLMcode`, libcurl-errors(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum MultiCode {
    CallMultiPerform = -1,
    Ok = 0,
    BadHandle = 1,
    BadEasyHandle = 2,
    OutOfMemory = 3,
    InternalError = 4,
    BadSocket = 5,
    UnknownOption = 6,
    AddedAlready = 7,
    RecursiveApiCall = 8,
    WakeupFailure = 9,
    BadFunctionArgument = 10,
    AbortedByCallback = 11,
    UnrecoverablePoll = 12,
}
