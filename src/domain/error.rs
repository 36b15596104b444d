//! The one error type of the service.
//!
//! `domain` and `service` raise it, `store::error` maps driver errors into it, and
//! `api::status` is the only place that turns it into a gRPC status. It names *what* is
//! wrong (a stable [`Reason`], the field, the resource); the transport code follows from
//! the variant, never from the message.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The result of every rule, use case and store function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! reasons {
    ($($variant:ident => $name:literal,)+) => {
        /// Why a call was refused. Mirrors `ballast.v1.ErrorReason` one to one (a test
        /// compares the two); stable for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($variant,)+ }

        impl Reason {
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)+];

            /// The name on the wire (`google.rpc.ErrorInfo.reason`).
            pub const fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $name,)+ }
            }
        }
    };
}

reasons! {
    // INVALID_ARGUMENT
    FieldRequired => "FIELD_REQUIRED",
    FieldInvalid => "FIELD_INVALID",
    FieldTooLong => "FIELD_TOO_LONG",
    TextInvalid => "TEXT_INVALID",
    EnumInvalid => "ENUM_INVALID",
    TooManyElements => "TOO_MANY_ELEMENTS",
    DuplicateElement => "DUPLICATE_ELEMENT",
    ResourceNameInvalid => "RESOURCE_NAME_INVALID",
    DateInvalid => "DATE_INVALID",
    CurrencyUnknown => "CURRENCY_UNKNOWN",
    CurrencyWithdrawn => "CURRENCY_WITHDRAWN",
    CurrencyMismatch => "CURRENCY_MISMATCH",
    AmountPrecision => "AMOUNT_PRECISION",
    AmountOutOfRange => "AMOUNT_OUT_OF_RANGE",
    InstalmentsMismatch => "INSTALMENTS_MISMATCH",
    NetTaxGrossMismatch => "NET_TAX_GROSS_MISMATCH",
    TermsInvalid => "TERMS_INVALID",
    FieldMaskInvalid => "FIELD_MASK_INVALID",
    PageSizeInvalid => "PAGE_SIZE_INVALID",
    PageTokenInvalid => "PAGE_TOKEN_INVALID",
    OrderByInvalid => "ORDER_BY_INVALID",
    EtagRequired => "ETAG_REQUIRED",
    RequestIdRequired => "REQUEST_ID_REQUIRED",
    RequestIdReused => "REQUEST_ID_REUSED",
    RevisionInvalid => "REVISION_INVALID",
    KnownAtNotSettled => "KNOWN_AT_NOT_SETTLED",
    ChunkOutOfOrder => "CHUNK_OUT_OF_ORDER",
    RequestMalformed => "REQUEST_MALFORMED",
    GiftKindRefused => "GIFT_KIND_REFUSED",
    // NOT_FOUND, ALREADY_EXISTS, ABORTED
    ResourceNotFound => "RESOURCE_NOT_FOUND",
    ResourceAlreadyExists => "RESOURCE_ALREADY_EXISTS",
    ExternalRefTaken => "EXTERNAL_REF_TAKEN",
    PrincipalTaken => "PRINCIPAL_TAKEN",
    DocumentConflict => "DOCUMENT_CONFLICT",
    EtagMismatch => "ETAG_MISMATCH",
    ConcurrentChange => "CONCURRENT_CHANGE",
    // FAILED_PRECONDITION
    AccountCycle => "ACCOUNT_CYCLE",
    AccountGroupTooDeep => "ACCOUNT_GROUP_TOO_DEEP",
    AccountBlocked => "ACCOUNT_BLOCKED",
    AccountDeleted => "ACCOUNT_DELETED",
    AccountHasOpenItems => "ACCOUNT_HAS_OPEN_ITEMS",
    AccountHasChildren => "ACCOUNT_HAS_CHILDREN",
    SourceSystemFormFixed => "SOURCE_SYSTEM_FORM_FIXED",
    PeriodClosed => "PERIOD_CLOSED",
    PeriodAlreadyClosed => "PERIOD_ALREADY_CLOSED",
    DocumentReversed => "DOCUMENT_REVERSED",
    DocumentSettledByRecovery => "DOCUMENT_SETTLED_BY_RECOVERY",
    ClearingExceedsOpen => "CLEARING_EXCEEDS_OPEN",
    ClearingTooEarly => "CLEARING_TOO_EARLY",
    ClearingAcrossAccounts => "CLEARING_ACROSS_ACCOUNTS",
    ClearingSameSide => "CLEARING_SAME_SIDE",
    EffectiveTooEarly => "EFFECTIVE_TOO_EARLY",
    RecoveryExceedsWriteOff => "RECOVERY_EXCEEDS_WRITE_OFF",
    RateMissing => "RATE_MISSING",
    DisputeExceedsOpen => "DISPUTE_EXCEEDS_OPEN",
    ImportFinished => "IMPORT_FINISHED",
    ImportIdReused => "IMPORT_ID_REUSED",
    AccountHasReservations => "ACCOUNT_HAS_RESERVATIONS",
    OrderAlreadyReserved => "ORDER_ALREADY_RESERVED",
    ReservationNotLive => "RESERVATION_NOT_LIVE",
    ReservationExceeded => "RESERVATION_EXCEEDED",
    ReservationBelowHandled => "RESERVATION_BELOW_HANDLED",
    ReservationNotInvoiced => "RESERVATION_NOT_INVOICED",
    ReturnExceedsDelivered => "RETURN_EXCEEDS_DELIVERED",
    DocumentAlreadyCommitted => "DOCUMENT_ALREADY_COMMITTED",
    StateWrong => "STATE_WRONG",
    SchemaNewer => "SCHEMA_NEWER",
    SchemaOlder => "SCHEMA_OLDER",
    MemberCycle => "MEMBER_CYCLE",
    MemberLineTooDeep => "MEMBER_LINE_TOO_DEEP",
    MemberIsDefaultOwner => "MEMBER_IS_DEFAULT_OWNER",
    MemberNotEligible => "MEMBER_NOT_ELIGIBLE",
    AccountNotOwned => "ACCOUNT_NOT_OWNED",
    TierRunStands => "TIER_RUN_STANDS",
    CurrencyUndecided => "CURRENCY_UNDECIDED",
    TierOverridden => "TIER_OVERRIDDEN",
    ContactHasPosition => "CONTACT_HAS_POSITION",
    MergeChained => "MERGE_CHAINED",
    ContactNotIncumbent => "CONTACT_NOT_INCUMBENT",
    PositionOccupied => "POSITION_OCCUPIED",
    PositionCycle => "POSITION_CYCLE",
    SiteInUse => "SITE_IN_USE",
    HandoverUnderWay => "HANDOVER_UNDER_WAY",
    HandoverIncomplete => "HANDOVER_INCOMPLETE",
    GiftCapExceeded => "GIFT_CAP_EXCEEDED",
    SecondPersonNeeded => "SECOND_PERSON_NEEDED",
    EmbeddedNotAllowed => "EMBEDDED_NOT_ALLOWED",
    // UNAUTHENTICATED, PERMISSION_DENIED
    CredentialsMissing => "CREDENTIALS_MISSING",
    CredentialsInvalid => "CREDENTIALS_INVALID",
    CredentialsExpired => "CREDENTIALS_EXPIRED",
    ScopeMissing => "SCOPE_MISSING",
    AccountsRestricted => "ACCOUNTS_RESTRICTED",
    // RESOURCE_EXHAUSTED
    Overloaded => "OVERLOADED",
    MessageTooLarge => "MESSAGE_TOO_LARGE",
    StorageFull => "STORAGE_FULL",
    // UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNIMPLEMENTED, INTERNAL
    DatabaseUnavailable => "DATABASE_UNAVAILABLE",
    IssuerUnavailable => "ISSUER_UNAVAILABLE",
    RevisionNotReached => "REVISION_NOT_REACHED",
    ClockJumped => "CLOCK_JUMPED",
    ShuttingDown => "SHUTTING_DOWN",
    DeadlineExpired => "DEADLINE_EXPIRED",
    MethodUnknown => "METHOD_UNKNOWN",
    EncodingUnsupported => "ENCODING_UNSUPPORTED",
    Internal => "INTERNAL",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault of a request: which field, which rule, and in words what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path as a client writes it: `documents[3].instalments[0].due_date`.
    pub field: String,
    pub reason: Reason,
    pub description: String,
    /// As documented with the reason: what a program acts on.
    pub metadata: BTreeMap<&'static str, String>,
}

