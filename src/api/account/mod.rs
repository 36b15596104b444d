//! AccountService: parse, call, encode.

mod account_type;
pub mod convert;
mod departure;
mod directory;
mod finding;
mod handover;
mod member;
mod member_book;
mod merge;
pub mod record;
mod status;
pub mod team;
mod timeline;
mod transfer;
mod work;

use tonic::{Request, Response, Status, Streaming};

use self::merge::Of;
use self::status::StatusQuestion;
pub use self::team::write_role;
use crate::api;
use crate::api::stream::Answers;
use crate::ctx::Ctx;
use crate::domain::error::Error;
use crate::pb;
use crate::pb::account_service_server::AccountService;
use crate::service::account_types::AccountTypes;
use crate::service::accounts::{self, Sources};
use crate::service::credit::Credit;
use crate::service::departures::Departures;
use crate::service::directory::Directory;
use crate::service::findings::Findings;
use crate::service::handovers::Handovers;
use crate::service::member_books::MemberBooks;
use crate::service::members::Members;
use crate::service::merges::Merges;
use crate::service::receivables::Receivables;
use crate::service::records::Records;
use crate::service::teams::Teams;
use crate::service::tiers::Tiers;
use crate::service::timelines::Timelines;
use crate::service::trust::Trust;
use crate::service::work::WorkItems;

/// The use cases that the methods call.
#[derive(Clone)]
pub struct AccountServices {
    pub accounts: accounts::Accounts,
    pub receivables: Receivables,
    pub credit: Credit,
    pub members: Members,
    pub teams: Teams,
    pub records: Records,
    pub directory: Directory,
    pub merges: Merges,
    pub findings: Findings,
    pub tiers: Tiers,
    pub departures: Departures,
    pub trust: Trust,
    pub work: WorkItems,
    pub handovers: Handovers,
    pub timelines: Timelines,
    pub account_types: AccountTypes,
    pub member_books: MemberBooks,
}

/// The handlers of AccountService.
#[derive(Clone)]
pub struct Accounts {
    services: AccountServices,
}

impl Accounts {
    pub fn new(services: AccountServices) -> Self {
        Self { services }
    }

    async fn statuses(
        &self,
        ctx: &Ctx,
        question: StatusQuestion,
    ) -> Result<Vec<pb::AccountStatus>, Error> {
        let StatusQuestion { names, point, display } = question;
        let (accounts, sources) = (&self.services.accounts, self.sources());
        let answer = accounts.statuses(ctx, sources, names, point, display).await?;
        answer.into_iter().map(status::status).collect()
    }

