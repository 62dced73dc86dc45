use super::*;
use crate::testing::Prng;

fn request<'a>(user: &'a [u8], password: &'a [u8], uri: &'a [u8]) -> DigestRequest<'a> {
    DigestRequest { user, password, method: b"GET", uri, entropy: *b"entropy here" }
}

fn answer(digest: &mut Digest, request: &DigestRequest<'_>) -> String {
    String::from_utf8(digest.answer(request).unwrap().unwrap()).unwrap()
}

/// Sets the client's nonce of the RFCs' examples.
fn with_cnonce(parameters: &str, cnonce: &[u8]) -> Digest {
    let mut digest = Digest::default();
    digest.challenge(parameters.as_bytes()).unwrap();
    digest.cnonce = cnonce.to_vec();
    digest
}

#[test]
fn rfc2617_example() {
    let mut digest = with_cnonce(
        "realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        b"0a4f113b",
    );
    let request = request(b"Mufasa", b"Circle Of Life", b"/dir/index.html");
    let text = answer(&mut digest, &request);
    assert_eq!(
        text,
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
         cnonce=\"0a4f113b\", nc=00000001, qop=auth, \
         response=\"6629fae49393a05397450978507c4ef1\", \
         opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
    assert!(answer(&mut digest, &request).contains("nc=00000002"));
}

#[test]
fn rfc7616_sha256_example() {
    let mut digest = with_cnonce(
        "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    );
    let text = answer(&mut digest, &request(b"Mufasa", b"Circle of Life", b"/dir/index.html"));
    let response = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert!(text.contains(response), "{text}");
    assert!(text.ends_with(", algorithm=SHA-256"), "{text}");
}

#[test]
fn rfc7616_sha512_256_with_userhash() {
    let mut digest = with_cnonce(
        "realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
         nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
         opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
        b"NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
    );
    let user = "J\u{e4}s\u{f8}n Doe".as_bytes();
    let text = answer(&mut digest, &request(user, b"Secret, or not?", b"/doe.json"));
    // RFC 7616 section 3.9.2, with the hashes that another implementation of SHA-512/256 gives:
    // the RFC's own were made with SHA-512 cut short.
    let user = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    assert!(text.contains(user), "{text}");
    assert!(text.contains("7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"));
    assert!(text.ends_with(", userhash=true"));
}

#[test]
fn without_quality_and_session() {
    let mut digest = with_cnonce("realm=\"testrealm\", nonce=1053604598", b"x");
    let text = answer(&mut digest, &request(b"testuser", b"testpass", b"/64"));
    assert!(!text.contains("qop") && !text.contains("cnonce"), "{text}");
    let mut digest = Digest::default();
    assert!(digest.clone().challenge(b"nonce=\"n\", algorithm=MD5-sess").is_err());
    digest.challenge(b"nonce=\"n\", algorithm=md5-SESS, qop=\"auth-int\"").unwrap();
    let text = answer(&mut digest, &request(b"u", b"p", b"/"));
    assert!(text.contains("qop=auth-int, response="), "{text}");
    assert!(text.contains("algorithm=md5-SESS"), "{text}");
}

#[test]
fn quoting() {
    let mut digest = with_cnonce("realm=\"a\\\"b\\\\c\", nonce=\"n\"", b"x");
    let text = answer(&mut digest, &request(b"us\"er\xe4", b"p", b"/"));
    assert!(text.starts_with("Digest username=\"us\\\"er%E4\", realm=\"a\\\"b\\\\c\""), "{text}");
}

#[test]
fn a_refusal_is_noticed() {
    let mut digest = Digest::default();
    assert!(digest.answer(&request(b"u", b"p", b"/")).unwrap().is_none());
    digest.challenge(b"nonce=\"a\"").unwrap();
    digest.challenge(b"nonce=\"b\", stale=TRUE").unwrap();
    assert!(digest.challenge(b"nonce=\"c\", stale=false").is_err());
    for bad in [&b"realm=\"x\""[..], b"", b"nonce=\"open", b"nonce=\"n\", algorithm=what"] {
        assert!(Digest::default().challenge(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn hostile_challenges_do_no_harm() {
    let mut prng = Prng::new(11);
    for _ in 0..2000 {
        let len = prng.below(200);
        let text = prng.bytes(len, b"nonce=\"x\\,\", realm=qop=auth");
        let mut digest = Digest::default();
        if digest.challenge(&text).is_ok() {
            let _ = digest.answer(&request(b"u", b"p", b"/"));
        }
    }
    let long = [b"nonce=\"", &[b'x'; 5000][..], b"\""].concat();
    assert!(Digest::default().challenge(&long).is_err());
    for (length, is_taken) in [(255, true), (256, false)] {
        let named = [&vec![b'x'; length][..], b"=y, nonce=\"n\""].concat();
        assert_eq!(Digest::default().challenge(&named).is_ok(), is_taken, "{length}");
    }
}
