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
