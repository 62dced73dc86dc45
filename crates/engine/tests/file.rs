//! `file://` end to end: reading, ranges, directories, writing.

mod support;

use std::path::PathBuf;
use support::Driver;
use tress_engine::options::{BodySource, Hooks, Method, Options};
use tress_model::{Code, Error};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tress-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> Options {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        self.options(name)
    }

    fn options(&self, name: &str) -> Options {
        let url = format!("file://{}", self.0.join(name).display());
        Options { url: Some(url.into_bytes().into()), ..Options::default() }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(driver: &mut Driver, options: Options) -> (Result<(), Error>, Vec<u8>, String) {
    let id = driver.add(options);
    driver.run();
    let result = driver.multi.remove(id).unwrap().result().unwrap().clone();
    let got = driver.got.remove(&id).unwrap_or_default();
    (result, got.body, String::from_utf8(got.head).unwrap())
}

#[test]
fn content_and_head() {
    let scratch = Scratch::new("content");
    let mut driver = Driver::new();
    let big = vec![b'x'; 3_000_000];
    let (result, body, head) = run(&mut driver, scratch.file("big", &big));
    assert_eq!((result, body.len(), head.as_str()), (Ok(()), big.len(), ""));
    let mut options = scratch.file("a b", b"hello");
    options.url = options.url.map(|url| {
        String::from_utf8(url.into_vec()).unwrap().replace(' ', "%20").into_bytes().into()
    });
    options.hooks |= Hooks::HEADER;
    let (_, body, head) = run(&mut driver, options.clone());
    assert_eq!(body, b"hello");
    assert!(head.starts_with("Content-Length: 5\r\nAccept-ranges: bytes\r\nLast-Modified: "));
    assert!(head.ends_with(" GMT\r\n\r\n"));
    options.nobody = true;
    assert_eq!(run(&mut driver, options).1, b"");
}

#[test]
fn ranges_and_resumes() {
    let scratch = Scratch::new("ranges");
    let mut driver = Driver::new();
    let options = scratch.file("digits", b"0123456789");
    let mut part = |resume: i64, range: Option<&str>| {
        let mut options = options.clone();
        options.resume_from = resume;
        options.http_mut().range = range.map(|range| range.as_bytes().into());
        let (result, body, _) = run(&mut driver, options);
        (result.map_err(|error| error.code()), String::from_utf8(body).unwrap())
    };
    assert_eq!(part(0, Some("2-4")), (Ok(()), "234".into()));
    assert_eq!(part(0, Some("-3")), (Ok(()), "789".into()));
    assert_eq!(part(7, None), (Ok(()), "789".into()));
    assert_eq!(part(10, None), (Ok(()), "".into()));
    assert_eq!(part(11, None), (Err(Code::BadDownloadResume), "".into()));
    assert_eq!(part(0, Some("4-2")), (Err(Code::RangeError), "".into()));
}

#[test]
fn what_is_not_there_and_directories() {
    let scratch = Scratch::new("missing");
    let mut driver = Driver::new();
    let options = scratch.options("none");
    let error = run(&mut driver, options).0.unwrap_err();
    assert_eq!(error.code(), Code::FileCouldntReadFile);
    let path = scratch.0.join("none");
    assert_eq!(error.message(), format!("Could not open file {}", path.display()));
    scratch.file("b", b"");
    scratch.file(".hidden", b"");
    let listed = run(&mut driver, scratch.options("")).1;
    assert_eq!(listed, b"b\n");
}

#[test]
fn writing_and_appending() {
    let scratch = Scratch::new("write");
    let mut driver = Driver::new();
    let mut options = scratch.options("out");
    options.method = Method::Put;
    options.body = BodySource::Application { len: None, fields: false };
    driver.upload = vec![b'y'; 200_000];
    assert_eq!(run(&mut driver, options.clone()).0, Ok(()));
    assert_eq!(std::fs::read(scratch.0.join("out")).unwrap(), driver.upload);
    driver.upload.extend_from_slice(b"tail");
    driver.uploaded = 0;
    options.resume_from = -1;
    assert_eq!(run(&mut driver, options.clone()).0, Ok(()));
    assert_eq!(std::fs::read(scratch.0.join("out")).unwrap(), driver.upload);
    let mut nowhere = scratch.options("no/such/place");
    nowhere.method = Method::Put;
    assert_eq!(run(&mut driver, nowhere).0.unwrap_err().code(), Code::WriteError);
}

#[test]
fn a_pipe_waits_for_its_writer_while_others_go_on() {
    use std::io::Write;
    let scratch = Scratch::new("pipe");
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut driver = Driver::new();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
    let url = format!("file:///dev/fd/{fd}").into_bytes();
    let slow = driver.add(Options { url: Some(url.into()), ..Options::default() });
    let quick = driver.add(scratch.file("quick", b"quick"));
    while driver.multi.transfer(quick).unwrap().result().is_none() {
        driver.turn();
    }
    assert!(driver.multi.transfer(slow).unwrap().result().is_none());
    writer.write_all(b"late").unwrap();
    drop(writer);
    driver.run();
    assert_eq!(driver.got[&slow].body, b"late");
    assert!(driver.watched.is_empty());
}
