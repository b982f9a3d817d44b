//! The command line: one file a command.
//!
//! Answers go to stdout, logs and what is for people beside an answer to stderr. Exit status: 0 done, 1 failed,
//! 2 wrong usage.

mod chat;
mod check;
mod copy;
mod demo;
mod line;
mod migrate;
mod output;
mod progress;
mod relay;
mod relay_sim;
mod replay;
mod secret;
mod serve;
mod tenant;
mod verify_signature;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    clock::Clock,
    config::{self, Overrides, Settings},
    store::{admin::Admin, query::Reader, upkeep::Upkeep},
    stores, telemetry,
};

/// Group registry and event ingester: signed group events in, durable chat ids out.
#[derive(Parser)]
#[command(name = "chert-groups", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// A file of settings (TOML); docs/operations.md says more.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the registry is [default: sqlite:data/registry.db]
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Arguments),
    /// Show the whole thing at work, on a store that is thrown away.
    Demo(demo::Arguments),
    /// Post recorded events to a running service.
    Replay(replay::Arguments),
    /// Check a recorded request's signature as the service does, and say what differs.
    VerifySignature(verify_signature::Arguments),
    /// Be a relay: take creates and post events back, with delays and faults on demand.
    RelaySim(relay_sim::Arguments),
    /// Add, list, suspend and resume tenants; rotate their secrets.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Add, list and remove relays; rotate their secrets.
    #[command(subcommand)]
    Relay(relay::Command),
    /// Add, list, move and (de)activate lines.
    #[command(subcommand)]
    Line(line::Command),
    /// Look at chats.
    #[command(subcommand)]
    Chat(chat::Command),
    /// Bring the store's schema up to date, while no server runs. `serve` does it too, unless `store.migrate` is
    /// off; no other command does.
    Migrate,
    /// Move a whole registry from one store to another, of either kind, while nobody serves them.
    ///
    /// The target must be empty. What interrupts a copy does no harm: the same command goes on where it was, and until it
    /// is done the target cannot be served. In the end every row is read again on both sides and compared.
    Copy(copy::Arguments),
    /// Read every page of the store and every chat, and say what is wrong with it.
    Check,
}

/// What every command has: the settings as far as flags and environment give them.
struct Context {
    settings: Settings,
    clock: Clock,
}

/// Runs the command that `arguments` name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(why) => {
            // Help and version are no mistakes. A closed pipe is nobody to tell.
            let _ = why.print();
            return ExitCode::from(u8::try_from(why.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) if output::is_closed_pipe(&why) => ExitCode::SUCCESS,
        Err(why) => {
            output::complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<()> {
    let mut overrides = Overrides::default();
    overrides.set("store.url", arguments.store);
    if let Command::Serve(serve) = &arguments.command {
        overrides.set("server.listen", serve.listen);
    }
    let settings = config::load(arguments.config.as_deref(), &overrides)?;
    telemetry::log(&settings.log);
    // Whoever builds a TLS client finds the provider here. A second call in one process changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let context = Context { settings, clock: Clock::system() };
    match arguments.command {
        Command::Serve(_) => serve::run(&context),
        Command::Demo(arguments) => demo::run(context, &arguments),
        Command::Replay(arguments) => replay::run(&context, &arguments),
        Command::VerifySignature(arguments) => verify_signature::run(&context, &arguments),
        Command::RelaySim(arguments) => relay_sim::run(&context, &arguments),
        Command::Tenant(command) => tenant::run(&context, &command),
        Command::Relay(command) => relay::run(&context, &command),
        Command::Line(command) => line::run(&context, &command),
        Command::Chat(command) => chat::run(&context, &command),
        Command::Migrate => migrate::run(&context),
        Command::Copy(arguments) => copy::run(&context, &arguments),
        Command::Check => check::run(&context),
    }
}

impl Context {
    /// Administration of the store, beside a server that may be running: no command that administers migrates.
    fn admin(&self, upkeep: Upkeep) -> anyhow::Result<Admin> {
        Ok(stores::admin(&self.settings.store.url, upkeep, self.clock.now())?)
    }

    fn reader(&self) -> anyhow::Result<Box<dyn Reader>> {
        Ok(stores::reader(&self.settings.store.url)?)
    }

    fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
        Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
    }
}
