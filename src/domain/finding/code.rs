//! What there is to be found, in one list.

use crate::domain::credit::decision::ReasonCode;
use crate::domain::severity::Severity;
use crate::domain::stored::stored_enum;

stored_enum! {
    /// What is found, the one to look at first before the others.
    pub enum Code {
        CalendarEnds => "CALENDAR_ENDS",
        Concentration => "CONCENTRATION",
        EffortOverBudget => "EFFORT_OVER_BUDGET",
        OwnerMissing => "OWNER_MISSING",
        SponsorMissing => "SPONSOR_MISSING",
        VacancyOverdue => "VACANCY_OVERDUE",
        NoLiveFinanceContact => "NO_LIVE_FINANCE_CONTACT",
        CoverageGap => "COVERAGE_GAP",
        SingleThreaded => "SINGLE_THREADED",
        TopHeavy => "TOP_HEAVY",
        KeyPersonDependency => "KEY_PERSON_DEPENDENCY",
        TieUnderReview => "TIE_UNDER_REVIEW",
        HookExpired => "HOOK_EXPIRED",
        OverContact => "OVER_CONTACT",
        DuplicateSuspected => "DUPLICATE_SUSPECTED",
        LapseRisk => "LAPSE_RISK",
        ModeMismatch => "MODE_MISMATCH",
        OnHold => "ON_HOLD",
        AccountBlocked => "ACCOUNT_BLOCKED",
        LimitExceeded => "LIMIT_EXCEEDED",
        GroupLimitExceeded => "GROUP_LIMIT_EXCEEDED",
        OverdueAmount => "OVERDUE_AMOUNT",
        OverdueDays => "OVERDUE_DAYS",
        LimitExpired => "LIMIT_EXPIRED",
        NoLimit => "NO_LIMIT",
        RateMissing => "RATE_MISSING",
        Utilization => "UTILIZATION",
    }
}

/// What a finding is about, and for whom it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The book as a whole.
    Book,
    /// Accounts; all that have it are found by one statement.
    Accounts,
    /// Accounts; those of which anybody is known are gone through, a set at a time.
    People,
    /// Accounts, those alone that are asked for.
    Asked,
}

impl Code {
    pub fn scope(self) -> Scope {
        match self {
            Self::CalendarEnds | Self::Concentration | Self::EffortOverBudget => Scope::Book,
            Self::OwnerMissing
            | Self::SponsorMissing
            | Self::HookExpired
            | Self::OverContact
            | Self::DuplicateSuspected => Scope::Accounts,
            Self::VacancyOverdue
            | Self::NoLiveFinanceContact
            | Self::CoverageGap
            | Self::SingleThreaded
            | Self::TopHeavy
            | Self::KeyPersonDependency
            | Self::TieUnderReview => Scope::People,
            _ => Scope::Asked,
        }
    }

    /// Whether it speaks of a customer as a whole: it is told of the account that survived a merge, and
    /// not of one that counts as it. What is found of a hook, a seat or a tie is told where that is.
    pub fn is_of_customer(self) -> bool {
        match self {
            Self::HookExpired | Self::VacancyOverdue | Self::TieUnderReview => false,
            Self::LapseRisk => true,
            _ => matches!(self.scope(), Scope::Accounts | Scope::People),
        }
    }

    /// How bad it is at the worst; `None` where the figures say.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::OwnerMissing | Self::VacancyOverdue => Some(Severity::Red),
            Self::SponsorMissing
            | Self::LapseRisk
            | Self::ModeMismatch
            | Self::NoLiveFinanceContact
            | Self::CoverageGap
            | Self::SingleThreaded
            | Self::KeyPersonDependency
            | Self::TieUnderReview
            | Self::HookExpired
            | Self::OverContact
            | Self::DuplicateSuspected
            | Self::EffortOverBudget => Some(Severity::Amber),
            _ => None,
        }
    }

    /// The finding that stands for a reason of credit; `None` for one that rests on people, and is
    /// found of them whatever the policy of credit.
    pub fn of_credit(reason: ReasonCode) -> Option<Self> {
        Some(match reason {
            ReasonCode::LimitExceeded => Self::LimitExceeded,
            ReasonCode::GroupLimitExceeded => Self::GroupLimitExceeded,
            ReasonCode::OverdueAmount => Self::OverdueAmount,
            ReasonCode::OverdueDays => Self::OverdueDays,
            ReasonCode::OnHold => Self::OnHold,
            ReasonCode::LimitExpired => Self::LimitExpired,
            ReasonCode::NoLimit => Self::NoLimit,
            ReasonCode::RateMissing => Self::RateMissing,
            ReasonCode::Utilization => Self::Utilization,
            ReasonCode::AccountBlocked => Self::AccountBlocked,
            ReasonCode::NoLiveFinanceContact => return None,
        })
    }
}
