//! What a create is answered.

use serde::Serialize;

use crate::{
    domain::{service::Service, text::DisplayName},
    http::chats::wire::HandleBody,
    registry::create::finish::Created,
};

#[derive(Serialize)]
struct Body<'a> {
    chat: ChatBody<'a>,
    message: MessageBody<'a>,
}

#[derive(Serialize)]
struct ChatBody<'a> {
    id: &'a str,
    display_name: Option<&'a str>,
    handles: Vec<HandleBody<'a>>,
    is_group: Option<bool>,
    service: Option<&'static str>,
    health_score: Option<u8>,
    created_at: String,
}

#[derive(Serialize)]
struct MessageBody<'a> {
    id: String,
    chat_id: &'a str,
    parts: Vec<PartBody<'a>>,
    status: &'static str,
    direction: &'static str,
    created_at: String,
    delivered_at: Option<String>,
    read_at: Option<String>,
    service: Option<&'static str>,
}

#[derive(Serialize)]
struct PartBody<'a> {
    r#type: &'static str,
    value: &'a str,
}

/// The body of an answer to a create.
pub(super) fn render(created: &Created<'_>) -> Vec<u8> {
    let state = &created.chat.state;
    let id = created.chat.id.to_string();
    let service = state.service().map(Service::as_str);
    let body = Body {
        chat: ChatBody {
            id: &id,
            display_name: state.name().map(DisplayName::as_str),
            handles: created
                .to
                .iter()
                .map(|number| HandleBody { service, address: number.as_str() })
                .collect(),
            is_group: state.is_group(),
            service,
            health_score: created.health,
            created_at: created.chat.created_at.to_rfc3339(),
        },
        message: MessageBody {
            id: created.message.to_string(),
            chat_id: &id,
            parts: created
                .parts
                .iter()
                .map(|part| PartBody { r#type: part.kind.as_str(), value: &part.value })
                .collect(),
            status: if created.queued { "queued" } else { "sent" },
            direction: "outbound",
            created_at: created.asked_at.to_rfc3339(),
            delivered_at: None,
            read_at: None,
            service,
        },
    };
    // Plain strings and numbers always serialize.
    serde_json::to_vec(&body).unwrap_or_default()
}
