//! A range of bytes for the protocols that have no ranges of their own (`CURLOPT_RANGE` with
//! FTP and FILE; HTTP sends the text as it is).

use crate::Code;
use crate::scan::Scan;

/// What part of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From this byte to the end.
    From(i64),
    /// The last bytes.
    Last(i64),
    /// From a byte, so many.
    Part {
        /// The first byte.
        from: i64,
        /// How many bytes.
        len: i64,
    },
}

impl ByteRange {
    /// Reads `X-`, `-Y` or `X-Y`. Fails with [`Code::RangeError`].
    pub fn parse(text: &[u8]) -> Result<Self, Code> {
        let mut scan = Scan::new(text);
        let from = scan.number(i64::MAX).flatten();
        scan.eat(b'-').ok_or(Code::RangeError)?;
        match (from, scan.number(i64::MAX).flatten()) {
            (from, None) => Ok(Self::From(from.unwrap_or(0))),
            (None, Some(0)) => Err(Code::RangeError),
            (None, Some(last)) => Ok(Self::Last(last)),
            (Some(from), Some(to)) if to >= from => {
                let len = (to - from).checked_add(1).ok_or(Code::RangeError)?;
                Ok(Self::Part { from, len })
            }
            _ => Err(Code::RangeError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        for (text, want) in [
            ("4-", Ok(ByteRange::From(4))),
            ("-", Ok(ByteRange::From(0))),
            ("-4", Ok(ByteRange::Last(4))),
            ("4-7", Ok(ByteRange::Part { from: 4, len: 4 })),
            ("4-4,9-", Ok(ByteRange::Part { from: 4, len: 1 })),
            ("0-9223372036854775807", Err(Code::RangeError)),
            ("7-4", Err(Code::RangeError)),
            ("-0", Err(Code::RangeError)),
            ("x", Err(Code::RangeError)),
            ("", Err(Code::RangeError)),
        ] {
            assert_eq!(ByteRange::parse(text.as_bytes()), want, "{text}");
        }
    }
}
