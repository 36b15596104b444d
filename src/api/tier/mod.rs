//! TierService: between protobuf and the use cases of tiers.
//!
//! A method parses, calls a use case and encodes. Rules and sequence do not belong here.

mod account_tier;
mod calendar;
mod festival;
mod policy;
mod portfolio;
mod run;
mod service_policy;
mod tier_override;
mod tier_policy;
mod values;

use tonic::{Request, Response, Status, Streaming};

pub use self::account_tier::encode as account_tier;
pub use self::calendar::create as parse_calendar;

use crate::api;
use crate::domain::calendar::WorkCalendar;
use crate::domain::tier::policy::TierPolicy;
use crate::pb;
use crate::pb::tier_service_server::TierService;
use crate::service;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers.
#[derive(Clone)]
pub struct Tiers {
    tiers: service::tiers::Tiers,
}

impl Tiers {
    pub fn new(tiers: service::tiers::Tiers) -> Self {
        Self { tiers }
    }
}

#[tonic::async_trait]
impl TierService for Tiers {
    async fn create_work_calendar(
        &self,
        request: Request<pb::CreateWorkCalendarRequest>,
    ) -> Answer<pb::WorkCalendar> {
        let ctx = api::ctx(&request)?;
        let (id, command) = calendar::create(request.into_inner())?;
        let answer = self.tiers.create_calendar(&ctx, &id, command).await?;
        Ok(Response::new(calendar::encode(answer)))
    }

    async fn list_work_calendars(
        &self,
        request: Request<pb::ListWorkCalendarsRequest>,
    ) -> Answer<pb::ListWorkCalendarsResponse> {
        let ctx = api::ctx(&request)?;
        let (of, page) = policy::list(request.get_ref())?;
        let answer = self.tiers.policies::<WorkCalendar>(&ctx, of).await?;
        Ok(Response::new(calendar::page(answer, &page)))
    }

    async fn activate_work_calendar(
        &self,
        request: Request<pb::ActivateWorkCalendarRequest>,
    ) -> Answer<pb::WorkCalendar> {
        let ctx = api::ctx(&request)?;
        let (id, command) = calendar::activate(request.into_inner())?;
        let answer = self.tiers.activate_calendar(&ctx, &id, command).await?;
        Ok(Response::new(calendar::encode(answer)))
    }

