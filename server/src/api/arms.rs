//! A long list as arms: each asks for one value of the columns with which an index begins, so that the index gives its
//! rows in the order of the list. A page then costs its length and a count what it counts, however much lies there;
//! with several values in one question both databases would first sort everything that fits.

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, UnionType};
use sea_orm::{EntityTrait, IdenStatic, Select};

use super::page::{Keyset, PageQuery};
use super::problem::Problem;

/// The rows of a page of what any of these arms holds, and one more. An arm may hold what another holds.
///
/// # Errors
/// Where the page's `after` is no key of this list.
pub(super) fn page<E: EntityTrait>(
    keyset: &Keyset<E::Column>,
    arms: Vec<Condition>,
    query: &PageQuery,
) -> Result<Select<E>, Problem> {
    use sea_orm::QueryFilter;
    let beyond = query.after.as_deref().map(|after| keyset.beyond(after));
    let beyond = beyond.transpose()?.unwrap_or_else(Condition::all);
    let arms = arms.into_iter().map(|arm| {
        let mut ids = ids::<E>(keyset.id, arm.add(beyond.clone()), query.rows());
        if let Some(first) = keyset.first {
            ids.order_by((E::default(), first), Order::Desc);
        }
        ids.order_by((E::default(), keyset.id), Order::Desc);
        ids
    });
    let find = match any::<E>(keyset.id, arms) {
        Some(ids) => E::find().filter(sea_orm::ColumnTrait::in_subquery(&keyset.id, ids)),
        None => E::find().filter(nothing()),
    };
    keyset.page(find, query)
}

/// How many rows the arms hold together, counted up to `most`; a value for a question that asks for several.
pub(super) fn count<E: EntityTrait>(id: E::Column, arms: Vec<Condition>, most: u64) -> Expr {
    let arms = arms.into_iter().map(|arm| ids::<E>(id, arm, most));
    let Some(mut found) = any::<E>(id, arms) else {
        return Expr::val(0_i64);
    };
    found.limit(most);
    let counted = Query::select()
        .expr(Func::count(Expr::col(Alias::new(id.as_str()))))
        .from_subquery(found, Alias::new("found"))
        .to_owned();
    Expr::from(sea_orm::sea_query::SubQueryStatement::from(counted))
}

fn ids<E: EntityTrait>(id: E::Column, arm: Condition, most: u64) -> SelectStatement {
    Query::select()
        .column((E::default(), id))
        .from(E::default())
        .cond_where(arm)
        .limit(most)
        .to_owned()
}

/// The union of the arms; SQLite limits an arm only where it is a table of its own.
fn any<E: EntityTrait>(
    id: E::Column,
    arms: impl Iterator<Item = SelectStatement>,
) -> Option<SelectStatement> {
    let tables = arms.enumerate().map(|(at, arm)| {
        Query::select()
            .column(Alias::new(id.as_str()))
            .from_subquery(arm, Alias::new(format!("arm{at}")))
            .to_owned()
    });
    tables.reduce(|mut all, table| {
        all.union(UnionType::Distinct, table);
        all
    })
}

fn nothing() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}
