//! OpenSSL's and IANA's names of cipher suites, key exchange groups and signature schemes.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::kx_group;
use rustls::{CipherSuite, NamedGroup, SignatureScheme};

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

/// The groups of `list` that exist here; OpenSSL's others are passed over. `None` for a name that
/// means no group at all, or if nothing is left.
pub(super) fn groups(list: &str) -> Option<Vec<&'static dyn SupportedKxGroup>> {
    let mut groups = Vec::new();
    for word in list.split(':') {
        // In newer lists: pass over what is unknown, and send a key share at once.
        let name = word.trim_start_matches(['?', '*']);
        match name.to_ascii_uppercase().as_str() {
            "X25519" => groups.push(kx_group::X25519),
            "P-256" | "PRIME256V1" | "SECP256R1" => groups.push(kx_group::SECP256R1),
            "P-384" | "SECP384R1" => groups.push(kx_group::SECP384R1),
            "P-521" | "SECP521R1" | "X448" => {}
            other if other.starts_with("FFDHE") || other.starts_with("BRAINPOOL") => {}
            other if other.contains("MLKEM") || word.starts_with('?') => {}
            _ => return None,
        }
    }
    (!groups.is_empty()).then_some(groups)
}

/// The signature schemes of `list` (`CURLOPT_SSL_SIGNATURE_ALGORITHMS`), by the names of RFC 8446
/// or as `ECDSA+SHA256`. `None` for a name that means no scheme at all.
pub(super) fn signature_schemes(list: &str) -> Option<Vec<SignatureScheme>> {
    let named = |word: &str| {
        let word = word.trim_start_matches('?').to_ascii_uppercase();
        let found = SCHEMES.iter().filter(|(name, both, _)| word == *name || word == *both);
        let schemes: Vec<_> = found.map(|(_, _, scheme)| *scheme).collect();
        (!schemes.is_empty()).then_some(schemes)
    };
    let schemes: Option<Vec<_>> = list.split(':').map(named).collect();
    schemes.map(|schemes| schemes.concat())
}

const SCHEMES: &[(&str, &str, SignatureScheme)] = &[
    ("ECDSA_SECP256R1_SHA256", "ECDSA+SHA256", SignatureScheme::ECDSA_NISTP256_SHA256),
    ("ECDSA_SECP384R1_SHA384", "ECDSA+SHA384", SignatureScheme::ECDSA_NISTP384_SHA384),
    ("ECDSA_SECP521R1_SHA512", "ECDSA+SHA512", SignatureScheme::ECDSA_NISTP521_SHA512),
    ("ED25519", "ED25519", SignatureScheme::ED25519),
    ("ED448", "ED448", SignatureScheme::ED448),
    ("RSA_PSS_RSAE_SHA256", "RSA-PSS+SHA256", SignatureScheme::RSA_PSS_SHA256),
    ("RSA_PSS_RSAE_SHA384", "RSA-PSS+SHA384", SignatureScheme::RSA_PSS_SHA384),
    ("RSA_PSS_RSAE_SHA512", "RSA-PSS+SHA512", SignatureScheme::RSA_PSS_SHA512),
    ("RSA_PSS_PSS_SHA256", "PSS+SHA256", SignatureScheme::Unknown(0x0809)),
    ("RSA_PSS_PSS_SHA384", "PSS+SHA384", SignatureScheme::Unknown(0x080a)),
    ("RSA_PSS_PSS_SHA512", "PSS+SHA512", SignatureScheme::Unknown(0x080b)),
    ("RSA_PKCS1_SHA256", "RSA+SHA256", SignatureScheme::RSA_PKCS1_SHA256),
    ("RSA_PKCS1_SHA384", "RSA+SHA384", SignatureScheme::RSA_PKCS1_SHA384),
    ("RSA_PKCS1_SHA512", "RSA+SHA512", SignatureScheme::RSA_PKCS1_SHA512),
    ("RSA_PKCS1_SHA1", "RSA+SHA1", SignatureScheme::RSA_PKCS1_SHA1),
    ("ECDSA_SHA1", "ECDSA+SHA1", SignatureScheme::ECDSA_SHA1_Legacy),
    ("DSA_SHA256", "DSA+SHA256", SignatureScheme::Unknown(0x0402)),
];

/// OpenSSL's name of a key exchange group.
pub(super) fn group_name(group: NamedGroup) -> &'static str {
    match group {
        NamedGroup::X25519 => "X25519",
        NamedGroup::secp256r1 => "prime256v1",
        NamedGroup::secp384r1 => "secp384r1",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_groups_and_schemes() {
        assert_eq!(groups("X25519:P-521:secp384r1").map(|groups| groups.len()), Some(2));
        assert!(groups("nonsense").is_none() && groups("X25519:nonsense").is_none());
        assert!(groups("P-521").is_none());
        let schemes = signature_schemes("ECDSA+SHA256:rsa_pss_rsae_sha256:PSS+SHA512");
        let wanted = [
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::Unknown(0x080b),
        ];
        assert_eq!(schemes.as_deref(), Some(&wanted[..]));
        assert!(signature_schemes("RSA+SHA256:nonsense").is_none());
    }
}
