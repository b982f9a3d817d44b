//! Target 4: looking up, alone and beside ingest.

use std::{rc::Rc, time::Duration};

use anyhow::bail;
use tokio::time::sleep;

use crate::{
    bench::{self, Bench},
    load::{Load, Plan, Talk as _, connection::Connection, measured::Measured},
    lookups::{Asked, Lookups, Way},
    report::{Required, Row, Unit},
    servers::{Contender, Server},
    shape::ONE_64,
    stores::Ground,
};

/// How many look-ups are under way at once.
const CONNECTIONS: usize = 64;

/// How long each kind goes on without being measured, when all chats have been asked for once.
const WARM_UP: Duration = Duration::from_millis(300);

/// So many answers are looked at to see how long they are.
const LOOKED_AT: usize = 101;

/// What is required of each way, with ingest idle. Beside ingest it is half.
const REQUIRED: [f64; 3] = [0.80, 0.75, 0.5];

/// One measurement of each way.
pub(super) type EachWay = Vec<Measured>;

pub(super) async fn rows(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut idle, mut constant, mut beside, mut share) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.size.rounds {
        let most = bench.ours(&bench.empty, ONE_64).await?.measured.rate;
        let (alone, sizes) = alone(bench, &bench.empty, &Way::ALL).await?;
        idle.push(alone);
        constant.push(constants(bench, &bench.empty, sizes).await?);
        let (together, ingested) = beside_ingest(bench, &bench.empty, &Way::ALL, most / 2.0).await?;
        beside.push(together);
        share.push(ingested.rate / most);
    }
    let mut rows = Vec::new();
    for (when, measured, part) in [("ingest idle", &idle, 1.0), ("beside ingest", &beside, 0.5)] {
        for ((way, required), place) in Way::ALL.into_iter().zip(REQUIRED).zip(0..) {
            let (ours, constant) = (of_way(measured, place), of_way(&constant, place));
            let what = format!("{}, {when}", way.name());
            rows.push(
                Row::versus("4", what, &ours, ("a constant body", &constant))
                    .required(Required::AtLeast(required * part)),
            );
        }
    }
    rows.push(Row::new("4", "ingest meanwhile, 0.50 being offered", Unit::Ratio, share).of("its maximum"));
    Ok(rows)
}

/// One way's measurements, over the rounds.
pub(super) fn of_way(rounds: &[EachWay], place: usize) -> Vec<Measured> {
    rounds.iter().filter_map(|round| round.get(place)).cloned().collect()
}

/// Look-ups in these ways with nothing else to do; also the sizes of the answers.
pub(super) async fn alone(
    bench: &Bench,
    ground: &Ground,
    ways: &[Way],
) -> anyhow::Result<(EachWay, Vec<(Way, usize)>)> {
    let server = Server::start(Contender::Ours, &ground.store()?)?;
    let (mut measured, mut sizes) = (Vec::new(), Vec::new());
    for way in ways {
        let asked = asked(bench, ground, *way)?;
        sizes.push((*way, usual_size(&server, &asked).await?));
        measured.push(look_up(bench, &server, Lookups::Real(asked)).await?);
    }
    Ok((measured, sizes))
}

/// The same requests, answered with constant bodies of these sizes.
async fn constants(bench: &Bench, ground: &Ground, sizes: Vec<(Way, usize)>) -> anyhow::Result<EachWay> {
    let of = |way: Way| sizes.iter().find(|(known, _)| *known == way).map_or(0, |(_, size)| *size);
    let server = Server::start(Contender::Ceiling(Way::ALL.map(of)), &ground.file()?)?;
    let mut measured = Vec::new();
    for (way, size) in sizes {
        let asked = asked(bench, ground, way)?;
        measured.push(look_up(bench, &server, Lookups::Constant(asked, size)).await?);
    }
    Ok(measured)
}