impl Violation {
    pub fn new(field: impl Into<String>, reason: Reason, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason,
            description: description.into(),
            metadata: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.insert(key, value.to_string());
        self
    }

    /// Of a part of a request, as of the whole.
    #[must_use]
    fn within(self, part: &str, field: &str) -> Self {
        Self { field: path_within(&self.field, part, field), ..self }
    }
}

/// The path of a field of a part that calls itself `part`, and stands at `field` of the whole; a
/// part without a name of its own has an empty one.
fn path_within(path: &str, part: &str, field: &str) -> String {
    if part.is_empty() {
        return format!("{field}.{path}");
    }
    match path.strip_prefix(part) {
        Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => format!("{field}{rest}"),
        _ => path.to_owned(),
    }
}

/// A resource by type (`account`) and full name (`accounts/acme`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub kind: &'static str,
    pub name: String,
}

/// A state that forbids the call. Also carries the request field that met it, if one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    pub reason: Reason,
    /// The resource or rule that stands in the way: `accounts/acme`, `companies/1000`.
    pub subject: String,
    pub field: Option<String>,
    pub description: String,
    pub metadata: BTreeMap<&'static str, String>,
}

impl Precondition {
    pub fn new(reason: Reason, subject: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            reason,
            subject: subject.into(),
            field: None,
            description: description.into(),
            metadata: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.insert(key, value.to_string());
        self
    }
}

