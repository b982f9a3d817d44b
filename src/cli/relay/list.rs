//! `relay list`.

use std::collections::HashMap;

use serde_json::json;

use super::super::{Context, output};
use crate::{
    domain::{ids::Slug, parking::Usage},
    store::{directory::Relay, upkeep::Upkeep},
};

/// A relay as it is listed.
struct Listed<'d> {
    relay: &'d Relay,
    lines: usize,
    parked: u64,
}

pub(super) fn run(context: &Context, json: bool) -> anyhow::Result<()> {
    let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
    let directory = admin.directory()?;
    let parking: HashMap<Slug, Usage> = admin.parking()?.into_iter().collect();
    let listed = directory.relays().into_iter().map(|relay| Listed {
        relay,
        lines: directory.places(&relay.slug).all().len(),
        parked: parking.get(&relay.slug).copied().unwrap_or_default().reports,
    });
    if json {
        return output::json(&json!({"relays": listed.map(|listed| listed.document()).collect::<Vec<_>>()}));
    }
    output::table(
        &["relay", "kind", "url", "password", "lines", "parked", "added"],
        listed.map(|listed| listed.row()).collect(),
        "no relays yet: chert-groups relay add SLUG",
    )
}

impl Listed<'_> {
    /// Whether the password is there that relays of this kind ask for.
    fn has_password(&self) -> Option<bool> {
        self.relay.kind.has_password().then_some(self.relay.password.is_some())
    }

    fn document(&self) -> serde_json::Value {
        json!({
            "relay": self.relay.slug.as_str(), "kind": self.relay.kind.name(), "url": self.relay.url,
            "password": self.has_password(), "lines": self.lines, "parked": self.parked,
            "created_at": self.relay.created_at.to_rfc3339(),
        })
    }

    fn row(&self) -> Vec<String> {
        let password = self.has_password().map_or("", |is_there| if is_there { "yes" } else { "no" });
        vec![
            self.relay.slug.to_string(),
            self.relay.kind.name().to_owned(),
            self.relay.url.clone().unwrap_or_default(),
            password.to_owned(),
            self.lines.to_string(),
            self.parked.to_string(),
            self.relay.created_at.to_rfc3339(),
        ]
    }
}
