//! The query of a request.

use std::borrow::Cow;

use actix_web::HttpRequest;

use crate::{error::BadInput, query_string};

/// The parameters of a query, each at most once. Unknown ones are ignored.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, BadInput> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in query_string::parameters(request.query_string()) {
            let name = text("the query", name)?;
            let value = text(&name, value)?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(BadInput::unusable(name, "occurs more than once"));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter, read by `parse`.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, BadInput> {
        self.get(name).map(parse).transpose().map_err(|why| BadInput::unusable(name, why))
    }
}

fn text(name: &str, decoded: Cow<'_, [u8]>) -> Result<String, BadInput> {
    String::from_utf8(decoded.into_owned()).map_err(|_| BadInput::unusable(name, "is not UTF-8"))
}
