//! Debian's curl, unmodified, with a vsftpd: what it prints, how it ends and what files come of
//! it is the same on the library under test, plainly and with events, as on Debian's libcurl.
use std::path::Path;
use tress_tests::vsftpd::Vsftpd;
use tress_tests::{Library, Outcome, Program, cc, scratch};

/// Name and command line; `{b}` is the server's base URL, `{c}` its certificate's issuer. `data`
/// and `big` are files of ours, `file` and `large` the server's.
const LINES: &[(&str, &str)] = &[
    ("list", "{b}/dir/"),
    ("names", "-l {b}/dir/"),
    ("file", "{b}/file"),
    ("active", "-P - {b}/file"),
    ("active-eprt-off", "-P - --disable-eprt {b}/file"),
    ("pasv", "--disable-epsv {b}/file"),
    ("large", "-o out {b}/large"),
    ("two", "{b}/file {b}/dir/inner"),
    ("range", "-r 2-5 {b}/file"),
    ("range-end", "-r -4 {b}/file"),
    ("resume", "-C 3 {b}/file"),
    ("head", "-I {b}/file"),
    ("missing", "-w %{http_code} {b}/missing"),
    ("missing-dir", "{b}/missing/file"),
    ("upload", "-T big {b}/up"),
    ("upload-append", "-a -T data {b}/file"),
    ("upload-deep", "--ftp-create-dirs -T data {b}/x/y/z"),
    ("upload-active", "-P - -T data {b}/up"),
    ("quote", "-Q *NOTHING -Q -DELE%20file {b}/file"),
    ("quote-fails", "-Q NOTHING {b}/file"),
    ("single-cwd", "--ftp-method singlecwd {b}/dir/inner"),
    ("no-cwd", "--ftp-method nocwd {b}/dir/inner"),
    ("newer", "-z 2001-01-01 {b}/file"),
    ("older", "-z -2001-01-01 -w %{http_code} {b}/file"),
    ("ascii", "-B {b}/text"),
    ("tls", "--ssl-reqd --cacert {c} {b}/file"),
    ("tls-control", "--ftp-ssl-control --cacert {c} {b}/file"),
    ("tls-large", "--ssl-reqd --cacert {c} -o out {b}/large"),
];

#[test]
fn curl_and_vsftpd_as_on_debians_libcurl() {
    let ours = Library::under_test();
    let server = Vsftpd::start();
    for (name, line) in LINES {
        let wanted = run(&Library::system(), &server, line, false);
        for events in [false, true] {
            let got = run(ours, &server, line, events);
            let what = format!("{name}, events {events}: {}", got.0.stderr);
            assert_eq!(got.0.code, wanted.0.code, "{what}");
            assert_eq!(got.0.stdout, wanted.0.stdout, "{what}");
            assert_eq!(got.1, wanted.1, "{what}");
        }
    }
}

/// Where Debian's libcurl is no measure: with a TLS that the server is slow to finish it closes
/// uploads too soon, and hangs where the server has connected to it.
#[test]
fn tls_changes_nothing() {
    let server = Vsftpd::start();
    for line in [
        "-T big {b}/up",
        "-P - {b}/file",
        "-P - {b}/dir/",
        "-P - -o out {b}/large",
        "-P - -T big {b}/up",
    ] {
        let plain = run(Library::under_test(), &server, line, false);
        assert_eq!(plain.0.code, 0, "{line}: {}", plain.0.stderr);
        for round in 0..4 {
            let line = format!("--ssl-reqd --cacert {{c}} {line}");
            let (outcome, files) = run(Library::under_test(), &server, &line, round % 2 == 1);
            assert_eq!(outcome.code, 0, "{line}, round {round}: {}", outcome.stderr);
            assert_eq!(
                (outcome.stdout, files),
                (plain.0.stdout.clone(), plain.1.clone()),
                "{line}"
            );
        }
    }
}

/// How it went, and the files that the server and we have afterwards.
fn run(library: &Library, server: &Vsftpd, line: &str, events: bool) -> (Outcome, Vec<String>) {
    let dir = scratch("real-ftp");
    set_up(&server.root);
    std::fs::write(dir.join("data"), b"some data\n").unwrap();
    std::fs::write(dir.join("big"), vec![b'b'; 1_500_000]).unwrap();
    let (base, issuer) =
        (format!("ftp://127.0.0.1:{}", server.port), server.authority.path("ca.pem"));
    let args = line.split(' ').map(|word| {
        let word = word.replace("{b}", &base).replace("{c}", &issuer);
        word.replace("%20", " ")
    });
    let mut program = Program::new(library, "curl").args(["-sS", "-m", "20"]).args(args).dir(&dir);
    if events {
        program = program.preload(cc::evshim());
    }
    let outcome = program.run();
    let mut files = Vec::new();
    list(&server.root, &mut files);
    list(&dir, &mut files);
    (outcome, files)
}

/// The server's files as they are at first.
fn set_up(root: &Path) {
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
    }
    std::fs::create_dir(root.join("dir")).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 7) as u8).collect();
    for (name, content) in [
        ("file", &b"what is in the file"[..]),
        ("text", b"one\ntwo\n"),
        ("dir/inner", b"within"),
        ("large", &large),
    ] {
        std::fs::write(root.join(name), content).unwrap();
        std::fs::File::options()
            .write(true)
            .open(root.join(name))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
}

/// Names, lengths and sums of the files below `dir`.
fn list(dir: &Path, files: &mut Vec<String>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).unwrap().flatten().map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, files);
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        let sum =
            content.iter().fold(0_u64, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push(format!("{name} {} {sum}", content.len()));
    }
}
