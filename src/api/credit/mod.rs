//! CreditService: between protobuf and the use cases of credit.
//!
//! A method parses (the `parse_…` files), calls a use case and encodes ([`encode`]). Rules and
//! sequence do not belong here.

pub mod encode;
mod enums;
mod parse_limit;
mod parse_policy;
mod parse_query;
mod parse_reservation;
mod parse_security;
#[cfg(test)]
mod tests;

use tonic::{Request, Response, Status};

use crate::api;
use crate::domain::error::Error;
use crate::pb;
use crate::pb::credit_service_server::CreditService;
use crate::service::credit::Credit;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers.
#[derive(Clone)]
pub struct Credits {
    credit: Credit,
}

impl Credits {
    pub fn new(credit: Credit) -> Self {
        Self { credit }
    }
}

#[tonic::async_trait]
impl CreditService for Credits {
    async fn get_credit_profile(
        &self,
        request: Request<pb::GetCreditProfileRequest>,
    ) -> Answer<pb::CreditProfile> {
        let ctx = api::ctx(&request)?;
        let (account, company) = parse_query::profile(request.into_inner())?;
        let mut profiles = self.credit.profiles(&ctx, &[account], &company).await?;
        let profile = profiles.pop().ok_or_else(|| Error::internal("one name, no profile"))?;
        Ok(Response::new(encode::profile(profile)))
    }

