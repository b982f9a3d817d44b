//! What a URL says of TLS, as libpq means it.

use std::path::PathBuf;

use tokio_postgres::config::SslMode;

use super::url::PostgresUrlError;

/// The parameters that are understood here.
pub(super) const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

/// The values of those that are there.
#[derive(Default)]
pub(super) struct Said {
    mode: Option<String>,
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Said {
    /// Where the value of a parameter goes, if it is one of these.
    pub(super) fn place(&mut self, parameter: &str) -> Option<&mut Option<String>> {
        match parameter {
            "sslmode" => Some(&mut self.mode),
            "sslrootcert" => Some(&mut self.roots),
            "sslcert" => Some(&mut self.certificate),
            "sslkey" => Some(&mut self.key),
            _ => None,
        }
    }
}

/// Whether there is TLS, what the server must prove then, and what we show of ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Security {
    pub(super) attempts: Attempts,
    pub(super) proof: Proof,
    pub(super) identity: Option<Identity>,
}

/// Whether there is TLS; and what is tried next, where the server will not have it, or will have nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempts {
    pub(super) first: SslMode,
    pub(super) second: Option<SslMode>,
}

impl Attempts {
    const NEVER: Self = Self { first: SslMode::Disable, second: None };
    const AT_NEED: Self = Self { first: SslMode::Disable, second: Some(SslMode::Require) };
    const PREFERRED: Self = Self { first: SslMode::Prefer, second: Some(SslMode::Disable) };
    const ALWAYS: Self = Self { first: SslMode::Require, second: None };
}

/// What a server must prove before anything is told to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing: whatever certificate it has is good.
    Nothing,
    /// That somebody among the default roots knows it, if there are any; if not, nothing.
    KnownIfAnybodyIs,
    /// That somebody among the roots knows it.
    Known(Roots),
    /// That it is who it is called, too.
    Named(Roots),
}

/// Whose word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those in this file.
    File(PathBuf),
    /// Those that the system trusts.
    System,
    /// Those in libpq's own file, `~/.postgresql/root.crt`.
    Default,
}

/// The files with which a client shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl TryFrom<Said> for Security {
    type Error = PostgresUrlError;

    fn try_from(said: Said) -> Result<Self, PostgresUrlError> {
        let roots = said.roots.map(|roots| match roots.as_str() {
            "system" => Roots::System,
            path => Roots::File(path.into()),
        });
        let (attempts, proof) = demands(said.mode.as_deref(), roots)?;
        // What is never shown need not be there.
        let identity = identity(said.certificate, said.key)?.filter(|_| attempts != Attempts::NEVER);
        Ok(Self { attempts, proof, identity })
    }
}

fn demands(mode: Option<&str>, roots: Option<Roots>) -> Result<(Attempts, Proof), PostgresUrlError> {
    Ok(match (mode, roots) {
        (None | Some("verify-full"), Some(Roots::System)) => (Attempts::ALWAYS, Proof::Named(Roots::System)),
        // Anybody can have a certificate that the system's roots know: it says something only with a name.
        (Some("disable" | "allow" | "prefer" | "require" | "verify-ca"), Some(Roots::System)) => {
            return Err(PostgresUrlError::WeakMode);
        }
        (Some("disable"), _) => (Attempts::NEVER, Proof::Nothing),
        // Where libpq checks a certificate here, it goes on without TLS if that is not good enough.
        (Some("allow"), _) => (Attempts::AT_NEED, Proof::Nothing),
        (None | Some("prefer"), _) => (Attempts::PREFERRED, Proof::Nothing),
        (Some("require"), None) => (Attempts::ALWAYS, Proof::KnownIfAnybodyIs),
        (Some("require"), Some(roots)) => (Attempts::ALWAYS, Proof::Known(roots)),
        (Some("verify-ca"), roots) => (Attempts::ALWAYS, Proof::Known(roots.unwrap_or(Roots::Default))),
        (Some("verify-full"), roots) => (Attempts::ALWAYS, Proof::Named(roots.unwrap_or(Roots::Default))),
        (Some(_), _) => return Err(PostgresUrlError::SslMode),
    })
}

fn identity(certificate: Option<String>, key: Option<String>) -> Result<Option<Identity>, PostgresUrlError> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            Ok(Some(Identity { certificate: certificate.into(), key: key.into() }))
        }
        _ => Err(PostgresUrlError::HalfIdentity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::url::PostgresUrl;

    fn read(query: &str) -> Result<Security, PostgresUrlError> {
        format!("postgres://u:p@h/d?{query}").parse().map(|url: PostgresUrl| url.security)
    }

    #[test]
    fn sslmode_is_what_it_is_to_libpq() {
        let file = || Roots::File("/ca.pem".into());
        for (query, attempts, proof) in [
            ("", Attempts::PREFERRED, Proof::Nothing),
            ("sslmode=disable", Attempts::NEVER, Proof::Nothing),
            ("sslmode=allow", Attempts::AT_NEED, Proof::Nothing),
            ("sslmode=prefer&sslrootcert=/ca.pem", Attempts::PREFERRED, Proof::Nothing),
            ("sslmode=require", Attempts::ALWAYS, Proof::KnownIfAnybodyIs),
            ("sslmode=require&sslrootcert=", Attempts::ALWAYS, Proof::KnownIfAnybodyIs),
            ("sslmode=require&sslrootcert=%2Fca.pem", Attempts::ALWAYS, Proof::Known(file())),
            ("sslmode=verify-ca", Attempts::ALWAYS, Proof::Known(Roots::Default)),
            ("sslmode=verify-ca&sslrootcert=/ca.pem", Attempts::ALWAYS, Proof::Known(file())),
            ("sslrootcert=/ca.pem&sslmode=verify-full", Attempts::ALWAYS, Proof::Named(file())),
            ("sslmode=verify-full", Attempts::ALWAYS, Proof::Named(Roots::Default)),
            ("sslmode=verify-full&sslrootcert=system", Attempts::ALWAYS, Proof::Named(Roots::System)),
            ("sslrootcert=system", Attempts::ALWAYS, Proof::Named(Roots::System)),
        ] {
            assert_eq!(read(query), Ok(Security { attempts, proof, identity: None }), "{query}");
        }
    }

    #[test]
    fn a_certificate_has_a_key() {
        let identity = Identity { certificate: "/c.pem".into(), key: "/k.pem".into() };
        assert_eq!(read("sslcert=/c.pem&sslkey=/k.pem").unwrap().identity, Some(identity));
        assert_eq!(read("sslmode=disable&sslcert=/c.pem&sslkey=/k.pem").unwrap().identity, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (query, why) in [
            ("sslmode=on", PostgresUrlError::SslMode),
            ("sslmode=require&sslrootcert=system", PostgresUrlError::WeakMode),
            ("sslmode=verify-ca&sslrootcert=system", PostgresUrlError::WeakMode),
            ("sslmode=prefer&sslrootcert=system", PostgresUrlError::WeakMode),
            ("sslcert=/c.pem", PostgresUrlError::HalfIdentity),
            ("sslkey=/k.pem", PostgresUrlError::HalfIdentity),
        ] {
            assert_eq!(read(query), Err(why), "{query}");
        }
    }
}
