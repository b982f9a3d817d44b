//! The query of a request.
//!
//! Decoded as RFC 3986 has it: `+` is a plus sign and a blank is `%20`. Phone numbers and conversation keys
//! are full of plus signs, and form encoding would turn each that was not escaped into a blank.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;

use crate::error::BadInput;

/// The parameters of a query, each at most once. Unknown ones are ignored.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, BadInput> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode("the query", name)?;
            let value = decode(&name, value)?;
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

fn decode(name: &str, text: &str) -> Result<String, BadInput> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| BadInput::unusable(name, "is not UTF-8"))
}
