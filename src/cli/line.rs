//! `line`: the phone numbers.

use serde_json::json;

use super::{Context, output};
use crate::{
    domain::{ids::Slug, phone::PhoneNumber},
    store::{directory::Line, sqlite::open::Upkeep},
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
    /// Give a line to another tenant. Its chats stay with the old one.
    Move {
        /// The number.
        number: PhoneNumber,
        /// Whose it is from now on.
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add { number, tenant, relay, json } => {
            context.admin(Upkeep::LeaveAsItIs)?.add_line(number, tenant, relay)?;
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
        Command::Move { number, tenant } => {
            context.admin(Upkeep::LeaveAsItIs)?.move_line(number, tenant)?;
            output::line(format_args!("line {number} belongs to {tenant}; its chats stay where they are"))
        }
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
