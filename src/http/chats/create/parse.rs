//! What a create asks for, checked in the order that `docs/api.md` gives.

use std::collections::HashSet;

use serde::Deserialize;

use crate::{
    domain::{
        delivery::IdempotencyKey,
        ids::Slug,
        message::{Part, PartKind},
        phone::PhoneNumber,
        text::DisplayName,
    },
    error::BadInput,
    http::error::{ApiError, Code},
    json,
    registry::create::request::CreateRequest,
};

/// The most recipients, repeats dropped.
const MAX_RECIPIENTS: usize = 31;

/// The most parts of a message.
const MAX_PARTS: usize = 10;

/// The most characters of a text.
const MAX_TEXT: usize = 10_000;

#[derive(Deserialize)]
struct Wire {
    from: Option<String>,
    to: Option<Vec<String>>,
    message: Option<json::Object<WireMessage>>,
}

#[derive(Deserialize)]
struct WireMessage {
    subject: Option<String>,
    parts: Option<Vec<json::Object<WirePart>>>,
    idempotency_key: Option<String>,
}

#[derive(Deserialize)]
struct WirePart {
    r#type: Option<String>,
    value: Option<String>,
    url: Option<String>,
}

/// Checks a request.
pub(super) fn parse(body: &[u8], tenant: Slug) -> Result<CreateRequest, ApiError> {
    let json::Object(wire): json::Object<Wire> = json::read(body)?;
    let present = Present::of(wire)?;
    let to = recipients(present.to)?;
    let from = number(&present.from, || "from".to_owned())?;
    let to = numbers(&to, &from)?;
    let parts = parts(present.parts, to.len() > 1)?;
    let unusable = |field: &str, why: &dyn std::fmt::Display| BadInput::unusable(field, why);
    let idempotency = present.idempotency_key.as_deref().map(IdempotencyKey::new).transpose();
    let subject = DisplayName::new(present.subject.as_deref().unwrap_or_default());
    Ok(CreateRequest {
        tenant,
        from,
        to,
        subject: subject.map_err(|why| unusable("message.subject", &why))?,
        parts,
        idempotency: idempotency.map_err(|why| unusable("message.idempotency_key", &why))?,
    })
}

/// A request in which nothing that is required is missing.
struct Present {
    from: String,
    to: Vec<String>,
    subject: Option<String>,
    parts: Vec<(String, String)>,
    idempotency_key: Option<String>,
}

impl Present {
    fn of(wire: Wire) -> Result<Self, BadInput> {
        let missing = |field: &str| BadInput::Missing(field.to_owned());
        let from = wire.from.filter(|from| !from.is_empty()).ok_or_else(|| missing("from"))?;
        let to = wire.to.filter(|to| !to.is_empty()).ok_or_else(|| missing("to"))?;
        let json::Object(message) = wire.message.ok_or_else(|| missing("message"))?;
        let parts =
            message.parts.filter(|parts| !parts.is_empty()).ok_or_else(|| missing("message.parts"))?;
        let part = |(index, json::Object(part)): (usize, json::Object<WirePart>)| {
            let missing = |field: &str| BadInput::Missing(format!("message.parts[{index}].{field}"));
            let kind = part.r#type.filter(|kind| !kind.is_empty()).ok_or_else(|| missing("type"))?;
            let value = if kind == "text" { part.value } else { part.value.or(part.url) };
            let value = value.filter(|value| !value.is_empty());
            let value = match kind.as_str() {
                "text" | "link" => value.ok_or_else(|| missing("value"))?,
                // What is not supported anyway may be made of other fields.
                _ => value.unwrap_or_default(),
            };
            Ok((kind, value))
        };
        let parts = parts.into_iter().enumerate().map(part).collect::<Result<_, _>>()?;
        Ok(Self { from, to, subject: message.subject, parts, idempotency_key: message.idempotency_key })
    }
}

