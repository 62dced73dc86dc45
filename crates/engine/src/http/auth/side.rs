//! One side of the authentication, with the server or with the proxy: what is wanted, what is
//! offered, what is picked.

use tress_model::Result;
use tress_proto::auth::basic;
use tress_proto::auth::challenge::{Scheme, challenges};
use tress_proto::auth::digest::{Digest, DigestRequest};

use super::ntlm::Bound;
use super::{Credentials, Whom};
use crate::options::Auth;

/// How far the authentication with one peer is; outlives the transfer, for the next one of the
/// same handle to begin with what this one has learnt.
#[derive(Default)]
pub(crate) struct Side {
    want: Auth,
    /// Offered since something was picked last; as in libcurl, what a refused answer has left
    /// of it counts in the handle's next transfer too.
    available: Auth,
    /// None: nothing was picked yet. Empty: nothing that is offered can be answered.
    picked: Option<Auth>,
    digest: Digest,
    /// With whom and as whom the Digest challenge was got.
    digest_for: Vec<u8>,
    /// No token could be made: Negotiate is left alone.
    pub(super) tokenless: bool,
    /// All that there is to say was said.
    pub(crate) done: bool,
    /// Another request is needed for that.
    pub(crate) multipass: bool,
}

/// What came with a challenge.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) offered: Auth,
    /// Whether what was answered before is refused; none: nothing about that.
    pub(crate) refused: Option<bool>,
    pub(crate) notes: Vec<&'static str>,
}

/// The request that credentials are for.
pub(crate) struct Ask<'a> {
    pub(crate) credentials: &'a Credentials,
    /// The word of the request line.
    pub(crate) method: &'a [u8],
    /// Path and query, or host and port of a CONNECT.
    pub(crate) uri: &'a [u8],
    /// Host and port of whom the credentials are for.
    pub(crate) peer: &'a [u8],
    /// The application sends the header itself.
    pub(crate) custom: bool,
    /// Unix seconds.
    pub(crate) now: i64,
}

/// What to send.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) value: Option<Vec<u8>>,
    /// The scheme in use, even if its header is not needed.
    pub(crate) used: Auth,
}

impl Side {
    /// A transfer begins.
    pub(crate) fn begin(&mut self, want: Auth) {
        self.want = want;
        self.tokenless = false;
        self.picked = self.picked.map(|picked| picked & want).filter(|picked| !picked.is_empty());
        self.multipass = false;
    }

    /// The next request goes elsewhere: its challenge will be another.
    pub(crate) fn leave_origin(&mut self) {
        self.digest = Digest::default();
        self.digest_for.clear();
    }

    /// This scheme was used without being asked for (none: there was no such); a challenge after
    /// that refuses it.
    pub(crate) fn assume(&mut self, scheme: Auth) {
        if !scheme.is_empty() {
            self.picked = Some(scheme);
            self.done = true;
        }
    }

    pub(crate) fn picked(&self) -> Auth {
        self.picked.unwrap_or(Auth::empty())
    }

    /// The connection is new: what NTLM has said before was said on another one.
    pub(crate) fn new_connection(&mut self) {
        if self.done && self.picked().contains(Auth::NTLM) {
            self.picked = None;
            self.done = false;
        }
    }

    /// Takes the value of a `WWW-Authenticate` or `Proxy-Authenticate` header.
    pub(crate) fn challenge(
        &mut self,
        value: &[u8],
        bound: &mut Option<Box<Bound>>,
        whom: Whom,
        negotiates: bool,
    ) -> Heard {
        let mut heard = Heard::default();
        for challenge in challenges(value) {
            match challenge.scheme {
                Scheme::Ntlm => {
                    self.offers(Auth::NTLM, &mut heard);
                    if self.picked() == Auth::NTLM {
                        let result = Bound::ntlm(bound, whom).challenge(challenge.rest);
                        heard.refused = Some(result.is_err());
                        if let Err(why) = result {
                            heard.notes.push(why);
                            heard.notes.push("NTLM authentication problem, ignoring.");
                        }
                    }
                }
                Scheme::Digest if self.available.contains(Auth::DIGEST) => {
                    heard.notes.push("Ignoring duplicate digest auth header.");
                }
                Scheme::Digest => {
                    self.offers(Auth::DIGEST, &mut heard);
                    // Whoever answers it next: the challenge is for them.
                    self.digest_for.clear();
                    if self.digest.challenge(challenge.rest).is_err() {
                        heard.notes.push("Digest authentication problem, ignoring.");
                        heard.refused = Some(true);
                    }
                }
                Scheme::Basic => {
                    self.only_once(
                        Auth::BASIC,
                        "Basic authentication problem, ignoring.",
                        &mut heard,
                    );
                }
                Scheme::Bearer => {
                    self.only_once(
                        Auth::BEARER,
                        "Bearer authentication problem, ignoring.",
                        &mut heard,
                    );
                }
                Scheme::Negotiate if negotiates => {
                    self.offers(Auth::NEGOTIATE, &mut heard);
                    if self.picked() == Auth::NEGOTIATE {
                        let refused = if self.tokenless {
                            Err("")
                        } else {
                            Bound::negotiate(bound, whom).challenge(challenge.rest)
                        };
                        heard.refused = Some(refused.is_err());
                        heard.notes.extend(refused.err().filter(|why| !why.is_empty()));
                    }
                }
                Scheme::Negotiate => {}
            }
        }
        heard
    }

