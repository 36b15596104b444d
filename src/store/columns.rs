//! Domain types as column types: enums by their stored names, currencies by their codes.

use sea_orm::entity::prelude::{ColumnType, StringLen};
use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::account::AccountState;
use crate::domain::account::profile::PartyKind;
use crate::domain::books::{EntryKind, RequestState};
use crate::domain::commitment::{CommitmentSide, Settlement};
use crate::domain::contact::{ContactState, Official};
use crate::domain::credit::component::Component;
use crate::domain::credit::decision::{DecisionKind, Verdict};
use crate::domain::credit::hold::HoldScope;
use crate::domain::credit::limit::LimitKind;
use crate::domain::credit::reservation::ReservationState;
use crate::domain::credit::security::SecurityKind;
use crate::domain::directory::{KeyKind, Kind};
use crate::domain::document::EndState;
use crate::domain::error::{Error, Result};
use crate::domain::finding::Code;
use crate::domain::gift::{GiftKind, GiftState};
use crate::domain::handover::{HandoverState, ItemKind};
use crate::domain::interaction::{Channel, Direction, Response, Stage};
use crate::domain::item::{DocumentKind, ItemClass, Side};
use crate::domain::job::{Function, Level};
use crate::domain::member::MemberState;
use crate::domain::money::Currency;
use crate::domain::names::CanonicalForm;
use crate::domain::personal::Personal;
use crate::domain::policy::PolicyKind;
use crate::domain::receivables::{DisputeOutcome, Movement};
use crate::domain::record::KeyedKind;
use crate::domain::team::TeamRole;
use crate::domain::tie::{Review, TieKind};
use crate::domain::tier::applied::Cause;
use crate::domain::timeline::TimelineType;

/// A type that is stored under a name.
pub trait Named: Sized + Copy {
    fn name(self) -> &'static str;
    fn named(name: &str) -> Option<Self>;
}

/// What an absent value is in a column that cannot be NULL: the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrEmpty<T>(pub Option<T>);

macro_rules! text_column {
    ([$($generic:ident: $bound:ident)?] $type:ty, $write:expr, $read:expr) => {
        impl<$($generic: $bound)?> From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::String(Some($write(value).into()))
            }
        }

        impl<$($generic: $bound)?> TryGetable for $type {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let name = String::try_get_by(row, index)?;
                $read(&name).ok_or_else(|| {
                    let what = std::any::type_name::<Self>();
                    TryGetError::DbErr(DbErr::Type(format!("no {what} is stored as {name:?}")))
                })
            }
        }

        impl<$($generic: $bound)?> ValueType for $type {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                match value {
                    Value::String(Some(name)) => $read(&name).ok_or(ValueTypeErr),
                    _ => Err(ValueTypeErr),
                }
            }

            fn type_name() -> String {
                std::any::type_name::<Self>().to_owned()
            }

            fn array_type() -> ArrayType {
                ArrayType::String
            }

            fn column_type() -> ColumnType {
                ColumnType::String(StringLen::None)
            }
        }

        // A key of a table, and never a number that the database gives.
        impl<$($generic: $bound)?> TryFromU64 for $type {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(std::any::type_name::<Self>()))
            }
        }

        impl<$($generic: $bound)?> Nullable for $type {
            fn null() -> Value {
                Value::String(None)
            }
        }
    };
}

macro_rules! named {
    ($($type:ty: $name:ident,)+) => {$(
        impl Named for $type {
            fn name(self) -> &'static str {
                self.$name()
            }

            fn named(name: &str) -> Option<Self> {
                Self::parse(name)
            }
        }

        text_column!([] $type, Named::name, <$type as Named>::named);
    )+};
}

