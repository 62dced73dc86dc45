//! The Debian packages: what is in them, and what they tell of themselves. How they do in a whole
//! Debian, `scripts/packages.sh` shows.
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn packages_have_their_files_and_fields() {
    let debs = build();
    let library = contents(&debs, "libcurl4-tress");
    assert!(library.iter().any(|file| file.ends_with("/libcurl4-tress/libcurl.so.4")));
    assert!(library.iter().any(|file| file.starts_with("./etc/ld.so.conf.d/00-libcurl4-tress-")));
    assert_eq!(field(&debs, "libcurl4-tress", "Provides"), "libcurl4 (= 8.22.0)");
    assert!(field(&debs, "libcurl4-tress", "Depends").starts_with("libc6 (>= 2."));

    let gnutls = contents(&debs, "libcurl3-gnutls-tress");
    assert!(gnutls.iter().any(|file| file.ends_with("/libcurl-gnutls.so.4")));
    assert_eq!(field(&debs, "libcurl3-gnutls-tress", "Provides"), "libcurl3-gnutls (= 8.22.0)");

    let development = contents(&debs, "libcurl-tress-dev");
    for file in ["/curl/curl.h", "/libcurl.a", "/libcurl.so", "/libcurl.pc", "/usr/bin/curl-config"]
    {
        assert!(development.iter().any(|found| found.ends_with(file)), "{file}: {development:?}");
    }
    let command = contents(&debs, "tress");
    for file in [
        "./usr/bin/tress",
        "./usr/share/man/man1/tress.1.gz",
        "./usr/share/bash-completion/completions/tress",
        "./usr/share/zsh/vendor-completions/_tress",
    ] {
        assert!(command.iter().any(|found| found == file), "{file}: {command:?}");
    }
}

/// None of the system's own names is in a library's package: nothing is overwritten.
#[test]
fn library_packages_touch_nothing_of_the_systems() {
    let debs = build();
    for package in ["libcurl4-tress", "libcurl3-gnutls-tress"] {
        for file in contents(&debs, package).iter().filter(|file| !file.ends_with('/')) {
            assert!(file.contains(package), "{package} has {file}");
        }
    }
}

/// The packages of the library under test's own build.
fn build() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let build = || {
        tress_tests::Library::under_test();
        let mut xtask = Command::new("cargo");
        xtask.args(["run", "--quiet", "--package", "xtask", "--", "deb", "--built"]);
        let out = xtask.current_dir(tress_tests::workspace()).output().expect("cargo runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        tress_tests::workspace().join("target/deb")
    };
    BUILT.get_or_init(build).clone()
}

fn file_of(debs: &Path, package: &str) -> PathBuf {
    let start = format!("{package}_");
    let files = std::fs::read_dir(debs).expect("the packages").flatten().map(|entry| entry.path());
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&start));
    files.into_iter().find(named).unwrap_or_else(|| panic!("no {package} in {}", debs.display()))
}

fn contents(debs: &Path, package: &str) -> Vec<String> {
    let listing = dpkg_deb("--contents", &file_of(debs, package), &[]);
    listing.lines().filter_map(|line| line.split_whitespace().nth(5)).map(str::to_owned).collect()
}

fn field(debs: &Path, package: &str, name: &str) -> String {
    dpkg_deb("--field", &file_of(debs, package), &[name]).trim().to_owned()
}

fn dpkg_deb(what: &str, file: &Path, more: &[&str]) -> String {
    let out = Command::new("dpkg-deb").arg(what).arg(file).args(more).output().expect("dpkg-deb");
    assert!(out.status.success(), "dpkg-deb {what}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}