    fn sources(&self) -> Sources<'_> {
        let AccountServices { receivables, credit, teams, findings, tiers, trust, .. } =
            &self.services;
        Sources { receivables, credit, teams, findings, tiers, trust }
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_account(
        &self,
        request: Request<pb::CreateAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::create(request.into_inner())?;
        let account = self.services.accounts.create(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn get_account(&self, request: Request<pb::GetAccountRequest>) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let name = convert::get(&request.into_inner())?;
        let account = self.services.accounts.get(&ctx, name).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn batch_get_accounts(
        &self,
        request: Request<pb::BatchGetAccountsRequest>,
    ) -> Answer<pb::BatchGetAccountsResponse> {
        let ctx = api::ctx(&request)?;
        let names = convert::batch_get(&request.into_inner())?;
        let accounts = self.services.accounts.batch_get(&ctx, names).await?;
        let accounts = accounts.into_iter().map(convert::account).collect();
        Ok(Response::new(pb::BatchGetAccountsResponse { accounts }))
    }

    async fn list_accounts(
        &self,
        request: Request<pb::ListAccountsRequest>,
    ) -> Answer<pb::ListAccountsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = convert::list(request.into_inner())?;
        let AccountServices { accounts, teams, .. } = &self.services;
        let answer = accounts.list(&ctx, teams, list).await?;
        Ok(Response::new(convert::page(answer, &page)))
    }

    async fn update_account(
        &self,
        request: Request<pb::UpdateAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::update(request.into_inner())?;
        let account = self.services.accounts.update(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn delete_account(
        &self,
        request: Request<pb::DeleteAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::delete(request.into_inner())?;
        let account = self.services.accounts.delete(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn undelete_account(
        &self,
        request: Request<pb::UndeleteAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::undelete(request.into_inner())?;
        let account = self.services.accounts.undelete(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn block_account(
        &self,
        request: Request<pb::BlockAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::block(request.into_inner())?;
        let account = self.services.accounts.block(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn unblock_account(
        &self,
        request: Request<pb::UnblockAccountRequest>,
    ) -> Answer<pb::Account> {
        let ctx = api::ctx(&request)?;
        let (command, request_id) = convert::unblock(request.into_inner())?;
        let account = self.services.accounts.unblock(&ctx, command, &request_id).await?;
        Ok(Response::new(convert::account(account)))
    }

    async fn get_account_status(
        &self,
        request: Request<pb::GetAccountStatusRequest>,
    ) -> Answer<pb::AccountStatus> {
        let ctx = api::ctx(&request)?;
        let question = status::one(request.into_inner())?;
        let statuses = self.statuses(&ctx, question).await?;
        let one = statuses.into_iter().next();
        Ok(Response::new(one.ok_or_else(|| Error::internal("one name, no status"))?))
    }

    async fn batch_get_account_statuses(
        &self,
        request: Request<pb::BatchGetAccountStatusesRequest>,
    ) -> Answer<pb::BatchGetAccountStatusesResponse> {
        let ctx = api::ctx(&request)?;
        let question = status::batch(request.into_inner())?;
        let statuses = self.statuses(&ctx, question).await?;
        Ok(Response::new(pb::BatchGetAccountStatusesResponse { statuses }))
    }

    async fn list_findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Answer<pb::ListFindingsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = finding::list(request.get_ref())?;
        let answer = self.services.findings.list(&ctx, list).await?;
        Ok(Response::new(finding::page(answer, &page)))
    }

    async fn snooze_finding(
        &self,
        request: Request<pb::SnoozeFindingRequest>,
    ) -> Answer<pb::FindingSnooze> {
        let ctx = api::ctx(&request)?;
        let (id, command) = finding::snooze(request.into_inner())?;
        let answer = self.services.findings.snooze(&ctx, &id, command).await?;
        Ok(Response::new(finding::snoozed(answer)))
    }

    async fn list_work_items(
        &self,
        request: Request<pb::ListWorkItemsRequest>,
    ) -> Answer<pb::ListWorkItemsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = work::list(request.get_ref())?;
        let answer = self.services.work.list(&ctx, list).await?;
        Ok(Response::new(work::page(answer, &page)))
    }

    async fn list_timeline(
        &self,
        request: Request<pb::ListTimelineRequest>,
    ) -> Answer<pb::ListTimelineResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = timeline::list(request.get_ref())?;
        let answer = self.services.timelines.list(&ctx, list).await?;
        Ok(Response::new(timeline::page(&ctx, answer, &page)?))
    }

    async fn list_account_type_changes(
        &self,
        request: Request<pb::ListAccountTypeChangesRequest>,
    ) -> Answer<pb::ListAccountTypeChangesResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = account_type::list(request.get_ref())?;
        let answer = self.services.account_types.changes(&ctx, list).await?;
        Ok(Response::new(account_type::page(answer, &page)))
    }

    async fn get_member_book(
        &self,
        request: Request<pb::GetMemberBookRequest>,
    ) -> Answer<pb::MemberBook> {
        let ctx = api::ctx(&request)?;
        let get = member_book::parse(request.get_ref())?;
        let answer = self.services.member_books.get(&ctx, self.sources(), get).await?;
        Ok(Response::new(member_book::encode(answer)?))
    }

    async fn create_member(&self, request: Request<pb::CreateMemberRequest>) -> Answer<pb::Member> {
        let ctx = api::ctx(&request)?;
        let (id, command) = member::create(request.into_inner())?;
        let answer = self.services.members.create(&ctx, &id, command).await?;
        Ok(Response::new(member::member(answer)))
    }

    async fn get_member(&self, request: Request<pb::GetMemberRequest>) -> Answer<pb::Member> {
        let ctx = api::ctx(&request)?;
        let name = member::get(&request.into_inner())?;
        let answer = self.services.members.get(&ctx, name).await?;
        Ok(Response::new(member::member(answer)))
    }

    async fn list_members(
        &self,
        request: Request<pb::ListMembersRequest>,
    ) -> Answer<pb::ListMembersResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = member::list(request.into_inner())?;
        let answer = self.services.members.list(&ctx, list).await?;
        Ok(Response::new(member::page(answer, &page)))
    }

    async fn update_member(&self, request: Request<pb::UpdateMemberRequest>) -> Answer<pb::Member> {
        let ctx = api::ctx(&request)?;
        let (id, command) = member::update(request.into_inner())?;
        let answer = self.services.members.update(&ctx, &id, command).await?;
        Ok(Response::new(member::member(answer)))
    }

    async fn deactivate_member(
        &self,
        request: Request<pb::DeactivateMemberRequest>,
    ) -> Answer<pb::DeactivateMemberResponse> {
        let ctx = api::ctx(&request)?;
        let asked = member::deactivate(request.into_inner())?;
        let member::Deactivation { command, validate_only, request_id } = asked;
        let handovers = &self.services.handovers;
        let answer = match validate_only {
            true => handovers.would_deactivate(&ctx, command).await?,
            false => handovers.deactivate(&ctx, &request_id, command).await?,
        };
        Ok(Response::new(member::deactivated(answer)?))
    }

    async fn reactivate_member(
        &self,
        request: Request<pb::ReactivateMemberRequest>,
    ) -> Answer<pb::Member> {
        let ctx = api::ctx(&request)?;
        let (id, command) = member::reactivate(request.into_inner())?;
        let answer = self.services.members.reactivate(&ctx, &id, command).await?;
        Ok(Response::new(member::member(answer)))
    }

    async fn assign_team_member(
        &self,
        request: Request<pb::AssignTeamMemberRequest>,
    ) -> Answer<pb::TeamMembership> {
        let ctx = api::ctx(&request)?;
        let (id, command) = team::assign(request.into_inner())?;
        let answer = self.services.teams.assign(&ctx, &id, command).await?;
        Ok(Response::new(team::membership(answer)))
    }

    async fn end_team_membership(
        &self,
        request: Request<pb::EndTeamMembershipRequest>,
    ) -> Answer<pb::TeamMembership> {
        let ctx = api::ctx(&request)?;
        let (id, command) = team::end(request.into_inner())?;
        let answer = self.services.teams.end(&ctx, &id, command).await?;
        Ok(Response::new(team::membership(answer)))
    }

    async fn list_team_members(
        &self,
        request: Request<pb::ListTeamMembersRequest>,
    ) -> Answer<pb::ListTeamMembersResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = team::list(&request.into_inner())?;
        let answer = self.services.teams.list(&ctx, list).await?;
        Ok(Response::new(team::page(answer, &page)))
    }

    type ImportRecordsStream = Answers<pb::ImportRecordsResponse>;

    async fn import_records(
        &self,
        request: Request<Streaming<pb::ImportRecordsRequest>>,
    ) -> Answer<Self::ImportRecordsStream> {
        let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
        let records = self.services.records.clone();
        Ok(Response::new(record::run(ctx, ending, records, request.into_inner())))
    }

    async fn batch_get_source_keys(
        &self,
        request: Request<pb::BatchGetSourceKeysRequest>,
    ) -> Answer<pb::BatchGetSourceKeysResponse> {
        let ctx = api::ctx(&request)?;
        let named = record::source_keys::parse(request.get_ref())?;
        let keys = self.services.records.source_keys(&ctx, named).await?;
        let names = request.into_inner().names;
        Ok(Response::new(record::source_keys::encode(names, keys)))
    }

    async fn search_directory(
        &self,
        request: Request<pb::SearchDirectoryRequest>,
    ) -> Answer<pb::SearchDirectoryResponse> {
        let ctx = api::ctx(&request)?;
        let search = directory::search(request.into_inner())?;
        let answer = self.services.directory.search(&ctx, search).await?;
        Ok(Response::new(directory::found(answer)))
    }

    async fn merge_records(
        &self,
        request: Request<pb::MergeRecordsRequest>,
    ) -> Answer<pb::MergeRecordsResponse> {
        let ctx = api::ctx(&request)?;
        let ((id, command), only_look) = merge::merge(request.into_inner())?;
        let AccountServices { merges, accounts, .. } = &self.services;
        let answer = match (command, only_look) {
            (Of::Contacts(c), true) => Of::Contacts(merges.would_merge(&ctx, c).await?),
            (Of::Contacts(c), false) => Of::Contacts(merges.merge(&ctx, &id, c).await?),
            (Of::Accounts(c), true) => Of::Accounts(accounts.would_merge(&ctx, c).await?),
            (Of::Accounts(c), false) => Of::Accounts(accounts.merge(&ctx, &id, c).await?),
        };
        Ok(Response::new(merge::merged(answer)))
    }

    async fn undo_merge(
        &self,
        request: Request<pb::UndoMergeRequest>,
    ) -> Answer<pb::UndoMergeResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = merge::undo(request.into_inner())?;
        let AccountServices { merges, accounts, .. } = &self.services;
        let undone = match command {
            Of::Contacts(c) => Of::Contacts(merges.undo(&ctx, &id, c).await?),
            Of::Accounts(c) => Of::Accounts(accounts.undo_merge(&ctx, &id, c).await?),
        };
        Ok(Response::new(merge::undone(undone)))
    }

    async fn simulate_departure(
        &self,
        request: Request<pb::SimulateDepartureRequest>,
    ) -> Answer<pb::Departure> {
        let ctx = api::ctx(&request)?;
        let who = departure::parse(request.into_inner())?;
        let answer = self.services.departures.simulate(&ctx, who).await?;
        Ok(Response::new(departure::encode(answer)?))
    }

    async fn transfer_accounts(
        &self,
        request: Request<pb::TransferAccountsRequest>,
    ) -> Answer<pb::TransferAccountsResponse> {
        let ctx = api::ctx(&request)?;
        let asked = transfer::parse(request.into_inner(), ctx.business_date())?;
        let transfer::Asked { command, validate_only, request_id, page } = asked;
        let AccountServices { teams, handovers, .. } = &self.services;
        let moved = match (validate_only, command.with_handover) {
            (true, _) => teams.would_transfer(&ctx, command).await?,
            (false, true) => handovers.transfer(&ctx, &request_id, command).await?,
            (false, false) => teams.transfer(&ctx, &request_id, command).await?,
        };
        Ok(Response::new(transfer::answer(moved, &page)))
    }

    async fn start_handover(
        &self,
        request: Request<pb::StartHandoverRequest>,
    ) -> Answer<pb::Handover> {
        let ctx = api::ctx(&request)?;
        let (id, command) = handover::start(request.into_inner())?;
        let told = self.services.handovers.start(&ctx, &id, command).await?;
        Ok(Response::new(handover::told(told)))
    }

    async fn get_handover(&self, request: Request<pb::GetHandoverRequest>) -> Answer<pb::Handover> {
        let ctx = api::ctx(&request)?;
        let name = handover::get(request.get_ref())?;
        Ok(Response::new(handover::told(self.services.handovers.get(&ctx, name).await?)))
    }

    async fn list_handovers(
        &self,
        request: Request<pb::ListHandoversRequest>,
    ) -> Answer<pb::ListHandoversResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = handover::list(request.get_ref())?;
        let found = self.services.handovers.list(&ctx, list).await?;
        Ok(Response::new(handover::page(found, &page)))
    }

    async fn advance_handover(
        &self,
        request: Request<pb::AdvanceHandoverRequest>,
    ) -> Answer<pb::Handover> {
        let ctx = api::ctx(&request)?;
        let (id, command) = handover::advance(request.into_inner())?;
        let told = self.services.handovers.advance(&ctx, &id, command).await?;
        Ok(Response::new(handover::told(told)))
    }
}
