//! The lines of the log, each with the trace id of the request that it is about, if any.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Format, Full, Json, JsonFields, Writer},
    },
    registry::LookupSpan,
};

use crate::trace::TraceId;

/// Lines for people.
pub struct Plain(Format<Full>);

/// Lines for programs: objects of JSON.
pub struct Object(Format<Json>);

/// Lines for people, with the trace id in front.
pub(super) fn plain() -> Plain {
    Plain(format::format())
}

/// Objects of JSON, with `trace_id` as the last field. They want [`JsonFields`].
#[must_use]
pub fn object() -> Object {
    Object(format::format().json().flatten_event(true))
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if let Some(id) = TraceId::current() {
            write!(line, "trace_id={id} ")?;
        }
        self.0.format_event(context, line, event)
    }
}

impl<S> FormatEvent<S, JsonFields> for Object
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(id) = TraceId::current() else { return self.0.format_event(context, line, event) };
        let mut object = String::new();
        self.0.format_event(context, Writer::new(&mut object), event)?;
        let fields = object.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        writeln!(line, r#"{fields},"trace_id":"{id}"}}"#)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing_subscriber::{fmt, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Two lines, the first of them about a request, as `subscriber` logs them.
    async fn two_lines<S: Subscriber + Send + Sync + 'static>(
        subscriber: impl FnOnce(Kept) -> S,
    ) -> [String; 2] {
        let kept = Kept::default();
        let _guard = tracing::subscriber::set_default(subscriber(kept.clone()));
        TraceId::new(7).scope(async { tracing::info!(status = 400, r#"said "no""#) }).await;
        tracing::info!("at rest");
        let logged = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<String> = logged.lines().map(str::to_owned).collect();
        lines.try_into().unwrap()
    }

    #[tokio::test]
    async fn an_object_about_a_request_has_its_trace_id() {
        let [about, other] = two_lines(|kept| {
            let layer = fmt::layer().json().event_format(object());
            tracing_subscriber::registry().with(layer.with_writer(move || kept.clone()))
        })
        .await
        .map(|line| serde_json::from_str::<Value>(&line).unwrap());
        assert_eq!(about["trace_id"], "000000000007");
        assert_eq!((&about["message"], &about["status"]), (&json!(r#"said "no""#), &json!(400)));
        assert_eq!((other.get("trace_id"), &other["message"]), (None, &json!("at rest")));
    }

    #[tokio::test]
    async fn a_line_for_people_has_it_in_front() {
        let [about, other] = two_lines(|kept| {
            let layer = fmt::layer().event_format(plain()).with_ansi(false);
            tracing_subscriber::registry().with(layer.with_writer(move || kept.clone()))
        })
        .await;
        assert!(about.starts_with("trace_id=000000000007 ") && about.ends_with("status=400"), "{about}");
        assert!(!other.contains("trace_id") && other.ends_with("at rest"), "{other}");
    }
}