/// Look-ups in these ways beside so many events a second; also what ingest did meanwhile. It has as many connections as
/// its maximum was measured with: a few would have to wait behind the look-ups so often that they could not take half.
pub(super) async fn beside_ingest(
    bench: &Bench,
    ground: &Ground,
    ways: &[Way],
    pace: f64,
) -> anyhow::Result<(EachWay, Measured)> {
    let path = ground.file()?;
    let asked: Vec<_> = ways.iter().map(|way| asked(bench, ground, *way)).collect::<anyhow::Result<_>>()?;
    let time = (WARM_UP + time(bench)) * u32::try_from(ways.len())?;
    // Twice as long, should the machine be busy.
    let posts = bench.posts(ground, ONE_64.prepared(pace), (bench::WARM_UP + time) * 2)?;
    let ingest = bench::ingest(Contender::Ours, ground, &posts);
    let mut server = Server::start(Contender::Ours, &path)?;
    let mut load = Load::start(bench::pacing(&ingest, ONE_64, pace), server.address);
    let looking = async {
        // As ingest: in the beginning it has to read every chat.
        sleep(bench::WARM_UP).await;
        let mut measured = Vec::new();
        for asked in asked {
            measured.push(look_up(bench, &server, Lookups::Real(asked)).await?);
        }
        anyhow::Ok(measured)
    };
    // Not longer than the look-ups last, or ingest would be measured alone in the end.
    let measuring = load.measure(&server, bench::WARM_UP, time);
    let (ingested, measured) = tokio::try_join!(measuring, looking)?;
    let answered = load.kill(&mut server).await?;
    bench.check_kept(&path, &ingest, &answered).await?;
    Ok((measured, ingested))
}

/// A single turn, for a profiler to watch: of ours, beside so many events a second where a pace is given, or of the
/// ceiling.
pub(crate) async fn one_turn(
    bench: &Bench,
    contender: Contender,
    way: Way,
    pace: Option<f64>,
) -> anyhow::Result<EachWay> {
    match (contender, pace) {
        (Contender::Ours, None) => Ok(alone(bench, &bench.empty, &[way]).await?.0),
        (Contender::Ours, Some(pace)) => Ok(beside_ingest(bench, &bench.empty, &[way], pace).await?.0),
        (Contender::Ceiling(_), None) => {
            let server = Server::start(Contender::Ours, &bench.empty.store()?)?;
            let size = usual_size(&server, &asked(bench, &bench.empty, way)?).await?;
            drop(server);
            constants(bench, &bench.empty, vec![(way, size)]).await
        }
        _ => bail!("look-ups are measured of ours and of the ceiling, and beside ingest of ours"),
    }
}

fn time(bench: &Bench) -> Duration {
    bench.size.turn / 2
}

fn asked(bench: &Bench, ground: &Ground, way: Way) -> anyhow::Result<Rc<Asked>> {
    Ok(Rc::new(Asked::prepare(way, ground.population, Rc::clone(&ground.chats), bench.tenant())?))
}

async fn look_up(bench: &Bench, server: &Server, lookups: Lookups) -> anyhow::Result<Measured> {
    let round = lookups.asked().round();
    let plan = Plan { talk: Rc::new(lookups), connections: CONNECTIONS, pace: None, refusals: false };
    let mut load = Load::start(plan, server.address);
    // What is measured is to look up what was looked up before, however long the first time took.
    load.answers(round).await?;
    let measured = load.measure(server, WARM_UP, time(bench)).await?;
    load.end().await?;
    Ok(measured)
}

/// The median size of some answers.
async fn usual_size(server: &Server, asked: &Rc<Asked>) -> anyhow::Result<usize> {
    let lookups = Lookups::Real(Rc::clone(asked));
    let mut connection = Connection::open(server.address).await?;
    let mut sizes = Vec::new();
    for number in 0..LOOKED_AT {
        let Some(request) = lookups.request(number) else { break };
        let body = connection.post(request).await?;
        lookups.check(number, body)?;
        sizes.push(body.len());
    }
    sizes.sort_unstable();
    Ok(sizes.get(sizes.len() / 2).copied().unwrap_or_default())
}
