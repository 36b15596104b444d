//! Where documents go: into the database, or to a server. Both answer alike.

use std::collections::HashMap;

use super::outcome::{Outcome, Progress};
use super::remote::Remote;
use super::report::Summary;
use crate::ctx::Ctx;
use crate::domain::document::Draft;
use crate::domain::error::Error;
use crate::domain::import::{ClearingStatus, FinishStep, ImportChunk, ImportHeader};
use crate::domain::names::AccountRef;
use crate::service::ledger::Ledger;
use crate::service::ledger::import::Import;

pub(super) enum Sink {
    /// In this process, with the use case that the server has.
    Local {
        import: Box<Import>,
        ctx: Ctx,
    },
    Remote(Remote),
}

impl Sink {
    pub async fn local(ledger: &Ledger, ctx: Ctx, header: ImportHeader) -> Result<Self, String> {
        let import = ledger.open_import(&ctx, header).await.map_err(|e| e.to_string())?;
        Ok(Self::Local { import: Box::new(import), ctx })
    }

    /// The highest chunk that is committed already.
    pub fn acknowledged(&self) -> i64 {
        match self {
            Self::Local { import, .. } => import.acknowledged_sequence(),
            Self::Remote(remote) => remote.acknowledged(),
        }
    }

    /// Whether the import was finished before it was opened.
    pub fn is_finished(&self) -> bool {
        match self {
            Self::Local { import, .. } => import.is_finished(),
            Self::Remote(remote) => remote.is_finished(),
        }
    }

    /// Posts the documents of a chunk; answers when they are committed, in their order.
    pub async fn chunk(
        &mut self,
        sequence: i64,
        documents: Vec<Draft<AccountRef>>,
        names: HashMap<AccountRef, String>,
        statuses: Vec<ClearingStatus>,
    ) -> Result<Vec<Outcome>, String> {
        match self {
            Self::Local { import, ctx } => {
                let documents = documents.into_iter().map(Ok).collect();
                let chunk = ImportChunk { sequence, documents, display_names: names, statuses };
                let results = import.chunk(ctx, chunk).await.map_err(|e| explain(&e))?;
                Ok(results.into_iter().map(Outcome::from).collect())
            }
            Self::Remote(remote) => remote.chunk(sequence, documents, names, statuses).await,
        }
    }

    /// Applies the clearings. `rows_left_out`: rows that could not be read.
    pub async fn finish(
        &mut self,
        rows_left_out: i64,
        progress: Progress<'_>,
    ) -> Result<Summary, String> {
        match self {
            Self::Local { import, ctx } => loop {
                match import.finish_step(ctx, rows_left_out).await.map_err(|e| explain(&e))? {
                    FinishStep::Progress { applied, waiting } => progress(applied, waiting),
                    FinishStep::Done(summary) => return Ok(summary.into()),
                }
            },
            Self::Remote(remote) => remote.finish(rows_left_out, progress).await,
        }
    }
}

fn explain(error: &Error) -> String {
    format!("{} ({})", error, error.reason())
}
