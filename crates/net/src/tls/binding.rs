//! The channel binding of a TLS connection, for what is authenticated above it.

use ring::digest::{self, SHA256, SHA384, SHA512};
use x509_parser::prelude::{FromDer, X509Certificate};

/// `tls-server-end-point` (RFC 5929 section 4): the hash of the server's certificate, by the hash
/// of its own signature, SHA-256 at least; none for signatures that the RFC has no hash for.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let hash = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        // RSA with MD5, SHA-1, SHA-256; ECDSA with SHA-1, SHA-256.
        "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.5" | "1.2.840.113549.1.1.11" => &SHA256,
        "1.2.840.10045.4.1" | "1.2.840.10045.4.3.2" => &SHA256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => &SHA384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => &SHA512,
        _ => return None,
    };
    Some([b"tls-server-end-point:", digest::digest(hash, certificate).as_ref()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, Option<Vec<u8>>) {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let params = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let binding = end_point(&certificate);
        (certificate, binding)
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let (certificate, found) = binding(&rcgen::PKCS_ECDSA_P256_SHA256);
        let found = found.unwrap();
        let hash = digest::digest(&SHA256, &certificate);
        assert_eq!(found.strip_prefix(b"tls-server-end-point:"), Some(hash.as_ref()));
        let (_, found) = binding(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(found.unwrap().len(), "tls-server-end-point:".len() + 48);
        assert_eq!(binding(&rcgen::PKCS_ED25519).1, None);
        assert_eq!(end_point(b"no certificate"), None);
    }
}
