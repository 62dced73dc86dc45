//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::checksum::Checksum;
use crate::demo::{ClientArgs, DemoArgs};

const EXAMPLES: &str = "\
Examples:
  tress https://example.com/a.iso               save as a.iso in this directory
  tress -o - https://example.com/ | less        write to the standard output
  tress -P mirror -i urls.txt                   every URL of a list, into mirror/
  grep -o 'https://[^ ]*' notes | tress -i -    a list from another program
  tress -c --retries 5 -i urls.txt              go on with what an earlier run began
  tress -j 100 --per-host 10 --discard -i urls.txt --json | jq .failed
  tress -H 'Authorization: Bearer x' -d '{\"a\":1}' -H 'Content-Type: application/json' URL
  tress -I https://example.com/                 the head of the response alone
  tress demo                                    see the engine at work, without a network

A list has one URL a line, after it a file name and a checksum (sha256:... or sha512:...) if you like;
lines that begin with # are left out. A file that is not complete is called NAME.part.

JSON tells of each URL: url, file, status, bytes, seconds, tries, skipped, and error, which is null or
has libcurl's code, its name and a message.

Exit status:
  0  every transfer succeeded
  1  some failed; the lines (and --json) tell which and why
  2  nothing was begun: a wrong option, a list that cannot be read, no place to write to
  130  interrupted by Ctrl-C (143: by SIGTERM): what was not complete is left as NAME.part, to be
     gone on with by -c; a second Ctrl-C ends it at once";

/// Fetches many URLs at once, on one thread.
#[derive(Debug, Parser)]
#[command(name = "tress", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub fetch: Fetch,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the engine at work: a server in here, many transfers, and the figures beside the
    /// system's libcurl
    Demo(DemoArgs),
    /// Write the manual page, or a shell's completions, for packages
    #[command(hide = true)]
    Generate {
        /// What to write to the standard output
        what: Generated,
    },
    /// The demo's server
    #[command(hide = true)]
    DemoServer,
    /// The demo's client
    #[command(hide = true)]
    DemoClient(ClientArgs),
}

/// What can be made of the command line's declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    Man,
    Bash,
    Zsh,
    Fish,
}

/// Options of `tress URL...`.
#[derive(Args, Debug)]
pub struct Fetch {
    /// What to fetch
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// Take further URLs from a file; "-" is the standard input, whose URLs are fetched as they come
    #[arg(short, long, value_name = "FILE")]
    pub input: Option<PathBuf>,

    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub way: Way,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub reporting: Reporting,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Where to")]
pub struct Output {
    /// Write the one URL's body to this file; "-" is the standard output
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["directory", "discard"])]
    pub output: Option<PathBuf>,
    /// Write files into this directory, which is made if need be; names come from the URLs
    #[arg(short = 'P', long, value_name = "DIR", conflicts_with = "discard")]
    pub directory: Option<PathBuf>,
    /// Throw the bodies away: to check or to measure
    #[arg(long)]
    pub discard: bool,
    /// Overwrite files that exist; without this they are errors
    #[arg(short, long)]
    pub force: bool,
    /// Go on with NAME.part, and leave out files that are there already
    #[arg(short = 'c', long = "continue", conflicts_with_all = ["force", "compressed"])]
    pub resume: bool,
    /// Fail unless the one URL's body has this sum, such as sha256:2cf2...; a list has its own
    #[arg(long, value_name = "SUM", value_parser = Checksum::parse)]
    pub checksum: Option<Checksum>,
    /// Name files as the server says (Content-Disposition), where it does
    #[arg(short = 'J', long, conflicts_with_all = ["output", "resume", "discard"])]
    pub server_names: bool,
    /// Give files the time that the server tells of them
    #[arg(short = 'R', long)]
    pub remote_time: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "The request")]
