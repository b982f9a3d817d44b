//! What was said to chats whose rows are behind.
//!
//! Nearly every event moves stamps and nothing else. A chat's row is a page to write, and a page costs the same
//! however little of it changes, so such words are appended here instead, all those of a transaction in one row.
//! A chat's row is written when something visible changes, when it has been behind for long, and when there is
//! nothing else to do. The journal is as durable as the rows, and the merge makes it harmless to say a word twice: after a
//! crash each chat hears the words that are still here when it is read.

use std::collections::VecDeque;

use rusqlite::{Connection, TransactionBehavior, params};

use super::{save, unheard::Unheard};
use crate::{
    domain::{chat::Chat, ids::ChatId},
    hash::QuickMap,
    store::{StoreError, codec::words},
};

/// How many bytes of words should wait at most. It bounds how long a start takes after a crash, which reads them; and the
/// more wait the fewer rows are written for as many events. docs/performance.md has both.
const MAX_BYTES: usize = 32 << 20;

/// How many bytes of words that nobody lacks any more are deleted at once: few transactions then have pages to give
/// back, and those that do give back many.
const TRIMMED_AT_ONCE: usize = 256 << 10;

/// What the journal holds, and which rows are behind because of it.
#[derive(Default)]
pub(super) struct Journal {
    /// The number of the row that was appended last.
    last: i64,
    /// The rows that are there, with their sizes.
    rows: VecDeque<(i64, usize)>,
    bytes: usize,
    /// The chats whose rows are behind.
    behind: QuickMap<ChatId, Behind>,
    /// How many handles they have together.
    handles: usize,
    /// The same, oldest first. An entry that is not in `behind` any more is over.
    order: VecDeque<(i64, ChatId)>,
    /// What was read back and not said again yet.
    unheard: Unheard,
}

/// A chat whose row is behind.
struct Behind {
    /// The first row of the journal that its own row lacks.
    since: i64,
    handles: usize,
}

impl Journal {
    /// Appends the words of a transaction, if there are any; the number of their row.
    pub(super) fn append(&self, connection: &Connection, words: &[u8]) -> Result<Option<i64>, StoreError> {
        if words.is_empty() {
            return Ok(None);
        }
        connection
            .prepare_cached("INSERT INTO journal (number, words) VALUES (?1, ?2)")?
            .execute(params![self.last + 1, words])?;
        Ok(Some(self.last + 1))
    }

    /// Notes that what [`Journal::append`] appended is committed.
    pub(super) fn appended(&mut self, number: Option<i64>, bytes: usize) {
        if let Some(number) = number {
            self.last = number;
            self.rows.push_back((number, bytes));
            self.bytes += bytes;
        }
    }

    /// Notes that a chat's row lacks what the row `number` here has.
    pub(super) fn fell_behind(&mut self, chat: ChatId, handles: usize, number: i64) {
        if !self.behind.contains_key(&chat) {
            self.handles += handles;
            self.behind.insert(chat, Behind { since: number, handles });
            self.order.push_back((number, chat));
        }
    }

    /// Says to a chat, which was read from its row just now, what that lacks.
    pub(super) fn tell(&mut self, chat: &mut Chat) -> Result<(), StoreError> {
        if self.unheard.tell(chat)?
            && let Some(behind) = self.behind.get_mut(&chat.id)
        {
            // It will be in memory from now on.
            behind.handles = chat.state.people.len();
            self.handles += behind.handles;
        }
        Ok(())
    }

    /// How many chats' rows are behind.
    pub(super) fn chats_behind(&self) -> usize {
        self.behind.len()
    }

    /// Notes that a chat's row was written.
    pub(super) fn caught_up(&mut self, chat: ChatId) {
        if let Some(behind) = self.behind.remove(&chat) {
            self.handles -= behind.handles;
        }
    }

    pub(super) fn is_behind(&self, chat: ChatId) -> bool {
        self.behind.contains_key(&chat)
    }

    /// How much is to be done about what waits here: nothing while it is less than should, of bytes or of the `handles`
    /// that may be in memory for it, one when it is as much, and one more for every eighth of that.
    pub(super) fn excess(&self, handles: usize) -> usize {
        let eighths =
            |waiting: usize, bound: usize| (waiting.saturating_mul(8) / bound.max(1)).saturating_sub(7);
        eighths(self.bytes, MAX_BYTES).max(eighths(self.handles + self.behind.len(), handles))
    }

