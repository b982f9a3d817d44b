//! What a simulated relay tells the service.

use std::time::Duration;

use serde_json::json;

use super::{group::Group, server::Upstream};
use crate::{
    auth::hmac_v1,
    clock::{self, Clock},
};

/// How often an event is posted before it is given up.
const ATTEMPTS: u32 = 20;

/// The wait after an attempt that failed.
const WAIT: Duration = Duration::from_millis(100);

/// What is told of a new group, in order: its first event, and when that lacks the `client_ref`, a later one
/// that has it.
pub(super) fn of_new_group(group: &Group, echo: bool, clock: &Clock) -> Vec<Vec<u8>> {
    let first = event("chat.created", group, echo.then_some(&group.client_ref), clock);
    if echo {
        return vec![first];
    }
    vec![first, event("message.sent", group, Some(&group.client_ref), clock)]
}

fn event(name: &str, group: &Group, client_ref: Option<&String>, clock: &Clock) -> Vec<u8> {
    let id = base16ct::lower::encode_string(&clock::random::<8>());
    let others =
        group.to.iter().map(|number| json!({"handle": number, "service": "imessage", "is_me": false}));
    let own = json!({"handle": group.from, "service": "imessage", "is_me": true});
    let handles: Vec<_> = std::iter::once(own.clone()).chain(others).collect();
    let event = json!({
        "event": name, "event_id": format!("sim:{id}"), "timestamp": clock.now().to_rfc3339(),
        "data": {
            "chat": {
                "conversation_key": group.conversation_key, "is_group": group.to.len() > 1,
                "display_name": group.display_name, "handles": handles, "owner_handle": own,
                "client_ref": client_ref,
            },
            "message": {"sender_handle": own},
        },
    });
    event.to_string().into_bytes()
}

/// Posts events one after the other, each until it is taken.
pub(super) async fn post_all(
    client: &reqwest::Client,
    upstream: &Upstream,
    clock: &Clock,
    events: Vec<Vec<u8>>,
) {
    for event in events {
        post(client, upstream, clock, event).await;
    }
}

async fn post(client: &reqwest::Client, upstream: &Upstream, clock: &Clock, event: Vec<u8>) {
    for _ in 0..ATTEMPTS {
        let request = client
            .post(format!("{}/upstream/v1/events", upstream.url))
            .header("x-chert-relay", upstream.relay.as_str())
            .header("x-chert-signature", hmac_v1::sign(&upstream.secret, &event, clock.now()))
            .header("content-type", "application/json")
            .body(event.clone());
        match request.send().await {
            Ok(response) if response.status().is_success() => return,
            Ok(response) => {
                tracing::warn!(status = response.status().as_u16(), "the service did not take an event");
            }
            Err(why) => tracing::warn!(connect = why.is_connect(), "the service did not answer"),
        }
        tokio::time::sleep(WAIT).await;
    }
    tracing::error!("an event was given up");
}
