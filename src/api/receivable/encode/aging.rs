//! Aging.

use crate::api::convert::write;
use crate::api::receivable::{encode, enums};
use crate::domain::aging::{Aging, Basis, Edges, labels};
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::policy::Policy;
use crate::domain::receivables::{AgingAnswer, AgingQuery};
use crate::pb;

/// The answer, and how it was asked for.
///
/// # Errors
/// As [`columns`].
pub fn aging(answer: AgingAnswer, query: &AgingQuery) -> Result<pb::GetAgingResponse> {
    let AgingQuery { basis, edges, convention, .. } = query;
    let (basis, convention) = (*basis, *convention);
    let AgingAnswer { point, currencies, converted, rates, control_totals, known_from, calendar } =
        answer;
    let currency = |(currency, aging)| currency_aging(currency, &aging, basis, edges);
    let control_totals = control_totals.into_iter().map(encode::control_total);
    Ok(pb::GetAgingResponse {
        point: Some(write::point(point)),
        basis: enums::write_basis(basis).into(),
        edges: edges.days().to_vec(),
        business_day_convention: enums::write_convention(convention).into(),
        currencies: currencies.into_iter().map(currency).collect::<Result<_>>()?,
        converted: converted.map(currency).transpose()?,
        rates: rates.into_iter().map(|(from, to, r)| write::used_rate(from, to, r)).collect(),
        control_totals: control_totals.collect::<Result<_>>()?,
        group_known_from: known_from.map(write::date),
        work_calendar: calendar.as_ref().map(Policy::name).unwrap_or_default(),
        calendar_known_through: calendar.and_then(|of| of.terms.known_through).map(write::date),
    })
}

fn currency_aging(
    currency: Currency,
    aging: &Aging,
    basis: Basis,
    edges: &Edges,
) -> Result<pb::CurrencyAging> {
    Ok(pb::CurrencyAging {
        currency_code: currency.code().to_owned(),
        balance: Some(write::total(aging.balance(), currency)?),
        items: aging.items(),
        columns: Some(columns(currency, aging, basis, edges)?),
    })
}

/// The columns, which add up to the balance.
///
/// # Errors
/// INTERNAL if a sum exceeds 64 bits, if the report is over other edges, or if it has bills,
/// for which the contract has no column: left out, they would be missing from the balance.
pub fn columns(
    currency: Currency,
    aging: &Aging,
    basis: Basis,
    edges: &Edges,
) -> Result<pb::AgingColumns> {
    let Aging {
        not_due,
        buckets,
        retention,
        due_pending,
        bills,
        unapplied_cash,
        open_credits,
        not_due_items,
        bucket_items,
        retention_items,
        due_pending_items,
        bill_items,
        unapplied_cash_items,
        open_credit_items,
    } = aging;
    if *bills != 0 || *bill_items != 0 {
        return Err(Error::internal("bills in an aging, which the contract does not know"));
    }
    let cell = |minor: i128, items: i64| -> Result<_> {
        Ok(Some(pb::AgingCell { amount: Some(write::total(minor, currency)?), items }))
    };
    let not_due = match basis {
        Basis::DueDate => cell(*not_due, *not_due_items)?,
        Basis::DocumentDate | Basis::PostingDate => None,
    };
    Ok(pb::AgingColumns {
        not_due,
        buckets: self::buckets(currency, buckets, bucket_items, basis, edges)?,
        retention: cell(*retention, *retention_items)?,
        due_pending: cell(*due_pending, *due_pending_items)?,
        unapplied_cash: cell(*unapplied_cash, *unapplied_cash_items)?,
        open_credits: cell(*open_credits, *open_credit_items)?,
    })
}

fn buckets(
    currency: Currency,
    amounts: &[i128],
    items: &[i64],
    basis: Basis,
    edges: &Edges,
) -> Result<Vec<pb::AgingBucket>> {
    if amounts.len() != edges.bucket_count() || items.len() != edges.bucket_count() {
        return Err(Error::internal("an aging over other edges than were asked for"));
    }
    let youngest = match basis {
        Basis::DueDate => 1,
        Basis::DocumentDate | Basis::PostingDate => 0,
    };
    let from =
        std::iter::once(youngest).chain(edges.days().iter().map(|edge| edge.saturating_add(1)));
    // The last has no end.
    let to = edges.days().iter().copied().chain(std::iter::once(0));
    let bounds = labels(basis, edges).into_iter().zip(from.zip(to));
    bounds
        .zip(amounts.iter().zip(items))
        .map(|((label, (from_days, to_days)), (&amount, &items))| {
            let amount = Some(write::total(amount, currency)?);
            Ok(pb::AgingBucket { label, from_days, to_days, amount, items })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aging::Column;

    fn report() -> Aging {
        let mut aging = Aging::new(&Edges::default());
        aging.add(Column::NotDue, 1_00, 1);
        aging.add(Column::Bucket(0), 2_00, 1);
        aging.add(Column::Bucket(4), 4_00, 2);
        aging.add(Column::Retention, 8_00, 1);
        aging.add(Column::DuePending, 16_00, 1);
        aging.add(Column::UnappliedCash, -32_00, 1);
        aging.add(Column::OpenCredits, -64_00, 1);
        aging
    }

    fn usd() -> Currency {
        Currency::parse("USD").unwrap()
    }

    #[test]
    fn the_columns_on_the_wire_add_up_to_the_balance_and_credits_stay_negative() {
        let edges = Edges::default();
        let encoded = currency_aging(usd(), &report(), Basis::DueDate, &edges).unwrap();
        let columns = encoded.columns.unwrap();
        let units = |cell: Option<pb::AgingCell>| cell.unwrap().amount.unwrap().units;
        let buckets: i64 = columns.buckets.iter().map(|b| b.amount.as_ref().unwrap().units).sum();
        assert_eq!(units(columns.unapplied_cash.clone()), -32);
        assert_eq!(units(columns.open_credits.clone()), -64);
        let sum = units(columns.not_due)
            + units(columns.retention)
            + units(columns.due_pending)
            + units(columns.unapplied_cash)
            + units(columns.open_credits)
            + buckets;
        assert_eq!(sum, encoded.balance.unwrap().units);
        assert_eq!(encoded.items, 8);
    }

    #[test]
    fn buckets_say_their_days() {
        let edges = Edges::default();
        let days = |basis| {
            let columns = columns(usd(), &report(), basis, &edges).unwrap();
            assert_eq!(columns.not_due.is_some(), basis == Basis::DueDate);
            let all = columns.buckets.into_iter();
            all.map(|b| (b.label, b.from_days, b.to_days)).collect::<Vec<_>>()
        };
        let due = days(Basis::DueDate);
        assert_eq!(due[0], ("1-30".into(), 1, 30));
        assert_eq!(due[4], (">120".into(), 121, 0));
        assert_eq!(days(Basis::PostingDate)[0], ("0-30".into(), 0, 30));
    }

    #[test]
    fn what_the_contract_cannot_tell_is_an_error_and_not_a_wrong_sum() {
        let edges = Edges::default();
        let mut bills = report();
        bills.add(Column::Bills, 1, 1);
        assert!(columns(usd(), &bills, Basis::DueDate, &edges).is_err());
        let other = Edges::new("edges", &[10]).unwrap();
        assert!(columns(usd(), &report(), Basis::DueDate, &other).is_err());
        let mut huge = report();
        huge.add(Column::NotDue, i128::from(i64::MAX), 1);
        assert!(columns(usd(), &huge, Basis::DueDate, &edges).is_err());
    }
}
