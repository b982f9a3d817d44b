//! Tenants, relays and lines with their secrets, held in memory.

use std::sync::Arc;

use crate::domain::{
    ids::Slug,
    password::RelayPassword,
    phone::{PhoneNumber, PhoneNumberError},
    relay_kind::RelayKind,
    secret::SigningSecret,
    time::Time,
};
use crate::hash::QuickMap;

/// Everything that administration has set up, as of one revision of the store.
#[derive(Debug, Default)]
pub struct Directory {
    /// The revision that the store was at. Every administrative change raises it.
    pub revision: u64,
    tenants: QuickMap<Slug, Tenant>,
    bearers: QuickMap<[u8; 32], Slug>,
    relays: QuickMap<Slug, Relay>,
    lines: QuickMap<PhoneNumber, Line>,
    places: QuickMap<Slug, Places>,
}

/// An account that owns lines.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its name.
    pub slug: Slug,
    /// Whether a bearer must be accompanied by the tenant's name.
    pub multi_tenant: bool,
    /// Whether it is refused on the API.
    pub suspended: bool,
    /// What it signs with.
    pub secrets: Secrets,
    /// When it was added.
    pub created_at: Time,
}

/// A program on the messaging network that posts events and delivers for us.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Its name.
    pub slug: Slug,
    /// What it speaks.
    pub kind: RelayKind,
    /// Where it is reached, if it is.
    pub url: Option<String>,
    /// What it asks of us there, if it does.
    pub password: Option<RelayPassword>,
    /// What it signs with.
    pub secrets: Secrets,
    /// Whether a line of it was given to another relay. What it parked without naming a line may be about that one.
    pub lost_line: bool,
    /// When it was added.
    pub created_at: Time,
}

/// A phone number that belongs to one tenant and is served by one relay.
#[derive(Clone, Debug)]
pub struct Line {
    /// The number.
    pub number: PhoneNumber,
    /// Whose it is.
    pub tenant: Slug,
    /// Who serves it.
    pub relay: Slug,
    /// Whether chats may be created from it. Events are taken either way.
    pub active: bool,
    /// Whether it ever belonged to another tenant.
    pub once_anothers: bool,
    /// When it was added.
    pub created_at: Time,
}

/// A line as a place for what its relay reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: PhoneNumber,
    /// Whose it is.
    pub tenant: Slug,
    /// Whether what was parked may be applied to it. Not when the line ever belonged to another tenant, whose
    /// conversations it may be about.
    pub takes_parked: bool,
}

/// The lines of a relay as places, ordered by tenant and number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The revision of the directory that has it so.
    pub revision: u64,
    list: Arc<[Place]>,
}

impl Places {
    fn new(revision: u64, mut list: Vec<Place>) -> Self {
        list.sort_by(|one, other| (&one.tenant, &one.line).cmp(&(&other.tenant, &other.line)));
        Self { revision, list: list.into() }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Place] {
        &self.list
    }

    /// The only one, if there is just one.
    #[must_use]
    pub fn only(&self) -> Option<&Place> {
        match &*self.list {
            [only] => Some(only),
            _ => None,
        }
    }

    /// A line of a tenant, if it is among them.
    #[must_use]
    pub fn find(&self, tenant: &Slug, line: &PhoneNumber) -> Option<&Place> {
        self.from(tenant, line).first().filter(|place| place.tenant == *tenant && place.line == *line)
    }

    /// Those that do not come before a line of a tenant.
    #[must_use]
    pub fn from(&self, tenant: &Slug, line: &PhoneNumber) -> &[Place] {
        let before = self.list.partition_point(|place| (&place.tenant, &place.line) < (tenant, line));
        self.list.split_at(before).1
    }
}

impl Line {
    /// The line as a place.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { line: self.number.clone(), tenant: self.tenant.clone(), takes_parked: !self.once_anothers }
    }
}

/// The secrets of one tenant or relay. During a rotation there are two.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<(SigningSecret, Option<Time>)>);

impl Secrets {
    /// Adds a secret that is valid until `expires_at`, or until it is replaced.
    pub fn add(&mut self, secret: SigningSecret, expires_at: Option<Time>) {
        self.0.push((secret, expires_at));
    }

