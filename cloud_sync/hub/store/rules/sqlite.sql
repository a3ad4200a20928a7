-- What the database refuses by itself, as SQLite's triggers. A blank line ends a statement.

-- What objects and people said is never changed; a mistake is put right by saying something more.
CREATE TRIGGER frame_is_written_in_ink_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE(ABORT, 'frame: what was written is never changed'); END;

CREATE TRIGGER frame_is_written_in_ink_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE(ABORT, 'frame: what was written is never changed'); END;

CREATE TRIGGER entry_is_written_in_ink_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entry: what was written is never changed'); END;

CREATE TRIGGER entry_is_written_in_ink_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entry: what was written is never changed'); END;

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

-- A journal has no gap: the next entry of one is its next seq.
CREATE TRIGGER entry_has_no_gap BEFORE INSERT ON entry
WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM entry WHERE dev = NEW.dev AND epoch = NEW.epoch), 0)
BEGIN SELECT RAISE(ABORT, 'entry: the next seq of this journal is another one'); END;

-- A receipt is made from the cursor, so the cursor may only stand on an entry that is here.
CREATE TRIGGER cursor_starts_on_an_entry BEFORE INSERT ON cursor
WHEN NOT EXISTS (SELECT 1 FROM entry
                 WHERE dev = NEW.dev AND epoch = NEW.epoch AND seq = NEW.seq AND hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'cursor: no such entry is here'); END;

CREATE TRIGGER cursor_stands_on_an_entry BEFORE UPDATE ON cursor
WHEN NOT EXISTS (SELECT 1 FROM entry
                 WHERE dev = NEW.dev AND epoch = NEW.epoch AND seq = NEW.seq AND hash = NEW.hash)
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
