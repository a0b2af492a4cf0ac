//! Keyset pages: a list continues after the last id that was seen, however much was added meanwhile.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;

/// Items of a page where the caller names no number.
const DEFAULT: u64 = 50;
/// Most items of a page.
const MOST: u64 = 200;

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many items, 1 to 200. Default 50.
    pub limit: Option<u64>,
}

impl PageQuery {
    /// How many items are given.
    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(DEFAULT).clamp(1, MOST)
    }

    /// How many rows to ask the database for: one more than is given, to know whether there is a next page.
    pub fn rows(&self) -> u64 {
        self.limit() + 1
    }
}

/// The key by which a list is ordered, both parts falling: a number where there is one, then the id.
#[derive(Clone, Copy, Debug)]
pub struct Keyset<Column> {
    pub first: Option<Column>,
    pub id: Column,
}

impl<Column: ColumnTrait> Keyset<Column> {
    /// The rows of this page out of `select`, and one more.
    ///
    /// # Errors
    /// Where `after` is no key of this list.
    pub fn page<E: EntityTrait>(
        &self,
        mut select: Select<E>,
        query: &PageQuery,
    ) -> Result<Select<E>, Problem> {
        if let Some(after) = &query.after {
            select = select.filter(self.beyond(after)?);
        }
        if let Some(first) = self.first {
            select = select.order_by_desc(first);
        }
        Ok(select.order_by_desc(self.id).limit(query.rows()))
    }

    /// The key of a row, as [`Page::next`] names it.
    pub fn key(&self, first: i16, id: &str) -> String {
        match self.first {
            Some(_) => format!("{first}-{id}"),
            None => id.to_owned(),
        }
    }

    /// What stands after this key.
    ///
    /// # Errors
    /// Where it is no key of this list.
    pub(super) fn beyond(&self, after: &str) -> Result<Condition, Problem> {
        let Some(column) = self.first else {
            return Ok(Condition::all().add(self.id.lt(after)));
        };
        let key = after
            .split_once('-')
            .and_then(|(first, id)| Some((first.parse::<i16>().ok()?, id)));
        let (first, id) =
            key.ok_or_else(|| Problem::malformed("Tham số after không đúng.", "Unknown value of after."))?;
        let same = Condition::all().add(column.eq(first)).add(self.id.lt(id));
        Ok(Condition::any().add(column.lt(first)).add(same))
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Ask with `after` set to this for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to [`PageQuery::rows`] rows; `id` names the key they are ordered by.
    pub fn of(query: &PageQuery, mut rows: Vec<T>, id: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(query.limit()).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(id) } else { None };
        Self { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_next_page_only_where_there_is_one() {
        let query = PageQuery {
            limit: Some(2),
            after: None,
        };
        let page = Page::of(&query, vec![1, 2, 3], |row| row.to_string());
        assert_eq!((page.items, page.next.as_deref()), (vec![1, 2], Some("2")));
        let page = Page::of(&query, vec![3, 4], |row| row.to_string());
        assert_eq!(page.next, None);
    }
}