    fn offers(&mut self, scheme: Auth, heard: &mut Heard) {
        self.available |= scheme;
        heard.offered |= scheme;
    }

    /// A scheme whose credentials are wrong when the peer asks for them again.
    fn only_once(&mut self, scheme: Auth, note: &'static str, heard: &mut Heard) {
        self.offers(scheme, heard);
        if self.picked() == scheme {
            self.available = Auth::empty();
            heard.notes.push(note);
            heard.refused = Some(true);
        }
    }

    /// Picks the best of what is offered and wanted; false: there is nothing.
    pub(crate) fn pick(&mut self, credentials: &Credentials) -> bool {
        let offered = std::mem::replace(&mut self.available, Auth::empty()) & self.want;
        let login = credentials.has_user_or_password();
        let token = !credentials.bearer.is_empty();
        let usable = [
            (Auth::NEGOTIATE, true),
            (Auth::BEARER, token),
            (Auth::DIGEST, login),
            (Auth::NTLM, true),
            (Auth::BASIC, login),
            (Auth::AWS_SIGV4, true),
            (Auth::HTTPSIG, true),
        ];
        let best = usable.iter().find(|(scheme, can)| *can && offered.contains(*scheme));
        self.picked = Some(best.map_or(Auth::empty(), |(scheme, _)| *scheme));
        best.is_some()
    }

    /// The scheme that the next request is made with: the picked one, or all that are wanted.
    pub(crate) fn settle(&mut self) -> Auth {
        if self.picked.is_none() && !self.want.is_empty() {
            self.picked = Some(self.want);
        }
        self.picked()
    }

    /// What the request `ask` says.
    ///
    /// # Errors
    /// `TooLarge` for an answer that does not fit.
    pub(crate) fn say(
        &mut self,
        ask: &Ask<'_>,
        bound: &mut Option<Box<Bound>>,
        whom: Whom,
    ) -> Result<Said> {
        let credentials = ask.credentials;
        let picked = self.settle();
        let mut said = Said { value: None, used: picked };
        match picked {
            Auth::NTLM => {
                let ntlm = Bound::ntlm(bound, whom);
                (said.value, self.done) = ntlm.answer(credentials, ask.now)?;
            }
            Auth::NEGOTIATE if !ask.custom => {
                said.value = Bound::negotiate(bound, whom).answer();
                self.done = true;
            }
            Auth::DIGEST => {
                said.value = self.digest(ask)?;
                self.done = said.value.is_some();
            }
            Auth::BASIC if !ask.custom && credentials.has_user_or_password() => {
                said.value = Some(basic::basic(&credentials.user, &credentials.password));
                self.done = true;
            }
            Auth::BEARER if !ask.custom && !credentials.bearer.is_empty() => {
                said.value = Some(basic::bearer(&credentials.bearer));
                self.done = true;
            }
            // The header is the whole request's to make.
            Auth::AWS_SIGV4 | Auth::HTTPSIG if whom == Whom::Server => {
                said.used = Auth::empty();
                self.done = true;
            }
            _ => {
                said.used = Auth::empty();
                let one = Auth::BASIC | Auth::BEARER | Auth::NEGOTIATE;
                self.done |= picked.bits().is_power_of_two() && one.contains(picked);
            }
        }
        self.multipass = !said.used.is_empty() && !self.done;
        Ok(said)
    }

    fn digest(&mut self, ask: &Ask<'_>) -> Result<Option<Vec<u8>>> {
        let whom = [ask.peer, &ask.credentials.identity()].join(&0);
        if whom != self.digest_for {
            if !self.digest_for.is_empty() {
                self.digest = Digest::default();
            }
            self.digest_for = whom;
        }
        self.digest.answer(&DigestRequest {
            user: &ask.credentials.user,
            password: &ask.credentials.password,
            method: ask.method,
            uri: ask.uri,
            entropy: super::random(),
        })
    }
}