/// Everything that can go wrong, by what the caller can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong, whatever the state. All faults at once, never empty.
    #[error("invalid request: {}", list(.0.iter().map(|v| (&v.field[..], &v.description[..]))))]
    Invalid(Vec<Violation>),
    #[error("{} {} not found", .0.kind, .0.name)]
    NotFound(Resource),
    #[error("{description}")]
    AlreadyExists { reason: Reason, resource: Resource, description: String },
    /// The state forbids it; retrying the same call later may work once the state changed.
    #[error("{}", list(.0.iter().map(|p| (&p.subject[..], &p.description[..]))))]
    FailedPrecondition(Vec<Precondition>),
    /// Another change came in between: read again and retry.
    #[error("{description}")]
    Aborted { reason: Reason, resource: Resource, description: String },
    #[error("{description}")]
    Unauthenticated { reason: Reason, description: String },
    #[error("{principal} lacks the scope {scope}")]
    PermissionDenied { principal: String, scope: String },
    #[error("{principal} may see some accounts alone, and {what} is about others too")]
    AccountsRestricted { principal: String, what: &'static str },
    #[error("{description}")]
    ResourceExhausted { reason: Reason, description: String, retry_after: Option<Duration> },
    #[error("{description}")]
    Unavailable { reason: Reason, description: String, retry_after: Duration },
    #[error("the deadline of the call has passed")]
    DeadlineExceeded,
    #[error("unknown method {0}")]
    Unimplemented(String),
    #[error("messages are taken compressed by gzip, or as they are (grpc-accept-encoding)")]
    EncodingUnsupported,
    /// A fault of ours. The context is logged, never sent.
    #[error("internal error: {context}")]
    Internal { context: String },
}

impl Error {
    pub fn invalid(
        field: impl Into<String>,
        reason: Reason,
        description: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Violation::new(field, reason, description)])
    }

    pub fn not_found(kind: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound(Resource { kind, name: name.into() })
    }

    pub fn precondition(
        reason: Reason,
        subject: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self::FailedPrecondition(vec![Precondition::new(reason, subject, description)])
    }

    /// What went wrong with a part of a request, told by the field at which the part stands.
    #[must_use]
    pub fn within(self, part: &str, field: &str) -> Self {
        match self {
            Self::Invalid(faults) => {
                Self::Invalid(faults.into_iter().map(|one| one.within(part, field)).collect())
            }
            Self::FailedPrecondition(mut faults) => {
                for one in &mut faults {
                    let path = one.field.as_deref().map(|path| path_within(path, part, field));
                    one.field = Some(path.unwrap_or_else(|| field.to_owned()));
                }
                Self::FailedPrecondition(faults)
            }
            other => other,
        }
    }

    pub fn internal(context: impl Into<String>) -> Self {
        Self::Internal { context: context.into() }
    }

    /// The reason a client programs against: the first one where there are several.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => {
                violations.first().map_or(Reason::FieldInvalid, |v| v.reason)
            }
            Self::NotFound(_) => Reason::ResourceNotFound,
            Self::FailedPrecondition(list) => list.first().map_or(Reason::Internal, |p| p.reason),
            Self::AlreadyExists { reason, .. }
            | Self::Aborted { reason, .. }
            | Self::Unauthenticated { reason, .. }
            | Self::ResourceExhausted { reason, .. }
            | Self::Unavailable { reason, .. } => *reason,
            Self::PermissionDenied { .. } => Reason::ScopeMissing,
            Self::AccountsRestricted { .. } => Reason::AccountsRestricted,
            Self::DeadlineExceeded => Reason::DeadlineExpired,
            Self::Unimplemented(_) => Reason::MethodUnknown,
            Self::EncodingUnsupported => Reason::EncodingUnsupported,
            Self::Internal { .. } => Reason::Internal,
        }
    }
}

impl From<Precondition> for Error {
    fn from(p: Precondition) -> Self {
        Self::FailedPrecondition(vec![p])
    }
}

impl From<Violation> for Error {
    fn from(v: Violation) -> Self {
        Self::Invalid(vec![v])
    }
}

fn list<'a>(faults: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    faults.map(|(at, what)| format!("{at}: {what}")).collect::<Vec<_>>().join("; ")
}

/// Collects the violations of one request, so that a caller hears of all of them at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(
        &mut self,
        field: impl Into<String>,
        reason: Reason,
        description: impl Into<String>,
    ) {
        self.0.push(Violation::new(field, reason, description));
    }

    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// Keeps the value, or notes the violation and goes on with `None`.
    pub fn keep<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        parsed.map_err(|v| self.0.push(v)).ok()
    }

    /// Reads a part of the request, and notes its violations by the field at which it stands.
    pub fn within<T>(&mut self, part: &str, field: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self::new();
        let value = read(&mut inner);
        self.0.extend(inner.0.into_iter().map(|one| one.within(part, field)));
        value
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` if nothing was noted; else every violation in one error.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
