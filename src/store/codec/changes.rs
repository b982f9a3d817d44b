//! Change records as JSON: the shape that `docs/changes.md` describes.

use serde_json::{Value, json};

use crate::domain::change::Change;

/// The changes of one record.
#[must_use]
pub fn encode(changes: &[Change]) -> String {
    changes.iter().map(one).collect::<Value>().to_string()
}

fn one(change: &Change) -> Value {
    match change {
        Change::Created => json!({"type": "created"}),
        Change::Renamed(name) => {
            json!({"type": "renamed", "display_name": name.as_ref().map(crate::domain::text::DisplayName::as_str)})
        }
        Change::Icon(icon) => {
            json!({"type": "icon_changed", "icon": icon.as_ref().map(crate::domain::text::IconUrl::as_str)})
        }
        Change::Kind { is_group } => json!({"type": "kind_known", "is_group": is_group}),
        Change::Service(service) => json!({"type": "service_changed", "service": service.as_str()}),
        Change::ParticipantIn(handle) => json!({"type": "participant_in", "address": handle.as_str()}),
        Change::ParticipantOut(handle, word) => {
            json!({"type": "participant_out", "address": handle.as_str(), "status": word.as_str()})
        }
        Change::ParticipantIsUs(handle) => json!({"type": "participant_is_us", "address": handle.as_str()}),
        Change::ParticipantRenamed(handle, name) => json!({
            "type": "participant_renamed",
            "address": handle.as_str(),
            "display_name": name.as_ref().map(crate::domain::text::DisplayName::as_str),
        }),
        Change::ParticipantService(handle, service) => {
            json!({"type": "participant_service_changed", "address": handle.as_str(), "service": service.as_str()})
        }
        Change::LineLeft => json!({"type": "line_left"}),
        Change::LineBack => json!({"type": "line_back"}),
        Change::Bound => json!({"type": "bound"}),
        Change::Absorbed(id) => json!({"type": "absorbed", "chat_id": id.to_string()}),
        Change::Merged(id) => json!({"type": "merged", "chat_id": id.to_string()}),
    }
}
