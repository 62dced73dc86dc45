//! What tells a build system where the library is: `libcurl.pc` and `curl-config`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::Result;
use crate::dist::SYSTEM_LIBRARIES;
use crate::tables::features::{FEATURES, PROTOCOLS, VERSION, VERSION_NUMBER};

/// Writes both under `place`, for a library that is used from `prefix`.
pub fn write(place: &Path, prefix: &Path) -> Result<()> {
    fs::write(place.join("lib/pkgconfig/libcurl.pc"), pkg_config(prefix))?;
    let config = place.join("bin/curl-config");
    fs::write(&config, curl_config(prefix))?;
    fs::set_permissions(&config, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn pkg_config(prefix: &Path) -> String {
    format!(
        "prefix={prefix}\n\
         exec_prefix=${{prefix}}\n\
         libdir=${{exec_prefix}}/lib\n\
         includedir=${{prefix}}/include\n\
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
        prefix = prefix.display(),
        protocols = protocols().join(" "),
        features = features().join(" "),
        libraries = SYSTEM_LIBRARIES.join(" "),
    )
}

fn curl_config(prefix: &Path) -> String {
    let options: String = answers(prefix)
        .iter()
        .map(|(option, _, answer)| format!("    --{option}) cat <<'EOF'\n{answer}\nEOF\n    ;;\n"))
        .collect();
    let help: String = answers(prefix)
        .iter()
        .map(|(option, what, _)| format!("  --{option:<14}  {what}\n"))
        .collect();
    CURL_CONFIG
        .replace("@options@", &options)
        .replace("@help@", &help)
        .replace("@version@", VERSION)
}

/// Option, what it tells, and the answer.
fn answers(prefix: &Path) -> Vec<(&'static str, &'static str, String)> {
    let prefix = prefix.display();
    let libraries = SYSTEM_LIBRARIES.join(" ");
    vec![
        ("built-shared", "whether there is a shared library", "yes".into()),
        (
            "ca",
            "the file with the trusted certificates",
            "/etc/ssl/certs/ca-certificates.crt".into(),
        ),
        ("cc", "the compiler", "cc".into()),
        ("cflags", "flags for the compiler", format!("-I{prefix}/include")),
        ("configure", "how the library was configured", String::new()),
        ("features", "what is built in, one a line", features().join("\n")),
        ("libs", "flags for the linker", format!("-L{prefix}/lib -lcurl")),
        ("prefix", "where the library is installed", prefix.to_string()),
        ("protocols", "protocols, one a line", protocols().join("\n")),
        ("ssl-backends", "TLS libraries", "rustls".into()),
        (
            "static-libs",
            "what a static program links",
            format!("{prefix}/lib/libcurl.a {libraries}"),
        ),
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
