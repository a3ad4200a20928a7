-- The house's own books as tables: a projection of the journal, rebuilt from it at any time.

-- What attempts took out of slices. Those of a slice that was given back are forgotten after 90 days.
CREATE TABLE slice_use (
    attempt       TEXT PRIMARY KEY,
    slice         TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    wall_ms       INTEGER NOT NULL
) STRICT;

-- What of it went back, each under the key that it was asked by.
CREATE TABLE slice_back (
    attempt       TEXT NOT NULL,
    refund        TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    PRIMARY KEY (attempt, refund)
) STRICT;

-- The slices that were given back: nothing is taken out of them any more.
CREATE TABLE slice_end (
    slice    TEXT PRIMARY KEY,
    wall_ms  INTEGER NOT NULL
) STRICT;

-- What people of the shop confirmed at the desk: money that came for an attempt, or went back under a key.
CREATE TABLE desk_deed (
    about    TEXT NOT NULL,
    act      TEXT NOT NULL,
    wall_ms  INTEGER NOT NULL,
    PRIMARY KEY (about, act)
) STRICT;
