//! The files that turns begin with: all lines and all groups are known.
//!
//! - [`founding`] fills a file; [`crash`] looks whether what was answered is still there after a crash.

pub(crate) mod crash;
mod founding;

use std::{
    fs::File,
    path::{Path, PathBuf},
    rc::Rc,
};

use chert_groups::{
    clock::{self, Clock},
    domain::{ids::ChatId, relay_kind::RelayKind, secret::SigningSecret},
    store::{
        sqlite::open::{Upkeep, open_for_server},
        url::StoreUrl,
    },
    stores,
};

use crate::population::{LINES, Population, line};

/// Who posts.
pub(crate) const RELAY: &str = "bench";

/// Whose lines they are.
pub(crate) const TENANT: &str = "bench";

/// The relay that makes groups.
pub(crate) const MAKER: &str = "maker";

/// The line that groups are created from.
pub(crate) const MAKER_LINE: &str = "+15559990000";

/// What everybody signs with, the same in all files.
pub(crate) struct Secrets {
    /// The relay that posts.
    pub(crate) relay: SigningSecret,
    /// The relay that makes groups.
    pub(crate) maker: SigningSecret,
    /// The tenant.
    pub(crate) tenant: SigningSecret,
}

/// A file to begin with, and what is known about it.
#[derive(Clone)]
pub(crate) struct Ground {
    /// Its groups, and which of them the traffic is about.
    pub(crate) population: Population,
    /// The chat of each group.
    pub(crate) chats: Rc<Vec<ChatId>>,
    path: PathBuf,
    /// Where turns have copies of it. Without it they go on with the file itself, each where the last one ended.
    copies: Option<PathBuf>,
}

impl Secrets {
    /// New ones.
    pub(crate) fn new() -> Self {
        let secret = || SigningSecret::from_random(clock::random());
        Self { relay: secret(), maker: secret(), tenant: secret() }
    }
}

impl Ground {
    /// A file with nothing but the groups in it, in `folder`. Turns begin with fresh copies.
    pub(crate) fn empty(folder: &Path, secrets: &Secrets, clock: &Clock) -> anyhow::Result<Self> {
        let population = Population::of(crate::population::GROUPS);
        let mut ground = Self::make(&folder.join("empty"), population, secrets, clock)?;
        ground.copies = Some(folder.join("copy"));
        ground.settle()?;
        Ok(ground)
    }

    /// A file of about so many groups and receipts, in `folder`. It is too large to be copied for each turn.
    pub(crate) fn grown(
        folder: &Path,
        (groups, receipts): (usize, usize),
        secrets: &Secrets,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let ground = Self::make(&folder.join("grown"), Population::of(groups), secrets, clock)?;
        founding::add_receipts(&ground.path, receipts.saturating_sub(groups), clock.now())?;
        ground.settle()?;
        Ok(ground)
    }

    /// The same file, with traffic about all of its groups.
    pub(crate) fn everywhere(&self) -> Self {
        Self { population: self.population.everywhere(), ..self.clone() }
    }

    /// The file for a turn. A copy that was made before is overwritten.
    pub(crate) fn file(&self) -> anyhow::Result<PathBuf> {
        let Some(folder) = &self.copies else { return Ok(self.path.clone()) };
        // There is none the first time.
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir(folder)?;
        let path = folder.join("registry.db");
        std::fs::copy(&self.path, &path)?;
        File::open(&path)?.sync_all()?;
        Ok(path)
    }

    fn make(folder: &Path, population: Population, secrets: &Secrets, clock: &Clock) -> anyhow::Result<Self> {
        std::fs::create_dir(folder)?;
        let path = folder.join("registry.db");
        set_up_directory(&path, secrets, clock)?;
        let chats = founding::found_groups(&path, population, clock.now())?;
        Ok(Self { population, chats: Rc::new(chats), path, copies: None })
    }

    /// Opened as a server opens it, the log is emptied into the file; closed, it is removed.
    fn settle(&self) -> anyhow::Result<()> {
        drop(open_for_server(&self.path, Upkeep::LeaveAsItIs)?);
        Ok(File::open(&self.path)?.sync_all()?)
    }
}

fn set_up_directory(path: &Path, secrets: &Secrets, clock: &Clock) -> anyhow::Result<()> {
    let (tenant, relay, maker) = (TENANT.parse()?, RELAY.parse()?, MAKER.parse()?);
    let mut admin = stores::admin(&StoreUrl::Sqlite(path.to_owned()), Upkeep::CreateAndMigrate, clock.now())?;
    admin.add_tenant(&tenant, false, &secrets.tenant)?;
    admin.add_relay(&relay, RelayKind::Native, None, &secrets.relay)?;
    admin.add_relay(&maker, RelayKind::Native, None, &secrets.maker)?;
    admin.add_line(&MAKER_LINE.parse()?, &tenant, &maker)?;
    for number in 0..LINES {
        admin.add_line(&line(number).parse()?, &tenant, &relay)?;
    }
    Ok(())
}
