//! Which services answer, with which bounds on their messages.

use tonic::codec::CompressionEncoding;
use tonic::service::Routes;

use super::App;
use super::health::Health;
use crate::api::account::{AccountServices, Accounts};
use crate::api::contact::Contacts;
use crate::api::credit::Credits;
use crate::api::descriptors;
use crate::api::interaction::Interactions;
use crate::api::receivable::{ReceivableServices, Receivables};
use crate::api::tier::Tiers;
use crate::config::Config;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::money::Currency;
use crate::domain::names::{MemberRef, parse_member};
use crate::domain::team::eligible::{OwnerRequirement, Requirements};
use crate::pb;
use crate::pb::account_service_server::AccountServiceServer;
use crate::pb::contact_service_server::ContactServiceServer;
use crate::pb::credit_service_server::CreditServiceServer;
use crate::pb::interaction_service_server::InteractionServiceServer;
use crate::pb::receivable_service_server::ReceivableServiceServer;
use crate::pb::tier_service_server::TierServiceServer;
use crate::service::account_types::AccountTypes;
use crate::service::credit::Credit;
use crate::service::findings::{FindingSettings, Findings};
use crate::service::member_books::MemberBooks;
use crate::service::members::Members;
use crate::service::records::Records;
use crate::service::teams::{TeamSettings, Teams};
use crate::service::timelines::Timelines;
use crate::service::work::WorkItems;
use crate::service::{self, Settings};
use crate::store::Store;

/// Bounds the messages of a generated server, in both directions. Compressed requests are
/// taken; answers are small, and compressing them would cost more than it saves.
/// Bytes of a question about health.
const HEALTH_BYTES_MAX: usize = 1 << 10;

macro_rules! bounded {
    ($service:expr, $limits:expr) => {
        $service
            .max_decoding_message_size($limits.request_bytes_max)
            .max_encoding_message_size($limits.response_bytes_max)
            .accept_compressed(CompressionEncoding::Gzip)
    };
}

/// Everything served on one port.
pub(super) fn routes(app: &App, health: &Health, credit: Credit) -> Result<Routes> {
    let server = &app.config.server;
    let settings = settings(&app.config)?;
    let store = || app.store.clone();
    let questions = service::receivables::Receivables::new(store(), settings.clone());
    let members = members(&app.config, store())?;
    let teams = Teams::new(store(), team_settings(&app.config)?);
    let records = records(&app.config, &app.store)?;
    let tiers = service::tiers::Tiers::new(store(), settings.clone());
    let findings = findings(app, &tiers, &credit, &questions)?;
    let trust = service::trust::Trust::new(store(), questions.clone());
    let accounts = Accounts::new(AccountServices {
        accounts: service::accounts::Accounts::new(store()),
        receivables: questions.clone(),
        credit: credit.clone(),
        members,
        teams: teams.clone(),
        records,
        directory: service::directory::Directory::new(store()),
        merges: service::merges::Merges::new(store()),
        findings,
        tiers: tiers.clone(),
        departures: service::departures::Departures::new(store(), questions.clone()),
        trust: trust.clone(),
        work: WorkItems::new(store(), questions.clone(), team_settings(&app.config)?),
        handovers: service::handovers::Handovers::new(
            store(),
            questions.clone(),
            team_settings(&app.config)?,
        ),
        timelines: Timelines::new(store()),
        account_types: AccountTypes::new(store()),
        member_books: MemberBooks::new(store()),
    });
    let contacts = service::contacts::Contacts::new(store(), team_settings(&app.config)?);
    let interactions = service::interactions::Interactions::new(store(), settings.clone());
    let contacts = Contacts::new(contacts, interactions.clone());
    let briefs = service::briefs::Briefs::new(
        store(),
        questions.clone(),
        credit.clone(),
        interactions.clone(),
    );
    let interactions = Interactions::new(interactions, trust, briefs);
    let tiers = Tiers::new(tiers);
    let receivables = Receivables::new(ReceivableServices {
        ledger: service::ledger::Ledger::new(store(), settings.clone()),
        facts: service::facts::Facts::new(store(), settings),
        receivables: questions,
        teams,
    });
    // Whoever may connect asks these: what they say is short.
    let health = health.server().max_decoding_message_size(HEALTH_BYTES_MAX);
    let mut routes = Routes::new(health)
        .add_service(bounded!(AccountServiceServer::new(accounts), server))
        .add_service(bounded!(ContactServiceServer::new(contacts), server))
        .add_service(bounded!(CreditServiceServer::new(Credits::new(credit)), server))
        .add_service(bounded!(InteractionServiceServer::new(interactions), server))
        .add_service(bounded!(ReceivableServiceServer::new(receivables), server))
        .add_service(bounded!(TierServiceServer::new(tiers), server));
    if server.reflection {
        let failed = |e: tonic_reflection::server::Error| {
            Error::internal(format!("reflection cannot be served: {e}"))
        };
        // Both versions: widespread tools only know the older one.
        routes = routes
            .add_service(bounded!(reflection().build_v1().map_err(failed)?, server))
            .add_service(bounded!(reflection().build_v1alpha().map_err(failed)?, server));
    }
    Ok(routes)
}

/// What the configuration says about rules.
pub(crate) fn settings(config: &Config) -> Result<Settings> {
    let business = &config.business;
    let base_currency = business
        .base_currency
        .as_deref()
        .map(|code| {
            Currency::parse(code).filter(|of| of.is_active()).ok_or_else(|| {
                Error::invalid(
                    "business.base_currency",
                    Reason::CurrencyUnknown,
                    format!("{code} is not a currency of ISO 4217"),
                )
            })
        })
        .transpose()?;
    Ok(Settings { base_currency, rate_age_days_max: business.rate_age_days_max.into() })
}

/// The use cases of our people, by the configured owner of what nobody else owns.
pub(crate) fn members(config: &Config, store: Store) -> Result<Members> {
    Ok(Members::new(store, default_owner(config)?))
}

/// The use cases of findings, as the configuration has them.
fn findings(
    app: &App,
    tiers: &service::tiers::Tiers,
    credit: &Credit,
    receivables: &service::receivables::Receivables,
) -> Result<Findings> {
    let business = &app.config.business;
    let settings = FindingSettings {
        sponsor_required: business.sponsor_required,
        calendar_notice_days: business.calendar_notice_days,
    };
    let (tiers, credit) = (tiers.clone(), credit.clone());
    let (receivables, teams) = (receivables.clone(), team_settings(&app.config)?);
    Ok(Findings::new(app.store.clone(), tiers, credit, receivables, teams, settings))
}

/// What the configuration says about teams.
pub(crate) fn team_settings(config: &Config) -> Result<TeamSettings> {
    let business = &config.business;
    let accounts_max = Some(business.owner_accounts_max).filter(|max| *max > 0);
    let owner = OwnerRequirement { rating_min: business.owner_rating_min, accounts_max };
    let requirements = Requirements {
        owner,
        sponsored_max: business.sponsor_accounts_max,
        sponsor_required: business.sponsor_required,
    };
    Ok(TeamSettings { default_owner: default_owner(config)?, requirements })
}

fn default_owner(config: &Config) -> Result<MemberRef> {
    Ok(parse_member("business.default_owner", &config.business.default_owner)?)
}

/// What an import of records calls.
pub(crate) fn records(config: &Config, store: &Store) -> Result<Records> {
    let teams = Teams::new(store.clone(), team_settings(config)?);
    let settings = settings(config)?;
    Ok(Records::new(store.clone(), members(config, store.clone())?, teams, settings))
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(descriptors::ERRORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
