//! Whom the service knows: tenants, relays and lines, with secrets that tests can say aloud.

use chert_groups::{
    domain::{ids::Slug, phone::PhoneNumber, relay_kind::RelayKind, secret::SigningSecret},
    store::admin::Admin,
};

/// A line of [`ACME`], served by [`RELAY_1`].
pub(crate) const LINE: &str = "+15555550100";
/// Another one.
pub(crate) const LINE_2: &str = "+15555550101";
/// A line of [`OTHER`], served by [`RELAY_2`].
pub(crate) const OTHER_LINE: &str = "+15555550102";

/// Somebody who signs.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    /// The header that carries the name.
    pub(crate) header: &'static str,
    pub(crate) slug: &'static str,
    pub(crate) secret: &'static str,
}

/// The secret of the published vectors.
pub(crate) const ACME: Identity =
    Identity { header: "x-chert-tenant", slug: "acme", secret: "0123456789abcdef0123456789abcdef" };
pub(crate) const OTHER: Identity =
    Identity { header: "x-chert-tenant", slug: "other", secret: "11111111111111111111111111111111" };
/// A multi-tenant account without lines.
pub(crate) const MANY: Identity =
    Identity { header: "x-chert-tenant", slug: "many", secret: "22222222222222222222222222222222" };
pub(crate) const RELAY_1: Identity =
    Identity { header: "x-chert-relay", slug: "rly-1", secret: "33333333333333333333333333333333" };
pub(crate) const RELAY_2: Identity =
    Identity { header: "x-chert-relay", slug: "rly-2", secret: "44444444444444444444444444444444" };

impl Identity {
    /// The same name with another secret.
    pub(crate) const fn with_secret(self, secret: &'static str) -> Self {
        Self { secret, ..self }
    }

    /// Another name with the same secret.
    pub(crate) const fn named(self, slug: &'static str) -> Self {
        Self { slug, ..self }
    }

    pub(crate) fn slug(self) -> Slug {
        slug(self.slug)
    }

    pub(crate) fn secret(self) -> SigningSecret {
        secret(self.secret)
    }
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

pub(crate) fn secret(text: &str) -> SigningSecret {
    SigningSecret::parse(text).expect("a secret")
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a phone number")
}

/// Makes everybody known to a store in which there is nothing.
pub(crate) fn set_up(admin: &mut Admin) {
    for (tenant, multi_tenant) in [(ACME, false), (OTHER, false), (MANY, true)] {
        admin.add_tenant(&tenant.slug(), multi_tenant, &tenant.secret()).expect("a new tenant");
    }
    for relay in [RELAY_1, RELAY_2] {
        admin.add_relay(&relay.slug(), RelayKind::Native, None, &relay.secret()).expect("a new relay");
    }
    for (line, tenant, relay) in
        [(LINE, ACME, RELAY_1), (LINE_2, ACME, RELAY_1), (OTHER_LINE, OTHER, RELAY_2)]
    {
        admin.add_line(&number(line), &tenant.slug(), &relay.slug()).expect("a new line");
    }
}
