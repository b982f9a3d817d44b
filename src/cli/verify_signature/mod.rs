//! `verify-signature`: check a recorded request as the service does, and say what differs.

mod at;
mod keys;
mod recorded;

use std::{io::Read as _, path::PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{Context, output};
use crate::{
    auth::explain::{Explanation, Tried},
    domain::{ids::Slug, relay_kind::Scheme, time::Time},
};
use keys::Keys;
use recorded::{Header, Recorded};

/// The name that stands for stdin.
const STDIN: &str = "-";

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Check with the secrets that this relay has in the store: with each that is valid.
    #[arg(long, value_name = "SLUG", conflicts_with = "secret_file")]
    relay: Option<Slug>,
    /// How the request is signed: hmac-v1 (x-chert-signature), standard-webhooks, linq-legacy (X-Webhook-Signature)
    /// or url-token [default with --relay: as its kind signs]
    #[arg(long, value_parser = scheme, required_unless_present = "relay")]
    scheme: Option<Scheme>,
    /// A file with the secret.
    #[arg(long, value_name = "FILE", required_unless_present = "relay")]
    secret_file: Option<PathBuf>,
    /// A header of the request; may be given several times.
    #[arg(long, value_name = "'NAME: VALUE'", value_parser = recorded::header)]
    header: Vec<Header>,
    /// A file with headers, one a line, as `curl -D` and logs have them.
    #[arg(long, value_name = "FILE")]
    headers_file: Option<PathBuf>,
    /// A file with the body, byte for byte; - is stdin [default: no body]
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// The URL of the request, whose query has the token, for url-token.
    #[arg(long, required_if_eq("scheme", "url-token"))]
    url: Option<String>,
    /// When the request came: RFC 3339 or unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = at::read)]
    at: Option<Time>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn scheme(text: &str) -> Result<Scheme, String> {
    Scheme::from_name(text).ok_or_else(|| {
        let known: Vec<_> = Scheme::names().collect();
        format!("one of {} is expected", known.join(", "))
    })
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let request = arguments.request()?;
    let now = arguments.at.unwrap_or_else(|| context.clock.now());
    let keys = Keys::of(arguments, context, &request, now)?;
    if keys.scheme() == Scheme::UrlToken && arguments.url.is_none() {
        bail!("--url is missing: the token is in the URL of the request");
    }
    match keys.check(&request, &arguments.body()?, now) {
        Ok(()) if arguments.json => output::json(&json!({"valid": true})),
        Ok(()) => output::line("valid"),
        Err(explanation) => {
            if arguments.json {
                output::json(&document(&explanation))?;
            } else {
                print(&explanation)?;
            }
            bail!("the request would be refused");
        }
    }
}

impl Arguments {
    fn request(&self) -> anyhow::Result<Recorded> {
        let mut headers = self.header.clone();
        if let Some(file) = &self.headers_file {
            let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            headers.extend(recorded::headers(&text).with_context(|| file.display().to_string())?);
        }
        Ok(Recorded::new(headers, self.url.as_deref().unwrap_or_default()))
    }

    fn body(&self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        match &self.body_file {
            None => {}
            Some(file) if file.as_os_str() == STDIN => {
                std::io::stdin().lock().read_to_end(&mut body).context("cannot read stdin")?;
            }
            Some(file) => {
                body = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            }
        }
        Ok(body)
    }
}

fn print(explanation: &Explanation) -> anyhow::Result<()> {
    output::line(format_args!("not valid: {}", explanation.refusal))?;
    for difference in &explanation.differs {
        output::line(format_args!("- {difference}"))?;
    }
    match &explanation.tried {
        Some(Tried::Right) => output::line("The code itself is right; only what is said above is wrong.")?,
        Some(Tried::If(suppositions)) => {
            for supposition in suppositions {
                output::line(format_args!("It matches if {supposition}."))?;
            }
        }
        Some(Tried::Nothing) => {
            output::line("No usual mistake explains it: other bytes or another secret were signed.")?;
        }
        None => {}
    }
    if let Some(expected) = &explanation.expected {
        output::line(format_args!("For these bytes and this secret it would be\n{expected}"))?;
    }
    Ok(())
}

fn document(explanation: &Explanation) -> serde_json::Value {
    let suppositions: &[String] = match &explanation.tried {
        Some(Tried::If(suppositions)) => suppositions,
        Some(Tried::Right | Tried::Nothing) | None => &[],
    };
    json!({
        "valid": false,
        "refusal": explanation.refusal.to_string(),
        "differs": explanation.differs,
        "code_is_right": explanation.tried == Some(Tried::Right),
        "matches_if": suppositions,
        "expected": explanation.expected,
    })
}
