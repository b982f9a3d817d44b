//! What PostgreSQL's error codes mean to a transaction.

/// What may be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Another transaction was in the way, in this sense. The whole of this one may be repeated at once.
    Conflict(&'static str),
    /// The connection is no good any more, or its server is not. Another one may do.
    Lost,
    /// It would come again.
    Refused,
}

/// What is expected to happen now and then among several servers.
const CONFLICTS: [(&str, &str); 7] = [
    ("40001", "serialization"),
    ("40P01", "deadlock"),
    // Somebody else has inserted the row, or made the table, first.
    ("23505", "unique"),
    ("42P07", "unique"),
    // A relay was removed meanwhile.
    ("23503", "reference"),
    ("55P03", "lock"),
    // The engine does not know what came of the commit.
    ("40003", "unknown"),
];

/// The classes of connections that fail, of servers that lack something, and of operators who interfere. The class of a
/// code are its first two characters.
const LOST_CLASSES: [&str; 3] = ["08", "53", "57"];

const LOST: [&str; 6] = [
    // Changes at a server that was a primary until now; and SERIALIZABLE there, and what was prepared for another schema.
    "25006", "0A000",
    // It took too long between two statements, or as a whole; the server has closed the connection.
    "25P03", "25P04",
    // What this connection has prepared a pooler has sent elsewhere, or somebody else has prepared something of that name.
    "26000", "42P05",
];

/// What a code means.
pub(super) fn meaning(code: &str) -> Meaning {
    if let Some((_, what)) = CONFLICTS.iter().find(|(conflict, _)| *conflict == code) {
        Meaning::Conflict(what)
    } else if LOST.contains(&code) || LOST_CLASSES.iter().any(|class| code.starts_with(class)) {
        Meaning::Lost
    } else {
        Meaning::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_taken_for_what_it_is() {
        for (code, name, expected) in [
            ("40001", "serialization_failure", Meaning::Conflict("serialization")),
            ("40P01", "deadlock_detected", Meaning::Conflict("deadlock")),
            ("40003", "statement_completion_unknown", Meaning::Conflict("unknown")),
            ("23505", "unique_violation", Meaning::Conflict("unique")),
            ("23503", "foreign_key_violation", Meaning::Conflict("reference")),
            ("42P07", "duplicate_table", Meaning::Conflict("unique")),
            ("55P03", "lock_not_available", Meaning::Conflict("lock")),
            ("08006", "connection_failure", Meaning::Lost),
            ("08P01", "protocol_violation, as poolers say of most troubles", Meaning::Lost),
            ("0A000", "feature_not_supported", Meaning::Lost),
            ("25006", "read_only_sql_transaction", Meaning::Lost),
            ("25P03", "idle_in_transaction_session_timeout", Meaning::Lost),
            ("25P04", "transaction_timeout", Meaning::Lost),
            ("26000", "invalid_sql_statement_name", Meaning::Lost),
            ("42P05", "duplicate_prepared_statement", Meaning::Lost),
            ("53100", "disk_full", Meaning::Lost),
            ("53300", "too_many_connections", Meaning::Lost),
            ("57014", "query_canceled", Meaning::Lost),
            ("57P01", "admin_shutdown", Meaning::Lost),
            ("57P03", "cannot_connect_now", Meaning::Lost),
            ("22021", "character_not_in_repertoire", Meaning::Refused),
            ("23502", "not_null_violation", Meaning::Refused),
            ("23514", "check_violation", Meaning::Refused),
            ("25P02", "in_failed_sql_transaction", Meaning::Refused),
            ("28P01", "invalid_password", Meaning::Refused),
            ("3D000", "invalid_catalog_name", Meaning::Refused),
            ("42501", "insufficient_privilege", Meaning::Refused),
            ("42601", "syntax_error", Meaning::Refused),
            ("42P01", "undefined_table", Meaning::Refused),
            ("58030", "io_error", Meaning::Refused),
            ("XX001", "data_corrupted", Meaning::Refused),
        ] {
            assert_eq!(meaning(code), expected, "{code} {name}");
        }
    }
}
