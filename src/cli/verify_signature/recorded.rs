//! A request that was recorded.

use anyhow::bail;

use crate::auth::{
    AuthError,
    presented::{Presented, only},
};

/// A header: its name in lower case, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    name: String,
    value: Vec<u8>,
}

/// The headers and the URL of a request.
pub(super) struct Recorded {
    headers: Vec<Header>,
    query: String,
}

impl Recorded {
    pub(super) fn new(headers: Vec<Header>, url: &str) -> Self {
        let before_fragment = url.split('#').next().unwrap_or_default();
        let query = before_fragment.split_once('?').map_or("", |(_, query)| query);
        Self { headers, query: query.to_owned() }
    }
}

impl Presented for Recorded {
    fn header(&self, name: &str) -> Result<Option<&[u8]>, AuthError> {
        only(self.headers.iter().filter(|header| header.name == name).map(|header| &*header.value))
    }

    fn query(&self) -> &str {
        &self.query
    }
}

/// Reads `Name: value`.
pub(super) fn header(text: &str) -> Result<Header, String> {
    read(text.as_bytes()).ok_or_else(|| "'Name: value' is expected".to_owned())
}

/// Reads headers, one a line. Lines that begin a request or a response are passed over.
pub(super) fn headers(text: &[u8]) -> anyhow::Result<Vec<Header>> {
    let mut headers = Vec::new();
    for (place, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        match read(line) {
            _ if line.is_empty() || begins_message(line) => {}
            Some(header) => headers.push(header),
            None => bail!("line {} is not 'Name: value'", place + 1),
        }
    }
    Ok(headers)
}

fn begins_message(line: &[u8]) -> bool {
    let version = |word: &[u8]| word.starts_with(b"HTTP/");
    let mut words = line.split(|byte| *byte == b' ');
    words.next().is_some_and(version) || words.next_back().is_some_and(version)
}

fn read(line: &[u8]) -> Option<Header> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some(Header { name, value: value.strip_prefix(b":")?.trim_ascii().to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_curl_and_logs_have_them() {
        let text = b"POST /upstream/v1/linq/partner?x=1 HTTP/1.1\r\nHost: example.org:8080\r\n\
            Webhook-Id:msg_1\r\nX-Odd: \xff \r\n\r\nHTTP/2 200\r\nServer:\n";
        let read: Vec<_> =
            headers(text).unwrap().into_iter().map(|header| (header.name, header.value)).collect();
        let expected: [(&str, &[u8]); 4] =
            [("host", b"example.org:8080"), ("webhook-id", b"msg_1"), ("x-odd", b"\xff"), ("server", b"")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_vec())));
        for bad in ["Host: a\nno header\n", "a b: c", ": c", "{\"a\": 1}"] {
            assert!(headers(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(headers(b"A: b\nno header").unwrap_err().to_string(), "line 2 is not 'Name: value'");
    }

    #[test]
    fn the_query_of_a_url() {
        for (url, query) in [
            ("https://example.org/a?token=1&b=2#c?d", "token=1&b=2"),
            ("/a?token=1?2", "token=1?2"),
            ("/a#b?token=1", ""),
            ("", ""),
        ] {
            assert_eq!(Recorded::new(vec![], url).query(), query, "{url}");
        }
    }

    #[test]
    fn names_have_no_case_and_count() {
        let recorded =
            |lines: &[&str]| Recorded::new(lines.iter().map(|line| header(line).unwrap()).collect(), "");
        let value = b"msg_1".as_slice();
        assert_eq!(recorded(&["WEBHOOK-ID: msg_1"]).header("webhook-id"), Ok(Some(value)));
        assert_eq!(recorded(&["webhook-id: msg_1"]).header("webhook"), Ok(None));
        assert!(recorded(&["Webhook-Id: a", "webhook-id: a"]).header("webhook-id").is_err());
    }
}
