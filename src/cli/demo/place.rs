//! Where the demo keeps its database.

use std::path::PathBuf;

use crate::config::DatabaseUrl;

const FILE: &str = "ballast.db";

/// A directory, removed at the end if nobody named it.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    is_temporary: bool,
}

impl Place {
    /// # Errors
    /// In words for people: if the directory cannot be made, or holds a database already.
    pub fn new(directory: Option<PathBuf>) -> Result<Self, String> {
        let is_temporary = directory.is_none();
        let directory = directory.unwrap_or_else(|| {
            let name = format!("ballast-demo-{}", uuid::Uuid::now_v7().simple());
            std::env::temp_dir().join(name)
        });
        let shown = directory.display();
        if directory.join(FILE).exists() {
            return Err(format!(
                "{shown} holds a database already: name another --data-dir, or serve it with \
                 `ballast serve --insecure --database-url sqlite://{shown}/{FILE}`"
            ));
        }
        std::fs::create_dir_all(&directory).map_err(|e| format!("cannot make {shown}: {e}"))?;
        Ok(Self { directory, is_temporary })
    }

    pub fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::new(format!("sqlite://{}", self.directory.join(FILE).display()))
    }

    /// For people: where it is, and for how long.
    pub fn described(&self) -> String {
        let until = if self.is_temporary { " (removed at the end)" } else { "" };
        format!("{}{until}", self.directory.display())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_temporary {
            return;
        }
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            tracing::warn!(%error, directory = %self.directory.display(), "not removed");
        }
    }
}
