//! Where a database is, as libpq's URLs say it.

use std::{fmt, str::FromStr, time::Duration};

use tokio_postgres::{Config, config::Host};

use super::security::{self, Said, Security};

/// How long a server may take to accept a connection, when the URL does not say. With several servers, each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How soon a silent peer is taken for gone, when the URL does not say.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);
const USER_TIMEOUT: Duration = Duration::from_secs(8);

/// The parameters that are understood, besides [`security::PARAMETERS`].
const PARAMETERS: [&str; 17] = [
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
];

/// Where a database is, how it is logged into, and how sure we must be that it is the one. It shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Config,
    pub(super) security: Security,
}

/// Why a URL of PostgreSQL cannot be used. Nothing of it is quoted: it may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// It is none.
    #[error("is not a PostgreSQL URL as libpq has them: postgres://USER@HOST:PORT/DATABASE?PARAMETER=VALUE")]
    Malformed,
    /// It has a parameter that is not understood.
    #[error("has a parameter that is not known; those that are: {}", known())]
    Parameter,
    /// `sslmode` is none.
    #[error("sslmode must be disable, allow, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// `sslmode` asks for less than a name, and everybody can be known to the roots.
    #[error("sslrootcert=system goes with sslmode=verify-full only")]
    WeakMode,
    /// A certificate without a key, or a key without a certificate.
    #[error("sslcert and sslkey go together")]
    HalfIdentity,
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, PostgresUrlError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut rest, mut said) = (Vec::new(), Said::default());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(PostgresUrlError::Malformed)?;
            match said.place(name) {
                Some(place) => *place = Some(decoded(value)?).filter(|value| !value.is_empty()),
                None if PARAMETERS.contains(&name) => rest.push(pair),
                None => return Err(PostgresUrlError::Parameter),
            }
        }
        let security = said.try_into()?;
        let plain = format!("{address}?{}", rest.join("&"));
        let mut config: Config = plain.parse().map_err(|_| PostgresUrlError::Malformed)?;
        if config.get_hosts().is_empty() {
            return Err(PostgresUrlError::Malformed);
        }
        be_impatient(&mut config, &rest);
        Ok(Self { config, security })
    }
}

fn decoded(value: &str) -> Result<String, PostgresUrlError> {
    let value = percent_encoding::percent_decode_str(value).decode_utf8();
    Ok(value.map_err(|_| PostgresUrlError::Malformed)?.into_owned())
}

fn known() -> String {
    [&PARAMETERS[..], &security::PARAMETERS].concat().join(", ")
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
            ("postgres://u:secret@h/d?sslmode=secret", PostgresUrlError::SslMode),
        ] {
            assert_eq!(read(bad), Err(why), "{bad}");
            assert!(!why.to_string().contains("secret"));
        }
    }
}
