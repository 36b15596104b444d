//! Asks the database for a sign of life, on a connection of its own: that every connection of the
//! pool is busy does not mean that the database is away.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Mutex;

use super::error::{silent, unavailable};
use crate::domain::error::Result;
use crate::presence::Presence;

/// How long a connection from before may still take once another one was answered.
const LAST_WORD: Duration = Duration::from_millis(250);

/// A connection to PostgreSQL that only asks.
pub(super) struct Probe {
    options: PgConnectOptions,
    timeout: Duration,
    presence: Presence,
    /// Kept until another one is answered in its place.
    connection: Mutex<Option<PgConnection>>,
}

impl Probe {
    pub fn new(options: PgConnectOptions, timeout: Duration, presence: Presence) -> Self {
        Self { options, timeout, presence, connection: Mutex::default() }
    }

    /// # Errors
    /// `DATABASE_UNAVAILABLE`.
    pub async fn look(&self) -> Result<()> {
        match tokio::time::timeout(self.timeout, self.ask()).await {
            Ok(answer) => answer.map_err(|error| unavailable(&error)),
            Err(_) => Err(silent(self.timeout)),
        }
    }

    async fn ask(&self) -> sqlx::Result<()> {
        let mut place = self.connection.lock().await;
        if let Some(kept) = place.as_mut()
            && let Ok(Ok(())) = tokio::time::timeout(self.timeout / 2, kept.ping()).await
        {
            return Ok(());
        }
        // It was cut off, perhaps long ago, or the database is slow.
        let mut fresh = self.options.connect().await?;
        fresh.ping().await?;
        // The database is there. What says nothing by then was cut off, and so may others be; where it is only
        // slow, this one was asked earlier and has answered.
        if let Some(mut before) = place.replace(fresh)
            && tokio::time::timeout(LAST_WORD, before.ping()).await.is_err()
        {
            self.presence.silent();
        }
        Ok(())
    }
}
