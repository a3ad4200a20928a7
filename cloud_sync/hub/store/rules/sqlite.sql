-- What the database refuses by itself, as SQLite's triggers. A blank line ends a statement.

-- What objects and people said is never changed; a mistake is put right by saying something more.
CREATE TRIGGER frame_is_written_in_ink_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE(ABORT, 'frame: what was written is never changed'); END;

CREATE TRIGGER frame_is_written_in_ink_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE(ABORT, 'frame: what was written is never changed'); END;

CREATE TRIGGER delivery_is_written_in_ink_update BEFORE UPDATE ON delivery
BEGIN SELECT RAISE(ABORT, 'delivery: what was written is never changed'); END;

CREATE TRIGGER delivery_is_written_in_ink_delete BEFORE DELETE ON delivery
BEGIN SELECT RAISE(ABORT, 'delivery: what was written is never changed'); END;

CREATE TRIGGER document_is_written_in_ink_update BEFORE UPDATE ON document
BEGIN SELECT RAISE(ABORT, 'document: what was written is never changed'); END;

CREATE TRIGGER document_is_written_in_ink_delete BEFORE DELETE ON document
BEGIN SELECT RAISE(ABORT, 'document: what was written is never changed'); END;

CREATE TRIGGER chunk_is_written_in_ink_update BEFORE UPDATE ON chunk
BEGIN SELECT RAISE(ABORT, 'chunk: what was written is never changed'); END;

CREATE TRIGGER chunk_is_written_in_ink_delete BEFORE DELETE ON chunk
BEGIN SELECT RAISE(ABORT, 'chunk: what was written is never changed'); END;

-- A journal has no gap: the next frame of one begins, with what was new in it, where the last one ended.
CREATE TRIGGER frame_has_no_gap BEFORE INSERT ON frame
WHEN NEW.kept AND NEW.first_new <> 1 + coalesce(
    (SELECT max(last) FROM frame WHERE dev = NEW.dev AND epoch = NEW.epoch AND kept = 1), 0)
BEGIN SELECT RAISE(ABORT, 'frame: the next seq of this journal is another one'); END;

CREATE TRIGGER frame_goes_on BEFORE INSERT ON frame
WHEN NEW.kept AND 1 < NEW.first AND NEW.first = NEW.first_new AND NEW.prev <> (
    SELECT head FROM frame WHERE dev = NEW.dev AND epoch = NEW.epoch AND last = NEW.first - 1 AND kept = 1)
BEGIN SELECT RAISE(ABORT, 'frame: the entry before its first is another one'); END;

-- A receipt is made from the cursor, so the cursor may only stand where a frame ends that is here.
CREATE TRIGGER cursor_starts_on_an_entry BEFORE INSERT ON cursor
WHEN NOT EXISTS (SELECT 1 FROM frame WHERE dev = NEW.dev AND epoch = NEW.epoch AND last = NEW.seq
                 AND head = NEW.hash AND kid = NEW.kid AND kept = 1)
BEGIN SELECT RAISE(ABORT, 'cursor: no such entry is here'); END;

CREATE TRIGGER cursor_stands_on_an_entry BEFORE UPDATE ON cursor
WHEN NOT EXISTS (SELECT 1 FROM frame WHERE dev = NEW.dev AND epoch = NEW.epoch AND last = NEW.seq
                 AND head = NEW.hash AND kid = NEW.kid AND kept = 1)
BEGIN SELECT RAISE(ABORT, 'cursor: no such entry is here'); END;

CREATE TRIGGER cursor_never_goes_back BEFORE UPDATE ON cursor WHEN NEW.seq < OLD.seq OR NEW.safe < OLD.safe
BEGIN SELECT RAISE(ABORT, 'cursor: it only advances'); END;

CREATE TRIGGER cursor_stays BEFORE DELETE ON cursor
BEGIN SELECT RAISE(ABORT, 'cursor: a journal that was heard is not forgotten'); END;

-- Objects fall back only before a higher generation: a lower one would make them deaf.
CREATE TRIGGER generation_never_goes_back BEFORE UPDATE ON hub WHEN NEW.generation < OLD.generation
BEGIN SELECT RAISE(ABORT, 'hub: a generation only grows'); END;

-- Whoever worked with an old token must never find it to be the newest again.
CREATE TRIGGER token_never_goes_back BEFORE UPDATE ON lease WHEN NEW.token < OLD.token
BEGIN SELECT RAISE(ABORT, 'lease: a token only grows'); END;

CREATE TRIGGER lease_stays BEFORE DELETE ON lease
BEGIN SELECT RAISE(ABORT, 'lease: a token is not forgotten'); END;

-- What a key has signed can be verified as long as it is here.
CREATE TRIGGER object_key_stays BEFORE DELETE ON object_key
BEGIN SELECT RAISE(ABORT, 'object_key: a key that signed is not forgotten'); END;