named! {
    AccountState: as_str,
    CanonicalForm: as_str,
    Cause: as_str,
    Code: as_str,
    Channel: as_str,
    CommitmentSide: as_str,
    Settlement: as_str,
    Component: as_str,
    ContactState: as_str,
    Currency: code,
    DecisionKind: as_str,
    Direction: as_str,
    DisputeOutcome: as_str,
    DocumentKind: as_str,
    EndState: as_str,
    EntryKind: as_str,
    Function: as_str,
    HandoverState: as_str,
    GiftKind: as_str,
    GiftState: as_str,
    HoldScope: as_str,
    ItemClass: as_str,
    ItemKind: as_str,
    KeyKind: as_str,
    KeyedKind: as_str,
    Kind: as_str,
    Level: as_str,
    LimitKind: as_str,
    MemberState: as_str,
    Movement: as_str,
    Official: as_str,
    PartyKind: as_str,
    PolicyKind: as_str,
    RequestState: as_str,
    ReservationState: as_str,
    Response: as_str,
    SecurityKind: as_str,
    Review: as_str,
    Side: as_str,
    Stage: as_str,
    TeamRole: as_str,
    TieKind: as_str,
    TimelineType: as_str,
    crate::domain::tie::Side: as_str,
    Verdict: as_str,
}

impl<T: Named> OrEmpty<T> {
    pub fn parse(name: &str) -> Option<Self> {
        if name.is_empty() { Some(Self(None)) } else { T::named(name).map(|of| Self(Some(of))) }
    }
}

text_column!(
    [T: Named] OrEmpty<T>,
    |value: OrEmpty<T>| value.0.map_or("", T::name),
    OrEmpty::parse
);

text_column!([] Personal, Personal::into_exposed, |text: &str| Some(Personal::from(text)));

/// A value as the text of a JSON column.
pub fn to_json(what: &str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| Error::internal(format!("{what} cannot be encoded: {e}")))
}

/// A value from the text of a JSON column.
pub fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|e| Error::internal(format!("the stored {what} cannot be read: {e}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;

    use super::*;
    use crate::domain::account::profile::{Site, SizePoint};
    use crate::domain::advice::Reminder;
    use crate::domain::calendar::WorkCalendar;
    use crate::domain::coverage::finance::FinanceSeat;
    use crate::domain::credit::decision::Decision;
    use crate::domain::credit::policy::Policy;
    use crate::domain::gift::caps::ApprovalReason;
    use crate::domain::interaction::Interaction;
    use crate::domain::position::BuyingRole;
    use crate::domain::rates::UsedRate;
    use crate::domain::tier::assignment::Figures;
    use crate::domain::tier::policy::TierPolicy;
    use crate::domain::tier::run::Summary;
    use crate::store::entity::contact::Card;
    use crate::stored_files::{assert_reads, of};

    fn assert_read<T: Serialize + DeserializeOwned>(column: &str) {
        for name in of(column) {
            assert_reads::<T>(&format!("{column}/{name}"));
        }
    }

    #[test]
    fn what_columns_have_as_json_is_read_whole() {
        assert_read::<Decision>("credit_decision.detail");
        assert_read::<Policy>("credit_policy.detail");
        assert_reads::<TierPolicy>("policy_version.detail/TIER");
        assert_reads::<WorkCalendar>("policy_version.detail/WORK_CALENDAR");
        assert_read::<Figures>("tier_assignment.figures");
        assert_read::<Summary>("tier_run.summary");
        assert_read::<BTreeMap<String, String>>("account.labels");
        assert_read::<Vec<SizePoint>>("account.size_classes");
        assert_read::<Vec<Site>>("account.sites");
        assert_read::<Vec<String>>("account.former_names");
        assert_read::<Card>("contact.card");
        assert_read::<BTreeMap<String, String>>("contact.labels");
        assert_read::<Vec<BuyingRole>>("position.buying_roles");
        assert_read::<Interaction>("interaction_past.content");
        assert_read::<Vec<FinanceSeat>>("account_signal.finance");
        assert_read::<BTreeMap<NaiveDate, i64>>("credit_reservation.advance_later");
        assert_read::<UsedRate>("allocation.rate");
        assert_read::<Vec<ApprovalReason>>("gift.approval_reasons");
        assert_read::<Vec<Reminder>>("advice.reminders");
    }
}
