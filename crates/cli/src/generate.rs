//! The manual page and shells' completions, made of the command line's declaration.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::{CommandLine, Generated};

/// Writes it to the standard output.
pub fn write(what: Generated) -> Result<ExitCode, String> {
    let (mut command, mut text) = (CommandLine::command(), Vec::new());
    let shell = match what {
        Generated::Man => None,
        Generated::Bash => Some(Shell::Bash),
        Generated::Zsh => Some(Shell::Zsh),
        Generated::Fish => Some(Shell::Fish),
    };
    let rendered = match shell {
        Some(shell) => {
            clap_complete::generate(shell, &mut command, "tress", &mut text);
            Ok(())
        }
        None => clap_mangen::Man::new(command).render(&mut text),
    };
    rendered
        .and_then(|()| io::stdout().write_all(&text))
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| error.to_string())
}
