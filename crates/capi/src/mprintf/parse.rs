//! A format string taken apart: pieces to put out and kinds of arguments to fetch.

/// Arguments that one call can use, and pieces that one format can have.
const MAX_PARAMETERS: usize = 128;

/// What is to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Long,
    LongLong,
    UnsignedInt,
    UnsignedLong,
    UnsignedLongLong,
    Double,
    String,
    Pointer,
    /// `%n`: where the count of bytes so far goes.
    Count,
}

/// How a conversion is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    pub left: bool,
    pub zeros: bool,
    pub plus: bool,
    pub space: bool,
    pub alternative: bool,
    pub upper: bool,
    pub short: bool,
    pub long: u8,
    /// The letter of the conversion, in lower case.
    pub conversion: u8,
}

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    None,
    Fixed(i32),
    /// It is the argument of this index.
    Argument(usize),
}

/// A piece of the output.
#[derive(Debug)]
pub enum Piece<'a> {
    Text(&'a [u8]),
    Conversion { flags: Flags, width: Figure, precision: Figure, input: usize },
}

/// A format string, understood.
#[derive(Debug, Default)]
pub struct Format<'a> {
    pub pieces: Vec<Piece<'a>>,
    pub inputs: Vec<Kind>,
}

impl<'a> Format<'a> {
    /// None for what libcurl refuses: mixed ways of numbering, gaps, too many of anything.
    pub fn parse(format: &'a [u8]) -> Option<Self> {
        let mut parser = Parser { at: format, numbered: None, next: 0, inputs: Vec::new() };
        let mut pieces = Vec::new();
        let mut text = format;
        while let Some(percent) = memchr(parser.at) {
            let before = text.len() - parser.at.len() + percent;
            parser.at = &parser.at[percent + 1..];
            if parser.at.first() == Some(&b'%') {
                push_text(&mut pieces, &text[..before])?;
                text = parser.at;
                parser.at = &parser.at[1..];
                continue;
            }
            let Some(conversion) = parser.conversion()? else { continue };
            push_text(&mut pieces, &text[..before])?;
            push(&mut pieces, conversion)?;
            text = parser.at;
        }
        push_text(&mut pieces, text)?;
        let inputs = parser.inputs.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Self { pieces, inputs })
    }
}

fn memchr(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| *byte == b'%')
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a [u8]) -> Option<()> {
    if text.is_empty() { Some(()) } else { push(pieces, Piece::Text(text)) }
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, piece: Piece<'a>) -> Option<()> {
    pieces.push(piece);
    // Text before a conversion counts with it in libcurl: twice as many of ours.
    (pieces.len() <= 2 * MAX_PARAMETERS).then_some(())
}

struct Parser<'a> {
    at: &'a [u8],
    /// Whether arguments are numbered (`%1$s`); the first conversion decides.
    numbered: Option<bool>,
    next: usize,
    inputs: Vec<Option<Kind>>,
}

