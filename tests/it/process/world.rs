//! A store with accounts in it.

use std::{io, net::SocketAddr, path::Path, process::Command};

use chert_groups::{auth::hmac_v1, clock::Clock, domain::secret::SigningSecret};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    event,
    http::{Answer, Client},
    program::{Ran, program, run},
    service::Service,
};
use crate::support::store::TestStore;

pub(super) const TENANT: &str = "acme";
pub(super) const RELAY: &str = "mac-1";
pub(super) const LINE: &str = "+15555550100";

/// A registry that has a tenant, a relay and a line, and a folder for what else there is.
pub(super) struct World {
    folder: TempDir,
    pub(super) store: TestStore,
    pub(super) tenant_secret: String,
    pub(super) relay_secret: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self::on(TestStore::empty())
    }

    /// The same in a store that is still empty.
    pub(super) fn on(store: TestStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { folder, store, tenant_secret: String::new(), relay_secret: String::new() };
        world.tenant_secret = text(&world.run(&["tenant", "add", TENANT, "--json"]).json()["signing_secret"]);
        world.relay_secret = text(&world.run(&["relay", "add", RELAY, "--json"]).json()["secret"]);
        world.run(&["line", "add", LINE, "--tenant", TENANT, "--relay", RELAY]).text();
        world
    }

    /// A registry in a file, whatever the run is on.
    pub(super) fn in_a_file() -> Self {
        Self::on(TestStore::empty_file())
    }

    /// A registry in PostgreSQL, whatever the run is on.
    pub(super) fn in_a_database() -> Self {
        Self::on(TestStore::empty_database())
    }

    /// The folder of a registry's file.
    pub(super) fn files(&self) -> &Path {
        self.store.file().parent().unwrap()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with this registry as its store.
    pub(super) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder()).args(arguments).arg("--store").arg(self.store.url());
        command.envs(self.store.isolation().map(|level| ("CHERT_GROUPS__STORE__ISOLATION", level)));
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.program(arguments))
    }

    pub(super) fn serve(&self) -> Service {
        Service::start(&mut self.program(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// `serve`, which is expected to refuse.
    pub(super) fn serve_in_vain(&self) -> Ran {
        self.run(&["serve", "--listen", "127.0.0.1:0"])
    }

    /// The headers of a relay's request with this body.
    pub(super) fn signed(&self, media_type: &str, body: &str) -> [(&'static str, String); 3] {
        let secret = SigningSecret::parse(&self.relay_secret).unwrap();
        let signature = hmac_v1::sign(&secret, body.as_bytes(), Clock::system().now());
        [
            ("x-chert-relay", RELAY.to_owned()),
            ("x-chert-signature", signature),
            ("content-type", media_type.to_owned()),
        ]
    }

    /// Posts events as the relay; an error is no answer.
    pub(super) fn post(&self, client: &mut Client, events: &[Value]) -> io::Result<Answer> {
        self.post_body(client, "application/x-ndjson", &event::ndjson(events))
    }

    /// Posts an event by itself.
    pub(super) fn post_one(&self, client: &mut Client, event: &Value) -> io::Result<Answer> {
        self.post_body(client, "application/json", &event.to_string())
    }

    pub(super) fn post_body(&self, client: &mut Client, media_type: &str, body: &str) -> io::Result<Answer> {
        let headers = self.signed(media_type, body);
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        client.exchange("POST", "/upstream/v1/events", &headers, body)
    }

    /// Posts events that must all be answered; the outcomes with the chats' ids.
    pub(super) fn tell(&self, service: &Service, events: &[Value]) -> Vec<(String, String)> {
        let mut client = Client::connect(service.address).unwrap();
        let mut told = Vec::new();
        for events in events.chunks(1000) {
            let answer = self.post(&mut client, events).unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            told.extend(outcomes(&answer));
        }
        told
    }

    /// Asks the API as the tenant.
    pub(super) fn get(&self, service: &Service, path: &str) -> Answer {
        service.get(path, &[("authorization", &self.bearer())])
    }

    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.tenant_secret)
    }

    /// The chats of conversations, in their order.
    pub(super) fn resolve(&self, address: SocketAddr, keys: &[String]) -> Vec<Option<String>> {
        let mut client = Client::connect(address).unwrap();
        let mut found = Vec::new();
        for keys in keys.chunks(1000) {
            let body = json!({"from": LINE, "conversation_keys": keys}).to_string();
            let headers = [("authorization", &*self.bearer()), ("content-type", "application/json")];
            let answer = client.exchange("POST", "/api/v1/chats/resolve", &headers, &body).unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            let chats = answer.json()["chats"].as_array().unwrap().clone();
            found.extend(chats.iter().map(|chat| chat["chat_id"].as_str().map(str::to_owned)));
        }
        found
    }

    /// Whether everything in the registry fits together, and every conversation is a chat of its own.
    pub(super) fn assert_sound(&self) {
        self.store.assert_sound();
        let chats = self.store.count("SELECT count(*) FROM chats");
        assert_eq!(self.store.count("SELECT count(*) FROM conversation_keys"), chats);
        assert_eq!(self.store.count("SELECT count(DISTINCT chat_id) FROM conversation_keys"), chats);
    }
}

/// The outcomes of a batch's answer with the chats' ids.
pub(super) fn outcomes(answer: &Answer) -> Vec<(String, String)> {
    let results = answer.json()["results"].as_array().expect("results").clone();
    results.iter().map(|result| (text(&result["outcome"]), text(&result["chat_id"]))).collect()
}

/// The text that a JSON value is.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
