//! The routes of a simulated relay.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    web::{self, Bytes, Data},
};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{
    behaviour::{Behaviour, Dice, Draw, Fate, Timing},
    events,
    group::{Create, Group, Groups, Seat},
};
use crate::{
    auth::hmac_v1::Signature,
    clock::Clock,
    domain::{ids::Slug, secret::SigningSecret},
};

/// Where a simulated relay posts its events, and as whom.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The service, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The relay's name.
    pub relay: Slug,
    /// Its secret: for its events, and for the creates that it gets.
    pub secret: SigningSecret,
}

/// A running simulated relay.
pub struct Sim {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    state: Arc<State>,
}

struct State {
    upstream: Upstream,
    behaviour: arc_swap::ArcSwap<Behaviour>,
    dice: Dice,
    seed: u64,
    groups: Groups,
    client: reqwest::Client,
    clock: Clock,
}

impl Sim {
    /// Starts one on `listener`. Its chance follows from `seed`. Must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the listener or an HTTP client cannot be used.
    pub fn start(
        listener: TcpListener,
        upstream: Upstream,
        behaviour: Behaviour,
        seed: u64,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            upstream,
            behaviour: arc_swap::ArcSwap::from_pointee(behaviour),
            dice: Dice::new(seed),
            seed,
            groups: Groups::default(),
            client: reqwest::Client::new(),
            clock,
        });
        let shared = Data::from(Arc::clone(&state));
        let app = move || {
            App::new()
                .app_data(shared.clone())
                .route("/v1/groups", web::post().to(create))
                .route("/v1/groups", web::get().to(list))
        };
        let server =
            HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run();
        let handle = server.handle();
        Ok(Self { address, handle, running: tokio::spawn(server), state })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what it does from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state.behaviour.store(Arc::new(behaviour));
    }

    /// Stops it.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        // How its last connections ended is no news.
        let _ = self.running.await;
    }
}

async fn list(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"groups": state.groups.all()}))
}

async fn create(state: Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(actix_web::http::header::HeaderValue::as_bytes);
    let signed = header("x-chert-signature").is_some_and(|signature| {
        let signature = Signature::parse(signature);
        signature.is_ok_and(|found| found.verify([&state.upstream.secret], &body, state.clock.now()).is_ok())
    });
    let key = header("idempotency-key").and_then(|key| std::str::from_utf8(key).ok()).map(str::to_owned);
    let (true, Some(key), Ok(create)) = (signed, key, serde_json::from_slice::<Create>(&body)) else {
        return HttpResponse::BadRequest().finish();
    };
    let behaviour = Arc::clone(&state.behaviour.load());
    let draw = state.dice.draw(&behaviour);
    // On a task of its own: a caller that gives up does not undo what is being done.
    let working = tokio::spawn(async move { carry_out(&state, &key, create, draw).await });
    match working.await {
        Ok(Some(response)) => response.into(),
        _ => hang_up(),
    }
}

/// What is answered, if anything.
enum Reply {
    Made(Group),
    Queued,
    Running,
    Failed,
}

impl From<Reply> for HttpResponse {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Made(group) => Self::Ok().json(json!({
                "conversation_key": group.conversation_key,
                "message": {"id": format!("sim-{}", group.client_ref), "status": "sent"},
            })),
            Reply::Queued => Self::Accepted().json(json!({"status": "queued"})),
            Reply::Running => Self::Conflict().finish(),
            Reply::Failed => Self::ServiceUnavailable().finish(),
        }
    }
}

async fn carry_out(state: &Data<State>, key: &str, create: Create, draw: Draw) -> Option<Reply> {
    match state.groups.sit(key) {
        Seat::Made(group) => return answer(group, draw),
        Seat::Running => return Some(Reply::Running),
        Seat::Free => {}
    }
    tokio::time::sleep(draw.delay).await;
    if draw.fate == Fate::Fail {
        state.groups.rise(key);
        return Some(Reply::Failed);
    }
    let group = state.groups.make(key, create, state.seed);
    let news = events::of_new_group(&group, draw.echo, &state.clock);
    match draw.events {
        Timing::Before => events::post_all(&state.client, &state.upstream, &state.clock, news).await,
        Timing::After | Timing::Mixed => {
            let state = state.clone();
            tokio::spawn(async move {
                events::post_all(&state.client, &state.upstream, &state.clock, news).await;
            });
        }
        Timing::Never => {}
    }
    state.groups.rise(key);
    answer(group, draw)
}

fn answer(group: Group, draw: Draw) -> Option<Reply> {
    match draw.fate {
        Fate::HangUp => None,
        Fate::Queue => Some(Reply::Queued),
        // A group that is there already is not made to fail.
        Fate::Answer | Fate::Fail => Some(Reply::Made(group)),
    }
}

/// An answer that breaks off: it promises a body and does not keep the promise.
fn hang_up() -> HttpResponse {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("hung up")) });
    HttpResponse::Ok().content_type("application/json").no_chunking(100).streaming(broken)
}
