//! A certificate in words (`CURLINFO_CERTINFO`), as libcurl with OpenSSL has them.

use std::fmt::Write;
use std::net::IpAddr;

use x509_parser::der_parser::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// The lines `NAME:VALUE` about one certificate; none if it cannot be parsed.
pub fn certificate_info(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| lines.push(format!("{name}:{value}"));
    add("Subject", name_text(certificate.subject()));
    add("Issuer", name_text(certificate.issuer()));
    add("Version", format!("{:x}", certificate.version().0));
    add("Serial Number", hex(strip_zero(certificate.raw_serial()), "", false));
    add("Signature Algorithm", oid_text(&certificate.signature_algorithm.algorithm));
    add("Public Key Algorithm", oid_text(&certificate.public_key().algorithm.algorithm));
    for extension in certificate.extensions() {
        add(&oid_text(&extension.oid), extension_text(extension));
    }
    add("Start date", time_text(&certificate.validity().not_before));
    add("Expire date", time_text(&certificate.validity().not_after));
    if let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed() {
        let modulus = hex(strip_zero(key.modulus), "", true);
        let bits = modulus.len() * 4 - leading_zero_bits(key.modulus);
        add("RSA Public Key", bits.to_string());
        add("rsa(n)", modulus.trim_start_matches('0').into());
        add("rsa(e)", hex(key.exponent, "", true).trim_start_matches('0').into());
    }
    add("Signature", hex(&certificate.signature_value.data, ":", false));
    add("Cert", pem(der));
    lines
}

fn strip_zero(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

fn leading_zero_bits(integer: &[u8]) -> usize {
    strip_zero(integer).first().map_or(0, |b| b.leading_zeros() as usize)
}

/// Each byte followed by `after`.
fn hex(bytes: &[u8], after: &str, upper: bool) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 3), |mut out, byte| {
        let _ =
            if upper { write!(out, "{byte:02X}{after}") } else { write!(out, "{byte:02x}{after}") };
        out
    })
}

/// Upper case with colons between the bytes.
fn colons(bytes: &[u8]) -> String {
    let mut out = hex(bytes, ":", true);
    out.pop();
    out
}

fn pem(der: &[u8]) -> String {
    let coded = super::pin::base64(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in coded.as_bytes().chunks(64) {
        out.extend(line.iter().map(|&b| char::from(b)));
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}

/// `C = SE, O = Acme Inc`
fn name_text(name: &X509Name<'_>) -> String {
    let mut out = String::new();
    for rdn in name.iter_rdn() {
        for (at, attribute) in rdn.iter().enumerate() {
            let separator = if at > 0 { " + " } else { ", " };
            if !out.is_empty() {
                out.push_str(separator);
            }
            let value = attribute.as_str().map_or_else(
                |_| String::from_utf8_lossy(attribute.as_slice()).into_owned(),
                ToOwned::to_owned,
            );
            let kind = oid_text(attribute.attr_type());
            let _ = write!(out, "{kind} = {}", quoted(&value));
        }
    }
    out
}

/// In quotes if it has what separates names.
fn quoted(value: &str) -> String {
    let plain: String = value.chars().flat_map(|c| escape(c).chain([c])).collect();
    if value.contains([',', '+', '<', '>', ';']) { format!("\"{plain}\"") } else { plain }
}

fn escape(c: char) -> impl Iterator<Item = char> {
    matches!(c, '"' | '\\').then_some('\\').into_iter()
}

/// `Nov 23 11:00:15 2026 GMT`
fn time_text(time: &ASN1Time) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = time.to_datetime();
    let month = usize::from(u8::from(time.month())).wrapping_sub(1);
    let month = MONTHS.get(month).copied().unwrap_or_default();
    let (day, hour, minute, second) = (time.day(), time.hour(), time.minute(), time.second());
    format!("{month} {day:2} {hour:02}:{minute:02}:{second:02} {} GMT", time.year())
}

/// OpenSSL's name of an object, or its numbers.
fn oid_text(oid: &Oid<'_>) -> String {
    let numbers = oid.to_id_string();
    let known = NAMES.iter().find(|(known, _)| *known == numbers);
    known.map_or(numbers, |(_, name)| (*name).to_owned())
}

const NAMES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.10045.2.1", "id-ecPublicKey"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "ED25519"),
    ("2.5.29.14", "X509v3 Subject Key Identifier"),
    ("2.5.29.15", "X509v3 Key Usage"),
    ("2.5.29.17", "X509v3 Subject Alternative Name"),
    ("2.5.29.18", "X509v3 Issuer Alternative Name"),
    ("2.5.29.19", "X509v3 Basic Constraints"),
    ("2.5.29.30", "X509v3 Name Constraints"),
    ("2.5.29.31", "X509v3 CRL Distribution Points"),
    ("2.5.29.32", "X509v3 Certificate Policies"),
    ("2.5.29.35", "X509v3 Authority Key Identifier"),
    ("2.5.29.37", "X509v3 Extended Key Usage"),
    ("1.3.6.1.5.5.7.1.1", "Authority Information Access"),
    ("1.3.6.1.5.5.7.1.24", "TLS Feature"),
    ("1.3.6.1.4.1.11129.2.4.2", "CT Precertificate SCTs"),
    ("1.3.6.1.5.5.7.48.1", "OCSP"),
    ("1.3.6.1.5.5.7.48.2", "CA Issuers"),
];

