//! `cargo xtask matrix`: `MATRIX.md`, which says of every function, option and info of the API what
//! state it is in, and which programs of Debian use it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::tables::easy_options::EASY_OPTIONS;
use crate::tables::features::PROTOCOLS;
use crate::tables::functions::FUNCTIONS;
use crate::tables::infos::INFOS;
use crate::tables::multi_options::MULTI_OPTIONS;
use crate::tables::row::{Deprecated, OptionRow};
use crate::tables::share_options::SHARE_OPTIONS;
use crate::{Result, root};

/// Where it is kept.
pub const FILE: &str = "MATRIX.md";

/// What the packages of Debian import (see the head of that file).
const CONSUMERS: &str = "xtask/data/consumers.txt";

/// Which options and infos some of Debian's programs ask for (see the head of that file).
const ASKED: &str = "xtask/data/asked.txt";

/// Which options are refused whatever their value, with the reason; a test checks the list.
const REFUSED: &str = "tests/differences.txt";

/// Taken, and without effect; libcurl 8.22 does the same unless a reason is given.
const WITHOUT_EFFECT: [(&str, &str); 16] = [
    ("CURLOPT_DNS_USE_GLOBAL_CACHE", ""),
    ("CURLOPT_EGDSOCKET", ""),
    ("CURLOPT_RANDOM_FILE", ""),
    ("CURLOPT_SSL_ENABLE_NPN", ""),
    ("CURLOPT_STREAM_DEPENDS", ""),
    ("CURLOPT_STREAM_DEPENDS_E", ""),
    ("CURLOPT_NOSIGNAL", "no signal is ever used"),
    ("CURLOPT_SSH_COMPRESSION", "packets are never compressed"),
    (
        "CURLOPT_TCP_FASTOPEN",
        "connections are made as ever, as where the system has it switched off",
    ),
    ("CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE", ""),
    ("CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE", ""),
    ("CURLMOPT_MAX_PIPELINE_LENGTH", ""),
    ("CURLMOPT_PIPELINING_SERVER_BL", ""),
    ("CURLMOPT_PIPELINING_SITE_BL", ""),
    ("CURLMOPT_QUICK_EXIT", "no thread is ever waited for"),
    ("CURLMOPT_RESOLVE_THREADS_MAX", "the pool of resolver threads is the process's"),
];

/// Options that only a protocol uses, by the beginning of their names.
const OF_PROTOCOLS: [(&str, &str); 8] = [
    ("CURLOPT_FTP", "ftp"),
    ("CURLOPT_MAIL_", "smtp"),
    ("CURLOPT_SASL_", "imap"),
    ("CURLOPT_LOGIN_OPTIONS", "imap"),
    ("CURLOPT_TELNETOPTIONS", "telnet"),
    ("CURLOPT_TFTP_", "tftp"),
    ("CURLOPT_RTSP_", "rtsp"),
    ("CURLOPT_WS_", "ws"),
];

const HEAD: &str = "\
# The API, piece by piece

Rendered by `cargo xtask matrix` from the tables of `crates/capi/src/tables`, the list of refused
options in `tests/differences.txt` (which `tests/tests/surface.rs` checks against the library),
`xtask/data/consumers.txt` (imports) and `xtask/data/asked.txt` (what some programs asked for while
they were watched).

Every function is called by a C program of `tests/c` under valgrind (`tests/tests/checked.rs`), and
with NULL in every place; from every callback where it takes a handle (`tests/c/reentry.c`). Every
option is set to values at the edges of its kind (`tests/c/options.c`). Answers are those of libcurl
8.22, or listed in `tests/differences.txt` with a reason.
";

/// Writes it into the repository.
pub fn write() -> Result<()> {
    Ok(fs::write(root().join(FILE), text()?)?)
}

/// An error unless what is in the repository is what would be rendered.
pub fn check() -> Result<()> {
    let kept = fs::read_to_string(root().join(FILE)).unwrap_or_default();
    if kept == text()? {
        Ok(())
    } else {
        Err(format!("{FILE} is stale: run `cargo xtask matrix`").into())
    }
}

