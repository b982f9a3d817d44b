//! The body, as senders and recorders get it wrong.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::hypothesis::Variant;

/// The body as it is, and as it may have been when it was signed.
pub(super) fn bodies(body: &[u8]) -> Vec<Variant<Cow<'_, [u8]>>> {
    let mut bodies = vec![Variant::right(body.into())];
    if body.ends_with(b"\n") {
        bodies.push(Variant::wrong("the body has no line feed at its end", without_line_feed(body).into()));
    } else {
        bodies.push(Variant::wrong("the body has a line feed at its end", [body, b"\n"].concat().into()));
    }
    let unix = without_carriage_returns(body);
    if unix != body {
        bodies.push(Variant::wrong("the body's lines end in LF, not CRLF", unix.into()));
    }
    if let Some(compact) = compact(body).filter(|compact| compact != body) {
        bodies.push(Variant::wrong("the body is the same JSON without blanks", compact.into()));
    }
    bodies
}

fn without_line_feed(body: &[u8]) -> &[u8] {
    body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")).unwrap_or(body)
}

fn without_carriage_returns(body: &[u8]) -> Vec<u8> {
    let mut unix = Vec::with_capacity(body.len());
    let mut rest = body.iter().peekable();
    while let Some(byte) = rest.next() {
        if !(*byte == b'\r' && rest.peek() == Some(&&b'\n')) {
            unix.push(*byte);
        }
    }
    unix
}

/// A JSON document as a program writes it that has parsed it: without blanks between its tokens, in the order
/// that its fields have, and each string in its shortest form. Numbers stay as they are.
fn compact(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = std::str::from_utf8(body).ok()?;
    serde_json::from_str::<IgnoredAny>(rest).ok()?;
    let mut compact = Vec::with_capacity(body.len());
    while let Some(first) = rest.bytes().next() {
        let (token, others) = rest.split_at(if first == b'"' { string_len(rest) } else { 1 });
        match first {
            b'"' => compact.extend(serde_json::to_vec(&serde_json::from_str::<String>(token).ok()?).ok()?),
            b' ' | b'\n' | b'\r' | b'\t' => {}
            other => compact.push(other),
        }
        rest = others;
    }
    Some(compact)
}

/// How many bytes the string has that valid JSON begins with.
fn string_len(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(json.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variants(body: &str) -> Vec<(&'static str, String)> {
        let text = |body: Cow<'_, [u8]>| String::from_utf8(body.into_owned()).unwrap();
        let variants = bodies(body.as_bytes()).into_iter();
        variants.filter_map(|variant| Some((variant.says?, text(variant.value)))).collect()
    }

    #[test]
    fn bodies_that_may_have_been_meant() {
        let with_line_feed = "the body has a line feed at its end";
        let without = "the body has no line feed at its end";
        let unix = "the body's lines end in LF, not CRLF";
        let compact = "the body is the same JSON without blanks";
        for (body, expected) in [
            ("", vec![(with_line_feed, "\n")]),
            ("{}", vec![(with_line_feed, "{}\n")]),
            ("a\n", vec![(without, "a")]),
            ("a\r\n", vec![(without, "a"), (unix, "a\n")]),
            ("a\r\nb\r", vec![(with_line_feed, "a\r\nb\r\n"), (unix, "a\nb\r")]),
            ("{ }\n", vec![(without, "{ }"), (compact, "{}")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(says, body)| (says, body.to_owned())).collect();
            assert_eq!(variants(body), expected, "{body:?}");
        }
    }

    #[test]
    fn compact_json_keeps_order_and_blanks_in_strings() {
        for (body, expected) in [
            (
                r#" { "b" : [ 1.50 , null ] , "a" : " x \" y \\" } "#,
                Some(r#"{"b":[1.50,null],"a":" x \" y \\"}"#),
            ),
            (r#"["\/","\u00e9","\n","é"]"#, Some(r#"["/","é","\n","é"]"#)),
            ("\t1e3\n", Some("1e3")),
            ("{", None),
            ("{} {}", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(compact(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(compact(b"\"\xff\""), None);
    }
}
