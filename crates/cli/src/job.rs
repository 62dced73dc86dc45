//! One URL on its way: the tries it takes, and what came of it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tress::{Code, Done, Easy, Flow, Response};

use crate::args::Fetch;
use crate::bandwidth::Bandwidth;
use crate::checksum::Checksum;
use crate::list::Wanted;
use crate::names::{self, Names};
use crate::request::Sending;
use crate::sink::{Place, Sink};

/// The longest wait between two tries, whatever a server asks for.
const MAX_DELAY: Duration = Duration::from_secs(300);

/// A URL to fetch.
pub struct Job {
    pub url: String,
    pub place: Place,
    checksum: Option<Checksum>,
    /// Tries that are over.
    pub tries: u32,
    /// Bytes of the body that are there already.
    from: u64,
    /// What the bytes that are there belong to, as the server named it (a strong ETag).
    version: Option<String>,
    /// When the first try began.
    pub begun: Option<Instant>,
}

/// A try under way, as the progress bars see it.
#[derive(Clone)]
pub struct Progress {
    shared: Arc<Shared>,
}

struct Shared {
    sink: Mutex<Sink>,
    /// What the server says first, where that is asked for.
    head: Mutex<Vec<u8>>,
    /// Bytes of the body that have come, and that it has; 0: not known.
    come: AtomicU64,
    total: AtomicU64,
    /// It is paused, since there is too little bandwidth.
    waits: AtomicBool,
}

/// What one try came to.
pub enum Verdict {
    /// The URL is done with.
    Ended(Outcome),
    /// Another try, after so long.
    Again(Duration, String),
}

/// What a URL came to.
#[derive(Debug)]
pub struct Outcome {
    pub url: String,
    pub file: Option<String>,
    /// The response code; 0: there was none.
    pub status: u32,
    /// Bytes of the body, without those of earlier runs.
    pub bytes: u64,
    pub time: Duration,
    pub tries: u32,
    pub error: Option<Failure>,
    /// The file was there before.
    pub skipped: bool,
}

/// Why a URL failed.
#[derive(Debug)]
pub struct Failure {
    /// libcurl's code; none: the body has not the sum that it must have.
    pub code: Option<Code>,
    pub message: String,
}

impl Outcome {
    /// A list that is not understood.
    pub fn of_list(message: String) -> Self {
        Self {
            url: "the list".to_owned(),
            file: None,
            status: 0,
            bytes: 0,
            time: Duration::ZERO,
            tries: 0,
            error: Some(Failure { code: Some(Code::ReadError), message }),
            skipped: false,
        }
    }
}

impl Job {
    pub fn new(wanted: Wanted, place: Place) -> Self {
        let Wanted { url, checksum, .. } = wanted;
        Self { url, place, checksum, tries: 0, from: 0, version: None, begun: None }
    }

    /// Looks at what is there before anything is fetched: an outcome when nothing need be.
    pub fn prepare(&mut self, args: &Fetch) -> Option<Outcome> {
        self.begun = Some(Instant::now());
        if let Some(path) = self.place.existing().filter(|_| !args.output.force) {
            let error = (!args.output.resume).then(|| Failure {
                code: Some(Code::WriteError),
                message: format!("{} exists (--force, --continue)", path.display()),
            });
            let skipped = error.is_none();
            return Some(Outcome { error, skipped, ..self.outcome(0, 0) });
        }
        if args.output.resume {
            self.from = self.place.begun();
        }
        None
    }

