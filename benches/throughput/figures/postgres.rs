//! On PostgreSQL: one instance, what it would be without batching, two instances, and look-ups.

use std::rc::Rc;

use super::lookup::{self, EachWay, of_way};
use crate::{
    bench::{self, Bench, WARM_UP},
    load::{Load, Plan, measured::Measured},
    lookups::Way,
    report::{Required, Row, Unit, latency, median, of_each, speed},
    servers::{Contender, Server},
    shape::{ONE_64, Shape},
    stores::{Ground, Store},
};

/// How many events a second are prepared: several times what PostgreSQL takes on a small machine.
const PREPARED: f64 = 30_000.0;

/// How much faster than a transaction for each event one instance must be.
const BATCHING: Required = Required::AtLeast(4.0);

/// What was measured in each round.
#[derive(Default)]
struct Rounds {
    ours: Vec<Measured>,
    naive: Vec<Measured>,
    /// Of both instances together, events in a second.
    two: Vec<f64>,
    lookups: Vec<EachWay>,
}

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let ground = bench.in_postgres()?;
    let shape = ONE_64.prepared(PREPARED);
    let mut rounds = Rounds::default();
    for _ in 0..bench.size.rounds {
        let posts = bench.posts(&ground, shape, bench.size.turn)?;
        rounds.ours.push(bench.turn(Contender::Ours, &ground, shape, &posts).await?.measured);
        rounds.naive.push(bench.turn(Contender::Naive, &ground, shape, &posts).await?.measured);
        rounds.two.push(two_instances(bench, &ground, shape.halved()).await?);
        rounds.lookups.push(lookup::alone(bench, &ground, &Way::ALL).await?.0);
    }
    Ok(rounds.rows(shape))
}

impl Rounds {
    fn rows(&self, shape: Shape) -> Vec<Row> {
        let Self { ours, naive, two, lookups } = self;
        let ratios = two.iter().zip(ours).map(|(two, one)| two / one.rate).collect();
        let note = format!("{:.0}/s, of {}", median(two.clone()), speed(ours));
        let mut rows = vec![
            Row::versus("postgres", format!("ingest, {shape}"), ours, ("a transaction an event", naive))
                .required(BATCHING),
            Row::new("postgres", "two instances with half of the connections each", Unit::Ratio, ratios)
                .of("one instance")
                .note(note),
        ];
        rows.extend(Way::ALL.into_iter().zip(0..).map(|(way, place)| {
            let measured = of_way(lookups, place);
            let rates = measured.iter().map(|measured| measured.rate).collect();
            Row::new("postgres", way.name(), Unit::PerSecond, rates)
                .note(format!("{}, {:.1} µs CPU each", latency(&measured), cpu(&measured)))
                .shares(&measured)
        }));
        rows
    }
}

fn cpu(measured: &[Measured]) -> f64 {
    of_each(measured, |measured| measured.cpu.as_secs_f64() * 1e6)
}

/// One of two instances, with the load that is on it.
struct Instance {
    server: Server,
    load: Load,
    ingest: Rc<crate::ingest::Ingest>,
}

impl Instance {
    fn start(bench: &Bench, ground: &Ground, shape: Shape, store: &Store) -> anyhow::Result<Self> {
        let posts = bench.posts(ground, shape, bench.size.turn)?;
        let ingest = bench::ingest(Contender::Ours, ground, &posts);
        let server = Server::start(Contender::Ours, store)?;
        let plan = Plan {
            talk: Rc::clone(&ingest) as _,
            connections: shape.connections,
            pace: None,
            refusals: false,
        };
        let load = Load::start(plan, server.address);
        Ok(Self { server, load, ingest })
    }

    async fn measure(&mut self, bench: &Bench) -> anyhow::Result<Measured> {
        self.load.measure(&self.server, WARM_UP, bench.size.turn).await
    }

    /// Kills it; whether all that it had answered is known to another one.
    async fn kill(mut self, bench: &Bench, store: &Store) -> anyhow::Result<()> {
        let answered = self.load.kill(&mut self.server).await?;
        bench.check_kept(store, &self.ingest, &answered).await.map(drop)
    }
}

/// How many events a second two instances take together. The second goes on while it is seen what the first has left.
async fn two_instances(bench: &Bench, ground: &Ground, shape: Shape) -> anyhow::Result<f64> {
    let store = ground.store()?;
    let (mut one, mut other) = (
        Instance::start(bench, ground, shape, &store)?,
        Instance::start(bench, ground, shape, &store.beside())?,
    );
    let (first, second) = tokio::try_join!(one.measure(bench), other.measure(bench))?;
    one.kill(bench, &store).await?;
    other.kill(bench, &store).await?;
    Ok(first.rate + second.rate)
}
