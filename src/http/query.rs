//! The query of a request.

use actix_web::HttpRequest;

use crate::{
    error::BadInput,
    query_string::{self, Parameter},
};

/// The parameters of a query, each of those that are asked for at most once. Others are ignored.
///
/// Complaints name a parameter as it was asked for, never as the caller spells it: they go to the log.
pub(super) struct Query<'r>(Vec<Parameter<'r>>);

impl<'r> Query<'r> {
    pub(super) fn of(request: &'r HttpRequest) -> Self {
        Self(query_string::parameters(request.query_string()).collect())
    }

    /// The value of a parameter that is there and not empty.
    pub(super) fn get(&self, name: &'static str) -> Result<Option<&str>, BadInput> {
        let mut values = self.0.iter().filter(|(found, _)| **found == *name.as_bytes());
        let value = values.next().map(|(_, value)| std::str::from_utf8(value)).transpose();
        if values.next().is_some() {
            return Err(BadInput::unusable(name, "occurs more than once"));
        }
        let value = value.map_err(|_| BadInput::unusable(name, "is not UTF-8"))?;
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter, read by `parse`.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, BadInput> {
        self.get(name)?.map(parse).transpose().map_err(|why| BadInput::unusable(name, why))
    }
}
