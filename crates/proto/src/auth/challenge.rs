//! The schemes that `WWW-Authenticate` and `Proxy-Authenticate` offer.

/// A scheme that a client here can know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    Basic,
    Bearer,
    Digest,
    Negotiate,
    Ntlm,
}

/// An offer: its scheme, and the rest of the header value from behind the scheme's name on. The
/// rest may hold further challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// The scheme.
    pub scheme: Scheme,
    /// Parameters or a token, blanks before them left out.
    pub rest: &'a [u8],
}

/// The challenges in one header value. As libcurl does, a scheme's name is looked for at the
/// beginning and behind every comma, whether or not that is inside of quotes.
pub fn challenges(value: &[u8]) -> impl Iterator<Item = Challenge<'_>> {
    let mut next = Some(value);
    std::iter::from_fn(move || {
        loop {
            let here = next?.trim_ascii_start();
            let comma = here.iter().position(|&b| b == b',');
            next = comma.and_then(|at| here.get(at + 1..));
            if let Some(challenge) = begins(here) {
                return Some(challenge);
            }
        }
    })
}

/// The challenge that `text` begins with.
fn begins(text: &[u8]) -> Option<Challenge<'_>> {
    SCHEMES.iter().find_map(|&(name, scheme)| {
        let (begin, rest) = text.split_at_checked(name.len())?;
        let whole = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
        let found = whole && begin.eq_ignore_ascii_case(name.as_bytes());
        found.then(|| Challenge { scheme, rest: rest.trim_ascii_start() })
    })
}

const SCHEMES: [(&str, Scheme); 5] = [
    ("Basic", Scheme::Basic),
    ("Bearer", Scheme::Bearer),
    ("Digest", Scheme::Digest),
    ("Negotiate", Scheme::Negotiate),
    ("NTLM", Scheme::Ntlm),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Prng;

    fn schemes(value: &str) -> Vec<Scheme> {
        challenges(value.as_bytes()).map(|challenge| challenge.scheme).collect()
    }

    #[test]
    fn lists() {
        assert_eq!(schemes("basic realm=\"x\""), [Scheme::Basic]);
        let both = "Digest realm=\"a, b\", nonce=\"c\" , NTLM, Negotiate abc,Bearer";
        assert_eq!(
            schemes(both),
            [Scheme::Digest, Scheme::Ntlm, Scheme::Negotiate, Scheme::Bearer]
        );
        let first = challenges(both.as_bytes()).next().unwrap();
        assert!(first.rest.starts_with(b"realm="));
        assert_eq!(schemes("Basically, NTLM2, Digests,,"), []);
        assert_eq!(schemes(""), []);
    }

    #[test]
    fn hostile_values_end() {
        let mut prng = Prng::new(5);
        for _ in 0..1000 {
            let len = prng.below(60);
            let value = prng.bytes(len, b"Basic NTLM, Digest,,\" ");
            assert!(challenges(&value).count() <= value.len());
        }
    }
}
