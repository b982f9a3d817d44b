//! What the two servers that ours is compared with share. Both are as plain as actix-web has them.

use std::{io::Write as _, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    error::{ErrorBadRequest, ErrorForbidden, ErrorUnauthorized},
    web::{self, Bytes, Data},
};
use chert_groups::{
    auth,
    clock::Clock,
    domain::{ids::Slug, report::Report},
    registry::placement::{self, Placement},
    store::directory::{Directory, Place},
    upstream::{
        Parsed,
        request::{self, Events},
    },
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
pub(crate) struct Answer {
    pub(crate) event_id: String,
    pub(crate) chat_id: String,
    pub(crate) outcome: &'static str,
}

#[derive(Serialize)]
struct Answers {
    results: Vec<Answer>,
}

/// The events of a request.
pub(crate) struct Accepted {
    /// Who sent them.
    pub(crate) relay: Slug,
    /// The events, each with its line.
    pub(crate) events: Vec<(Report, Place)>,
    single: bool,
}

/// Checks a request as ours does, and reads its events.
pub(crate) fn accept(shared: &Shared, request: &HttpRequest, body: &[u8]) -> actix_web::Result<Accepted> {
    let relay = auth::relay::authenticate_native(&shared.directory, request, body, shared.clock.now())
        .map_err(ErrorUnauthorized)?;
    let (parsed, single) = match request::from_json(body).map_err(ErrorBadRequest)? {
        Events::One(event) => (vec![event], true),
        Events::Many(events) => (events, false),
    };
    let mut events = Vec::with_capacity(parsed.len());
    for event in parsed {
        let Ok(Parsed::Speaks(event)) = event else { return Err(ErrorBadRequest("not a plain event")) };
        let Placement::On(place) = placement::place(&shared.directory, &relay.slug, &event) else {
            return Err(ErrorForbidden("not your line"));
        };
        events.push((*event, place));
    }
    Ok(Accepted { relay: relay.slug.clone(), events, single })
}

/// Answers a request in the form of its question.
pub(crate) fn answer(single: bool, mut answers: Vec<Answer>) -> HttpResponse {
    match answers.pop() {
        Some(answer) if single => HttpResponse::Ok().json(answer),
        last => {
            answers.extend(last);
            HttpResponse::Ok().json(Answers { results: answers })
        }
    }
}

impl Accepted {
    /// Whether the request was one event and not a list.
    pub(crate) const fn is_single(&self) -> bool {
        self.single
    }
}

/// Serves one handler on a free port until it is killed.
pub(crate) fn serve<S, H, F>(state: S, handler: H) -> anyhow::Result<()>
where
    S: Send + Sync + 'static,
    H: Fn(Data<Arc<S>>, HttpRequest, Bytes) -> F + Clone + Send + 'static,
    F: Future<Output = actix_web::Result<HttpResponse>> + 'static,
{
    let state = Data::new(Arc::new(state));
    actix_web::rt::System::new().block_on(async {
        let app = move || {
            App::new().app_data(state.clone()).route("/upstream/v1/events", web::post().to(handler.clone()))
        };
        let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            writeln!(std::io::stdout(), "listening on http://{address}")?;
        }
        Ok(server.run().await?)
    })
}