    /// The next try.
    pub fn start(
        &mut self,
        sending: &Sending,
        args: &Fetch,
        bandwidth: &Bandwidth,
    ) -> io::Result<(Easy, Progress)> {
        self.tries += 1;
        let mut easy = sending.easy(&self.url, args)?;
        if self.from > 0 {
            easy = easy.resume_from(self.from);
            if let Some(version) = &self.version {
                easy = easy.header("If-Range", version);
            }
        }
        let shared = Arc::new(Shared {
            sink: Mutex::new(Sink::new(self.place.clone(), self.from, self.checksum.as_ref())),
            head: Mutex::default(),
            come: AtomicU64::new(0),
            total: AtomicU64::new(0),
            waits: AtomicBool::new(false),
        });
        let bandwidth = bandwidth.clone();
        if args.request.head {
            // Written when it is complete: heads of others may come in between.
            let shared = shared.clone();
            easy = easy.on_header(move |line| {
                shared.head().extend_from_slice(line);
                Flow::Continue
            });
        }
        let (writing, watching) = (shared.clone(), shared.clone());
        let easy = easy
            .on_body(move |bytes| {
                if !bandwidth.take(bytes.len()) {
                    writing.waits.store(true, Ordering::Relaxed);
                    return Flow::Pause;
                }
                if writing.sink().write(bytes) { Flow::Continue } else { Flow::Abort }
            })
            .on_progress(move |figures| {
                let (sent, received) = (figures.uploaded, figures.downloaded);
                watching.come.store(received.max(sent), Ordering::Relaxed);
                let total = figures.download_total.max(figures.upload_total);
                watching.total.store(total, Ordering::Relaxed);
                Flow::Continue
            });
        Ok((easy, Progress { shared }))
    }

    /// A try has ended: is it to be repeated?
    pub fn judge(
        &mut self,
        done: &Done,
        progress: &Progress,
        args: &Fetch,
        names: &mut Names,
    ) -> Verdict {
        let response = done.partial();
        let mut sink = progress.shared.sink();
        let bytes = response.infos().downloaded;
        let failure = match (sink.error.take(), done.result()) {
            (Some(error), _) => {
                let file = self.place.shown().unwrap_or_default();
                let message = format!("{file}: {error}");
                return self.failed(response, bytes, Code::WriteError, message);
            }
            (None, Ok(_)) if response.status() == 416 && self.from > 0 => {
                if !whole(response, self.from) {
                    return self.start_again("what is there does not fit");
                }
                None
            }
            (None, Ok(_)) => None,
            (None, Err(error)) => Some(error),
        };
        let Some(error) = failure else {
            sink.write(&std::mem::take(&mut *progress.shared.head()));
            return self.complete(response, &mut sink, args, names);
        };
        if error.code() == Code::RangeError && self.from > 0 {
            return self.start_again("the server cannot go on with it");
        }
        let length = sink.length;
        let repeats = self.tries <= args.pace.retries
            && may_pass(error.code(), response.status())
            && may_be_repeated(args, error.code(), response.status())
            && (length == self.from || self.place.can_start_again());
        if !repeats {
            if matches!(self.place, Place::Stdout) {
                // A head is worth a look whatever it says.
                sink.write(&std::mem::take(&mut *progress.shared.head()));
            }
            return self.failed(response, bytes, error.code(), words(error));
        }
        self.keep(response, length);
        Verdict::Again(self.delay(response, args), words(error))
    }

    /// All has come.
    fn complete(
        &mut self,
        response: &Response,
        sink: &mut Sink,
        args: &Fetch,
        names: &mut Names,
    ) -> Verdict {
        let bytes = response.infos().downloaded;
        if let Err(message) = sink.check() {
            if self.tries <= args.pace.retries && self.place.can_start_again() {
                self.from = 0;
                self.version = None;
                return Verdict::Again(self.delay(response, args), message);
            }
            let error = Some(Failure { code: None, message });
            return Verdict::Ended(Outcome { error, ..self.outcome(response.status(), bytes) });
        }
        let time = response.infos().filetime.and_then(|seconds| u64::try_from(seconds).ok());
        let time = time.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        if args.output.server_names
            && let Some(name) =
                response.header("Content-Disposition").and_then(names::of_disposition)
            && self.place.name() != Some(&name)
        {
            self.place = self.place.renamed(&names.unique(&name));
        }
        match sink.complete(&self.place, time.filter(|_| args.output.remote_time)) {
            Ok(()) => Verdict::Ended(self.outcome(response.status(), bytes)),
            Err(error) => {
                let file = self.place.shown().unwrap_or_default();
                self.failed(response, bytes, Code::WriteError, format!("{file}: {error}"))
            }
        }
    }

