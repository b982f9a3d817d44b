//! `POST /api/v1/chats`: what may be asked, what is answered, and how one request stays one group.

mod answers;
mod binding;
mod bluebubbles;
pub(crate) mod chaos;

mod idempotency;
mod lease;
mod merging;

mod order;
mod refusals;
mod relay;
mod rest;
mod trouble;

use serde_json::{Value, json};

use crate::support::{
    answer::Answer,
    directory::LINE,
    event::{Event, SAM},
};

const ALEX: &str = "+14155550112";

/// A create in the making.
#[derive(Clone)]
struct Create(Value);

impl Create {
    /// A named group of two and the line.
    fn group() -> Self {
        let message = json!({"subject": "Team lunch", "parts": [{"type": "text", "value": "Shall we?"}]});
        Self(json!({"from": LINE, "to": [SAM, ALEX], "message": message}))
    }

    /// A chat with one.
    fn direct() -> Self {
        Self::group().to([SAM]).without("/message/subject")
    }

    /// A group with an idempotency key.
    fn keyed(key: &str) -> Self {
        Self::group().key(key)
    }

    fn key(self, key: &str) -> Self {
        self.with("/message/idempotency_key", key)
    }

    fn to<N: Into<Value>>(self, numbers: impl IntoIterator<Item = N>) -> Self {
        self.with("/to", numbers.into_iter().map(Into::into).collect::<Vec<Value>>())
    }

    fn text(self, text: &str) -> Self {
        self.with("/message/parts/0/value", text)
    }

    fn parts(self, parts: impl Into<Value>) -> Self {
        self.with("/message/parts", parts)
    }

    /// Sets a field at a JSON pointer. What it is in must be there.
    fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match self.0.pointer_mut(parent).expect("there is such a place") {
            Value::Array(places) => places[name.parse::<usize>().unwrap()] = value.into(),
            place => place[name] = value.into(),
        }
        self
    }

    /// Takes the field at a JSON pointer out.
    fn without(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = self.0.pointer_mut(parent).expect("there is such a place");
        parent.as_object_mut().unwrap().remove(name).expect("there is such a field");
        self
    }
}

impl From<Create> for Value {
    fn from(create: Create) -> Self {
        create.0
    }
}

fn text_part(text: &str) -> Value {
    json!({"type": "text", "value": text})
}

/// As many different numbers.
fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("+1415555{:04}", 1000 + number)).collect()
}

/// The chat's id in the answer to a create.
#[track_caller]
fn chat_id(answer: &Answer) -> String {
    answer.ok()["chat"]["id"].as_str().expect("an id").to_owned()
}

/// A group's first event, with the name of the delivery that it comes of.
fn echo(id: &str, key: &str, client_ref: &str) -> Event {
    Event::new("chat.created", id, key)
        .handles([SAM, ALEX])
        .with("/data/chat/is_group", true)
        .with("/data/chat/client_ref", client_ref)
}
