//! Asks the database for a sign of life, on a connection of its own: that every connection of the
//! pool is busy does not mean that the database is away.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Mutex;

use super::error::{silent, unavailable};
use crate::domain::error::Result;
use crate::presence::Presence;

/// A connection to PostgreSQL that only asks.
pub(super) struct Probe {
    options: PgConnectOptions,
    timeout: Duration,
    presence: Presence,
    /// Taken out while it asks: one that got no answer is never asked again.
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
            Err(_) => {
                self.presence.silent();
                Err(silent(self.timeout))
            }
        }
    }

    async fn ask(&self) -> sqlx::Result<()> {
        let mut place = self.connection.lock().await;
        // One that was cut without a word must leave time for another.
        if let Some(mut kept) = place.take() {
            match tokio::time::timeout(self.timeout / 2, kept.ping()).await {
                Ok(Ok(())) => {
                    *place = Some(kept);
                    return Ok(());
                }
                Ok(Err(_)) => {}
                // So may others be that wait for an answer.
                Err(_) => self.presence.silent(),
            }
        }
        // It was cut off, perhaps long ago.
        let mut fresh = self.options.connect().await?;
        fresh.ping().await?;
        *place = Some(fresh);
        Ok(())
    }
}
