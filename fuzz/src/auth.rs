//! Challenges of servers: the header, Digest's parameters, NTLM's second message.

use tress_proto::auth::challenge::challenges;
use tress_proto::auth::digest::{Digest, DigestRequest};
use tress_proto::auth::ntlm::{Type2, Type3Request, type3};

pub fn run(data: &[u8]) {
    let _ = challenges(data).count();
    let mut digest = Digest::default();
    let request = DigestRequest {
        user: b"us\"er",
        password: b"pass",
        method: b"GET",
        uri: b"/a?b",
        entropy: [7; 12],
    };
    for parameters in data.split(|&b| b == b'\n') {
        if digest.challenge(parameters).is_ok()
            && let Ok(Some(answer)) = digest.answer(&request)
        {
            assert!(!answer.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)), "a header of one line");
        }
    }
    if let Ok(type2) = Type2::parse(data) {
        let request = Type3Request {
            user: b"DOMAIN\\user",
            password: b"pass",
            entropy: [1; 8],
            now: 1_700_000_000,
        };
        let _ = type3(&type2, &request);
    }
}
