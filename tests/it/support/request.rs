//! One request, made of exactly what a test says.

use chert_groups::auth::hmac_v1;
use reqwest::header::{HeaderName, HeaderValue};

use super::{answer::Answer, app::TestApp, directory::Identity};

pub(crate) const SIGNATURE: &str = "x-chert-signature";

/// A request that was not sent yet.
pub(crate) struct Request<'a> {
    app: &'a TestApp,
    builder: reqwest::RequestBuilder,
    body: Vec<u8>,
    signer: Option<Identity>,
}

impl<'a> Request<'a> {
    pub(super) fn new(app: &'a TestApp, method: &str, path: &str) -> Self {
        let url = format!("http://{}{path}", app.address());
        let builder = app.client().request(method.parse().unwrap(), url);
        Self { app, builder, body: Vec::new(), signer: None }
    }

    /// Adds a header. The same name again makes a second header.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.builder = self.builder.header(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Signs as `identity` at the time of the app's clock.
    pub(crate) fn signed_by(mut self, identity: Identity) -> Self {
        self.signer = Some(identity);
        self
    }

    pub(crate) async fn send(mut self) -> Answer {
        if let Some(signer) = self.signer {
            let signature = hmac_v1::sign(&signer.secret(), &self.body, self.app.clock.now());
            self = self.header(signer.header, signer.slug).header(SIGNATURE, signature);
        }
        let response = self.builder.body(self.body).send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a whole answer").to_vec();
        Answer { status, headers, body }
    }
}
