//! HTTP message signatures (RFC 9421), as `CURLOPT_HTTPSIG_ALGORITHM` asks for them.
//!
//! One signature, labelled `sig1`, over parts of the request that are known before it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use ring::signature::Ed25519KeyPair;
use sha2::Sha256;
use tress_model::{Code, Error, Result};

use crate::http::custom;

/// The most components that a signature covers.
pub const MAX_COMPONENTS: usize = 16;
/// The longest text that is signed, in bytes.
pub const MAX_SIGNATURE_BASE: usize = 100 * 1024;
/// The longest key, in hexadecimal digits: that of any string option.
pub const MAX_HEX_KEY: usize = 8_000_000;

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032): the key is the seed of 32 bytes.
    Ed25519,
    /// HMAC with SHA-256: the key is the shared secret.
    HmacSha256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::HmacSha256 => "hmac-sha256",
        }
    }
}

/// The request to sign.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `CURLOPT_HTTPSIG_ALGORITHM`.
    pub algorithm: Option<Algorithm>,
    /// `CURLOPT_HTTPSIG_KEY`: hexadecimal.
    pub key: &'a [u8],
    /// `CURLOPT_HTTPSIG_KEYID`.
    pub key_id: &'a [u8],
    /// `CURLOPT_HTTPSIG_HEADERS`: the components, parted by blanks; empty: method, authority,
    /// path, and the query if there is one.
    pub components: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The value of the `Host` header.
    pub authority: &'a [u8],
    /// The URL's path.
    pub path: &'a [u8],
    /// The URL's query.
    pub query: Option<&'a [u8]>,
    /// `CURLOPT_HTTPHEADER`.
    pub headers: &'a [Box<[u8]>],
    /// When it is signed: Unix seconds.
    pub created: i64,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The text that was signed (RFC 9421 section 2.5).
    pub base: Vec<u8>,
    /// The value of `Signature-Input`.
    pub input: Vec<u8>,
    /// The value of `Signature`.
    pub signature: Vec<u8>,
}

impl Signed {
    /// The header lines that the request is sent with.
    pub fn lines(&self) -> Vec<u8> {
        let (input, signature) = (&self.input[..], &self.signature[..]);
        [b"Signature-Input: ", input, b"\r\nSignature: ", signature, b"\r\n"].concat()
    }
}

/// Signs a request; none if the application sends `Signature` or `Signature-Input` itself.
///
/// # Errors
/// `BadFunctionArgument` for an option that is missing or that breaks its rules, and for a
/// component that the request does not have; `TooLarge` beyond [`MAX_SIGNATURE_BASE`].
pub fn sign(request: &Request<'_>) -> Result<Option<Signed>> {
    let required = |option: &str| refused(format!("httpsig: CURLOPT_HTTPSIG_{option} is required"));
    let algorithm = request.algorithm.ok_or_else(|| required("ALGORITHM"))?;
    if request.key.is_empty() {
        return Err(required("KEY"));
    }
    if request.key_id.is_empty() {
        return Err(required("KEYID"));
    }
    let sent = |name| custom::find(request.headers, name).is_some();
    if sent("Signature") || sent("Signature-Input") {
        return Ok(None);
    }
    let key = decode_key(request.key, algorithm)?;
    let components = components(request)?;
    let parameters = parameters(request, &components, algorithm)?;
    let base = base(request, &components, &parameters)?;
    let bytes = match algorithm {
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_unchecked(&key);
            pair.map_err(|_| Error::from(Code::BadFunctionArgument))?.sign(&base).as_ref().to_vec()
        }
        Algorithm::HmacSha256 => {
            let mac = Hmac::<Sha256>::new_from_slice(&key);
            let mac = mac.map_err(|_| Error::from(Code::BadFunctionArgument))?;
            mac.chain_update(&base).finalize().into_bytes().to_vec()
        }
    };
    let signature = format!("sig1=:{}:", STANDARD.encode(bytes)).into_bytes();
    let input = [b"sig1=", &parameters[..]].concat();
    Ok(Some(Signed { base, input, signature }))
}

fn refused(text: String) -> Error {
    Error::new(Code::BadFunctionArgument, text)
}

fn decode_key(hex: &[u8], algorithm: Algorithm) -> Result<Vec<u8>> {
    let end = hex.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let hex = &hex[..end];
    if hex.is_empty() || !hex.len().is_multiple_of(2) {
        return Err(refused(format!("httpsig: invalid hex key (length {})", hex.len())));
    }
    if hex.len() > MAX_HEX_KEY {
        return Err(refused("httpsig: hex key too long".to_owned()));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut key = Vec::with_capacity(hex.len() / 2);
    for (at, pair) in hex.chunks_exact(2).enumerate() {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            let (at, pair) = (2 * at, String::from_utf8_lossy(pair));
            return Err(refused(format!("httpsig: invalid hex at position {at} ('{pair}')")));
        };
        key.push((high * 16 + low) as u8);
    }
    if algorithm == Algorithm::Ed25519 && key.len() != 32 {
        let len = key.len();
        return Err(refused(format!("httpsig: ed25519 requires a 32-byte key (got {len})")));
    }
    Ok(key)
}

