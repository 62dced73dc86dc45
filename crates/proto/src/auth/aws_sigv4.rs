//! AWS signature version 4, for every provider that took it over (`CURLOPT_AWS_SIGV4`).

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use tress_model::{Code, Error, Result};

use super::push_hex;
use crate::http::conditional::civil;
use crate::http::custom;

/// The longest provider, region and service.
const MAX_PART: usize = 64;
/// The most parts of a query.
const MAX_QUERY_PARTS: usize = 127;

/// The request to sign.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `CURLOPT_AWS_SIGV4`: `provider1[:provider2[:region[:service]]]`; empty: `aws:amz`.
    pub parameters: &'a [u8],
    /// The access key.
    pub user: &'a [u8],
    /// The secret key.
    pub password: &'a [u8],
    /// The name of the host.
    pub host: &'a [u8],
    /// The value of the `Host` header, unless `headers` has it.
    pub host_header: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The URL's path.
    pub path: &'a [u8],
    /// The URL's query.
    pub query: Option<&'a [u8]>,
    /// `CURLOPT_HTTPHEADER`.
    pub headers: &'a [Box<[u8]>],
    /// The body if it is in memory, empty if there is none; none for one that is streamed.
    pub body: Option<&'a [u8]>,
    /// The time of day: Unix seconds.
    pub now: i64,
}

/// What goes into the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The value of `Authorization`.
    pub authorization: Vec<u8>,
    /// Header lines with line ends that go with it.
    pub extra: Vec<u8>,
}

/// Signs a request; none if a custom `Authorization` takes the signature's place.
///
/// # Errors
/// `BadFunctionArgument` and `UrlMalformat` for parameters that name no provider, or no service
/// or region where the host does neither; `TooLarge` for a query of too many parts.
pub fn sign(request: &Request<'_>) -> Result<Option<Signed>> {
    if custom::find(request.headers, "Authorization").is_some() {
        return Ok(None);
    }
    let scope = Scope::of(request)?;
    let payload = Payload::of(request, &scope);
    let headers = Headers::of(request, &scope, &payload);
    let canonical = [
        request.method,
        &canonical_path(request.path, &scope),
        &canonical_query(request.query.unwrap_or_default())?,
        &headers.canonical,
        &headers.signed,
        &payload.hash,
    ]
    .join(&b'\n');
    let date = headers.timestamp.get(..8).unwrap_or_default();
    let provider = scope.provider.to_ascii_uppercase();
    let kind = [&scope.provider.to_ascii_lowercase()[..], b"4_request"].concat();
    let algorithm = [&provider[..], b"4-HMAC-SHA256"].concat();
    let scope_text = [date, scope.region, scope.service, &kind].join(&b'/');
    let to_sign =
        [&algorithm[..], &headers.timestamp, &scope_text, &sha256_hex(&canonical)].join(&b'\n');
    let secret = [&provider[..], b"4", request.password].concat();
    let key = [date, scope.region, scope.service, &kind]
        .iter()
        .fold(secret, |key, part| hmac_sha256(&key, part).to_vec());
    let mut authorization = [&algorithm[..], b" Credential="].concat();
    push_escaped(&mut authorization, request.user, b"");
    authorization.push(b'/');
    authorization.extend_from_slice(&scope_text);
    authorization.extend_from_slice(b", SignedHeaders=");
    authorization.extend_from_slice(&headers.signed);
    authorization.extend_from_slice(b", Signature=");
    push_hex(&mut authorization, &hmac_sha256(&key, &to_sign));
    Ok(Some(Signed { authorization, extra: [headers.date_line, payload.line()].concat() }))
}

/// Whom the signature is for.
struct Scope<'a> {
    provider: &'a [u8],
    /// In the names of headers.
    vendor: &'a [u8],
    region: &'a [u8],
    service: &'a [u8],
}

