//! `relay`: the programs that post events.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use serde_json::json;

use super::{Context, output, secret};
use crate::{
    domain::{
        ids::Slug, parking::Usage, password::RelayPassword, relay_kind::RelayKind, secret::SigningSecret,
    },
    store::{
        directory::Relay,
        sqlite::{
            admin::{AdminError, Owner},
            open::Upkeep,
        },
    },
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a relay. Its secret is shown this once.
    Add {
        /// Its name: a-z, 0-9, '-' and '_'.
        slug: Slug,
        /// What it speaks: native (docs/relay-protocol.md), loopback (the same, in the service's own process),
        /// bluebubbles or linq.
        #[arg(long, default_value = "native", value_parser = kind)]
        kind: RelayKind,
        /// Where it is reached, for delivering.
        #[arg(long, value_parser = url)]
        url: Option<String>,
        /// Take the secret from this file instead of making one.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// The password that a BlueBubbles server asks of us is in this file.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List all relays.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a relay a new secret, shown this once.
    RotateSecret {
        /// Its name.
        slug: Slug,
        /// Take the new secret from this file instead of making one.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// How long the old secret goes on being valid, such as 24h or 30m.
        #[arg(long, value_name = "TIME", default_value = "24h")]
        overlap: Overlap,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change where a relay is reached.
    SetUrl {
        /// Its name.
        slug: Slug,
        /// An http or https URL.
        #[arg(value_parser = url)]
        url: String,
    },
    /// Change the password that a BlueBubbles server asks of us.
    SetPassword {
        /// Its name.
        slug: Slug,
        /// The password is in this file.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
    },
    /// Remove a relay that serves no line.
    Remove {
        /// Its name.
        slug: Slug,
    },
}

/// How long an old secret goes on being valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlap(pub(super) SignedDuration);

impl FromStr for Overlap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Option<SignedDuration> = text.parse().ok();
        let span = span.filter(|span| !span.is_negative() && *span <= SignedDuration::from_hours(24 * 365));
        span.map(Self).ok_or_else(|| "a time from 0s to a year, such as 24h or 30m, is expected".to_owned())
    }
}

fn kind(text: &str) -> Result<RelayKind, String> {
    RelayKind::from_name(text).ok_or_else(|| {
        let known: Vec<_> = RelayKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {} is expected", known.join(", "))
    })
}

pub(super) fn url(text: &str) -> Result<String, String> {
    let url: Option<reqwest::Url> = text.parse().ok();
    let usable = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    usable
        .map(|_| text.trim_end_matches('/').to_owned())
        .ok_or_else(|| "an http or https URL is expected".to_owned())
}

pub(super) fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, kind, url, secret_file, password_file, json } => {
            let secret = secret::given_or_made(kind.secret_form(), secret_file.as_deref())?;
            let password = password_for(*kind, password_file.as_deref())?;
            let mut admin = context.admin(Upkeep::CreateAndMigrate)?;
            admin.add_relay(slug, *kind, url.as_deref(), &secret)?;
            match &password {
                Some(password) => admin.set_relay_password(slug, password)?,
                None if kind.has_password() && url.is_some() => output::remark(format_args!(
                    "Nothing is created through it without its password: chert-groups relay set-password {slug}"
                )),
                None => {}
            }
            show(slug, *kind, &secret, *json)
        }
        Command::List { json } => list(context, *json),
        Command::RotateSecret { slug, secret_file, overlap, json } => {
            let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
            let kind = admin.directory()?.relay(slug).map(|relay| relay.kind);
            let kind = kind.ok_or_else(|| AdminError::Absent("relay", slug.to_string()))?;
            let secret = secret::given_or_made(kind.secret_form(), secret_file.as_deref())?;
            admin.rotate_secret(Owner::Relay, slug, &secret, overlap.0)?;
            show(slug, kind, &secret, *json)
        }
        Command::SetUrl { slug, url } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_relay_url(slug, url)?;
            output::line(format_args!("relay {slug} is reached at {url}"))
        }
        Command::SetPassword { slug, password_file } => {
            let password = password_in(password_file)?;
            context.admin(Upkeep::LeaveAsItIs)?.set_relay_password(slug, &password)?;
            output::line(format_args!("relay {slug} has another password"))
        }
        Command::Remove { slug } => {
            context.admin(Upkeep::LeaveAsItIs)?.remove_relay(slug)?;
            output::line(format_args!("relay {slug} is removed"))
        }
    }
}

/// Shows a relay's secret, and where its events go when it is to be told a URL.
fn show(slug: &Slug, kind: RelayKind, secret: &SigningSecret, json: bool) -> anyhow::Result<()> {
    output::secret(("relay", slug), ("secret", secret), json)?;
    // For people, the URL is whole. Beside JSON it goes to stderr, where a secret is not expected.
    let shown = if json { "SECRET" } else { secret.expose() };
    match secret::webhook_path(kind, slug, shown) {
        Some(path) if json => output::remark(format_args!("Its events go to {path}")),
        Some(path) => output::line(format_args!("{:<16}{path}", "webhook path"))?,
        None => {}
    }
    Ok(())
}

/// The password of a relay to be added.
fn password_for(kind: RelayKind, file: Option<&Path>) -> anyhow::Result<Option<RelayPassword>> {
    if file.is_some() && !kind.has_password() {
        bail!("a {} relay has no password: leave --password-file out", kind.name());
    }
    file.map(password_in).transpose()
}

/// The password in a file, which may end in a line feed. Blanks belong to it.
fn password_in(file: &Path) -> anyhow::Result<RelayPassword> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    RelayPassword::new(line.strip_suffix('\r').unwrap_or(line)).with_context(|| file.display().to_string())
}

fn list(context: &Context, json: bool) -> anyhow::Result<()> {
    let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
    let directory = admin.directory()?;
    let parking: HashMap<Slug, Usage> = admin.parking()?.into_iter().collect();
    let parked = |slug: &Slug| parking.get(slug).copied().unwrap_or_default().reports;
    let lines_of = |slug: &Slug| directory.places(slug).len();
    if json {
        let relay = |relay: &&Relay| {
            json!({
                "relay": relay.slug.as_str(), "kind": relay.kind.name(), "url": relay.url,
                "lines": lines_of(&relay.slug), "parked": parked(&relay.slug),
                "created_at": relay.created_at.to_rfc3339(),
            })
        };
        return output::json(&json!({"relays": directory.relays().iter().map(relay).collect::<Vec<_>>()}));
    }
    let row = |relay: &&Relay| {
        vec![
            relay.slug.to_string(),
            relay.kind.name().to_owned(),
            relay.url.clone().unwrap_or_default(),
            lines_of(&relay.slug).to_string(),
            parked(&relay.slug).to_string(),
            relay.created_at.to_rfc3339(),
        ]
    };
    output::table(
        &["relay", "kind", "url", "lines", "parked", "added"],
        directory.relays().iter().map(row).collect(),
        "no relays yet: chert-groups relay add SLUG",
    )
}
