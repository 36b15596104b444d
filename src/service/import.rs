//! Imports.

use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::import::{FinishStep, ImportChunk, ImportHeader, ImportResult};

#[derive(Clone)]
pub struct Imports;

pub struct Import;

impl Imports {
    pub async fn open(&self, _: &Ctx, _: ImportHeader) -> Result<Import> {
        todo!()
    }
}

impl Import {
    pub fn acknowledged_sequence(&self) -> i64 {
        todo!()
    }

    pub async fn chunk(&mut self, _: &Ctx, _: ImportChunk) -> Result<Vec<ImportResult>> {
        todo!()
    }

    pub async fn finish_step(&mut self, _: &Ctx) -> Result<FinishStep> {
        todo!()
    }
}
