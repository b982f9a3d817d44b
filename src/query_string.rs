//! The query of a URL.
//!
//! Decoded as RFC 3986 has it: `+` is a plus sign and a blank is `%20`. Phone numbers and conversation keys
//! are full of plus signs, and form encoding would turn each that was not escaped into a blank.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A name and a value, borrowed from the query where nothing is encoded.
pub(crate) type Parameter<'q> = (Cow<'q, [u8]>, Cow<'q, [u8]>);

/// The parameters of a query in their order. What is encoded need not be UTF-8.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = Parameter<'_>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode_str(name).into(), percent_decode_str(value).into())
    })
}
