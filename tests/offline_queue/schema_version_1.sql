-- The ledger of one object and one epoch. The database itself refuses what the code should not do.

-- Whose ledger it is. One row, written with the first entry.
CREATE TABLE journal (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    dev    TEXT NOT NULL,
    epoch  TEXT NOT NULL
) STRICT;

-- The journal: gapless, chained, signed. `body` is the payload of a JWS, `prev` is in its protected header.
CREATE TABLE entry (
    seq   INTEGER PRIMARY KEY CHECK (seq > 0),
    kind  TEXT NOT NULL,
    idem  TEXT NOT NULL UNIQUE,
    kid   TEXT NOT NULL CHECK (length(kid) = 8),
    prev  BLOB NOT NULL CHECK (length(prev) = 32),
    body  BLOB NOT NULL,
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    sig   BLOB NOT NULL CHECK (length(sig) = 64)
) STRICT;

CREATE TRIGGER entry_follows_the_last_one BEFORE INSERT ON entry
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM entry), 0) + 1
BEGIN SELECT RAISE(ABORT, 'an entry comes right after the last one: a gap would be a lost sale'); END;

CREATE TRIGGER entry_is_chained_to_the_last_one BEFORE INSERT ON entry
WHEN NEW.seq > 1 AND NEW.prev IS NOT (SELECT hash FROM entry WHERE seq = NEW.seq - 1)
BEGIN SELECT RAISE(ABORT, 'an entry names the hash of the one before it'); END;

CREATE TRIGGER entry_is_written_in_ink BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed: write a reversing one'); END;

CREATE TRIGGER entry_is_never_torn_out BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;

-- What the hub has confirmed, and its own signed words for it. The queue is `entry.seq > acked.seq`.
CREATE TABLE acked (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    seq         INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    safe        INTEGER NOT NULL,
    jws         TEXT NOT NULL
) STRICT;

CREATE TRIGGER acked_never_falls_back BEFORE UPDATE ON acked
WHEN NEW.generation < OLD.generation OR (NEW.generation = OLD.generation AND NEW.seq < OLD.seq)
BEGIN SELECT RAISE(ABORT, 'only a hub of a higher generation may confirm less than before'); END;

-- How far each projection has read. Projections follow outside the transaction of an entry and can be rebuilt.
CREATE TABLE projection (
    name     TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    seq      INTEGER NOT NULL
) STRICT;
