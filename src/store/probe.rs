//! Asks the database for a sign of life, on a connection of its own: that every connection of the
//! pool is busy does not mean that the database is away.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Mutex;

use super::error::{silent, unavailable};
use crate::domain::error::Result;

/// How long a connection from before may still take once another one was answered.
const LAST_WORD: Duration = Duration::from_millis(250);

/// A connection to PostgreSQL that only asks.
pub(super) struct Probe {
    options: PgConnectOptions,
    timeout: Duration,
    /// Kept until another one is answered in its place.
    connection: Mutex<Option<Kept>>,
}

struct Kept {
    connection: PgConnection,
    /// It was asked, and said nothing.
    is_dumb: bool,
}

/// What a database that answers says of connections from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Present,
    /// One from before says nothing: it was cut off, and so may the others be.
    CutOff,
}

impl Probe {
    pub fn new(options: PgConnectOptions, timeout: Duration) -> Self {
        Self { options, timeout, connection: Mutex::default() }
    }

    /// # Errors
    /// `DATABASE_UNAVAILABLE`.
    pub async fn look(&self) -> Result<Found> {
        let dumb = match tokio::time::timeout(self.timeout, self.ask()).await {
            Ok(answer) => answer.map_err(|error| unavailable(&error))?,
            Err(_) => return Err(silent(self.timeout)),
        };
        // What says nothing by now was cut off, also where another host has the address and refuses it. Where
        // the database is only slow, this one was asked first and answers.
        let Some(mut dumb) = dumb else { return Ok(Found::Present) };
        Ok(match tokio::time::timeout(LAST_WORD, dumb.ping()).await {
            Ok(Ok(())) => Found::Present,
            Ok(Err(_)) | Err(_) => Found::CutOff,
        })
    }

    /// Has an answer on the kept connection, or on another one in its place: then that which said nothing, now
    /// or before, is answered.
    async fn ask(&self) -> sqlx::Result<Option<PgConnection>> {
        let mut place = self.connection.lock().await;
        if let Some(kept) = place.as_mut() {
            match tokio::time::timeout(self.timeout / 2, kept.connection.ping()).await {
                Ok(Ok(())) => {
                    kept.is_dumb = false;
                    return Ok(None);
                }
                // Closed by the other side: who had said nothing by then did not close it in order.
                Ok(Err(_)) => {}
                Err(_) => kept.is_dumb = true,
            }
        }
        let mut connection = self.options.connect().await?;
        connection.ping().await?;
        let before = place.replace(Kept { connection, is_dumb: false });
        Ok(before.filter(|before| before.is_dumb).map(|before| before.connection))
    }
}
