//! A BlueBubbles server on a Mac, and the line that it serves.

use chert_groups::domain::{password::RelayPassword, relay_kind::RelayKind};
use reqwest::Url;
use serde_json::{Value, json};

use super::{
    answer::Answer,
    app::TestApp,
    directory::{ACME, Identity, number},
    relay::{FakeRelay, Say, Seen},
};

/// The relay.
pub(crate) const MAC: Identity =
    Identity { header: "x-chert-relay", slug: "mac-1", secret: "55555555555555555555555555555555" };

/// A line of [`ACME`], served by [`MAC`].
pub(crate) const MAC_LINE: &str = "+15555550110";

/// What the server asks of those who call it.
pub(crate) const PASSWORD: &str = "mac-password-7 &=#?/%+é";

/// The chat that the server makes.
pub(crate) const GUID: &str = "iMessage;+;chat613218551674740841";

/// A server that makes [`GUID`] of every order, and names it, when it was told nothing else.
pub(crate) fn start_mac() -> FakeRelay {
    let mac = FakeRelay::start();
    mac.always(Say::Chat(GUID));
    mac
}

impl TestApp {
    /// A service whose clock stands still, with a line that is served by the server at this URL.
    pub(crate) fn start_with_mac(url: &str) -> Self {
        let app = Self::start_with_relay_of(RelayKind::BlueBubbles, url);
        app.set_mac_password();
        app.restarted()
    }

    /// The same with a relay of any kind and without a password.
    pub(crate) fn start_with_relay_of(kind: RelayKind, url: &str) -> Self {
        let app = Self::start();
        app.admin().add_relay(&MAC.slug(), kind, Some(url), &MAC.secret()).unwrap();
        app.admin().add_line(&number(MAC_LINE), &ACME.slug(), &MAC.slug()).unwrap();
        app.restarted()
    }

    pub(crate) fn set_mac_password(&self) {
        let password = RelayPassword::new(PASSWORD).unwrap();
        self.admin().set_relay_password(&MAC.slug(), &password).unwrap();
    }

    /// An event of the server about [`GUID`] comes; its chat's id.
    pub(crate) async fn mac_shows(&self, event_id: &str, temp_guid: Option<&str>) -> String {
        let message = json!({
            "guid": event_id, "dateCreated": 1_780_142_400_000_i64, "isFromMe": true, "itemType": 0,
            "groupActionType": 0, "handle": null, "tempGuid": temp_guid,
            "chats": [{"guid": GUID, "style": 43, "displayName": ""}],
        });
        let answer = self.mac_posts(&json!({"type": "new-message", "data": message})).await.ok();
        answer["chat_id"].as_str().expect("a chat").to_owned()
    }

    /// The server posts a webhook.
    pub(crate) async fn mac_posts(&self, webhook: &Value) -> Answer {
        let path = format!("/upstream/v1/bluebubbles/{}?token={}", MAC.slug, MAC.secret);
        let request = self.request("POST", &path).header("content-type", "application/json");
        request.body(webhook.to_string()).send().await
    }

    fn restarted(mut self) -> Self {
        self.restart();
        self
    }
}

impl FakeRelay {
    /// The orders that a server has got, apart from the names.
    pub(crate) fn orders(&self) -> Vec<Seen> {
        self.with_method("POST ")
    }

    /// The names that it was to give.
    pub(crate) fn names(&self) -> Vec<Seen> {
        self.with_method("PUT ")
    }

    fn with_method(&self, method: &str) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|request| request.first_line.starts_with(method));
        seen
    }
}

impl Seen {
    pub(crate) fn temp_guid(&self) -> String {
        self.json()["tempGuid"].as_str().expect("a tempGuid").to_owned()
    }

    /// Method and path, exactly as sent, when the query is the password.
    pub(crate) fn asked_with_password(&self) -> String {
        let [method, target, _version] = self.first_line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("a request line")
        };
        let (path, _) = target.split_once('?').expect("a query");
        let url = Url::parse(&format!("http://mac.example{target}")).unwrap();
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(query, [("password".to_owned(), PASSWORD.to_owned())]);
        format!("{method} {path}")
    }
}