/// The recipients without repeats, in the caller's order.
fn recipients(to: Vec<String>) -> Result<Vec<String>, ApiError> {
    let mut seen = HashSet::with_capacity(to.len().min(MAX_RECIPIENTS + 1));
    let to: Vec<String> = to.into_iter().filter(|number| seen.insert(number.clone())).collect();
    if to.len() > MAX_RECIPIENTS {
        let message = format!("to has {} recipients; {MAX_RECIPIENTS} are allowed", to.len());
        return Err(ApiError::new(Code::TooManyRecipients, message));
    }
    Ok(to)
}

fn numbers(to: &[String], from: &PhoneNumber) -> Result<Vec<PhoneNumber>, BadInput> {
    let read = |(index, text): (usize, &String)| number(text, || format!("to[{index}]"));
    let mut numbers: Vec<PhoneNumber> = to.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    // Two spellings may be one number, such as one with the zero of national calls in it.
    let mut seen = HashSet::new();
    numbers.retain(|number| seen.insert(number.clone()));
    if numbers.contains(from) {
        return Err(BadInput::unusable("to", "has the line itself in it"));
    }
    Ok(numbers)
}

fn number(text: &str, field: impl FnOnce() -> String) -> Result<PhoneNumber, BadInput> {
    text.parse().map_err(|_| BadInput::NotAPhoneNumber(field()))
}

/// The parts of a first message: of a group exactly one text, of a direct chat texts and links.
fn parts(wire: Vec<(String, String)>, is_group: bool) -> Result<Vec<Part>, ApiError> {
    if wire.len() > MAX_PARTS {
        let message = format!("message.parts has {} entries; {MAX_PARTS} are allowed", wire.len());
        return Err(ApiError::new(Code::TooManyParts, message));
    }
    let kinds = wire.iter().enumerate().map(kind_of).collect::<Result<Vec<_>, _>>()?;
    let is_supported = |kind: &Option<PartKind>| match kind {
        Some(PartKind::Text) => true,
        Some(PartKind::Link) => !is_group,
        None => false,
    };
    if !kinds.iter().all(is_supported) {
        let message = "a first message cannot carry media, and that of a group no link either";
        return Err(ApiError::new(Code::NotSupported, message));
    }
    let parts: Vec<Part> =
        kinds.into_iter().flatten().zip(wire).map(|(kind, (_, value))| Part { kind, value }).collect();
    check_texts(&parts)?;
    Ok(parts)
}

/// What a part is; `None` for media, which is known and not supported.
fn kind_of((index, (kind, value)): (usize, &(String, String))) -> Result<Option<PartKind>, BadInput> {
    match kind.as_str() {
        "text" => Ok(Some(PartKind::Text)),
        "link" if !is_web_address(value) => {
            Err(BadInput::unusable(format!("message.parts[{index}].value"), "is not an http or https URL"))
        }
        "link" => Ok(Some(PartKind::Link)),
        "media" => Ok(None),
        _ => Err(BadInput::unusable(format!("message.parts[{index}].type"), "must be text, link or media")),
    }
}

fn is_web_address(text: &str) -> bool {
    let url: Option<reqwest::Url> = text.parse().ok();
    url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn check_texts(parts: &[Part]) -> Result<(), ApiError> {
    let is_text = |part: &Part| part.kind == PartKind::Text;
    if parts.windows(2).any(|pair| pair.iter().all(is_text)) {
        return Err(ApiError::new(Code::ConsecutiveTexts, "message.parts has two texts in a row"));
    }
    let texts = || parts.iter().filter(|part| is_text(part));
    if texts().any(|part| has_url(&part.value)) {
        return Err(ApiError::new(
            Code::UrlInText,
            "the first message of a chat cannot have a URL in a text",
        ));
    }
    if texts().any(|part| part.value.chars().count() > MAX_TEXT) {
        return Err(ApiError::new(Code::TextTooLong, format!("a text has more than {MAX_TEXT} characters")));
    }
    Ok(())
}

fn has_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["http://", "https://", "www."].iter().any(|sign| text.contains(sign))
}