    async fn set_credit_limit(
        &self,
        request: Request<pb::SetCreditLimitRequest>,
    ) -> Answer<pb::CreditLimit> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_limit::set(request.into_inner())?;
        let answer = self.credit.set_limit(&ctx, &id, command).await?;
        Ok(Response::new(encode::limit(answer)))
    }

    async fn list_credit_limits(
        &self,
        request: Request<pb::ListCreditLimitsRequest>,
    ) -> Answer<pb::ListCreditLimitsResponse> {
        let ctx = api::ctx(&request)?;
        let request = request.into_inner();
        let (of, page) = parse_query::list(&request, &request.parent)?;
        let answer = self.credit.limits(&ctx, of).await?;
        Ok(Response::new(encode::limits(answer, &page)))
    }

    async fn place_credit_hold(
        &self,
        request: Request<pb::PlaceCreditHoldRequest>,
    ) -> Answer<pb::CreditHold> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_limit::place_hold(request.into_inner())?;
        let answer = self.credit.place_hold(&ctx, &id, command).await?;
        Ok(Response::new(encode::hold(answer)))
    }

    async fn release_credit_hold(
        &self,
        request: Request<pb::ReleaseCreditHoldRequest>,
    ) -> Answer<pb::CreditHold> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_limit::release_hold(request.into_inner())?;
        let answer = self.credit.release_hold(&ctx, &id, command).await?;
        Ok(Response::new(encode::hold(answer)))
    }

    async fn list_credit_holds(
        &self,
        request: Request<pb::ListCreditHoldsRequest>,
    ) -> Answer<pb::ListCreditHoldsResponse> {
        let ctx = api::ctx(&request)?;
        let request = request.into_inner();
        let (of, page) = parse_query::list(&request, &request.parent)?;
        let answer = self.credit.holds(&ctx, of, request.show_released).await?;
        Ok(Response::new(encode::holds(answer, &page)))
    }

    async fn check_credit(
        &self,
        request: Request<pb::CheckCreditRequest>,
    ) -> Answer<pb::CreditDecision> {
        let ctx = api::ctx(&request)?;
        let command = parse_reservation::check(request.into_inner())?;
        let decision = self.credit.check(&ctx, command).await?;
        Ok(Response::new(encode::decision(decision)))
    }

    async fn reserve_credit(
        &self,
        request: Request<pb::ReserveCreditRequest>,
    ) -> Answer<pb::CreditDecision> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::reserve(request.into_inner())?;
        let answer = self.credit.reserve(&ctx, &id, command).await?;
        Ok(Response::new(encode::decision(answer)))
    }

    async fn amend_reservation(
        &self,
        request: Request<pb::AmendReservationRequest>,
    ) -> Answer<pb::CreditDecision> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::amend(request.into_inner())?;
        let answer = self.credit.amend(&ctx, &id, command).await?;
        Ok(Response::new(encode::decision(answer)))
    }

    async fn deliver_reservation(
        &self,
        request: Request<pb::DeliverReservationRequest>,
    ) -> Answer<pb::CreditReservation> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::deliver(request.into_inner())?;
        let (reservation, now) = self.credit.deliver(&ctx, &id, command).await?;
        Ok(Response::new(encode::reservation(reservation, now)))
    }

    async fn commit_reservation(
        &self,
        request: Request<pb::CommitReservationRequest>,
    ) -> Answer<pb::CreditReservation> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::commit(request.into_inner())?;
        let (reservation, now) = self.credit.commit(&ctx, &id, command).await?;
        Ok(Response::new(encode::reservation(reservation, now)))
    }

    async fn cancel_reservation(
        &self,
        request: Request<pb::CancelReservationRequest>,
    ) -> Answer<pb::CreditReservation> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::cancel(request.into_inner())?;
        let (reservation, now) = self.credit.cancel(&ctx, &id, command).await?;
        Ok(Response::new(encode::reservation(reservation, now)))
    }

    async fn get_reservation(
        &self,
        request: Request<pb::GetReservationRequest>,
    ) -> Answer<pb::CreditReservation> {
        let ctx = api::ctx(&request)?;
        let name = parse_reservation::get(&request.into_inner())?;
        let (reservation, now) = self.credit.reservation(&ctx, name).await?;
        Ok(Response::new(encode::reservation(reservation, now)))
    }

    async fn list_reservations(
        &self,
        request: Request<pb::ListReservationsRequest>,
    ) -> Answer<pb::ListReservationsResponse> {
        let ctx = api::ctx(&request)?;
        let request = request.into_inner();
        let (of, page) = parse_query::list(&request, &request.parent)?;
        let answer = self.credit.reservations(&ctx, of, request.live_only).await?;
        Ok(Response::new(encode::reservations(answer, &page)))
    }

    async fn decide_referral(
        &self,
        request: Request<pb::DecideReferralRequest>,
    ) -> Answer<pb::CreditDecision> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_reservation::decide_referral(request.into_inner())?;
        let answer = self.credit.decide_referral(&ctx, &id, command).await?;
        Ok(Response::new(encode::decision(answer)))
    }

    async fn get_credit_decision(
        &self,
        request: Request<pb::GetCreditDecisionRequest>,
    ) -> Answer<pb::CreditDecision> {
        let ctx = api::ctx(&request)?;
        let name = parse_query::decision(&request.into_inner())?;
        let decision = self.credit.decision(&ctx, name).await?;
        Ok(Response::new(encode::decision(decision)))
    }

    async fn list_credit_decisions(
        &self,
        request: Request<pb::ListCreditDecisionsRequest>,
    ) -> Answer<pb::ListCreditDecisionsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = parse_query::decisions(&request.into_inner())?;
        let answer = self.credit.decisions(&ctx, list).await?;
        Ok(Response::new(encode::decisions(answer, &page)))
    }

    async fn create_credit_security(
        &self,
        request: Request<pb::CreateCreditSecurityRequest>,
    ) -> Answer<pb::CreditSecurity> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_security::create(request.into_inner())?;
        let answer = self.credit.create_security(&ctx, &id, command).await?;
        Ok(Response::new(encode::security(answer)))
    }

    async fn list_credit_securities(
        &self,
        request: Request<pb::ListCreditSecuritiesRequest>,
    ) -> Answer<pb::ListCreditSecuritiesResponse> {
        let ctx = api::ctx(&request)?;
        let request = request.into_inner();
        let (of, page) = parse_query::list(&request, &request.parent)?;
        let answer = self.credit.securities(&ctx, of).await?;
        Ok(Response::new(encode::securities(answer, &page)))
    }

    async fn end_credit_security(
        &self,
        request: Request<pb::EndCreditSecurityRequest>,
    ) -> Answer<pb::CreditSecurity> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_security::end(request.into_inner())?;
        let answer = self.credit.end_security(&ctx, &id, command).await?;
        Ok(Response::new(encode::security(answer)))
    }

    async fn create_credit_policy(
        &self,
        request: Request<pb::CreateCreditPolicyRequest>,
    ) -> Answer<pb::CreditPolicy> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_policy::create(request.into_inner())?;
        let answer = self.credit.create_policy(&ctx, &id, command).await?;
        Ok(Response::new(encode::policy(answer)))
    }

    async fn get_credit_policy(
        &self,
        request: Request<pb::GetCreditPolicyRequest>,
    ) -> Answer<pb::CreditPolicy> {
        let ctx = api::ctx(&request)?;
        let id = parse_policy::get(&request.into_inner())?;
        let policy = self.credit.policy(&ctx, id).await?;
        Ok(Response::new(encode::policy(policy)))
    }

    async fn list_credit_policies(
        &self,
        request: Request<pb::ListCreditPoliciesRequest>,
    ) -> Answer<pb::ListCreditPoliciesResponse> {
        let ctx = api::ctx(&request)?;
        let (of, page) = parse_query::policies(&request.into_inner())?;
        let answer = self.credit.policies(&ctx, of).await?;
        Ok(Response::new(encode::policies(answer, &page)))
    }

    async fn activate_credit_policy(
        &self,
        request: Request<pb::ActivateCreditPolicyRequest>,
    ) -> Answer<pb::CreditPolicy> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse_policy::activate(request.into_inner())?;
        let answer = self.credit.activate_policy(&ctx, &id, command).await?;
        Ok(Response::new(encode::policy(answer)))
    }
}
