//! What the two servers that ours is compared with share. Both are as plain as actix-web has them.

use std::io::Write as _;

use actix_web::{
    App, HttpRequest, HttpServer,
    error::{ErrorInternalServerError, ErrorUnauthorized},
    web::{Data, ServiceConfig},
};
use chert_groups::{
    auth,
    clock::Clock,
    store::directory::{Directory, Relay, Tenant},
};
use serde::Serialize;

/// What both know.
pub(crate) struct Shared {
    /// Tenants, relays and lines, read once.
    pub(crate) directory: Directory,
    /// The time.
    pub(crate) clock: Clock,
}

/// The answer to one event.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) chat_id: &'a str,
    pub(crate) outcome: &'static str,
}

/// The answer to several.
#[derive(Serialize)]
pub(crate) struct Answers<'a> {
    pub(crate) results: Vec<Answer<'a>>,
}

impl Shared {
    /// The relay that signed a request, checked as ours does it.
    pub(crate) fn relay(&self, request: &HttpRequest, body: &[u8]) -> actix_web::Result<&Relay> {
        auth::relay::authenticate_native(&self.directory, request, body, self.clock.now())
            .map_err(ErrorUnauthorized)
    }

    /// The tenant that signed a request, checked as ours does it.
    pub(crate) fn tenant(&self, request: &HttpRequest, body: &[u8]) -> actix_web::Result<&Tenant> {
        auth::tenant::authenticate(&self.directory, request, body, self.clock.now())
            .map_err(ErrorUnauthorized)
    }
}

/// An answer as JSON. It needs about a hundred bytes an event, which are reserved.
pub(crate) fn json(answer: &impl Serialize, events: usize) -> actix_web::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(128 * events);
    serde_json::to_writer(&mut body, answer).map_err(ErrorInternalServerError)?;
    Ok(body)
}

/// Serves these routes on a free port until it is killed.
pub(crate) fn serve<S, C>(state: S, routes: C) -> anyhow::Result<()>
where
    S: Send + Sync + 'static,
    C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let state = Data::new(state);
    actix_web::rt::System::new().block_on(async {
        let app = move || App::new().app_data(state.clone()).configure(|config| routes(config));
        let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            writeln!(std::io::stdout(), "listening on http://{address}")?;
        }
        Ok(server.run().await?)
    })
}
