//! ReceivableService: between protobuf and the use cases of the receivables ledger.
//!
//! A method parses (the `parse_…` files), calls a use case and encodes ([`encode`]); the two streams are in [`import`] and [`export`]. Rules and sequence
//! do not belong here.

pub mod encode;
mod enums;
mod export;
mod import;
mod parse_command;
mod parse_document;
mod parse_fact;
mod parse_import;
pub mod parse_key;
mod parse_query;
mod parse_risk;
mod parse_terms;

#[cfg(test)]
mod tests;

use tonic::{Request, Response, Status, Streaming};

use self::parse_risk::RiskQuestion;
use crate::api;
use crate::api::stream::Answers;
use crate::domain::error::Error;
use crate::domain::receivables::{Risk, RiskView};
use crate::pb;
use crate::pb::receivable_service_server::ReceivableService;
use crate::service::facts::Facts;
use crate::service::ledger::Ledger;
use crate::service::receivables;
use crate::service::teams::Teams;

type Answer<T> = Result<Response<T>, Status>;

/// The use cases that the methods call.
#[derive(Clone)]
pub struct ReceivableServices {
    pub ledger: Ledger,
    pub facts: Facts,
    pub receivables: receivables::Receivables,
    pub teams: Teams,
}

/// The handlers.
#[derive(Clone)]
pub struct Receivables {
    services: ReceivableServices,
}

impl Receivables {
    pub fn new(services: ReceivableServices) -> Self {
        Self { services }
    }
}

