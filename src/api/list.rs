//! What all List calls share: the size of a page, its token, and the order.

mod key;
mod order;
mod token;

pub use key::{KeyPart, PageKey};
pub use order::{Order, order_by};
use token::{Fingerprint, PageToken};

use std::convert::Infallible;

use prost::Message;

use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::ledger::{LedgerPoint, PointQuery};
use crate::domain::page::{Page, PageOf};
use crate::pb;

/// Elements on a page if the caller does not say.
pub const PAGE_SIZE_DEFAULT: usize = 50;
/// More are never sent at once; a larger wish is clamped.
pub const PAGE_SIZE_MAX: usize = 1_000;
/// Bytes of the elements of a page before it ends, whatever was asked for: clients take 4 MiB of a
/// message where they are not told otherwise.
const PAGE_BYTES_MAX: usize = 3 << 20;
/// Elements in one message of an export.
const EXPORT_PAGE_SIZE: i32 = 500;

/// The size of a page as asked for in `page_size`.
///
/// # Errors
/// PAGE_SIZE_INVALID if it is negative.
pub fn page_size(asked: i32) -> Result<usize, Violation> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_SIZE_DEFAULT),
        Ok(size) => Ok(size.min(PAGE_SIZE_MAX)),
        Err(_) => {
            let description = "must not be negative; 0 means 50, at most 1000 are sent";
            Err(Violation::new("page_size", Reason::PageSizeInvalid, description))
        }
    }
}

/// A request that is answered page by page.
pub trait Paged: Message + Clone {
    /// The method, as part of what a token is bound to.
    const METHOD: &'static str;
    /// The field that the token comes in.
    const TOKEN: &'static str = "page_token";
    fn page_size(&self) -> i32;
    fn page_token(&self) -> &str;
    /// The request without its page fields: what has to stay the same from page to page.
    fn arguments(&self) -> Self;
}

macro_rules! paged {
    ($($request:ident => $method:literal,)+) => {$(
        impl Paged for pb::$request {
            const METHOD: &'static str = $method;

            fn page_size(&self) -> i32 {
                self.page_size
            }

            fn page_token(&self) -> &str {
                &self.page_token
            }

            fn arguments(&self) -> Self {
                let mut arguments = self.clone();
                arguments.page_size = 0;
                arguments.page_token.clear();
                arguments
            }
        }
    )+};
}

paged! {
    ListAccountsRequest => "ListAccounts",
    ListFindingsRequest => "ListFindings",
    ListWorkItemsRequest => "ListWorkItems",
    ListTimelineRequest => "ListTimeline",
    ListAccountTypeChangesRequest => "ListAccountTypeChanges",
    ListMembersRequest => "ListMembers",
    ListTeamMembersRequest => "ListTeamMembers",
    ListHandoversRequest => "ListHandovers",
    ListContactsRequest => "ListContacts",
    ListTiesRequest => "ListTies",
    ListPositionsRequest => "ListPositions",
    ListIncumbenciesRequest => "ListIncumbencies",
    ListInteractionsRequest => "ListInteractions",
    ListCommitmentsRequest => "ListCommitments",
    ListGiftsRequest => "ListGifts",
    ListAdviceRequest => "ListAdvice",
    ListDocumentsRequest => "ListDocuments",
    ListWaitingClearingsRequest => "ListWaitingClearings",
    ListOpenItemsRequest => "ListOpenItems",
    ListReceivablesRiskRequest => "ListReceivablesRisk",
    GetStatementRequest => "GetStatement",
    ListCreditLimitsRequest => "ListCreditLimits",
    ListCreditHoldsRequest => "ListCreditHolds",
    ListCreditSecuritiesRequest => "ListCreditSecurities",
    ListReservationsRequest => "ListReservations",
    ListCreditDecisionsRequest => "ListCreditDecisions",
    ListCreditPoliciesRequest => "ListCreditPolicies",
    ListTierAssignmentsRequest => "ListTierAssignments",
    ListTierOverridesRequest => "ListTierOverrides",
    ListTierRunsRequest => "ListTierRuns",
    ListTierPoliciesRequest => "ListTierPolicies",
    ListWorkCalendarsRequest => "ListWorkCalendars",
}

impl Paged for pb::ExportOpenItemsRequest {
    const METHOD: &'static str = "ExportOpenItems";
    const TOKEN: &'static str = "resume_token";

    fn page_size(&self) -> i32 {
        EXPORT_PAGE_SIZE
    }

    fn page_token(&self) -> &str {
        &self.resume_token
    }

    fn arguments(&self) -> Self {
        Self { resume_token: String::new(), ..self.clone() }
    }
}

impl Paged for pb::TransferAccountsRequest {
    const METHOD: &'static str = "TransferAccounts";
    const TOKEN: &'static str = "resume_token";

    /// How many are moved at once is not the caller's to say.
    fn page_size(&self) -> i32 {
        0
    }

