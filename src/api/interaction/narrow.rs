//! What lists of interactions, gifts and advice are narrowed by.

use chrono::NaiveDate;

use crate::api::convert::read;
use crate::api::convert::request::{check_order, parent_or_all};
use crate::domain::error::Violations;
use crate::domain::names::{AccountRef, ContactRef, MemberRef};
use crate::pb;

/// The fields of a request, which has them all under these names.
pub struct Asked<'a> {
    pub parent: &'a str,
    pub contact: &'a str,
    pub member: &'a str,
    pub state: i32,
    pub from_date: Option<pb::Date>,
    pub to_date: Option<pb::Date>,
}

/// At which account, with whom, in which state and on which days; `None`: whichever.
pub struct Narrow<S> {
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub state: Option<S>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl Asked<'_> {
    /// Faults go to `violations`.
    pub fn read<W: TryFrom<i32>, S>(
        self,
        state: impl FnOnce(W) -> Option<S>,
        violations: &mut Violations,
    ) -> Narrow<S> {
        let account = violations.keep(parent_or_all(self.parent)).flatten();
        let contact = violations.keep(read::optional_contact("contact", self.contact)).flatten();
        let member = violations.keep(read::optional_member("member", self.member)).flatten();
        let state = violations.keep(read::optional_enum("state", self.state, state)).flatten();
        let from = violations.keep(read::optional_date("from_date", self.from_date)).flatten();
        let to = violations.keep(read::optional_date("to_date", self.to_date)).flatten();
        check_order("to_date", from, to, violations);
        Narrow { account, contact, member, state, from, to }
    }
}
