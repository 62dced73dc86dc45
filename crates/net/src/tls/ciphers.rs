//! Lists of cipher suites in OpenSSL's language (`openssl-ciphers(1)`), as far as its words mean
//! suites that exist here.

use rustls::crypto::ring::ALL_CIPHER_SUITES;
use rustls::{CipherSuite, ProtocolVersion, SupportedCipherSuite};

use super::names::cipher_name;

/// The suites of TLS 1.2 that `list` chooses, in its order; `None`: all. Words that mean no suite
/// of here are passed over; a list of which nothing is left gives none at all.
pub(super) fn tls12_suites(list: Option<&str>) -> Vec<SupportedCipherSuite> {
    let all = suites(ProtocolVersion::TLSv1_2);
    let Some(list) = list else { return all };
    let mut chosen = Chosen { all, list: Vec::new(), banned: Vec::new() };
    for word in list.split([':', ',', ' ', ';']).filter(|word| !word.is_empty()) {
        chosen.obey(word);
    }
    chosen.list
}

/// The suites of TLS 1.3 that `list` names, in its order; `None`: all.
pub(super) fn tls13_suites(list: Option<&str>) -> Vec<SupportedCipherSuite> {
    let all = suites(ProtocolVersion::TLSv1_3);
    let Some(list) = list else { return all };
    let named = |word: &str| all.iter().find(|suite| is_name(suite.suite(), word)).copied();
    list.split([':', ',', ' ', ';']).filter_map(named).collect()
}

fn suites(version: ProtocolVersion) -> Vec<SupportedCipherSuite> {
    let all = ALL_CIPHER_SUITES.iter().filter(|suite| suite.version().version == version);
    all.copied().collect()
}

struct Chosen {
    all: Vec<SupportedCipherSuite>,
    list: Vec<SupportedCipherSuite>,
    /// Suites that a word after `!` meant: they never come back.
    banned: Vec<CipherSuite>,
}

impl Chosen {
    fn obey(&mut self, word: &str) {
        // `DEFAULT@SECLEVEL=1`: all that exists here is of the highest level.
        let word = word.split('@').next().unwrap_or(word);
        let (sign, words) = match word.as_bytes().first() {
            Some(sign @ (b'!' | b'-' | b'+')) => (*sign, word.get(1..).unwrap_or_default()),
            Some(_) => (b' ', word),
            None => return,
        };
        let meant = |suite: &SupportedCipherSuite| {
            words.split('+').all(|word| is_meant(suite.suite(), word))
        };
        match sign {
            b'!' => {
                self.banned.extend(self.all.iter().filter(|s| meant(s)).map(|s| s.suite()));
                self.list.retain(|suite| !meant(suite));
            }
            b'-' => self.list.retain(|suite| !meant(suite)),
            b'+' => self.list.sort_by_key(meant),
            _ => {
                for suite in self.all.iter().filter(|suite| meant(suite)) {
                    let id = suite.suite();
                    let known = self.list.iter().any(|listed| listed.suite() == id);
                    if !known && !self.banned.contains(&id) {
                        self.list.push(*suite);
                    }
                }
            }
        }
    }
}

/// Does a word of a list mean this suite: by its name, or by what it is made of?
fn is_meant(suite: CipherSuite, word: &str) -> bool {
    let name = cipher_name(suite);
    match word {
        "ALL" | "DEFAULT" | "HIGH" | "TLSv1.2" | "PROFILE=SYSTEM" | "ECDHE" | "EECDH"
        | "kECDHE" | "kEECDH" | "ECDH" => true,
        "aRSA" => name.starts_with("ECDHE-RSA"),
        "ECDSA" | "aECDSA" => name.starts_with("ECDHE-ECDSA"),
        "AES" | "AESGCM" | "FIPS" => name.contains("GCM"),
        "AES128" => name.contains("AES128"),
        "AES256" => name.contains("AES256"),
        "CHACHA20" => name.contains("CHACHA20"),
        _ => is_name(suite, word),
    }
}

/// OpenSSL's name, or IANA's.
fn is_name(suite: CipherSuite, word: &str) -> bool {
    let iana = suite.as_str();
    cipher_name(suite).eq_ignore_ascii_case(word)
        || iana.is_some_and(|iana| iana.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls12(list: &str) -> Vec<&'static str> {
        tls12_suites(Some(list)).iter().map(|suite| cipher_name(suite.suite())).collect()
    }

    #[test]
    fn selects_by_name_in_order() {
        let list = "ECDHE-RSA-AES256-GCM-SHA384:nonsense:TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        assert_eq!(tls12(list), ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"]);
        assert!(tls12("nonsense:RC4-MD5:AES128-SHA:RSA").is_empty());
        assert_eq!(tls12("DEFAULT@SECLEVEL=1").len(), 6);
        assert_eq!(tls13_suites(None).len(), 3);
        let named = tls13_suites(Some("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"));
        let names: Vec<_> = named.iter().map(|suite| cipher_name(suite.suite())).collect();
        assert_eq!(names, ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]);
    }

    #[test]
    fn words_mean_what_suites_are_made_of() {
        let chacha = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"];
        assert_eq!(tls12("CHACHA20"), chacha);
        assert_eq!(tls12("ECDHE+CHACHA20:!aECDSA"), chacha[1..]);
        assert_eq!(tls12("HIGH:-AES"), chacha);
        assert_eq!(tls12("HIGH:!aNULL:!MD5").len(), 6);
        assert_eq!(tls12("ECDHE+AESGCM:ECDHE+CHACHA20")[4..], chacha);
        // Banned for good, put last, taken out and back in.
        assert!(tls12("!CHACHA20:CHACHA20").is_empty());
        assert_eq!(tls12("ALL:+CHACHA20")[4..], chacha);
        assert_eq!(tls12("CHACHA20:-CHACHA20:CHACHA20"), chacha);
        assert_eq!(tls12("EECDH+AESGCM+aRSA:").len(), 2);
    }
}
