//! `demo`: the main job at work, on a store that is thrown away.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::{
    Context, chat, output,
    replay::{Pace, Source, Target, replay},
    serve::signals,
};
use crate::{
    clock,
    config::StoreUrl,
    domain::{ids::Slug, phone::PhoneNumber, relay_kind::RelayKind, secret::SigningSecret},
    server::{ServeError, Server, listen},
    store::upkeep::Upkeep,
};

/// The recorded stories, as `fixtures/README.md` describes them.
const STORIES: [(&str, &str); 13] = [
    ("01-external-group", include_str!("../../fixtures/native/01-external-group.ndjson")),
    ("02-renames", include_str!("../../fixtures/native/02-renames.ndjson")),
    ("03-joins-and-leaves", include_str!("../../fixtures/native/03-joins-and-leaves.ndjson")),
    (
        "04-our-line-removed-and-back",
        include_str!("../../fixtures/native/04-our-line-removed-and-back.ndjson"),
    ),
    ("05-duplicates", include_str!("../../fixtures/native/05-duplicates.ndjson")),
    ("06-sparse-then-rich", include_str!("../../fixtures/native/06-sparse-then-rich.ndjson")),
    ("07-prefix-change", include_str!("../../fixtures/native/07-prefix-change.ndjson")),
    ("08-two-lines-one-group", include_str!("../../fixtures/native/08-two-lines-one-group.ndjson")),
    ("09-odd-handles", include_str!("../../fixtures/native/09-odd-handles.ndjson")),
    ("10-direct-chats", include_str!("../../fixtures/native/10-direct-chats.ndjson")),
    ("11-opaque-keys", include_str!("../../fixtures/native/11-opaque-keys.ndjson")),
    ("12-garbage", include_str!("../../fixtures/native/12-garbage.ndjson")),
    ("13-rekeyed", include_str!("../../fixtures/native/13-rekeyed.ndjson")),
];

/// The lines that the stories are about.
const LINES: [&str; 2] = ["+15555550100", "+15555550101"];

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where to listen [default: 127.0.0.1:8080, or any free port when that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Stop after the tour instead of going on serving.
    #[arg(long)]
    once: bool,
}

/// The demo's accounts.
struct Cast {
    tenant: Slug,
    tenant_secret: SigningSecret,
    relay: Slug,
    relay_secret: SigningSecret,
}

pub(super) fn run(mut context: Context, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("chert-groups-demo-").tempdir()?;
    context.settings.store.url = StoreUrl::Sqlite(folder.path().join("registry.db"));
    context.settings.server.ops_listen = None;
    // The stories were recorded a while ago, and repeats in them should be known as such.
    context.settings.store.keep_receipts = jiff::SignedDuration::from_hours(24 * 3650);
    let cast = cast(&context)?;
    Context::runtime()?.block_on(async {
        let signals = signals()?;
        let listener = listener(&context, arguments)?;
        let server = Server::start(&context.settings, context.clock.clone(), listener, None)?;
        let base = format!("http://{}", server.address());
        tour(&context, &cast, &base).await?;
        if arguments.once {
            return Ok(server.run_until(async {}).await?);
        }
        output::line(format_args!("\nlistening on {base}; Ctrl-C ends the demo"))?;
        Ok(server.run_until(signals).await?)
    })
}

fn listener(context: &Context, arguments: &Arguments) -> Result<TcpListener, ServeError> {
    let wanted = arguments.listen.unwrap_or(context.settings.server.listen);
    match listen(wanted) {
        Err(ServeError::Listen { why, .. })
            if arguments.listen.is_none() && why.kind() == ErrorKind::AddrInUse =>
        {
            listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        }
        result => result,
    }
}

fn cast(context: &Context) -> anyhow::Result<Cast> {
    let cast = Cast {
        tenant: "demo".parse()?,
        tenant_secret: SigningSecret::from_random(clock::random()),
        relay: "loopback".parse()?,
        relay_secret: SigningSecret::from_random(clock::random()),
    };
    let mut admin = context.admin(Upkeep::Create)?;
    admin.add_tenant(&cast.tenant, false, &cast.tenant_secret)?;
    admin.add_relay(&cast.relay, RelayKind::Loopback, None, &cast.relay_secret)?;
    for number in LINES {
        let number: PhoneNumber = number.parse()?;
        admin.add_line(&number, &cast.tenant, &cast.relay)?;
    }
    Ok(cast)
}

async fn tour(context: &Context, cast: &Cast, base: &str) -> anyhow::Result<()> {
    output::line(format_args!(
        "A service with a throw-away store is up at {base}.\n\
         Replaying {} recorded stories through POST /upstream/v1/events:",
        STORIES.len()
    ))?;
    let target = Target::new(&base.parse()?, &cast.relay, cast.relay_secret.clone(), context.clock.clone())?;
    let source = Source::of_texts(STORIES.map(|(_, events)| events));
    // One request at a time keeps the recorded order, so the outcomes are the same every time.
    let pace = Pace { rate: None, batch: 50, connections: 1 };
    let summary = replay(target, source, pace, &ProgressBar::hidden()).await?;
    summary.print_table()?;
    output::line(
        "(The rejected ones are the story of garbage; they harm nobody.)\n\nThe chats that came of it:",
    )?;
    let chats = chat::all(context.reader()?.as_ref(), None)?;
    output::table(&chat::HEADER, chats.iter().map(chat::row).collect(), "none")?;
    create_group(cast, base).await?;
    let chat = chats.last().context("the stories make chats")?;
    show_requests(cast, base, &chat.id.to_string(), chat.state.key().map_or("", |key| key.as_str()))
}

/// What is posted to make a group.
const CREATE: &str = r#"{"from":"+15555550100","to":["+14155550111","+14155550112"],"message":{"subject":"Team lunch","parts":[{"type":"text","value":"Shall we?"}],"idempotency_key":"lunch-1"}}"#;

async fn create_group(cast: &Cast, base: &str) -> anyhow::Result<()> {
    output::line(format_args!("\nCreating a group through POST /api/v1/chats:\n{CREATE}\n"))?;
    let response = reqwest::Client::new()
        .post(format!("{base}/api/v1/chats"))
        .bearer_auth(cast.tenant_secret.expose())
        .header("content-type", "application/json")
        .body(CREATE)
        .send()
        .await?;
    let (status, answer) = (response.status(), response.text().await?);
    anyhow::ensure!(status.is_success(), "the group was not created: {status} {answer}");
    output::line(answer)
}

fn show_requests(cast: &Cast, base: &str, chat: &str, key: &str) -> anyhow::Result<()> {
    let bearer = format!("-H 'authorization: Bearer {}'", cast.tenant_secret.expose());
    let key = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
    output::line(format_args!(
        "\nAsk it yourself:\n\n\
         curl -s {bearer} {base}/api/v1/chats/{chat}\n\
         curl -s {bearer} {base}/api/v1/chats/{chat}/participants\n\
         curl -s {bearer} '{base}/api/v1/chats?limit=3'\n\
         curl -s {bearer} '{base}/api/v1/chats?handle=%2B14155550111'\n\
         curl -s {bearer} '{base}/api/v1/chats?conversation_key={key}'\n\
         curl -s {base}/metrics\n\n\
         The same group again; it answers the same and makes no second one:\n\n\
         curl -s {bearer} -d '{CREATE}' {base}/api/v1/chats"
    ))
}
