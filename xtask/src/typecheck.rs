//! `typecheck-gcc.h`: macros around the variadic functions that warn when the type of the last
//! argument is not the one that the option takes.

use crate::tables::easy_options::EASY_OPTIONS;
use crate::tables::infos::INFOS;
use crate::tables::multi_options::MULTI_OPTIONS;
use crate::tables::row::{Kind, OptionRow};

/// What of an option's argument is checked.
struct Check {
    /// As an identifier.
    name: String,
    /// As the warning says it.
    wanted: String,
    /// Which options, an expression over `option`.
    options: String,
    /// Whether it is right, an expression over the type of `value`.
    right: String,
}

/// The header.
pub fn header(banner: &str) -> String {
    let easy = setopt_checks("CURLOPT_", EASY_OPTIONS);
    let infos = info_checks();
    let multi = setopt_checks("CURLMOPT_", MULTI_OPTIONS);
    let macros = [
        function_macro("curl_easy_setopt", &easy),
        function_macro("curl_easy_getinfo", &infos),
        function_macro("curl_multi_setopt", &multi),
    ];
    format!(
        "{banner}#ifndef CURLINC_TYPECHECK_GCC_H\n#define CURLINC_TYPECHECK_GCC_H\n\n{TYPES}\n{}\n\
         /* Exactly three arguments. */\n\
         #define curl_share_setopt(share, option, value) \\\n  (curl_share_setopt)(share, option, value)\n\n\
         #endif\n",
        macros.join("\n"),
    )
}

/// Predicates over types. None evaluates its argument.
const TYPES: &str = r#"#define tress_is(value, type) __builtin_types_compatible_p(__typeof__(value), type)
#define tress_is_null(value) tress_is(value, __typeof__(NULL))
#define tress_is_pointer(value, type) \
  (tress_is_null(value) || tress_is(value, type *) || tress_is(value, const type *))
#define tress_is_array(value, type) (tress_is_pointer(value, type) || tress_is(value, type[]))
#define tress_is_string(value) \
  (tress_is_array(value, char) || tress_is_array(value, signed char) || \
   tress_is_array(value, unsigned char))
#define tress_is_bytes(value) (tress_is_pointer(value, void) || tress_is_string(value))
#define tress_is_names(value) \
  (tress_is_null(value) || tress_is(value, char **) || tress_is(value, char *[]) || \
   tress_is(value, const char **) || tress_is(value, const char *[]))
#define tress_is_any_pointer(value) (sizeof(value) == sizeof(void *) || tress_is(value, char[]))
#define tress_is_off(value) tress_is(value, curl_off_t)
#define tress_is_long(value) \
  (tress_is(value, long) || tress_is(value, unsigned long) || \
   (sizeof(long) == sizeof(int) && \
    (tress_is(value, int) || tress_is(value, unsigned int) || tress_is(value, short) || \
     tress_is(value, unsigned short) || tress_is(value, char) || tress_is(value, signed char) || \
     tress_is(value, unsigned char))))
/* A function, or a pointer to one. */
#define tress_is_function(value, type) \
  (tress_is(value, type) || __builtin_types_compatible_p(__typeof__(value) *, type))

/* A call of such a function is a warning, and nothing else. */
#define TRESS_WARNING(name, message) \
  static void __attribute__((__warning__(message))) __attribute__((__unused__)) \
  __attribute__((__noinline__)) name(void) { __asm__(""); }
"#;

