//! Where a database is, as libpq's URLs say it.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use tokio_postgres::{Config, config::Host};

/// How long a server may take to accept a connection, when the URL does not say. With several servers, each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How soon a silent peer is taken for gone, when the URL does not say.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);
const USER_TIMEOUT: Duration = Duration::from_secs(8);

/// The parameters that are understood. Two of them are ours to understand: how a server proves who it is.
const PARAMETERS: [&str; 19] = [
    "user",
    "password",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "options",
    "application_name",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    SSLMODE,
    SSLROOTCERT,
];
const SSLMODE: &str = "sslmode";
const SSLROOTCERT: &str = "sslrootcert";

/// Where a database is, how it is logged into, and how sure we must be that it is the one. It shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Config,
    pub(super) proof: Proof,
}

/// What a server must prove before anything is told to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing: whatever certificate it has is good.
    Nothing,
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

/// Why a URL of PostgreSQL cannot be used. Nothing of it is quoted: it may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// It is none.
    #[error("is not a PostgreSQL URL as libpq has them: postgres://USER@HOST:PORT/DATABASE?PARAMETER=VALUE")]
    Malformed,
    /// It has a parameter that is not understood.
    #[error("has a parameter that is not known; those that are: {}", PARAMETERS.join(", "))]
    Parameter,
    /// `sslmode` is none.
    #[error("sslmode must be disable, prefer, require, verify-ca or verify-full")]
    SslMode,
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, PostgresUrlError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut rest, mut mode, mut roots) = (Vec::new(), None, Roots::Default);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(PostgresUrlError::Malformed)?;
            match name {
                SSLMODE => mode = Some(value.to_owned()),
                SSLROOTCERT => roots = self::roots(value)?,
                name if PARAMETERS.contains(&name) => rest.push(pair),
                _ => return Err(PostgresUrlError::Parameter),
            }
        }
        let (ssl_mode, proof) = proof(mode.as_deref(), roots)?;
        rest.push(ssl_mode);
        let plain = format!("{address}?{}", rest.join("&"));
        let mut config: Config = plain.parse().map_err(|_| PostgresUrlError::Malformed)?;
        if config.get_hosts().is_empty() {
            return Err(PostgresUrlError::Malformed);
        }
        be_impatient(&mut config, &rest);
        Ok(Self { config, proof })
    }
}

fn roots(value: &str) -> Result<Roots, PostgresUrlError> {
    let value = percent_encoding::percent_decode_str(value).decode_utf8();
    match &*value.map_err(|_| PostgresUrlError::Malformed)? {
        "system" => Ok(Roots::System),
        path => Ok(Roots::File(path.into())),
    }
}

/// What `sslmode` means: whether there is TLS, and what the server must prove then. As with libpq, who names roots and
/// requires TLS wants the server to be known to them.
fn proof(mode: Option<&str>, roots: Roots) -> Result<(&'static str, Proof), PostgresUrlError> {
    Ok(match mode {
        Some("disable") => ("sslmode=disable", Proof::Nothing),
        None | Some("prefer") => ("sslmode=prefer", Proof::Nothing),
        Some("require") if roots == Roots::Default => ("sslmode=require", Proof::Nothing),
        Some("require" | "verify-ca") => ("sslmode=require", Proof::Known(roots)),
        Some("verify-full") => ("sslmode=require", Proof::Named(roots)),
        Some(_) => return Err(PostgresUrlError::SslMode),
    })
}

/// Sets what the URL does not say about how long to wait.
fn be_impatient(config: &mut Config, said: &[&str]) {
    let says = |name: &str| said.iter().any(|pair| pair.split('=').next() == Some(name));
    if !says("connect_timeout") {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if !says("tcp_user_timeout") {
        config.tcp_user_timeout(USER_TIMEOUT);
    }
    if !["keepalives_idle", "keepalives_interval", "keepalives_retries"].into_iter().any(says) {
        let (idle, interval, retries) = KEEPALIVE;
        config.keepalives_idle(idle).keepalives_interval(interval).keepalives_retries(retries);
    }
    if !says("application_name") {
        config.application_name("chert-groups");
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let hosts = self.config.get_hosts().iter().enumerate().map(|(at, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(at)),
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(at)),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        write!(f, "postgres://{hosts}/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PostgresUrl, PostgresUrlError> {
        text.parse()
    }

    #[test]
    fn sslmode_is_what_it_is_to_libpq() {
        let file = || Roots::File("/ca.pem".into());
        for (query, proof) in [
            ("", Proof::Nothing),
            ("?sslmode=disable", Proof::Nothing),
            ("?sslmode=prefer&sslrootcert=/ca.pem", Proof::Nothing),
            ("?sslmode=require", Proof::Nothing),
            ("?sslmode=require&sslrootcert=%2Fca.pem", Proof::Known(file())),
            ("?sslmode=verify-ca&sslrootcert=/ca.pem", Proof::Known(file())),
            ("?sslrootcert=/ca.pem&sslmode=verify-full", Proof::Named(file())),
            ("?sslmode=verify-full", Proof::Named(Roots::Default)),
            ("?sslmode=verify-full&sslrootcert=system", Proof::Named(Roots::System)),
        ] {
            assert_eq!(read(&format!("postgres://u:p@h/d{query}")).unwrap().proof, proof, "{query}");
        }
        assert_eq!(read("postgres://h/d?sslmode=allow"), Err(PostgresUrlError::SslMode));
    }

    #[test]
    fn several_servers_and_no_password_are_shown() {
        let url = "postgresql://user:secret@one:1,two:2/groups?target_session_attrs=read-write";
        let url = read(url).unwrap();
        assert_eq!(url.to_string(), "postgres://one:1,two:2/groups");
        assert!(!format!("{url:?}").contains("secret"));
    }

    #[test]
    fn what_is_wrong_is_not_quoted() {
        for (bad, why) in [
            ("postgres://u:secret@h:port/d", PostgresUrlError::Malformed),
            ("postgres:///d", PostgresUrlError::Malformed),
            ("postgres://u:sec?ret=@h/d", PostgresUrlError::Parameter),
            ("postgres://u:secret@h/d?ssl=on", PostgresUrlError::Parameter),
        ] {
            assert_eq!(read(bad), Err(why), "{bad}");
            assert!(!why.to_string().contains("secret"));
        }
    }
}
