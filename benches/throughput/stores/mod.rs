//! The files and databases that turns begin with: all lines and all groups are known.
//!
//! - [`founding`] fills them; [`crash`] looks whether what was answered is still there after a crash.

pub(crate) mod crash;
mod founding;

use std::{
    fs::File,
    path::{Path, PathBuf},
    rc::Rc,
    thread,
};

use anyhow::{anyhow, bail};
use chert_groups::{
    clock::{self, Clock},
    domain::{ids::ChatId, relay_kind::RelayKind, secret::SigningSecret},
    store::{
        sqlite::open::{Upkeep, open_for_server},
        url::StoreUrl,
    },
    stores,
};

use crate::{
    population::{LINES, Population, line},
    postgres::Cluster,
    servers::{Contender, Server},
};

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

/// Where the registry of a turn is, and where its server logs.
#[derive(Clone)]
pub(crate) struct Store {
    /// As the program is told it.
    pub(crate) url: String,
    /// The file for what it says on stderr.
    pub(crate) log: PathBuf,
}

impl Store {
    /// The same for another server on it at the same time.
    pub(crate) fn beside(&self) -> Self {
        Self { log: self.log.with_extension("beside.log"), ..self.clone() }
    }
}

impl From<&PathBuf> for Store {
    fn from(file: &PathBuf) -> Self {
        Self { url: format!("sqlite:{}", file.display()), log: file.with_extension("log") }
    }
}

impl From<&Self> for Store {
    fn from(store: &Self) -> Self {
        store.clone()
    }
}

/// A file, or a database, to begin with, and what is known about it.
#[derive(Clone)]
pub(crate) struct Ground {
    /// Its groups, and which of them the traffic is about.
    pub(crate) population: Population,
    /// The chat of each group.
    pub(crate) chats: Rc<Vec<ChatId>>,
    place: Place,
}

/// Where it is.
#[derive(Clone)]
enum Place {
    /// In a file.
    File { path: PathBuf, found: Found },
    /// In a database that turns have copies of. Their servers log into the file.
    Database { cluster: Rc<Cluster>, log: PathBuf },
}

/// How a turn finds a file.
#[derive(Clone)]
enum Found {
    /// As it was made: each has a copy of its own, in this folder.
    New(PathBuf),
    /// Somewhat fuller, and at rest: after the turn before, a server has started on it and was stopped.
    AtRest,
    /// As a server has left it that was killed.
    Killed,
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
        let path = make(&folder.join("empty"))?;
        let chats = fill(&path, population, secrets, clock)?;
        settle(&path)?;
        let place = Place::File { path, found: Found::New(folder.join("copy")) };
        Ok(Self { population, chats: Rc::new(chats), place })
    }

    /// A file of about so many groups and receipts, in `folder`. It is too large to be copied for each turn, so each goes
    /// on where the last one ended, once the file has come to rest.
    pub(crate) fn grown(
        folder: &Path,
        (groups, receipts): (usize, usize),
        secrets: &Secrets,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let (path, population) = (make(&folder.join("grown"))?, Population::of(groups));
        let chats = fill(&path, population, secrets, clock)?;
        founding::add_receipts(&path, receipts.saturating_sub(groups), clock.now())?;
        settle(&path)?;
        let place = Place::File { path, found: Found::AtRest };
        Ok(Self { population, chats: Rc::new(chats), place })
    }

    /// A database with what is in the empty file, in a PostgreSQL of its own. Servers on it log into `folder`.
    pub(crate) fn in_postgres(folder: &Path, secrets: &Secrets, clock: &Clock) -> anyhow::Result<Self> {
        let (cluster, population) = (Cluster::start()?, Population::of(crate::population::GROUPS));
        let url: StoreUrl = cluster.ground().parse()?;
        cluster.hurry()?;
        set_up_directory(&url, secrets, clock)?;
        let found = || founding::found_groups(&mut *founding::writer(&url)?, population, clock.now());
        // It blocks, and this thread has a runtime to drive.
        let chats = thread::scope(|scope| scope.spawn(found).join());
        let chats = chats.map_err(|_| anyhow!("the groups could not be founded"))??;
        cluster.settle()?;
        let place = Place::Database { cluster: Rc::new(cluster), log: folder.join("postgres.log") };
        Ok(Self { population, chats: Rc::new(chats), place })
    }

    /// The same, with traffic about all of its groups. A turn does not wait until a file is at rest, which takes long when
    /// the one before was about so many.
    pub(crate) fn everywhere(&self) -> Self {
        let mut everywhere = Self { population: self.population.everywhere(), ..self.clone() };
        if let Place::File { found, .. } = &mut everywhere.place {
            *found = Found::Killed;
        }
        everywhere
    }

    /// The registry for a turn. A copy that was made before is gone then.
    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        match &self.place {
            Place::File { .. } => Ok(Store::from(&self.file()?)),
            Place::Database { cluster, log } => Ok(Store { url: cluster.copy()?, log: log.clone() }),
        }
    }

    /// The file for a turn. A copy that was made before is overwritten.
    pub(crate) fn file(&self) -> anyhow::Result<PathBuf> {
        let Place::File { path: original, found } = &self.place else { bail!("it is in no file") };
        match found {
            Found::New(folder) => copy(original, folder),
            Found::AtRest => {
                Server::start(Contender::Ours, original)?.stop()?;
                Ok(original.clone())
            }
            Found::Killed => Ok(original.clone()),
        }
    }
}

/// A copy of a file in a folder that has nothing else.
fn copy(original: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    // There is none the first time.
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir(folder)?;
    let path = folder.join("registry.db");
    std::fs::copy(original, &path)?;
    File::open(&path)?.sync_all()?;
    Ok(path)
}

/// A folder, and the path of a file in it.
fn make(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir(folder)?;
    Ok(folder.join("registry.db"))
}

/// Puts all lines and groups into a file that is not there yet; the chat of each group.
fn fill(
    path: &Path,
    population: Population,
    secrets: &Secrets,
    clock: &Clock,
) -> anyhow::Result<Vec<ChatId>> {
    let url = StoreUrl::Sqlite(path.to_owned());
    set_up_directory(&url, secrets, clock)?;
    founding::found_groups(&mut *founding::writer(&url)?, population, clock.now())
}

/// Opened as a server opens it, the log is emptied into the file; closed, it is removed.
fn settle(path: &Path) -> anyhow::Result<()> {
    drop(open_for_server(path, Upkeep::LeaveAsItIs)?);
    Ok(File::open(path)?.sync_all()?)
}

fn set_up_directory(url: &StoreUrl, secrets: &Secrets, clock: &Clock) -> anyhow::Result<()> {
    let (tenant, relay, maker) = (TENANT.parse()?, RELAY.parse()?, MAKER.parse()?);
    let mut admin = stores::admin(url, Upkeep::CreateAndMigrate, clock.now())?;
    admin.add_tenant(&tenant, false, &secrets.tenant)?;
    admin.add_relay(&relay, RelayKind::Native, None, &secrets.relay)?;
    admin.add_relay(&maker, RelayKind::Native, None, &secrets.maker)?;
    admin.add_line(&MAKER_LINE.parse()?, &tenant, &maker)?;
    for number in 0..LINES {
        admin.add_line(&line(number).parse()?, &tenant, &relay)?;
    }
    Ok(())
}
