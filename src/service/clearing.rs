//! Clearing, resetting and writing off.

use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::command::{ClearItems, ResetClearing, WriteOffItem};
use crate::domain::ledger::{Clearing, Document};

#[derive(Clone)]
pub struct Clearings;

impl Clearings {
    pub async fn clear(&self, _: &Ctx, _: &str, _: ClearItems) -> Result<Clearing> {
        todo!()
    }

    pub async fn reset(&self, _: &Ctx, _: &str, _: ResetClearing) -> Result<Clearing> {
        todo!()
    }

    pub async fn write_off(&self, _: &Ctx, _: &str, _: WriteOffItem) -> Result<Document> {
        todo!()
    }
}
