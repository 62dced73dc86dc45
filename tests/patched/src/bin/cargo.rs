//! Fetches files as cargo fetches crates: one multi handle, a token for each easy handle, HTTP/2
//! waited for, and `Multi::wait` between the actions.
//!
//! `cargo BASE CAFILE NAME...` prints a line `NAME STATUS LENGTH SUM` for each, in order of names,
//! and then how many connections were made.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use curl::easy::{Easy2, Handler, HttpVersion, WriteError};
use curl::multi::{Easy2Handle, Multi};

/// What arrives of one file.
struct Download {
    body: Vec<u8>,
    headers: usize,
    progress: Rc<RefCell<u64>>,
}

impl Handler for Download {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.body.extend_from_slice(data);
        Ok(data.len())
    }

    fn header(&mut self, data: &[u8]) -> bool {
        self.headers += usize::from(data.contains(&b':'));
        true
    }

    fn progress(&mut self, _: f64, downloaded: f64, _: f64, _: f64) -> bool {
        let mut most = self.progress.borrow_mut();
        *most = (*most).max(downloaded as u64);
        true
    }
}

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, ca, names @ ..] = arguments.as_slice() else {
        return Err("cargo BASE CAFILE NAME...".into());
    };
    let mut multi = Multi::new();
    multi.pipelining(false, true)?;
    multi.set_max_host_connections(2)?;
    let progress = Rc::new(RefCell::new(0));
    let mut handles = BTreeMap::new();
    for (token, name) in names.iter().enumerate() {
        let mut handle = multi.add2(download(&format!("{base}/{name}"), ca, &progress)?)?;
        handle.set_token(token)?;
        handles.insert(token, handle);
    }
    let mut connects = 0;
    let mut lines = BTreeMap::new();
    while !handles.is_empty() {
        multi.perform()?;
        for (token, result) in finished(&multi, &handles) {
            let handle = handles.remove(&token).ok_or("a token that nobody has")?;
            let mut easy = multi.remove2(handle)?;
            connects += easy.num_connects()?;
            lines.insert(token, line(&names[token], &mut easy, result));
        }
        if !handles.is_empty() {
            let timeout = multi.get_timeout()?.unwrap_or(Duration::from_secs(1));
            multi.wait(&mut [], timeout.min(Duration::from_secs(1)))?;
        }
    }
    lines.values().for_each(|line| println!("{line}"));
    println!("connections {connects}, progress {}", *progress.borrow() > 0);
    Ok(())
}

fn download(url: &str, ca: &str, progress: &Rc<RefCell<u64>>) -> Result<Easy2<Download>, Error> {
    let progress = Rc::clone(progress);
    let mut easy = Easy2::new(Download { body: Vec::new(), headers: 0, progress });
    easy.get(true)?;
    easy.url(url)?;
    easy.cainfo(ca)?;
    easy.follow_location(true)?;
    easy.useragent("cargo-like")?;
    easy.http_version(HttpVersion::V2TLS)?;
    easy.pipewait(true)?;
    easy.progress(true)?;
    easy.accept_encoding("")?;
    easy.connect_timeout(Duration::from_secs(30))?;
    easy.low_speed_limit(10)?;
    easy.low_speed_time(Duration::from_secs(30))?;
    Ok(easy)
}

/// Which transfers are over, and how they ended.
fn finished(
    multi: &Multi,
    handles: &BTreeMap<usize, Easy2Handle<Download>>,
) -> Vec<(usize, Result<(), curl::Error>)> {
    let mut finished = Vec::new();
    multi.messages(|message| {
        let Ok(token) = message.token() else { return };
        let Some(handle) = handles.get(&token) else { return };
        if let Some(result) = message.result_for2(handle) {
            finished.push((token, result));
        }
    });
    finished
}

fn line(name: &str, easy: &mut Easy2<Download>, result: Result<(), curl::Error>) -> String {
    if let Err(error) = result {
        return format!("{name}: {error}");
    }
    let status = easy.response_code().unwrap_or(0);
    let Download { body, headers, .. } = easy.get_ref();
    let sum = body.iter().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    format!("{name} {status} {} {sum:08x} headers {}", body.len(), *headers > 0)
}