    /// Writes the rows that have been behind for longest, up to `limit` of them; which ones. A chat that has heard all is
    /// in memory, where `find` finds it.
    pub(super) fn catch_up<'c>(
        &mut self,
        connection: &Connection,
        find: impl Fn(ChatId) -> Option<&'c Chat>,
        limit: usize,
    ) -> Result<Vec<ChatId>, StoreError> {
        let oldest = self.order.iter().filter(|(since, chat)| self.is_behind_since(*chat, *since));
        let oldest: Vec<ChatId> = oldest.map(|(_, chat)| *chat).take(limit).collect();
        let mut caught_up = Vec::with_capacity(oldest.len());
        for id in oldest {
            if self.unheard.is_for(id) {
                if let Some(chat) = self.unheard.read(connection, id)? {
                    save::update_state(connection, &chat)?;
                }
            } else if let Some(chat) = find(id) {
                save::update_state(connection, chat)?;
            } else {
                continue;
            }
            caught_up.push(id);
        }
        Ok(caught_up)
    }

    /// Deletes the rows that no chat lacks any more, when they are worth it or no chat lacks any; the number that those
    /// that it deleted were below.
    pub(super) fn trim(&mut self, connection: &Connection) -> Result<Option<i64>, StoreError> {
        while self.order.front().is_some_and(|(since, chat)| !self.is_behind_since(*chat, *since)) {
            self.order.pop_front();
        }
        let needed = self.needed_from();
        let bytes: usize = self.rows.iter().take_while(|(number, _)| *number < needed).map(|row| row.1).sum();
        if bytes == 0 || (bytes < TRIMMED_AT_ONCE && !self.order.is_empty()) {
            return Ok(None);
        }
        connection.prepare_cached("DELETE FROM journal WHERE number < ?1")?.execute([needed])?;
        Ok(Some(needed))
    }

    /// The first row that some chat lacks, which may be one that is only being appended.
    fn needed_from(&self) -> i64 {
        self.order.front().map_or(self.last + 1, |(since, _)| *since)
    }

    fn is_behind_since(&self, chat: ChatId, since: i64) -> bool {
        self.behind.get(&chat).is_some_and(|behind| behind.since == since)
    }

    /// Notes that what [`Journal::trim`] deleted, if anything, is gone.
    pub(super) fn trimmed(&mut self, below: Option<i64>) {
        let is_gone = |number: i64| below.is_some_and(|below| number < below);
        while let Some((_, bytes)) = self.rows.pop_front_if(|(number, _)| is_gone(*number)) {
            self.bytes -= bytes;
        }
    }
}

/// Reads the journal back when nobody knows any more what is in it, at a start and after a transaction that failed. No
/// chat is read for that, and no row written, so that a start does not wait for the disk.
pub(super) fn recall(connection: &Connection) -> Result<Journal, StoreError> {
    let mut journal = Journal::default();
    for_each_row(connection, |number, row| {
        journal.appended(Some(number), row.len());
        for kept in words::read(row) {
            let kept = kept?;
            journal.fell_behind(kept.chat, 0, number);
            journal.unheard.keep(kept)?;
        }
        Ok(())
    })?;
    Ok(journal)
}

/// Writes all rows that are behind, and empties the journal.
pub(super) fn settle(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Journal { mut unheard, behind, .. } = recall(&transaction)?;
    for id in behind.into_keys() {
        if let Some(chat) = unheard.read(&transaction, id)? {
            save::update_state(&transaction, &chat)?;
        }
    }
    transaction.execute("DELETE FROM journal", [])?;
    Ok(transaction.commit()?)
}

fn for_each_row(
    connection: &Connection,
    mut act: impl FnMut(i64, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT number, words FROM journal ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let words = row.get_ref(1)?.as_blob().map_err(|why| StoreError::damaged("journal", "words", why))?;
        act(row.get(0)?, words)?;
    }
    Ok(())
}

