-- The till's books as tables: a projection of the journal, rebuilt from it at any time.

-- Units by holder: places of the shop, and the edges of its world (`sold`, `transit`, ...), which go below zero.
CREATE TABLE stock (
    holder  TEXT,
    gtin    TEXT,
    units   INTEGER NOT NULL,
    PRIMARY KEY (holder, gtin)
) STRICT;

-- Where each tagged item is, and since when. Sold ones are forgotten after 90 days.
CREATE TABLE item (
    epc      TEXT PRIMARY KEY,
    gtin     TEXT NOT NULL,
    holder   TEXT NOT NULL,
    wall_ms  INTEGER NOT NULL
) STRICT;

CREATE INDEX item_sold_by_age ON item (wall_ms) WHERE holder = 'sold';

-- The transfers that were counted: each once, however often and however late it is told.
CREATE TABLE transfer (
    transfer  TEXT PRIMARY KEY
) STRICT;

-- The signed documents that the object works by.
CREATE TABLE document (
    name        TEXT PRIMARY KEY,
    generation  INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    sha256      TEXT NOT NULL
) STRICT;

-- What came in, by the shop's own day.
CREATE TABLE takings (
    business_date  TEXT,
    currency       TEXT,
    tender         TEXT,
    sales          INTEGER NOT NULL,
    total_minor    INTEGER NOT NULL,
    PRIMARY KEY (business_date, currency, tender)
) STRICT;

-- The last sale, and how many there were in its epoch: for the next receipt number, and for a till that comes back
-- after a power cut. One row, or none.
CREATE TABLE last_sale (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    epoch        TEXT NOT NULL,
    sales        INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    sale         TEXT NOT NULL,
    number       TEXT NOT NULL,
    total_minor  INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    units        INTEGER NOT NULL,
    wall_ms      INTEGER NOT NULL
) STRICT;

-- The last note of credit, and how many there were in its epoch: for the next number of their row, and to finish
-- a return that a power cut has stopped between two notes. One row, or none.
CREATE TABLE last_refund (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    epoch        TEXT NOT NULL,
    refunds      INTEGER NOT NULL,
    refund       TEXT NOT NULL,
    sale         TEXT NOT NULL
) STRICT;

-- Wrong PINs of people of the shop since their last right one, and when the last of them was: a lock holds over a
-- restart.
CREATE TABLE wrong_pin (
    staff    TEXT PRIMARY KEY,
    wrong    INTEGER NOT NULL,
    wall_ms  INTEGER NOT NULL
) STRICT;
