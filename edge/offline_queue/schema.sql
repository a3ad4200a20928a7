-- The ledger of one object and one epoch. The database itself refuses what the code should not do.
-- `chk` is the start of a SHA-256 over the rest of its row: what the signed chain does not cover tells of a flipped
-- bit by itself (see bookkeeping.py).

-- Whose ledger it is. One row, written with the file.
CREATE TABLE journal (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    dev    TEXT NOT NULL,
    epoch  TEXT NOT NULL,
    chk    BLOB NOT NULL CHECK (length(chk) = 8)
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

-- What the hub has confirmed, and its own signed words for it. The queue is `entry.seq > acked.seq`.
CREATE TABLE acked (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    seq         INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    safe        INTEGER NOT NULL CHECK (safe <= seq),
    jws         TEXT NOT NULL,
    chk         BLOB NOT NULL CHECK (length(chk) = 8)
) STRICT;

-- How far each projection has read. Projections follow outside the transaction of an entry and can be rebuilt.
CREATE TABLE projection (
    name     TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    chk      BLOB NOT NULL CHECK (length(chk) = 8)
) STRICT;

-- The states that the `checkpoint` entry `seq` names by their hashes: where a rebuild begins once everything below
-- it has been pruned.
CREATE TABLE closing (
    seq      INTEGER NOT NULL,
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    state    BLOB NOT NULL,
    PRIMARY KEY (seq, name)
) STRICT;

-- Idempotency keys of entries that were pruned, or that an earlier epoch of this object wrote: kept for 90 days.
CREATE TABLE spent (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 16),
    seq      INTEGER NOT NULL,
    wall_ms  INTEGER NOT NULL,
    chk      BLOB NOT NULL CHECK (length(chk) = 8)
) STRICT;

CREATE INDEX spent_by_age ON spent (wall_ms);

CREATE TRIGGER entry_follows_the_last_one BEFORE INSERT ON entry
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM entry), 0) + 1
BEGIN SELECT RAISE(ABORT, 'an entry comes right after the last one: a gap would be a lost sale'); END;

CREATE TRIGGER entry_is_chained_to_the_last_one BEFORE INSERT ON entry
WHEN NEW.seq > 1 AND NEW.prev IS NOT (SELECT hash FROM entry WHERE seq = NEW.seq - 1)
BEGIN SELECT RAISE(ABORT, 'an entry names the hash of the one before it'); END;

CREATE TRIGGER entry_is_written_in_ink BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed: write a reversing one'); END;

-- The newest checkpoint that a backup of the hub covers is the first entry that must stay.
CREATE TRIGGER entry_is_torn_out_only_below_a_safe_checkpoint BEFORE DELETE ON entry
WHEN OLD.seq >= coalesce((SELECT max(seq) FROM closing WHERE seq <= (SELECT safe FROM acked)), 0)
BEGIN SELECT RAISE(ABORT, 'an entry stays until a backup of the hub covers a checkpoint after it'); END;

CREATE TRIGGER entry_is_torn_out_from_the_front BEFORE DELETE ON entry
WHEN OLD.seq > (SELECT min(seq) FROM entry)
BEGIN SELECT RAISE(ABORT, 'entries are pruned from the oldest on: a hole would be a lost sale'); END;

CREATE TRIGGER acked_never_falls_back BEFORE UPDATE ON acked
WHEN NEW.generation < OLD.generation OR (NEW.generation = OLD.generation AND NEW.seq < OLD.seq)
BEGIN SELECT RAISE(ABORT, 'only a hub of a higher generation may confirm less than before'); END;

CREATE TRIGGER acked_is_not_forgotten BEFORE DELETE ON acked
BEGIN SELECT RAISE(ABORT, 'what the hub has confirmed is never forgotten'); END;