/// What is wrong with the journal.
pub(super) fn check(connection: &Connection) -> Vec<String> {
    let mut problems = Vec::new();
    match recall(connection) {
        Ok(Journal { mut unheard, behind, .. }) => {
            let heard = behind.into_keys().map(|id| unheard.read(connection, id));
            problems.extend(heard.filter_map(Result::err).map(|why| why.to_string()));
        }
        Err(why) => problems.push(why.to_string()),
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        chat::Keys, event::Says, handle::Handle, ids::EventId, report::Opinion, stamp::Stamp, time::Time,
    };
    use crate::store::sqlite::load;

    /// A journal with a row of so many bytes for each of these chats, all of which are behind since.
    fn journal(connection: &Connection, bytes: usize, chats: u8) -> Journal {
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        let mut journal = Journal::default();
        for number in 1..=chats {
            let row = journal.append(connection, &vec![0; bytes]).unwrap();
            journal.appended(row, bytes);
            journal.fell_behind(Chat::example(number).id, 1, row.unwrap());
        }
        journal
    }

    /// The rows that are left once these chats have caught up.
    fn left(connection: &Connection, journal: &mut Journal, caught_up: &[u8]) -> Vec<i64> {
        for number in caught_up {
            journal.caught_up(ChatId::from_bytes([*number; 16]));
        }
        let trimmed = journal.trim(connection).unwrap();
        journal.trimmed(trimmed);
        let mut statement = connection.prepare("SELECT number FROM journal ORDER BY number").unwrap();
        let rows: Vec<i64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(journal.rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), rows);
        rows
    }

    #[test]
    fn little_is_trimmed_when_nobody_lacks_anything() {
        let connection = Connection::open_in_memory().unwrap();
        let mut journal = journal(&connection, 100, 3);
        assert_eq!(left(&connection, &mut journal, &[1, 2]), [1, 2, 3]);
        assert_eq!(left(&connection, &mut journal, &[3]), Vec::<i64>::new());
        assert_eq!(journal.bytes, 0);
    }

    #[test]
    fn much_is_trimmed_up_to_what_somebody_lacks() {
        let connection = Connection::open_in_memory().unwrap();
        let mut journal = journal(&connection, TRIMMED_AT_ONCE, 3);
        assert_eq!(left(&connection, &mut journal, &[2]), [1, 2, 3]);
        assert_eq!(left(&connection, &mut journal, &[1]), [3]);
        assert_eq!(journal.bytes, TRIMMED_AT_ONCE);
        // What fell behind again lacks nothing older.
        journal.fell_behind(Chat::example(1).id, 1, 4);
        assert_eq!(left(&connection, &mut journal, &[3]), Vec::<i64>::new());
    }

    /// Puts the row of a chat as it is now, which another one may answer for.
    fn insert(connection: &Connection, chat: &Chat, merged_into: Option<&Chat>) {
        let state = crate::store::codec::state::encode(&chat.state).unwrap();
        connection
            .execute(
                "INSERT INTO chats (id, tenant, line, origin, created_at, updated_at, version, state, merged_into)
                 VALUES (?1, 'acme', '+15555550100', 'event', 0, 0, 1, ?2, ?3)",
                params![chat.id.as_bytes(), state, merged_into.map(|other| *other.id.as_bytes())],
            )
            .unwrap();
    }

    /// Two chats, the second of which is absorbed by the first, and a word in the journal about somebody new to each.
    fn told_two(connection: &Connection) -> [Chat; 2] {
        connection.execute_batch(include_str!("../../../schema.sql")).unwrap();
        connection
            .execute("INSERT INTO tenants (slug, multi_tenant, created_at) VALUES ('acme', 0, 0)", [])
            .unwrap();
        let (survivor, loser) = (Chat::example(1), Chat::example(2));
        insert(connection, &survivor, None);
        insert(connection, &loser, Some(&survivor));
        for (at, chat) in [(1, &loser), (2, &survivor)] {
            let handle = Handle::new(&format!("person{at}@example.org")).unwrap();
            let says = Says { people: vec![Opinion::WRITES.of(handle)], ..Says::default() };
            let stamp = Stamp { time: Time::from_seconds(at), event: EventId::new("e").unwrap() };
            let mut said = Vec::new();
            words::append(&mut said, chat, Keys::default(), &stamp, &says);
            connection
                .execute("INSERT INTO journal (number, words) VALUES (?1, ?2)", params![at, said])
                .unwrap();
        }
        [survivor, loser]
    }

    fn people(connection: &Connection, chat: &Chat) -> Vec<String> {
        let chat = load::answering_chat(connection, chat.id).unwrap().unwrap();
        chat.state.people.keys().map(|handle| handle.as_str().to_owned()).collect()
    }

    fn is_empty(connection: &Connection) -> bool {
        !connection.prepare("SELECT 1 FROM journal").unwrap().exists([]).unwrap()
    }

    #[test]
    fn a_chat_hears_what_its_row_lacks_and_nothing_of_what_an_absorbed_one_was_told() {
        let mut connection = Connection::open_in_memory().unwrap();
        let [survivor, _] = told_two(&connection);
        settle(&mut connection).unwrap();
        assert_eq!(people(&connection, &survivor), ["person2@example.org"]);
        assert!(is_empty(&connection));
    }

    #[test]
    fn what_was_read_back_is_written_in_time_or_said_when_its_chat_is_read() {
        let connection = Connection::open_in_memory().unwrap();
        let [survivor, loser] = told_two(&connection);
        let nobody = |_: ChatId| None;
        let mut journal = recall(&connection).unwrap();
        assert_eq!(journal.catch_up(&connection, nobody, 1).unwrap(), [loser.id]);
        let mut read = load::answering_chat(&connection, survivor.id).unwrap().unwrap();
        journal.tell(&mut read).unwrap();
        assert_eq!((read.state.people.len(), journal.handles), (1, 1));
        // It has heard all, so it is in memory, and only from there may its row be written.
        assert_eq!(journal.catch_up(&connection, nobody, 2).unwrap(), []);
        let found = |id| (id == read.id).then_some(&read);
        assert_eq!(journal.catch_up(&connection, found, 2).unwrap(), [survivor.id]);
        assert_eq!(people(&connection, &survivor), ["person2@example.org"]);

        let mut journal = recall(&connection).unwrap();
        let caught_up = journal.catch_up(&connection, nobody, 2).unwrap();
        assert_eq!(caught_up, [loser.id, survivor.id]);
        assert_eq!(left(&connection, &mut journal, &[1, 2]), Vec::<i64>::new());
    }

    #[test]
    fn the_more_waits_the_more_is_due() {
        let mut journal = Journal::default();
        let excess = |waiting: usize| {
            journal.bytes = waiting;
            journal.excess(1)
        };
        let bytes = [0, MAX_BYTES - 1, MAX_BYTES, MAX_BYTES * 5 / 4, MAX_BYTES * 2];
        assert_eq!(bytes.map(excess), [0, 0, 1, 3, 9]);
    }
}
