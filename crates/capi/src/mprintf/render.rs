//! Conversions written out.

use std::ffi::{c_char, c_int, c_long, c_short, c_void};

use super::parse::{Figure, Flags, Format, Piece};

/// Room for a double of any size: 317 letters of the least one, and what flags add.
const DOUBLE_ROOM: usize = 326;

/// A fetched argument.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    Signed(i64),
    Unsigned(u64),
    Double(f64),
    String(*const c_char),
    Pointer(*const c_void),
    Count(*mut c_void),
}

/// The text, cut at `limit` bytes.
///
/// # Safety
/// String values are NULL, C strings, or as long as their precision; counts point to their type.
pub unsafe fn render(format: &Format, values: &[Value], limit: usize) -> Vec<u8> {
    let mut out = Output { bytes: Vec::new(), limit };
    for piece in &format.pieces {
        match piece {
            Piece::Text(text) => out.text(text),
            Piece::Conversion { flags, width, precision, input } => {
                let spec = spec(*flags, *width, *precision, values);
                // SAFETY: as the caller promises.
                unsafe { convert(&mut out, &spec, values[*input]) };
            }
        }
        if out.bytes.len() >= limit {
            break;
        }
    }
    out.bytes
}

/// A conversion with its width and precision known.
struct Spec {
    flags: Flags,
    width: usize,
    precision: Option<usize>,
}

fn spec(mut flags: Flags, width: Figure, precision: Figure, values: &[Value]) -> Spec {
    let figure = |figure| match figure {
        Figure::None => None,
        Figure::Fixed(number) => Some(number),
        Figure::Argument(index) => match values[index] {
            Value::Signed(number) => Some(number as i32),
            _ => None,
        },
    };
    let width = figure(width).unwrap_or(0);
    if width < 0 {
        (flags.left, flags.zeros) = (true, false);
    }
    let precision = figure(precision).and_then(|number| usize::try_from(number).ok());
    Spec { flags, width: width.unsigned_abs().min(i32::MAX as u32) as usize, precision }
}

struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    fn text(&mut self, text: &[u8]) {
        let room = self.limit - self.bytes.len();
        self.bytes.extend_from_slice(&text[..text.len().min(room)]);
    }

    fn fill(&mut self, byte: u8, count: usize) {
        let room = self.limit - self.bytes.len();
        self.bytes.resize(self.bytes.len() + count.min(room), byte);
    }

    /// `text` with spaces before or behind it, up to `width`.
    fn padded(&mut self, text: &[u8], width: usize, left: bool) {
        let spaces = width.saturating_sub(text.len());
        self.fill(b' ', if left { 0 } else { spaces });
        self.text(text);
        self.fill(b' ', if left { spaces } else { 0 });
    }
}

/// # Safety
/// See `render`.
unsafe fn convert(out: &mut Output, spec: &Spec, value: Value) {
    match value {
        Value::Signed(number) if spec.flags.conversion == b'c' => {
            out.padded(&[number as u8], spec.width, spec.flags.left);
        }
        Value::Signed(number) => integer(out, spec, number < 0, number.unsigned_abs()),
        Value::Unsigned(number) => integer(out, spec, false, number),
        Value::Double(number) => double(out, spec, number),
        // SAFETY: as the caller promises.
        Value::String(text) => string(out, spec, unsafe { bytes(text, spec.precision) }),
        Value::Pointer(pointer) if pointer.is_null() => {
            // libcurl pads this one on the other side.
            out.padded(b"(nil)", spec.width, !spec.flags.left);
        }
        Value::Pointer(pointer) => {
            let flags = Flags { conversion: b'x', alternative: true, upper: false, ..spec.flags };
            integer(out, &Spec { flags, ..*spec }, false, pointer.addr() as u64);
        }
        // SAFETY: as the caller promises.
        Value::Count(place) => unsafe { count(place, spec.flags, out.bytes.len()) },
    }
}

/// The bytes of a string: up to its NUL or its precision.
///
/// # Safety
/// `text` is NULL, a C string, or has at least `precision` bytes.
unsafe fn bytes<'a>(text: *const c_char, precision: Option<usize>) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let length = libc::strnlen(text, precision.unwrap_or(usize::MAX >> 1));
        Some(std::slice::from_raw_parts(text.cast(), length))
    }
}

