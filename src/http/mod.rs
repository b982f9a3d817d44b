//! HTTP: the route table, and at the edges of it the translation between wire and registry.
//!
//! - [`state`] is what handlers share; [`trace`] wraps every request, `flood` keeps its lines few; [`error`] is the table of
//!   codes.
//! - `body` reads bodies within limits of size and time; `caller` finds out who is speaking.
//! - `upstream` takes events; `chats` creates chats and looks them up; `ops` serves operators.

pub mod error;
pub mod flood;
pub mod state;
pub mod trace;

mod body;
mod caller;
mod chats;
mod measure;
mod ops;
mod query;
mod upstream;

use actix_web::{
    HttpRequest, Resource, Route,
    http::header,
    web::{self, ServiceConfig},
};

use error::ApiError;
use trace::Template;

/// The routes of the API and of the relays. A request is compared with them in this order, and with a template costs more
/// than with a plain path: so what is asked for most comes first, and before templates what is plain.
pub fn api_routes(config: &mut ServiceConfig) {
    config
        .service(only("POST", "/upstream/v1/events", web::post().to(upstream::native::post)))
        .service(only("POST", "/api/v1/chats/resolve", web::post().to(chats::resolve::post)))
        .service(
            at("/api/v1/chats")
                .route(web::get().to(chats::list::get))
                .route(web::post().to(chats::create::post))
                .default_service(refuse_all_but("GET, POST")),
        )
        .service(only("GET", "/api/v1/chats/{id}", web::get().to(chats::get::get)))
        .service(only(
            "POST",
            "/upstream/v1/bluebubbles/{relay}",
            web::post().to(upstream::foreign::bluebubbles),
        ))
        .service(only("POST", "/upstream/v1/linq/{relay}", web::post().to(upstream::foreign::linq)))
        .service(only("GET", "/api/v1/chats/{id}/participants", web::get().to(chats::participants::get)))
        .service(only("GET", "/api/v1/chats/{id}/route", web::get().to(chats::route::get)));
}

/// The routes of operators. They ask for no credentials; see `server.ops_listen`.
pub fn ops_routes(config: &mut ServiceConfig) {
    config
        .service(only("GET", "/healthz", web::get().to(ops::healthz)))
        .service(only("GET", "/readyz", web::get().to(ops::readyz)))
        .service(only("GET", "/metrics", web::get().to(ops::metrics)));
}

/// What answers paths that are no route.
#[must_use]
pub fn not_found() -> Route {
    web::to(|| async { Err::<&str, _>(ApiError::no_route()) })
}

/// A resource with one method.
fn only(method: &'static str, path: &'static str, route: Route) -> Resource {
    at(path).route(route).default_service(refuse_all_but(method))
}

/// A resource that knows its path's template.
fn at(path: &'static str) -> Resource {
    web::resource(path).app_data(Template(path))
}

/// What answers the other methods of a resource.
fn refuse_all_but(methods: &'static str) -> Route {
    web::to(move || async move { Err::<&str, _>(ApiError::method_not_allowed(methods)) })
}

/// Whether a request says that its body is of this media type, whatever the parameters.
fn has_media_type(request: &HttpRequest, media_type: &str) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.split(';').next())
        .is_some_and(|found| found.trim().eq_ignore_ascii_case(media_type))
}
