//! Which part of a list is asked for.
//!
//! Comes in: the query of a request. Goes out: a bounded part of a list, or what is wrong with the query.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;

use super::refusal::Refusal;

/// Entries of a page when the request says nothing.
pub(crate) const DEFAULT_LIMIT: usize = 100;

/// Most entries of a page; guards memory and time against one request for everything.
pub(crate) const MAX_LIMIT: usize = 1000;

/// The query of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Paging {
    #[serde(default = "default_limit")]
    pub(crate) limit: usize,
    #[serde(default)]
    pub(crate) offset: usize,
    #[serde(default)]
    pub(crate) scope: ListScope,
}

/// Which devices are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ListScope {
    /// Those of a vendor in the catalogue.
    #[default]
    Cameras,
    /// Everything.
    All,
}

impl Paging {
    /// Checks the query of a request.
    pub(crate) fn check(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Refusal> {
        let Query(paging) = query.map_err(|rejection| Refusal::bad_query(rejection.body_text()))?;
        if (1..=MAX_LIMIT).contains(&paging.limit) {
            Ok(paging)
        } else {
            Err(Refusal::bad_query(format!("limit: must be 1 to {MAX_LIMIT}, is {}", paging.limit)))
        }
    }
}

const fn default_limit() -> usize {
    DEFAULT_LIMIT
}
