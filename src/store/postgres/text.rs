//! Texts that PostgreSQL takes: in ours there may be the character U+0000, which it has not.
//!
//! It becomes two characters, and so does the one that they begin with. Nothing else changes, and the order of texts
//! stays.

use std::borrow::Cow;

/// A text as it is stored.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte < 2) {
        Cow::Owned(text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text that was stored.
pub(super) fn read(text: &str) -> Cow<'_, str> {
    if text.contains('\u{1}') {
        Cow::Owned(text.replace("\u{1}\u{1}", "\0").replace("\u{1}\u{2}", "\u{1}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_keeps_its_place() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{1}",
            "\u{1}\u{2}",
            "\u{2}",
            "a",
            "a\0b",
            "ab",
        ];
        for text in texts {
            assert!(!stored(text).contains('\0'));
            assert_eq!(read(&stored(text)), text, "{text:?}");
        }
        assert!(texts.map(stored).is_sorted());
        assert!(texts.is_sorted());
    }
}
