//! A PostgreSQL that makes difficulties, as it may at any time.

use super::database::Database;

/// Makes a database with a registry in it difficult: sessions that say nothing else are at SERIALIZABLE, and some
/// transactions fail.
pub(crate) fn make_hostile(database: &Database) {
    let name = database.name();
    database
        .session()
        .query(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"));
    database.session().query(TRIGGERS);
}

/// How many transactions have failed because of [`TRIGGERS`].
pub(crate) fn made_up_failures(database: &Database) -> i64 {
    let rows =
        database.session().query("SELECT CASE WHEN is_called THEN last_value / 7 ELSE 0 END FROM hostility");
    rows[0][0].as_deref().expect("a number").parse().expect("a number")
}

/// Every seventh transaction that writes a chat, a delivery or a parked report fails when it is committed, by turns as
/// one that cannot be serialized and as one of a deadlock. A sequence counts them, since it is not rolled back with
/// those that fail; a setting of the transaction makes it count once.
const TRIGGERS: &str = "
    CREATE SEQUENCE hostility;
    GRANT USAGE ON SEQUENCE hostility TO PUBLIC;
    CREATE FUNCTION fail_sometimes() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE number bigint;
    BEGIN
        IF current_setting('test.counted', true) IS DISTINCT FROM txid_current()::text THEN
            PERFORM set_config('test.counted', txid_current()::text, true);
            number := nextval('hostility');
            IF number % 14 = 0 THEN RAISE EXCEPTION 'made up' USING ERRCODE = '40P01'; END IF;
            IF number % 7 = 0 THEN RAISE EXCEPTION 'made up' USING ERRCODE = '40001'; END IF;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON chats
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_sometimes();
    CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON deliveries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_sometimes();
    CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR DELETE ON parked
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_sometimes();";
