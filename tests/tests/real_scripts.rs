//! Python's pycurl and PHP's curl, unmodified, with the same lines as on Debian's libcurl.
use tress_tests::program::assert_loads;
use tress_tests::{Library, Outcome, Program, Server, cc};

#[test]
fn pycurl_gives_the_same_lines() {
    same("/usr/bin/python3", "multi.py", "libcurl-gnutls.so.4");
}

#[test]
fn php_gives_the_same_lines() {
    same("php", "multi.php", "libcurl.so.4");
}

fn same(interpreter: &str, script: &str, soname: &str) {
    let ours = match Library::under_test() {
        // Debian's pycurl is linked with a flavour that the reference has not.
        l if l.name == "reference" && soname.contains("gnutls") => Library::system(),
        l => l.clone(),
    };
    let wanted = run(interpreter, script, &Library::system(), soname, false);
    assert_eq!(wanted.code, 0, "{}", wanted.stderr);
    assert!(wanted.stdout.lines().count() > 22);
    for events in [false, true] {
        let got = run(interpreter, script, &ours, soname, events);
        assert_eq!(got.stdout, wanted.stdout, "events {events}: {}", got.stderr);
        assert_eq!(got.code, 0, "{}", got.stderr);
    }
    check_loaded(interpreter, &ours, soname);
}

fn run(interpreter: &str, script: &str, library: &Library, soname: &str, events: bool) -> Outcome {
    let server = Server::start();
    let mut program = Program::new(library, interpreter);
    if events {
        // Both open the library with an extension; the shim needs it among the first objects.
        program = program.preload(cc::evshim()).preload(library.path_of(soname));
    }
    let path = tress_tests::here().join("scripts").join(script);
    program.args([path.to_string_lossy().as_ref(), &server.base()]).run()
}

fn check_loaded(interpreter: &str, library: &Library, soname: &str) {
    if interpreter == "php" {
        return assert_loads(library, "php", soname);
    }
    // Python loads it with the module only.
    let show = "import pycurl; print([l.split()[-1] for l in open('/proc/self/maps') if 'libcurl' in l][0])";
    let out = Program::new(library, interpreter).args(["-c", show]).run();
    let real = std::fs::canonicalize(library.path_of(soname)).expect("the library");
    assert_eq!(out.stdout.trim(), real.to_string_lossy(), "{}", out.stderr);
}
