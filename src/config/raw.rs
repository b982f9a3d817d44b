//! What was said, before it is known to make sense.

use std::{collections::HashMap, fmt, path::Path, str::FromStr, time::Duration};

use config::{Config, Environment, File, FileFormat, Value};

use crate::telemetry;

use super::{DEFAULTS, LogFormat, LogSettings, ServerSettings, Settings, StoreSettings};

/// What flags say: the name of a setting, such as `store.url`, with its value.
#[derive(Clone, Debug, Default)]
pub struct Overrides(Vec<(&'static str, String)>);

impl Overrides {
    /// Adds a flag's value, if it was given.
    pub fn set(&mut self, name: &'static str, value: Option<impl fmt::Display>) {
        self.0.extend(value.map(|value| (name, value.to_string())));
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Settings by section and name, with the problems met so far.
pub(super) struct Raw {
    values: HashMap<String, HashMap<String, Value>>,
    problems: Vec<String>,
}

impl Raw {
    pub(super) fn read(file: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let whole = |why: config::ConfigError| ConfigError(vec![why.to_string()]);
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("CHERT_GROUPS").prefix_separator("__").separator("__");
        builder = builder.add_source(environment);
        for (name, value) in &overrides.0 {
            builder = builder.set_override(name, value.as_str()).map_err(whole)?;
        }
        let merged = builder.build().map_err(whole)?;
        let mut raw = Self { values: HashMap::new(), problems: Vec::new() };
        for (section, value) in merged.cache.into_table().map_err(whole)? {
            match value.into_table() {
                Ok(values) => drop(raw.values.insert(section, values)),
                Err(_) => raw.problems.push(format!("{section}: no such setting")),
            }
        }
        Ok(raw)
    }

    pub(super) fn resolve(mut self) -> Result<Settings, ConfigError> {
        let settings = self.settings();
        for (section, values) in &self.values {
            self.problems.extend(values.keys().map(|name| format!("{section}.{name}: no such setting")));
        }
        self.problems.sort();
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(ConfigError(self.problems)),
        }
    }

    /// Every part is read before any is given up on, so that all problems are found.
    fn settings(&mut self) -> Option<Settings> {
        let (server, store, log) = (self.server(), self.store(), self.log());
        Some(Settings { server: server?, store: store?, log: log? })
    }

    fn server(&mut self) -> Option<ServerSettings> {
        let listen = self.parsed("server", "listen");
        let ops_listen =
            self.text("server", "ops_listen").map(|text| self.optional("server.ops_listen", &text));
        let workers = self.number("server", "workers", 0..=1024);
        let body_limit = self.number("server", "body_limit_bytes", 1024..=1 << 30);
        let body_timeout = self.seconds("server", "body_timeout_seconds");
        let keep_alive = self.seconds("server", "keep_alive_seconds");
        let shutdown = self.seconds("server", "shutdown_seconds");
        Some(ServerSettings {
            listen: listen?,
            ops_listen: ops_listen??,
            workers: Some(workers?).filter(|workers| *workers > 0),
            body_limit: body_limit?,
            body_timeout: body_timeout?,
            keep_alive: keep_alive?,
            shutdown: shutdown?,
        })
    }

    fn store(&mut self) -> Option<StoreSettings> {
        let url = self.parsed("store", "url");
        let migrate = self.boolean("store", "migrate");
        let readers = self.number("store", "readers", 1..=256);
        let writers = self.number("store", "writers", 1..=64);
        let isolation = self.parsed("store", "isolation");
        let queue = self.number("store", "queue", 1000..=1_000_000);
        let cached_handles = self.number("store", "cached_handles", 0..=1_000_000_000);
        let lookup_cache = self.number("store", "lookup_cache_bytes", 0..=1 << 40);
        let receipt_days = self.number::<u16>("store", "receipt_days", 30..=3650);
        Some(StoreSettings {
            url: url?,
            migrate: migrate?,
            readers: readers?,
            writers: writers?,
            isolation: isolation?,
            queue: queue?,
            cached_handles: cached_handles?,
            lookup_cache: lookup_cache?,
            keep_receipts: jiff::SignedDuration::from_hours(24 * i64::from(receipt_days?)),
        })
    }

    fn log(&mut self) -> Option<LogSettings> {
        let level = self.text("log", "level").filter(|level| {
            let usable = telemetry::filter(level).is_ok();
            if !usable {
                self.problem("log.level", "must be error, warn, info, debug, trace or a filter of them");
            }
            usable
        });
        let format = self.text("log", "format").and_then(|format| match format.as_str() {
            "auto" => Some(LogFormat::Auto),
            "pretty" => Some(LogFormat::Pretty),
            "json" => Some(LogFormat::Json),
            _ => {
                self.problem("log.format", "must be auto, pretty or json");
                None
            }
        });
        Some(LogSettings { level: level?, format: format? })
    }

    fn take(&mut self, section: &str, name: &str) -> Option<Value> {
        let value = self.values.get_mut(section).and_then(|values| values.remove(name));
        if value.is_none() {
            self.problem(&format!("{section}.{name}"), "is missing");
        }
        value
    }

    fn text(&mut self, section: &str, name: &str) -> Option<String> {
        let text = self.take(section, name)?.into_string();
        text.map_err(|_| self.problem(&format!("{section}.{name}"), "must be a text")).ok()
    }

    fn boolean(&mut self, section: &str, name: &str) -> Option<bool> {
        let value = self.take(section, name)?.into_bool();
        value.map_err(|_| self.problem(&format!("{section}.{name}"), "must be true or false")).ok()
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, section: &str, name: &str) -> Option<T> {
        let text = self.text(section, name)?;
        text.parse().map_err(|why: T::Err| self.problem(&format!("{section}.{name}"), &why.to_string())).ok()
    }

    /// `Some(None)` for an empty text, `None` for a bad one.
    #[expect(clippy::option_option, reason = "absent and unusable are two things")]
    fn optional<T: FromStr<Err: fmt::Display>>(&mut self, setting: &str, text: &str) -> Option<Option<T>> {
        if text.is_empty() {
            return Some(None);
        }
        text.parse().map(Some).map_err(|why: T::Err| self.problem(setting, &why.to_string())).ok()
    }

    fn number<T: TryFrom<i64> + TryInto<i64> + Copy + fmt::Display>(
        &mut self,
        section: &str,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<T> {
        let value = self.take(section, name)?.into_int().ok().filter(|value| range.contains(value));
        let value = value.and_then(|value| T::try_from(value).ok());
        if value.is_none() {
            let why = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.problem(&format!("{section}.{name}"), &why);
        }
        value
    }

    fn seconds(&mut self, section: &str, name: &str) -> Option<Duration> {
        self.number::<u32>(section, name, 1..=86_400).map(|seconds| Duration::from_secs(u64::from(seconds)))
    }

    fn problem(&mut self, setting: &str, why: &str) {
        self.problems.push(format!("{setting}: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<Settings, ConfigError> {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Raw::read(Some(file.path()), &Overrides::default())?.resolve()
    }

    #[test]
    fn the_documented_defaults_are_usable() {
        let settings = with_file("").unwrap();
        assert_eq!(settings.server.listen.port(), 8080);
        assert_eq!(settings.server.ops_listen, None);
        assert_eq!(settings.store.keep_receipts, jiff::SignedDuration::from_hours(35 * 24));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let text = "[server]\nlisten = \"nowhere\"\nworkers = -1\ncolour = \"red\"\n\
                    [store]\nurl = \"file.db\"\nqueue = 3\nmigrate = \"perhaps\"\n\
                    [log]\nlevel = \"verbose\"\nformat = \"xml\"\n[extra]\na = 1\n";
        let problems = with_file(text).unwrap_err().to_string();
        for setting in [
            "server.listen: ",
            "server.workers: ",
            "server.colour: no such",
            "store.url: must be sqlite:PATH",
            "store.queue: must be",
            "store.migrate: ",
            "log.level: ",
            "log.format: ",
            "extra.a: no such",
        ] {
            assert!(problems.contains(setting), "{setting} in {problems}");
        }
    }

    #[test]
    fn flags_come_first() {
        let mut flags = Overrides::default();
        flags.set("server.listen", Some("127.0.0.1:0"));
        flags.set("store.url", None::<String>);
        let settings = Raw::read(None, &flags).unwrap().resolve().unwrap();
        assert_eq!(settings.server.listen.port(), 0);
    }
}
