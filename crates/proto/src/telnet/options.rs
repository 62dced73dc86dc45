use tress_model::{Code, Error, Result};

use super::{
    BINARY, ECHO, IAC, NEW_ENVIRON, SB, SE, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE,
    X_DISPLAY,
};

/// The longest value of TTYPE and XDISPLOC.
pub const MAX_VALUE: usize = 1000;
/// The longest answer about the environment; what does not fit is left out.
pub const MAX_ENVIRONMENT: usize = 2048;

/// What `CURLOPT_TELNETOPTIONS` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    terminal_type: Option<Vec<u8>>,
    x_display: Option<Vec<u8>>,
    window_size: Option<(u16, u16)>,
    variables: Vec<Vec<u8>>,
    no_binary: bool,
}

impl Options {
    /// Reads the options, `NAME=value`, and the user's name where there is one.
    ///
    /// # Errors
    /// `UnknownOption`, `SetoptOptionSyntax`; `BadFunctionArgument` for a user
    /// that is not ASCII.
    pub fn parse<'a>(
        user: Option<&[u8]>,
        options: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self> {
        let mut parsed = Self::default();
        if let Some(user) = user {
            if !user.is_ascii() {
                return Err(Error::from(Code::BadFunctionArgument));
            }
            parsed.variables.push([b"USER,", user].concat());
        }
        for option in options {
            parsed.option(option)?;
        }
        Ok(parsed)
    }

    fn option(&mut self, option: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(option);
        let syntax = || {
            let message = format!("Syntax error in telnet option: {text}");
            Error::new(Code::SetoptOptionSyntax, message)
        };
        let equals = option.iter().position(|&byte| byte == b'=').ok_or_else(syntax)?;
        let (name, value) = option.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        if !value.is_ascii() {
            return Ok(());
        }
        match name.to_ascii_uppercase().as_slice() {
            b"TTYPE" => self.terminal_type = Some(value.to_vec()),
            b"XDISPLOC" => self.x_display = Some(value.to_vec()),
            b"NEW_ENV" => self.variables.push(value.to_vec()),
            b"WS" => self.window_size = Some(window_size(value).ok_or_else(syntax)?),
            // Only a plain 0 switches it off.
            b"BINARY" => self.no_binary |= value.first() == Some(&b'0'),
            _ if matches!(name.len(), 2 | 5 | 6 | 7 | 8) => {
                return Err(Error::from(Code::UnknownOption));
            }
            _ => {
                let message = format!("Unknown telnet option {text}");
                return Err(Error::new(Code::UnknownOption, message));
            }
        }
        Ok(())
    }

    /// Whether we offer an option by ourselves.
    pub(super) fn we_prefer(&self, option: u8) -> bool {
        match option {
            SUPPRESS_GO_AHEAD => true,
            BINARY => !self.no_binary,
            TERMINAL_TYPE => self.terminal_type.is_some(),
            X_DISPLAY => self.x_display.is_some(),
            WINDOW_SIZE => self.window_size.is_some(),
            NEW_ENVIRON => !self.variables.is_empty(),
            _ => false,
        }
    }

    /// Whether we agree to an option that the server asks for.
    pub(super) fn we_want(&self, option: u8) -> bool {
        option == WINDOW_SIZE || self.we_prefer(option)
    }

    /// Whether the server may have an option.
    pub(super) fn he_may(&self, option: u8) -> bool {
        match option {
            SUPPRESS_GO_AHEAD | ECHO => true,
            BINARY => !self.no_binary,
            _ => false,
        }
    }

    /// The window's size (RFC 1073).
    pub(super) fn tell_window_size(&self, out: &mut Vec<u8>) {
        let (width, height) = self.window_size.unwrap_or_default();
        out.extend_from_slice(&[IAC, SB, WINDOW_SIZE]);
        for byte in [width.to_be_bytes(), height.to_be_bytes()].concat() {
            out.push(byte);
            if byte == IAC {
                out.push(IAC);
            }
        }
        out.extend_from_slice(&[IAC, SE]);
    }

    /// Answers the server's question about an option's value.
    pub(super) fn answer(&self, option: u8, out: &mut Vec<u8>) -> Result<()> {
        const IS: u8 = 0;
        let value = match option {
            TERMINAL_TYPE => single(self.terminal_type.as_deref(), "Too long telnet TTYPE")?,
            X_DISPLAY => single(self.x_display.as_deref(), "Too long telnet XDISPLOC")?,
            NEW_ENVIRON => self.environment(),
            _ => return Ok(()),
        };
        out.extend_from_slice(&[IAC, SB, option, IS]);
        out.extend_from_slice(&value);
        out.extend_from_slice(&[IAC, SE]);
        Ok(())
    }

    /// RFC 1572: a name, and after the first comma its value.
    fn environment(&self) -> Vec<u8> {
        const VAR: u8 = 0;
        const VALUE: u8 = 1;
        let mut out = Vec::new();
        for variable in &self.variables {
            if out.len() + variable.len() + 1 >= MAX_ENVIRONMENT - 10 {
                continue;
            }
            out.push(VAR);
            match variable.iter().position(|&byte| byte == b',') {
                Some(comma) => {
                    let (name, value) = variable.split_at(comma);
                    out.extend_from_slice(name);
                    out.push(VALUE);
                    out.extend_from_slice(value.get(1..).unwrap_or_default());
                }
                None => out.extend_from_slice(variable),
            }
        }
        out
    }
}

/// A value that was asked for without being set is an error, as in libcurl.
fn single(value: Option<&[u8]>, too_long: &'static str) -> Result<Vec<u8>> {
    let value = value.ok_or_else(|| Error::from(Code::BadFunctionArgument))?;
    if value.len() > MAX_VALUE {
        return Err(Error::new(Code::SendError, too_long));
    }
    Ok(value.to_vec())
}

/// `80x24`.
fn window_size(text: &[u8]) -> Option<(u16, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let (width, height) = text.split_once('x')?;
    let digits = height.find(|c: char| !c.is_ascii_digit()).unwrap_or(height.len());
    Some((width.parse().ok()?, height.get(..digits)?.parse().ok()?))
}
