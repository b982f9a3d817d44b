//! `serve`: run the service.

use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};

use super::{Context, output};
use crate::server::{Server, listen};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where to listen [default: 127.0.0.1:8080]; port 0 takes any free port.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
}

pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    Context::runtime()?.block_on(async {
        let settings = &context.settings;
        let signals = signals()?;
        let api = listen(settings.server.listen)?;
        let ops = settings.server.ops_listen.map(listen).transpose()?;
        let server = Server::start(settings, context.clock.clone(), api, ops)?;
        tracing::info!(store = %settings.store.url, address = %server.address(), "serving");
        if let Some(address) = server.ops_address() {
            tracing::info!(%address, "serving operators");
        }
        output::line(format_args!("listening on http://{}", server.address()))?;
        Ok(server.run_until(signals).await?)
    })
}

/// Ready when the process is told to stop. They are caught from here on.
pub(super) fn signals() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
