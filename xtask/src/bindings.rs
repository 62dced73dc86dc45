//! `product/curl-sys/src/tables.rs`, rendered from the tables like the C headers.

use std::fs;

use crate::tables::codes::{EASY_CODES, MULTI_CODES, SHARE_CODES};
use crate::tables::easy_options::{EASY_ALIASES, EASY_OPTIONS};
use crate::tables::infos::INFOS;
use crate::tables::multi_options::MULTI_OPTIONS;
use crate::tables::row::{CodeRow, OptionRow};
use crate::tables::share_options::SHARE_OPTIONS;
use crate::{Result, root};

const FILE: &str = "product/curl-sys/src/tables.rs";

const HEAD: &str = "\
//! Rendered by `cargo xtask headers` from the tables of the C ABI: do not edit.
#![allow(missing_docs)]

use crate::types::*;

";

/// Renders it into the repository.
pub fn write() -> Result<()> {
    Ok(fs::write(root().join(FILE), text())?)
}

/// An error unless what is in the repository is what would be rendered.
pub fn check() -> Result<()> {
    if fs::read_to_string(root().join(FILE))? == text() {
        return Ok(());
    }
    Err(format!("{FILE} is stale: run `cargo xtask headers`").into())
}

fn text() -> String {
    let mut text = HEAD.to_owned();
    text += &codes("CURLE_", "CURLcode", EASY_CODES);
    text += &codes("CURLM_", "CURLMcode", MULTI_CODES);
    text += &codes("CURLSHE_", "CURLSHcode", SHARE_CODES);
    text += &options("CURLOPT_", "CURLoption", EASY_OPTIONS);
    for (alias, real) in EASY_ALIASES {
        text += &format!("pub const CURLOPT_{alias}: CURLoption = CURLOPT_{real};\n");
    }
    text += &options("CURLMOPT_", "CURLMoption", MULTI_OPTIONS);
    text += &options("CURLSHOPT_", "CURLSHoption", SHARE_OPTIONS);
    text += &options("CURLINFO_", "CURLINFO", INFOS);
    text
}

fn codes(prefix: &str, kind: &str, rows: &[CodeRow]) -> String {
    let line = |row: &CodeRow| format!("pub const {prefix}{}: {kind} = {};\n", row.name, row.value);
    rows.iter().map(line).collect()
}

fn options(prefix: &str, kind: &str, rows: &[OptionRow]) -> String {
    let line = |row: &OptionRow| {
        format!("pub const {prefix}{}: {kind} = {};\n", row.name.to_string_lossy(), row.id)
    };
    rows.iter().map(line).collect()
}
