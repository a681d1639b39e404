//! The `hikwatch` program: hands its arguments to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hikwatch::cli::start(std::env::args_os())
}
