//! What a request is checked with: a scheme, and a secret out of a file or those of a relay.

use anyhow::bail;

use super::{
    super::{Context, secret::in_file},
    Arguments,
    recorded::Recorded,
};
use crate::{
    auth::{
        explain::{Case, Explanation, Tried},
        relay::presented_scheme,
    },
    domain::{ids::Slug, relay_kind::Scheme, secret::SigningSecret, time::Time},
    store::{admin::AdminError, directory::Relay},
};

/// A scheme, and the secrets of which any may prove the request.
pub(super) struct Keys {
    scheme: Scheme,
    secrets: Vec<SigningSecret>,
}

impl Keys {
    /// Those that the arguments name, for a request that came at `now`.
    pub(super) fn of(
        arguments: &Arguments,
        context: &Context,
        request: &Recorded,
        now: Time,
    ) -> anyhow::Result<Self> {
        match (&arguments.relay, arguments.scheme, &arguments.secret_file) {
            (Some(relay), scheme, _) => Self::of_relay(context, relay, scheme, request, now),
            (None, Some(scheme), Some(file)) => {
                Ok(Self { scheme, secrets: vec![in_file(scheme.secret_form(), file)?] })
            }
            _ => bail!("--relay, or --scheme with --secret-file, is missing"),
        }
    }

    fn of_relay(
        context: &Context,
        slug: &Slug,
        scheme: Option<Scheme>,
        request: &Recorded,
        now: Time,
    ) -> anyhow::Result<Self> {
        let directory = context.reader()?.directory()?;
        let relay = directory.relay(slug).ok_or_else(|| AdminError::Absent("relay", slug.to_string()))?;
        let scheme = scheme_of(relay, scheme, request)?;
        let secrets = newest_first(relay, now);
        if secrets.is_empty() {
            bail!("relay {slug} has no secret that is valid at {}", now.to_rfc3339());
        }
        Ok(Self { scheme, secrets })
    }

    pub(super) const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Checks a request as the service does.
    ///
    /// # Errors
    ///
    /// Why it is refused: by the newest secret, unless the usual mistakes explain it by another one only.
    pub(super) fn check(&self, request: &Recorded, body: &[u8], now: Time) -> Result<(), Explanation> {
        let mut refusals = Vec::new();
        for secret in &self.secrets {
            match (Case { scheme: self.scheme, request, body, secret, now }).check() {
                Ok(()) => return Ok(()),
                Err(refusal) => refusals.push(refusal),
            }
        }
        let is_unexplained = |refusal: &Explanation| matches!(refusal.tried, Some(Tried::Nothing));
        refusals.into_iter().min_by_key(is_unexplained).map_or(Ok(()), Err)
    }
}

/// The scheme to check: the one that is asked for, if the relay may use it, or the one that the service would check.
fn scheme_of(relay: &Relay, asked: Option<Scheme>, request: &Recorded) -> anyhow::Result<Scheme> {
    let may_use = relay.kind.schemes();
    let Some(asked) = asked else { return presented(relay, request) };
    if may_use.contains(&asked) {
        return Ok(asked);
    }
    let names: Vec<_> = may_use.iter().map(|scheme| scheme.name()).collect();
    let (kind, names) = (relay.kind.name(), names.join(" or "));
    bail!("relay {} is of the kind {kind} and uses {names}, not {}", relay.slug, asked.name())
}

/// The scheme that the service would check. When one is there twice, it says itself what is wrong.
fn presented(relay: &Relay, request: &Recorded) -> anyhow::Result<Scheme> {
    presented_scheme(&[relay.kind], request).or_else(|why| {
        let twice = relay.kind.schemes().iter().find(|scheme| scheme.is_presented(request).is_err());
        Ok(*twice.ok_or(why)?)
    })
}

/// The secrets of a relay that are valid at `now`, the one first that was not replaced.
fn newest_first(relay: &Relay, now: Time) -> Vec<SigningSecret> {
    let newest = relay.secrets.newest().map(SigningSecret::fingerprint);
    let mut secrets: Vec<_> = relay.secrets.valid_at(now).cloned().collect();
    secrets.sort_by_key(|secret| Some(secret.fingerprint()) != newest);
    secrets
}