impl<'a> Scope<'a> {
    fn of(request: &Request<'a>) -> Result<Self> {
        let parameters =
            if request.parameters.is_empty() { b"aws:amz" } else { request.parameters };
        let fits = |part: &&[u8]| !part.is_empty() && part.len() <= MAX_PART;
        let mut parts = parameters.split(|&b| b == b':');
        let Some(provider) = parts.next().filter(fits) else {
            let message = "first aws-sigv4 provider cannot be empty";
            return Err(Error::new(Code::BadFunctionArgument, message));
        };
        let vendor = parts.next().filter(fits);
        let region = vendor.and_then(|_| parts.next()).filter(fits);
        let service = region.and_then(|_| parts.next()).filter(fits);
        let mut labels = request.host.split(|&b| b == b'.');
        // A label counts if another follows.
        let last = labels.clone().count().saturating_sub(1);
        let mut labels = labels.by_ref().take(last);
        let missing = |what: &str| {
            let message = format!("aws-sigv4: {what} missing in parameters and hostname");
            Error::new(Code::UrlMalformat, message)
        };
        let (region, service) = match (region, service) {
            (region, Some(service)) => (region.unwrap_or_default(), service),
            (region, None) => {
                let service = labels.next().filter(fits).ok_or_else(|| missing("service"))?;
                let region = region.or_else(|| labels.next().filter(fits));
                (region.ok_or_else(|| missing("region"))?, service)
            }
        };
        Ok(Self { provider, vendor: vendor.unwrap_or(provider), region, service })
    }

    fn is_s3(&self) -> bool {
        self.provider.eq_ignore_ascii_case(b"aws") && self.service.eq_ignore_ascii_case(b"s3")
    }

    /// The name of a header of the vendor, in lower case.
    fn header(&self, what: &str) -> String {
        let vendor = String::from_utf8_lossy(self.vendor).to_lowercase();
        format!("x-{vendor}-{what}")
    }
}

struct Payload {
    hash: Vec<u8>,
    /// The header that says so, which S3 wants: without its line end.
    header: Option<Vec<u8>>,
}

impl Payload {
    fn of(request: &Request<'_>, scope: &Scope<'_>) -> Self {
        let name = scope.header("content-sha256");
        if let Some(line) = custom::find(request.headers, &name) {
            return Self { hash: custom::value(line).to_vec(), header: None };
        }
        let hash = match request.body {
            None if scope.is_s3() => b"UNSIGNED-PAYLOAD".to_vec(),
            body => sha256_hex(body.unwrap_or_default()),
        };
        let header = scope.is_s3().then(|| [name.as_bytes(), b": ", &hash].concat());
        Self { hash, header }
    }

    fn line(&self) -> Vec<u8> {
        self.header.as_ref().map(|line| [line, &b"\r\n"[..]].concat()).unwrap_or_default()
    }
}

struct Headers {
    timestamp: Vec<u8>,
    /// `X-Amz-Date: ...` with its line end, unless the application gives a date.
    date_line: Vec<u8>,
    canonical: Vec<u8>,
    signed: Vec<u8>,
}

impl Headers {
    fn of(request: &Request<'_>, scope: &Scope<'_>, payload: &Payload) -> Self {
        let mut list: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        if custom::find(request.headers, "Host").is_none() {
            list.push((b"host".to_vec(), request.host_header.to_vec()));
        }
        list.extend(payload.header.as_deref().and_then(to_sign));
        list.extend(request.headers.iter().filter_map(|line| to_sign(line)));
        let name = scope.header("date");
        let own =
            custom::find(request.headers, &name).or_else(|| custom::find(request.headers, "Date"));
        let (timestamp, date_line) = match own {
            Some(line) => {
                let value = custom::value(line);
                let len = value.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                let stamp = value.get(..len).filter(|_| len == 16).unwrap_or_default();
                (stamp.to_vec(), Vec::new())
            }
            None => {
                let stamp = timestamp(request.now);
                list.push((name.as_bytes().to_vec(), stamp.clone()));
                (stamp.clone(), [&date_name(scope)[..], b": ", &stamp, b"\r\n"].concat())
            }
        };
        // A stable sort: headers of one name keep their order.
        list.sort_by(|a, b| a.0.cmp(&b.0));
        let mut headers = Self { timestamp, date_line, canonical: Vec::new(), signed: Vec::new() };
        for same in list.chunk_by(|a, b| a.0 == b.0) {
            headers.push(same);
        }
        headers
    }

