//! OpenSSL's and IANA's names of cipher suites and key exchange groups.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, kx_group};
use rustls::{CipherSuite, NamedGroup, ProtocolVersion, SupportedCipherSuite};

/// OpenSSL's name of a suite; TLS 1.3 has only IANA's.
pub(super) fn cipher_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => {
            "ECDHE-ECDSA-CHACHA20-POLY1305"
        }
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        _ => "(NONE)",
    }
}

/// The suites of TLS 1.2 that `list` names, in its order; `None`: all. A list
/// without any suite that exists here gives none at all. OpenSSL's words for
/// groups of suites stand for all.
pub(super) fn tls12_suites(list: Option<&str>) -> Vec<SupportedCipherSuite> {
    select(ProtocolVersion::TLSv1_2, list)
}

/// The same for TLS 1.3.
pub(super) fn tls13_suites(list: Option<&str>) -> Vec<SupportedCipherSuite> {
    select(ProtocolVersion::TLSv1_3, list)
}

/// The groups that `list` names, as X25519, P-256 or P-384 and their other names.
pub(super) fn groups(list: &str) -> Vec<&'static dyn SupportedKxGroup> {
    let named = |name: &str| match name.to_ascii_uppercase().as_str() {
        "X25519" => Some(kx_group::X25519),
        "P-256" | "PRIME256V1" | "SECP256R1" => Some(kx_group::SECP256R1),
        "P-384" | "SECP384R1" => Some(kx_group::SECP384R1),
        _ => None,
    };
    list.split(':').filter_map(named).collect()
}

/// OpenSSL's name of a key exchange group.
pub(super) fn group_name(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "X25519",
        NamedGroup::secp256r1 => "prime256v1",
        NamedGroup::secp384r1 => "secp384r1",
        _ => "",
    }
}

fn select(version: ProtocolVersion, list: Option<&str>) -> Vec<SupportedCipherSuite> {
    let all = ALL_CIPHER_SUITES.iter().filter(|s| s.version().version == version).copied();
    let Some(list) = list else { return all.collect() };
    let mut chosen: Vec<SupportedCipherSuite> = Vec::new();
    for word in list.split([':', ',', ' ']).filter(|w| !w.is_empty()) {
        if stands_for_all(word) {
            return all.collect();
        }
        chosen.extend(all.clone().filter(|s| is_named(s.suite(), word)));
    }
    chosen
}

/// OpenSSL knows many; those that hold suites which exist here matter.
fn stands_for_all(word: &str) -> bool {
    let word = word.trim_start_matches('+');
    let word = word.split('@').next().unwrap_or(word);
    [
        "ALL",
        "DEFAULT",
        "HIGH",
        "COMPLEMENTOFDEFAULT",
        "ECDHE",
        "EECDH",
        "AESGCM",
        "kEECDH",
        "TLSv1.2",
    ]
    .iter()
    .any(|all| word == *all || word.strip_prefix(all).is_some_and(|rest| rest.starts_with('+')))
}

fn is_named(suite: CipherSuite, word: &str) -> bool {
    if cipher_name(suite).eq_ignore_ascii_case(word) {
        return true;
    }
    suite.as_str().is_some_and(|iana| iana.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects_by_name_in_order() {
        let list = "ECDHE-RSA-AES256-GCM-SHA384:nonsense:TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        let names: Vec<_> =
            tls12_suites(Some(list)).iter().map(|s| cipher_name(s.suite())).collect();
        assert_eq!(names, ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"]);
        assert!(tls12_suites(Some("nonsense")).is_empty());
        assert_eq!(tls12_suites(Some("DEFAULT@SECLEVEL=1")).len(), 6);
        assert_eq!(tls13_suites(None).len(), 3);
        assert_eq!(tls13_suites(Some("TLS_AES_128_GCM_SHA256")).len(), 1);
        assert_eq!(groups("X25519:P-521:secp384r1").len(), 2);
    }
}