pub struct Request {
    /// The method, in place of GET (or of what the data implies)
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub method: Option<String>,
    /// A header to add; "Name:" leaves one out
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,
    /// POST this; "@FILE" takes it from a file ("@-": the standard input), several are joined by
    /// "&"
    #[arg(short, long, value_name = "DATA")]
    pub data: Vec<String>,
    /// POST a form with this field; "NAME=@FILE" sends a file
    #[arg(short = 'F', long = "form", value_name = "NAME=VALUE", value_parser = field, conflicts_with = "data")]
    pub fields: Vec<(String, String)>,
    /// PUT this file
    #[arg(short = 'T', long, value_name = "FILE", conflicts_with_all = ["data", "fields"])]
    pub upload: Option<PathBuf>,
    /// Ask for the head only, and write it to the standard output, or where the body would go
    #[arg(short = 'I', long, conflicts_with_all = ["data", "fields", "upload"])]
    pub head: bool,
    /// The User-Agent header
    #[arg(short = 'A', long, value_name = "TEXT", default_value = AGENT)]
    pub user_agent: String,
    /// User and password for the server
    #[arg(short, long, value_name = "USER:PASSWORD")]
    pub user: Option<String>,
    /// How to prove who the user is
    #[arg(long, value_name = "WAY", default_value = "basic")]
    pub auth: Authentication,
    /// Look users and passwords up in ~/.netrc
    #[arg(short, long)]
    pub netrc: bool,
    /// A cookie to send, as "NAME=VALUE"
    #[arg(short = 'b', long = "cookie", value_name = "NAME=VALUE")]
    pub cookies: Vec<String>,
    /// Begin with the cookies of this file, heed those that servers set, and write all of them back
    #[arg(long, value_name = "FILE")]
    pub cookie_file: Option<PathBuf>,
    /// Ask for compressed bodies, and unpack them
    #[arg(long)]
    pub compressed: bool,
    /// Follow at most so many redirects
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub redirects: u16,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "The way there")]
pub struct Way {
    /// The version of HTTP: 2 over TLS where the server can, else 1.1, unless this says otherwise
    #[arg(long = "http", value_name = "VERSION")]
    pub http_version: Option<Version>,
    /// Go through this proxy, whatever the environment says; "" is none
    #[arg(short = 'x', long, value_name = "URL")]
    pub proxy: Option<String>,
    /// User and password for the proxy
    #[arg(long, value_name = "USER:PASSWORD")]
    pub proxy_user: Option<String>,
    /// Connect to this address where a URL says this host and port
    #[arg(long, value_name = "HOST:PORT:ADDRESS", value_parser = resolution)]
    pub resolve: Vec<(String, u16, IpAddr)>,
    /// Connect to the host of each URL by IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Connect to the host of each URL by IPv6 only
    #[arg(short = '6', long)]
    pub ipv6: bool,
    /// Connect from this address, or by this network device
    #[arg(long, value_name = "NAME")]
    pub interface: Option<String>,
    /// Connect to this Unix domain socket
    #[arg(long, value_name = "PATH")]
    pub unix_socket: Option<PathBuf>,
    /// Trust the certificates of this file, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Our certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its key, in PEM, if the same file does not have it
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Take any certificate: for tests only
    #[arg(short = 'k', long)]
    pub insecure: bool,
}

/// How a user is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Authentication {
    Basic,
    Digest,
    Ntlm,
    Negotiate,
    /// The safest that the server takes.
    Any,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Version {
    #[value(name = "1.0")]
    V1_0,
    #[value(name = "1.1")]
    V1_1,
    #[value(name = "2")]
    V2,
    /// Without asking first, also in the clear.
    #[value(name = "2-at-once")]
    V2AtOnce,
}

const AGENT: &str = concat!("tress/", env!("CARGO_PKG_VERSION"));