    /// Adds headers of one name.
    fn push(&mut self, same: &[(Vec<u8>, Vec<u8>)]) {
        let Some((name, _)) = same.first() else { return };
        if !self.signed.is_empty() {
            self.signed.push(b';');
        }
        self.signed.extend_from_slice(name);
        self.canonical.extend_from_slice(name);
        let mut separator = b':';
        for (_, value) in same {
            self.canonical.push(separator);
            self.canonical.extend_from_slice(value);
            separator = b',';
        }
        self.canonical.push(b'\n');
    }
}

/// `X-Amz-Date`.
fn date_name(scope: &Scope<'_>) -> Vec<u8> {
    let mut vendor = scope.vendor.to_ascii_lowercase();
    if let Some(first) = vendor.first_mut() {
        first.make_ascii_uppercase();
    }
    [b"X-", &vendor[..], b"-Date"].concat()
}

/// The name in lower case and the value, runs of blanks in it made one, of a custom header that
/// is sent.
fn to_sign(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let find = |byte| line.iter().position(|&b| b == byte);
    let at = find(b':').or_else(|| find(b';'))?;
    let value = line.get(at + 1..)?;
    if value.is_empty() && line.get(at) == Some(&b':') {
        return None;
    }
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    if !value.is_empty() && value.iter().all(blank) {
        return None;
    }
    let words: Vec<&[u8]> = value.split(blank).filter(|word| !word.is_empty()).collect();
    Some((line.get(..at)?.to_ascii_lowercase(), words.join(&b' ')))
}

fn timestamp(now: i64) -> Vec<u8> {
    let (year, month, day) = civil(now.div_euclid(86_400));
    let second = now.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z").into_bytes()
}

/// S3 signs paths as they are; others encoded once more.
fn canonical_path(path: &[u8], scope: &Scope<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    if [&b"s3"[..], b"s3-express", b"s3-outposts"].contains(&scope.service) {
        out.extend_from_slice(path);
    } else {
        push_escaped(&mut out, path, b"/");
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

/// The parts of the query, decoded and encoded again, sorted.
fn canonical_query(query: &[u8]) -> Result<Vec<u8>> {
    let mut parts = Vec::new();
    for part in query.split(|&b| b == b'&').filter(|part| !part.is_empty()) {
        if parts.len() >= MAX_QUERY_PARTS {
            let message = format!("aws-sigv4: more than {MAX_QUERY_PARTS} query components");
            return Err(Error::new(Code::TooLarge, message));
        }
        let at = part.iter().position(|&b| b == b'=').unwrap_or(part.len());
        let name = part.get(..at).unwrap_or_default();
        let value = part.get(at + 1..).unwrap_or_default();
        parts.push((encoded_again(name), encoded_again(value)));
    }
    parts.sort();
    let parts: Vec<Vec<u8>> =
        parts.into_iter().map(|(name, value)| [name, value].join(&b'=')).collect();
    Ok(parts.join(&b'&'))
}

/// A plus sign means a space; one that is encoded stays so.
fn encoded_again(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let decoded = match (byte, after) {
            (b'%', [a, b, after @ ..]) => hex_pair(*a, *b).inspect(|_| rest = after),
            _ => None,
        };
        let plain = if *byte == b'+' { b' ' } else { *byte };
        push_escaped(&mut out, &[decoded.unwrap_or(plain)], b"");
    }
    out
}

fn hex_pair(a: u8, b: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(a)? << 4 | digit(b)?).ok()
}

/// Appends `text` percent-encoded, unreserved characters (RFC 3986) and those of `also` apart.
fn push_escaped(out: &mut Vec<u8>, text: &[u8], also: &[u8]) {
    for &byte in text {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || also.contains(&byte) {
            out.push(byte);
        } else {
            out.push(b'%');
            let start = out.len();
            push_hex(out, &[byte]);
            out.get_mut(start..).unwrap_or_default().make_ascii_uppercase();
        }
    }
}

