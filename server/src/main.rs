//! `atbilde`: the server and its commands. What they do stands in `server::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run(std::env::args_os())
}
