//! Certificates: the chain that a server sends and the answer that it staples, in words too;
//! certificates, keys and lists that a user brings.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use tress_net::tls::readers::{read_own, verify};
use tress_net::tls::{Blob, KeyFormat, Source, TlsSettings, certificate_info};

/// When certificates are looked at, in Unix seconds.
const NOW: u64 = 1_800_000_000;

pub fn run(data: &[u8]) {
    let Some((&kind, mut rest)) = data.split_first() else { return };
    match kind & 3 {
        0 | 1 => {
            let [anchor, own, between, staple] = [(); 4].map(|()| part(&mut rest));
            server(kind, anchor, &[own, between], staple);
        }
        2 => {
            let [certificate, key] = [(); 2].map(|()| part(&mut rest));
            client(kind, certificate, key);
        }
        _ => words(rest),
    }
}

/// A part, of a length in two bytes.
fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((&len, after)) = rest.split_first_chunk::<2>() else { return &[] };
    let (part, after) = after.split_at(after.len().min(u16::from_le_bytes(len).into()));
    *rest = after;
    part
}

fn server(kind: u8, anchor: &[u8], chain: &[&[u8]], staple: &[u8]) {
    for certificate in chain {
        for line in certificate_info(certificate) {
            assert!(line.contains(':'), "{line}");
        }
    }
    let base64 = BASE64_STANDARD.encode(anchor);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let settings = TlsSettings {
        ca_file: None,
        ca_blob: Some(Blob::new(pem.as_bytes())),
        verify_peer: kind & 4 == 0,
        verify_host: kind & 8 == 0,
        verify_status: kind & 16 != 0,
        partial_chain: kind & 32 == 0,
        issuer: (kind & 64 != 0).then(|| Source::Blob(Blob::new(pem.as_bytes()))),
        ..TlsSettings::default()
    };
    let name = if kind & 128 != 0 { "127.0.0.1" } else { "www.example.com" };
    let _ = verify(&settings, chain, staple, name, NOW);
}

fn client(kind: u8, certificate: &[u8], key: &[u8]) {
    let format = |bits: u8| match bits & 3 {
        0 | 1 => KeyFormat::Pem,
        2 => KeyFormat::Der,
        _ => KeyFormat::P12,
    };
    // A user's file may ask for years of work.
    let works_long = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().filter(|line| !line.starts_with('-')).collect::<String>();
        let inside = BASE64_STANDARD.decode(lines).unwrap_or_default();
        [bytes, &inside].iter().any(|bytes| {
            // An integer of three bytes and more; one of two is in order.
            bytes.windows(3).any(|it| it[0] != 2 && it[1] == 2 && (3..=8).contains(&it[2]))
                || bytes.windows(4).any(|it| it == SCRYPT)
        })
    };
    let has_password = kind & 64 != 0;
    let is_archive = format(kind >> 2) == KeyFormat::P12 || format(kind >> 4) == KeyFormat::P12;
    if (has_password || is_archive) && (works_long(certificate) || works_long(key)) {
        return;
    }
    let source = |bytes: &[u8]| (!bytes.is_empty()).then(|| Source::Blob(Blob::new(bytes)));
    let settings = TlsSettings {
        verify_peer: false,
        certificate: source(certificate),
        certificate_format: format(kind >> 2),
        key: source(key),
        key_format: format(kind >> 4),
        key_password: has_password.then(|| "password".into()),
        ..TlsSettings::default()
    };
    let _ = read_own(&settings);
}

/// The end of scrypt's object identifier.
const SCRYPT: &[u8] = &[0xda, 0x47, 0x04, 0x0b];

/// Lists in OpenSSL's languages.
fn words(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split('\n').map(|line| (!line.is_empty()).then(|| Arc::from(line)));
    let mut line = || lines.next().flatten();
    let settings = TlsSettings {
        verify_peer: false,
        ciphers: line(),
        ciphers13: line(),
        curves: line(),
        signature_algorithms: line(),
        pinned_key: line(),
        ..TlsSettings::default()
    };
    let _ = read_own(&settings);
}
