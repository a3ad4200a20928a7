-- What the database refuses by itself, as PostgreSQL's triggers: the rules of `sqlite.sql`. A blank line ends a
-- statement. Rules about many rows look at all rows of a statement at once, which costs a tenth.

CREATE FUNCTION refuse(sentence text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = sentence, ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE FUNCTION is_written_in_ink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM refuse(TG_TABLE_NAME || ': what was written is never changed'); RETURN NULL; END $$;

-- What objects and people said is never changed; a mistake is put right by saying something more.
CREATE TRIGGER frame_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON frame
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER entry_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER delivery_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER document_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON document
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

CREATE TRIGGER chunk_is_written_in_ink BEFORE UPDATE OR DELETE OR TRUNCATE ON chunk
FOR EACH STATEMENT EXECUTE FUNCTION is_written_in_ink();

-- A journal has no gap, and each entry is of an object that is here, in a frame of that object.
CREATE FUNCTION entry_has_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM (SELECT dev, epoch, min(seq) AS first, max(seq) AS last, count(*) AS n
              FROM fresh GROUP BY dev, epoch) AS journal
        WHERE n <> last - first + 1 OR first > 1 AND NOT EXISTS (
            SELECT 1 FROM entry
            WHERE entry.dev = journal.dev AND entry.epoch = journal.epoch AND entry.seq = journal.first - 1)
    ) THEN
        PERFORM refuse('entry: the next seq of this journal is another one');
    END IF;
    IF EXISTS (
        SELECT 1
        FROM (SELECT DISTINCT dev, part, frame FROM fresh) AS told
        LEFT JOIN frame ON frame.id = told.frame AND frame.dev = told.dev AND frame.part = told.part
        LEFT JOIN object ON object.id = told.dev
        WHERE frame.id IS NULL OR object.id IS NULL
    ) THEN
        PERFORM refuse('entry: its frame or its object is not here (a FOREIGN KEY)');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_has_its_place AFTER INSERT ON entry REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION entry_has_its_place();

-- A receipt is made from the cursor, so the cursor may only stand on an entry that is here.
CREATE FUNCTION cursor_stands_on_an_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM entry
                   WHERE dev = NEW.dev AND epoch = NEW.epoch AND seq = NEW.seq AND hash = NEW.hash) THEN
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
