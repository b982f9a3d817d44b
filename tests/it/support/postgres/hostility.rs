//! A PostgreSQL that makes difficulties, as it may at any time.

/// At this level it fails whatever two sessions did to each other. Whoever says nothing is at it.
pub(crate) const SETTINGS: [&str; 1] = ["default_transaction_isolation=serializable"];

/// Every seventh transaction that writes a chat, a delivery or a parked report fails when it is committed, by turns as
/// one that cannot be serialized and as one of a deadlock. A sequence counts them, since it is not rolled back with
/// those that fail; a setting of the transaction makes it count once.
pub(crate) const TRIGGERS: &str = "
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
