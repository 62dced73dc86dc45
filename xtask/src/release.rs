//! What tells a build system where the library is: `libcurl.pc` and `curl-config`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::dist::SYSTEM_LIBRARIES;
use crate::tables::features::{FEATURES, PROTOCOLS, VERSION, VERSION_NUMBER};

/// Where a library is used from.
pub struct Layout {
    /// The installation's top.
    pub prefix: PathBuf,
    /// The directory with the libraries.
    pub lib: PathBuf,
    /// The directory with `curl/curl.h` in it.
    pub include: PathBuf,
}

impl Layout {
    /// `lib` and `include` under one prefix.
    pub fn under(prefix: &Path) -> Self {
        Self { prefix: prefix.into(), lib: prefix.join("lib"), include: prefix.join("include") }
    }
}

/// Writes both under `place`, for a library that is used from `prefix`.
pub fn write(place: &Path, prefix: &Path) -> Result<()> {
    let layout = Layout::under(prefix);
    write_pkg_config(&place.join("lib/pkgconfig/libcurl.pc"), &layout)?;
    write_curl_config(&place.join("bin/curl-config"), &layout)
}

/// Writes a `libcurl.pc`.
pub fn write_pkg_config(file: &Path, layout: &Layout) -> Result<()> {
    Ok(fs::write(file, pkg_config(layout))?)
}

/// Writes a `curl-config`.
pub fn write_curl_config(file: &Path, layout: &Layout) -> Result<()> {
    fs::write(file, curl_config(layout))?;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}

fn pkg_config(layout: &Layout) -> String {
    format!(
        "prefix={prefix}\n\
         exec_prefix=${{prefix}}\n\
         libdir={lib}\n\
         includedir={include}\n\
         supported_protocols=\"{protocols}\"\n\
         supported_features=\"{features}\"\n\
         \n\
         Name: libcurl\n\
         URL: https://github.com/tress-rs/tress\n\
         Description: Transfers by URL, on the Tress engine\n\
         Version: {VERSION}\n\
         Libs: -L${{libdir}} -lcurl\n\
         Libs.private: {libraries}\n\
         Cflags: -I${{includedir}}\n",
        prefix = layout.prefix.display(),
        lib = layout.lib.display(),
        include = layout.include.display(),
        protocols = protocols().join(" "),
        features = features().join(" "),
        libraries = SYSTEM_LIBRARIES.join(" "),
    )
}

fn curl_config(layout: &Layout) -> String {
    let options: String = answers(layout)
        .iter()
        .map(|(option, _, answer)| format!("    --{option}) cat <<'EOF'\n{answer}\nEOF\n    ;;\n"))
        .collect();
    let help: String = answers(layout)
        .iter()
        .map(|(option, what, _)| format!("  --{option:<14}  {what}\n"))
        .collect();
    CURL_CONFIG
        .replace("@options@", &options)
        .replace("@help@", &help)
        .replace("@version@", VERSION)
}

/// Option, what it tells, and the answer.
fn answers(layout: &Layout) -> Vec<(&'static str, &'static str, String)> {
    let Layout { prefix, lib, include } = layout;
    let (prefix, lib, include) = (prefix.display(), lib.display(), include.display());
    let libraries = SYSTEM_LIBRARIES.join(" ");
    vec![
        ("built-shared", "whether there is a shared library", "yes".into()),
        (
            "ca",
            "the file with the trusted certificates",
            "/etc/ssl/certs/ca-certificates.crt".into(),
        ),
        ("cc", "the compiler", "cc".into()),
        ("cflags", "flags for the compiler", format!("-I{include}")),
        ("configure", "how the library was configured", String::new()),
        ("features", "what is built in, one a line", features().join("\n")),
        ("libs", "flags for the linker", format!("-L{lib} -lcurl")),
        ("prefix", "where the library is installed", prefix.to_string()),
        ("protocols", "protocols, one a line", protocols().join("\n")),
        // As `curl_version_info` and `curl_global_sslset` have it: pycurl builds for what this names,
        // and refuses to be loaded with a library that names another.
        ("ssl-backends", "TLS libraries whose names programs look for", "OpenSSL".into()),
        ("static-libs", "what a static program links", format!("{lib}/libcurl.a {libraries}")),
        ("version", "the version", format!("libcurl {VERSION}")),
        ("vernum", "the version as a hexadecimal number", format!("{VERSION_NUMBER:06x}")),
    ]
}

fn protocols() -> Vec<String> {
    PROTOCOLS.iter().filter_map(|name| name.to_str().ok()).map(str::to_uppercase).collect()
}

fn features() -> Vec<&'static str> {
    FEATURES.iter().filter_map(|feature| feature.name.to_str().ok()).collect()
}

const CURL_CONFIG: &str = r#"#!/bin/sh
# Tells how to compile and link with this libcurl.

help() {
    cat <<'EOF'
Usage: curl-config OPTION...

@help@  --checkfor VERSION  succeed if the library is at least of that version
  --help            this text
EOF
}

# number MAJOR.MINOR.PATCH: one that compares as a whole.
number() {
    echo "$1" | awk -F'[.-]' '{ print $1 * 1000000 + $2 * 1000 + $3 }'
}

if [ $# -eq 0 ]; then
    help
    exit 1
fi

while [ $# -gt 0 ]; do
    case "$1" in
@options@    --feature) exec "$0" --features ;;
    --checkfor)
        if [ "$(number "$2")" -gt "$(number '@version@')" ]; then
            echo "requested version $2 is newer than existing @version@"
            exit 1
        fi
        exit 0
        ;;
    --help)
        help
        ;;
    *)
        echo "unknown option: $1"
        help
        exit 1
        ;;
    esac
    shift
done
"#;
