//! The ways to prove who sends: their names, and which code checks them.

use super::{AuthError, hmac_v1, linq_legacy, presented::Presented, standard_webhooks, url_token};
use crate::domain::{
    relay_kind::{RelayKind, Scheme, SecretForm},
    secret::SigningSecret,
    time::Time,
};

/// Each scheme with its name in commands.
#[rustfmt::skip]
const NAMES: [(Scheme, &str); 4] = [
    (Scheme::HmacV1,           "hmac-v1"),
    (Scheme::StandardWebhooks, "standard-webhooks"),
    (Scheme::LinqLegacy,       "linq-legacy"),
    (Scheme::UrlToken,         "url-token"),
];

impl Scheme {
    /// The names of all schemes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|row| row.1)
    }

    /// The scheme of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The name of this scheme.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// How the secrets of relays that use this scheme are written.
    #[must_use]
    pub fn secret_form(self) -> SecretForm {
        let user = RelayKind::ALL.into_iter().find(|kind| kind.schemes().contains(&self));
        user.map_or(SecretForm::Hex, RelayKind::secret_form)
    }

    /// Whether a request comes with anything of this scheme, right or wrong.
    ///
    /// # Errors
    ///
    /// When it comes with it twice.
    pub fn is_presented(self, request: &dyn Presented) -> Result<bool, AuthError> {
        match self {
            Self::HmacV1 => hmac_v1::is_presented(request),
            Self::StandardWebhooks => standard_webhooks::is_presented(request),
            Self::LinqLegacy => linq_legacy::is_presented(request),
            Self::UrlToken => url_token::is_presented(request),
        }
    }

    /// Checks that one who holds any of the `secrets` sent the request with this body about `now`.
    ///
    /// # Errors
    ///
    /// As [`AuthError`] says.
    pub fn verify<'s>(
        self,
        request: &dyn Presented,
        body: &[u8],
        secrets: impl IntoIterator<Item = &'s SigningSecret>,
        now: Time,
    ) -> Result<(), AuthError> {
        match self {
            Self::HmacV1 => hmac_v1::verify(request, body, secrets, now),
            Self::StandardWebhooks => standard_webhooks::verify(request, body, secrets, now),
            Self::LinqLegacy => linq_legacy::verify(request, body, secrets, now),
            Self::UrlToken => url_token::verify(request, secrets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_of_a_kind_has_a_name_and_the_form_of_its_secrets() {
        for kind in RelayKind::ALL {
            for scheme in kind.schemes() {
                assert_eq!(Scheme::from_name(scheme.name()), Some(*scheme));
                assert_eq!(scheme.secret_form(), kind.secret_form(), "{scheme:?} of {kind:?}");
            }
        }
        assert_eq!(Scheme::names().count(), 4);
        assert_eq!(Scheme::from_name(""), None);
    }
}