fn string(out: &mut Output, spec: &Spec, text: Option<&[u8]>) {
    const NIL: &[u8] = b"(nil)";
    let quotes = spec.flags.alternative
        && (text.is_some() || spec.precision.is_some_and(|room| room < NIL.len()));
    let none = if spec.precision.is_none_or(|room| room >= NIL.len()) { NIL } else { b"" };
    // libcurl pads as if a text were as long as its precision.
    let counted = spec.precision.filter(|_| text.is_some());
    let text = text.unwrap_or(none);
    let counted = counted.unwrap_or(text.len());
    let spaces = spec.width.saturating_sub(counted);
    out.fill(b'"', quotes.into());
    out.fill(b' ', if spec.flags.left { 0 } else { spaces });
    out.text(text);
    out.fill(b' ', if spec.flags.left { spaces } else { 0 });
    out.fill(b'"', quotes.into());
}

fn integer(out: &mut Output, spec: &Spec, negative: bool, mut number: u64) {
    let flags = spec.flags;
    let base = match flags.conversion {
        b'o' => 8,
        b'x' => 16,
        _ => 10,
    };
    let alphabet: &[u8; 16] = if flags.upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut digits = [0; 24];
    let mut start = digits.len();
    while number > 0 {
        start -= 1;
        digits[start] = alphabet[(number % base) as usize];
        number /= base;
    }
    let least = spec.precision.unwrap_or(1);
    if flags.alternative && base == 8 && least <= digits.len() - start {
        start -= 1;
        digits[start] = b'0';
    }
    let digits = &digits[start..];
    // libcurl's number buffer bounds the zeros of a precision; the width counts them all.
    let wanted = least.saturating_sub(digits.len());
    let zeros = wanted.min(DOUBLE_ROOM - 1 - digits.len());
    let sign: &[u8] = match (negative, flags.plus, flags.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (.., true) => b" ",
        _ => b"",
    };
    let prefix: &[u8] = match (flags.alternative && base == 16, flags.upper) {
        (false, _) => b"",
        (true, false) => b"0x",
        (true, true) => b"0X",
    };
    let rest = spec.width.saturating_sub(digits.len() + wanted + sign.len() + prefix.len());
    out.fill(b' ', if flags.left || flags.zeros { 0 } else { rest });
    out.text(sign);
    out.text(prefix);
    out.fill(b'0', if flags.zeros && !flags.left { rest } else { 0 });
    out.fill(b'0', zeros);
    out.text(digits);
    out.fill(b' ', if flags.left { rest } else { 0 });
}

/// The C library writes doubles, within bounds that keep them inside `DOUBLE_ROOM`.
fn double(out: &mut Output, spec: &Spec, number: f64) {
    let flags = spec.flags;
    let mut format = String::from("%");
    for (set, letter) in
        [(flags.left, '-'), (flags.plus, '+'), (flags.space, ' '), (flags.alternative, '#')]
    {
        if set {
            format.push(letter);
        }
    }
    let width = spec.width.min(DOUBLE_ROOM - 1);
    if width > 0 {
        format.push_str(&width.to_string());
    }
    if let Some(precision) = spec.precision {
        format.push('.');
        format.push_str(&digits_that_fit(precision, width, number).to_string());
    }
    format.push(char::from(if flags.upper {
        flags.conversion.to_ascii_uppercase()
    } else {
        flags.conversion
    }));
    format.push('\0');
    let mut room = [0u8; DOUBLE_ROOM];
    // SAFETY: the format asks for one double, and snprintf keeps within the room.
    let length = unsafe {
        libc::snprintf(room.as_mut_ptr().cast(), room.len(), format.as_ptr().cast(), number)
    };
    out.text(&room[..usize::try_from(length).unwrap_or(0).min(room.len() - 1)]);
}

/// One digit of precision less for each digit before the point.
fn digits_that_fit(precision: usize, width: usize, number: f64) -> usize {
    let mut most = DOUBLE_ROOM - 1;
    let precision = if precision > most { most - 1 } else { precision };
    if width > 0 && precision <= width {
        most -= width;
    }
    let mut value = number;
    while value >= 10.0 && most > 0 && value.is_finite() {
        value /= 10.0;
        most -= 1;
    }
    if precision > most { most.saturating_sub(1) } else { precision }
}

/// # Safety
/// `place` points to the type that the size letters say.
unsafe fn count(place: *mut c_void, flags: Flags, done: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        match (flags.long, flags.short) {
            (2, _) => place.cast::<i64>().write(done as i64),
            (1, _) => place.cast::<c_long>().write(done as c_long),
            (_, true) => place.cast::<c_short>().write(done as c_short),
            _ => place.cast::<c_int>().write(done as c_int),
        }
    }
}
