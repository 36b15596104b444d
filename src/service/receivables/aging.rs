//! GetAging.

use chrono::NaiveDate;

use super::Receivables;
use super::columns::{Layout, by_currency};
use crate::ctx::Ctx;
use crate::domain::aging::Aging;
use crate::domain::calendar::WorkCalendar;
use crate::domain::dates::BusinessDayConvention;
use crate::domain::error::Result;
use crate::domain::ledger::{LedgerPoint, Scope};
use crate::domain::money::{Currency, to_minor};
use crate::domain::policy::Policy;
use crate::domain::receivables::{AgingAnswer, AgingQuery, ControlTotalCheck};
use crate::service::resolve;
use crate::store::receivables::{At, ControlTotal, Position, PositionsQuery, Whose};

impl Receivables {
    /// The balance by age of an account, a group or the book. The columns of each currency add
    /// up to its balance.
    ///
    /// # Errors
    /// KNOWN_AT_NOT_SETTLED, RATE_MISSING, RESOURCE_NOT_FOUND.
    pub async fn aging(&self, ctx: &Ctx, query: AgingQuery) -> Result<AgingAnswer> {
        let Balances { at, positions, totals, known_from } = self.balances(ctx, &query).await?;
        let calendar = self.calendar(&query, at).await?;
        let AgingQuery { basis, edges, display_currency, .. } = query;
        let terms = calendar.as_ref().map(|calendar| calendar.terms.clone());
        let layout = Layout { as_of: at.as_of, basis, edges, calendar: terms };
        let point = self.echo(ctx, at).await?;
        let currencies: Vec<(Currency, Aging)> = by_currency(&positions, &layout)
            .into_iter()
            .map(|(currency, figures)| (currency, figures.aging))
            .filter(|(_, aging)| aging.columns().any(|(_, minor, items)| minor != 0 || items != 0))
            .collect();
        let (converted, rates) = match display_currency {
            None => (None, Vec::new()),
            Some(to) => {
                let mut converter = self.converter(to, at).await?;
                let mut sum = Aging::new(&layout.edges);
                for (currency, aging) in &currencies {
                    sum.merge(&converter.aging(*currency, aging, &layout.edges)?);
                }
                (Some((to, sum)), converter.take_rates())
            }
        };
        let control_totals = check(totals, &positions, point)?;
        Ok(AgingAnswer {
            point,
            currencies,
            converted,
            rates,
            control_totals,
            known_from,
            calendar,
        })
    }

    /// The calendar that due dates roll by, where the question wants that: the one in force on the
    /// day asked about, as known at that point.
    async fn calendar(&self, query: &AgingQuery, at: At) -> Result<Option<Policy<WorkCalendar>>> {
        match query.convention {
            BusinessDayConvention::None => Ok(None),
            BusinessDayConvention::Following => {
                self.store.policy_in_force(at.as_of, at.known_at).await.map(Some)
            }
        }
    }

    async fn balances(&self, ctx: &Ctx, query: &AgingQuery) -> Result<Balances> {
        match &query.scope {
            Scope::Account(name) => {
                let id = self.id_of(ctx, "account", name).await?;
                let head = match (query.display_currency, query.convention) {
                    (None, BusinessDayConvention::None) => {
                        self.head_at(ctx, &id, query.point).await?
                    }
                    _ => self.head_with_rates_at(ctx, &id, query.point).await?,
                };
                let of = Self::positions_query(query, Whose::Account(id), head.at);
                let account = self.store.account_positions(&of).await?.pop();
                let account = account.ok_or_else(|| resolve::missing([name]))?;
                let (at, positions) = (head.seen(account.head_us), account.positions);
                Ok(Balances { at, positions, totals: Vec::new(), known_from: None })
            }
            Scope::Group(_) => {
                let at = self.settled_at(ctx, query.point).await?;
                let (whose, known_from) = self.whose(ctx, "account", &query.scope, at).await?;
                let of = Self::positions_query(query, whose, at);
                let positions = self.store.positions(&of, false).await?;
                Ok(Balances { at, positions, totals: Vec::new(), known_from })
            }
            Scope::Book => {
                ctx.check_all_accounts("the whole book")?;
                let at = self.settled_at(ctx, query.point).await?;
                let totals = self.store.control_totals(&query.narrow, at).await?;
                let of = Self::positions_query(query, Whose::Book, at);
                let positions = self.store.positions(&of, !totals.is_empty()).await?;
                Ok(Balances { at, positions, totals, known_from: None })
            }
        }
    }

    fn positions_query(query: &AgingQuery, whose: Whose, at: At) -> PositionsQuery {
        // A date that rolls to a working day may roll into another bucket.
        let exact = query.convention != BusinessDayConvention::None;
        PositionsQuery {
            whose,
            narrow: query.narrow.clone(),
            basis: query.basis,
            buckets: (!exact).then(|| query.edges.clone()),
            at,
        }
    }
}

struct Balances {
    at: At,
    positions: Vec<Position>,
    /// Of the whole book only, whose positions are then by company.
    totals: Vec<ControlTotal>,
    known_from: Option<NaiveDate>,
}

fn check(
    totals: Vec<ControlTotal>,
    positions: &[Position],
    point: LedgerPoint,
) -> Result<Vec<ControlTotalCheck>> {
    let check = |total: ControlTotal| {
        let balance: i128 = positions
            .iter()
            .filter(|p| p.company_code == total.company_code && p.currency == total.currency)
            .map(|p| i128::from(p.amount))
            .sum();
        Ok(ControlTotalCheck {
            company_code: total.company_code,
            date: point.as_of,
            currency: total.currency,
            control_total: total.amount,
            ledger_balance: to_minor(balance)?,
            point,
        })
    };
    totals.into_iter().map(check).collect()
}
