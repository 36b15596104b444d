//! Enums that are stored and sent by name: one list of names serves the column, serde and
//! the parser, so that they cannot drift apart.

/// Declares a fieldless enum with `ALL`, `as_str`, `parse`, `Display` and serde, all by the
/// given SCREAMING_SNAKE names. The names are stored: renaming one is a migration.
macro_rules! stored_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name it is stored and sent under.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value of exactly this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use stored_enum;

#[cfg(test)]
mod tests {
    use crate::domain::account::profile;
    use crate::domain::credit::{component, decision, hold, limit, reservation, security};
    use crate::domain::team::{TeamRole, accountable, eligible, membership, status as team_status};
    use crate::domain::{
        advice, aging, calendar, contact, coverage, dates, directory, edge, finding, gift,
        handover, interaction, item, job, member, names, policy, position, promise, rates, record,
        severity, terms, tie, tier, timeline,
    };

    macro_rules! round_trips {
        ($($enum:ty),+ $(,)?) => {$(
            for value in <$enum>::ALL {
                assert_eq!(<$enum>::parse(value.as_str()), Some(*value));
                let json = serde_json::to_string(value).unwrap();
                assert_eq!(json, format!("\"{value}\""));
                assert_eq!(serde_json::from_str::<$enum>(&json).unwrap(), *value);
            }
            assert_eq!(<$enum>::parse("no such name"), None);
        )+};
    }

    #[test]
    fn every_stored_name_reads_back_as_its_value_in_columns_and_in_json() {
        round_trips!(
            aging::Basis,
            component::Component,
            calendar::Weekday,
            contact::ContactState,
            contact::erasure::RecordKind,
            contact::Official,
            dates::BusinessDayConvention,
            decision::DecisionKind,
            directory::KeyKind,
            directory::Kind,
            decision::Disposition,
            decision::ReasonCode,
            decision::RemedyAction,
            decision::Verdict,
            coverage::CellState,
            coverage::measure::Shape,
            coverage::measure::TopHeavy,
            edge::Rung,
            finding::Code,
            finding::State,
            finding::found::Attention,
            hold::HoldScope,
            item::AdjustmentReason,
            item::DocumentKind,
            item::ItemClass,
            record::KeyedKind,
            item::Side,
            limit::LimitKind,
            limit::LimitState,
            member::MemberState,
            names::CanonicalForm,
            profile::PartyKind,
            profile::SizeClass,
            policy::PolicyKind,
            position::BuyingRole,
            handover::HandoverState,
            handover::ItemKind,
            interaction::Response,
            job::Function,
            job::Level,
            tier::applied::Cause,
            tier::classify::Note,
            tier::policy::CutMethod,
            tier::policy::Measure,
            tier::policy::Population,
            tier::service::CellScope,
            reservation::ReservationState,
            reservation::Stage,
            promise::PromiseState,
            rates::RatePath,
            security::SecurityKind,
            severity::Severity,
            TeamRole,
            accountable::Step,
            eligible::Unmet,
            membership::MembershipState,
            team_status::Gap,
            terms::Baseline,
            tie::Review,
            tie::Side,
            tie::TieKind,
            timeline::TimelineType,
            terms::InstalmentKind,
        );
    }

    #[test]
    fn every_stored_name_of_what_people_do_reads_back_as_its_value() {
        round_trips!(
            advice::AdviceState,
            advice::AdviceVerb,
            gift::GiftKind,
            gift::GiftState,
            gift::GiftVerb,
            gift::caps::ApprovalReason,
            gift::caps::CapScope,
            interaction::Channel,
            interaction::Direction,
            interaction::HookState,
            interaction::HookVerb,
            interaction::InteractionState,
            interaction::InteractionVerb,
            interaction::Stage,
            tie::Review,
            tie::Side,
            tie::TieKind,
        );
    }
}
