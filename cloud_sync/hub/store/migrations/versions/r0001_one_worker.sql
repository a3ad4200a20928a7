-- The tables of the first hubs on SQLite, and their rules. A blank line ends a statement.

CREATE TABLE alarm (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    sentence TEXT NOT NULL,
    times INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_row_an_alarm UNIQUE (kind, subject)
)
 STRICT;

CREATE TABLE chunk (
    sha256 TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (sha256)
)
 STRICT;

CREATE TABLE delivery (
    id INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    transfer TEXT NOT NULL,
    holder TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    epcs TEXT NOT NULL,
    taker TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT a_transfer_is_made_once UNIQUE (transfer, tenant, site),
    CONSTRAINT a_delivery_brings_goods CHECK (units > 0)
)
 STRICT;

CREATE TABLE document (
    id INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    manifest TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_document_a_version UNIQUE (tenant, site, name, generation, n)
)
 STRICT;

CREATE TABLE frame (
    id INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE hub (
    id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT there_is_one_hub CHECK (id = 1),
    CONSTRAINT generations_count_from_one CHECK (generation >= 1)
)
 STRICT;

CREATE TABLE listing (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sells_from TEXT NOT NULL,
    PRIMARY KEY (tenant, site, object)
)
 STRICT;

CREATE TABLE money (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, account, currency)
)
 STRICT;

CREATE TABLE object (
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    kid TEXT NOT NULL,
    x TEXT NOT NULL,
    y TEXT NOT NULL,
    admitted_ms INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE product (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    gtin TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, site, gtin)
)
 STRICT;

CREATE TABLE projection (
    id INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT there_is_one_cursor CHECK (id = 1)
)
 STRICT;

CREATE TABLE site (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, site)
)
 STRICT;

CREATE TABLE sold (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, gtin)
)
 STRICT;

CREATE TABLE stock (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    holder TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, holder, gtin)
)
 STRICT;

CREATE TABLE takings (
    dev TEXT NOT NULL,
    currency TEXT NOT NULL,
    sales INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    PRIMARY KEY (dev, currency)
)
 STRICT;

CREATE TABLE cursor (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    heard_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_cursor_a_journal UNIQUE (dev, epoch),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32)
)
 STRICT;

CREATE TABLE entry (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kid TEXT NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL,
    frame INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_entry_a_place UNIQUE (dev, epoch, seq),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT seq_counts_from_one CHECK (seq >= 1),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32),
    FOREIGN KEY(frame) REFERENCES frame (id)
)
 STRICT;

CREATE TABLE presence (
    dev TEXT NOT NULL,
    online INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL,
    acked INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL,
    PRIMARY KEY (dev),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT online_is_yes_or_no CHECK (online IN (0, 1))
)
 STRICT;

CREATE TABLE arrival (
    transfer TEXT NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (transfer, tenant, site),
    FOREIGN KEY(entry) REFERENCES entry (id)
)
 STRICT;

CREATE TABLE quarantine (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    reason TEXT NOT NULL,
    sentence TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    frame INTEGER,
    entry INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT one_row_a_case UNIQUE (dev, epoch, seq, hash, reason),
    CONSTRAINT evidence_is_a_frame_or_an_entry CHECK ((frame IS NULL) <> (entry IS NULL)),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32),
    FOREIGN KEY(frame) REFERENCES frame (id),
    FOREIGN KEY(entry) REFERENCES entry (id)
)
 STRICT;

CREATE TABLE sale (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    sale TEXT NOT NULL,
    number TEXT NOT NULL,
    business_date TEXT NOT NULL,
    tender TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    units INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    PRIMARY KEY (entry),
    CONSTRAINT a_sale_counts_once UNIQUE (sale, dev),
    FOREIGN KEY(entry) REFERENCES entry (id)
)
 STRICT;

CREATE TABLE sale_line (
    entry INTEGER NOT NULL,
    line INTEGER NOT NULL,
    gtin TEXT NOT NULL,
    name TEXT NOT NULL,
    units INTEGER NOT NULL,
    price_minor INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    tax TEXT NOT NULL,
    PRIMARY KEY (entry, line),
    FOREIGN KEY(entry) REFERENCES sale (entry)
)
 STRICT;

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

CREATE TRIGGER cursor_never_goes_back BEFORE UPDATE ON cursor WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'cursor: it only advances'); END;

CREATE TRIGGER cursor_stays BEFORE DELETE ON cursor
BEGIN SELECT RAISE(ABORT, 'cursor: a journal that was heard is not forgotten'); END;

-- Objects fall back only before a higher generation: a lower one would make them deaf.
CREATE TRIGGER generation_never_goes_back BEFORE UPDATE ON hub WHEN NEW.generation < OLD.generation
BEGIN SELECT RAISE(ABORT, 'hub: a generation only grows'); END;