#[derive(Args, Debug)]
#[command(next_help_heading = "Pace")]
pub struct Pace {
    /// Transfers at a time
    #[arg(short, long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: u32,
    /// Connections to one host at a time; 0: as many as there are transfers
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub per_host: u32,
    /// Begin at most so many transfers in that time, such as 10/s, 100/m or 1000/h
    #[arg(long, value_name = "N/TIME", default_value = "0/s", value_parser = interval, hide_default_value = true)]
    pub rate: Duration,
    /// Bytes a second that all transfers together receive
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size, hide_default_value = true)]
    pub total_rate: u64,
    /// Try again so often what may pass: time-outs, lost connections, 408, 429, 5xx
    #[arg(short, long, value_name = "N", default_value_t = 2)]
    pub retries: u32,
    /// Wait so long before the first retry, then twice as long each time; a server's Retry-After
    /// may make it longer
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub retry_delay: Duration,
    /// Stop at the first failure: what runs is cancelled, what waits is left out
    #[arg(long)]
    pub fail_fast: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits of each transfer")]
pub struct Limits {
    /// Time for all of it
    #[arg(short, long, value_name = "SECONDS", default_value = "0", value_parser = seconds, hide_default_value = true)]
    pub max_time: Duration,
    /// Time to connect
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub connect_timeout: Duration,
    /// Give up when not a byte has come for so long; 0: never
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub stall: Duration,
    /// The largest body, such as 500k, 20M or 1G
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size, hide_default_value = true)]
    pub max_size: u64,
    /// Bytes a second that it receives
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size, hide_default_value = true)]
    pub limit_rate: u64,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "What is told")]
pub struct Reporting {
    /// Nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Progress bars, on the standard error
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub progress: When,
    /// JSON on the standard output: a summary when all is done, or a line for each URL as it ends
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "summary")]
    pub json: Option<Json>,
    /// The heads of requests and responses, and remarks, on the standard error
    #[arg(short, long)]
    pub verbose: bool,
}

/// What JSON there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Json {
    Summary,
    Lines,
}

/// When there are bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    let bad = |c: char| c.is_ascii_control() || c == ' ';
    if name.is_empty() || name.contains(bad) || value.contains(['\r', '\n', '\0']) {
        return Err(format!("{name:?} is no header's name, or its value has a line end"));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a field is NAME=VALUE or NAME=@FILE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn resolution(text: &str) -> Result<(String, u16, IpAddr), String> {
    let mut parts = text.splitn(3, ':');
    let mut part = || parts.next().ok_or("it is HOST:PORT:ADDRESS");
    let (host, port, address) = (part()?, part()?, part()?);
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().map_err(|_| format!("{address:?} is no IP address"))?;
    Ok((host.to_owned(), port, address))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// The time between two of so many in a second, a minute or an hour; none: zero.
fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no rate, such as 10/s, 100/m or 1000/h");
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(seconds).checked_div(number).unwrap_or_default())
}

/// Bytes, with the letter k, M or G for powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no size"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("{text:?} is too large"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn sizes_have_letters() {
        assert_eq!(size("12"), Ok(12));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("3G"), Ok(3 << 30));
        assert!(size("k").is_err() && size("-1").is_err() && size("99999999999G").is_err());
    }

    #[test]
    fn rates_are_times_between_two() {
        assert_eq!(interval("10/s"), Ok(Duration::from_millis(100)));
        assert_eq!(interval("4"), Ok(Duration::from_millis(250)));
        assert_eq!(interval("30/m"), Ok(Duration::from_secs(2)));
        assert_eq!(interval("2/h"), Ok(Duration::from_secs(1800)));
        assert_eq!(interval("0/s"), Ok(Duration::ZERO));
        assert!(interval("x/s").is_err() && interval("1/d").is_err() && interval("-1/s").is_err());
    }

    #[test]
    fn headers_cannot_smuggle_lines() {
        assert_eq!(header("A: b"), Ok(("A".into(), "b".into())));
        assert_eq!(header("A:"), Ok(("A".into(), String::new())));
        assert!(header("A: b\r\nC: d").is_err() && header("no colon").is_err());
    }
}
