//! `tress demo`: the engine at work, without a network.
//!
//! The server and each client are processes of their own, so that the figures are the clients'
//! alone. The client for the system's libcurl is a program beside this one, since opening a C
//! library takes `unsafe`.

mod client;
mod peer;
mod server;
mod strace;
mod table;

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use table::Column;

/// Descriptors that a process needs beside its connections.
const SPARE: u64 = 64;

/// Options of `tress demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Requests to make
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// Connections to make them on
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Further transfers that hang meanwhile, each on a connection of its own
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    idle: u32,
    /// The libcurl to compare with: a path, or a name for the system's loader
    #[arg(long, value_name = "LIBRARY", default_value = "libcurl.so.4")]
    libcurl: String,
    /// Leave out the comparison
    #[arg(long)]
    alone: bool,
    /// The figures in JSON, in place of the table
    #[arg(long)]
    json: bool,
}

/// Options of the client's process.
#[derive(Args, Debug)]
pub struct ClientArgs {
    base: String,
    requests: u32,
    connections: u32,
    idle: u32,
}

/// What the workload is.
#[derive(Clone, Copy)]
struct Workload {
    requests: u32,
    connections: u32,
    idle: u32,
}

/// Runs the demo.
pub fn demo(args: &DemoArgs) -> Result<ExitCode, String> {
    let mut load =
        Workload { requests: args.requests, connections: args.connections, idle: args.idle };
    load.idle = load.idle.min(room_for_connections().saturating_sub(load.connections));
    if load.idle < args.idle {
        eprintln!("only {} hang: so many descriptors the system allows", load.idle);
    }
    let server = Server::start().map_err(|error| format!("the demo's server: {error}"))?;
    let Workload { requests, connections, idle } = load;
    eprintln!("{requests} requests over {connections} connections, {idle} transfers hanging");

    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let ours = ["demo-client".to_owned()];
    let mut columns = vec![column("Tress", &program, &ours, &server.base, load)?];
    let mut missing = String::new();
    if !args.alone {
        let library = std::slice::from_ref(&args.libcurl);
        let theirs = peer::program(&program)
            .and_then(|peer| column("libcurl", &peer, library, &server.base, load));
        match theirs {
            Ok(column) => columns.push(column),
            Err(error) => missing = format!("\nNo libcurl beside it: {error}\n"),
        }
    }
    let failed = columns.iter().any(|column| column.result["errors"] != 0);
    if args.json {
        let all: Vec<Value> = columns.into_iter().map(Column::into_json).collect();
        println!("{:#}", Value::from(all));
    } else {
        println!("\n{}", table::table(&columns, &missing));
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The server's process.
pub fn server() -> Result<ExitCode, String> {
    room_for_connections();
    server::serve().map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// The client's process.
pub fn client(args: &ClientArgs) -> Result<ExitCode, String> {
    client::run(args).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// The server, which ends when this is dropped.
struct Server {
    base: String,
    child: Child,
    lifeline: Option<ChildStdin>,
}

impl Server {
    fn start() -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("demo-server").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        let mut port = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut port)?;
        }
        Ok(Self { base: format!("http://127.0.0.1:{}", port.trim()), child, lifeline })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.child.wait();
    }
}

/// Runs the workload with one library, and counts its system calls.
fn column(
    name: &str,
    program: &Path,
    args: &[String],
    base: &str,
    load: Workload,
) -> Result<Column, String> {
    let mut command = Command::new(program);
    command.args(args).args(load.args(base));
    let result = watch(name, command, load)?;
    let system_calls = strace::calls_a_request(program, args, base, load);
    Ok(Column { result, system_calls })
}

/// Runs a client, shows how far it is, and gives its figures.
fn watch(name: &str, mut command: Command, load: Workload) -> Result<Value, String> {
    let named = |error: io::Error| format!("{name}: {error}");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(named)?;
    let bar =
        ProgressBar::with_draw_target(Some(u64::from(load.requests)), ProgressDrawTarget::stderr());
    let template = "{prefix:8} {bar:40} {pos}/{len}  {per_sec}  {msg}";
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    let mut result = None;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(named)?;
            match line.strip_prefix("progress ").and_then(|rest| rest.split_once(' ')) {
                Some((hanging, done)) => {
                    bar.set_position(done.parse().unwrap_or(0));
                    bar.set_message(format!("{hanging} hanging"));
                }
                None => result = serde_json::from_str(&line).ok(),
            }
        }
    }
    bar.finish_and_clear();
    let status = child.wait().map_err(named)?;
    result.filter(|_| status.success()).ok_or(format!("the client for {name} ended by {status}"))
}

/// Raises the limit of descriptors as far as it goes; gives how many connections that allows.
fn room_for_connections() -> u32 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = setrlimit(Resource::Nofile, raised);
    let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    u32::try_from(now.saturating_sub(SPARE)).unwrap_or(u32::MAX)
}

impl Workload {
    fn args(self, base: &str) -> [String; 4] {
        let Self { requests, connections, idle } = self;
        [base.to_owned(), requests.to_string(), connections.to_string(), idle.to_string()]
    }
}
