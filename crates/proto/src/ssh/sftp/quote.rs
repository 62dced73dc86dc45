//! Commands of `CURLOPT_QUOTE` and `CURLOPT_POSTQUOTE`, as curl's man pages list them.

use tress_model::date::parse_date;
use tress_model::{Code, Error, Result};

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// What goes wrong with it does not matter.
    pub(super) may_fail: bool,
    pub(super) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Pwd,
    Set(Change, Vec<u8>),
    /// What is pointed to, and the link.
    Link(Vec<u8>, Vec<u8>),
    Rename(Vec<u8>, Vec<u8>),
    Mkdir(Vec<u8>),
    Rmdir(Vec<u8>),
    Remove(Vec<u8>),
    StatVfs(Vec<u8>),
}

/// Which attribute is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Group(Option<u32>),
    Owner(Option<u32>),
    Mode(u32),
    Accessed(u32),
    Changed(u32),
}

impl Command {
    /// # Errors
    /// `QuoteError` for what is no command, or has the wrong arguments.
    pub(super) fn parse(text: &[u8], home: &[u8]) -> Result<Self> {
        let (may_fail, text) = match text.strip_prefix(b"*") {
            Some(text) => (true, text),
            None => (false, text),
        };
        let action = action(text, home, may_fail)?;
        Ok(Self { may_fail, action })
    }
}

fn action(text: &[u8], home: &[u8], may_fail: bool) -> Result<Action> {
    if text.eq_ignore_ascii_case(b"pwd") {
        return Ok(Action::Pwd);
    }
    let shown = String::from_utf8_lossy(text);
    let Some(space) = text.iter().position(|byte| *byte == b' ') else {
        return Err(wrong(format!("Syntax error command '{shown}', missing parameter")));
    };
    let (name, mut rest) = text.split_at(space);
    let first = argument(&mut rest, home)
        .ok_or_else(|| wrong(format!("Syntax error: Bad first parameter to '{shown}'")))?;
    let mut second = |what: &str| {
        argument(&mut rest, home)
            .ok_or_else(|| wrong(format!("Syntax error in {what}: Bad second parameter")))
    };
    let action = match name {
        b"chgrp" | b"chmod" | b"chown" | b"atime" | b"mtime" => {
            let path = second(&shown)?;
            Action::Set(change(name, &first, may_fail)?, path)
        }
        b"ln" | b"symlink" => Action::Link(first, second("ln/symlink")?),
        b"rename" => Action::Rename(first, second("rename")?),
        b"mkdir" => Action::Mkdir(first),
        b"rmdir" => Action::Rmdir(first),
        b"rm" => Action::Remove(first),
        b"statvfs" => Action::StatVfs(first),
        _ => return Err(wrong("Unknown SFTP command".to_owned())),
    };
    match rest.is_empty() {
        true => Ok(action),
        false => Err(wrong("Suspicious data after the command line".to_owned())),
    }
}

fn change(name: &[u8], value: &[u8], may_fail: bool) -> Result<Change> {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let id = |what: &str| match text.parse::<u32>() {
        Ok(id) => Ok(Some(id)),
        // Then nothing is changed.
        Err(_) if may_fail => Ok(None),
        Err(_) => Err(wrong(format!("Syntax error: {what} not a number"))),
    };
    let date = || {
        let seconds = parse_date(value).ok_or_else(|| {
            wrong(format!("incorrect date format for {}", String::from_utf8_lossy(name)))
        })?;
        u32::try_from(seconds).map_err(|_| wrong("date overflow".to_owned()))
    };
    Ok(match name {
        b"chgrp" => Change::Group(id("chgrp gid")?),
        b"chown" => Change::Owner(id("chown uid")?),
        b"atime" => Change::Accessed(date()?),
        b"mtime" => Change::Changed(date()?),
        _ => match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o7777 => Change::Mode(mode),
            _ => return Err(wrong("Syntax error: chmod permissions not a number".to_owned())),
        },
    })
}

/// Takes an argument: up to a blank, or in quotes, in which a backslash stands before quotes and
/// itself. One that begins with `/~/` is below the home directory.
fn argument(text: &mut &[u8], home: &[u8]) -> Option<Vec<u8>> {
    let start = text.trim_ascii_start();
    let (argument, rest) = match start.first()? {
        quote @ (b'"' | b'\'') => {
            let mut argument = Vec::new();
            let mut bytes = start[1..].iter().enumerate();
            let end = loop {
                match bytes.next()? {
                    (at, byte) if byte == quote => break at,
                    (_, b'\\') => match bytes.next()?.1 {
                        byte @ (b'"' | b'\'' | b'\\') => argument.push(*byte),
                        _ => return None,
                    },
                    (_, byte) => argument.push(*byte),
                }
            };
            (argument, &start[end + 2..])
        }
        _ => {
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let end = start.iter().position(blank).unwrap_or(start.len());
            let (word, rest) = start.split_at(end);
            match word.strip_prefix(b"/~/") {
                Some(below) => ([home, b"/", below].concat(), rest),
                None => (word.to_vec(), rest),
            }
        }
    };
    *text = rest.trim_ascii_start();
    (!argument.is_empty()).then_some(argument)
}

fn wrong(text: String) -> Error {
    Error::new(Code::QuoteError, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Action> {
        Command::parse(text.as_bytes(), b"/home/me").map(|command| command.action)
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(parse("PWD").unwrap(), Action::Pwd);
        assert_eq!(parse("mkdir /a").unwrap(), Action::Mkdir(b"/a".to_vec()));
        assert_eq!(parse("rm \"/a \\\"b\"").unwrap(), Action::Remove(b"/a \"b".to_vec()));
        let renamed = Action::Rename(b"/home/me/x".to_vec(), b"it's".to_vec());
        assert_eq!(parse("rename /~/x  'it\\'s' ").unwrap(), renamed);
        let set = Action::Set(Change::Mode(0o640), b"/f".to_vec());
        assert_eq!(parse("chmod 640 /f").unwrap(), set);
        let set = Action::Set(Change::Changed(946_684_800), b"/f".to_vec());
        assert_eq!(parse("mtime \"1 Jan 2000 00:00:00 GMT\" /f").unwrap(), set);
        assert!(Command::parse(b"*rm /x", b"/").unwrap().may_fail);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            ("rm", "Syntax error command 'rm', missing parameter"),
            ("rm ", "Syntax error: Bad first parameter to 'rm '"),
            ("rm \"", "Syntax error: Bad first parameter to 'rm \"'"),
            ("rename a", "Syntax error in rename: Bad second parameter"),
            ("chmod 9 /a", "Syntax error: chmod permissions not a number"),
            ("chown me /a", "Syntax error: chown uid not a number"),
            ("mtime \"never\" /a", "incorrect date format for mtime"),
            ("rm a b", "Suspicious data after the command line"),
            ("dance a", "Unknown SFTP command"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::QuoteError, message), "{text}");
        }
    }
}
