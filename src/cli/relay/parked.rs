//! `relay parked`: what a relay's parked events wait for.

use serde_json::json;

use super::super::{Context, output};
use crate::{
    domain::ids::Slug,
    store::{
        parked::{Awaited, Backlog},
        upkeep::Upkeep,
    },
};

pub(super) fn run(context: &Context, slug: &Slug, json: bool) -> anyhow::Result<()> {
    let backlog = context.admin(Upkeep::LeaveAsItIs)?.backlog(slug)?;
    if json {
        let parked: Vec<_> = backlog.iter().map(document).collect();
        return output::json(&json!({"relay": slug.as_str(), "parked": parked}));
    }
    output::table(
        &["waits for", "events", "bytes", "oldest"],
        backlog.iter().map(row).collect(),
        &format!("nothing of relay {slug} is parked"),
    )
}

fn document(backlog: &Backlog) -> serde_json::Value {
    let (awaits, line) = match &backlog.awaits {
        Awaited::Line(line) => ("line", Some(line.as_str())),
        Awaited::Conversation => ("conversation", None),
        Awaited::Owner => ("owner", None),
    };
    json!({
        "waits_for": awaits, "line": line, "events": backlog.usage.reports, "bytes": backlog.usage.bytes,
        "oldest": backlog.oldest.to_rfc3339(),
    })
}

fn row(backlog: &Backlog) -> Vec<String> {
    let awaits = match &backlog.awaits {
        Awaited::Line(line) => format!("line {line}, to be added to this relay"),
        Awaited::Conversation => "a line that knows the conversation".to_owned(),
        Awaited::Owner => "the owner of a number".to_owned(),
    };
    vec![
        awaits,
        backlog.usage.reports.to_string(),
        backlog.usage.bytes.to_string(),
        backlog.oldest.to_rfc3339(),
    ]
}
