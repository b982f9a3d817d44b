//! `line`: the phone numbers.

use serde_json::json;

use super::{Context, output};
use crate::{
    domain::{ids::Slug, phone::PhoneNumber, relay_kind::RelayKind},
    store::{
        directory::{Directory, Line},
        upkeep::Upkeep,
    },
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a line.
    Add {
        /// The number in E.164, such as +15555550100.
        number: PhoneNumber,
        /// Whose it is.
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// Who serves it.
        #[arg(long, value_name = "SLUG")]
        relay: Slug,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List all lines.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let no chats be created from a line any more. Its events are still taken.
    Deactivate {
        /// The number.
        number: PhoneNumber,
    },
    /// Let chats be created from a line again.
    Activate {
        /// The number.
        number: PhoneNumber,
    },
    /// Give a line to another tenant, to another relay, or both.
    ///
    /// Another tenant does not get the line's chats: they stay with the old one. With another relay they go on: its
    /// events are taken, the old relay's are refused, and creates under way end where they began.
    #[command(group = clap::ArgGroup::new("to").required(true).multiple(true).args(["tenant", "relay"]))]
    Move {
        /// The number.
        number: PhoneNumber,
        /// Whose it is from now on.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<Slug>,
        /// Who serves it from now on.
        #[arg(long, value_name = "SLUG")]
        relay: Option<Slug>,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add { number, tenant, relay, json } => {
            let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
            admin.add_line(number, tenant, relay)?;
            remark_on_several(&admin.directory()?, number);
            if *json {
                let line =
                    json!({"line": number.as_str(), "tenant": tenant.as_str(), "relay": relay.as_str()});
                return output::json(&line);
            }
            output::line(format_args!("line {number} belongs to {tenant} and is served by {relay}"))
        }
        Command::List { json } => list(context, *json),
        Command::Deactivate { number } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_line_active(number, false)?;
            output::line(format_args!("line {number} is inactive: no chats are created from it"))
        }
        Command::Activate { number } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_line_active(number, true)?;
            output::line(format_args!("line {number} is active"))
        }
        Command::Move { number, tenant, relay } => {
            let mut admin = context.admin(Upkeep::LeaveAsItIs)?;
            admin.move_line(number, tenant.as_ref(), relay.as_ref())?;
            if relay.is_some() {
                remark_on_several(&admin.directory()?, number);
            }
            output::line(moved(number, tenant.as_ref(), relay.as_ref()))
        }
    }
}

fn moved(number: &PhoneNumber, tenant: Option<&Slug>, relay: Option<&Slug>) -> String {
    let tenant = tenant.map(|tenant| format!("belongs to {tenant}; its chats stay where they are"));
    let relay =
        relay.map(|relay| format!("is served by {relay}; events of another relay about it are refused"));
    let news: Vec<String> = tenant.into_iter().chain(relay).collect();
    format!("line {number} {}", news.join("; it "))
}

/// Says what it means that the line's relay serves others as well, where its events may name none of them.
fn remark_on_several(directory: &Directory, number: &PhoneNumber) {
    let Some(relay) = directory.line(number).and_then(|line| directory.relay(&line.relay)) else { return };
    let lines = directory.places(&relay.slug).all().len();
    if lines < 2 || !relay.kind.may_name_no_line() {
        return;
    }
    output::remark(format_args!(
        "Relay {} serves {lines} lines now: an event that names none of them waits until one knows its conversation.",
        relay.slug
    ));
    if relay.kind == RelayKind::BlueBubbles {
        output::remark(format_args!(
            "Its events name no line unless its URL does: put &line=NUMBER into each, here &line=%2B{}.",
            number.as_str().trim_start_matches('+')
        ));
    }
}

fn list(context: &Context, json: bool) -> anyhow::Result<()> {
    let directory = context.admin(Upkeep::LeaveAsItIs)?.directory()?;
    let status = |line: &Line| if line.active { "active" } else { "inactive" };
    if json {
        let lines: Vec<_> = directory
            .lines()
            .iter()
            .map(|line| {
                json!({
                    "line": line.number.as_str(), "tenant": line.tenant.as_str(), "relay": line.relay.as_str(),
                    "status": status(line), "created_at": line.created_at.to_rfc3339(),
                })
            })
            .collect();
        return output::json(&json!({"lines": lines}));
    }
    let row = |line: &&Line| {
        vec![
            line.number.to_string(),
            line.tenant.to_string(),
            line.relay.to_string(),
            status(line).to_owned(),
            line.created_at.to_rfc3339(),
        ]
    };
    output::table(
        &["line", "tenant", "relay", "status", "added"],
        directory.lines().iter().map(row).collect(),
        "no lines yet: chert-groups line add NUMBER --tenant SLUG --relay SLUG",
    )
}
