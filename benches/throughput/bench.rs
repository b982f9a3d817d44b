//! The ground that figures stand on: files, secrets, and a turn of one server under one load.

use std::{
    cell::{Cell, RefCell},
    path::Path,
    rc::Rc,
    time::Duration,
};

use anyhow::Context as _;
use chert_groups::{clock::Clock, domain::time::Time};
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::{
    events::Composer,
    ingest::{Expected, Ingest, Posts},
    load::{Load, Plan, measured::Measured},
    machine,
    requests::Signer,
    servers::{Contender, Server},
    shape::{ONE_16, Shape},
    size::Size,
    stores::{
        Ground, RELAY, Secrets, Store, TENANT,
        crash::{self, Kept},
    },
};

/// How long each turn begins without being measured: caches fill meanwhile.
pub(crate) const WARM_UP: Duration = Duration::from_millis(700);

/// How many files may have to be open at once, in one process: the connections of an overload, and some more.
const FILES: u64 = 5_000;

/// What a turn of ours has shown.
pub(crate) struct Turn {
    /// Of the load.
    pub(crate) measured: Measured,
    /// How long the server took to start.
    pub(crate) start: Duration,
    /// What was found after the crash. Nobody promised that others keep anything.
    pub(crate) kept: Option<Kept>,
}

/// What all figures share.
pub(crate) struct Bench {
    /// How much is measured.
    pub(crate) size: Size,
    /// What everybody signs with.
    pub(crate) secrets: Secrets,
    /// The time.
    pub(crate) clock: Clock,
    /// The file with 10 000 groups and nothing else.
    pub(crate) empty: Ground,
    /// Removed with everything in it when this is dropped.
    folder: TempDir,
    /// When the first event happened.
    since: Time,
    /// The number of the next event that nobody has posted.
    next_event: Cell<usize>,
    /// Of each turn of ours that ended in a crash.
    kept: RefCell<Vec<Kept>>,
}

