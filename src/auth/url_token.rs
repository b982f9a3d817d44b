//! A secret in the URL: `?token=…`.
//!
//! For senders that sign nothing and use the URL that they are given as it is. Whoever sees such a URL has the
//! secret, so it is never logged.

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use super::{AuthError, presented::Presented};
use crate::{domain::secret::SigningSecret, query_string};

/// The parameter with the secret.
pub const TOKEN: &str = "token";

/// Whether a request comes with a token, right or wrong.
pub(super) fn is_presented(request: &dyn Presented) -> Result<bool, AuthError> {
    Ok(token(request.query())?.is_some())
}

/// Checks the token of a request.
pub(super) fn verify<'s>(
    request: &dyn Presented,
    secrets: impl IntoIterator<Item = &'s SigningSecret>,
) -> Result<(), AuthError> {
    let token = token(request.query())?.ok_or(AuthError::NoCredentials("send the query parameter token"))?;
    let fits = |secret: &SigningSecret| bool::from(secret.expose().as_bytes().ct_eq(&token));
    if secrets.into_iter().any(fits) { Ok(()) } else { Err(AuthError::NotValid) }
}

/// The token in a query.
pub(super) fn token(query: &str) -> Result<Option<Cow<'_, [u8]>>, AuthError> {
    let mut tokens = query_string::parameters(query).filter(|(name, _)| **name == *TOKEN.as_bytes());
    let first = tokens.next().map(|(_, value)| value);
    match tokens.next() {
        None => Ok(first),
        Some(_) => Err(AuthError::Malformed("the query parameter token occurs twice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::presented::Given;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "11111111111111111111111111111111";

    fn verify(query: &str) -> Result<(), AuthError> {
        let secrets = [OTHER, SECRET].map(|text| SigningSecret::parse(text).unwrap());
        super::verify(&Given { headers: vec![], query }, &secrets)
    }

    #[test]
    fn any_valid_secret_is_a_token() {
        for query in [
            format!("token={SECRET}"),
            format!("token={OTHER}"),
            format!("line=%2B15555550100&token={SECRET}&x"),
            format!("token=%30{}", &SECRET[1..]),
            format!("&&%74oken={SECRET}"),
        ] {
            assert_eq!(verify(&query), Ok(()), "{query}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for query in [
            "token=".to_owned(),
            "token".to_owned(),
            format!("token={}", SECRET.to_uppercase()),
            format!("token={}", &SECRET[1..]),
            format!("token={SECRET}+"),
            format!("token={SECRET}%00"),
            format!("token={SECRET}%0A"),
            "token=%ff%fe".to_owned(),
            "token=ffffffffffffffffffffffffffffffff".to_owned(),
        ] {
            assert_eq!(verify(&query), Err(AuthError::NotValid), "{query}");
        }
        for query in ["", "Token=x", "tokens=x", &format!("x={SECRET}"), SECRET] {
            assert!(matches!(verify(query), Err(AuthError::NoCredentials(_))), "{query}");
        }
        let twice = format!("token={SECRET}&token={SECRET}");
        assert!(matches!(verify(&twice), Err(AuthError::Malformed(_))));
        assert!(matches!(
            is_presented(&Given { headers: vec![], query: &twice }),
            Err(AuthError::Malformed(_))
        ));
    }
}