/// The identifiers of what is signed, as they are written in the signature.
fn components(request: &Request<'_>) -> Result<Vec<Vec<u8>>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    if request.components.is_empty() {
        found.extend(["@method", "@authority", "@path"].map(|name| name.into()));
        found.extend(request.query.map(|_| b"@query".to_vec()));
        return Ok(found);
    }
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
    for word in request.components.split(is_blank).filter(|word| !word.is_empty()) {
        if word.iter().any(|b| matches!(b, b'"' | b'\\')) {
            return Err(Code::BadFunctionArgument.into());
        }
        if found.len() == MAX_COMPONENTS {
            let text = format!("httpsig: too many signature components (max {MAX_COMPONENTS})");
            return Err(refused(text));
        }
        found.push(component(&word.to_ascii_lowercase())?);
    }
    if found.is_empty() {
        return Err(refused("httpsig: no signature components specified".to_owned()));
    }
    for (at, one) in found.iter().enumerate() {
        if found[..at].contains(one) {
            let one = String::from_utf8_lossy(one);
            return Err(refused(format!("httpsig: duplicate signature component '{one}'")));
        }
    }
    Ok(found)
}

fn component(word: &[u8]) -> Result<Vec<u8>> {
    match word.strip_suffix(b":") {
        Some(b"") => Err(refused("httpsig: empty header component name".to_owned())),
        Some(field) => Ok(field.to_vec()),
        None if matches!(word, b"method" | b"authority" | b"path" | b"query") => {
            Ok([b"@", word].concat())
        }
        None => {
            let word = String::from_utf8_lossy(word);
            Err(refused(format!("httpsig: unknown component '{word}'")))
        }
    }
}

/// The parameters of the signature (RFC 9421 section 2.3).
fn parameters(
    request: &Request<'_>,
    components: &[Vec<u8>],
    algorithm: Algorithm,
) -> Result<Vec<u8>> {
    let mut out = vec![b'('];
    for (at, component) in components.iter().enumerate() {
        out.extend((at > 0).then_some(b' '));
        push_quoted(&mut out, component)?;
    }
    out.extend_from_slice(format!(");created={};keyid=", request.created).as_bytes());
    push_quoted(&mut out, request.key_id)?;
    out.extend_from_slice(format!(";alg=\"{}\"", algorithm.name()).as_bytes());
    Ok(out)
}

/// A string of structured fields (RFC 8941 section 3.3.3).
fn push_quoted(out: &mut Vec<u8>, text: &[u8]) -> Result<()> {
    out.push(b'"');
    for &byte in text {
        if byte.is_ascii_control() {
            return Err(Code::BadFunctionArgument.into());
        }
        out.extend(matches!(byte, b'"' | b'\\').then_some(b'\\'));
        out.push(byte);
    }
    out.push(b'"');
    Ok(())
}