fn setopt_checks(prefix: &str, rows: &[OptionRow]) -> Vec<Check> {
    let mut checks = vec![
        Check {
            name: "long".into(),
            wanted: "a long".into(),
            options: "0 < (option) && (option) < CURLOPTTYPE_OBJECTPOINT".into(),
            right: "tress_is_long(value)".into(),
        },
        Check {
            name: "off_t".into(),
            wanted: "a curl_off_t".into(),
            options: "CURLOPTTYPE_OFF_T < (option) && (option) < CURLOPTTYPE_BLOB".into(),
            right: "tress_is_off(value)".into(),
        },
    ];
    let by_kind = [
        (Kind::String, "string", "a string ('char *' or char[])", "tress_is_string(value)"),
        (
            Kind::Slist,
            "slist",
            "a 'struct curl_slist *'",
            "tress_is_array(value, struct curl_slist)",
        ),
        (Kind::CbPtr, "cb_data", "a private data pointer", "tress_is_any_pointer(value)"),
    ];
    for (kind, name, wanted, right) in by_kind {
        let ids = rows.iter().filter(|row| row.kind == kind);
        if let Some(options) = any_of(prefix, ids) {
            checks.push(Check {
                name: name.into(),
                wanted: wanted.into(),
                options,
                right: right.into(),
            });
        }
    }
    let mut types: Vec<&str> = rows.iter().filter_map(|row| row.c_type).collect();
    types.sort_unstable();
    types.dedup();
    for c_type in types {
        let ids = rows.iter().filter(|row| row.c_type == Some(c_type));
        let Some(options) = any_of(prefix, ids) else { continue };
        let name = identifier(c_type);
        checks.push(Check {
            name,
            wanted: format!("a '{c_type}'"),
            options,
            right: matches(c_type),
        });
    }
    checks
}

fn info_checks() -> Vec<Check> {
    let check = |name: &str, c_type: &str, options: String| Check {
        name: name.into(),
        wanted: format!("a pointer to '{c_type}'"),
        options,
        right: format!("tress_is_array(value, {c_type})"),
    };
    let range =
        |from: &str, to: &str| format!("CURLINFO_{from} < (option) && (option) < CURLINFO_{to}");
    let pointers = |c_type: &str| {
        any_of("CURLINFO_", INFOS.iter().filter(|row| row.c_type == Some(c_type)))
            .unwrap_or_default()
    };
    let slists = any_of("CURLINFO_", INFOS.iter().filter(|row| row.kind == Kind::Slist));
    let certinfo = "struct curl_certinfo *";
    let session = "struct curl_tlssessioninfo *";
    vec![
        check(
            "string",
            "char *",
            format!("{} && (option) != CURLINFO_PRIVATE", range("STRING", "LONG")),
        ),
        check("long", "long", range("LONG", "DOUBLE")),
        check("double", "double", range("DOUBLE", "SLIST")),
        check("slist", "struct curl_slist *", slists.unwrap_or_default()),
        check("certinfo", certinfo, pointers(certinfo)),
        check("tlssessioninfo", session, pointers(session)),
        check("socket", "curl_socket_t", range("SOCKET", "OFF_T")),
        check("off_t", "curl_off_t", "CURLINFO_OFF_T < (option)".into()),
    ]
}

fn any_of<'a>(prefix: &str, rows: impl Iterator<Item = &'a OptionRow>) -> Option<String> {
    let terms: Vec<_> =
        rows.map(|row| format!("(option) == {prefix}{}", row.name.to_string_lossy())).collect();
    (!terms.is_empty()).then(|| terms.join(" || \\\n   "))
}

fn identifier(c_type: &str) -> String {
    let name = c_type.trim_start_matches("struct ").trim_end_matches([' ', '*']);
    if c_type.ends_with("**") { format!("{name}_names") } else { name.to_owned() }
}

/// Whether `value` is of a type that may stand for `c_type`.
fn matches(c_type: &str) -> String {
    match c_type {
        "void *" => "tress_is_bytes(value)".into(),
        "char *" => {
            "tress_is_null(value) || tress_is(value, char *) || tress_is(value, char[])".into()
        }
        "char **" => "tress_is_names(value)".into(),
        "struct curl_httppost *" => "tress_is_array(value, struct curl_httppost)".into(),
        pointer if pointer.ends_with('*') => {
            format!("tress_is_pointer(value, {})", pointer.trim_end_matches([' ', '*']))
        }
        callback => {
            let mut types = vec![callback.to_owned()];
            types.extend(variants(callback));
            let terms = types.iter().map(|kind| format!("tress_is_function(value, {kind})"));
            format!(
                "tress_is_null(value) || \\\n   {}",
                terms.collect::<Vec<_>>().join(" || \\\n   ")
            )
        }
    }
}

