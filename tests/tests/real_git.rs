//! Debian's git, unmodified, over smart and dumb HTTP: clone, fetch and push, plainly and with
//! every transfer of its easy interface driven by events.
use std::path::{Path, PathBuf};
use tress_tests::{Library, Outcome, Program, Server, cc, scratch};

/// Git's HTTP helper is linked with the flavour that Debian calls gnutls.
const SONAME: &str = "libcurl-gnutls.so.4";

#[test]
fn git_loads_the_library_under_test() {
    let library = library();
    tress_tests::program::assert_loads(&library, "/usr/lib/git-core/git-remote-http", SONAME);
}

#[test]
fn smart_http_clones_fetches_and_pushes() {
    smart(false);
}

#[test]
fn smart_http_driven_by_events() {
    smart(true);
}

#[test]
fn dumb_http_clones_and_fetches() {
    dumb(false);
}

#[test]
fn dumb_http_driven_by_events() {
    dumb(true);
}

fn smart(events: bool) {
    let (server, root) = served_repository("smart");
    let work = scratch("git-smart");
    let url = server.url("/git/repo.git");
    ok(&git(&work, events, &["clone", "-q", &url, "first"]));
    let first = work.join("first");
    assert_eq!(head(&first), head(&root.join("repo.git")));
    assert_eq!(std::fs::read(first.join("big")).expect("big").len(), BIG);
    ok(&git(&work, events, &["clone", "-q", "--depth", "1", &url, "shallow"]));
    commit(&first, "pushed", &"pushed text\n".repeat(40_000));
    ok(&git(&first, events, &["push", "-q", "origin", "HEAD"]));
    assert_eq!(head(&first), head(&root.join("repo.git")));
    let shallow = work.join("shallow");
    ok(&git(&shallow, events, &["fetch", "-q"]));
    ok(&git(&shallow, events, &["merge", "-q", "--ff-only", "FETCH_HEAD"]));
    assert_eq!(head(&shallow), head(&first));
    ok(&git(&work, events, &["ls-remote", &url]));
    let gone = git(&work, events, &["clone", "-q", &server.url("/git/absent.git"), "none"]);
    assert_eq!(gone.code, 128);
    assert!(gone.stderr.contains("not found"), "{}", gone.stderr);
}

fn dumb(events: bool) {
    let (server, root) = served_repository("dumb");
    let work = scratch("git-dumb");
    let url = server.url("/dumb/repo.git");
    ok(&git(&work, events, &["clone", "-q", &url, "first"]));
    let first = work.join("first");
    assert_eq!(head(&first), head(&root.join("repo.git")));
    commit(&root.join("seed"), "later", "a later file\n");
    local(&root.join("seed"), &["push", "-q", "../repo.git", "HEAD"]);
    local(&root.join("repo.git"), &["update-server-info"]);
    ok(&git(&first, events, &["fetch", "-q"]));
    ok(&git(&first, events, &["merge", "-q", "--ff-only", "FETCH_HEAD"]));
    assert_eq!(head(&first), head(&root.join("repo.git")));
}

/// Bytes of the largest file.
const BIG: usize = 700_000;

/// The reference has no such flavour; there the system's library shows that the tests can pass.
fn library() -> Library {
    match Library::under_test() {
        l if l.name == "reference" => Library::system(),
        l => l.clone(),
    }
}

/// A bare repository with a few commits, some of them packed, served over HTTP.
fn served_repository(name: &str) -> (Server, PathBuf) {
    let root = scratch(&format!("git-root-{name}"));
    let seed = root.join("seed");
    std::fs::create_dir_all(&seed).expect("seed");
    local(&seed, &["init", "-q", "-b", "main"]);
    for i in 0..5 {
        commit(&seed, &format!("file{i}"), &format!("text {i}\n"));
    }
    let noise: String = (0..BIG).map(|i| char::from(b'a' + (i * i / 7 % 23) as u8)).collect();
    commit(&seed, "big", &noise);
    local(&root, &["clone", "-q", "--bare", "seed", "repo.git"]);
    local(&root.join("repo.git"), &["config", "http.receivepack", "true"]);
    local(&root.join("repo.git"), &["update-server-info"]);
    let server = Server::start();
    server.set_root(root.clone());
    (server, root)
}

fn commit(dir: &Path, file: &str, text: &str) {
    std::fs::write(dir.join(file), text).expect("file");
    local(dir, &["add", file]);
    local(dir, &["commit", "-q", "-m", file]);
}

fn head(dir: &Path) -> String {
    local(dir, &["rev-parse", "HEAD"]).stdout
}

/// Git without a network, on the system's library.
fn local(dir: &Path, args: &[&str]) -> Outcome {
    let out = environment(Program::new(&Library::system(), "git")).dir(dir).args(args).run();
    ok(&out);
    out
}

fn git(dir: &Path, events: bool, args: &[&str]) -> Outcome {
    let mut program = environment(Program::new(&library(), "git")).dir(dir);
    if events {
        program = program.preload(cc::evshim());
    }
    program.args(args).run()
}

fn environment(program: Program) -> Program {
    let program = program.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    let program = program.env("GIT_AUTHOR_NAME", "T").env("GIT_AUTHOR_EMAIL", "t@example.com");
    program.env("GIT_COMMITTER_NAME", "T").env("GIT_COMMITTER_EMAIL", "t@example.com")
}

fn ok(out: &Outcome) {
    assert_eq!(out.code, 0, "{}{}", out.stdout, out.stderr);
}
