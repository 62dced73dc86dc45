//! Logins from a `.netrc` file's text (`CURLOPT_NETRC`, GNU inetutils' description).

/// Longest line, in bytes.
pub const MAX_LINE: usize = 16_384;

/// Longest file without its comments, in bytes.
pub const MAX_FILE: usize = 128 * 1024;

/// Longest word, in bytes.
pub const MAX_TOKEN: usize = 4096;

/// A login that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The asked user, else the entry's.
    pub user: Option<Vec<u8>>,
    /// The entry's password.
    pub password: Option<Vec<u8>>,
}

/// A file that cannot be read on: a quote without end, a line or word over the limit.
/// libcurl's words for it are `syntax error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError;

/// The first login for a host, and for a user where one is asked for; none: no entry fits.
pub fn find_login(
    text: &[u8],
    host: &[u8],
    user: Option<&[u8]>,
) -> Result<Option<Login>, SyntaxError> {
    let text = without_comments(text)?;
    let mut lexer = Lexer { rest: &text };
    let mut entry = Entry::default();
    let user = user.filter(|user| !user.is_empty());
    loop {
        let token = lexer.next()?;
        if matches!(token, Token::End | Token::Machine | Token::Default | Token::Macdef)
            && let Some(login) = std::mem::take(&mut entry).login(user)
        {
            return Ok(Some(login));
        }
        match token {
            Token::End => return Ok(None),
            Token::Machine => {
                entry.matches = lexer.literal()?.is_some_and(|name| name.eq_ignore_ascii_case(host))
            }
            Token::Default => entry.matches = true,
            Token::Macdef => lexer.skip_macro(),
            Token::Account => {
                lexer.literal()?;
            }
            Token::Login => entry.user = lexer.literal()?.or(entry.user.take()),
            Token::Password => entry.password = lexer.literal()?.or(entry.password.take()),
            Token::Other => {}
        }
    }
}

/// What has been read of an entry.
#[derive(Default)]
struct Entry {
    matches: bool,
    user: Option<Vec<u8>>,
    password: Option<Vec<u8>>,
}

impl Entry {
    fn login(self, wanted: Option<&[u8]>) -> Option<Login> {
        let fits = self.matches
            && match (&self.user, wanted) {
                (Some(user), Some(wanted)) => user == wanted && self.password.is_some(),
                (Some(_), None) => true,
                // A password without user is anybody's.
                (None, _) => self.password.is_some(),
            };
        let user = wanted.map(<[u8]>::to_vec).or(self.user);
        fits.then_some(Login { user, password: self.password })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    End,
    Machine,
    Default,
    Account,
    Login,
    Password,
    Macdef,
    Other,
}

struct Lexer<'a> {
    rest: &'a [u8],
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space();
        if self.rest.starts_with(b"\"") {
            self.quoted()?;
            return Ok(Token::Other);
        }
        const WORDS: [(&[u8], Token); 6] = [
            (b"machine", Token::Machine),
            (b"default", Token::Default),
            (b"account", Token::Account),
            (b"login", Token::Login),
            (b"password", Token::Password),
            (b"macdef", Token::Macdef),
        ];
        let word = self.word();
        if word.is_empty() {
            return Ok(Token::End);
        }
        let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        Ok(known.map_or(Token::Other, |&(_, token)| token))
    }

    /// The word that follows, whatever it is; none at the end.
    fn literal(&mut self) -> Result<Option<Vec<u8>>, SyntaxError> {
        self.skip_space();
        if self.rest.starts_with(b"\"") {
            return self.quoted().map(Some);
        }
        let word = self.word();
        if word.len() > MAX_TOKEN {
            return Err(SyntaxError);
        }
        Ok((!word.is_empty()).then(|| word.to_vec()))
    }

    fn skip_space(&mut self) {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let start = self.rest.iter().position(|byte| !is_space(byte)).unwrap_or(self.rest.len());
        self.rest = self.rest.get(start..).unwrap_or_default();
    }

    fn word(&mut self) -> &[u8] {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let end = self.rest.iter().position(is_space).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A text in quotes with backslash escapes; it must end.
    fn quoted(&mut self) -> Result<Vec<u8>, SyntaxError> {
        let mut text = Vec::new();
        let mut bytes = self.rest.iter().enumerate().skip(1);
        while let Some((at, &byte)) = bytes.next() {
            let byte = match byte {
                b'"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                b'\\' => match bytes.next() {
                    Some((_, b'n')) => b'\n',
                    Some((_, b'r')) => b'\r',
                    Some((_, b't')) => b'\t',
                    Some((_, &byte)) => byte,
                    None => break,
                },
                byte => byte,
            };
            text.push(byte);
            if text.len() > MAX_TOKEN {
                break;
            }
        }
        Err(SyntaxError)
    }

    /// A macro goes on to the next empty line.
    fn skip_macro(&mut self) {
        while let Some(end) = memchr::memchr(b'\n', self.rest) {
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            let line_end =
                self.rest.iter().position(|&byte| byte != b'\r').unwrap_or(self.rest.len());
            if self.rest.get(line_end) == Some(&b'\n') {
                return;
            }
        }
        self.rest = b"";
    }
}

