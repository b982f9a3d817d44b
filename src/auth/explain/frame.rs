//! What is signed before the body, as senders get it wrong.

use std::borrow::Cow;

use super::hypothesis::Variant;

/// The pieces before the body.
pub(super) type Frame<'a> = Vec<Cow<'a, [u8]>>;

/// Id and timestamp as they should be signed, and otherwise.
pub(super) fn frames<'a>(id: Option<&'a [u8]>, timestamp: &'a [u8]) -> Vec<Variant<Frame<'a>>> {
    let id = id.map(Cow::Borrowed);
    let with = |timestamp: Cow<'a, [u8]>| id.iter().cloned().chain([timestamp]).collect();
    let mut frames = vec![Variant::right(with(timestamp.into()))];
    if id.is_some() {
        frames.push(Variant::wrong("the id is not signed", vec![timestamp.into()]));
        frames.push(Variant::wrong("only the body is signed", vec![]));
    }
    frames.push(Variant::wrong("the timestamp is not signed", id.iter().cloned().collect()));
    if !timestamp.iter().all(u8::is_ascii_digit) {
        return frames;
    }
    match timestamp.len() {
        10 => {
            let millis = [timestamp, b"000"].concat();
            frames.push(Variant::wrong("the timestamp is signed in milliseconds", with(millis.into())));
        }
        13 => {
            let (seconds, _) = timestamp.split_at(10);
            frames.push(Variant::wrong("the timestamp is signed in seconds", with(seconds.into())));
        }
        _ => {}
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames as they are signed, with dots.
    fn signed(id: Option<&str>, timestamp: &str) -> Vec<(Option<&'static str>, String)> {
        let frames = frames(id.map(str::as_bytes), timestamp.as_bytes());
        let text = |frame: Frame<'_>| String::from_utf8(frame.join(&b'.')).unwrap();
        frames.into_iter().map(|frame| (frame.says, text(frame.value))).collect()
    }

    #[test]
    fn what_may_stand_before_the_body() {
        assert_eq!(
            signed(Some("msg_1"), "1777636800"),
            [
                (None, "msg_1.1777636800".to_owned()),
                (Some("the id is not signed"), "1777636800".to_owned()),
                (Some("only the body is signed"), String::new()),
                (Some("the timestamp is not signed"), "msg_1".to_owned()),
                (Some("the timestamp is signed in milliseconds"), "msg_1.1777636800000".to_owned()),
            ]
        );
        assert_eq!(
            signed(None, "1777636800123"),
            [
                (None, "1777636800123".to_owned()),
                (Some("the timestamp is not signed"), String::new()),
                (Some("the timestamp is signed in seconds"), "1777636800".to_owned()),
            ]
        );
        assert_eq!(signed(None, "2026-05-01T").len(), 2);
    }
}
