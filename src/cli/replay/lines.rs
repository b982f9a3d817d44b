//! Events as they are posted: a line for each, all in one piece.

/// Events, each on a line of its own.
#[derive(Default)]
pub(super) struct Lines {
    /// Each with its line feed.
    text: Vec<u8>,
    /// Where each line ends, its line feed included.
    ends: Vec<usize>,
}

impl Lines {
    /// Adds an event, which has no line feed in it.
    pub(super) fn push(&mut self, event: &[u8]) {
        self.text.extend_from_slice(event);
        self.text.push(b'\n');
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them, as a body of NDJSON.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).filter_map(|(start, end)| self.text.get(*start..end - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_in_order() {
        let mut lines = Lines::default();
        let events: [&[u8]; 3] = [b"{}", b"{\"id\":1}", b"[ ]"];
        for event in events {
            lines.push(event);
        }
        assert_eq!(lines.text(), b"{}\n{\"id\":1}\n[ ]\n");
        assert_eq!((lines.iter().collect::<Vec<_>>(), lines.len()), (events.to_vec(), 3));
        assert!(!lines.is_empty() && Lines::default().is_empty());
    }
}
