//! Debian's curl, unmodified, with OpenSSH's server: what it prints, how it ends and what files
//! come of it is the same on the library under test, plainly and with events, as on Debian's
//! libcurl; and what that libcurl's libssh2 is no measure for.
use std::path::Path;
use std::time::Duration;
use tress_tests::sshd::Sshd;
use tress_tests::{Library, Outcome, Program, cc, scratch};

/// Name and command line; `{s}` and `{c}` are the server's base URLs for SFTP and SCP, `{r}` its
/// directory.
const LINES: &[(&str, &str)] = &[
    ("list", "-l {s}/dir/"),
    ("file", "{s}/file"),
    ("scp", "{c}/file"),
    ("large", "-o out {s}/large"),
    ("scp-large", "-o out {c}/large"),
    ("empty", "{s}/empty"),
    ("two", "{s}/file {s}/dir/inner"),
    ("range", "-r 2-5 {s}/file"),
    ("range-end", "-r -4 {s}/file"),
    ("resume", "-C 3 {s}/file"),
    ("resume-beyond", "-C 300 {s}/file"),
    ("head", "-I {s}/file"),
    ("missing", "{s}/missing"),
    ("scp-missing", "{c}/missing"),
    ("missing-dir", "{s}/missing/"),
    ("upload", "-T big {s}/up"),
    ("scp-upload", "-T big {c}/up"),
    ("upload-append", "-a -T data {s}/file"),
    ("upload-deep", "--ftp-create-dirs -T data {s}/x/y/z"),
    ("upload-nowhere", "-T data {s}/x/y/z"),
    ("scp-nowhere", "-T data {c}/x/y/z"),
    ("quote", "-Q *rm%20/nonexistent -Q -rename%20{r}/file%20{r}/new {s}/file"),
    ("quote-pwd", "-D - -Q pwd {s}/file"),
    ("quote-mkdir", "-Q mkdir%20{r}/made -Q -rmdir%20{r}/made {s}/file"),
    ("quote-chmod", "-Q chmod%20600%20{r}/file {s}/file"),
    ("quote-mtime", "-R -o out -Q mtime%20\"1%20Jan%202001\"%20{r}/file {s}/file"),
    ("quote-fails", "-Q rmdir%20{r}/file {s}/file"),
    ("quote-wrong", "-Q dance%20a {s}/file"),
];

