//! One process at a time writes to a SQLite file, by whatever name it opens it, and only as long as
//! the file is where it was.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{cannot_open, misplaced};
use crate::domain::error::{Error, Reason, Result};

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct FileLock {
    #[expect(dead_code, reason = "held, never read")]
    locked: Vec<File>,
    database: PathBuf,
    log: PathBuf,
    /// `None` where the system has no word for it.
    identity: Option<Identity>,
    log_was_there: AtomicBool,
}

/// The device and the number of a file on it.
type Identity = (u64, u64);

impl FileLock {
    /// Locks a file, which is made where there is none.
    ///
    /// The lock beside the file is that of versions before this one, and of systems where a lock of the whole
    /// file stands in the way of those that SQLite takes of its parts. On Linux the two kinds do not know of
    /// each other, so the file itself is locked too: another name, another link or a lock file that somebody
    /// removed lead to the same file.
    ///
    /// # Errors
    /// CONCURRENT_CHANGE if another process has it, DATABASE_UNAVAILABLE if we may not write to it.
    pub fn take(database: &Path) -> Result<Self> {
        let beside = named(database, ".lock");
        let mut made = options();
        made.truncate(true);
        let made = made.open(&beside).map_err(|e| cannot_open(&beside, &e))?;
        let mut locked = vec![locked(made, database)?];
        // An empty file is an empty database to SQLite.
        let file = options().read(true).open(database).map_err(|e| cannot_open(database, &e))?;
        let metadata = file.metadata().map_err(|e| cannot_open(database, &e))?;
        warn_of_readers(database, &metadata);
        if cfg!(target_os = "linux") {
            locked.push(self::locked(file, database)?);
        }
        Ok(Self {
            locked,
            database: database.to_owned(),
            log: named(database, "-wal"),
            identity: identity(&metadata),
            log_was_there: AtomicBool::new(false),
        })
    }

    /// That the name still leads to the file that is locked: who deleted or exchanged it takes with it
    /// what is written from then on.
    ///
    /// # Errors
    /// DATABASE_UNAVAILABLE.
    pub fn check(&self) -> Result<()> {
        match std::fs::metadata(&self.database) {
            Ok(found) if self.identity == identity(&found) => Ok(()),
            Ok(_) => Err(misplaced(&self.database, &"is another file than was opened")),
            Err(error) => Err(misplaced(&self.database, &error)),
        }
    }

    /// As [`FileLock::check`], of the log as well: within a transaction, where SQLite has one.
    ///
    /// # Errors
    /// DATABASE_UNAVAILABLE.
    pub fn check_with_log(&self) -> Result<()> {
        self.check()?;
        let is_there = self.log.exists();
        if self.log_was_there.fetch_or(is_there, Ordering::AcqRel) && !is_there {
            return Err(misplaced(&self.log, &"is gone"));
        }
        Ok(())
    }
}

fn named(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A file that is made is nobody else's to read: SQLite gives its log the same mode.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<Identity> {
    None
}

/// A file that was made before, or by another program, keeps its mode.
#[cfg(unix)]
fn warn_of_readers(database: &Path, metadata: &Metadata) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let file = database.display();
        tracing::warn!("others may read {file} (mode {mode:o}): chmod 600 keeps them off");
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &Metadata) {}

fn locked(file: File, database: &Path) -> Result<File> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(e)) => Err(cannot_open(database, &e)),
        Err(TryLockError::WouldBlock) => {
            // Closing any descriptor of a file takes from this process what SQLite locked of it; it ends
            // soon, or has the file open otherwise.
            std::mem::forget(file);
            Err(Error::precondition(
                Reason::ConcurrentChange,
                database.display().to_string(),
                "another process writes to this file; send the data to that server instead \
                 (--server), or stop it first",
            ))
        }
    }
}