fn sha256_hex(data: &[u8]) -> Vec<u8> {
    let mut hex = Vec::with_capacity(64);
    push_hex(&mut hex, &Sha256::digest(data));
    hex
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    // Keys of every length are good.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(headers: &'a [Box<[u8]>]) -> Request<'a> {
        Request {
            parameters: b"aws:amz:us-east-1:iam",
            user: b"AKIDEXAMPLE",
            password: b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            host: b"iam.amazonaws.com",
            host_header: b"iam.amazonaws.com",
            method: b"GET",
            path: b"/",
            query: Some(b"Version=2010-05-08&Action=ListUsers"),
            headers,
            body: Some(b""),
            now: 1_440_938_160,
        }
    }

    fn headers(lines: &[&str]) -> Vec<Box<[u8]>> {
        lines.iter().map(|line| line.as_bytes().into()).collect()
    }

    fn text(signed: Signed) -> (String, String) {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(signed.authorization), text(signed.extra))
    }

    /// The example of AWS's own guide.
    #[test]
    fn aws_example() {
        let headers =
            headers(&["Content-Type:  application/x-www-form-urlencoded;   charset=utf-8 "]);
        let (authorization, extra) = text(sign(&request(&headers)).unwrap().unwrap());
        assert_eq!(
            authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
        assert_eq!(extra, "X-Amz-Date: 20150830T123600Z\r\n");
    }

    #[test]
    fn s3_tells_the_payload() {
        let s3 = Request {
            parameters: b"aws:amz",
            host: b"s3.eu-west-1.example",
            body: None,
            ..request(&[])
        };
        let (authorization, extra) = text(sign(&s3).unwrap().unwrap());
        assert!(authorization.contains("/20150830/eu-west-1/s3/aws4_request, "));
        assert!(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date,"));
        assert!(extra.ends_with("x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"), "{extra}");
    }

    #[test]
    fn own_headers() {
        let own = headers(&["X-Amz-Date: 20200102T030405Z", "Empty;", "Gone:", "A: 2", "a: 1"]);
        let (authorization, extra) = text(sign(&request(&own)).unwrap().unwrap());
        assert!(authorization.contains("/20200102/us-east-1/"), "{authorization}");
        assert!(authorization.contains("=a;empty;host;x-amz-date,"), "{authorization}");
        assert_eq!(extra, "");
        assert_eq!(sign(&request(&headers(&["Authorization: x"]))).unwrap(), None);
    }

    #[test]
    fn scopes() {
        let failure = |parameters: &'static [u8], host: &'static [u8]| {
            let request = Request { parameters, host, ..request(&[]) };
            sign(&request).unwrap_err().message().to_string()
        };
        assert_eq!(failure(b":x", b"a.b.c"), "first aws-sigv4 provider cannot be empty");
        let missing = "missing in parameters and hostname";
        assert_eq!(failure(b"aws", b"a"), format!("aws-sigv4: service {missing}"));
        assert_eq!(failure(b"aws", b"a.b"), format!("aws-sigv4: region {missing}"));
        let osc = Request { parameters: b"osc", host: b"a.b.c", ..request(&[]) };
        let (authorization, extra) = text(sign(&osc).unwrap().unwrap());
        assert!(authorization.starts_with("OSC4-HMAC-SHA256 Credential="));
        assert!(authorization.contains("/b/a/osc4_request"));
        assert!(extra.starts_with("X-Osc-Date: "));
    }

    #[test]
    fn queries() {
        let query = |query: &[u8]| String::from_utf8(canonical_query(query).unwrap()).unwrap();
        assert_eq!(query(b"b=1&a=%41+&&c&a=%2b%zz"), "a=%2B%25zz&a=A%20&b=1&c=");
        assert!(canonical_query(&b"a&".repeat(127)).is_ok());
        assert!(canonical_query(&b"a&".repeat(128)).is_err());
    }
}