impl Bench {
    /// Makes the first file.
    pub(crate) fn set_up(size: Size) -> anyhow::Result<Self> {
        machine::allow_files(FILES)?;
        let (clock, secrets) = (Clock::system(), Secrets::new());
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self {
            size,
            empty: Ground::empty(folder.path(), &secrets, &clock)?,
            // The events happened a while ago, so none of them is from the future however many there are.
            since: clock.now().plus(-SignedDuration::from_hours(1)),
            next_event: Cell::new(0),
            kept: RefCell::default(),
            secrets,
            clock,
            folder,
        })
    }

    /// The folder for files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that has grown. Making it takes a while.
    pub(crate) fn grown(&self) -> anyhow::Result<Ground> {
        let size = (self.size.groups, self.size.receipts);
        Ground::grown(self.folder(), size, &self.secrets, &self.clock)
    }

    /// The same in a PostgreSQL. Making it takes some seconds.
    pub(crate) fn in_postgres(&self) -> anyhow::Result<Ground> {
        Ground::in_postgres(self.folder(), &self.secrets, &self.clock)
    }

    /// Writes the bodies of events about a ground's groups.
    pub(crate) const fn composer(&self, ground: &Ground) -> Composer {
        Composer { population: ground.population, since: self.since }
    }

    /// Numbers of events that nobody has posted; the first of them.
    pub(crate) fn fresh_events(&self, count: usize) -> usize {
        self.next_event.replace(self.next_event.get() + count)
    }

    /// The requests of one turn. They are signed now, so the turn must be soon.
    pub(crate) fn posts(&self, ground: &Ground, shape: Shape, time: Duration) -> anyhow::Result<Rc<Posts>> {
        let count = shape.requests(time);
        let first = self.fresh_events(count * shape.each);
        let posts = Posts::prepare((count, shape.each), first, self.composer(ground), self.relay())?;
        Ok(Rc::new(posts))
    }

    /// The relay, as it signs now.
    pub(crate) fn relay(&self) -> Signer<'_> {
        Signer { who: ("x-chert-relay", RELAY), secret: &self.secrets.relay, now: self.clock.now() }
    }

    /// The tenant, as it signs now.
    pub(crate) fn tenant(&self) -> Signer<'_> {
        Signer { who: ("x-chert-tenant", TENANT), secret: &self.secrets.tenant, now: self.clock.now() }
    }

    /// As many requests as our server can take, on its own.
    pub(crate) async fn ours(&self, ground: &Ground, shape: Shape) -> anyhow::Result<Turn> {
        let posts = self.posts(ground, shape, self.size.turn)?;
        self.turn(Contender::Ours, ground, shape, &posts).await
    }

    /// As many requests as a server can take.
    pub(crate) async fn turn(
        &self,
        contender: Contender,
        ground: &Ground,
        shape: Shape,
        posts: &Rc<Posts>,
    ) -> anyhow::Result<Turn> {
        let ingest = ingest(contender, ground, posts);
        let plan = Plan {
            talk: Rc::clone(&ingest) as _,
            connections: shape.connections,
            pace: None,
            refusals: false,
        };
        let turn = self.run(contender, ground, plan, &ingest, self.size.turn).await;
        turn.with_context(|| format!("{} at {shape}", contender.name()))
    }

    /// So many events a second, one a request at 16 connections.
    pub(crate) async fn paced(
        &self,
        contender: Contender,
        ground: &Ground,
        pace: f64,
    ) -> anyhow::Result<Turn> {
        // Some more than are due, so that the end of them is not the end of the turn.
        let posts = self.posts(ground, ONE_16.prepared(1.1 * pace), self.size.paced)?;
        let ingest = ingest(contender, ground, &posts);
        let plan = pacing(&ingest, ONE_16, pace);
        let turn = self.run(contender, ground, plan, &ingest, self.size.paced).await;
        turn.with_context(|| format!("{} at {pace:.0} events a second", contender.name()))
    }

    async fn run(
        &self,
        contender: Contender,
        ground: &Ground,
        plan: Plan,
        ingest: &Ingest,
        time: Duration,
    ) -> anyhow::Result<Turn> {
        let store = ground.store()?;
        let mut server = Server::start(contender, &store)?;
        let mut load = Load::start(plan, server.address);
        let measured = load.measure(&server, WARM_UP, time).await?;
        let answered = load.kill(&mut server).await?;
        let kept = match contender {
            Contender::Ours => Some(self.check_kept(&store, ingest, &answered).await?),
            Contender::Naive | Contender::Ceiling(_) => None,
        };
        Ok(Turn { measured, start: server.start, kept })
    }

    /// Checks that what a server had answered before it was killed is there.
    pub(crate) async fn check_kept(
        &self,
        store: impl Into<Store>,
        ingest: &Ingest,
        answered: &[usize],
    ) -> anyhow::Result<Kept> {
        let kept = crash::check(store, ingest, answered).await?;
        self.kept.borrow_mut().push(kept);
        Ok(kept)
    }

    /// How often ours was killed, and how many requests were compared afterwards.
    pub(crate) fn crashes(&self) -> (usize, usize) {
        let kept = self.kept.borrow();
        (kept.len(), kept.iter().map(|kept| kept.compared).sum())
    }
}

/// Posts with the answers that a server must give.
pub(crate) fn ingest(contender: Contender, ground: &Ground, posts: &Rc<Posts>) -> Rc<Ingest> {
    let expected = match contender {
        Contender::Ours | Contender::Naive => Expected::Chats(Rc::clone(&ground.chats)),
        Contender::Ceiling(_) => Expected::Anything,
    };
    Rc::new(Ingest { posts: Rc::clone(posts), expected })
}

/// The plan of so many events a second, at as many connections as a shape has.
pub(crate) fn pacing(ingest: &Rc<Ingest>, shape: Shape, pace: f64) -> Plan {
    Plan { talk: Rc::clone(ingest) as _, connections: shape.connections, pace: Some(pace), refusals: false }
}
