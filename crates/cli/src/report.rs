//! What is told meanwhile and at the end: bars on a terminal, lines otherwise, JSON when asked.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::args::{Json, Reporting, When};
use crate::job::{Outcome, Progress};

/// Transfers that have a bar of their own at a time.
const BARS: usize = 8;

/// Characters of a URL that a bar shows.
const SHOWN_URL: usize = 40;

/// Tells the user how it goes; all of it on the standard error, but for the JSON.
pub struct Report {
    quiet: bool,
    json: Option<Json>,
    bars: Option<Bars>,
    outcomes: Vec<Value>,
    begun: Instant,
    count: usize,
    failed: usize,
    skipped: usize,
    left_out: usize,
    bytes: u64,
}

struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
    each: Vec<ProgressBar>,
}

impl Report {
    /// For so many URLs.
    pub fn new(args: &Reporting, urls: usize) -> Self {
        let bars = match args.progress {
            When::Always => true,
            When::Auto => !args.quiet && stderr().is_terminal(),
            When::Never => false,
        };
        Self {
            quiet: args.quiet,
            json: args.json,
            bars: bars.then(|| Bars::new(urls as u64)),
            outcomes: Vec::new(),
            begun: Instant::now(),
            count: 0,
            failed: 0,
            skipped: 0,
            left_out: 0,
            bytes: 0,
        }
    }

    /// Draws the transfers that are under way.
    pub fn tick<'a>(&mut self, active: impl Iterator<Item = (&'a str, &'a Progress)>) {
        if let Some(bars) = &mut self.bars {
            bars.draw(active, self.bytes);
        }
    }

    /// A URL is done with.
    pub fn ended(&mut self, outcome: Outcome) {
        self.count += 1;
        self.bytes += outcome.bytes;
        self.skipped += usize::from(outcome.skipped);
        self.failed += usize::from(outcome.error.is_some());
        if !self.quiet || outcome.error.is_some() {
            self.line(&line(&outcome));
        }
        if let Some(bars) = &self.bars {
            bars.overall.inc(1);
        }
        match self.json {
            Some(Json::Summary) => self.outcomes.push(value(&outcome)),
            Some(Json::Lines) => print(&value(&outcome).to_string()),
            None => {}
        }
    }

    /// So many URLs more have come.
    pub fn more(&self, count: u64) {
        if let Some(bars) = &self.bars {
            bars.overall.inc_length(count);
        }
    }

    /// Was there no URL at all?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Has any URL failed?
    pub fn has_failures(&self) -> bool {
        self.failed > 0
    }

    /// So many URLs are not fetched, since another one failed or the user wants no more.
    pub fn left_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// A URL is to be tried again.
    pub fn again(&self, url: &str, after: Duration, why: &str) {
        if !self.quiet {
            self.line(&format!("again in {:.1} s  {url}: {why}", after.as_secs_f64()));
        }
    }

    /// All is done, or the user wants no more; gives the number of failures.
    pub fn end(self, interrupted: bool) -> usize {
        let took = self.begun.elapsed().as_secs_f64();
        let fetched = self.count - self.failed - self.skipped;
        if let Some(bars) = &self.bars {
            bars.clear();
        }
        if !self.quiet && (self.count > 1 || self.failed > 0 || interrupted) {
            let interrupted = if interrupted { "interrupted; " } else { "" };
            let skipped = match self.skipped {
                0 => String::new(),
                skipped => format!(", {skipped} there already"),
            };
            let left_out = match self.left_out {
                0 => String::new(),
                count => format!(", {count} left out"),
            };
            let (failed, bytes) = (self.failed, BinaryBytes(self.bytes));
            eprintln!(
                "{interrupted}{fetched} fetched, {failed} failed{skipped}{left_out}; {bytes} in {took:.1} s"
            );
        }
        if self.json == Some(Json::Summary) {
            let summary = json!({
                "fetched": fetched,
                "failed": self.failed,
                "skipped": self.skipped,
                "left_out": self.left_out,
                "interrupted": interrupted,
                "bytes": self.bytes,
                "seconds": took,
                "transfers": self.outcomes,
            });
            print(&format!("{summary:#}"));
        }
        self.failed
    }

    fn line(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.all.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

impl Bars {
    fn new(urls: u64) -> Self {
        let all = MultiProgress::new();
        let overall = all.add(ProgressBar::new(urls));
        overall.set_style(style("{bar:30} {pos}/{len}  {msg}  {elapsed}"));
        Self { all, overall, each: Vec::new() }
    }

    fn draw<'a>(&mut self, active: impl Iterator<Item = (&'a str, &'a Progress)>, bytes: u64) {
        let (mut shown, mut under_way) = (0, 0);
        for (url, progress) in active {
            let (come, total) = progress.figures();
            under_way += come;
            if shown < BARS {
                let bar = self.bar(shown);
                bar.set_length(total.max(come));
                bar.set_position(come);
                bar.set_message(shortened(url));
                shown += 1;
            }
        }
        for bar in self.each.drain(shown..) {
            bar.finish_and_clear();
        }
        let bytes = bytes + under_way;
        let rate = bytes as f64 / self.overall.elapsed().as_secs_f64().max(0.001);
        let rate = BinaryBytes(rate as u64);
        self.overall.set_message(format!("{}  {rate}/s", BinaryBytes(bytes)));
    }

    fn bar(&mut self, number: usize) -> &ProgressBar {
        while self.each.len() <= number {
            let bar = self.all.insert_before(&self.overall, ProgressBar::new(0));
            bar.set_style(style("{bar:20} {binary_bytes}/{binary_total_bytes}  {msg}"));
            self.each.push(bar);
        }
        &self.each[number]
    }

    fn clear(&self) {
        self.each.iter().for_each(ProgressBar::finish_and_clear);
        self.overall.finish_and_clear();
    }
}

/// Whoever reads the standard output may have heard enough: that is no error.
fn print(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The end of a long URL tells more than its beginning.
fn shortened(url: &str) -> String {
    let count = url.chars().count();
    match count.checked_sub(SHOWN_URL) {
        None | Some(0) => url.to_owned(),
        Some(over) => format!("...{}", url.chars().skip(over + 3).collect::<String>()),
    }
}

fn line(outcome: &Outcome) -> String {
    let Outcome { url, file, status, bytes, time, .. } = outcome;
    let arrow = file.as_ref().map(|file| format!(" -> {file}")).unwrap_or_default();
    match &outcome.error {
        Some(failure) => format!("FAILED  {url}: {}", failure.message),
        None if outcome.skipped => format!("there already  {url}{arrow}"),
        None => {
            let bytes = BinaryBytes(*bytes).to_string();
            format!("{status}  {bytes:>10}  {:6.2} s  {url}{arrow}", time.as_secs_f64())
        }
    }
}

fn value(outcome: &Outcome) -> Value {
    let error = outcome.error.as_ref().map(|failure| {
        json!({
            "code": failure.code.map(|code| code as u32),
            "name": failure.code.map_or("Checksum".to_owned(), |code| format!("{code:?}")),
            "message": failure.message,
        })
    });
    json!({
        "url": outcome.url,
        "file": outcome.file,
        "status": outcome.status,
        "bytes": outcome.bytes,
        "seconds": outcome.time.as_secs_f64(),
        "tries": outcome.tries,
        "skipped": outcome.skipped,
        "error": error,
    })
}
