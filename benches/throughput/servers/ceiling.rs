//! The ceiling: no store.
//!
//! Of events it does what cannot be left out: it reads the body, checks the signature, parses the events into our
//! types with our own parser, and answers as long a body as ours does. It does not even look whose lines the events
//! are about. Look-ups it authenticates as ours does, and answers with a constant body.
//!
//! It has nothing around its handlers: no trace, no log, no metrics, no limits of time.

use actix_web::{
    HttpRequest, HttpResponse,
    error::ErrorBadRequest,
    http::header::ContentType,
    web::{self, Bytes, Data, ServiceConfig},
};
use chert_groups::{
    clock::Clock,
    domain::report::Report,
    store::url::StoreUrl,
    upstream::{
        Parsed, Rejected,
        request::{self, Events},
    },
};

use super::{
    naive,
    serving::{self, Answer, Answers, Shared},
};

/// As long as any other.
const CHAT: &str = "00000000-0000-7000-8000-000000000000";

/// The constant bodies, in the order of [`crate::lookups::Way::ALL`].
struct Constants([Bytes; 3]);

/// Serves until it is killed. The store is read once, for the directory; `sizes` are those of constant bodies.
pub(crate) fn run(store: &StoreUrl, sizes: [usize; 3]) -> anyhow::Result<()> {
    let shared = Shared { directory: naive::directory(store)?, clock: Clock::system() };
    let constants = Data::new(Constants(sizes.map(|size| Bytes::from(vec![b'x'; size]))));
    serving::serve(shared, move |config: &mut ServiceConfig| {
        config
            .app_data(constants.clone())
            .route("/upstream/v1/events", web::post().to(events))
            .route("/api/v1/chats/resolve", web::post().to(constant::<2>))
            .route("/api/v1/chats/{id}", web::get().to(constant::<0>))
            .route("/api/v1/chats", web::get().to(constant::<1>));
    })
}

async fn events(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> actix_web::Result<HttpResponse> {
    shared.relay(&request, &body)?;
    let answer = match request::from_json(&body).map_err(ErrorBadRequest)? {
        Events::One(event) => serving::json(&answer(&*spoken(event)?), 1)?,
        Events::Many(events) => {
            let reports = events.into_iter().map(spoken).collect::<Result<Vec<_>, _>>()?;
            let results = reports.iter().map(|report| answer(report)).collect();
            serving::json(&Answers { results }, reports.len())?
        }
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(answer))
}

fn spoken(event: Result<Parsed, Rejected>) -> actix_web::Result<Box<Report>> {
    match event {
        Ok(Parsed::Speaks(report)) => Ok(report),
        _ => Err(ErrorBadRequest("not a plain event")),
    }
}

fn answer(report: &Report) -> Answer<'_> {
    Answer { event_id: report.id.as_str(), chat_id: CHAT, outcome: "unchanged" }
}

async fn constant<const WAY: usize>(
    shared: Data<Shared>,
    constants: Data<Constants>,
    request: HttpRequest,
    body: Bytes,
) -> actix_web::Result<HttpResponse> {
    shared.tenant(&request, &body)?;
    let Constants(bodies) = &**constants;
    let body = bodies.get(WAY).cloned().unwrap_or_default();
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}