    fn page_token(&self) -> &str {
        &self.resume_token
    }

    /// Each call of a transfer that takes several has an id of its own.
    fn arguments(&self) -> Self {
        Self { resume_token: String::new(), request_id: String::new(), ..self.clone() }
    }
}

/// Which page is asked for: its size, and where it begins.
#[derive(Debug, Clone)]
pub struct PageRequest {
    size: usize,
    /// `None` on the first page.
    token: Option<PageToken>,
    /// The field of the token.
    field: &'static str,
    fingerprint: Fingerprint,
}

impl PageRequest {
    /// Reads the page fields of a request; faults go to `violations`.
    pub fn parse<R: Paged>(request: &R, violations: &mut Violations) -> Self {
        let fingerprint = Fingerprint::of(R::METHOD, &request.arguments());
        let token = PageToken::decode(R::TOKEN, request.page_token(), &fingerprint);
        Self {
            size: violations.keep(page_size(request.page_size())).unwrap_or(PAGE_SIZE_DEFAULT),
            token: violations.keep(token).flatten(),
            field: R::TOKEN,
            fingerprint,
        }
    }

    /// The token came with the last page of a list that tells it: nothing is left.
    pub fn is_finished(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.key.is_empty())
    }

    /// The point of the page before, else the one asked for.
    pub fn pinned(&self, asked: PointQuery) -> PointQuery {
        let pinned = |t: &PageToken| PointQuery { as_of: t.as_of, known_at: t.known_at };
        self.token.as_ref().map_or(asked, pinned)
    }

    /// What is asked of a list whose elements have this key; faults go to `violations`.
    pub fn of<K: PageKey<Order = ()>>(&self, violations: &mut Violations) -> PageOf<K> {
        self.of_order((), violations)
    }

    /// As [`PageRequest::of`], of a list that is asked for in this one of its orders.
    pub fn of_order<K: PageKey>(&self, order: K::Order, violations: &mut Violations) -> PageOf<K> {
        let after = match &self.token {
            Some(token) if !token.key.is_empty() => {
                violations.keep(K::read(&token.key, order).ok_or_else(|| self.foreign()))
            }
            _ => None,
        };
        PageOf { size: self.size, after }
    }

    /// The refusal of a token that is ours and carries the key of another list.
    fn foreign(&self) -> Violation {
        let description = "is not a token of this list: begin without one";
        Violation::new(self.field, Reason::PageTokenInvalid, description)
    }

    /// The elements of a page as they are sent, and the token of the page after it.
    pub fn answer<T, K: PageKey, U: Message>(
        &self,
        page: Page<T, K>,
        mut encode: impl FnMut(T) -> U,
    ) -> (Vec<U>, String) {
        let encoded = fitting(page, PAGE_BYTES_MAX, |item| Ok::<_, Infallible>(encode(item)));
        let (items, next) = match encoded {
            Ok(page) => page,
            Err(never) => match never {},
        };
        (items, next.map(|key| self.token(None, key.write())).unwrap_or_default())
    }

    /// As [`PageRequest::answer`], of a list whose pages all tell of the point of the first.
    ///
    /// # Errors
    /// The first that `encode` has.
    pub fn answer_at<T, K: PageKey, U: Message>(
        &self,
        page: Page<T, K>,
        point: LedgerPoint,
        encode: impl FnMut(T) -> Result<U>,
    ) -> Result<(Vec<U>, String)> {
        let (items, next) = fitting(page, PAGE_BYTES_MAX, encode)?;
        let token = next.map(|key| self.token(Some(point), key.write())).unwrap_or_default();
        Ok((items, token))
    }

    /// As [`PageRequest::answer_at`], of a list whose last page has a token as well, and whose pages are
    /// answered whole, since the next one is read from behind their end.
    ///
    /// # Errors
    /// The first that `encode` has.
    pub fn answer_to_the_end<T, K: PageKey, U: Message>(
        &self,
        page: Page<T, K>,
        point: LedgerPoint,
        encode: impl FnMut(T) -> Result<U>,
    ) -> Result<(Vec<U>, String)> {
        let last = page.next.is_none().then(|| self.token(Some(point), Vec::new()));
        let whole = Page::whole(page.items, page.next);
        let (items, next) = self.answer_at(whole, point, encode)?;
        Ok((items, last.unwrap_or(next)))
    }

    /// The token of a page behind a key, empty behind the last page; the point, where there is
    /// one, is what the first page resolved.
    fn token(&self, point: Option<LedgerPoint>, key: Vec<String>) -> String {
        let (as_of, known_at) = point.map(|point| (point.as_of, point.known_at)).unzip();
        PageToken { fingerprint: self.fingerprint, as_of, known_at, key }.encode()
    }
}

