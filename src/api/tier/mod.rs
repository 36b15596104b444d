//! TierService: between protobuf and the use cases of tiers.
//!
//! A method parses, calls a use case and encodes. Rules and sequence do not belong here.

mod calendar;
mod policy;

use tonic::{Request, Response, Status};

use crate::api;
use crate::domain::calendar::WorkCalendar;
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
}
