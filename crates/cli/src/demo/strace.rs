//! System calls, counted from outside: no program can count its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Workload;

/// Requests of the shorter run; the longer one has three times as many, so that the difference
/// leaves out what is done once.
const REQUESTS: u32 = 2_000;

/// System calls of the client a request; none where strace is missing or may not trace.
pub fn calls_a_request(program: &Path, args: &[String], base: &str, load: Workload) -> Option<f64> {
    let count = |requests| calls(program, args, &Workload { requests, idle: 0, ..load }.args(base));
    let short = REQUESTS.min(load.requests).max(load.connections);
    let (less, more) = (count(short)?, count(3 * short)?);
    Some(more.saturating_sub(less) as f64 / f64::from(2 * short))
}

fn calls(program: &Path, args: &[String], load: &[String]) -> Option<u64> {
    let table = std::env::temp_dir().join(format!("tress-demo-{}.strace", std::process::id()));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-c", "-o"]).arg(&table).arg(program).args(args).args(load);
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let good = strace.status().is_ok_and(|status| status.success());
    let text = fs::read_to_string(&table);
    let _ = fs::remove_file(&table);
    text.ok().filter(|_| good).map(|text| sum(&text))
}

/// Adds up the column of calls: `% time, seconds, usecs/call, calls, [errors,] syscall`.
fn sum(table: &str) -> u64 {
    let calls = |line: &str| {
        let mut words = line.split_whitespace();
        let calls = words.nth(3)?.parse::<u64>().ok()?;
        (words.last()? != "total").then_some(calls)
    };
    table.lines().filter_map(calls).sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_calls_are_added_up() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000100           1        70           recvfrom
 40.00    0.000050           1        30         2 sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.000150           1       100         2 total
";
        assert_eq!(super::sum(table), 100);
    }
}
