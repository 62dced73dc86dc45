//! `tress`: fetches many URLs at once, on one thread.
#![forbid(unsafe_code)]

mod args;
mod bandwidth;
mod checksum;
mod demo;
mod fetch;
mod generate;
mod hosts;
mod interrupt;
mod job;
mod list;
mod names;
mod report;
mod request;
mod sink;

use std::process::ExitCode;

use clap::Parser;

use args::{Command, CommandLine};

/// Nothing was begun.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let result = match &line.command {
        None => fetch::fetch(&line.fetch),
        Some(Command::Demo(args)) => demo::demo(args),
        Some(Command::Generate { what }) => generate::write(*what),
        Some(Command::DemoServer) => demo::server(),
        Some(Command::DemoClient(args)) => demo::client(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("tress: {error}");
        ExitCode::from(UNUSABLE)
    })
}
