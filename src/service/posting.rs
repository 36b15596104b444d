//! Posting and reversing documents.

use crate::ctx::Ctx;
use crate::domain::document::PostResult;
use crate::domain::error::Result;
use crate::domain::ledger::Document;
use crate::domain::ledger::command::{PostDocuments, ReverseDocument};

#[derive(Clone)]
pub struct Posting;

impl Posting {
    pub async fn post(&self, _: &Ctx, _: &str, _: PostDocuments) -> Result<Vec<PostResult>> {
        todo!()
    }

    pub async fn reverse(&self, _: &Ctx, _: &str, _: ReverseDocument) -> Result<Document> {
        todo!()
    }
}
