use flate2::{Compress, Compression, FlushCompress};

use super::fixtures::{BROTLI, ZSTD};
use super::*;
use crate::testing::Prng;

fn text() -> Vec<u8> {
    (0..400).flat_map(|i| format!("line {i} of some text\n").into_bytes()).collect()
}

fn deflated(data: &[u8], mut compress: Compress) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 1000);
    compress.compress_vec(data, &mut out, FlushCompress::Finish).unwrap();
    out
}

fn gzip(data: &[u8]) -> Vec<u8> {
    deflated(data, Compress::new_gzip(Compression::default(), 15))
}

fn zlib(data: &[u8]) -> Vec<u8> {
    deflated(data, Compress::new(Compression::default(), true))
}

fn raw(data: &[u8]) -> Vec<u8> {
    deflated(data, Compress::new(Compression::default(), false))
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Decodes pieces with so much room a call, as an owner would.
fn decode(codings: &[Coding], pieces: &[&[u8]], room: usize) -> Result<Vec<u8>> {
    let mut decoder = Decoder::new(codings);
    let mut all = Vec::new();
    let mut out = b"kept".to_vec();
    let mut take = |out: &mut Vec<u8>| {
        let len = out.len() - 4;
        assert!(len <= room);
        all.extend_from_slice(&out[4..]);
        out.truncate(4);
        len == room
    };
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let used = decoder.decode(rest, &mut out, room)?;
            rest = &rest[used..];
            if !take(&mut out) {
                assert!(rest.is_empty());
                break;
            }
        }
    }
    loop {
        decoder.finish(&mut out, room)?;
        if !take(&mut out) {
            return Ok(all);
        }
    }
}

