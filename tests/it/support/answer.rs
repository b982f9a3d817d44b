//! What came back, and the promises that every answer keeps.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header that is there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().expect("a header in ASCII"));
        assert!(values.next().is_none(), "{name} is there twice");
        first
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The trace id, which has its form.
    #[track_caller]
    pub(crate) fn trace_id(&self) -> &str {
        let id = self.header("x-trace-id").expect("a trace id");
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(id.len() == 12 && id.bytes().all(hex), "{id}");
        id
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.trace_id();
        assert_eq!(self.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert!(body.get("success").is_none() && body.get("trace_id").is_none(), "no wrapper: {body}");
        body
    }

    /// The message of a refusal, which has status, code and form of one.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u16) -> String {
        self.refusal(status, code, matches!(code, 3001 | 3002 | 4001))
    }

    /// The refusal of a request that is running already: the same code as one for ever, but not for ever.
    #[track_caller]
    pub(crate) fn refused_while_running(&self) {
        self.refusal(409, 1012, true);
        assert_eq!(self.retry_after(), Some(1));
    }

    #[track_caller]
    fn refusal(&self, status: u16, code: u16, retryable: bool) -> String {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let mut body: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(body["trace_id"], self.trace_id(), "{text}");
        assert_eq!(body["error"]["retry_after"].as_u64(), self.retry_after(), "{text}");
        let message = body["error"]["message"].as_str().expect("a message").to_owned();
        assert!(!message.is_empty());
        // What is left when the parts that differ are out must be all there is.
        body["error"].as_object_mut().unwrap().retain(|name, _| name != "message" && name != "retry_after");
        let envelope = serde_json::json!({
            "success": false,
            "error": {"status": status, "code": code, "retryable": retryable},
            "trace_id": body["trace_id"],
        });
        assert_eq!(body, envelope, "{text}");
        message
    }

    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").map(|seconds| seconds.parse().expect("seconds"))
    }

    /// The body without the trace id, the only thing in which equal answers may differ.
    #[track_caller]
    pub(crate) fn untraced(&self) -> (u16, String) {
        (self.status, self.text().replace(self.trace_id(), "(trace id)"))
    }
}
