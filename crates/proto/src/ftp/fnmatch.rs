//! Matching file names with patterns, as fnmatch(3) without flags does: what
//! `CURLOPT_FNMATCH_FUNCTION` is set to by default.

/// Whether all of `name` matches `pattern`: `*`, `?`, `[...]`, `\` before a
/// character that stands for itself.
///
/// Takes time in proportion to both lengths at the most.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut rest, mut left) = (pattern, name);
    // Where to go on after the last star, should the rest not match.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', after @ ..] = rest {
            retry = Some((after, left));
            rest = after;
            continue;
        }
        match (left.split_first(), one(rest, left.first().copied())) {
            (None, _) if rest.is_empty() => return true,
            (Some((_, after)), Some(next)) => (rest, left) = (next, after),
            _ => {
                let Some((after, start)) = retry else { return false };
                let Some((_, start)) = start.split_first() else { return false };
                retry = Some((after, start));
                (rest, left) = (after, start);
            }
        }
    }
}

/// The pattern after its first element, if that matches `byte`.
fn one(pattern: &[u8], byte: Option<u8>) -> Option<&[u8]> {
    let byte = byte?;
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', set @ ..] => match bracket(set, byte) {
            Some((true, rest)) => Some(rest),
            Some((false, _)) => None,
            // Without its end a bracket stands for itself.
            None => (byte == b'[').then_some(set),
        },
        [b'\\', literal, rest @ ..] => (*literal == byte).then_some(rest),
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
        [] => None,
    }
}

/// Whether the set holds `byte`, and what follows the set; `None` without an end.
fn bracket(set: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let (mut found, mut first) = (false, true);
    loop {
        match rest {
            [b']', after @ ..] if !first => return Some((found != negated, after)),
            [b'[', b':', class @ ..] => {
                let end = class.windows(2).position(|pair| pair == b":]")?;
                found |= in_class(class.get(..end)?, byte);
                rest = class.get(end + 2..)?;
            }
            _ => {
                let (low, after) = literal(rest)?;
                (found, rest) = match after {
                    [b'-', high @ ..] if high.first().is_some_and(|&end| end != b']') => {
                        let (high, after) = literal(high)?;
                        (found | (low..=high).contains(&byte), after)
                    }
                    _ => (found | (low == byte), after),
                };
            }
        }
        first = false;
    }
}

fn literal(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', byte, rest @ ..] | [byte, rest @ ..] => Some((*byte, rest)),
        [] => None,
    }
}

fn in_class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let yes = [
            ("*.txt", "a.txt"),
            ("", ""),
            ("*", ""),
            ("a*b?c", "axxbyc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[[:digit:]]*", "7up"),
            ("\\*", "*"),
            ("[", "["),
            ("*[*", "a[b"),
            ("[\\]]", "]"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        let no = [("*.txt", "a.tx"), ("?", ""), ("[a-c]", "d"), ("a", "ab"), ("[!a]", "a")];
        for (pattern, name) in no {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_are_quick() {
        let name = vec![b'a'; 5000];
        assert!(!matches("*a*a*a*a*a*a*a*a*b".as_bytes(), &name));
    }
}
