//! The payloads of `fixtures/bluebubbles` and `fixtures/linq`, whole, changed and broken.

use std::path::PathBuf;

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::{Parsed, Rejected, bluebubbles, linq};
use crate::domain::{
    event::Mention,
    handle::Handle,
    report::{Opinion, Report},
    service::Service,
};

/// A payload.
#[derive(Clone)]
pub(super) struct Payload(Value);

impl Payload {
    /// The payload of a file below `fixtures`.
    pub(super) fn of(file: &str) -> Self {
        Self(serde_json::from_slice(&std::fs::read(folder(file)).unwrap()).unwrap())
    }

    /// Sets a field, which may be new, of an object that is there.
    pub(super) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (object, name) = self.object_of(pointer);
        object[name] = value.into();
        self
    }

    /// Takes a field out, which must be there.
    pub(super) fn without(mut self, pointer: &str) -> Self {
        let (object, name) = self.object_of(pointer);
        object.as_object_mut().unwrap().remove(name).expect("there is such a field");
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    fn object_of<'p>(&mut self, pointer: &'p str) -> (&mut Value, &'p str) {
        let (object, name) = pointer.rsplit_once('/').unwrap();
        (self.0.pointer_mut(object).expect("there is such an object"), name)
    }
}

/// The report of an event that must speak.
#[track_caller]
pub(super) fn spoken(parsed: Result<Parsed, Rejected>) -> Report {
    match parsed {
        Ok(Parsed::Speaks(report)) => *report,
        other => panic!("{other:?}"),
    }
}

/// The opinion of somebody who is reached by iMessage.
pub(super) fn mention(handle: &str, opinion: Opinion) -> Mention {
    Mention { service: Some(Service::IMessage), ..opinion.of(Handle::new(handle).unwrap()) }
}

fn folder(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file)
}

type Parse = fn(&[u8]) -> Result<Parsed, Rejected>;

/// Every payload, as its file has it, with the parser that it is for.
fn all() -> Vec<(Parse, Vec<u8>)> {
    let formats: [(&str, Parse, usize); 2] =
        [("bluebubbles", |body| bluebubbles::parse(body, None), 17), ("linq", linq::parse, 7)];
    let read = |(format, parse, count): (&str, Parse, usize)| {
        let files = std::fs::read_dir(folder(format)).unwrap();
        let payloads: Vec<_> =
            files.map(|file| (parse, std::fs::read(file.unwrap().path()).unwrap())).collect();
        assert_eq!(payloads.len(), count, "{format}");
        payloads
    };
    formats.into_iter().flat_map(read).collect()
}

#[test]
fn a_payload_that_was_cut_off_is_no_json() {
    for (parse, payload) in all() {
        assert!(parse(&payload).is_ok());
        let payload = payload.trim_ascii_end();
        for end in 0..payload.len() {
            let rejected = parse(&payload[..end]).unwrap_err();
            assert_eq!(rejected.event_id, None);
            assert!(rejected.why.to_string().starts_with("not JSON"), "{rejected:?}");
        }
    }
}

/// The JSON pointers of everything in a document, itself included.
fn pointers(value: &Value) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(index, entry)| (index.to_string(), entry)).collect()
        }
        _ => Vec::new(),
    };
    let deeper = inside.into_iter().flat_map(|(name, value)| {
        pointers(value).into_iter().map(move |pointer| format!("/{name}{pointer}"))
    });
    [String::new()].into_iter().chain(deeper).collect()
}

fn unexpected_values() -> [Value; 14] {
    [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(-1.5e300),
        json!(""),
        json!(" \n"),
        json!("é".repeat(2000)),
        json!("9999-12-31T23:59:60Z"),
        json!([]),
        json!([null, [], {}]),
        json!({"guid": 1, "handle": {}, "address": [], "id": null}),
    ]
}

#[test]
fn whatever_stands_in_a_field_is_taken_or_refused_without_being_quoted() {
    for (parse, payload) in all() {
        let whole: Value = serde_json::from_slice(&payload).unwrap();
        for pointer in pointers(&whole) {
            for unexpected in unexpected_values() {
                let mut changed = whole.clone();
                *changed.pointer_mut(&pointer).unwrap() = unexpected;
                let Err(rejected) = parse(changed.to_string().as_bytes()) else { continue };
                let why = rejected.why.to_string();
                assert!(!why.contains("not JSON") && !why.contains("555"), "{pointer}: {why}");
                assert!(why.len() < 200, "{pointer}: {why}");
            }
        }
    }
}

proptest! {
    #[test]
    fn broken_bytes_do_no_harm(
        which in any::<Index>(),
        edits in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
    ) {
        let all = all();
        let (parse, payload) = which.get(&all);
        let mut broken = payload.clone();
        for (place, byte) in edits {
            *place.get_mut(&mut broken) = byte;
        }
        let parsed = parse(&broken);
        prop_assert_eq!(parse(&broken), parsed);
    }
}
