//! `atbilde`: the server and its commands. What they do stands in `server::cli`.

mod allocator;

use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::give_back_early();
    server::cli::run(std::env::args_os())
}
