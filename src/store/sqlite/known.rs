//! Which of a relay's lines know a conversation.
//!
//! A conversation may be known on many lines, as a short code's is that writes to everybody, and a relay may have
//! many lines. So both lists, which have the same order, are walked together, and each skips what the other lacks.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    domain::{conversation_key::Conversation, ids::Slug, phone::PhoneNumber},
    store::{
        StoreError,
        directory::{Place, Places},
        stored,
        working::{ConversationRef, EverywhereRef, LineRef},
    },
};

/// The first line that knows a conversation and does not come before one of a tenant.
const NEXT: &str = "SELECT tenant, line FROM conversation_keys
     WHERE conversation = ?1 AND (tenant, line) >= (?2, ?3) ORDER BY tenant, line LIMIT 1";

/// The conversation on each of the relay's lines that know it.
pub(super) fn on_lines_of(
    connection: &Connection,
    everywhere: &EverywhereRef,
) -> Result<Vec<ConversationRef>, StoreError> {
    let lines = lines(connection, &everywhere.conversation, &everywhere.places)?;
    let on = |Place { tenant, line, .. }| {
        let conversation = everywhere.conversation.clone();
        ConversationRef { tenant, line, conversation }
    };
    Ok(lines.into_iter().map(on).collect())
}

/// The lines among `places` that know a conversation.
pub(super) fn lines(
    connection: &Connection,
    conversation: &Conversation,
    places: &Places,
) -> Result<Vec<Place>, StoreError> {
    let mut known = Vec::new();
    let mut rest = places.all();
    while let Some((place, after)) = rest.split_first() {
        match next(connection, conversation, place)? {
            None => break,
            Some((tenant, line)) if place.tenant == tenant && place.line == line => {
                known.push(place.clone());
                rest = after;
            }
            Some((tenant, line)) => rest = places.from(&tenant, &line),
        }
    }
    Ok(known)
}

/// The line that [`NEXT`] finds.
fn next(
    connection: &Connection,
    conversation: &Conversation,
    place: &Place,
) -> Result<Option<LineRef>, StoreError> {
    let mut statement = connection.prepare_cached(NEXT)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let key = params![conversation.as_str(), place.tenant.as_str(), place.line.as_str()];
    let found = statement.query_row(key, row).optional()?;
    found.map(|(tenant, line)| line_ref(&tenant, &line)).transpose()
}

fn line_ref(tenant: &str, line: &str) -> Result<(Slug, PhoneNumber), StoreError> {
    const TABLE: &str = "conversation_keys";
    Ok((stored::slug(TABLE, "tenant", tenant)?, stored::number(TABLE, "line", line)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Time,
        store::directory::{Directory, Line},
    };

    fn store() -> Connection {
        let store = Connection::open_in_memory().unwrap();
        store.execute_batch(include_str!("../../../schema.sql")).unwrap();
        store.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        store
    }

    /// Line `number` of tenant `number % 3`.
    fn line(number: u32) -> Line {
        Line {
            number: format!("+1555555{number:04}").parse().unwrap(),
            tenant: format!("tenant-{}", number % 3).parse().unwrap(),
            relay: "rly-1".parse().unwrap(),
            active: true,
            once_anothers: false,
            created_at: Time::from_seconds(0),
        }
    }

    fn make_known(store: &Connection, conversation: &str, line: &Line) {
        let statement = "INSERT INTO conversation_keys VALUES (?1, ?2, ?3, zeroblob(16))";
        store.execute(statement, params![conversation, line.tenant.as_str(), line.number.as_str()]).unwrap();
    }

    fn places_of(numbers: impl Iterator<Item = u32>) -> Places {
        let relay = "rly-1".parse().unwrap();
        Directory::new(1, Vec::new(), Vec::new(), numbers.map(line).collect()).places(&relay)
    }

    #[test]
    fn those_in_both_lists_are_found() {
        let conversation = Conversation::from_canonical("any;-;24273");
        // Every so many lines know it, and every so many are the relay's.
        for (known, ours) in [(1, 1), (2, 5), (5, 2), (7, 3), (1, 30), (30, 1), (31, 37)] {
            let store = store();
            let all = 0..120;
            for number in all.clone().filter(|number| number % known == 0) {
                make_known(&store, conversation.as_str(), &line(number));
                make_known(&store, "another", &line(number + 1));
            }
            let places = places_of(all.clone().filter(|number| number % ours == 0));
            let mut found: Vec<_> =
                lines(&store, &conversation, &places).unwrap().into_iter().map(|place| place.line).collect();
            found.sort();
            let both = all.filter(|number| number % known == 0 && number % ours == 0);
            assert!(found.into_iter().eq(both.map(|number| line(number).number)), "{known} {ours}");
        }
        assert_eq!(lines(&store(), &conversation, &Places::default()).unwrap(), []);
    }

    #[test]
    fn the_next_line_is_sought() {
        let store = store();
        let mut statement = store.prepare(&format!("EXPLAIN QUERY PLAN {NEXT}")).unwrap();
        let plan: String = statement.query_row(params!["", "", ""], |row| row.get(3)).unwrap();
        assert_eq!(
            plan,
            "SEARCH conversation_keys USING PRIMARY KEY (conversation=? AND (tenant,line)>(?,?))"
        );
    }
}
