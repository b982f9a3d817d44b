//! Which request is being answered: the lines of the log about it carry its trace id, and so does the answer.
//!
//! A span of `tracing` would do the same, and take a tenth of the processor time of a look-up, though nearly none has a
//! line in the log (`docs/performance.md`).

use std::fmt;

tokio::task_local! {
    static CURRENT: TraceId;
}

/// What a request is called in the log: 12 lower-case hexadecimal characters. It need not be unguessable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId([u8; 12]);

impl TraceId {
    /// One by these bits.
    #[must_use]
    pub fn new(bits: u64) -> Self {
        let [_, _, bytes @ ..] = bits.to_be_bytes();
        let mut text = [b'0'; 12];
        // There is room: two characters for each of six bytes.
        let _ = base16ct::lower::encode(&bytes, &mut text);
        Self(text)
    }

    /// That of the request that is being answered here.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }

    /// Does something for the request that has this id.
    pub fn scope<T>(self, act: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self, act)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The same act, on whichever task it is done, for the request that is being answered here.
pub fn handed_on<T>(act: impl Future<Output = T>) -> impl Future<Output = T> {
    let id = TraceId::current();
    async move {
        match id {
            Some(id) => id.scope(act).await,
            None => act.await,
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twelve_hexadecimal_characters() {
        assert_eq!(TraceId::new(0).as_str(), "000000000000");
        assert_eq!(TraceId::new(0xffff_0123_4567_89ab).as_str(), "0123456789ab");
    }

    #[tokio::test]
    async fn it_is_known_while_its_request_is_answered() {
        let id = TraceId::new(7);
        assert_eq!(id.scope(async { TraceId::current() }).await, Some(id));
        let elsewhere = async || tokio::spawn(handed_on(async { TraceId::current() })).await.unwrap();
        assert_eq!(id.scope(elsewhere()).await, Some(id));
        assert_eq!(TraceId::current(), None);
    }
}
