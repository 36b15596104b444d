//! Where a configuration comes from, kept to read it anew while the server runs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Config;
use super::load::{ConfigError, Loaded};

#[derive(Clone)]
pub struct Source {
    file: Option<PathBuf>,
    env: BTreeMap<String, String>,
    flags: Vec<(&'static str, String)>,
}

impl Source {
    /// `env` are the variables of the process, `flags` pairs of a setting's name and its text.
    pub fn new(
        file: Option<PathBuf>,
        env: BTreeMap<String, String>,
        flags: Vec<(&'static str, String)>,
    ) -> Self {
        Self { file, env, flags }
    }

    /// The only part of it that may change.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// # Errors
    /// As of [`Config::load`].
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let mut loaded = Config::load(self.file(), &self.env, &self.flags)?;
        loaded.config.source = Some(self.clone());
        Ok(loaded)
    }
}

/// Variables and flags may hold secrets.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("file", &self.file).finish_non_exhaustive()
    }
}