/// The elements of a page up to so many bytes, at least one, and the key that the next page begins
/// behind.
fn fitting<T, K, U: Message, E>(
    page: Page<T, K>,
    bytes_max: usize,
    mut encode: impl FnMut(T) -> Result<U, E>,
) -> Result<(Vec<U>, Option<K>), E> {
    let Page { items, next, keys } = page;
    let mut keys = keys.into_iter();
    let (mut encoded, mut bytes, mut behind) = (Vec::with_capacity(items.len()), 0, None);
    for item in items {
        let one = encode(item)?;
        bytes += one.encoded_len();
        if bytes > bytes_max && behind.is_some() {
            return Ok((encoded, behind));
        }
        encoded.push(one);
        behind = keys.next();
    }
    Ok((encoded, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_it_is_too_large_and_has_one_element_at_least() {
        let page = |keys: &[i64]| Page {
            items: vec!["x".repeat(40); 4],
            next: Some(9_i64),
            keys: keys.to_vec(),
        };
        let cut = |page, bytes| match fitting(page, bytes, Ok::<String, Infallible>) {
            Ok((items, next)) => (items.len(), next),
            Err(never) => match never {},
        };
        assert_eq!(cut(page(&[1, 2, 3, 4]), 1_000), (4, Some(9)));
        assert_eq!(cut(page(&[1, 2, 3, 4]), 100), (2, Some(2)));
        assert_eq!(cut(page(&[1, 2, 3, 4]), 1), (1, Some(1)));
        assert_eq!(cut(page(&[]), 1), (4, Some(9)), "one that is answered whole");
    }

    #[test]
    fn a_page_size_is_defaulted_and_clamped_and_never_negative() {
        assert_eq!(page_size(0), Ok(50));
        assert_eq!(page_size(1), Ok(1));
        assert_eq!(page_size(1_000), Ok(1_000));
        assert_eq!(page_size(i32::MAX), Ok(1_000));
        for negative in [-1, i32::MIN] {
            let violation = page_size(negative).expect_err("refused");
            assert_eq!(violation.reason, Reason::PageSizeInvalid);
        }
    }

    #[test]
    fn a_token_goes_with_its_arguments_whatever_the_page_size() {
        let first = pb::ListAccountsRequest { parent: "accounts/a".into(), ..Default::default() };
        let mut violations = Violations::new();
        let page = PageRequest::parse(&first, &mut violations);
        assert_eq!(page.of::<String>(&mut violations), PageOf { size: 50, after: None });
        let answer = Page::whole(vec![1, 2], Some("k".to_owned()));
        let (_, page_token) = page.answer(answer, |n| n);

        let second = pb::ListAccountsRequest { page_token, page_size: 10, ..first.clone() };
        let page = PageRequest::parse(&second, &mut violations);
        let of = page.of(&mut violations);
        assert!(violations.is_empty());
        assert_eq!(of, PageOf { size: 10, after: Some("k".to_owned()) });

        let other = pb::ListAccountsRequest { parent: "accounts/b".into(), ..second };
        PageRequest::parse(&other, &mut violations);
        assert!(!violations.is_empty());
    }

    #[test]
    fn the_pages_of_a_list_tell_of_the_point_of_the_first() {
        let as_of = chrono::NaiveDate::from_ymd_opt(2026, 1, 31).expect("a date");
        let point = LedgerPoint { as_of, known_at: 7, projected: false, known: true };
        let first =
            pb::ExportOpenItemsRequest { account: "accounts/-".into(), ..Default::default() };
        let page_of = |resume_token| {
            let mut violations = Violations::new();
            let request = pb::ExportOpenItemsRequest { resume_token, ..first.clone() };
            let page = PageRequest::parse(&request, &mut violations);
            let of: PageOf<i64> = page.of(&mut violations);
            (page, of, violations.finish())
        };
        let (page, of, read) = page_of(String::new());
        assert!(read.is_ok() && !page.is_finished());
        assert_eq!(of, PageOf { size: 500, after: None });
        assert_eq!(page.pinned(PointQuery::default()), PointQuery::default());

        let answer =
            |next: Option<i64>| page.answer_to_the_end(Page::whole(vec![1], next), point, Ok);
        let (middle, of, read) = page_of(answer(Some(3)).expect("a page").1);
        assert!(read.is_ok() && !middle.is_finished());
        assert_eq!(of.after, Some(3));
        let pinned = PointQuery { as_of: Some(as_of), known_at: Some(7) };
        assert_eq!(middle.pinned(PointQuery::default()), pinned);

        let (last, _, read) = page_of(answer(None).expect("a page").1);
        assert!(read.is_ok() && last.is_finished());

        let page = Page::whole(vec![1], Some("no number".to_owned()));
        let (_, foreign) = last.answer_at(page, point, Ok).expect("a page");
        let refused = page_of(foreign).2.expect_err("a key of another list");
        assert!(format!("{refused:?}").contains("resume_token"), "{refused:?}");
    }
}
