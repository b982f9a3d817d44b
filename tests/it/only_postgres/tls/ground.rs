//! A server, and who comes to it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use chert_groups::{
    clock::Clock,
    store::{upkeep::Upkeep, url::StoreUrlError},
    stores,
};
use tempfile::TempDir;

use crate::support::{
    postgres::{
        certificates::{Authority, Certified, Validity},
        server::{FORGETFUL, PASSWORD, Server},
    },
    store::TestStore,
};

/// What the server is called; no name service needs to know it.
pub(crate) const HOST: &str = "db.example";

/// Everybody may come by TLS and without.
pub(crate) const EVERYBODY: &str = "host all registry 127.0.0.1/32 trust";

/// What comes of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// A connection without TLS.
    Plain,
    /// One with TLS.
    Secured,
    /// None, for a reason in which these words are.
    Refused(&'static str),
}

/// A server with a registry, and a folder for the files of who comes to it.
pub(crate) struct Ground {
    server: Arc<Server>,
    store: TestStore,
    folder: TempDir,
    pub(crate) authority: Authority,
}

impl Ground {
    /// A server without TLS. The client's file `ca.pem` has the authority that certifies servers here.
    pub(crate) fn new() -> Self {
        let server = Arc::new(Server::start(&FORGETFUL));
        let store = TestStore::empty_on(&server);
        drop(store.admin(Clock::system().now()));
        let ground = Self {
            server,
            store,
            folder: tempfile::tempdir().expect("a folder"),
            authority: Authority::new("ours"),
        };
        ground.write("ca.pem", &ground.authority.certificate, 0o644);
        ground
    }

    /// A certificate of the server from an authority.
    pub(crate) fn certified_by(authority: &Authority) -> Certified {
        authority.certify(HOST, &[HOST, "localhost", "127.0.0.1"], Validity::Good)
    }

    /// A server with a good certificate, which lets people in as its `pg_hba.conf` says here.
    pub(crate) fn with_tls(rules: &str) -> Self {
        let ground = Self::new();
        ground.show(&Self::certified_by(&ground.authority));
        ground.let_in(rules);
        ground
    }

    /// Has the server show this certificate, and know clients of the same authority.
    pub(crate) fn show(&self, certified: &Certified) {
        self.server.put("server.crt", &certified.certificate);
        self.server.put("server.key", &certified.key);
        self.server.put("clients.crt", &self.authority.certificate);
        self.set("ssl", "on");
        self.set("ssl_ca_file", "clients.crt");
        self.restart();
    }

    /// Has the server let people in by these rules. Its owner always comes without TLS.
    pub(crate) fn let_in(&self, rules: &str) {
        self.server.put("pg_hba.conf", &format!("hostnossl all postgres 127.0.0.1/32 trust\n{rules}\n"));
        self.restart();
    }

    pub(crate) fn set(&self, setting: &str, value: &str) {
        self.server.query(&format!("ALTER SYSTEM SET {setting} = '{value}'"));
    }

    pub(crate) fn restart(&self) {
        self.server.end("INT");
        self.server.resume();
    }

    /// Writes a file of the client's.
    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).expect("a file");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("its mode");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The URL of the registry with these parameters, in which `{}` is the client's folder.
    pub(crate) fn url(&self, parameters: &str) -> String {
        self.url_of(HOST, PASSWORD, parameters)
    }

    fn url_of(&self, host: &str, password: &str, parameters: &str) -> String {
        let (port, database) = (self.server.address().port(), self.store.database());
        let parameters = parameters.replace("{}", &self.folder.path().display().to_string());
        format!("postgres://registry:{password}@{host}:{port}/{database}?hostaddr=127.0.0.1&{parameters}")
    }

    /// Comes to the server by such a URL.
    pub(crate) fn assert(&self, parameters: &str, expected: Expected) {
        self.assert_at(HOST, parameters, expected);
    }

    /// The same, where the server is called so.
    pub(crate) fn assert_at(&self, host: &str, parameters: &str, expected: Expected) {
        self.assert_with(PASSWORD, host, parameters, expected);
    }

    /// The same with another password.
    pub(crate) fn assert_with(&self, password: &str, host: &str, parameters: &str, expected: Expected) {
        let came = self.come(&self.url_of(host, password, parameters));
        let is_fine = match (&came, expected) {
            (Ok(secured), Expected::Plain) => !secured,
            (Ok(secured), Expected::Secured) => *secured,
            (Err(why), Expected::Refused(words)) => {
                why.contains(words) && !why.contains(password) && !why.contains('\n')
            }
            _ => false,
        };
        assert!(is_fine, "{host} {parameters}: {came:?} instead of {expected:?}");
    }

    /// Whether the connection has TLS, or why there is none.
    fn come(&self, url: &str) -> Result<bool, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("visitor-{}", NUMBER.fetch_add(1, SeqCst));
        let url =
            format!("{url}&application_name={name}").parse().map_err(|why: StoreUrlError| why.to_string())?;
        let opened = stores::admin(&url, Upkeep::LeaveAsItIs, Clock::system().now());
        let _open = opened.map_err(|why| why.to_string())?;
        let sessions = self.server.query(&format!(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = '{name}'"
        ));
        assert_eq!(sessions.len(), 1, "{name}");
        Ok(sessions[0][0].as_deref() == Some("t"))
    }
}
