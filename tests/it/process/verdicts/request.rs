//! A request of the table, and what is said of it by the service and by the command.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::super::program::{program, run};
use crate::support::{TestApp, raw::Raw};

/// What is said of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Valid,
    Refused(String),
    /// It is not even HTTP.
    NoRequest,
}

/// A request that proves itself, or does not.
pub(super) struct Request {
    pub(super) scheme: &'static str,
    pub(super) secret: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<Vec<u8>>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn with(mut self, line: impl AsRef<[u8]>) -> Self {
        self.headers.push(line.as_ref().to_vec());
        self
    }

    fn head(&self) -> Vec<u8> {
        self.headers.iter().flat_map(|line| [line, b"\r\n".as_slice()].concat()).collect()
    }

    /// What the service says.
    pub(super) async fn served(&self, app: &TestApp) -> Verdict {
        let mut raw = Raw::connect(app).await;
        let first = format!("POST {} HTTP/1.1\r\nhost: test\r\n", self.target);
        let length = format!("content-length: {}\r\n\r\n", self.body.len());
        raw.send([first.as_bytes(), &self.head(), length.as_bytes(), &self.body].concat()).await;
        let answer = raw.answer().await;
        match answer.status {
            401 => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                Verdict::Refused(body["error"]["message"].as_str().unwrap().to_owned())
            }
            400 if answer.header("x-trace-id").is_none() => Verdict::NoRequest,
            // Whatever the body is: somebody who may has sent it.
            200 | 400 => Verdict::Valid,
            status => panic!("{status} to {}", self.shown()),
        }
    }

    /// What the command says.
    pub(super) fn recorded(&self, folder: &TempDir, at: i64) -> Verdict {
        let file = |name: &str, contents: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, contents).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (secret, headers) = (file("secret", self.secret.as_bytes()), file("headers", &self.head()));
        let (body, at) = (file("body", &self.body), at.to_string());
        let mut command = program();
        command.args(["verify-signature", "--json", "--scheme", self.scheme, "--secret-file", &secret]);
        command.args(["--headers-file", &headers, "--body-file", &body, "--url", &self.target, "--at", &at]);
        let ran = run(&mut command);
        match (ran.status, serde_json::from_str::<Value>(&ran.stdout)) {
            (Some(0), Ok(said)) if said["valid"] == true => Verdict::Valid,
            (Some(1), Ok(said)) => Verdict::Refused(said["refusal"].as_str().unwrap().to_owned()),
            (Some(1), Err(_)) if ran.stdout.is_empty() => Verdict::NoRequest,
            _ => panic!("{ran:?} of {}", self.shown()),
        }
    }

    pub(super) fn shown(&self) -> String {
        let head = self.head();
        format!("{} {} {:.400}", self.scheme, self.target, String::from_utf8_lossy(&head))
    }
}
