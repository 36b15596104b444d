//! InteractionService: between protobuf and the use cases of interactions, commitments, gifts and
//! advice.
//!
//! A method parses, calls a use case and encodes. Rules and sequence do not belong here.

pub mod advice;
mod brief;
pub mod commitment;
mod encode;
pub mod gift;
mod narrow;
mod parse;
pub mod records;
mod stats;
pub mod trust;

use tonic::{Request, Response, Status};

pub use self::encode::interaction;

use crate::api;
use crate::ctx::{CONTACTS_PERSONAL, Ctx};
use crate::domain::interaction::Interaction;
use crate::pb;
use crate::pb::interaction_service_server::InteractionService;
use crate::service;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers.
#[derive(Clone)]
pub struct Interactions {
    interactions: service::interactions::Interactions,
    trust: service::trust::Trust,
    briefs: service::briefs::Briefs,
}

impl Interactions {
    pub fn new(
        interactions: service::interactions::Interactions,
        trust: service::trust::Trust,
        briefs: service::briefs::Briefs,
    ) -> Self {
        Self { interactions, trust, briefs }
    }
}

/// An interaction as it is today, as the caller may read it.
fn told(ctx: &Ctx, interaction: Interaction) -> Answer<pb::Interaction> {
    let answer = encode::interaction(interaction, ctx);
    Ok(Response::new(api::masked::for_caller(ctx, CONTACTS_PERSONAL, "Interaction", answer)?))
}

/// An answer as the caller may read it.
fn masked<M: prost::Message + Default>(ctx: &Ctx, name: &str, answer: M) -> Answer<M> {
    Ok(Response::new(api::masked::for_caller(ctx, CONTACTS_PERSONAL, name, answer)?))
}

#[tonic::async_trait]
impl InteractionService for Interactions {
    async fn plan_interaction(
        &self,
        request: Request<pb::PlanInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::plan(request.into_inner())?;
        told(&ctx, self.interactions.plan(&ctx, &id, command).await?)
    }

    async fn cancel_interaction(
        &self,
        request: Request<pb::CancelInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::cancel(request.into_inner())?;
        told(&ctx, self.interactions.cancel(&ctx, &id, command).await?)
    }

