//! Reading JSON strictly, without copying, and with errors that name the field.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use crate::error::BadInput;

/// Reads `T` from JSON. The common, good case is one pass; only a failure is looked into.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadInput> {
    // Checked as a whole, since serde would not look into the fields that nobody reads.
    let text = std::str::from_utf8(bytes).map_err(|_| BadInput::NotJson("it is not UTF-8".to_owned()))?;
    serde_json::from_str(text).map_err(|_| reason::<T>(text))
}

/// Why `text` is no `T`. Whether it is JSON at all comes first, and does not depend on where reading stopped.
fn reason<'a, T: Deserialize<'a>>(text: &'a str) -> BadInput {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => name_the_field::<T>(text),
        Err(failure) => BadInput::NotJson(position(&failure)),
    }
}

/// Where the syntax breaks. What serde says of the reason may quote the input, so it is left out.
fn position(failure: &serde_json::Error) -> String {
    format!("the syntax breaks at line {}, column {}", failure.line(), failure.column())
}

fn name_the_field<'a, T: Deserialize<'a>>(text: &'a str) -> BadInput {
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => BadInput::unusable("the body", "has an unusable value"),
        Err(failure) => {
            let path = failure.path().to_string();
            let reason = failure.inner().to_string();
            if let Some(name) = repeated_field(&reason) {
                let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
                return BadInput::unusable(field, "occurs more than once");
            }
            let field = if path == "." { "the body".to_owned() } else { path };
            BadInput::unusable(field, without_values(&reason))
        }
    }
}

/// The field that serde met twice. It is reported for the object that has it, so the path ends there.
fn repeated_field(reason: &str) -> Option<&str> {
    reason.strip_prefix("duplicate field `")?.split('`').next()
}

/// Serde's reason without the value that it quotes: an answer names the field and what it expects there.
fn without_values(reason: &str) -> String {
    let reason = reason.split(" at line ").next().unwrap_or_default();
    match reason.rsplit_once(", expected ") {
        Some((_, expected)) => format!("has the wrong type: expected {expected}"),
        None => "has an unusable value".to_owned(),
    }
}

/// A JSON string, borrowed from the body where it holds no escapes.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: Cow<'a, str>,
    /// Whether it stood in the body without escapes, and so can stand in an answer.
    is_plain: bool,
}

impl Text<'_> {
    /// The same text, borrowed from this one.
    pub(crate) fn borrowed(&self) -> Text<'_> {
        Text { text: Cow::Borrowed(&self.text), is_plain: self.is_plain }
    }

    /// Writes it as JSON.
    pub(crate) fn write(&self, answer: &mut Vec<u8>) {
        if self.is_plain {
            answer.push(b'"');
            answer.extend_from_slice(self.text.as_bytes());
            answer.push(b'"');
        } else {
            // Writing a text into memory does not fail.
            let _ = serde_json::to_writer(answer, &self.text);
        }
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text { text: Cow::Borrowed(text), is_plain: true })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text { text: Cow::Owned(text.to_owned()), is_plain: false })
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// A JSON object. Serde's derived structs would take an array for one as well.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// A field that is there, null or not: absence says nothing, and null says "none".
#[expect(clippy::option_option, reason = "absent, null and a value are three things on the wire")]
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
