//! Load: what a batch must see, locked as far as it is there.
//!
//! What is needed is asked for at once; only what belongs to deliveries is asked for when these have come. Each
//! statement is about one tenant, by name: an engine that distributes by tenant can then lock rows for it.

mod chats;
mod deliveries;
mod receipts;

use std::collections::{HashMap, HashSet};

use tokio_postgres::Row;

use super::{
    failure::Failure,
    parked,
    request::{Request, values},
    rows,
    ticks::Ticker,
    transaction::Transaction,
};
use crate::{
    domain::{ids::ChatId, ids::Slug, parking::Usage},
    store::{
        cache::ChatCache,
        parked::{NumberRef, ParkedId},
        stored,
        working::{LineRef, Needs, Working},
    },
};

/// The rows of each statement.
type Answers = [Vec<Row>];

/// What is known of the rows that a transaction has loaded.
#[derive(Default)]
pub(super) struct Loaded {
    /// The revision of each chat.
    pub(super) revisions: HashMap<ChatId, i64>,
    /// The lines whose health there is a row of.
    pub(super) healths: HashSet<LineRef>,
}

/// Loads for a transaction.
pub(super) struct Loader<'l> {
    pub(super) transaction: &'l mut Transaction,
    pub(super) cache: &'l mut ChatCache<i64>,
    pub(super) ticker: &'l mut Ticker,
    pub(super) loaded: &'l mut Loaded,
}

impl Loader<'_> {
    pub(super) async fn load(&mut self, needs: Needs, working: &mut Working) -> Result<(), Failure> {
        let keyed = chats::Keyed::of(&needs, working);
        let mut request = Request::default();
        let chats = keyed.ask(self.cache, &mut request);
        let receipts = receipts::ask(&needs.receipts, &mut request);
        let deliveries = deliveries::ask(&needs, &mut request);
        let numbers = ask_numbers(&needs.numbers, &mut request);
        let parking = ask_parking(&needs, working, &mut request);
        // Last, when what is needed is locked: who waits for its first lock has no transaction id, and holds up nobody.
        let tick = if self.transaction.has_begun() { None } else { self.ticker.ask(&mut request) };
        let answers = if request.is_empty() { Vec::new() } else { self.transaction.ask(request).await? };
        if let Some(at) = tick
            && let Some(tick) = self.ticker.take(rows_of(&answers, at))?
        {
            working.set_tick(tick);
        }
        for (group, at) in chats {
            self.add_keyed(group, rows_of(&answers, at), working)?;
        }
        needs.everywhere.iter().for_each(|everywhere| working.add_everywhere(everywhere));
        receipts::add(&needs.receipts, &receipts, &answers, working)?;
        if let Some(at) = numbers {
            add_numbers(&needs.numbers, rows_of(&answers, at), working)?;
        }
        parking.add(&needs, &answers, working)?;
        self.add_deliveries(&needs, &deliveries, &answers, working).await
    }
}

fn rows_of(answers: &Answers, at: usize) -> &[Row] {
    answers.get(at).map_or(&[], Vec::as_slice)
}

const NUMBERS: &str = "SELECT relay, number, address, event_time, event_id FROM row_numbers
     WHERE (relay, number) IN (SELECT relay, number FROM unnest($1::text[], $2::int8[]) AS w (relay, number))";

fn ask_numbers<'n>(numbers: &'n [NumberRef], request: &mut Request<'n>) -> Option<usize> {
    let relays: Vec<&str> = numbers.iter().map(|number| number.relay.as_str()).collect();
    let values: Vec<i64> = numbers.iter().map(|number| number.number.0).collect();
    (!numbers.is_empty()).then(|| request.add(NUMBERS, values![relays, values]))
}

fn add_numbers(numbers: &[NumberRef], found: &[Row], working: &mut Working) -> Result<(), Failure> {
    let mut owners = HashMap::new();
    for row in found {
        let (address, event) = (rows::any_text(row, "address")?, rows::any_text(row, "event_id")?);
        let owner = stored::owner(&address, rows::get(row, "event_time")?, &event)?;
        owners.insert((rows::get::<&str>(row, "relay")?, rows::get::<i64>(row, "number")?), owner);
    }
    for number in numbers {
        let owner = owners.get(&(number.relay.as_str(), number.number.0)).cloned();
        working.numbers.add(number.clone(), owner);
    }
    Ok(())
}

const IS_PARKED: &str = "SELECT id FROM parked WHERE id = ANY($1::bytea[])";

/// Without a lock, or all that a relay parks would queue behind it. So the bound may be exceeded by as much as is being
/// parked at one time.
const USAGE: &str = "SELECT relay, reports, bytes FROM parking WHERE relay = ANY($1::text[])";

/// Where the answers about parked reports are.
struct Parking {
    /// Of queries that were not followed yet.
    queries: Vec<(crate::store::parked::ParkedQuery, usize)>,
    ids: Option<usize>,
    usage: Option<usize>,
}

fn ask_parking<'n>(needs: &'n Needs, working: &Working, request: &mut Request<'n>) -> Parking {
    let mut asked = HashSet::new();
    let mut queries = Vec::new();
    for query in &needs.parked {
        if !working.parking.is_loaded(query) && asked.insert(query) {
            queries.push((query.clone(), parked::find(query, working.parking.passed(query), request)));
        }
    }
    let ids: Vec<&[u8]> = needs.parked_ids.iter().map(ParkedId::as_slice).collect();
    let relays: Vec<&str> = needs.usage.iter().map(Slug::as_str).collect();
    Parking {
        queries,
        ids: (!ids.is_empty()).then(|| request.add(IS_PARKED, values![ids])),
        usage: (!relays.is_empty()).then(|| request.add(USAGE, values![relays])),
    }
}

impl Parking {
    fn add(self, needs: &Needs, answers: &Answers, working: &mut Working) -> Result<(), Failure> {
        for (query, at) in self.queries {
            let found = rows_of(answers, at).iter().map(parked::read).collect::<Result<Vec<_>, _>>()?;
            let is_complete = found.len() < crate::store::parked::SLICE;
            working.parking.add_found(query, found, is_complete);
        }
        let ids = self.ids.map_or(&[][..], |at| rows_of(answers, at));
        let found: HashSet<&[u8]> = ids.iter().map(|row| rows::get(row, "id")).collect::<Result<_, _>>()?;
        for id in &needs.parked_ids {
            working.parking.add_looked_for(*id, found.contains(id.as_slice()));
        }
        let mut usages = HashMap::new();
        for row in self.usage.map_or(&[][..], |at| rows_of(answers, at)) {
            let usage = parked::usage(row)?;
            usages.insert(rows::get::<&str>(row, "relay")?, usage);
        }
        for relay in &needs.usage {
            let usage = usages.get(relay.as_str()).copied().unwrap_or_else(Usage::default);
            working.parking.add_usage(relay.clone(), usage);
        }
        Ok(())
    }
}