fn extension_text(extension: &X509Extension<'_>) -> String {
    match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => colons(id.0),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            id.key_identifier.as_ref().map(|id| colons(id.0)).unwrap_or_default()
        }
        ParsedExtension::BasicConstraints(constraints) => {
            let ca = if constraints.ca { "CA:TRUE" } else { "CA:FALSE" };
            match constraints.path_len_constraint {
                Some(length) => format!("{ca}, pathlen:{length}"),
                None => ca.into(),
            }
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            joined(names.general_names.iter().map(general_name_text))
        }
        ParsedExtension::IssuerAlternativeName(names) => {
            joined(names.general_names.iter().map(general_name_text))
        }
        ParsedExtension::KeyUsage(usage) => {
            let set = KEY_USES.iter().enumerate().filter(|(bit, _)| usage.flags >> bit & 1 == 1);
            joined(set.map(|(_, name)| (*name).to_owned()))
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let known = [
                (usage.any, "Any Extended Key Usage"),
                (usage.server_auth, "TLS Web Server Authentication"),
                (usage.client_auth, "TLS Web Client Authentication"),
                (usage.code_signing, "Code Signing"),
                (usage.email_protection, "E-mail Protection"),
                (usage.time_stamping, "Time Stamping"),
                (usage.ocsp_signing, "OCSP Signing"),
            ];
            let known = known.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned());
            joined(known.chain(usage.other.iter().map(oid_text)))
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            let line = |(method, location): (&Oid<'_>, &GeneralName<'_>)| {
                format!("{} - {}\n", oid_text(method), general_name_text(location))
            };
            access
                .accessdescs
                .iter()
                .map(|a| line((&a.access_method, &a.access_location)))
                .collect()
        }
        ParsedExtension::CertificatePolicies(policies) => {
            let line = |oid: &Oid<'_>| format!("Policy: {}\n", oid.to_id_string());
            policies.iter().map(|p| line(&p.policy_id)).collect()
        }
        _ => extension
            .value
            .iter()
            .map(|&b| if is_printed(b) { char::from(b) } else { '.' })
            .collect(),
    }
}

fn is_printed(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r')
}

const KEY_USES: [&str; 9] = [
    "Digital Signature",
    "Non Repudiation",
    "Key Encipherment",
    "Data Encipherment",
    "Key Agreement",
    "Certificate Sign",
    "CRL Sign",
    "Encipher Only",
    "Decipher Only",
];

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn general_name_text(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::IPAddress(bytes) => format!("IP Address:{}", ip_text(bytes)),
        GeneralName::DirectoryName(name) => format!("DirName:{}", name_text(name)),
        GeneralName::RegisteredID(oid) => format!("Registered ID:{}", oid.to_id_string()),
        _ => "othername:<unsupported>".into(),
    }
}

