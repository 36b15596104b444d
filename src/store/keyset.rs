//! Where a page begins: behind a row, in the order of its key.

use sea_orm::ColumnTrait;
use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait};

/// The rows behind `values` in the order of `columns`, all of them ascending or all descending,
/// none of them NULL. A comparison of whole rows: the engines go along an index by it, which
/// they don't by its spelling with OR.
pub fn behind<C: ColumnTrait>(
    columns: impl IntoIterator<Item = C>,
    values: impl IntoIterator<Item = Value>,
    descending: bool,
) -> Expr {
    behind_exprs(columns.into_iter().map(|c| Expr::col(c.as_column_ref())), values, descending)
}

/// As [`behind`], in an order that is not one of columns alone.
pub fn behind_exprs(
    exprs: impl IntoIterator<Item = Expr>,
    values: impl IntoIterator<Item = Value>,
    descending: bool,
) -> Expr {
    let exprs = Expr::tuple(exprs);
    let values = Expr::tuple(values.into_iter().map(Expr::val));
    if descending { exprs.lt(values) } else { exprs.gt(values) }
}