/// Signatures that programs use for a callback though their pointers have other types.
fn variants(callback: &str) -> Vec<String> {
    const USER: [&str; 2] = ["void *", "const void *"];
    const STREAM: [&str; 3] = ["void *", "const void *", "FILE *"];
    let each = |template: &str, firsts: &[&str], lasts: &[&str]| -> Vec<String> {
        let both = firsts.iter().flat_map(|first| lasts.iter().map(move |last| (first, last)));
        both.map(|(first, last)| template.replace("FIRST", first).replace("LAST", last)).collect()
    };
    let copy = "size_t (*)(FIRST, size_t, size_t, LAST)";
    match callback {
        "curl_read_callback" => {
            let mut all = each(copy, &["char *", "void *"], &STREAM);
            all.push("__typeof__(fread) *".into());
            all
        }
        "curl_write_callback" => {
            let mut all = variants("curl_read_callback");
            all.extend(each(copy, &["const char *", "const void *"], &STREAM));
            all.push("__typeof__(fwrite) *".into());
            all
        }
        "curl_ioctl_callback" => {
            each("curlioerr (*)(CURL *, FIRST, LAST)", &["int", "curliocmd"], &USER)
        }
        "curl_sockopt_callback" => {
            each("int (*)(FIRST, curl_socket_t, curlsocktype)", &USER, &[""])
        }
        "curl_opensocket_callback" => each(
            "curl_socket_t (*)(FIRST, curlsocktype, LAST)",
            &USER,
            &["struct curl_sockaddr *", "const struct curl_sockaddr *"],
        ),
        "curl_progress_callback" => {
            each("int (*)(FIRST, double, double, double, double)", &USER, &[""])
        }
        "curl_debug_callback" => each(
            "int (*)(CURL *, curl_infotype, FIRST, size_t, LAST)",
            &["char *", "const char *", "unsigned char *", "const unsigned char *"],
            &USER,
        ),
        "curl_ssl_ctx_callback" => each("CURLcode (*)(CURL *, FIRST, LAST)", &USER, &USER),
        "curl_conv_callback" => each(
            "CURLcode (*)(FIRST, size_t)",
            &["char *", "const char *", "void *", "const void *"],
            &[""],
        ),
        "curl_seek_callback" => each("CURLcode (*)(FIRST, curl_off_t, int)", &USER, &[""]),
        "curl_chunk_bgn_callback" => {
            each("long (*)(FIRST, void *, int)", &["struct curl_fileinfo *", "void *"], &[""])
        }
        _ => Vec::new(),
    }
}

/// The warnings of a function, the predicates, and the macro that stands in for it.
fn function_macro(function: &str, checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let Check { name, wanted, options, right } = check;
        text.push_str(&format!(
            "TRESS_WARNING({function}_wants_{name},\n              \"{function} expects {wanted} argument\")\n\
             #define {function}_takes_{name}(option) \\\n  ({options})\n\
             #define {function}_has_{name}(value) \\\n  ({right})\n",
        ));
    }
    let lines: String = checks
        .iter()
        .map(|Check { name, .. }| {
            format!(
                "        if({function}_takes_{name}(option)) {{ \\\n          \
                 if(!{function}_has_{name}(value)) {{ \\\n            \
                 {function}_wants_{name}(); \\\n          }} \\\n        }} \\\n"
            )
        })
        .collect();
    format!(
        "{text}#define {function}(handle, option, value) \\\n  __extension__({{ \\\n    \
         if(__builtin_constant_p(option)) {{ \\\n      CURL_IGNORE_DEPRECATION( \\\n{lines}      ) \\\n    }} \\\n    \
         ({function})(handle, option, value); \\\n  }})\n"
    )
}