    async fn record_interaction(
        &self,
        request: Request<pb::RecordInteractionRequest>,
    ) -> Answer<pb::RecordInteractionResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::record(request.into_inner())?;
        let answer = self.interactions.record(&ctx, &id, command).await?;
        let answer = encode::recorded(answer, &ctx)?;
        let name = "RecordInteractionResponse";
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, name, answer)?))
    }

    async fn amend_interaction(
        &self,
        request: Request<pb::AmendInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::amend(request.into_inner())?;
        told(&ctx, self.interactions.amend(&ctx, &id, command).await?)
    }

    async fn get_interaction(
        &self,
        request: Request<pb::GetInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let get = parse::get(request.get_ref())?;
        told(&ctx, self.interactions.get(&ctx, get).await?)
    }

    async fn get_visit_brief(
        &self,
        request: Request<pb::GetVisitBriefRequest>,
    ) -> Answer<pb::VisitBrief> {
        let ctx = api::ctx(&request)?;
        let plan = self.interactions.get(&ctx, parse::brief(request.get_ref())?).await?;
        let brief = brief::encode(self.briefs.of(&ctx, plan).await?, &ctx)?;
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, "VisitBrief", brief)?))
    }

    async fn list_interactions(
        &self,
        request: Request<pb::ListInteractionsRequest>,
    ) -> Answer<pb::ListInteractionsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = parse::list(request.get_ref())?;
        let found = self.interactions.list(&ctx, list).await?;
        let answer = encode::page(found, &page, &ctx);
        let name = "ListInteractionsResponse";
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, name, answer)?))
    }

    async fn calculate_interaction_stats(
        &self,
        request: Request<pb::CalculateInteractionStatsRequest>,
    ) -> Answer<pb::CalculateInteractionStatsResponse> {
        let ctx = api::ctx(&request)?;
        let asked = stats::parse(request.into_inner())?;
        let by = asked.group_by;
        Ok(Response::new(stats::encode(self.interactions.stats(&ctx, asked).await?, by)?))
    }

    async fn create_commitment(
        &self,
        request: Request<pb::CreateCommitmentRequest>,
    ) -> Answer<pb::CreateCommitmentResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = commitment::create(request.into_inner())?;
        let answer = self.interactions.create_commitment(&ctx, &id, command).await?;
        let answer = commitment::created(answer, ctx.business_date())?;
        let name = "CreateCommitmentResponse";
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, name, answer)?))
    }

    async fn settle_commitment(
        &self,
        request: Request<pb::SettleCommitmentRequest>,
    ) -> Answer<pb::Commitment> {
        let ctx = api::ctx(&request)?;
        let (id, command) = commitment::settle(request.into_inner())?;
        let answer = self.interactions.settle_commitment(&ctx, &id, command).await?;
        let answer = commitment::commitment(answer, ctx.business_date());
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, "Commitment", answer)?))
    }

    async fn delegate_commitment(
        &self,
        request: Request<pb::DelegateCommitmentRequest>,
    ) -> Answer<pb::Commitment> {
        let ctx = api::ctx(&request)?;
        let (id, command) = commitment::delegate(request.into_inner())?;
        let answer = self.interactions.delegate_commitment(&ctx, &id, command).await?;
        let answer = commitment::commitment(answer, ctx.business_date());
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, "Commitment", answer)?))
    }

    async fn list_commitments(
        &self,
        request: Request<pb::ListCommitmentsRequest>,
    ) -> Answer<pb::ListCommitmentsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = commitment::list(request.get_ref())?;
        let found = self.interactions.list_commitments(&ctx, list).await?;
        let answer = commitment::page(found, &page, &ctx);
        let name = "ListCommitmentsResponse";
        Ok(Response::new(api::masked::for_caller(&ctx, CONTACTS_PERSONAL, name, answer)?))
    }

    async fn register_gift(
        &self,
        request: Request<pb::RegisterGiftRequest>,
    ) -> Answer<pb::RegisterGiftResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = gift::register(request.into_inner())?;
        let answer = gift::registered(self.interactions.register_gift(&ctx, &id, command).await?);
        masked(&ctx, "RegisterGiftResponse", answer)
    }

    async fn decide_gift(&self, request: Request<pb::DecideGiftRequest>) -> Answer<pb::Gift> {
        let ctx = api::ctx(&request)?;
        let (id, command) = gift::decide(request.into_inner())?;
        let answer = self.interactions.decide_gift(&ctx, &id, command).await?;
        masked(&ctx, "Gift", gift::gift(answer))
    }

    async fn get_gift(&self, request: Request<pb::GetGiftRequest>) -> Answer<pb::Gift> {
        let ctx = api::ctx(&request)?;
        let name = gift::get(request.get_ref())?;
        masked(&ctx, "Gift", gift::gift(self.interactions.gift(&ctx, name).await?))
    }

    async fn list_gifts(
        &self,
        request: Request<pb::ListGiftsRequest>,
    ) -> Answer<pb::ListGiftsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = gift::list(request.get_ref())?;
        let found = self.interactions.list_gifts(&ctx, list).await?;
        masked(&ctx, "ListGiftsResponse", gift::page(found, &page))
    }

    async fn get_gift_headroom(
        &self,
        request: Request<pb::GetGiftHeadroomRequest>,
    ) -> Answer<pb::GetGiftHeadroomResponse> {
        let ctx = api::ctx(&request)?;
        let ask = gift::headroom(request.get_ref())?;
        Ok(Response::new(gift::told(self.interactions.gift_headroom(&ctx, ask).await?)))
    }

    async fn record_advice(&self, request: Request<pb::RecordAdviceRequest>) -> Answer<pb::Advice> {
        let ctx = api::ctx(&request)?;
        let (id, command) = advice::record(request.into_inner())?;
        let answer = self.interactions.record_advice(&ctx, &id, command).await?;
        masked(&ctx, "Advice", advice::advice(answer))
    }

    async fn update_advice(&self, request: Request<pb::UpdateAdviceRequest>) -> Answer<pb::Advice> {
        let ctx = api::ctx(&request)?;
        let (id, command) = advice::update(request.into_inner())?;
        let answer = self.interactions.update_advice(&ctx, &id, command).await?;
        masked(&ctx, "Advice", advice::advice(answer))
    }

    async fn verify_advice(&self, request: Request<pb::VerifyAdviceRequest>) -> Answer<pb::Advice> {
        let ctx = api::ctx(&request)?;
        let (id, command) = advice::verify(request.into_inner())?;
        let answer = self.interactions.verify_advice(&ctx, &id, command).await?;
        masked(&ctx, "Advice", advice::advice(answer))
    }

    async fn get_advice(&self, request: Request<pb::GetAdviceRequest>) -> Answer<pb::Advice> {
        let ctx = api::ctx(&request)?;
        let name = advice::get(request.get_ref())?;
        masked(&ctx, "Advice", advice::advice(self.interactions.advice(&ctx, name).await?))
    }

    async fn list_advice(
        &self,
        request: Request<pb::ListAdviceRequest>,
    ) -> Answer<pb::ListAdviceResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = advice::list(request.get_ref())?;
        let (found, totals) = self.interactions.list_advice(&ctx, list).await?;
        masked(&ctx, "ListAdviceResponse", advice::page(found, totals, &page)?)
    }

    async fn get_trust_ledger(
        &self,
        request: Request<pb::GetTrustLedgerRequest>,
    ) -> Answer<pb::TrustLedger> {
        let ctx = api::ctx(&request)?;
        let of = trust::parse(request.into_inner())?;
        Ok(Response::new(trust::encode(&ctx, self.trust.ledger(&ctx, of).await?)?))
    }
}
