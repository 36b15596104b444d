//! Uploaded values: a stream of chunks, read whole before anything is done with it. All faults are
//! named at once, those of rows by their number over all chunks.

use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::policy;
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::write;
use crate::api::stream;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result, Violation, Violations};
use crate::domain::money::{Currency, Money};
use crate::domain::tier::values::{ACCOUNTS_MAX, Header, Row, ValueSet, Worth};
use crate::pb;
use crate::pb::upload_tier_values_request::Step;

/// What was sent, as far as it could be read.
#[derive(Debug, Default)]
pub struct Upload {
    pub header: Option<Header>,
    pub rows: Vec<Row>,
    pub violations: Violations,
}

/// Reads the stream to its end.
pub async fn receive(
    ctx: &Ctx,
    ending: &CancellationToken,
    mut requests: impl Stream<Item = Result<pb::UploadTierValuesRequest, Status>> + Unpin,
) -> Result<Upload, Status> {
    let mut upload = Upload::default();
    let mut currency = None;
    let (mut sent, mut is_opened) = (0, false);
    while let Some(request) = next(ending, &mut requests).await? {
        ctx.check_deadline()?;
        match request.step {
            Some(Step::Header(header)) if !is_opened => {
                is_opened = true;
                currency = Currency::parse(&header.currency_code);
                upload.header = self::header(header, &mut upload.violations);
            }
            Some(Step::Chunk(chunk)) if is_opened => {
                for value in chunk.values {
                    let field = format!("values[{sent}]");
                    sent += 1;
                    if sent > ACCOUNTS_MAX {
                        return Err(too_many().into());
                    }
                    upload.rows.extend(row(field, value, currency, &mut upload.violations));
                }
            }
            Some(Step::Header(_)) => return Err(misplaced("there is one header, the first")),
            Some(Step::Chunk(_)) => return Err(misplaced("the first message must be the header")),
            None => return Err(misplaced("a message is a header or a chunk")),
        }
    }
    if !is_opened {
        return Err(misplaced("the first message must be the header"));
    }
    if sent == 0 {
        upload.violations.push(missing("values"));
    }
    Ok(upload)
}

async fn next<M>(
    ending: &CancellationToken,
    messages: &mut (impl Stream<Item = Result<M, Status>> + Unpin),
) -> Result<Option<M>, Status> {
    tokio::select! {
        biased;
        () = ending.cancelled() => Err(stream::shutting_down().into()),
        message = messages.next() => message.transpose(),
    }
}

fn header(header: pb::TierValueHeader, violations: &mut Violations) -> Option<Header> {
    let pb::TierValueHeader { tier_value_set_id: id, as_of, currency_code } = header;
    let is_named = violations.keep(policy::id_given("header.tier_value_set_id", &id));
    let as_of = violations.keep(read::date("header.as_of", as_of));
    let currency = violations.keep(read::currency("header.currency_code", &currency_code));
    is_named?;
    Some(Header { id, as_of: as_of?, currency: currency? })
}

fn row(
    field: String,
    value: pb::TierValue,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<Row> {
    let pb::TierValue { account, value, contribution } = value;
    let at = |part: &str| within(&field, part);
    let account = violations.keep(read::account(&at("account"), &account));
    let value = violations.keep(read::money(&at("value"), value.as_ref()));
    let contribution =
        violations.keep(read::optional_money(&at("contribution"), contribution.as_ref()));
    let mut is_one = true;
    for (part, money) in [("value", value), ("contribution", contribution.flatten())] {
        let (Some(of), Some(money)) = (currency, money) else { continue };
        if money.currency != of {
            is_one = false;
            let what = format!("the set is in {}, not in {}", of.code(), money.currency.code());
            violations.add(at(part), Reason::CurrencyMismatch, what);
        }
    }
    let minor = |money: Money| money.minor;
    let worth = Worth { value: minor(value?), contribution: contribution?.map(minor) };
    Some(Row { field, account: account?, worth }).filter(|_| is_one)
}

fn too_many() -> Error {
    let what = format!("a set has at most {ACCOUNTS_MAX} rows");
    Error::invalid("values", Reason::TooManyElements, what)
}

fn misplaced(what: &str) -> Status {
    Error::from(Violation::new("step", Reason::RequestMalformed, what)).into()
}

pub fn encode(set: ValueSet) -> pb::TierValueSet {
    let name = set.name();
    let ValueSet { id: _, as_of, currency, accounts, digest: _, created_by, recorded_us } = set;
    pb::TierValueSet {
        name,
        as_of: Some(write::date(as_of)),
        currency_code: currency.code().to_owned(),
        accounts,
        created_by,
        create_time: Some(write::recorded(recorded_us)),
    }
}
