//! The registry on a store, told what to commit in which transactions.

use super::{
    generate::{LINES, Story, time},
    ground::{Ground, Row},
};
use crate::{
    domain::time::Time,
    registry::{
        attendant,
        command::{Command, Reply},
    },
    store::{
        directory::{Directory, Place},
        parked::ParkedQuery,
        working::Moment,
    },
};

/// A registry on a store of its own.
pub(super) struct World {
    ground: Box<dyn Ground>,
    tick: i64,
}

/// What must not be, and how often it is.
const COUNTS_OF_PROBLEMS: [(&str, &str); 6] = [
    (
        "versions with gaps",
        "SELECT count(*) FROM chats WHERE version <> (SELECT count(*) FROM changes WHERE chat_id = id)
             OR version <> (SELECT max(version) FROM changes WHERE chat_id = id)",
    ),
    (
        "changes that are not the last",
        "SELECT count(*) FROM chats JOIN changes ON chat_id = id AND changes.version = chats.version
         WHERE updated_at <> at",
    ),
    (
        "aliases of aliases",
        "SELECT count(*) FROM chats AS one JOIN chats AS other ON other.id = one.merged_into
         WHERE other.merged_into IS NOT NULL",
    ),
    (
        "keys of aliases",
        "SELECT count(*) FROM conversation_keys JOIN chats ON id = chat_id WHERE merged_into IS NOT NULL",
    ),
    (
        "people of aliases",
        "SELECT count(*) FROM participants JOIN chats ON id = chat_id WHERE merged_into IS NOT NULL",
    ),
    (
        "wrong usages",
        "SELECT count(*) FROM parking
         WHERE reports <> (SELECT count(*) FROM parked WHERE parked.relay = parking.relay)
             OR bytes <> (SELECT coalesce(sum(length(report)), 0) FROM parked WHERE parked.relay = parking.relay)",
    ),
];

/// The directory after so many steps of a story.
pub(super) fn directory(story: &Story, step: usize) -> Directory {
    let lines = LINES.iter().zip(story.registered).filter(|(_, at)| at.is_some_and(|at| at <= step));
    let lines: Vec<_> = lines.map(|(line, _)| line.registered(story.once_anothers)).collect();
    Directory::new(lines.len() as u64, Vec::new(), Vec::new(), lines)
}

impl World {
    pub(super) fn on(ground: impl Ground + 'static) -> Self {
        Self { ground: Box::new(ground), tick: 0 }
    }

    /// Forgets everything that is not in the store.
    pub(super) fn restart(&mut self) {
        self.ground.restart();
    }

    /// Leaves nothing put off.
    pub(super) fn stop(&mut self) {
        self.ground.stop();
    }

    pub(super) fn commit(&mut self, commands: Vec<Command>, now: Time) -> Vec<Reply> {
        self.tick += 1;
        self.ground.transact(Moment { now, tick: time(self.tick), receipts_since: time(-1) }, commands)
    }

    /// What the attendant would do now.
    pub(super) fn ready(&self, directory: &Directory) -> Vec<(ParkedQuery, Vec<Place>)> {
        attendant::ready(self.ground.reader(), directory).unwrap()
    }

    /// The rows that a query finds.
    pub(super) fn rows(&self, query: &str) -> Vec<Row> {
        self.ground.rows(query)
    }

    /// What is wrong with the store: the store itself, and tables that repeat what others say.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = self.ground.problems();
        for (problem, count) in COUNTS_OF_PROBLEMS {
            let found = self.rows(count)[0].text(0).to_owned();
            problems.extend((found != "0").then(|| format!("{problem}: {found}")));
        }
        problems
    }
}