    /// The secret to sign with: the one that was not replaced.
    #[must_use]
    pub fn newest(&self) -> Option<&SigningSecret> {
        self.0.iter().find(|(_, expires_at)| expires_at.is_none()).map(|(secret, _)| secret)
    }

    /// The secrets that are valid at `now`.
    pub fn valid_at(&self, now: Time) -> impl Iterator<Item = &SigningSecret> {
        self.0
            .iter()
            .filter(move |(_, expires_at)| expires_at.is_none_or(|at| now < at))
            .map(|(secret, _)| secret)
    }
}

impl Directory {
    /// The directory that consists of these.
    #[must_use]
    pub fn new(revision: u64, tenants: Vec<Tenant>, relays: Vec<Relay>, lines: Vec<Line>) -> Self {
        let bearers = tenants
            .iter()
            .flat_map(|tenant| {
                tenant.secrets.0.iter().map(|(secret, _)| (secret.fingerprint(), tenant.slug.clone()))
            })
            .collect();
        Self {
            revision,
            bearers,
            places: places(revision, &lines),
            tenants: tenants.into_iter().map(|tenant| (tenant.slug.clone(), tenant)).collect(),
            relays: relays.into_iter().map(|relay| (relay.slug.clone(), relay)).collect(),
            lines: lines.into_iter().map(|line| (line.number.clone(), line)).collect(),
        }
    }

    /// The tenant of this name.
    #[must_use]
    pub fn tenant(&self, slug: &Slug) -> Option<&Tenant> {
        self.tenants.get(slug)
    }

    /// The tenant one of whose secrets has this SHA-256.
    #[must_use]
    pub fn tenant_by_bearer(&self, fingerprint: &[u8; 32]) -> Option<&Tenant> {
        self.tenants.get(self.bearers.get(fingerprint)?)
    }

    /// The relay of this name.
    #[must_use]
    pub fn relay(&self, slug: &Slug) -> Option<&Relay> {
        self.relays.get(slug)
    }

    /// The line of this number.
    #[must_use]
    pub fn line(&self, number: &PhoneNumber) -> Option<&Line> {
        self.lines.get(number)
    }

    /// A number in E.164. That of a line needs no reading.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn number(&self, text: &str) -> Result<PhoneNumber, PhoneNumberError> {
        match self.lines.get_key_value(text) {
            Some((number, _)) => Ok(number.clone()),
            None => text.parse(),
        }
    }

    /// The lines of a relay.
    #[must_use]
    pub fn places(&self, relay: &Slug) -> Places {
        self.places.get(relay).cloned().unwrap_or_default()
    }

    /// A line as a place, when this relay serves it for this tenant.
    #[must_use]
    pub fn place_of(&self, relay: &Slug, tenant: &Slug, line: &PhoneNumber) -> Option<Place> {
        let line = self.line(line).filter(|line| line.relay == *relay && line.tenant == *tenant)?;
        Some(line.place())
    }

    /// All tenants, ordered by name.
    #[must_use]
    pub fn tenants(&self) -> Vec<&Tenant> {
        sorted(self.tenants.values(), |tenant| tenant.slug.as_str())
    }

    /// All relays, ordered by name.
    #[must_use]
    pub fn relays(&self) -> Vec<&Relay> {
        sorted(self.relays.values(), |relay| relay.slug.as_str())
    }

    /// All lines, ordered by number.
    #[must_use]
    pub fn lines(&self) -> Vec<&Line> {
        sorted(self.lines.values(), |line| line.number.as_str())
    }
}

fn places(revision: u64, lines: &[Line]) -> QuickMap<Slug, Places> {
    let mut by_relay: QuickMap<Slug, Vec<Place>> = QuickMap::default();
    for line in lines {
        by_relay.entry(line.relay.clone()).or_default().push(line.place());
    }
    by_relay.into_iter().map(|(relay, places)| (relay, Places::new(revision, places))).collect()
}

fn sorted<'d, T>(items: impl Iterator<Item = &'d T>, name: impl Fn(&T) -> &str) -> Vec<&'d T> {
    let mut items: Vec<&T> = items.collect();
    items.sort_by(|a, b| name(a).cmp(name(b)));
    items
}
