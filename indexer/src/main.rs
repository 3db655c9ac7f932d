//! `atbilde-indexer`: builds, checks and searches a knowledge base from the command line.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Also --help and --version, which are no errors and exit with 0.
        Err(message) => {
            let _ = message.print();
            return u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    cli::telemetry();
    match cli::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            cli::report(&error);
            cli::Exit::of(&error).into()
        }
    }
}
