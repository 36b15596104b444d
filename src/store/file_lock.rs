//! One process at a time writes to a SQLite file, by whatever name it opens it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::error::cannot_open;
use crate::domain::error::{Error, Reason, Result};

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct FileLock {
    #[expect(dead_code, reason = "held, never read")]
    locked: Vec<File>,
}

impl FileLock {
    /// Locks a file, which is made where there is none.
    ///
    /// The lock beside the file is that of versions before this one, and of systems where a lock of the whole
    /// file stands in the way of those that SQLite takes of its parts. On Linux the two kinds do not know of
    /// each other, so the file itself is locked too: another name, another link or a lock file that somebody
    /// removed lead to the same file.
    ///
    /// # Errors
    /// CONCURRENT_CHANGE if another process has it.
    pub fn take(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let beside = PathBuf::from(name);
        let made = File::create(&beside).map_err(|e| cannot_open(&beside, &e))?;
        let mut locked = vec![locked(made, database)?];
        if cfg!(target_os = "linux") {
            locked.push(self::locked(opened(database)?, database)?);
        }
        Ok(Self { locked })
    }
}

/// An empty file is an empty database to SQLite.
fn opened(database: &Path) -> Result<File> {
    let made = File::options().read(true).write(true).create(true).truncate(false).open(database);
    made.or_else(|_| File::open(database)).map_err(|e| cannot_open(database, &e))
}

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
