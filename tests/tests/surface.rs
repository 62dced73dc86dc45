//! The whole C surface: every option with values at the edges, NULL and strange handles in every
//! place, every function from every callback, memory that runs out, many threads with one share.
//! Answers are those of libcurl 8.22, but for what `differences.txt` lists.
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use tress_tests::library::is_sanitized;
use tress_tests::peers::Apache;
use tress_tests::vsftpd::Vsftpd;
use tress_tests::{Library, Program, Server, cc, differences, here, scratch};

/// `CURLE_NOT_BUILT_IN` and `CURLE_UNKNOWN_OPTION`: the option is refused whatever the value, but
/// for one that is `CURLE_BAD_FUNCTION_ARGUMENT` for every option.
const REFUSALS: [&str; 3] = ["4", "48", "43"];

#[test]
fn every_option_answers_as_libcurl_8_22() {
    let text = std::fs::read_to_string(here().join("data/options-8.22.txt")).expect("the record");
    let wanted = lines(&text);
    let ours = lines(&run(Library::under_test(), "options", &[]));
    let mut report = differences::Report::new("options");
    for (name, answers) in &wanted {
        report.compare(name, &Some(answers), &ours.get(name));
    }
    report.finish();
    let mut refused = differences::Report::new("refused");
    for (name, answers) in ours.iter().filter(|(name, _)| name.starts_with("CURLOPT_")) {
        let code = |run: &str| run.rsplit_once('=').map(|(_, code)| code.to_string());
        let codes: Vec<String> = answers.split(' ').filter_map(code).collect();
        let all = codes.iter().all(|code| REFUSALS.contains(&code.as_str()));
        refused.compare(name, &false, &all);
    }
    refused.finish();
}

#[test]
fn null_and_strange_handles_answer_as_in_libcurl_8_22() {
    let wanted = lines(&run(&Library::reference(), "nulls", &[]));
    let ours = lines(&run(Library::under_test(), "nulls", &[]));
    let crashed: Vec<_> = ours.iter().filter(|(_, value)| value.starts_with("signal")).collect();
    assert_eq!(crashed, [], "calls that end the process");
    let mut report = differences::Report::new("nulls");
    // What ends the process there is not a promise to keep.
    for (name, value) in wanted.iter().filter(|(_, value)| !value.starts_with("signal")) {
        report.compare(name, &Some(value), &ours.get(name));
    }
    report.finish();
}

#[test]
fn every_function_from_every_callback_as_in_libcurl_8_22() {
    let table = |library: &Library| {
        let server = Server::start();
        lines(&run(library, "reentry", &[&server.base()]))
    };
    let (wanted, ours) = (table(&Library::reference()), table(Library::under_test()));
    assert!(wanted.len() > 1400, "{} pairs", wanted.len());
    let never = wanted.iter().filter(|(_, value)| *value == "not called").count();
    assert_eq!(never, 0, "callbacks of the reference that were not called");
    let mut report = differences::Report::new("reentry");
    for (name, value) in &wanted {
        report.compare(name, &Some(value), &ours.get(name));
    }
    report.finish();
}

/// The callbacks that FTP, RTSP, HTTP/2 and HSTS have. The reference that the tests build speaks none of
/// them: its answers are a record, made by this test with a whole libcurl 8.22 (`TRESS_LIB`).
#[test]
fn every_function_from_the_callbacks_of_other_protocols() {
    let text = std::fs::read_to_string(here().join("data/reentry-8.22.txt")).expect("the record");
    let wanted = lines(&text);
    let (http, ftp) = (Server::start(), Vsftpd::start());
    for name in ["a.txt", "b.txt", "c.bin"] {
        std::fs::write(ftp.root.join(name), "text").expect("a file");
    }
    let never = never_ready();
    let apache = Apache::start(&format!(
        "<Location /page>\nH2PushResource /unwanted\n</Location>\n\
         ProxyPass /unwanted http://127.0.0.1:{never}/"
    ));
    apache.file("page", 100);
    let rtsp = rtsp_server();
    let bases: [(String, &[&str]); 4] = [
        (http.base(), &["hsts_read", "hsts_write"]),
        (format!("ftp://127.0.0.1:{}", ftp.port), &["chunk_bgn", "chunk_end", "fnmatch"]),
        (format!("rtsp://127.0.0.1:{rtsp}"), &["interleave"]),
        (apache.plain_url(""), &["push"]),
    ];
    let mut report = differences::Report::new("reentry");
    let mut all = BTreeMap::new();
    for (base, callbacks) in &bases {
        all.extend(lines(&run(
            Library::under_test(),
            "reentry",
            &[&[base.as_str()], *callbacks].concat(),
        )));
    }
    // What came out, for a new record.
    let record: String = all.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    std::fs::write(scratch("reentry").join("record"), record).expect("a record");
    // What ends the process there is not a promise to keep.
    for (name, value) in wanted.iter().filter(|(_, value)| !value.starts_with("signal")) {
        report.compare(name, &Some(value), &all.get(name));
    }
    report.finish();
    assert_eq!(all.len(), wanted.len());
    let crashed: Vec<_> = all.iter().filter(|(_, value)| value.starts_with("signal")).collect();
    assert_eq!(crashed, [], "calls that end the process");
}

