//! A request, as far as it can prove who sent it.

use super::AuthError;

/// What of a request, besides its body, can prove who sent it.
pub trait Presented {
    /// The value of a header that may occur once; the name is in lower case.
    ///
    /// # Errors
    ///
    /// [`AuthError::Malformed`] when it occurs twice: of two, one was meant for somebody else.
    fn header(&self, name: &str) -> Result<Option<&[u8]>, AuthError>;

    /// The query of its URL as it came, or nothing.
    fn query(&self) -> &str;
}

/// The only one of the `values` of a header, if there is one.
///
/// # Errors
///
/// When there are several.
pub fn only<'v>(mut values: impl Iterator<Item = &'v [u8]>) -> Result<Option<&'v [u8]>, AuthError> {
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(AuthError::Malformed("a header occurs twice")),
    }
}

/// A request that tests make up.
#[cfg(test)]
pub(crate) struct Given<'a> {
    pub(crate) headers: Vec<(&'static str, &'a [u8])>,
    pub(crate) query: &'a str,
}

#[cfg(test)]
impl Presented for Given<'_> {
    fn header(&self, name: &str) -> Result<Option<&[u8]>, AuthError> {
        only(self.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    fn query(&self) -> &str {
        self.query
    }
}
