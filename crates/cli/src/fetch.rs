//! `tress URL...`: all transfers on this one thread.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use tress::{Done, Handle, Multi};

use crate::args::Fetch;
use crate::bandwidth::Bandwidth;
use crate::hosts::Hosts;
use crate::interrupt::Interrupt;
use crate::job::{Job, Outcome, Progress, Verdict};
use crate::list::{List, READ_AHEAD, Wanted};
use crate::names::{self, Names};
use crate::report::Report;
use crate::request::Sending;
use crate::sink::Place;

/// How often the bars are drawn.
const TICK: Duration = Duration::from_millis(100);

/// Fetches what the options say. An error is one that kept everything from beginning.
pub fn fetch(args: &Fetch) -> Result<ExitCode, String> {
    let sending = Sending::new(&args.request)?;
    let list = List::new(args)?;
    let mut places = Places::new(args, &list)?;
    let waiting: VecDeque<_> = list.wanted.into_iter().map(|wanted| places.job(wanted)).collect();
    let report = Report::new(&args.reporting, waiting.len());
    let interrupt = Interrupt::new().map_err(|error| error.to_string())?;
    let mut run = Run {
        args,
        sending,
        multi: Multi::new(),
        waiting,
        hosts: Hosts::new(args.pace.per_host),
        list: list.later,
        places,
        later: Vec::new(),
        next_start: Instant::now(),
        bandwidth: Bandwidth::new(args.pace.total_rate),
        active: HashMap::new(),
        report,
        interrupt,
    };
    run.multi.max_host_connections(args.pace.per_host).max_idle_connections(args.pace.jobs);
    run.all()?;
    let interrupted = run.interrupt.status();
    if run.report.is_empty() && interrupted.is_none() {
        return Err("no URL given; tress --help shows how".to_owned());
    }
    let saved = run.sending.save(&args.request);
    let failed = run.report.end(interrupted.is_some());
    saved?;
    if let Some(status) = interrupted {
        return Ok(ExitCode::from(status));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Run<'a> {
    args: &'a Fetch,
    sending: Sending,
    multi: Multi,
    waiting: VecDeque<Job>,
    hosts: Hosts,
    /// What else comes from another program.
    list: Option<Receiver<Result<Wanted, String>>>,
    places: Places<'a>,
    /// To be tried again at that time.
    later: Vec<(Instant, Job)>,
    /// `--rate` lets nothing begin before.
    next_start: Instant,
    bandwidth: Bandwidth,
    active: HashMap<Handle, (Job, Progress)>,
    report: Report,
    interrupt: Interrupt,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), String> {
        loop {
            self.start_what_may();
            let nothing_waits = self.waiting.is_empty() && self.later.is_empty();
            if self.active.is_empty() && nothing_waits && self.list.is_none() {
                return Ok(());
            }
            let now = Instant::now();
            let next = self.later.iter().map(|(at, _)| *at);
            let next = next.chain(Some(self.next_start).filter(|at| *at > now)).min();
            let wait = next.map_or(TICK, |at| at.saturating_duration_since(now));
            self.multi.turn(wait.min(TICK)).map_err(|error| error.to_string())?;
            self.share_bandwidth();
            while let Some(done) = self.multi.next_done() {
                self.ended(&done);
            }
            let failed = self.args.pace.fail_fast && self.report.has_failures();
            if failed || self.interrupt.status().is_some() {
                self.give_up();
            }
            self.report.tick(self.active.values().map(|(job, progress)| (&*job.url, progress)));
        }
    }

    /// Lets those go on that waited for bandwidth: first whoever has got least.
    fn share_bandwidth(&mut self) {
        if self.args.pace.total_rate == 0 || !self.bandwidth.take(0) {
            return;
        }
        let waits = self.active.iter().filter(|(_, (_, progress))| progress.takes_its_turn());
        let mut waits: Vec<_> =
            waits.map(|(handle, (_, progress))| (progress.figures().0, *handle)).collect();
        waits.sort_by_key(|(come, _)| *come);
        for (_, handle) in waits {
            // It may have ended meanwhile.
            let _ = self.multi.unpause(handle);
        }
    }

    fn start_what_may(&mut self) {
        let now = Instant::now();
        for (_, job) in self.later.extract_if(.., |(at, _)| *at <= now) {
            self.waiting.push_front(job);
        }
        while self.active.len() < self.args.pace.jobs as usize && self.next_start <= now {
            self.read_on();
            let Some(job) = self.hosts.next(&mut self.waiting) else { return };
            self.start(job);
        }
    }

    /// Takes what has come of the list, as far as it is of use soon.
    fn read_on(&mut self) {
        while self.waiting.len() < READ_AHEAD
            && let Some(list) = &self.list
        {
            match list.try_recv() {
                Ok(Ok(wanted)) => {
                    self.report.more(1);
                    self.waiting.push_back(self.places.job(wanted));
                }
                Ok(Err(error)) => {
                    // Whatever else it says: a list that is not understood is not gone on with.
                    self.list = None;
                    self.report.ended(Outcome::of_list(error));
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.list = None,
            }
        }
    }

    /// What runs is cancelled, what waits is left out.
    fn give_up(&mut self) {
        for (handle, (job, _)) in self.active.drain() {
            self.multi.remove(handle);
            self.later.push((Instant::now(), job));
        }
        self.report.left_out(self.later.len() + self.waiting.len());
        self.later.clear();
        self.waiting.clear();
        self.list = None;
    }

    fn start(&mut self, mut job: Job) {
        if job.begun.is_none()
            && let Some(outcome) = job.prepare(self.args)
        {
            return self.report.ended(outcome);
        }
        match job.start(&self.sending, self.args, &self.bandwidth) {
            Ok((easy, progress)) => {
                if !self.args.pace.rate.is_zero() {
                    self.next_start = Instant::now() + self.args.pace.rate;
                }
                self.hosts.begun(&job.url);
                let handle = self.multi.add(easy);
                self.active.insert(handle, (job, progress));
            }
            Err(error) => self.report.ended(job.refused(&error)),
        }
    }

    fn ended(&mut self, done: &Done) {
        let Some((mut job, progress)) = self.active.remove(&done.handle()) else { return };
        self.hosts.ended(&job.url, done.partial().http_version());
        match job.judge(done, &progress, self.args, &mut self.places.names) {
            Verdict::Ended(outcome) => self.report.ended(outcome),
            Verdict::Again(after, why) => {
                self.report.again(&job.url, after, &why);
                self.later.push((Instant::now() + after, job));
            }
        }
    }
}

/// Where bodies go to.
struct Places<'a> {
    args: &'a Fetch,
    directory: PathBuf,
    names: Names,
}

impl<'a> Places<'a> {
    fn new(args: &'a Fetch, list: &List) -> Result<Self, String> {
        let output = &args.output;
        if output.output.is_some() && (list.later.is_some() || list.wanted.len() > 1) {
            return Err("--output is for one URL; --directory is for more".to_owned());
        }
        let directory = output.directory.clone().unwrap_or_default();
        if output.directory.is_some() {
            fs::create_dir_all(&directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        Ok(Self { args, directory, names: Names::default() })
    }

    fn job(&mut self, wanted: Wanted) -> Job {
        let place = self.place(&wanted);
        Job::new(wanted, place)
    }

    fn place(&mut self, wanted: &Wanted) -> Place {
        let output = &self.args.output;
        match &output.output {
            _ if output.discard => Place::Nowhere,
            Some(file) if file.as_os_str() == "-" => Place::Stdout,
            Some(file) => Place::of(file.clone(), output.force),
            None if self.args.request.head && output.directory.is_none() => Place::Stdout,
            None => {
                let name = wanted.name.as_deref().map(names::safe);
                let name = name.unwrap_or_else(|| names::of_url(&wanted.url));
                Place::of(self.directory.join(self.names.unique(&name)), output.force)
            }
        }
    }
}
