//! Keyset pages: a list continues after the last id that was seen, however much was added meanwhile.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
