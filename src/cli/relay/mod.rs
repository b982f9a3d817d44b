//! `relay`: the programs that post events. What takes more than a few lines has a file of its own.

mod add;
mod list;
mod overlap;
mod parked;
mod password;
mod rotate_secret;
mod show;

use std::path::PathBuf;

pub(super) use overlap::Overlap;

use super::{Context, output};
use crate::{domain::ids::Slug, store::upkeep::Upkeep};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a relay. Its secret is shown this once.
    Add(add::Arguments),
    /// List all relays.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a relay's parked events wait for.
    Parked {
        /// Its name.
        slug: Slug,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a relay a new secret, shown this once.
    RotateSecret(rotate_secret::Arguments),
    /// Change where a native or bluebubbles relay is reached.
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
    /// Remove a relay that serves no line, and what it has parked.
    Remove {
        /// Its name.
        slug: Slug,
    },
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
        Command::Add(arguments) => add::run(context, arguments),
        Command::List { json } => list::run(context, *json),
        Command::Parked { slug, json } => parked::run(context, slug, *json),
        Command::RotateSecret(arguments) => rotate_secret::run(context, arguments),
        Command::SetUrl { slug, url } => {
            context.admin(Upkeep::LeaveAsItIs)?.set_relay_url(slug, url)?;
            output::line(format_args!("relay {slug} is reached at {url}"))
        }
        Command::SetPassword { slug, password_file } => {
            let password = password::in_file(password_file)?;
            context.admin(Upkeep::LeaveAsItIs)?.set_relay_password(slug, &password)?;
            output::line(format_args!("relay {slug} has another password"))
        }
        Command::Remove { slug } => {
            context.admin(Upkeep::LeaveAsItIs)?.remove_relay(slug)?;
            output::line(format_args!("relay {slug} is removed"))
        }
    }
}
