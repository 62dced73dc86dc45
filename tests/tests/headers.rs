//! The public headers beside those of libcurl 8.22 and of Debian: types, names, numbers, macros,
//! and what the type-checking macros warn of; and the names and nodes of the built libraries.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tress_tests::{Library, scratch, workspace};

#[path = "../../crates/capi/src/tables/mod.rs"]
#[allow(dead_code, unused_imports)]
mod tables;

use tables::easy_options::EASY_OPTIONS;
use tables::functions::FUNCTIONS;
use tables::row::{Kind, OptionRow};

/// Where Debian keeps the headers of 7.88.1.
const DEBIAN_INCLUDE: &str = "/usr/include/x86_64-linux-gnu";

/// Enumerators that name the end of a list, or nothing any more.
const OTHER_SINCE_DEBIAN: [&str; 5] =
    ["_LAST", "_LASTONE", "_LASTENTRY", "OBSOLETE40", "OBSOLETE72"];

#[test]
fn types_and_signatures_are_those_of_libcurl_8_22() {
    let dir = scratch("abi");
    let ours = every_type(&dir, "ours", &our_include());
    let theirs = every_type(&dir, "theirs", Path::new(env!("TRESS_REFERENCE_INCLUDE")));
    let out = abidiff(&theirs, &ours);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));

    // The comparison sees a number that changed.
    let changed = dir.join("changed");
    std::fs::create_dir_all(changed.join("curl")).expect("a directory");
    for header in std::fs::read_dir(our_include().join("curl")).expect("headers") {
        let header = header.expect("a header").path();
        let text = std::fs::read_to_string(&header).expect("text");
        let text = text.replace("CURLE_LDAP_CANNOT_BIND = 38,", "CURLE_LDAP_CANNOT_BIND = 37,");
        let name = header.file_name().expect("a name");
        std::fs::write(changed.join("curl").join(name), text).expect("written");
    }
    let out = abidiff(&theirs, &every_type(&dir, "changed", &changed));
    assert!(String::from_utf8_lossy(&out.stdout).contains("CURLE_LDAP_CANNOT_BIND"));
}

#[test]
fn macros_are_those_of_libcurl_8_22() {
    let theirs = macros(Path::new(env!("TRESS_REFERENCE_INCLUDE")));
    let ours = macros(&our_include());
    let own = ["LIBCURL_COPYRIGHT", "LIBCURL_VERSION", "LIBCURL_TIMESTAMP"];
    // What the headers use for themselves.
    let inside = ["CURL_HAS_DECLSPEC_ATTRIBUTE", "CURL_CTZ64", "CURL_POPCOUNT64"];
    for (name, text) in &theirs {
        let pulls = name.starts_with("CURL_PULL_") || name.starts_with("CURLINC_");
        if own.contains(&&name[..]) || inside.contains(&&name[..]) || pulls {
            continue;
        }
        assert_eq!(ours.get(name), Some(text), "{name}");
    }
    assert!(theirs.len() > 200, "{} macros", theirs.len());
}