/// IPv6 without any abbreviation, as OpenSSL prints it.
fn ip_text(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return IpAddr::from(v4).to_string();
    }
    let Ok(v6) = <[u8; 16]>::try_from(bytes) else { return "<invalid>".into() };
    let groups = std::net::Ipv6Addr::from(v6).segments();
    groups.map(|group| format!("{group:X}")).join(":")
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;

    const PEM: &str = "\
-----BEGIN CERTIFICATE-----
MIIDpTCCAo2gAwIBAgIUBL5ESSOvtCKmSHaFieJLW8XWSc8wDQYJKoZIhvcNAQEL
BQAwNDELMAkGA1UEBhMCU0UxETAPBgNVBAoMCEFjbWUgSW5jMRIwEAYDVQQDDAls
b2NhbGhvc3QwHhcNMjYxMTIzMTEwMDE1WhcNMjYxMjIzMTEwMDE1WjA0MQswCQYD
VQQGEwJTRTERMA8GA1UECgwIQWNtZSBJbmMxEjAQBgNVBAMMCWxvY2FsaG9zdDCC
ASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBANfpj7hP7hakKn32TARjl6x4
cEuCecKEXptsvB1GT+io9+Zykk17hrEftV7sYK9p3P+ra5pstoBaODAquNz0MC0E
GTrG8ihzJOoK3JoBNyyZHy3BhAsjRu4IMLX/k84A7Er4r395nZCsHSEQY6iJ++RU
iOCWPcqcwHrof70/49wGPitmufltLLpIXMLk68/5nH7M+SUOFK8i3RG50xYoo2zt
VMv84jK4aF/8uJQKoT0RRTdEi5q9l2gjRv0xh/eKKsUA3wDQkCNuhLhU10XJS/O5
TAN/XjLXwmmqSadUZimp8XkazVjIVUP5dIF+KNac3UMJ3EiDtCgYB0DJUXBjbYsC
AwEAAaOBrjCBqzAdBgNVHQ4EFgQUWB9itqtF3haZrMCw4K8X0hzU3tAwHwYDVR0j
BBgwFoAUWB9itqtF3haZrMCw4K8X0hzU3tAwDwYDVR0TAQH/BAUwAwEB/zAsBgNV
HREEJTAjgglsb2NhbGhvc3SHBH8AAAGBBWFAYi5jhglodHRwOi8veC8wCwYDVR0P
BAQDAgKEMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjANBgkqhkiG9w0B
AQsFAAOCAQEAskRADAZqxRHhBIt+xMRzuvdDlHutDElXnalM+SsJA9EJUf3DopvZ
2shevr9UFuSauC/C0WnxdVLX6CdohZUj0Vo5eykx55qnEO6NJdu1UBMSRcI9N5oh
80Dnz7flldeO1Wf83xhqlCRd2YmFjJMFo081IsaiG0Sbq45eoI818UcYO8wMsnq6
tMqR+fUJqdUg0/cAuDER8XUBo4I3bhQUbvhDjWzjne6iwgGIz3bbetU1bCwTQGdx
HJ1eZnCxUdbNv/9blBaNEK9oK25i5R3mu6o4bNbgJtXNMiaoWFuq0wUjcFd/CMeT
wrlEieCRQNWgSfkIjJthJ4TuBlnUfa31uQ==
-----END CERTIFICATE-----
";

    #[test]
    fn says_what_libcurl_says() {
        let der = CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap();
        let lines = certificate_info(&der);
        let expected = [
            "Subject:C = SE, O = Acme Inc, CN = localhost",
            "Issuer:C = SE, O = Acme Inc, CN = localhost",
            "Version:2",
            "Serial Number:04be444923afb422a648768589e24b5bc5d649cf",
            "Signature Algorithm:sha256WithRSAEncryption",
            "Public Key Algorithm:rsaEncryption",
            "X509v3 Subject Key Identifier:58:1F:62:B6:AB:45:DE:16:99:AC:C0:B0:E0:AF:17:D2:1C:D4:DE:D0",
            "X509v3 Authority Key Identifier:58:1F:62:B6:AB:45:DE:16:99:AC:C0:B0:E0:AF:17:D2:1C:D4:DE:D0",
            "X509v3 Basic Constraints:CA:TRUE",
            "X509v3 Subject Alternative Name:DNS:localhost, IP Address:127.0.0.1, email:a@b.c, URI:http://x/",
            "X509v3 Key Usage:Digital Signature, Certificate Sign",
            "X509v3 Extended Key Usage:TLS Web Server Authentication, TLS Web Client Authentication",
            "Start date:Nov 23 11:00:15 2026 GMT",
            "Expire date:Dec 23 11:00:15 2026 GMT",
            "RSA Public Key:2048",
        ];
        assert_eq!(lines[..expected.len()], expected);
        assert!(lines[15].starts_with("rsa(n):D7E98FB84FEE16A42A7DF64C046397AC"), "{}", lines[15]);
        assert_eq!(lines[16], "rsa(e):10001");
        assert!(lines[17].starts_with("Signature:b2:44:40:0c:"), "{}", lines[17]);
        assert!(lines[17].ends_with(':'));
        assert_eq!(lines[18], format!("Cert:{PEM}"));
        assert_eq!(lines.len(), 19);
    }

    #[test]
    fn never_fails() {
        assert!(certificate_info(b"").is_empty());
        let der = CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap();
        for at in 0..der.len() {
            let mut broken = der.to_vec();
            broken[at] ^= 0x55;
            certificate_info(&broken);
            certificate_info(&der[..at]);
        }
    }
}
