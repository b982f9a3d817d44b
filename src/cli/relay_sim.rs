//! `relay-sim`: a simulated relay.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{Context, output, serve::signals};
use crate::{
    domain::ids::Slug,
    relay_sim::{Behaviour, Share, Sim, Timing, Upstream},
    server::listen,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where to listen; port 0 takes any free port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    #[arg(long, help = "The service to post events to, such as http://127.0.0.1:8080", value_name = "URL", value_parser = super::relay::url)]
    events_to: String,
    /// The relay to be.
    #[arg(long, value_name = "SLUG")]
    relay: Slug,
    #[arg(
        long,
        help = "A file with the relay's secret [default: the variable CHERT_GROUPS_RELAY_SECRET]",
        value_name = "FILE"
    )]
    secret_file: Option<PathBuf>,
    /// How often to answer 202 instead of 200, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = Share::NEVER)]
    queue: Share,
    /// How often to answer 503 and make nothing.
    #[arg(long, value_name = "SHARE", default_value_t = Share::NEVER)]
    fail: Share,
    /// How often to make the group and break the connection instead of answering.
    #[arg(long, value_name = "SHARE", default_value_t = Share::NEVER)]
    hang_up: Share,
    #[arg(long, help = "How often a new group's first event carries the client_ref; else a later one does", value_name = "SHARE", default_value_t = Share::ALWAYS)]
    echo: Share,
    /// When a new group's first event is posted.
    #[arg(long, value_enum, default_value_t = Timing::After)]
    events: Timing,
    /// The longest time a create takes, in milliseconds; each takes a random part of it.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u32,
    /// Take all of the delay each time.
    #[arg(long)]
    exact_delay: bool,
    /// What chance follows from: the same seed, the same faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let secret = super::replay::secret(arguments.secret_file.as_ref())?;
    let upstream = Upstream { url: arguments.events_to.clone(), relay: arguments.relay.clone(), secret };
    let behaviour = Behaviour {
        queue: arguments.queue,
        fail: arguments.fail,
        hang_up: arguments.hang_up,
        echo: arguments.echo,
        events: arguments.events,
        delay: Duration::from_millis(u64::from(arguments.delay)),
        exact_delay: arguments.exact_delay,
    };
    Context::runtime()?.block_on(async {
        let signals = signals()?;
        let listener = listen(arguments.listen)?;
        let sim = Sim::start(listener, upstream, behaviour, arguments.seed, context.clock.clone())?;
        output::line(format_args!("listening on http://{}", sim.address()))?;
        signals.await;
        sim.stop().await;
        Ok(())
    })
}
