-- What the database refuses by itself, as PostgreSQL's triggers: the rules of `sqlite.sql`. A blank line ends a
-- statement.

CREATE FUNCTION refuse(sentence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = sentence, ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE FUNCTION is_written_in_ink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refuse(TG_TABLE_NAME || ': what was written is never changed'); RETURN NULL; END $$;

-- What objects and people said is never changed; a mistake is put right by saying something more.
CREATE TRIGGER frame_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON frame
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER delivery_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER document_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON document
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER chunk_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON chunk
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

-- A journal has no gap: the next frame of one begins, with what was new in it, where the last one ended.
CREATE FUNCTION frame_has_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before record;
BEGIN
    SELECT last, head INTO before FROM frame
    WHERE dev = NEW.dev AND epoch = NEW.epoch AND kept = 1 ORDER BY last DESC LIMIT 1;
    IF NEW.first_new <> 1 + coalesce(before.last, 0) THEN
        PERFORM refuse('frame: the next seq of this journal is another one');
    END IF;
    IF 1 < NEW.first AND NEW.first = NEW.first_new AND NEW.prev <> before.head THEN
        PERFORM refuse('frame: the entry before its first is another one');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER frame_has_no_gap BEFORE INSERT ON frame
FOR EACH ROW WHEN (NEW.kept = 1) EXECUTE FUNCTION frame_has_no_gap();

-- A receipt is made from the cursor, so the cursor may only stand where a frame ends that is here.
CREATE FUNCTION cursor_stands_on_an_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM frame WHERE dev = NEW.dev AND epoch = NEW.epoch AND last = NEW.seq
                   AND head = NEW.hash AND kid = NEW.kid AND kept = 1) THEN
        PERFORM refuse('cursor: no such entry is here');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cursor_stands_on_an_entry BEFORE INSERT OR UPDATE ON cursor
FOR EACH ROW EXECUTE FUNCTION cursor_stands_on_an_entry();

-- Refuses with the sentence that the trigger was made with.
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refuse(TG_ARGV[0]); RETURN NULL; END $$;

CREATE TRIGGER cursor_never_goes_back BEFORE UPDATE ON cursor
FOR EACH ROW WHEN (NEW.seq < OLD.seq OR NEW.safe < OLD.safe) EXECUTE FUNCTION never('cursor: it only advances');

CREATE TRIGGER cursor_stays BEFORE DELETE OR TRUNCATE ON cursor
FOR EACH STATEMENT EXECUTE FUNCTION never('cursor: a journal that was heard is not forgotten');

-- Objects fall back only before a higher generation: a lower one would make them deaf.
CREATE TRIGGER generation_never_goes_back BEFORE UPDATE ON hub
FOR EACH ROW WHEN (NEW.generation < OLD.generation) EXECUTE FUNCTION never('hub: a generation only grows');

-- Whoever worked with an old token must never find it to be the newest again.
CREATE TRIGGER token_never_goes_back BEFORE UPDATE ON lease
FOR EACH ROW WHEN (NEW.token < OLD.token) EXECUTE FUNCTION never('lease: a token only grows');

CREATE TRIGGER lease_stays BEFORE DELETE OR TRUNCATE ON lease
FOR EACH STATEMENT EXECUTE FUNCTION never('lease: a token is not forgotten');

-- What a key has signed can be verified as long as it is here.
CREATE TRIGGER object_key_stays BEFORE DELETE OR TRUNCATE ON object_key
FOR EACH STATEMENT EXECUTE FUNCTION never('object_key: a key that signed is not forgotten');