fn text() -> Result<String> {
    let refused = refused(&fs::read_to_string(root().join(REFUSED))?);
    let importers = users(&fs::read_to_string(root().join(CONSUMERS))?);
    let asked = users(&fs::read_to_string(root().join(ASKED))?);
    let mut text = String::from(HEAD);
    text.push_str("\n## Functions\n\n| function | state | programs of Debian that import it |\n| --- | --- | --- |\n");
    for function in FUNCTIONS.iter().flat_map(|header| header.iter()) {
        let users = named(&importers, function.name).unwrap_or_else(|| "none of the list".into());
        let state = with_deprecation("works", function.deprecated);
        let _ = writeln!(text, "| `{}` | {state} | {users} |", function.name);
    }
    let tables = [
        ("Options of easy handles", "CURLOPT_", EASY_OPTIONS, "applied"),
        ("Options of multi handles", "CURLMOPT_", MULTI_OPTIONS, "applied"),
        ("Options of shares", "CURLSHOPT_", SHARE_OPTIONS, "applied"),
        ("Infos", "CURLINFO_", INFOS, "told"),
    ];
    for (title, prefix, rows, state) in tables {
        let _ = write!(
            text,
            "\n## {title}\n\n| name | kind | state | seen in use by |\n| --- | --- | --- | --- |\n"
        );
        for row in rows {
            let name = format!("{prefix}{}", row.name.to_string_lossy());
            let _ = writeln!(
                text,
                "| `{name}` | {} | {} | {} |",
                kind(row),
                state_of(&name, row, state, &refused),
                named(&asked, &name).unwrap_or_default()
            );
        }
    }
    Ok(text)
}

fn kind(row: &OptionRow) -> String {
    row.c_type
        .map_or_else(|| format!("{:?}", row.kind).to_lowercase(), |c_type| format!("`{c_type}`"))
}

fn state_of(
    name: &str,
    row: &OptionRow,
    usual: &str,
    refused: &BTreeMap<String, String>,
) -> String {
    let inert = WITHOUT_EFFECT.iter().find(|(inert, _)| *inert == name);
    let of_protocol = OF_PROTOCOLS.iter().find(|(prefix, _)| name.starts_with(prefix));
    let unserved = of_protocol.filter(|(_, scheme)| {
        !PROTOCOLS.iter().any(|served| served.to_bytes() == scheme.as_bytes())
    });
    let state = match (refused.get(name), inert) {
        (Some(reason), _) => format!("refused: {reason}"),
        (None, Some((_, ""))) => "taken, without effect, as in libcurl".into(),
        (None, Some((_, reason))) => format!("taken, without effect: {reason}"),
        (None, None) => match unserved {
            Some((_, scheme)) => format!("kept for {scheme}, which is not served yet"),
            None => usual.into(),
        },
    };
    with_deprecation(&state, row.deprecated)
}

fn with_deprecation(state: &str, deprecated: Option<Deprecated>) -> String {
    match deprecated {
        Some(Deprecated { since, .. }) => format!("{state}; deprecated since {since}"),
        None => state.into(),
    }
}

/// Who uses it: how many, and the first few.
fn named(users: &BTreeMap<String, Vec<String>>, name: &str) -> Option<String> {
    const SHOWN: usize = 5;
    let users = users.get(name)?;
    Some(match users.len() {
        few if few <= SHOWN => users.join(", "),
        many => format!("{many}: {}, ...", users[..SHOWN].join(", ")),
    })
}

/// `refused NAME: REASON`
fn refused(text: &str) -> BTreeMap<String, String> {
    let entry = |line: &str| {
        let (name, reason) = line.strip_prefix("refused ")?.split_once(": ")?;
        Some((name.to_owned(), reason.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// `PACKAGE VERSION: NAME...`, the other way round.
fn users(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((package, names)) = line.split_once(": ") else { continue };
        let package = package.split(' ').next().unwrap_or_default();
        for name in names.split(' ') {
            users.entry(name.to_owned()).or_default().push(package.to_owned());
        }
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_turned_round() {
        let users = users("# made by hand\na 1: curl_free curl_version\nb 2: curl_free\n");
        assert_eq!(users["curl_free"], ["a", "b"]);
        assert_eq!(users["curl_version"], ["a"]);
    }

    #[test]
    fn inert_options_are_options() {
        let rows = [("CURLOPT_", EASY_OPTIONS), ("CURLMOPT_", MULTI_OPTIONS)];
        let all: Vec<String> = rows
            .iter()
            .flat_map(|(prefix, rows)| {
                rows.iter().map(move |row| format!("{prefix}{}", row.name.to_string_lossy()))
            })
            .collect();
        for (name, _) in WITHOUT_EFFECT {
            assert!(all.iter().any(|it| it == name), "{name}");
        }
    }
}