fn without_comments(text: &[u8]) -> Result<Vec<u8>, SyntaxError> {
    let mut kept = Vec::with_capacity(text.len().min(MAX_FILE) + 1);
    for line in text.split(|&byte| byte == b'\n') {
        if line.len() >= MAX_LINE {
            return Err(SyntaxError);
        }
        if !line.trim_ascii_start().starts_with(b"#") {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
        if kept.len() > MAX_FILE {
            return Err(SyntaxError);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn find(text: &str, host: &str, user: &str) -> Option<String> {
        let login = find_login(text.as_bytes(), host.as_bytes(), Some(user.as_bytes())).unwrap()?;
        let text = |part: Option<Vec<u8>>| {
            part.map_or("-".to_owned(), |part| String::from_utf8(part).unwrap())
        };
        Some(format!("{}:{}", text(login.user), text(login.password)))
    }

    #[test]
    fn entries_are_found() {
        let file = "# machine h login no password no\n\
            machine other login o password p\n\
            machine h\n\tlogin u1\n\taccount a password\tp1 machine h login u2 password p2\n\
            macdef init\nmachine h login macro password macro\n\n\
            machine x password only machine y login nobody\n\
            machine \"q\" login \"a b\" password \"c\\\"d\\n\"\n\
            DEFAULT login anonymous password me\n";
        for (host, user, want) in [
            ("H", "", "u1:p1"),
            ("h", "u2", "u2:p2"),
            ("h", "u3", "-"),
            ("x", "", "-:only"),
            ("x", "me", "me:only"),
            ("y", "", "nobody:-"),
            ("y", "nobody", "-"),
            ("q", "", "a b:c\"d\n"),
            ("z", "", "anonymous:me"),
            ("z", "anonymous", "anonymous:me"),
        ] {
            let got = find(file, host, user).unwrap_or("-".to_owned());
            assert_eq!(got, want, "{host} {user}");
        }
    }

    #[test]
    fn broken_files_fail() {
        let fails = |text: &str| find_login(text.as_bytes(), b"h", None) == Err(SyntaxError);
        assert!(fails("machine h login \"u"));
        assert!(fails("machine h login \"u\\"));
        assert!(fails(&format!("machine h login {}", "u".repeat(MAX_TOKEN + 1))));
        assert!(fails(&"x".repeat(MAX_LINE)));
        assert!(fails(&"x\n".repeat(MAX_FILE)));
        assert_eq!(find("", "h", ""), None);
        assert_eq!(find("machine", "h", ""), None);
        assert_eq!(find("machine h login", "h", ""), None);
        assert_eq!(find("macdef x\nmachine h login u", "h", ""), None);
    }

    #[test]
    fn hostile_files_do_no_harm() {
        let pieces: &[&[u8]] = &[
            b"machine",
            b"h",
            b" ",
            b"\n",
            b"login",
            b"password",
            b"\"",
            b"\\",
            b"macdef",
            b"#",
            b"default",
            b"\r",
        ];
        let mut random = Random::new(19);
        for _ in 0..20_000 {
            let _ = find_login(&random.text(pieces, 14), b"h", Some(b"h"));
        }
    }
}
