//! Who the user is (RFC 4252, RFC 4256): one method after the other, each once.

use std::sync::Arc;

use tress_model::{Code, Error, Result};

use super::kex::has;
use super::key::PrivateKey;
use super::wire::{Put, Reader};

const REQUEST: u8 = 50;
const FAILURE: u8 = 51;
const SUCCESS: u8 = 52;
const BANNER: u8 = 53;
/// `SSH_MSG_USERAUTH_INFO_REQUEST`, or what a password has to be changed for.
const INFO_REQUEST: u8 = 60;
const INFO_RESPONSE: u8 = 61;

/// Most questions of the server, in all.
const MAX_ROUNDS: u32 = 20;

/// Which methods may be used (`CURLSSH_AUTH_*`).
#[derive(Clone, Copy, Debug)]
pub struct Methods(pub u32);

impl Methods {
    const PUBLICKEY: u32 = 1;
    const PASSWORD: u32 = 1 << 1;
    const KEYBOARD: u32 = 1 << 3;

    fn contains(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// What the user can prove who they are with.
pub struct Credentials {
    /// The user's name.
    pub user: Vec<u8>,
    /// The password; empty without one.
    pub password: Vec<u8>,
    /// The key; or why there is none.
    pub key: std::result::Result<Arc<PrivateKey>, String>,
    /// What may be tried.
    pub methods: Methods,
}

/// What the server's answer comes to.
pub(crate) enum Verdict {
    /// Something to send.
    Say(Vec<u8>),
    /// Nothing to do.
    Wait,
    /// The user is in.
    In,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Method {
    None,
    PublicKey,
    Password,
    Keyboard,
}

/// The dialogue.
pub(crate) struct UserAuth {
    credentials: Credentials,
    method: Method,
    rounds: u32,
    pub(crate) notes: Vec<String>,
}

impl UserAuth {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, method: Method::None, rounds: 0, notes: Vec::new() }
    }

    /// The first request: what is there to choose from?
    pub(crate) fn begin(&self) -> Vec<u8> {
        self.request("none")
    }

    /// The server's answer. `session`: what a signature is bound to; `signs`: algorithms that the
    /// server takes, if it has told.
    ///
    /// # Errors
    /// `LoginDenied` when there is nothing left to try.
    pub(crate) fn receive(
        &mut self,
        message: &[u8],
        session: &[u8],
        signs: Option<&[u8]>,
    ) -> Result<Verdict> {
        let mut reader = Reader(message);
        match reader.u8()? {
            SUCCESS => {
                self.notes.push("SSH: authentication complete".to_owned());
                Ok(Verdict::In)
            }
            BANNER => Ok(Verdict::Wait),
            FAILURE => {
                let offered = reader.string()?;
                if self.method == Method::None {
                    let names = String::from_utf8_lossy(offered);
                    self.notes.push(format!("SSH: host offers authentication via: {names}"));
                }
                self.try_next(offered, session, signs).map(Verdict::Say)
            }
            INFO_REQUEST if self.method == Method::Keyboard => {
                self.rounds += 1;
                if self.rounds > MAX_ROUNDS {
                    return Err(denied());
                }
                self.answer(reader).map(Verdict::Say)
            }
            // A password that is to be changed is none that lets in.
            _ => Err(denied()),
        }
    }

    fn try_next(
        &mut self,
        offered: &[u8],
        session: &[u8],
        signs: Option<&[u8]>,
    ) -> Result<Vec<u8>> {
        let allowed = self.credentials.methods;
        let may = |method, bit, name| (method, allowed.contains(bit) && has(offered, name));
        let methods = [
            may(Method::PublicKey, Methods::PUBLICKEY, "publickey"),
            may(Method::Password, Methods::PASSWORD, "password"),
            may(Method::Keyboard, Methods::KEYBOARD, "keyboard-interactive"),
        ];
        for (method, usable) in methods {
            if method <= self.method || !usable {
                continue;
            }
            self.method = method;
            let request = match method {
                Method::PublicKey => self.by_key(session, signs),
                Method::Password => {
                    let mut request = self.request("password");
                    request.push(0);
                    request.put_string(&self.credentials.password);
                    Ok(request)
                }
                Method::None | Method::Keyboard => {
                    let mut request = self.request("keyboard-interactive");
                    request.put_string(b"");
                    request.put_string(b"");
                    Ok(request)
                }
            };
            match request {
                Ok(request) => return Ok(request),
                Err(why) => {
                    self.notes.push(format!("SSH: publickey authentication denied: {why}"));
                }
            }
        }
        Err(denied())
    }

    /// A request that is signed for this session (RFC 4252 section 7).
    fn by_key(&self, session: &[u8], signs: Option<&[u8]>) -> std::result::Result<Vec<u8>, String> {
        let key = self.credentials.key.as_ref().map_err(Clone::clone)?;
        let algorithm = key.algorithm(signs);
        let mut request = self.request("publickey");
        request.push(1);
        request.put_string(algorithm.as_bytes());
        request.put_string(key.public());
        let mut bound = Vec::new();
        bound.put_string(session);
        bound.extend_from_slice(&request);
        let signature = key.sign(algorithm, &bound)?;
        request.put_string(&signature);
        Ok(request)
    }

    /// The password answers a single question, as in libcurl; others are left without an answer.
    fn answer(&self, mut reader: Reader<'_>) -> Result<Vec<u8>> {
        for _ in 0..3 {
            reader.string()?;
        }
        let prompts = reader.u32()?;
        let mut response = vec![INFO_RESPONSE];
        response.put_u32(prompts);
        for _ in 0..prompts {
            reader.string()?;
            reader.u8()?;
            let answer = if prompts == 1 { &self.credentials.password[..] } else { b"" };
            response.put_string(answer);
        }
        Ok(response)
    }

    fn request(&self, method: &str) -> Vec<u8> {
        let mut request = vec![REQUEST];
        request.put_string(&self.credentials.user);
        request.put_string(b"ssh-connection");
        request.put_string(method.as_bytes());
        request
    }
}

fn denied() -> Error {
    Error::new(Code::LoginDenied, "Authentication failure")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(methods: u32) -> UserAuth {
        let (user, password) = (b"me".to_vec(), b"secret".to_vec());
        let key = Err("no key".to_owned());
        UserAuth::new(Credentials { user, password, key, methods: Methods(methods) })
    }

    fn failure(names: &str) -> Vec<u8> {
        let mut message = vec![FAILURE];
        message.put_string(names.as_bytes());
        message.push(0);
        message
    }

    fn contains(message: &[u8], text: &[u8]) -> bool {
        message.windows(text.len()).any(|window| window == text)
    }

    #[test]
    fn each_method_is_tried_once() {
        let mut auth = auth(u32::MAX);
        let all = failure("publickey,password,keyboard-interactive");
        let Ok(Verdict::Say(said)) = auth.receive(&all, b"session", None) else { panic!() };
        assert!(contains(&said, b"password") && contains(&said, b"secret"));
        let Ok(Verdict::Say(said)) = auth.receive(&all, b"session", None) else { panic!() };
        assert!(contains(&said, b"keyboard-interactive") && !contains(&said, b"secret"));
        let error = auth.receive(&all, b"session", None).err().unwrap();
        assert_eq!(error.code(), Code::LoginDenied);
        assert!(auth.notes.iter().any(|note| note.ends_with("no key")));
    }

    #[test]
    fn what_is_not_allowed_is_not_said() {
        let mut auth = auth(Methods::PUBLICKEY);
        assert!(auth.receive(&failure("password"), b"session", None).is_err());
    }

    #[test]
    fn one_question_is_answered_and_rounds_are_counted() {
        let mut auth = auth(Methods::KEYBOARD);
        auth.receive(&failure("keyboard-interactive"), b"session", None).unwrap();
        let mut question = vec![INFO_REQUEST];
        for text in [b"", b"", b""] {
            question.put_string(text);
        }
        question.put_u32(1);
        question.put_string(b"Password: ");
        question.push(0);
        let mut rounds = 0;
        while let Ok(Verdict::Say(said)) = auth.receive(&question, b"session", None) {
            assert!(contains(&said, b"secret"));
            rounds += 1;
        }
        assert_eq!(rounds, MAX_ROUNDS);
        let mut endless = vec![INFO_REQUEST];
        for text in [b"", b"", b""] {
            endless.put_string(text);
        }
        endless.put_u32(u32::MAX);
        auth.rounds = 0;
        assert!(auth.receive(&endless, b"session", None).is_err());
    }
}
