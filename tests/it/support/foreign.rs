//! Relays that exist already: whom the service knows of them, and how they post.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chert_groups::domain::{
    ids::Slug,
    relay_kind::{RelayKind, SecretForm},
    secret::SigningSecret,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{
    answer::Answer,
    app::TestApp,
    directory::{ACME, number, slug},
    mac::MAC,
    request::Request,
};

/// The secret of the vector that Standard Webhooks publishes.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// The relay that speaks Linq.
pub(crate) const LINQ: &str = "linq-1";

/// A line as Linq's samples have it.
pub(crate) const LINQ_LINE: &str = "+12025550100";
pub(crate) const LINQ_LINE_2: &str = "+12025550101";

/// Lines of the BlueBubbles server.
pub(crate) const MAC_LINES: [&str; 2] = ["+15555550110", "+15555550111"];

impl TestApp {
    /// A service that knows a BlueBubbles server and Linq, with so many lines each, at a time after all samples.
    pub(crate) fn start_with_foreign(lines: usize) -> Self {
        Self::start().knowing_foreign(lines)
    }

    /// The same made of one that knows neither.
    pub(crate) fn knowing_foreign(mut self, lines: usize) -> Self {
        let webhook = SigningSecret::read(SecretForm::Webhook, WEBHOOK_SECRET).unwrap();
        self.admin().add_relay(&slug(LINQ), RelayKind::Linq, None, &webhook).unwrap();
        self.admin().add_relay(&MAC.slug(), RelayKind::BlueBubbles, None, &MAC.secret()).unwrap();
        for line in [LINQ_LINE, LINQ_LINE_2].into_iter().take(lines) {
            self.add_line(line, &slug(LINQ));
        }
        for line in MAC_LINES.into_iter().take(lines) {
            self.add_line(line, &MAC.slug());
        }
        self.set_clock(60 * 24 * 3600);
        self.restart();
        self
    }

    pub(crate) fn add_line(&self, line: &str, relay: &Slug) {
        self.admin().add_line(&number(line), &ACME.slug(), relay).unwrap();
    }

    /// Posts as Linq does.
    pub(crate) async fn linq_posts(&self, event: impl std::fmt::Display) -> Answer {
        self.linq_request(event.to_string()).send().await
    }

    /// A request of Linq with its signature.
    pub(crate) fn linq_request(&self, body: impl Into<Vec<u8>>) -> Request<'_> {
        let body = body.into();
        let seconds = self.clock.now().seconds().to_string();
        let signature = webhook_signature(WEBHOOK_SECRET, "msg_1", &seconds, &body);
        let request = self.request("POST", &format!("/upstream/v1/linq/{LINQ}"));
        let request = request.header("webhook-id", "msg_1").header("webhook-timestamp", seconds);
        request.header("webhook-signature", signature).header("content-type", "application/json").body(body)
    }

    /// Posts as a BlueBubbles server does whose URL has this after the token.
    pub(crate) async fn mac_posts_to(&self, rest_of_url: &str, event: impl std::fmt::Display) -> Answer {
        self.mac_request(rest_of_url).body(event.to_string()).send().await
    }

    /// A request of the same without a body.
    pub(crate) fn mac_request(&self, rest_of_url: &str) -> Request<'_> {
        let path = format!("/upstream/v1/bluebubbles/{}?token={}{rest_of_url}", MAC.slug, MAC.secret);
        self.request("POST", &path).header("content-type", "application/json")
    }
}

/// An entry of `webhook-signature`, made without the code that checks it.
pub(crate) fn webhook_signature(secret: &str, id: &str, seconds: &str, body: &[u8]) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut code = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    code.update(format!("{id}.{seconds}.").as_bytes());
    code.update(body);
    format!("v1,{}", BASE64_STANDARD.encode(code.finalize().into_bytes()))
}

/// What came of an event that must be taken.
#[track_caller]
pub(crate) fn outcome(answer: &Answer) -> String {
    answer.ok()["outcome"].as_str().unwrap().to_owned()
}
