use tress_model::Code;

use super::*;

fn sasl(offered: &[&str], allowed: u16, initial_response: bool) -> Sasl {
    let credentials = Credentials {
        user: b"user".to_vec(),
        password: b"secret".to_vec(),
        ..Credentials::default()
    };
    let config = Config {
        credentials: Some(credentials),
        host: "elwood.innosoft.com".into(),
        port: 993,
        initial_response,
        allowed,
        nonce: [0x12; 16],
        unix_time: 0,
    };
    let mut sasl = Sasl::new(config, Flavour { service: "imap", max_initial: 512 - 8 });
    offered.iter().for_each(|word| sasl.offer(word.as_bytes()));
    sasl
}

#[test]
fn plain() {
    let mut sasl = sasl(&["LOGIN", "PLAIN"], DEFAULT, false);
    assert_eq!(sasl.start(false), Action::Start("PLAIN", None));
    let answer = sasl.resume(Reply::Continue, b"").unwrap();
    assert_eq!(answer, Action::Respond("AHVzZXIAc2VjcmV0".into()));
    assert_eq!(sasl.resume(Reply::Success, b"").unwrap(), Action::Done);
    assert_eq!(sasl.start(true), Action::Start("PLAIN", Some("AHVzZXIAc2VjcmV0".into())));
    assert_eq!(sasl.resume(Reply::Failure, b"").unwrap_err().code(), Code::LoginDenied);
}

#[test]
fn login_in_two_steps() {
    let mut sasl = sasl(&["login"], DEFAULT, true);
    assert_eq!(sasl.start(false), Action::Start("LOGIN", Some("dXNlcg==".into())));
    assert_eq!(
        sasl.resume(Reply::Continue, b"UGFzc3dvcmQ6").unwrap(),
        Action::Respond("c2VjcmV0".into())
    );
}

#[test]
fn cram_md5_of_rfc_2195() {
    let mut sasl = sasl(&["PLAIN", "CRAM-MD5"], DEFAULT, true);
    let who = sasl.config.credentials.as_mut().unwrap();
    (who.user, who.password) = (b"tim".to_vec(), b"tanstaaftanstaaf".to_vec());
    assert_eq!(sasl.start(true), Action::Start("CRAM-MD5", None));
    let challenge = b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
    let answer = sasl.resume(Reply::Continue, challenge).unwrap();
    let wanted = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw";
    assert_eq!(answer, Action::Respond(wanted.into()));
}

#[test]
fn digest_md5_gives_up_on_a_bad_challenge() {
    let mut sasl = sasl(&["DIGEST-MD5", "PLAIN"], DEFAULT, false);
    assert_eq!(sasl.start(false), Action::Start("DIGEST-MD5", None));
    assert_eq!(sasl.resume(Reply::Continue, b"!").unwrap(), Action::Cancel);
    assert_eq!(sasl.resume(Reply::Failure, b"").unwrap(), Action::Start("PLAIN", None));
}

#[test]
fn digest_md5_answers() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut sasl = sasl(&["DIGEST-MD5"], DEFAULT, false);
    sasl.start(false);
    let challenge =
        STANDARD.encode("realm=\"r\",nonce=\"OA6MG9t\",qop=\"auth, auth-int\",algorithm=md5-sess");
    let Action::Respond(answer) = sasl.resume(Reply::Continue, challenge.as_bytes()).unwrap()
    else {
        panic!()
    };
    let answer = String::from_utf8(STANDARD.decode(answer).unwrap()).unwrap();
    let start = "username=\"user\",realm=\"r\",nonce=\"OA6MG9t\",cnonce=\"12121212";
    assert!(answer.starts_with(start), "{answer}");
    assert!(answer.contains("nc=\"00000001\",digest-uri=\"imap/elwood.innosoft.com\",response="));
    assert!(answer.ends_with(",qop=auth"));
    assert_eq!(sasl.resume(Reply::Continue, b"cnNwYXV0aA==").unwrap(), Action::Respond("".into()));
    assert_eq!(sasl.resume(Reply::Success, b"").unwrap(), Action::Done);
}

#[test]
fn bearer_and_external() {
    let mut sasl = sasl(&["XOAUTH2", "OAUTHBEARER"], DEFAULT, true);
    assert_eq!(sasl.start(false), Action::Nothing);
    sasl.config.credentials.as_mut().unwrap().bearer = Some(b"tok".to_vec());
    let Action::Start("OAUTHBEARER", Some(_)) = sasl.start(false) else { panic!() };
    assert_eq!(sasl.resume(Reply::Continue, b"").unwrap(), Action::Respond("AQ==".into()));
    let mut sasl = self::sasl(&["EXTERNAL"], EXTERNAL, true);
    assert_eq!(sasl.start(false), Action::Nothing, "a password keeps EXTERNAL away");
    sasl.config.credentials = None;
    assert!(sasl.can_authenticate());
    assert_eq!(sasl.start(false), Action::Start("EXTERNAL", Some("=".into())));
}

#[test]
fn ntlm_goes_before_plain() {
    let mut sasl = sasl(&["NTLM", "PLAIN"], DEFAULT, false);
    assert_eq!(sasl.start(false), Action::Start("NTLM", None));
    let Action::Respond(first) = sasl.resume(Reply::Continue, b"").unwrap() else { panic!() };
    assert!(first.starts_with("TlRMTVNTUAABAAAA"), "{first}");
    let challenge = b"TlRMTVNTUAACAAAAAAAAADAAAACGggEAASNFZ4mrze8=";
    let Action::Respond(third) = sasl.resume(Reply::Continue, challenge).unwrap() else { panic!() };
    assert!(third.starts_with("TlRMTVNTUAADAAAA"), "{third}");
    assert_eq!(sasl.resume(Reply::Success, b"").unwrap(), Action::Done);
}

#[test]
fn login_options() {
    assert_eq!(preference("", DEFAULT, "").unwrap(), (DEFAULT, false));
    assert_eq!(preference("AUTH=PLAIN;AUTH=login", DEFAULT, "").unwrap(), (PLAIN | LOGIN, false));
    assert_eq!(preference("auth=*", PLAIN, "").unwrap(), (DEFAULT, false));
    assert_eq!(preference("AUTH=+APOP", DEFAULT, "+APOP").unwrap(), (NONE, true));
    for bad in ["AUTH", "AUTH=", "AUTH=NOPE", "X=PLAIN", "AUTH=+APOP"] {
        assert_eq!(preference(bad, DEFAULT, "").unwrap_err().code(), Code::UrlMalformat, "{bad}");
    }
    assert_eq!(from_http_auth(1), DEFAULT);
    assert_eq!(from_http_auth(64), OAUTHBEARER | XOAUTH2);
}
