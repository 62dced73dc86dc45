use std::fmt;

use bitflags::bitflags;

/// What a call of the URL API came to when it failed (`CURLUcode`, libcurl-errors(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum UrlCode {
    Ok = 0,
    BadHandle = 1,
    BadPartpointer = 2,
    MalformedInput = 3,
    BadPortNumber = 4,
    UnsupportedScheme = 5,
    UrlDecode = 6,
    OutOfMemory = 7,
    UserNotAllowed = 8,
    UnknownPart = 9,
    NoScheme = 10,
    NoUser = 11,
    NoPassword = 12,
    NoOptions = 13,
    NoHost = 14,
    NoPort = 15,
    NoQuery = 16,
    NoFragment = 17,
    NoZoneid = 18,
    BadFileUrl = 19,
    BadFragment = 20,
    BadHostname = 21,
    BadIpv6 = 22,
    BadLogin = 23,
    BadPassword = 24,
    BadPath = 25,
    BadQuery = 26,
    BadScheme = 27,
    BadSlashes = 28,
    BadUser = 29,
    LacksIdn = 30,
    TooLarge = 31,
    Backslash = 32,
}

impl UrlCode {
    /// libcurl's text for the code (curl_url_strerror(3)).
    pub fn message(self) -> &'static str {
        match self {
            Self::Ok => "No error",
            Self::BadHandle => "An invalid CURLU pointer was passed as argument",
            Self::BadPartpointer => "An invalid 'part' argument was passed as argument",
            Self::MalformedInput => "Malformed input to a URL function",
            Self::BadPortNumber => "Port number was not a decimal number between 0 and 65535",
            Self::UnsupportedScheme => "Unsupported URL scheme",
            Self::UrlDecode => "URL decode error, most likely because of rubbish in the input",
            Self::OutOfMemory => "A memory function failed",
            Self::UserNotAllowed => "Credentials was passed in the URL when prohibited",
            Self::UnknownPart => "An unknown part ID was passed to a URL API function",
            Self::NoScheme => "No scheme present",
            Self::NoUser => "No user present",
            Self::NoPassword => "No password present",
            Self::NoOptions => "No options present",
            Self::NoHost => "No host present",
            Self::NoPort => "No port number present",
            Self::NoQuery => "No query present",
            Self::NoFragment => "No fragment present",
            Self::NoZoneid => "No zoneid present",
            Self::BadFileUrl => "Bad file:// URL",
            Self::BadFragment => "Bad fragment",
            Self::BadHostname => "Bad hostname",
            Self::BadIpv6 => "Bad IPv6 address",
            Self::BadLogin => "Bad login",
            Self::BadPassword => "Bad password",
            Self::BadPath => "Bad path",
            Self::BadQuery => "Bad query",
            Self::BadScheme => "Bad scheme",
            Self::BadSlashes => "Unsupported number of slashes following scheme",
            Self::BadUser => "Bad user",
            Self::LacksIdn => "libcurl lacks IDN support",
            Self::TooLarge => "A value or data field is larger than allowed",
            Self::Backslash => "Found a backslash where a forward slash was expected",
        }
    }
}

impl fmt::Display for UrlCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for UrlCode {}

/// A part of a URL (`CURLUPart`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum UrlPart {
    Url = 0,
    Scheme = 1,
    User = 2,
    Password = 3,
    Options = 4,
    Host = 5,
    Port = 6,
    Path = 7,
    Query = 8,
    Fragment = 9,
    Zoneid = 10,
}

impl UrlPart {
    /// The part of a `CURLUPART_*` number; none: unknown.
    pub fn from_number(number: i32) -> Option<Self> {
        const ALL: [UrlPart; 11] = [
            UrlPart::Url,
            UrlPart::Scheme,
            UrlPart::User,
            UrlPart::Password,
            UrlPart::Options,
            UrlPart::Host,
            UrlPart::Port,
            UrlPart::Path,
            UrlPart::Query,
            UrlPart::Fragment,
            UrlPart::Zoneid,
        ];
        ALL.get(usize::try_from(number).ok()?).copied()
    }
}

bitflags! {
    /// `CURLU_*`: how a URL is read, changed and given out.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct UrlFlags: u32 {
        /// Give out the scheme's default port when none is set.
        const DEFAULT_PORT = 1 << 0;
        /// Leave a port out that is the scheme's default.
        const NO_DEFAULT_PORT = 1 << 1;
        /// Without a scheme: https.
        const DEFAULT_SCHEME = 1 << 2;
        /// Accept schemes that libcurl does not know.
        const NON_SUPPORT_SCHEME = 1 << 3;
        /// Keep `.` and `..` segments of the path.
        const PATH_AS_IS = 1 << 4;
        /// Refuse credentials.
        const DISALLOW_USER = 1 << 5;
        /// Percent-decode what is given out.
        const URLDECODE = 1 << 6;
        /// Percent-encode what is set.
        const URLENCODE = 1 << 7;
        /// Append to the query with an `&`.
        const APPENDQUERY = 1 << 8;
        /// Without a scheme: guess it from the host name.
        const GUESS_SCHEME = 1 << 9;
        /// Accept an empty host.
        const NO_AUTHORITY = 1 << 10;
        /// Accept spaces.
        const ALLOW_SPACE = 1 << 11;
        /// Give the host out in punycode.
        const PUNYCODE = 1 << 12;
        /// Give a punycode host out in Unicode.
        const PUNY2IDN = 1 << 13;
        /// Give out empty queries and fragments.
        const GET_EMPTY = 1 << 14;
        /// Do not give out a guessed scheme.
        const NO_GUESS_SCHEME = 1 << 15;
    }
}
