//! The store that every run begins with: all lines and all groups are known.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chert_groups::{
    clock::{self, Clock},
    domain::{relay_kind::RelayKind, secret::SigningSecret, time::Time},
    store::sqlite::{
        admin::Admin,
        open::{Upkeep, open, open_for_server},
    },
};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    child::{Contender, Server},
    events::{GROUPS, LINES, RELAY, Requests, TENANT, line},
    load::Connection,
};

/// The relay that makes groups.
pub(crate) const MAKER: &str = "maker";

/// The line that groups are created from.
pub(crate) const MAKER_LINE: &str = "+15559990000";

/// A store to begin with, and what a relay needs to know about it.
pub(crate) struct Template {
    /// Removed with everything in it when this is dropped.
    folder: TempDir,
    /// What the relay signs with.
    pub(crate) secret: SigningSecret,
    /// What the relay that makes groups signs with.
    pub(crate) maker_secret: SigningSecret,
    /// What the tenant signs with.
    pub(crate) tenant_secret: SigningSecret,
    /// The chat of each group.
    pub(crate) chats: Vec<String>,
}

#[derive(Deserialize)]
struct Answers {
    results: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    chat_id: String,
    outcome: String,
}

impl Template {
    /// Makes one in `folder`, with our own server. Its groups were made at `since`.
    pub(crate) async fn make(folder: TempDir, clock: &Clock, since: Time) -> anyhow::Result<Self> {
        let secret = || SigningSecret::from_random(clock::random());
        let mut template = Self {
            folder,
            secret: secret(),
            maker_secret: secret(),
            tenant_secret: secret(),
            chats: Vec::with_capacity(GROUPS),
        };
        let path = template.path();
        template.set_up_directory(&path, clock)?;
        let mut server = Server::start(Contender::Ours, &path)?;
        template.found_groups(&server, clock, since).await?;
        server.kill()?;
        // Opened as a server opens it, the log is emptied into the file; closed, it is removed.
        drop(open_for_server(&path, Upkeep::LeaveAsItIs)?);
        Ok(template)
    }

    /// A fresh copy. The last one is overwritten.
    pub(crate) fn copy(&self) -> anyhow::Result<PathBuf> {
        let copy = self.folder.path().join("copy");
        // There is none the first time.
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy)?;
        let path = copy.join("registry.db");
        std::fs::copy(self.path(), &path)?;
        std::fs::File::open(&path)?.sync_all()?;
        Ok(path)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("registry.db")
    }

    fn set_up_directory(&self, path: &Path, clock: &Clock) -> anyhow::Result<()> {
        let (tenant, relay) = (TENANT.parse()?, RELAY.parse()?);
        let mut admin = Admin::new(open(path, Upkeep::CreateAndMigrate)?, clock.now());
        admin.add_tenant(&tenant, false, &self.tenant_secret)?;
        admin.add_relay(&relay, RelayKind::Native, None, &self.secret)?;
        let maker = MAKER.parse()?;
        admin.add_relay(&maker, RelayKind::Native, None, &self.maker_secret)?;
        admin.add_line(&MAKER_LINE.parse()?, &tenant, &maker)?;
        for number in 0..LINES {
            admin.add_line(&line(number).parse()?, &tenant, &relay)?;
        }
        Ok(())
    }

    async fn found_groups(&mut self, server: &Server, clock: &Clock, since: Time) -> anyhow::Result<()> {
        let requests = Requests::found_groups(&self.secret, since, clock.now())?;
        let mut connection = Connection::open(server.address).await?;
        for number in 0..requests.len() {
            let request = requests.get(number).context("no such request")?;
            let Answers { results } = serde_json::from_slice(connection.post(request).await?)?;
            ensure!(results.iter().all(|answer| answer.outcome == "created"), "a group was not created");
            self.chats.extend(results.into_iter().map(|answer| answer.chat_id));
        }
        ensure!(self.chats.len() == GROUPS, "{} groups", self.chats.len());
        Ok(())
    }
}
