//! Changes to JSON documents.

use serde_json::{Map, Value};

/// Sets the field at a JSON pointer, with the objects on the way to it.
pub(crate) fn set(document: &mut Value, pointer: &str, value: impl Into<Value>) {
    *place(document, pointer) = value.into();
}

/// Takes the field at a JSON pointer out, which must be there.
pub(crate) fn remove(document: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    place(document, parent).as_object_mut().unwrap().remove(name).expect("there is such a field");
}

fn place<'v>(document: &'v mut Value, pointer: &str) -> &'v mut Value {
    pointer.split('/').skip(1).fold(document, |value, name| match value {
        Value::Array(entries) => &mut entries[name.parse::<usize>().expect("an index")],
        Value::Object(_) => &mut value[name],
        _ => {
            *value = Value::Object(Map::new());
            &mut value[name]
        }
    })
}