fn every_way(codings: &[Coding], bytes: &[u8], expected: &[u8]) {
    for room in [1, 7, 1000, 1 << 20] {
        assert_eq!(decode(codings, &[bytes], room).unwrap(), expected, "room {room}");
    }
    // Every split near the beginning and the end, some between.
    let near = |at: usize| at < 24 || at + 12 > bytes.len() || at.is_multiple_of(61);
    for at in (0..bytes.len()).filter(|&at| near(at)) {
        let (a, b) = bytes.split_at(at);
        assert_eq!(decode(codings, &[a, b], 1 << 16).unwrap(), expected, "split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(codings, &single, 1 << 16).unwrap(), expected, "byte by byte");
}

#[test]
fn each_coding() {
    let text = text();
    every_way(&[Coding::Gzip], &gzip(&text), &text);
    every_way(&[Coding::Gzip], &zlib(&text), &text);
    every_way(&[Coding::Deflate], &zlib(&text), &text);
    every_way(&[Coding::Deflate], &raw(&text), &text);
    every_way(&[Coding::Brotli], BROTLI, &text);
    every_way(&[Coding::Zstd], ZSTD, &text);
    every_way(&[], &text[..100], &text[..100]);
    every_way(&[Coding::Identity], &text[..100], &text[..100]);
}

#[test]
fn empty_bodies_are_fine() {
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd, Coding::Unknown] {
        assert_eq!(decode(&[coding], &[b""], 10).unwrap(), b"");
    }
}

#[test]
fn stacks() {
    let text = text();
    every_way(&[Coding::Gzip, Coding::Deflate], &zlib(&gzip(&text)), &text);
    every_way(&[Coding::Zstd, Coding::Gzip, Coding::Zstd], &zstd(&gzip(ZSTD)), &text);
    let big = vec![7; 200_000];
    let codings = [Coding::Gzip, Coding::Zstd, Coding::Gzip];
    assert_eq!(decode(&codings, &[&gzip(&zstd(&gzip(&big)))], 5000).unwrap(), big);
}

#[test]
fn frames_of_zstd() {
    let text = text();
    let skippable = [&0x184D_2A53u32.to_le_bytes()[..], &3u32.to_le_bytes(), b"xyz"].concat();
    let both = [&skippable[..], ZSTD, &skippable, ZSTD].concat();
    every_way(&[Coding::Zstd], &both, &[&text[..], &text].concat());
    let mut wrong = ZSTD.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(
        decode(&[Coding::Zstd], &[&wrong], 1 << 20).unwrap_err().message(),
        "Wrong zstd checksum"
    );
    // A window of 2 GiB.
    let huge = [&MAGIC[..], &[0, 21 << 3]].concat();
    let error = decode(&[Coding::Zstd], &[&huge], 10).unwrap_err();
    assert_eq!(error.message(), "Too large zstd window: 2147483648 > 134217728");
}

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

#[test]
fn cut_bodies_give_what_they_have() {
    let text = text();
    for (coding, bytes) in [
        (Coding::Gzip, gzip(&text)),
        (Coding::Deflate, raw(&text)),
        (Coding::Brotli, BROTLI.to_vec()),
        (Coding::Zstd, [zstd(&text), ZSTD[..50].to_vec()].concat()),
    ] {
        let half = &bytes[..bytes.len() - bytes.len() / 3];
        let got = decode(&[coding], &[half], 1 << 20).unwrap();
        assert!(text.starts_with(&got), "{coding:?}");
    }
    // The window of a frame that never ends is given up.
    let open = [&MAGIC[..], &[0, 0x60], &[5 << 3, 0, 0], b"hello"].concat();
    every_way(&[Coding::Zstd], &open, b"hello");
}

#[test]
fn data_behind_the_end() {
    let text = text();
    let after = |bytes: Vec<u8>, tail: &[u8]| [&bytes[..], tail].concat();
    for (coding, bytes) in [
        (Coding::Gzip, after(gzip(&text), b"x")),
        (Coding::Deflate, after(zlib(&text), b"x")),
        (Coding::Deflate, after(raw(&text), b"12345")),
        (Coding::Brotli, after(BROTLI.to_vec(), b"x")),
    ] {
        let error = decode(&[coding], &[&bytes], 1 << 20).unwrap_err();
        assert_eq!(error.code(), Code::WriteError, "{coding:?}");
    }
    every_way(&[Coding::Deflate], &after(raw(b"abc"), b"1234"), b"abc");
    let twice = after(gzip(b"a"), &gzip(b"b"));
    let error = decode(&[Coding::Gzip], &[&twice], 100).unwrap_err();
    assert_eq!(error.message(), "Multi-member gzip response not supported");
}

#[test]
fn names_and_lists() {
    let mut codings = Vec::new();
    add_content_codings(b" GZip,, x-gzip ,none", &mut codings).unwrap();
    assert_eq!(codings, [Coding::Gzip, Coding::Gzip, Coding::Identity]);
    add_content_codings(b"br, zstd", &mut codings).unwrap();
    let error = add_content_codings(b"what", &mut codings).unwrap_err();
    assert_eq!(error.message(), "Reject response exceeding limit of 5 content encodings");
    let error = decode(&[Coding::named(b"compress")], &[b"x"], 10).unwrap_err();
    assert_eq!(error.code(), Code::BadContentEncoding);
    assert_eq!(error.message(), "Unrecognized content encoding type");
}

#[test]
fn broken_data_is_refused() {
    let mut wrong = gzip(&text());
    let len = wrong.len();
    wrong[len - 8] ^= 1;
    let error = decode(&[Coding::Gzip], &[&wrong], 1 << 20).unwrap_err();
    assert_eq!(error.code(), Code::BadContentEncoding);
    assert!(error.message().starts_with("Error while processing content unencoding: "), "{error}");
}

#[test]
fn hostile_data_does_no_harm() {
    let mut prng = Prng::new(3);
    let text = text();
    let good = [
        (Coding::Gzip, gzip(&text)),
        (Coding::Deflate, raw(&text)),
        (Coding::Brotli, BROTLI.to_vec()),
        (Coding::Zstd, ZSTD.to_vec()),
        (Coding::Zstd, zstd(&text)),
    ];
    for round in 0..500 {
        let (coding, bytes) = &good[round % good.len()];
        let mut bytes = bytes.clone();
        for _ in 0..1 + prng.below(4) {
            let reach = if prng.below(2) == 0 { 30 } else { bytes.len() };
            let at = prng.below(reach);
            bytes[at] = prng.next() as u8;
        }
        let _ = decode(&[*coding], &[&bytes], 4096);
        let (a, b) = bytes.split_at(prng.below(bytes.len()));
        let _ = decode(&[*coding, Coding::Gzip], &[a, b], 4096);
    }
}

#[test]
fn a_body_that_blows_up_is_given_up() {
    // As if so much had come out already, of little and of more.
    for (taken, is_given_up) in [(0, true), (FREE_OUTPUT / MAX_RATIO, false)] {
        let mut decoder = Decoder::new(&[Coding::Gzip]);
        (decoder.taken, decoder.given) = (taken, FREE_OUTPUT);
        let code = decoder.decode(&gzip(b"x"), &mut Vec::new(), 100).map_err(|it| it.code()).err();
        assert_eq!(code, is_given_up.then_some(Code::BadContentEncoding));
    }
}