impl<'a> Parser<'a> {
    /// What stands behind a `%`; an unknown letter is no conversion, its `%` is plain text.
    fn conversion(&mut self) -> Option<Option<Piece<'a>>> {
        let mut param = None;
        if self.numbered != Some(false) {
            param = self.dollar();
            if param.is_none() && self.numbered == Some(true) {
                return None;
            }
            self.numbered = Some(param.is_some());
        }
        let (mut flags, mut width, mut precision) = self.flags()?;
        let Some(kind) = kind(self.at.first().copied(), &mut flags) else { return Some(None) };
        self.at = &self.at[1..];
        for figure in [&mut width, &mut precision] {
            if let Figure::Argument(index) = figure {
                *index = self.figure_argument(*index)?;
            }
        }
        let input = param.unwrap_or_else(|| self.take());
        self.mark(input, kind)?;
        Some(Some(Piece::Conversion { flags, width, precision, input }))
    }

    /// Flags, width, precision and size letters, in any order.
    fn flags(&mut self) -> Option<(Flags, Figure, Figure)> {
        let mut flags = Flags::default();
        let (mut width, mut precision) = (Figure::None, Figure::None);
        while let Some(byte) = self.at.first().copied() {
            if byte.is_ascii_digit() {
                flags.zeros |= byte == b'0' && !flags.left;
                width = Figure::Fixed(self.number()?);
                continue;
            }
            if !b" +-#hlqzOL*.".contains(&byte) {
                break;
            }
            self.at = &self.at[1..];
            match byte {
                b' ' => flags.space = true,
                b'+' => flags.plus = true,
                b'-' => (flags.left, flags.zeros) = (true, false),
                b'#' => flags.alternative = true,
                b'h' => flags.short = true,
                b'l' => flags.long = (flags.long + 1).min(2),
                b'q' => flags.long = 2,
                b'z' | b'O' => flags.long = flags.long.max(1),
                b'*' => width = self.argument_figure()?,
                // The last one counts, but a figure and an argument are not to be mixed.
                b'.' => match (precision, self.precision()?) {
                    (Figure::Fixed(_), Figure::Argument(_))
                    | (Figure::Argument(_), Figure::Fixed(_)) => return None,
                    (_, last) => precision = last,
                },
                _ => {}
            }
        }
        Some((flags, width, precision))
    }

    fn precision(&mut self) -> Option<Figure> {
        if let Some(rest) = self.at.strip_prefix(b"*") {
            self.at = rest;
            return self.argument_figure();
        }
        let negative = self.at.strip_prefix(b"-");
        self.at = negative.unwrap_or(self.at);
        let number = self.number()?;
        Some(Figure::Fixed(if negative.is_some() { -number } else { number }))
    }

    /// The argument that a `*` means; `usize::MAX`: the next one, numbered later.
    fn argument_figure(&mut self) -> Option<Figure> {
        match self.numbered {
            Some(true) => self.dollar().map(Figure::Argument),
            _ => Some(Figure::Argument(usize::MAX)),
        }
    }

    fn figure_argument(&mut self, index: usize) -> Option<usize> {
        if index == usize::MAX {
            let index = self.take();
            self.mark(index, Kind::Int)?;
            return Some(index);
        }
        if self.inputs.get(index).is_some_and(Option::is_some) {
            return None;
        }
        self.mark(index, Kind::Int)?;
        Some(index)
    }

    fn take(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn mark(&mut self, index: usize, kind: Kind) -> Option<()> {
        if index >= MAX_PARAMETERS {
            return None;
        }
        if self.inputs.len() <= index {
            self.inputs.resize(index + 1, None);
        }
        self.inputs[index] = Some(kind);
        Some(())
    }

    /// `N$`, counted from zero.
    fn dollar(&mut self) -> Option<usize> {
        let before = self.at;
        let number = self.number().filter(|number| (1..=MAX_PARAMETERS as i32).contains(number));
        if let (Some(number), Some(rest)) = (number, self.at.strip_prefix(b"$")) {
            self.at = rest;
            return Some(number as usize - 1);
        }
        self.at = before;
        None
    }

    /// A decimal number of at least one digit that fits an `int`.
    fn number(&mut self) -> Option<i32> {
        let digits = self.at.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.at.split_at(digits);
        self.at = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

/// The kind of argument that the letter of a conversion asks for.
fn kind(letter: Option<u8>, flags: &mut Flags) -> Option<Kind> {
    let letter = letter?;
    flags.upper = letter.is_ascii_uppercase();
    flags.conversion = letter.to_ascii_lowercase();
    Some(match letter {
        b'S' => {
            flags.alternative = true;
            Kind::String
        }
        b's' => Kind::String,
        b'n' => Kind::Count,
        b'p' => Kind::Pointer,
        b'c' => Kind::Int,
        b'd' | b'i' => [Kind::Int, Kind::Long, Kind::LongLong][usize::from(flags.long)],
        b'u' | b'o' | b'x' | b'X' => {
            [Kind::UnsignedInt, Kind::UnsignedLong, Kind::UnsignedLongLong][usize::from(flags.long)]
        }
        b'f' | b'e' | b'E' | b'g' | b'G' => Kind::Double,
        _ => return None,
    })
}
