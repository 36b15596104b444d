//! What commands print. Who read it may be gone (`| head`): the command goes on, and its exit
//! status says what came of it.

use std::fmt;
use std::io::Write as _;

/// Prints a line.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say::line(format_args!($($text)*)) };
}
pub(in crate::cli) use say;

pub(super) fn line(text: fmt::Arguments) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("ballast: cannot print: {error}");
    }
}
