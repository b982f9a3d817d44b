//! A method for each endpoint.

use serde_json::{Value, json};

use super::{answer::Answer, app::TestApp, directory::Identity};

/// A tenant that calls the API.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    app: &'a TestApp,
    identity: Identity,
}

impl<'a> Caller<'a> {
    pub(crate) const fn new(app: &'a TestApp, identity: Identity) -> Self {
        Self { app, identity }
    }

    async fn get(self, path: &str) -> Answer {
        self.app.request("GET", path).signed_by(self.identity).send().await
    }

    /// Creates a chat with a body that JSON can be of.
    pub(crate) async fn create(self, body: impl Into<Value>) -> Answer {
        self.post_create(body.into().to_string()).await
    }

    pub(crate) async fn post_create(self, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.app.request("POST", "/api/v1/chats");
        request.header("content-type", "application/json").body(body).signed_by(self.identity).send().await
    }

    pub(crate) async fn get_chat(self, id: &str) -> Answer {
        self.get(&format!("/api/v1/chats/{id}")).await
    }

    pub(crate) async fn get_chat_if_not(self, id: &str, tags: &str) -> Answer {
        let request = self.app.request("GET", &format!("/api/v1/chats/{id}"));
        request.header("if-none-match", tags).signed_by(self.identity).send().await
    }

    pub(crate) async fn participants(self, id: &str) -> Answer {
        self.get(&format!("/api/v1/chats/{id}/participants")).await
    }

    pub(crate) async fn route(self, id: &str) -> Answer {
        self.get(&format!("/api/v1/chats/{id}/route")).await
    }

    /// Lists with a query as it stands in a URL.
    pub(crate) async fn list_chats(self, query: &str) -> Answer {
        self.get(&format!("/api/v1/chats?{query}")).await
    }

    pub(crate) async fn resolve(self, from: &str, keys: &[&str]) -> Answer {
        self.post_resolve(json!({"from": from, "conversation_keys": keys}).to_string()).await
    }

    pub(crate) async fn post_resolve(self, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.app.request("POST", "/api/v1/chats/resolve");
        request.header("content-type", "application/json").body(body).signed_by(self.identity).send().await
    }

    /// The ids that a listing finds on its first page.
    pub(crate) async fn ids(self, query: &str) -> Vec<String> {
        let page = self.list_chats(query).await.ok();
        let chats = page["chats"].as_array().unwrap();
        assert_eq!(page["count"], chats.len());
        chats.iter().map(|chat| chat["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A relay that posts events.
#[derive(Clone, Copy)]
pub(crate) struct Poster<'a> {
    app: &'a TestApp,
    identity: Identity,
}

impl<'a> Poster<'a> {
    pub(crate) const fn new(app: &'a TestApp, identity: Identity) -> Self {
        Self { app, identity }
    }

    /// Posts bytes under a media type.
    pub(crate) async fn post(self, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.app.request("POST", "/upstream/v1/events").header("content-type", media_type);
        request.body(body).signed_by(self.identity).send().await
    }

    pub(crate) async fn post_event(self, event: impl Into<Value>) -> Answer {
        self.post_json(event.into().to_string()).await
    }

    pub(crate) async fn post_json(self, body: impl Into<Vec<u8>>) -> Answer {
        self.post("application/json", body).await
    }

    pub(crate) async fn post_events(self, events: impl IntoIterator<Item = impl Into<Value>>) -> Answer {
        let events: Vec<Value> = events.into_iter().map(Into::into).collect();
        self.post_json(json!({"events": events}).to_string()).await
    }

    pub(crate) async fn post_ndjson(self, body: impl Into<Vec<u8>>) -> Answer {
        self.post("application/x-ndjson", body).await
    }

    /// Posts one event that must be taken, and returns what came of it with the chat's id.
    pub(crate) async fn outcome(self, event: impl Into<Value>) -> (String, String) {
        let answer = self.post_event(event).await.ok();
        (
            answer["outcome"].as_str().unwrap().to_owned(),
            answer["chat_id"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// The chat of an event that must be taken.
    pub(crate) async fn chat_of(self, event: impl Into<Value>) -> String {
        self.outcome(event).await.1
    }
}
