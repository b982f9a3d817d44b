//! What differs in a URL's token.

use percent_encoding::percent_decode;

use super::{Account, Case};
use crate::auth::url_token::token;

pub(super) fn account<'a>(case: &'a Case<'_>) -> Account<'a> {
    let differs = match token(case.request.query()) {
        Ok(Some(token)) => not_token(&token, case.secret.expose()),
        Ok(None) => "the URL has no parameter token".to_owned(),
        Err(_) => "the URL has the parameter token more than once".to_owned(),
    };
    Account { differs: vec![differs], ..Account::default() }
}

/// What is wrong with a token.
fn not_token(token: &[u8], secret: &str) -> String {
    let expected = secret.as_bytes();
    if token.is_empty() {
        "token is empty".to_owned()
    } else if token.eq_ignore_ascii_case(expected) {
        "token has other upper and lower case than the secret".to_owned()
    } else if token.trim_ascii() == expected {
        "token has blanks or line ends around the secret".to_owned()
    } else if percent_decode(token).eq(expected.iter().copied()) {
        "token is percent-encoded twice".to_owned()
    } else if token.len() != expected.len() {
        format!("token has {} bytes, and the secret has {}", token.len(), expected.len())
    } else {
        "token is not the secret".to_owned()
    }
}
