//! What all List calls share: the size of a page, its token, and the order.

mod order;
mod token;

pub use order::{Order, order_by};
pub use token::{Fingerprint, PageToken};

use chrono::NaiveDate;
use prost::Message;
use uuid::Uuid;

use crate::domain::error::{Reason, Violation, Violations};
use crate::domain::page::{Page, PageOf};
use crate::pb;

/// Elements on a page if the caller does not say.
pub const PAGE_SIZE_DEFAULT: usize = 50;
/// More are never sent at once; a larger wish is clamped.
pub const PAGE_SIZE_MAX: usize = 1_000;

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
    ListMembersRequest => "ListMembers",
    ListDocumentsRequest => "ListDocuments",
    ListOpenItemsRequest => "ListOpenItems",
    ListReceivablesRiskRequest => "ListReceivablesRisk",
    GetStatementRequest => "GetStatement",
    ListCreditLimitsRequest => "ListCreditLimits",
    ListCreditHoldsRequest => "ListCreditHolds",
    ListCreditSecuritiesRequest => "ListCreditSecurities",
    ListReservationsRequest => "ListReservations",
    ListCreditDecisionsRequest => "ListCreditDecisions",
    ListCreditPoliciesRequest => "ListCreditPolicies",
}

/// Which page is asked for: its size, and where it begins.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub size: usize,
    /// `None` on the first page.
    pub token: Option<PageToken>,
    fingerprint: Fingerprint,
}

impl PageRequest {
    /// Reads the page fields of a request; faults go to `violations`.
    pub fn parse<R: Paged>(request: &R, violations: &mut Violations) -> Self {
        let fingerprint = Fingerprint::of(R::METHOD, &request.arguments());
        let token = PageToken::decode("page_token", request.page_token(), &fingerprint);
        Self {
            size: violations.keep(page_size(request.page_size())).unwrap_or(PAGE_SIZE_DEFAULT),
            token: violations.keep(token).flatten(),
            fingerprint,
        }
    }

    /// The position to go on from, as the last page wrote it; empty on the first page.
    pub fn key(&self) -> &[String] {
        self.token.as_ref().map(|t| t.key.as_slice()).unwrap_or_default()
    }

    /// What is asked of a list whose elements have this key; faults go to `violations`.
    pub fn of<K: PageKey>(&self, violations: &mut Violations) -> PageOf<K> {
        let after = match self.key() {
            [] => None,
            key => violations.keep(K::read(key).ok_or_else(foreign_token)),
        };
        PageOf { size: self.size, after }
    }

    /// The elements of a page as they are sent, and the token of the page after it.
    pub fn answer<T, K: PageKey, U>(
        &self,
        page: Page<T, K>,
        encode: impl FnMut(T) -> U,
    ) -> (Vec<U>, String) {
        let Page { items, next } = page;
        let token = next.map(|key| self.next(None, None, key.write())).unwrap_or_default();
        (items.into_iter().map(encode).collect(), token)
    }

    /// The token of the page after this one. `as_of` and `known_at` pin what was resolved.
    pub fn next(
        &self,
        as_of: Option<NaiveDate>,
        known_at: Option<i64>,
        key: Vec<String>,
    ) -> String {
        PageToken { fingerprint: self.fingerprint, as_of, known_at, key }.encode()
    }
}

/// The key that the elements of a list are sorted by, as a token carries it.
pub trait PageKey: Sized {
    fn write(self) -> Vec<String>;
    fn read(key: &[String]) -> Option<Self>;
}

impl PageKey for Uuid {
    fn write(self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn read(key: &[String]) -> Option<Self> {
        let [id] = key else { return None };
        Uuid::try_parse(id).ok()
    }
}

impl PageKey for String {
    fn write(self) -> Vec<String> {
        vec![self]
    }

    fn read(key: &[String]) -> Option<Self> {
        let [id] = key else { return None };
        Some(id.clone())
    }
}

impl PageKey for (i64, String) {
    fn write(self) -> Vec<String> {
        vec![self.0.to_string(), self.1]
    }

    fn read(key: &[String]) -> Option<Self> {
        let [number, id] = key else { return None };
        Some((number.parse().ok()?, id.clone()))
    }
}

/// The refusal of a token that is ours and carries the key of another list.
pub fn foreign_token() -> Violation {
    let description = "is not a token of this list: begin without one";
    Violation::new("page_token", Reason::PageTokenInvalid, description)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(page.key().is_empty());
        let token = page.next(None, Some(7), vec!["k".into()]);

        let second = pb::ListAccountsRequest { page_token: token, page_size: 10, ..first.clone() };
        let page = PageRequest::parse(&second, &mut violations);
        assert!(violations.is_empty());
        assert_eq!((page.size, page.key()), (10, &["k".to_owned()][..]));
        assert_eq!(page.token.expect("a token").known_at, Some(7));

        let other = pb::ListAccountsRequest { parent: "accounts/b".into(), ..second };
        PageRequest::parse(&other, &mut violations);
        assert!(!violations.is_empty());
    }
}