    /// How long to wait for the next try.
    fn delay(&self, response: &Response, args: &Fetch) -> Duration {
        let tries = self.tries.saturating_sub(1).min(16);
        let doubled = args.pace.retry_delay.saturating_mul(1 << tries);
        doubled.max(Duration::from_secs(response.infos().retry_after)).min(MAX_DELAY)
    }

    /// The outcome of a try that could not even begin.
    pub fn refused(&self, error: &io::Error) -> Outcome {
        let error = Failure { code: Some(Code::ReadError), message: error.to_string() };
        Outcome { error: Some(error), ..self.outcome(0, 0) }
    }

    /// Bytes that have come are kept for the next try when the server has named their version.
    fn keep(&mut self, response: &Response, length: u64) {
        let version = response.header("ETag").and_then(|tag| std::str::from_utf8(tag).ok());
        let strong = version.filter(|tag| tag.starts_with('"')).map(str::to_owned);
        if length > self.from && matches!(self.place, Place::File { .. }) {
            self.from = if strong.is_some() { length } else { 0 };
            self.version = strong;
        }
    }

    fn start_again(&mut self, why: &str) -> Verdict {
        self.from = 0;
        self.version = None;
        self.tries -= 1;
        Verdict::Again(Duration::ZERO, format!("{why}, so from the start"))
    }

    fn failed(&self, response: &Response, bytes: u64, code: Code, message: String) -> Verdict {
        let error = Some(Failure { code: Some(code), message });
        Verdict::Ended(Outcome { error, ..self.outcome(response.status(), bytes) })
    }

    fn outcome(&self, status: u32, bytes: u64) -> Outcome {
        Outcome {
            url: self.url.clone(),
            file: self.place.shown(),
            status,
            bytes,
            time: self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
            tries: self.tries,
            error: None,
            skipped: false,
        }
    }
}

impl Progress {
    /// Bytes that have come, and that there will be; 0: not known.
    pub fn figures(&self) -> (u64, u64) {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        (load(&self.shared.come), load(&self.shared.total))
    }

    /// Was it paused for want of bandwidth? It is to go on, then.
    pub fn takes_its_turn(&self) -> bool {
        self.shared.waits.swap(false, Ordering::Relaxed)
    }
}

impl Shared {
    fn head(&self) -> MutexGuard<'_, Vec<u8>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is a "416 Range Not Satisfiable" due to there being nothing more to fetch?
fn whole(response: &Response, have: u64) -> bool {
    let range = response.header("Content-Range").and_then(|range| std::str::from_utf8(range).ok());
    range.and_then(|range| range.strip_prefix("bytes */")?.trim().parse().ok()) == Some(have)
}

/// Could another try do better?
fn may_pass(code: Code, status: u32) -> bool {
    match code {
        Code::HttpReturnedError => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        Code::CouldntResolveHost
        | Code::CouldntResolveProxy
        | Code::CouldntConnect
        | Code::OperationTimedout
        | Code::PartialFile
        | Code::GotNothing
        | Code::SendError
        | Code::RecvError
        | Code::Http2
        | Code::Http2Stream => true,
        _ => false,
    }
}

/// A POST that the server may have acted upon is not made twice.
fn may_be_repeated(args: &Fetch, code: Code, status: u32) -> bool {
    let request = &args.request;
    let method = request.method.as_deref();
    let posts = method.map_or(!request.data.is_empty() || !request.fields.is_empty(), |method| {
        !["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(&method)
    });
    let not_begun =
        matches!(code, Code::CouldntConnect | Code::CouldntResolveHost | Code::CouldntResolveProxy);
    !posts || not_begun || matches!(status, 429 | 503)
}

fn words(error: &tress::Error) -> String {
    match error.message() {
        "" => format!("{:?}", error.code()),
        message => message.to_owned(),
    }
}
