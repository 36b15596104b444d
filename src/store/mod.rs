//! The place of the database: opened, asked whether it answers, migrated and closed.

use crate::config::Database;
use crate::ctx::Clock;
use crate::domain::error::Result;

#[derive(Debug, Clone)]
pub struct Store {
    clock: Clock,
}

impl Store {
    pub async fn connect(_config: &Database, clock: Clock) -> Result<Self> {
        Ok(Self { clock })
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub async fn ping(&self) -> Result<()> {
        Ok(())
    }

    pub async fn migrate(&self) -> Result<()> {
        Ok(())
    }

    pub async fn close(&self) {}
}