    async fn create_tier_policy(
        &self,
        request: Request<pb::CreateTierPolicyRequest>,
    ) -> Answer<pb::TierPolicy> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tier_policy::create(request.into_inner())?;
        let answer = self.tiers.create_tier_policy(&ctx, &id, command).await?;
        Ok(Response::new(tier_policy::encode(answer)))
    }

    async fn get_tier_policy(
        &self,
        request: Request<pb::GetTierPolicyRequest>,
    ) -> Answer<pb::TierPolicy> {
        let ctx = api::ctx(&request)?;
        let id = tier_policy::get(request.get_ref())?;
        let answer = self.tiers.policy::<TierPolicy>(&ctx, id).await?;
        Ok(Response::new(tier_policy::encode(answer)))
    }

    async fn list_tier_policies(
        &self,
        request: Request<pb::ListTierPoliciesRequest>,
    ) -> Answer<pb::ListTierPoliciesResponse> {
        let ctx = api::ctx(&request)?;
        let (of, page) = policy::list(request.get_ref())?;
        let answer = self.tiers.policies::<TierPolicy>(&ctx, of).await?;
        Ok(Response::new(tier_policy::page(answer, &page)))
    }

    async fn activate_tier_policy(
        &self,
        request: Request<pb::ActivateTierPolicyRequest>,
    ) -> Answer<pb::TierPolicy> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tier_policy::activate(request.into_inner())?;
        let answer = self.tiers.activate_tier_policy(&ctx, &id, command).await?;
        Ok(Response::new(tier_policy::encode(answer)))
    }

    async fn evaluate_tiers(
        &self,
        request: Request<pb::EvaluateTiersRequest>,
    ) -> Answer<pb::EvaluateTiersResponse> {
        let ctx = api::ctx(&request)?;
        let run::Evaluate { command, apply } = run::evaluate(request.into_inner())?;
        let answer = match apply {
            None => self.tiers.preview(&ctx, command).await?,
            Some(id) => self.tiers.evaluate(&ctx, &id, command).await?,
        };
        Ok(Response::new(run::evaluation(answer)))
    }

    async fn upload_tier_values(
        &self,
        request: Request<Streaming<pb::UploadTierValuesRequest>>,
    ) -> Answer<pb::TierValueSet> {
        let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
        let values::Upload { header, rows, violations } =
            values::receive(&ctx, &ending, request.into_inner()).await?;
        let answer = self.tiers.upload_values(&ctx, header, rows, violations).await?;
        Ok(Response::new(values::encode(answer)))
    }

    async fn get_tier_run(&self, request: Request<pb::GetTierRunRequest>) -> Answer<pb::TierRun> {
        let ctx = api::ctx(&request)?;
        let id = run::get(request.get_ref())?;
        Ok(Response::new(run::encode(self.tiers.run(&ctx, id).await?)))
    }

    async fn list_tier_runs(
        &self,
        request: Request<pb::ListTierRunsRequest>,
    ) -> Answer<pb::ListTierRunsResponse> {
        let ctx = api::ctx(&request)?;
        let (of, page) = run::list(request.get_ref())?;
        let answer = self.tiers.runs(&ctx, of).await?;
        Ok(Response::new(run::page(answer, &page)))
    }

    async fn list_tier_assignments(
        &self,
        request: Request<pb::ListTierAssignmentsRequest>,
    ) -> Answer<pb::ListTierAssignmentsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = run::assignments(request.get_ref())?;
        let answer = self.tiers.assignments(&ctx, list).await?;
        Ok(Response::new(run::assignments_page(answer, &page)))
    }

    async fn batch_get_account_tiers(
        &self,
        request: Request<pb::BatchGetAccountTiersRequest>,
    ) -> Answer<pb::BatchGetAccountTiersResponse> {
        let ctx = api::ctx(&request)?;
        let (names, day) = account_tier::batch(request.into_inner())?;
        let answer = self.tiers.of_accounts(&ctx, names, day).await?;
        let account_tiers = answer.into_iter().map(account_tier).collect();
        Ok(Response::new(pb::BatchGetAccountTiersResponse { account_tiers }))
    }

    async fn decide_tier_change(
        &self,
        request: Request<pb::DecideTierChangeRequest>,
    ) -> Answer<pb::TierAssignment> {
        let ctx = api::ctx(&request)?;
        let (id, command) = run::decide(request.into_inner())?;
        let answer = self.tiers.decide(&ctx, &id, command).await?;
        Ok(Response::new(run::assignment(answer)))
    }

    async fn override_tier(
        &self,
        request: Request<pb::OverrideTierRequest>,
    ) -> Answer<pb::TierOverride> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tier_override::give(request.into_inner())?;
        let answer = self.tiers.override_tier(&ctx, &id, command).await?;
        Ok(Response::new(tier_override::encode(answer)))
    }

    async fn end_tier_override(
        &self,
        request: Request<pb::EndTierOverrideRequest>,
    ) -> Answer<pb::TierOverride> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tier_override::end(request.into_inner())?;
        let answer = self.tiers.end_override(&ctx, &id, command).await?;
        Ok(Response::new(tier_override::encode(answer)))
    }

    async fn list_tier_overrides(
        &self,
        request: Request<pb::ListTierOverridesRequest>,
    ) -> Answer<pb::ListTierOverridesResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = tier_override::list(request.get_ref())?;
        let answer = self.tiers.overrides(&ctx, list).await?;
        Ok(Response::new(tier_override::page(answer, &page)))
    }
    async fn get_portfolio(
        &self,
        request: Request<pb::GetPortfolioRequest>,
    ) -> Answer<pb::Portfolio> {
        let ctx = api::ctx(&request)?;
        let query = portfolio::parse(request.into_inner())?;
        Ok(Response::new(portfolio::encode(self.tiers.portfolio(&ctx, query).await?)?))
    }
}
