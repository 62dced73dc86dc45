use tress_model::{Code, Error, Result};

use super::Credentials;

/// No mechanism.
pub const NONE: u16 = 0;
/// LOGIN (a draft that never became an RFC).
pub const LOGIN: u16 = 1 << 0;
/// PLAIN (RFC 4616).
pub const PLAIN: u16 = 1 << 1;
/// CRAM-MD5 (RFC 2195).
pub const CRAM_MD5: u16 = 1 << 2;
/// DIGEST-MD5 (RFC 2831).
pub const DIGEST_MD5: u16 = 1 << 3;
const GSSAPI: u16 = 1 << 4;
/// EXTERNAL (RFC 4422 appendix A).
pub const EXTERNAL: u16 = 1 << 5;
/// NTLM.
pub const NTLM: u16 = 1 << 6;
/// XOAUTH2.
pub const XOAUTH2: u16 = 1 << 7;
/// OAUTHBEARER (RFC 7628).
pub const OAUTHBEARER: u16 = 1 << 8;
/// Any mechanism.
pub const ALL: u16 = 0xffff;
/// Any but EXTERNAL, which must be asked for.
pub const DEFAULT: u16 = ALL & !EXTERNAL;

const NAMES: [(&str, u16); 9] = [
    ("LOGIN", LOGIN),
    ("PLAIN", PLAIN),
    ("CRAM-MD5", CRAM_MD5),
    ("DIGEST-MD5", DIGEST_MD5),
    ("GSSAPI", GSSAPI),
    ("EXTERNAL", EXTERNAL),
    ("NTLM", NTLM),
    ("XOAUTH2", XOAUTH2),
    ("OAUTHBEARER", OAUTHBEARER),
];

/// The mechanism of that name, in any case.
pub fn decode(word: &[u8]) -> Option<u16> {
    let named = NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    named.map(|&(_, bit)| bit)
}

/// What `CURLOPT_HTTPAUTH` says about mechanisms when it was set.
pub fn from_http_auth(auth: u64) -> u16 {
    const BASIC: u64 = 1 << 0;
    const DIGEST: u64 = 1 << 1;
    const NEGOTIATE: u64 = 1 << 2;
    const NTLM_AUTH: u64 = 1 << 3;
    const BEARER: u64 = 1 << 6;
    if auth == BASIC {
        return DEFAULT;
    }
    let pairs = [
        (BASIC, PLAIN | LOGIN),
        (DIGEST, DIGEST_MD5),
        (NTLM_AUTH, NTLM),
        (BEARER, OAUTHBEARER | XOAUTH2),
        (NEGOTIATE, GSSAPI),
    ];
    let chosen = pairs.iter().filter(|(bit, _)| auth & bit != 0).fold(NONE, |all, (_, m)| all | m);
    if chosen == NONE { DEFAULT } else { chosen }
}

/// Reads login options, `AUTH=<mechanism>` separated by `;`, over the mechanisms
/// `base`. `own` is a value that the protocol adds, such as `+APOP`.
///
/// Returns the mechanisms and whether the own value was the last to count.
///
/// # Errors
/// `UrlMalformat` for anything else.
pub fn preference(options: &str, base: u16, own: &str) -> Result<(u16, bool)> {
    let malformed = || Error::from(Code::UrlMalformat);
    let (mut mechanisms, mut own_chosen, mut fresh) = (base, false, true);
    for option in options.split(';').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(malformed)?;
        if !key.eq_ignore_ascii_case("AUTH") || value.is_empty() {
            return Err(malformed());
        }
        if !own.is_empty() && value.eq_ignore_ascii_case(own) {
            (mechanisms, own_chosen) = (NONE, true);
            continue;
        }
        if std::mem::take(&mut fresh) {
            mechanisms = NONE;
        }
        if value == "*" {
            mechanisms = DEFAULT;
        } else {
            mechanisms |= decode(value.as_bytes()).ok_or_else(malformed)?;
        }
        own_chosen = false;
    }
    Ok((mechanisms, own_chosen))
}

/// The strongest of the enabled mechanisms that these credentials can feed.
pub(super) fn choose(enabled: u16, credentials: &Credentials) -> Option<(&'static str, u16)> {
    let bearer = credentials.bearer.is_some();
    let order = [
        (EXTERNAL, credentials.password.is_empty()),
        (DIGEST_MD5, true),
        (CRAM_MD5, true),
        (NTLM, true),
        (OAUTHBEARER, bearer),
        (XOAUTH2, bearer),
        (PLAIN, true),
        (LOGIN, true),
    ];
    let &(bit, _) = order.iter().find(|&&(bit, possible)| possible && enabled & bit != 0)?;
    NAMES.iter().find(|(_, named)| *named == bit).copied()
}

/// Whether the first message needs no challenge.
pub(super) fn has_initial(mechanism: u16) -> bool {
    !matches!(mechanism, DIGEST_MD5 | CRAM_MD5)
}

/// How many messages the client may send.
pub(super) fn messages(mechanism: u16) -> u8 {
    match mechanism {
        LOGIN | DIGEST_MD5 | OAUTHBEARER | NTLM => 2,
        _ => 1,
    }
}
