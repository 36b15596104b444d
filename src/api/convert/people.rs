//! What answers about contacts and about accounts both tell of people.

use super::write;
use crate::domain::names::account_name;
use crate::domain::position::incumbency::UncontactedInvoices;
use crate::pb;

pub fn invoices(of: UncontactedInvoices) -> pb::UncontactedInvoices {
    let UncontactedInvoices { account_id, invoices, open } = of;
    pb::UncontactedInvoices {
        account: account_name(&account_id),
        invoices,
        open: open.into_iter().map(|money| write::money(money.minor, money.currency)).collect(),
    }
}