#[tonic::async_trait]
impl ReceivableService for Receivables {
    async fn post_documents(
        &self,
        request: Request<pb::PostDocumentsRequest>,
    ) -> Answer<pb::PostDocumentsResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_command::post_documents(request.into_inner())?;
        let results = self.services.ledger.post(&ctx, &id, command).await?;
        Ok(Response::new(encode::post_results(results)))
    }

    type ImportDocumentsStream = Answers<pb::ImportDocumentsResponse>;

    async fn import_documents(
        &self,
        request: Request<Streaming<pb::ImportDocumentsRequest>>,
    ) -> Answer<Self::ImportDocumentsStream> {
        let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
        let ledger = self.services.ledger.clone();
        Ok(Response::new(import::run(ctx, ending, ledger, request.into_inner())))
    }

    async fn reverse_document(
        &self,
        request: Request<pb::ReverseDocumentRequest>,
    ) -> Answer<pb::Document> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_command::reverse(request.into_inner())?;
        let document = self.services.ledger.reverse(&ctx, &id, command).await?;
        Ok(Response::new(encode::document(document, ctx.business_date())?))
    }

    async fn clear_items(&self, request: Request<pb::ClearItemsRequest>) -> Answer<pb::Clearing> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_command::clear_items(request.into_inner())?;
        let clearing = self.services.ledger.clear(&ctx, &id, command).await?;
        Ok(Response::new(encode::clearing(clearing)))
    }

    async fn reset_clearing(
        &self,
        request: Request<pb::ResetClearingRequest>,
    ) -> Answer<pb::Clearing> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_command::reset(request.into_inner())?;
        let clearing = self.services.ledger.reset(&ctx, &id, command).await?;
        Ok(Response::new(encode::clearing(clearing)))
    }

    async fn write_off_item(
        &self,
        request: Request<pb::WriteOffItemRequest>,
    ) -> Answer<pb::Document> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_command::write_off(request.into_inner())?;
        let document = self.services.ledger.write_off(&ctx, &id, command).await?;
        Ok(Response::new(encode::document(document, ctx.business_date())?))
    }

    async fn close_period(
        &self,
        request: Request<pb::ClosePeriodRequest>,
    ) -> Answer<pb::ClosePeriodResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::close_period(request.into_inner())?;
        let (company, through) = self.services.facts.close_period(&ctx, &id, command).await?;
        Ok(Response::new(encode::closed_period(company, through)))
    }

    async fn open_dispute(&self, request: Request<pb::OpenDisputeRequest>) -> Answer<pb::Dispute> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::open_dispute(request.into_inner())?;
        let dispute = self.services.facts.open_dispute(&ctx, &id, command).await?;
        Ok(Response::new(encode::dispute(dispute)))
    }

    async fn resolve_dispute(
        &self,
        request: Request<pb::ResolveDisputeRequest>,
    ) -> Answer<pb::Dispute> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::resolve_dispute(request.into_inner())?;
        let dispute = self.services.facts.resolve_dispute(&ctx, &id, command).await?;
        Ok(Response::new(encode::dispute(dispute)))
    }

    async fn record_promise_to_pay(
        &self,
        request: Request<pb::RecordPromiseToPayRequest>,
    ) -> Answer<pb::PromiseToPay> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::record_promise(request.into_inner())?;
        let promise = self.services.facts.record_promise(&ctx, &id, command).await?;
        Ok(Response::new(encode::promise(promise)))
    }

    async fn withdraw_promise_to_pay(
        &self,
        request: Request<pb::WithdrawPromiseToPayRequest>,
    ) -> Answer<pb::PromiseToPay> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::withdraw_promise(request.into_inner())?;
        let promise = self.services.facts.withdraw_promise(&ctx, &id, command).await?;
        Ok(Response::new(encode::promise(promise)))
    }

    async fn get_document(&self, request: Request<pb::GetDocumentRequest>) -> Answer<pb::Document> {
        let ctx = api::ctx(&request)?;
        let (name, point) = parse_query::document(request.into_inner())?;
        let as_of = point.as_of.unwrap_or_else(|| ctx.business_date());
        let document = self.services.receivables.document(&ctx, name, point).await?;
        Ok(Response::new(encode::document(document, as_of)?))
    }

    async fn list_documents(
        &self,
        request: Request<pb::ListDocumentsRequest>,
    ) -> Answer<pb::ListDocumentsResponse> {
        let ctx = api::ctx(&request)?;
        let (query, page) = parse_query::documents(request.into_inner())?;
        let answer = self.services.receivables.documents(&ctx, query).await?;
        Ok(Response::new(encode::documents(answer, &page)?))
    }

    async fn list_waiting_clearings(
        &self,
        request: Request<pb::ListWaitingClearingsRequest>,
    ) -> Answer<pb::ListWaitingClearingsResponse> {
        let ctx = api::ctx(&request)?;
        let (account, of, page) = parse_query::waiting_clearings(&request.into_inner())?;
        let answer = self.services.receivables.waiting_clearings(&ctx, account, of).await?;
        Ok(Response::new(encode::waiting_clearings(answer, &page)))
    }

    async fn list_open_items(
        &self,
        request: Request<pb::ListOpenItemsRequest>,
    ) -> Answer<pb::ListOpenItemsResponse> {
        let ctx = api::ctx(&request)?;
        let (query, page) = parse_query::open_items(request.into_inner())?;
        let answer = self.services.receivables.open_items(&ctx, query).await?;
        Ok(Response::new(encode::open_items(answer, &page)?))
    }

    async fn get_aging(
        &self,
        request: Request<pb::GetAgingRequest>,
    ) -> Answer<pb::GetAgingResponse> {
        let ctx = api::ctx(&request)?;
        let query = parse_risk::aging(request.into_inner())?;
        let answer = self.services.receivables.aging(&ctx, query.clone()).await?;
        Ok(Response::new(encode::aging(answer, &query)?))
    }

    async fn get_receivables_risk(
        &self,
        request: Request<pb::GetReceivablesRiskRequest>,
    ) -> Answer<pb::ReceivablesRisk> {
        let ctx = api::ctx(&request)?;
        let question = parse_risk::risk(request.into_inner())?;
        let mut risks = self.risks(&ctx, question).await?;
        risks.pop().map(Response::new).ok_or_else(|| Error::internal("no risk of one").into())
    }

    async fn batch_get_receivables_risk(
        &self,
        request: Request<pb::BatchGetReceivablesRiskRequest>,
    ) -> Answer<pb::BatchGetReceivablesRiskResponse> {
        let ctx = api::ctx(&request)?;
        let question = parse_risk::batch_risk(request.into_inner())?;
        let risks = self.risks(&ctx, question).await?;
        Ok(Response::new(pb::BatchGetReceivablesRiskResponse { risks }))
    }

    async fn list_receivables_risk(
        &self,
        request: Request<pb::ListReceivablesRiskRequest>,
    ) -> Answer<pb::ListReceivablesRiskResponse> {
        let ctx = api::ctx(&request)?;
        let (query, page) = parse_risk::list_risk(request.into_inner())?;
        let currency = query.currency;
        let ReceivableServices { receivables, teams, .. } = &self.services;
        let answer = receivables.list_risk(&ctx, query).await?;
        let ids = answer.page.page.items.iter().map(|one| one.account_id.clone()).collect();
        let accountable = teams.accountable(&ctx, ids).await?;
        Ok(Response::new(encode::risk_page(answer, accountable, currency, &page)?))
    }

    type ExportOpenItemsStream = Answers<pb::ExportOpenItemsResponse>;

    async fn export_open_items(
        &self,
        request: Request<pb::ExportOpenItemsRequest>,
    ) -> Answer<Self::ExportOpenItemsStream> {
        let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
        let (query, page) = parse_query::export(request.into_inner())?;
        let receivables = self.services.receivables.clone();
        Ok(Response::new(export::run(ctx, ending, receivables, query, page).await?))
    }

    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Answer<pb::GetStatementResponse> {
        let ctx = api::ctx(&request)?;
        let (query, page) = parse_query::statement(request.into_inner())?;
        let days = [query.from, query.to];
        let statement = self.services.receivables.statement(&ctx, query).await?;
        Ok(Response::new(encode::statement(statement, days, &page)?))
    }

    async fn set_exchange_rates(
        &self,
        request: Request<pb::SetExchangeRatesRequest>,
    ) -> Answer<pb::SetExchangeRatesResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::set_rates(request.into_inner())?;
        let recorded = self.services.facts.set_rates(&ctx, &id, command).await?;
        Ok(Response::new(encode::rates_recorded(recorded)?))
    }

    async fn set_control_total(
        &self,
        request: Request<pb::SetControlTotalRequest>,
    ) -> Answer<pb::ControlTotalCheck> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_fact::set_control_total(request.into_inner())?;
        let check = self.services.facts.set_control_total(&ctx, &id, command).await?;
        Ok(Response::new(encode::control_total(check)?))
    }
}

impl Receivables {
    /// One answer for each account of the question, in its order.
    async fn risks(
        &self,
        ctx: &crate::ctx::Ctx,
        question: RiskQuestion,
    ) -> Result<Vec<pb::ReceivablesRisk>, Error> {
        let RiskQuestion { accounts, point, display, view } = question;
        let risks = self.services.receivables.risk(ctx, &accounts, point, display, view).await?;
        let encode: fn(Risk) -> Result<pb::ReceivablesRisk, Error> = match view {
            RiskView::Basic => encode::basic_risk,
            RiskView::Full => encode::risk,
        };
        risks.into_iter().map(encode).collect()
    }
}