#[test]
fn curl_and_sshd_as_on_debians_libcurl() {
    let ours = Library::under_test();
    let server = Sshd::start("");
    let mut differences = Vec::new();
    for (name, line) in LINES {
        let wanted = run(&Library::system(), &server, line, false);
        for events in [false, true] {
            let got = run(ours, &server, line, events);
            let what = format!("{name}, events {events}: {}", got.0.stderr);
            for (ours, theirs) in [
                (got.0.code.to_string(), wanted.0.code.to_string()),
                (got.0.stdout, wanted.0.stdout.clone()),
                (got.1.join("\n"), wanted.1.join("\n")),
            ] {
                if ours != theirs {
                    differences.push(format!("{what}\nours: {ours}\nDebian's: {theirs}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn every_kind_of_key_and_cipher() {
    let server = Sshd::start("");
    for key in ["user", "rsa", "ecdsa", "pem"] {
        assert_eq!(with(&server, &format!("-k --key {{d}}/{key} {{s}}/file")).code, 0, "{key}");
    }
    assert_eq!(with(&server, "-k --key {d}/locked --pass open%20sesame {c}/file").code, 0);
    assert_eq!(with(&server, "-k --key {d}/locked --pass wrong {s}/file").code, 67);
    assert_eq!(with(&server, "-k --key {d}/stranger {s}/file").code, 67);
    assert_eq!(with(&server, "-k --key {d}/none -u me:wrong {s}/file").code, 67);
    // 7.88 had another code for this.
    assert_eq!(with(&server, "-k --key {d}/user -r 99- {s}/file").code, 33);
    for more in [
        "Ciphers aes128-gcm@openssh.com",
        "Ciphers aes256-gcm@openssh.com\nRekeyLimit 1M",
        "Ciphers aes128-ctr\nMACs hmac-sha2-256",
        "Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com\nRekeyLimit 512K",
        "KexAlgorithms ecdh-sha2-nistp256\nHostKeyAlgorithms rsa-sha2-512",
        "KexAlgorithms ecdh-sha2-nistp384\nHostKeyAlgorithms rsa-sha2-256\nRekeyLimit 1M",
    ] {
        let server = Sshd::start(more);
        let line = "-k --key {d}/user -T big {s}/up";
        assert_eq!(with(&server, line).code, 0, "{more}");
        let got = with(&server, "-k --key {d}/user {s}/large -o out -w %{size_download}");
        assert_eq!((got.code, &got.stdout[..]), (0, "3000000"), "{more}: {}", got.stderr);
    }
    let weak = Sshd::start("KexAlgorithms diffie-hellman-group14-sha256");
    assert_eq!(with(&weak, "-k --key {d}/user {s}/file").code, 2);
}

#[test]
fn hosts_are_known_before_anything_is_said() {
    let server = Sshd::start("");
    let home = server.dir.join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let file = home.join(".ssh/known_hosts");
    for (lines, code) in [
        (server.known("host"), 0),
        (server.known("host_rsa"), 0),
        (server.known("stranger"), 60),
        // CVE-2026-9547: of a kind that the server has no key of.
        (server.known("ecdsa"), 60),
        (String::new(), 60),
    ] {
        std::fs::write(&file, &lines).unwrap();
        let got = with(&server, "-v --key {d}/user {s}/file");
        assert_eq!(got.code, code, "{lines}: {}", got.stderr);
        assert_eq!(got.stderr.contains("host offers authentication"), code == 0);
    }
    let sum = "0123456789abcdef0123456789abcdef";
    assert_eq!(with(&server, &format!("--hostpubmd5 {sum} --key {{d}}/user {{s}}/file")).code, 60);
}

/// CVE-2025-15079: neither the user's own file nor the system's, where another one is named.
#[test]
fn no_other_file_says_who_a_host_is() {
    let server = Sshd::start("");
    set_up(&server.root);
    let home = server.dir.join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    std::fs::write(home.join(".ssh/known_hosts"), server.known("host")).unwrap();
    let url = format!("{}/file", server.base("sftp"));
    let (named, trace) = (server.path("named"), server.path("trace"));
    std::fs::write(&named, "").unwrap();
    let got = Program::new(Library::under_test(), "strace")
        .args(["-f", "-e", "trace=open,openat", "-o", &trace])
        .args([cc::program("ssh_keys", &[])])
        .args([url.as_str(), &server.user, &server.path("user"), &named, "2"])
        .env("HOME", home)
        .run();
    assert_eq!(got.stdout, "match 2 known -1 found 5 1\nresult 60\n", "{}", got.stderr);
    let opened = std::fs::read_to_string(trace).unwrap();
    assert!(opened.contains(&named) && !opened.contains("known_hosts"), "{opened}");
}

/// CVE-2025-15224: who cannot open the key that is named is not let in with another one.
#[test]
fn a_key_that_stays_locked_has_no_substitute() {
    let server = Sshd::start("");
    let own = server.dir.join("home/.ssh");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::copy(server.path("rsa"), own.join("id_rsa")).unwrap();
    assert_eq!(with(&server, "-k {s}/file").code, 0);
    assert_eq!(with(&server, "-k --key {d}/locked --pass wrong {s}/file").code, 67);
    assert_eq!(with(&server, "-k --key {d}/locked {s}/file").code, 67);
}

#[test]
fn the_application_judges_keys_of_hosts() {
    let server = Sshd::start("");
    set_up(&server.root);
    let program = cc::program("ssh_keys", &[]);
    let file = server.dir.join("known");
    let (key, url) = (server.path("user"), format!("{}/file", server.base("sftp")));
    for (lines, answer, said) in [
        (server.known("host"), "1", "match 0 known 5 found 5 1\nresult 0\n"),
        (server.known("stranger"), "2", "match 1 known 5 found 5 1\nresult 60\n"),
        (server.known("stranger"), "1", "match 1 known 5 found 5 1\nresult 0\n"),
        (String::new(), "3", "match 2 known -1 found 5 1\nresult 60\n"),
        (String::new(), "host", "host 5 1\nresult 0\n"),
        (String::new(), "deny", "host 5 1\nresult 60\n"),
    ] {
        std::fs::write(&file, &lines).unwrap();
        let run = |library: &Library| {
            let args = [url.as_str(), &server.user, &key, &file.to_string_lossy(), answer];
            Program::new(library, &program).args(args).run()
        };
        let got = run(Library::under_test());
        assert_eq!(got.stdout, said, "{answer} {lines}: {}", got.stderr);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), lines);
    }
    for (lines, answer) in [(String::new(), "0"), (server.known("stranger"), "4")] {
        std::fs::write(&file, lines).unwrap();
        let args = [url.as_str(), &server.user, &key, &file.to_string_lossy(), answer];
        let got = Program::new(Library::under_test(), &program).args(args).run();
        assert!(got.stdout.ends_with("result 0\n"), "{}", got.stdout);
        let written = std::fs::read_to_string(&file).unwrap();
        let known = server.known("host");
        let words: Vec<_> = known.split(' ').take(3).collect();
        assert_eq!(written.trim_end(), words.join(" "));
    }
}

#[test]
fn many_at_once_on_few_connections() {
    let server = Sshd::start("");
    let line = "-k --key {d}/user --parallel --parallel-max 20 {s}/many[1-200] -o /dev/null";
    set_up(&server.root);
    for number in 1..=200 {
        std::fs::write(server.root.join(format!("many{number}")), vec![b'm'; 50_000]).unwrap();
    }
    let got = curl(Library::under_test(), &server, line, &scratch("ssh-many"), true);
    assert_eq!(got.code, 0, "{}", got.stderr);
}

fn with(server: &Sshd, line: &str) -> Outcome {
    let dir = scratch("real-ssh");
    set_up(&server.root);
    std::fs::write(dir.join("big"), vec![b'b'; 3_000_000]).unwrap();
    curl(Library::under_test(), server, line, &dir, false)
}

/// How it went, and the files that the server and we have afterwards.
fn run(library: &Library, server: &Sshd, line: &str, events: bool) -> (Outcome, Vec<String>) {
    let dir = scratch("real-ssh");
    set_up(&server.root);
    std::fs::write(dir.join("data"), b"some data\n").unwrap();
    std::fs::write(dir.join("big"), vec![b'b'; 1_500_000]).unwrap();
    let line = format!("-k --key {{d}}/user --pubkey {{d}}/user.pub {line}");
    let outcome = curl(library, server, &line, &dir, events);
    let mut files = Vec::new();
    list(&server.root, &mut files);
    list(&dir, &mut files);
    (outcome, files)
}

fn curl(library: &Library, server: &Sshd, line: &str, dir: &Path, events: bool) -> Outcome {
    let words = line.split(' ').map(|word| {
        word.replace("{s}", &server.base("sftp"))
            .replace("{c}", &server.base("scp"))
            .replace("{d}", &server.dir.display().to_string())
            .replace("{r}", &server.root.display().to_string())
            .replace("%20", " ")
    });
    let user = format!("{}:", server.user);
    let program = Program::new(library, "curl")
        .args(["-sS", "-m", "60", "-u", &user])
        .args(words)
        .env("HOME", server.dir.join("home"))
        .limit(Duration::from_secs(90))
        .dir(dir);
    match events {
        true => program.preload(cc::evshim()).run(),
        false => program.run(),
    }
}

/// The server's files as they are at first.
fn set_up(root: &Path) {
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
    }
    std::fs::create_dir(root.join("dir")).unwrap();
    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 7) as u8).collect();
    for (name, content) in [
        ("file", &b"what is in the file"[..]),
        ("empty", b""),
        ("dir/inner", b"within"),
        ("large", &large),
    ] {
        std::fs::write(root.join(name), content).unwrap();
    }
}

/// Names, lengths, sums and permissions of the files below `dir`.
fn list(dir: &Path, files: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).unwrap().flatten().map(|it| it.path()).collect();
    entries.sort();
    for path in entries {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            files.push(format!("{name}/ {mode:o}"));
            list(&path, files);
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        let sum =
            content.iter().fold(0_u64, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        files.push(format!("{name} {} {sum} {mode:o}", content.len()));
    }
}
