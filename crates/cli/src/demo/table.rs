//! The demo's figures, side by side.

use indicatif::BinaryBytes;
use serde_json::Value;

/// The figures of one library.
pub struct Column {
    /// What its client told.
    pub result: Value,
    /// System calls a request, where they could be counted.
    pub system_calls: Option<f64>,
}

impl Column {
    /// The figures as they are told to programs.
    pub fn into_json(self) -> Value {
        let mut result = self.result;
        result["system_calls_a_request"] = self.system_calls.into();
        result
    }
}

const NOTES: &str = "\
CPU and system calls are those of the client's process, its event loop included. System calls
are counted by strace over shorter runs of the same kind, which it slows down: answers are waited
for more often there. The loop's own calls are epoll_wait and epoll_ctl. Memory is what the
process grew by, divided by the transfers that hang: each is in the middle of a body, on a
connection of its own.";

type Figure = fn(&Column) -> Option<f64>;
type Shown = fn(f64) -> String;

/// What is shown, and how.
const ROWS: [(&str, Figure, Shown); 7] = [
    ("requests a second", |c| Some(of(c, "requests")? / of(c, "wall_s")?), |x| format!("{x:.0}")),
    ("CPU a request", |c| per_request(c, "cpu_s"), |x| format!("{:.1} us", x * 1e6)),
    ("socket callbacks a request", |c| per_request(c, "socket_callbacks"), short),
    ("timer callbacks a request", |c| per_request(c, "timer_callbacks"), short),
    ("loop's own calls a request", own_calls, short),
    ("system calls a request", |c| c.system_calls, short),
    ("memory a hanging transfer", |c| Some(of(c, "idle_bytes")? / of(c, "hanging")?), bytes),
];

/// The table, with what it says of columns that are missing.
pub fn table(columns: &[Column], missing: &str) -> String {
    let mut text = format!("{:28}", "");
    for column in columns {
        let name = column.result["library"].as_str().unwrap_or("?");
        text.push_str(&format!("{name:>18}"));
    }
    if columns.len() == 2 {
        text.push_str("   factor");
    }
    text.push('\n');
    for (name, figure, shown) in ROWS {
        text.push_str(&format!("{name:28}"));
        let figures: Vec<_> = columns.iter().map(figure).collect();
        for figure in &figures {
            let shown = figure.filter(|x| x.is_finite()).map_or("-".to_owned(), shown);
            text.push_str(&format!("{shown:>18}"));
        }
        if let [Some(ours), Some(theirs)] = figures[..]
            && ours.min(theirs) > 0.0
        {
            text.push_str(&format!("{:>9.2}", ours / theirs));
        }
        text.push('\n');
    }
    format!("{text}{missing}\n{NOTES}\n")
}

fn of(column: &Column, name: &str) -> Option<f64> {
    column.result[name].as_f64()
}

fn per_request(column: &Column, name: &str) -> Option<f64> {
    Some(of(column, name)? / of(column, "requests")?)
}

fn own_calls(column: &Column) -> Option<f64> {
    Some(per_request(column, "epoll_waits")? + per_request(column, "epoll_ctls")?)
}

fn short(figure: f64) -> String {
    format!("{figure:.2}")
}

fn bytes(figure: f64) -> String {
    BinaryBytes(figure as u64).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_that_is_missing_is_a_dash() {
        let result = json!({"library": "L 1", "requests": 100, "wall_s": 0.5, "hanging": 0,
            "idle_bytes": 0, "epoll_waits": 50, "epoll_ctls": 25});
        let table = table(&[Column { result, system_calls: None }], "");
        let row = |name: &str| {
            let line = table.lines().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..].trim().to_owned()
        };
        assert_eq!(row("requests a second"), "200");
        assert_eq!(row("loop's own calls a request"), "0.75");
        assert_eq!(row("system calls a request"), "-");
        assert_eq!(row("memory a hanging transfer"), "-");
        assert_eq!(row("CPU a request"), "-");
    }
}
