-- The till's books as tables: a projection of the journal, rebuilt from it at any time.

-- Units by holder: places of the shop, and the edges of its world (`sold`, `transit`, ...), which go below zero.
CREATE TABLE stock (
    holder  TEXT,
    gtin    TEXT,
    units   INTEGER NOT NULL,
    PRIMARY KEY (holder, gtin)
) STRICT;

-- Where each tagged item is.
CREATE TABLE item (
    epc     TEXT PRIMARY KEY,
    gtin    TEXT NOT NULL,
    holder  TEXT NOT NULL
) STRICT;

-- The signed documents that the object works by.
CREATE TABLE document (
    name        TEXT PRIMARY KEY,
    generation  INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    sha256      TEXT NOT NULL
) STRICT;

-- What was sold, for the next receipt number and for a till that comes back after a power cut.
CREATE TABLE sale (
    seq            INTEGER PRIMARY KEY,
    sale           TEXT NOT NULL UNIQUE,
    number         TEXT NOT NULL UNIQUE,
    total_minor    INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    units          INTEGER NOT NULL,
    wall_ms        INTEGER NOT NULL
) STRICT;
