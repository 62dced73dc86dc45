//! `cargo xtask headers`: `product/include/curl`, from the tables and the templates beside.
//!
//! A template is a header whose lists stand for themselves as `@name@` lines.

use std::fs;

use crate::tables::codes::{EASY_CODES, HEADER_CODES, MULTI_CODES, SHARE_CODES, URL_CODES};
use crate::tables::easy_options::{EASY_ALIASES, EASY_OPTIONS};
use crate::tables::features::{VERSION, VERSION_NUMBER};
use crate::tables::functions as table;
use crate::tables::infos::INFOS;
use crate::tables::multi_options::MULTI_OPTIONS;
use crate::tables::row::{CodeRow, Deprecated, Function, OptionRow};
use crate::tables::share_options::SHARE_OPTIONS;
use crate::{Result, root, typecheck};

/// Where the rendered headers are kept.
pub const DIR: &str = "product/include/curl";

/// Names that newer programs need too; the other aliases go with `CURL_NO_OLDIES`.
const LASTING_ALIASES: [&str; 2] = ["PROGRESSDATA", "RTSPHEADER"];

/// Template, its functions.
const TEMPLATES: [(&str, &[Function]); 11] = [
    ("curl.h", table::CURL_H),
    ("curlver.h", &[]),
    ("easy.h", table::EASY_H),
    ("header.h", table::HEADER_H),
    ("mprintf.h", table::MPRINTF_H),
    ("multi.h", table::MULTI_H),
    ("options.h", table::OPTIONS_H),
    ("stdcheaders.h", &[]),
    ("system.h", &[]),
    ("urlapi.h", table::URLAPI_H),
    ("websockets.h", table::WEBSOCKETS_H),
];

/// Every header: file name and text.
pub fn all() -> Result<Vec<(&'static str, String)>> {
    let mut headers = Vec::new();
    for (name, functions) in TEMPLATES {
        let template = fs::read_to_string(root().join("xtask/headers").join(name))?;
        headers.push((name, filled(&template, functions)));
    }
    let banner = fs::read_to_string(root().join("xtask/headers/curlver.h"))?;
    let banner: String = banner.lines().take(3).map(|line| format!("{line}\n")).collect();
    headers.push(("typecheck-gcc.h", filled(&typecheck::header(&banner), &[])));
    Ok(headers)
}

/// Renders them into the repository.
pub fn write() -> Result<()> {
    fs::create_dir_all(root().join(DIR))?;
    for (name, text) in all()? {
        fs::write(root().join(DIR).join(name), text)?;
    }
    Ok(())
}

/// An error unless what is in the repository is what would be rendered.
pub fn check() -> Result<()> {
    for (name, text) in all()? {
        if fs::read_to_string(root().join(DIR).join(name)).ok().as_ref() != Some(&text) {
            return Err(format!("{DIR}/{name} is stale: run `cargo xtask headers`").into());
        }
    }
    Ok(())
}

fn filled(template: &str, functions: &[Function]) -> String {
    let [major, minor, patch] =
        [16, 8, 0].map(|shift| (VERSION_NUMBER >> shift & 0xff).to_string());
    let lasting = |alias: &&str| LASTING_ALIASES.contains(alias);
    template
        .replace("@version@", VERSION)
        .replace("@number@", &format!("{VERSION_NUMBER:06x}"))
        .replace("@major@", &major)
        .replace("@minor@", &minor)
        .replace("@patch@", &patch)
        .replace("@functions@", &functions.iter().map(declaration).collect::<Vec<_>>().join("\n"))
        .replace("@easy_codes@", &codes("CURLE_", EASY_CODES))
        .replace("@multi_codes@", &codes("CURLM_", MULTI_CODES))
        .replace("@share_codes@", &codes("CURLSHE_", SHARE_CODES))
        .replace("@url_codes@", &codes("CURLUE_", URL_CODES))
        .replace("@header_codes@", codes("CURLHE_", HEADER_CODES).trim_end_matches(','))
        .replace("@easy_options@", &options("CURLOPT_", EASY_OPTIONS))
        .replace("@multi_options@", &options("CURLMOPT_", MULTI_OPTIONS))
        .replace("@share_options@", &options("CURLSHOPT_", SHARE_OPTIONS))
        .replace("@infos@", &options("CURLINFO_", INFOS))
        .replace("@option_names@", &aliases(lasting))
        .replace("@old_option_names@", &aliases(|alias| !lasting(alias)))
}

fn codes(prefix: &str, rows: &[CodeRow]) -> String {
    let lines: Vec<_> =
        rows.iter().map(|row| format!("  {prefix}{} = {},", row.name, row.value)).collect();
    lines.join("\n")
}

/// In order of their numbers, whatever kind of argument they take.
fn options(prefix: &str, rows: &[OptionRow]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (number_within_kind(row.id), row.id));
    let line = |row: &OptionRow| {
        let name = row.name.to_string_lossy();
        format!("  {prefix}{name}{} = {},", attribute(row.deprecated), row.id)
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn number_within_kind(id: i32) -> i32 {
    const INFOS: i32 = 0x10_0000;
    if id > INFOS { id % INFOS } else { id % 10_000 }
}

fn aliases(wanted: impl Fn(&&str) -> bool) -> String {
    let wanted = EASY_ALIASES.iter().filter(|(alias, _)| wanted(alias));
    let lines: Vec<_> =
        wanted.map(|(alias, real)| format!("#define CURLOPT_{alias} CURLOPT_{real}")).collect();
    lines.join("\n")
}

fn attribute(deprecated: Option<Deprecated>) -> String {
    match deprecated {
        Some(Deprecated { since, message }) => format!(" CURL_DEPRECATED({since}, \"{message}\")"),
        None => String::new(),
    }
}

/// `CURL_EXTERN int name(parameters);`, over several lines where it is long.
fn declaration(function: &Function) -> String {
    let Function { name, returns, parameters, format, deprecated } = function;
    let attribute = attribute(*deprecated);
    let space = if returns.ends_with('*') { "" } else { " " };
    let checked = format.map_or(String::new(), |format| format!(" CURL_TEMP_PRINTF({format})"));
    let mut text = format!("CURL_EXTERN{attribute} {returns}{space}{name}(");
    let mut width = text.len();
    for (at, parameter) in parameters.split(", ").enumerate() {
        if at > 0 {
            text.push(',');
            let fits = width + parameter.len() < 90;
            text.push_str(if fits { " " } else { "\n    " });
            width = if fits { width + 2 } else { 4 };
        }
        text.push_str(parameter);
        width += parameter.len();
    }
    format!("{text}){checked};")
}