/// The text to sign (RFC 9421 section 2.5).
fn base(request: &Request<'_>, components: &[Vec<u8>], parameters: &[u8]) -> Result<Vec<u8>> {
    let mut base = Vec::with_capacity(256);
    for component in components {
        let value = value(request, component)?;
        base.extend_from_slice(&[b"\"", &component[..], b"\": ", &value, b"\n"].concat());
        if base.len() > MAX_SIGNATURE_BASE {
            return Err(Code::TooLarge.into());
        }
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(parameters);
    Ok(base)
}

fn value(request: &Request<'_>, component: &[u8]) -> Result<Vec<u8>> {
    match component {
        b"@method" => return Ok(request.method.to_vec()),
        b"@authority" => return Ok(request.authority.to_vec()),
        b"@path" if request.path.is_empty() => return Ok(b"/".to_vec()),
        b"@path" => return Ok(request.path.to_vec()),
        b"@query" => return Ok([b"?", request.query.unwrap_or_default()].concat()),
        _ => {}
    }
    let lines = request.headers.iter().filter_map(|line| field(line, component));
    let values: Vec<&[u8]> = lines.collect();
    if values.is_empty() {
        let name = String::from_utf8_lossy(component);
        return Err(refused(format!("httpsig: header '{name}' not found in request")));
    }
    Ok(values.join(&b", "[..]))
}

/// The value of a header line of the application's, if it has this name.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (before, rest) = line.split_at_checked(name.len())?;
    let separated = matches!(rest.first(), Some(b':' | b';'));
    if !separated || !before.eq_ignore_ascii_case(name) {
        return None;
    }
    let colon = line.iter().position(|&b| b == b':')?;
    Some(line[colon + 1..].trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5\n";

    fn request<'a>(algorithm: Algorithm, key: &'a [u8], key_id: &'a [u8]) -> Request<'a> {
        Request {
            algorithm: Some(algorithm),
            key,
            key_id,
            components: b"",
            method: b"GET",
            authority: b"h",
            path: b"/",
            query: None,
            headers: &[],
            created: 0,
        }
    }

    fn refusal(request: &Request<'_>) -> String {
        let error = sign(request).unwrap_err();
        assert_eq!(error.code(), Code::BadFunctionArgument);
        error.message().to_owned()
    }

    /// The signature is what OpenSSL makes of the same text and key.
    #[test]
    fn ed25519_over_fields_and_derived_components() {
        let headers = [&b"Content-Type:  text/plain "[..], b"x-two: 1", b"X-Two:2"].map(Into::into);
        let signed = sign(&Request {
            components: b" METHOD authority path query\tContent-Type: x-two:",
            method: b"POST",
            authority: b"example.com:8080",
            path: b"/foo",
            query: Some(b"a=b"),
            headers: &headers,
            created: 1_618_884_473,
            ..request(Algorithm::Ed25519, KEY, b"a\"b")
        });
        let signed = signed.unwrap().unwrap();
        let base = String::from_utf8(signed.base).unwrap();
        assert!(base.contains("\n\"content-type\": text/plain\n\"x-two\": 1, 2\n"), "{base}");
        assert!(base.ends_with(";created=1618884473;keyid=\"a\\\"b\";alg=\"ed25519\""), "{base}");
        let expected = "sig1=:dirkBqbqkL9R+HHZM6w+WKEpx+5ddyJPAOPo3UzzG7MqoKYGp/3obdVm/QdTpkweN9JN\
            69mFl5SrzeXFNI+QAw==:";
        assert_eq!(String::from_utf8(signed.signature).unwrap(), expected);
    }

    #[test]
    fn hmac_over_the_default_components() {
        let signed = sign(&request(Algorithm::HmacSha256, b"0B0c", b"k")).unwrap().unwrap();
        let expected = "Signature-Input: sig1=(\"@method\" \"@authority\" \"@path\");created=0;\
            keyid=\"k\";alg=\"hmac-sha256\"\r\n\
            Signature: sig1=:oC8neSBH2sZpA/TcyRkZZk00YoAVGux749t7o5x+Seg=:\r\n";
        assert_eq!(String::from_utf8(signed.lines()).unwrap(), expected);
        let with_query =
            Request { query: Some(b""), ..request(Algorithm::HmacSha256, b"00", b"k") };
        let base = sign(&with_query).unwrap().unwrap().base;
        assert!(String::from_utf8(base).unwrap().contains("\"@query\": ?\n"));
    }

    #[test]
    fn the_applications_own_signature_stands() {
        let headers = [b"Signature: own"[..].into()];
        let own = Request { headers: &headers, ..request(Algorithm::Ed25519, KEY, b"k") };
        assert_eq!(sign(&own), Ok(None));
    }

    #[test]
    fn what_cannot_be_signed_is_named() {
        let good = request(Algorithm::Ed25519, KEY, b"k");
        let with = |components: &'static str| Request { components: components.as_bytes(), ..good };
        let many = (0..17).map(|n| format!("h{n}: ")).collect::<String>();
        let cases = [
            (Request { algorithm: None, ..good }, "CURLOPT_HTTPSIG_ALGORITHM is required"),
            (Request { key: b"", ..good }, "CURLOPT_HTTPSIG_KEY is required"),
            (Request { key_id: b"", ..good }, "CURLOPT_HTTPSIG_KEYID is required"),
            (Request { key: b"123", ..good }, "invalid hex key (length 3)"),
            (Request { key: b"12x4", ..good }, "invalid hex at position 2 ('x4')"),
            (Request { key: b"1234", ..good }, "ed25519 requires a 32-byte key (got 2)"),
            (with(" \t"), "no signature components specified"),
            (with("method :"), "empty header component name"),
            (with("Status"), "unknown component 'status'"),
            (with("path x: path"), "duplicate signature component 'path'"),
            (with("date:"), "header 'date' not found in request"),
            (
                Request { components: many.as_bytes(), ..good },
                "too many signature components (max 16)",
            ),
        ];
        for (request, text) in cases {
            let got = refusal(&request).replace("'@", "'");
            assert_eq!(got, format!("httpsig: {text}"));
        }
        assert_eq!(refusal(&with("a\"b:")), Error::from(Code::BadFunctionArgument).message());
        assert_eq!(
            refusal(&Request { key_id: b"a\nb", ..good }),
            Error::from(Code::BadFunctionArgument).message()
        );
    }
}
