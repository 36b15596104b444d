//! `ballast descriptors`.

use std::path::PathBuf;

use crate::api::descriptors;
use crate::cli::say::say;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write: a `google.protobuf.FileDescriptorSet`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), String> {
    let Args { out } = args;
    let whole = descriptors::whole().map_err(|e| e.to_string())?;
    std::fs::write(out, &whole).map_err(|e| format!("{} cannot be written: {e}", out.display()))?;
    say!("{} bytes written to {}", whole.len(), out.display());
    Ok(())
}