/// Takes connections, says nothing, and ends them when each refusal of a push has come.
fn never_ready() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                drop(stream);
            });
        }
    });
    port
}

/// Sets up channels, and sends a packet on one before it answers another request.
fn rtsp_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let serve = |stream: TcpStream| -> std::io::Result<()> {
        let mut out = stream.try_clone()?;
        let (mut head, mut sets_up) = (String::new(), false);
        for line in BufReader::new(stream).lines() {
            let line = line?;
            sets_up |= line.starts_with("SETUP ");
            if line.starts_with("CSeq: ") || line.starts_with("Transport: ") {
                head += &format!("{line}\r\n");
            } else if line.is_empty() {
                let packet: &[u8] = if sets_up { b"" } else { b"$\0\0\x04data" };
                out.write_all(packet)?;
                out.write_all(format!("RTSP/1.0 200 OK\r\nSession: 1\r\n{head}\r\n").as_bytes())?;
                (head, sets_up) = (String::new(), false);
            }
        }
        Ok(())
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

#[test]
fn memory_that_runs_out_is_told_and_nothing_is_lost() {
    let wanted = lines(&run(&Library::reference(), "memory", &[]));
    let ours = lines(&run(Library::under_test(), "memory", &[]));
    assert_eq!(ours.get("alive at the end").map(String::as_str), Some("0"));
    let mut report = differences::Report::new("memory");
    for (name, value) in &wanted {
        report.compare(name, &Some(value), &ours.get(name));
    }
    report.finish();
    assert_eq!(ours.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
}

#[test]
fn formatted_text_is_that_of_libcurl_8_22() {
    let wanted = lines(&run(&Library::reference(), "printf", &[]));
    let ours = lines(&run(Library::under_test(), "printf", &[]));
    let mut report = differences::Report::new("printf");
    for (name, value) in &wanted {
        report.compare(name, &Some(value), &ours.get(name));
    }
    report.finish();
    assert!(wanted.len() > 200, "{} lines", wanted.len());
}

#[test]
fn pain_15_many_threads_with_one_share() {
    for locks in [&[][..], &["locks"]] {
        let server = Server::start();
        let url = server.url("/cookie");
        let out = run(Library::under_test(), "threads", &[&[&url, "12", "300"], locks].concat());
        let locked = usize::from(!locks.is_empty());
        assert_eq!(out, format!("good 3300 bad 0 locks {locked} balance 0 share 0\n"));
    }
}

/// What a program prints, which must end well.
fn run(library: &Library, name: &str, args: &[&str]) -> String {
    let program = cc::program(name, &["-lpthread"]);
    let run = Program::new(library, &program).args(args).dir(&scratch(name));
    let out = run.limit(Duration::from_secs(200)).run();
    assert_eq!(out.code, 0, "{name} on {}: {}", library.name, out.stderr);
    out.stdout
}

/// Lines of the form `name: value`.
fn lines(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_string(), v.to_string()));
    text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect()
}

/// Hostile URLs through `curl_url_*`: parsed, read part by part, joined and changed.
#[test]
fn urls_equal_those_of_libcurl_8_22() {
    generated("urls", 20_000, &[]);
}

/// Formats, right and wrong, through `curl_mvsnprintf` and `curl_mvaprintf`. Some ask for a billion
/// characters, hence their number.
#[test]
fn formats_equal_those_of_libcurl_8_22() {
    generated("formats", if is_sanitized() { 100 } else { 3_000 }, &[]);
}

/// Dates, and what is nearly one, through `curl_getdate`; in years of which the reference knows.
#[test]
fn dates_equal_those_of_libcurl_8_22() {
    generated("dates", 20_000, &["1971", "2037"]);
}

/// A program that makes its input of a seed and tells a line each.
fn generated(name: &str, count: usize, more: &[&str]) {
    let program = cc::program(name, &[]);
    let number = count.to_string();
    for seed in ["1", "2", "3"] {
        let run = |library: &Library| {
            let words = [&[seed, &number], more].concat();
            let out = Program::new(library, &program).args(words).run();
            assert_eq!(out.code, 0, "on {}: {}", library.name, out.stderr);
            out.stdout
        };
        let (wanted, ours) = (run(&Library::reference()), run(Library::under_test()));
        assert_eq!(wanted.lines().count(), count);
        let differ = wanted.lines().zip(ours.lines()).filter(|(wanted, ours)| wanted != ours);
        let differ: Vec<_> = differ.take(5).collect();
        assert!(differ.is_empty(), "seed {seed}: {differ:#?}");
        assert_eq!(wanted.lines().count(), ours.lines().count());
    }
}