#[test]
fn numbers_are_those_of_debian() {
    let dir = scratch("enumerators");
    let debian = enumerators(&every_type(&dir, "debian", Path::new(DEBIAN_INCLUDE)));
    assert!(debian.len() > 500, "{} enumerators", debian.len());
    // Some of them are macros by now: any constant will do.
    let mut text = String::from("#include <curl/curl.h>\n");
    for (name, value) in debian {
        if !OTHER_SINCE_DEBIAN.iter().any(|other| name.ends_with(other)) {
            let _ = writeln!(text, "char is_{name}[(long)({name}) == {value} ? 1 : -1];");
        }
    }
    let source = dir.join("numbers.c");
    std::fs::write(&source, text).expect("written");
    let mut cc = Command::new("gcc");
    cc.args(["-w", "-fsyntax-only", "-I"]).arg(our_include()).arg(source);
    let out = cc.output().expect("gcc");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn names_and_nodes_are_those_of_debian() {
    for soname in ["libcurl.so.4", "libcurl-gnutls.so.4"] {
        let debian = exported(&Library::system().path_of(soname));
        let ours = exported(&Library::under_test().path_of(soname));
        let missing: Vec<_> = debian.difference(&ours).collect();
        assert_eq!(missing, [] as [&String; 0], "names that {soname} of Debian has");
        assert!(debian.len() > 80, "{} names", debian.len());
    }
}

#[test]
fn every_option_with_its_right_type_compiles_without_a_warning() {
    let dir = scratch("right");
    let source = dir.join("right.c");
    std::fs::write(&source, right_types()).expect("written");
    let languages = [
        (["gcc", "clang"], "c", &["c89", "c11", "c2x"][..]),
        (["g++", "clang++"], "c++", &["c++17"]),
    ];
    for (compilers, language, standards) in languages {
        for compiler in compilers {
            for standard in standards {
                let out = Command::new(compiler)
                    .args(["-x", language, &format!("-std={standard}"), "-O1", "-pedantic"])
                    .args(["-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations"])
                    .args(["-c", "-o", "/dev/null", "-I"])
                    .arg(our_include())
                    .arg(&source)
                    .output()
                    .expect("a compiler");
                let errors = String::from_utf8_lossy(&out.stderr);
                assert!(out.status.success(), "{compiler} {standard}: {errors}");
            }
        }
    }
}

#[test]
fn every_option_with_other_types_is_warned_of_where_libcurl_warns() {
    let dir = scratch("types");
    let source = dir.join("types.c");
    std::fs::write(&source, other_types()).expect("written");
    let theirs = warned(&source, "gcc", Path::new(env!("TRESS_REFERENCE_INCLUDE")));
    let ours = warned(&source, "gcc", &our_include());
    let by_clang = warned(&source, "clang", &our_include());
    assert!(theirs.len() > 1000, "{} warnings", theirs.len());
    assert_eq!(ours.symmetric_difference(&theirs).collect::<Vec<_>>(), [] as [&usize; 0]);
    assert_eq!(by_clang.symmetric_difference(&theirs).collect::<Vec<_>>(), [] as [&usize; 0]);
}

fn our_include() -> PathBuf {
    workspace().join("product/include")
}

/// A library whose debugging information has every type of the headers, and every function's.
fn every_type(dir: &Path, name: &str, include: &Path) -> PathBuf {
    let mut text = String::from("#define CURL_DISABLE_TYPECHECK\n#include <curl/curl.h>\n");
    text.push_str("#include <curl/mprintf.h>\nstruct every {\n");
    // Debian's headers are of an older version.
    let header = |file: &str| std::fs::read_to_string(include.join("curl").join(file));
    let all: String = [
        "curl.h",
        "easy.h",
        "multi.h",
        "urlapi.h",
        "options.h",
        "header.h",
        "websockets.h",
        "mprintf.h",
    ]
    .into_iter()
    .filter_map(|file| header(file).ok())
    .collect();
    for function in FUNCTIONS.iter().flat_map(|header| header.iter()) {
        if all.contains(&format!("{}(", function.name)) {
            let _ = writeln!(text, "  __typeof__({0}) *{0};", function.name);
        }
    }
    text.push_str("};\nvoid every(struct every *all) { (void)all; }\n");
    let (source, out) = (dir.join(format!("{name}.c")), dir.join(format!("{name}.so")));
    std::fs::write(&source, text).expect("written");
    let mut cc = Command::new("gcc");
    cc.args(["-w", "-g", "-fno-eliminate-unused-debug-types", "-shared", "-fPIC", "-I"]);
    let status = cc.arg(include).arg("-o").arg(&out).arg(&source).status().expect("gcc");
    assert!(status.success(), "{cc:?}");
    out
}

fn abidiff(one: &Path, other: &Path) -> Output {
    let mut abidiff = Command::new("abidiff");
    abidiff.args(["--non-reachable-types", "--no-linkage-name"]).arg(one).arg(other);
    abidiff.output().expect("abidiff")
}

/// Macros of libcurl's, with what they stand for; those that check types are not compared here.
fn macros(include: &Path) -> BTreeMap<String, String> {
    let dir = scratch("macros");
    let source = dir.join("macros.c");
    std::fs::write(&source, "#include <curl/curl.h>\n").expect("written");
    let out = Command::new("gcc")
        .args(["-dM", "-E", "-DCURL_DISABLE_TYPECHECK", "-I"])
        .arg(include)
        .arg(&source)
        .output()
        .expect("gcc");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let define = |line: &str| {
        let (name, rest) = line.strip_prefix("#define ")?.split_once(' ')?;
        let is_theirs = ["CURL", "LIBCURL", "HTTPPOST"].iter().any(|p| name.starts_with(p));
        let name = name.split('(').next().unwrap_or_default();
        is_theirs.then(|| (name.to_string(), rest.to_string()))
    };
    text.lines().filter_map(define).collect()
}

/// Names and values of all enumerators, from the debugging information.
fn enumerators(library: &Path) -> BTreeMap<String, String> {
    let out = Command::new("readelf").args(["--debug-dump=info", "--wide"]).arg(library).output();
    let text = String::from_utf8_lossy(&out.expect("readelf").stdout).into_owned();
    let mut found = BTreeMap::new();
    let mut name = None;
    for line in text.lines() {
        if line.contains("Abbrev Number") {
            name = None;
        }
        if let Some((_, rest)) = line.split_once("DW_AT_name") {
            let text = rest.rsplit(": ").next().unwrap_or_default().trim();
            name = text.starts_with("CURL").then(|| text.to_string());
        }
        if let Some((_, rest)) = line.split_once("DW_AT_const_value")
            && let Some(name) = name.take()
        {
            let value = rest.rsplit([':', ' ']).next().unwrap_or_default();
            found.insert(name, value.to_string());
        }
    }
    found
}

/// `name@@node` of the functions that a library exports.
fn exported(library: &Path) -> BTreeSet<String> {
    let out = Command::new("readelf").args(["--dyn-syms", "--wide"]).arg(library).output();
    let text = String::from_utf8_lossy(&out.expect("readelf").stdout).into_owned();
    let symbol = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "FUNC", "GLOBAL", _, section, name, ..] = columns[..] else { return None };
        (section != "UND" && name.starts_with("curl_")).then(|| name.to_string())
    };
    text.lines().filter_map(symbol).collect()
}

