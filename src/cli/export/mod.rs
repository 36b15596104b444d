//! `ballast export`: lists of accounts, of people and of what was between them, in the columns that
//! `ballast import` reads. Each row is read back as an import would read it, before it is written; what no
//! column can say is told.

mod book;
mod caller;
mod history;
mod people;
mod seats;
mod sheet;
mod sorted;
mod told;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::book::Book;
use self::caller::Caller;
use self::sheet::Sheet;
use super::import::Kind;
use super::options::Options;
use super::server::ServerArgs;

/// The file does not say all that is there.
const EXIT_NOT_ALL: u8 = 2;
/// The name of the standard output.
const STDOUT: &str = "-";

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Each of the others, into files of a folder.
    All,
    /// Profiles of accounts.
    Accounts,
    /// Our people.
    Members,
    /// Who looks after which account.
    Teams,
    /// Seats at customers.
    Positions,
    /// People at customers, with where they sit.
    Contacts,
    /// Who has to do with whom.
    Ties,
    /// Visits, calls, messages that were held.
    Interactions,
    /// What was promised.
    Commitments,
    /// What was given.
    Gifts,
}

/// In the order in which an import of them waits for the least.
const KINDS: [(Kind, &str); 9] = [
    (Kind::Accounts, "accounts"),
    (Kind::Members, "members"),
    (Kind::Teams, "teams"),
    (Kind::Positions, "positions"),
    (Kind::Contacts, "contacts"),
    (Kind::Ties, "ties"),
    (Kind::Interactions, "interactions"),
    (Kind::Commitments, "commitments"),
    (Kind::Gifts, "gifts"),
];

impl What {
    /// `None` for all.
    fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::All => return None,
            Self::Accounts => Kind::Accounts,
            Self::Members => Kind::Members,
            Self::Teams => Kind::Teams,
            Self::Positions => Kind::Positions,
            Self::Contacts => Kind::Contacts,
            Self::Ties => Kind::Ties,
            Self::Interactions => Kind::Interactions,
            Self::Commitments => Kind::Commitments,
            Self::Gifts => Kind::Gifts,
        })
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to write.
    #[arg(long, value_enum, value_name = "KIND")]
    kind: What,
    /// The file to write, in UTF-8 with commas; - is the standard output. Of all kinds the folder of
    /// the files, `accounts.csv` and so on.
    #[arg(value_name = "FILE", default_value = STDOUT)]
    to: PathBuf,
    /// Write over files that are there.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, String> {
    let Args { kind, to, overwrite, server, options } = args;
    let files = files(kind, &to)?;
    for (_, path) in files.iter().filter(|(_, path)| !is_stdout(path)) {
        if !overwrite && path.exists() {
            return Err(format!("{} is there: --overwrite writes over it", path.display()));
        }
    }
    let mut book = Book::new(Caller::open(&server, options).await?);
    let mut is_all = true;
    let mut done = Ok(());
    for (kind, path) in files {
        match write(&mut book, kind, &path, overwrite).await {
            Ok(says_all) => is_all &= says_all,
            Err(why) => {
                done = Err(format!("{}: {why}", path.display()));
                break;
            }
        }
    }
    book.caller.close().await;
    done?;
    Ok(if is_all { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_ALL) })
}

/// Which kinds go into which files. A folder that is not there is made, for its owner alone.
fn files(what: What, to: &Path) -> Result<Vec<(Kind, PathBuf)>, String> {
    if let Some(kind) = what.kind() {
        return Ok(vec![(kind, to.to_owned())]);
    }
    if is_stdout(to) {
        return Err("--kind all writes a file of each kind: name a folder for them".into());
    }
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(to).map_err(|e| format!("cannot make {}: {e}", to.display()))?;
    Ok(KINDS.iter().map(|(kind, name)| (*kind, to.join(format!("{name}.csv")))).collect())
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == STDOUT
}

async fn sheet(book: &mut Book, kind: Kind) -> Result<Sheet, String> {
    match kind {
        Kind::Accounts => people::accounts(book).await,
        Kind::Members => people::members(book).await,
        Kind::Teams => people::teams(book).await,
        Kind::Contacts => seats::contacts(book).await,
        Kind::Positions => seats::positions(book).await,
        Kind::Ties => seats::ties(book).await,
        Kind::Interactions => history::interactions(book).await,
        Kind::Commitments => history::commitments(book).await,
        Kind::Gifts => history::gifts(book).await,
        Kind::Documents => Err("documents are exported by ExportOpenItems".into()),
    }
}

/// Writes a file, and tells what it does not say; answers whether it says all. It is there whole, or
/// not at all.
async fn write(book: &mut Book, kind: Kind, to: &Path, overwrite: bool) -> Result<bool, String> {
    let sheet = sheet(book, kind).await?;
    let (rows, told) = match is_stdout(to) {
        true => sheet.write(&mut io::BufWriter::new(io::stdout().lock()))?,
        false => {
            let folder = to.parent().filter(|of| !of.as_os_str().is_empty());
            // It is for whoever exports: a file of this kind is readable by its owner alone.
            let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
            let mut file = file.map_err(|e| format!("cannot write: {e}"))?;
            let mut buffered = io::BufWriter::new(file.as_file_mut());
            let written = sheet.write(&mut buffered)?;
            buffered.flush().map_err(|e| format!("cannot write: {e}"))?;
            drop(buffered);
            let kept = match overwrite {
                true => file.persist(to),
                false => file.persist_noclobber(to),
            };
            kept.map_err(|e| format!("cannot write: {}", e.error))?;
            written
        }
    };
    eprintln!("{}: {rows} rows", to.display());
    for line in told.lines() {
        eprintln!("  not in the file: {line}");
    }
    Ok(told.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn all_kinds_are_those_that_there_are() {
        let single: Vec<Kind> = What::value_variants().iter().filter_map(|of| of.kind()).collect();
        assert_eq!(single, KINDS.map(|(kind, _)| kind));
        let imported = Kind::value_variants().iter().filter(|kind| **kind != Kind::Documents);
        assert_eq!(imported.count(), KINDS.len());
    }
}
