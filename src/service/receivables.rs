//! Questions about receivables.

use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::{Document, OpenItem, PointQuery};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::receivables::query::{
    DocumentName, DocumentsQuery, OpenItemsQuery, Page, RiskListQuery, RiskPage, StatementQuery,
};
use crate::domain::receivables::{AgingAnswer, AgingQuery, Risk, RiskView, Statement};

#[derive(Debug, Clone)]
pub struct Receivables;

impl Receivables {
    pub fn new(_: crate::store::Store, _: crate::service::Settings) -> Self {
        Self
    }

    pub async fn risk(
        &self,
        _: &Ctx,
        _: &[AccountRef],
        _: PointQuery,
        _: Option<Currency>,
        _: RiskView,
    ) -> Result<Vec<Risk>> {
        todo!()
    }

    pub async fn aging(&self, _: &Ctx, _: AgingQuery) -> Result<AgingAnswer> {
        todo!()
    }

    pub async fn list_risk(&self, _: &Ctx, _: RiskListQuery) -> Result<RiskPage> {
        todo!()
    }

    pub async fn open_items(&self, _: &Ctx, _: OpenItemsQuery) -> Result<Page<OpenItem>> {
        todo!()
    }

    pub async fn export_page(&self, _: &Ctx, _: OpenItemsQuery) -> Result<Page<OpenItem>> {
        todo!()
    }

    pub async fn statement(
        &self,
        _: &Ctx,
        _: StatementQuery,
    ) -> Result<(Statement, Option<Vec<String>>)> {
        todo!()
    }

    pub async fn document(&self, _: &Ctx, _: DocumentName, _: PointQuery) -> Result<Document> {
        todo!()
    }

    pub async fn documents(&self, _: &Ctx, _: DocumentsQuery) -> Result<Page<Document>> {
        todo!()
    }
}
