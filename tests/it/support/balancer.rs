//! What stands before several instances: each connection goes to the next one.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use super::app::TestApp;

/// A load balancer, which is gone with its connections when it goes out of scope.
pub(crate) struct Balancer {
    address: SocketAddr,
    /// Of its own, since tests block theirs.
    runtime: Option<Runtime>,
}

impl Balancer {
    /// One before these.
    pub(crate) fn before<'a>(instances: impl IntoIterator<Item = &'a TestApp>) -> Self {
        let instances: Vec<SocketAddr> = instances.into_iter().map(TestApp::address).collect();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a listener that a runtime can have");
        runtime.spawn(async { balance(TcpListener::from_std(listener)?, instances).await });
        Self { address, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn balance(listener: TcpListener, instances: Vec<SocketAddr>) -> std::io::Result<()> {
    for instance in instances.into_iter().cycle() {
        let (mut client, _) = listener.accept().await?;
        tokio::spawn(async move {
            // Either side may end it, in whatever way.
            let mut service = TcpStream::connect(instance).await?;
            copy_bidirectional(&mut client, &mut service).await
        });
    }
    Ok(())
}