/// A function that sets every option to a value of the type that it takes.
fn right_types() -> String {
    let mut text = String::from("#include <curl/curl.h>\nvoid all(CURL *easy);\n");
    let mut types: Vec<&str> = EASY_OPTIONS.iter().filter_map(|row| row.c_type).collect();
    types.sort_unstable();
    types.dedup();
    for (at, c_type) in types.iter().enumerate() {
        let _ = writeln!(text, "extern {c_type} value{at};");
    }
    text.push_str("extern struct curl_slist *list;\nextern struct curl_blob *blob;\n");
    text.push_str("void all(CURL *easy)\n{\n");
    for row in EASY_OPTIONS {
        let value = match (row.c_type, row.kind) {
            (Some(c_type), _) => {
                format!("value{}", types.iter().position(|it| *it == c_type).unwrap_or_default())
            }
            (None, Kind::Long | Kind::Values) => "1L".into(),
            (None, Kind::OffT) => "(curl_off_t)1".into(),
            (None, Kind::String) => "\"text\"".into(),
            (None, Kind::Slist) => "list".into(),
            (None, Kind::CbPtr | Kind::Object) => "(void *)easy".into(),
            (None, Kind::Blob) => "blob".into(),
            (None, kind) => panic!("{:?} {kind:?}", row.name),
        };
        let _ = writeln!(text, "  curl_easy_setopt(easy, CURLOPT_{}, {value});", name(row));
    }
    text + "}\n"
}

/// Every option with values of several types, a line each; most are wrong.
fn other_types() -> String {
    let mut text = String::from(
        "#include <curl/curl.h>\nvoid wrong(void);\n\
         void all(CURL *easy, struct curl_slist *list);\n\
         void all(CURL *easy, struct curl_slist *list)\n{\n",
    );
    for row in EASY_OPTIONS {
        for value in ["1", "1L", "\"text\"", "list", "wrong"] {
            let _ = writeln!(text, "  curl_easy_setopt(easy, CURLOPT_{}, {value});", name(row));
        }
    }
    text + "}\n"
}

fn name(row: &OptionRow) -> String {
    row.name.to_string_lossy().into_owned()
}

/// The lines of `source` that a compiler warns of.
fn warned(source: &Path, compiler: &str, include: &Path) -> BTreeSet<usize> {
    let out = Command::new(compiler)
        .args(["-O1", "-Wno-int-conversion", "-DCURL_DISABLE_DEPRECATION"])
        .args(["-c", "-o", "/dev/null", "-I"])
        .arg(include)
        .arg(source)
        .output()
        .expect("a compiler");
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{compiler}: {text}");
    let file = source.file_name().expect("a name").to_string_lossy().into_owned() + ":";
    let line = |message: &str| {
        let at = message.split_once(&file)?.1.split(':').next()?;
        let is_warning =
            ["warning", "in expansion", "expanded"].iter().any(|w| message.contains(w));
        is_warning.then(|| at.parse().ok())?
    };
    text.lines().filter_map(line).collect()
}
