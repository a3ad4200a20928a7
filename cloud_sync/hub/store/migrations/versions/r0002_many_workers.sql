-- From one worker to many: the tables that are new, and those that are made anew beside the old ones. A
-- blank line ends a statement.

CREATE TABLE backup (
    id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE claim (
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    timezone TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    key_x TEXT,
    key_y TEXT,
    tier TEXT,
    csr TEXT,
    code TEXT,
    asked_ms INTEGER,
    confirmed_ms INTEGER,
    refused_ms INTEGER,
    enrolled_ms INTEGER,
    answer TEXT,
    wrong INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE keyring (
    tenant TEXT DEFAULT '' NOT NULL,
    generation INTEGER NOT NULL,
    n INTEGER NOT NULL,
    jws TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, generation, n)
)
 STRICT;

CREATE TABLE lease (
    part INTEGER NOT NULL,
    worker TEXT NOT NULL,
    token INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (part),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

CREATE TABLE telemetry (
    dev TEXT NOT NULL,
    lane TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (dev, lane, seq)
)
 STRICT;

CREATE TABLE telemetry_lane (
    dev TEXT NOT NULL,
    lane TEXT NOT NULL,
    last INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    replaced INTEGER NOT NULL,
    PRIMARY KEY (dev, lane)
)
 STRICT;

CREATE TABLE worker (
    name TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE certificate (
    serial TEXT NOT NULL,
    dev TEXT NOT NULL,
    pem TEXT NOT NULL,
    not_after_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    PRIMARY KEY (serial),
    FOREIGN KEY(dev) REFERENCES object (id)
)
 STRICT;

CREATE TABLE command (
    id TEXT NOT NULL,
    dev TEXT NOT NULL,
    jws TEXT NOT NULL,
    verb TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    told_ms INTEGER,
    done_ms INTEGER,
    ok INTEGER,
    sentence TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT ok_is_yes_or_no CHECK (ok IN (0, 1))
)
 STRICT;

CREATE TABLE object_key (
    dev TEXT NOT NULL,
    kid TEXT NOT NULL,
    x TEXT NOT NULL,
    y TEXT NOT NULL,
    tier TEXT NOT NULL,
    epoch TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (dev, kid),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT from_seq_counts_from_one CHECK (from_seq >= 1)
)
 STRICT;

CREATE TABLE payment (
    attempt TEXT NOT NULL,
    dev TEXT NOT NULL,
    provider TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reference TEXT,
    asked_ms INTEGER NOT NULL,
    said_ms INTEGER,
    PRIMARY KEY (attempt),
    FOREIGN KEY(dev) REFERENCES object (id)
)
 STRICT;

CREATE TABLE revocation (
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    why TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (dev),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT seq_counts_from_nothing CHECK (seq >= 0)
)
 STRICT;

CREATE TABLE intent (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    attempt TEXT NOT NULL,
    sale TEXT NOT NULL,
    provider TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (entry),
    CONSTRAINT an_attempt_is_meant_once UNIQUE (dev, attempt),
    FOREIGN KEY(entry) REFERENCES entry (id)
)
 STRICT;

CREATE TABLE new_frame (
    id INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

CREATE TABLE new_entry (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kid TEXT NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL,
    frame INTEGER NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_entry_a_place UNIQUE (dev, epoch, seq),
    FOREIGN KEY(frame) REFERENCES frame (id),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT seq_counts_from_one CHECK (seq >= 1),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

CREATE TABLE new_cursor (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    heard_ms INTEGER NOT NULL,
    safe INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_cursor_a_journal UNIQUE (dev, epoch),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT safe_is_here CHECK (safe BETWEEN 0 AND seq),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32)
)
 STRICT;

CREATE TABLE new_projection (
    part INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (part),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

CREATE TABLE new_money (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, account, currency)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE new_sold (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, gtin)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE new_stock (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    holder TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, holder, gtin)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE new_takings (
    dev TEXT NOT NULL,
    currency TEXT NOT NULL,
    sales INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    PRIMARY KEY (dev, currency)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE new_sale_line (
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
 WITHOUT ROWID,
 STRICT;

INSERT INTO new_frame (id, tenant, site, dev, epoch, received_ms, bytes, part)
SELECT id, tenant, site, dev, epoch, received_ms, bytes, partition(dev) FROM frame;

INSERT INTO new_entry (id, dev, epoch, seq, kid, hash, body, frame, part)
SELECT id, dev, epoch, seq, kid, hash, body, frame, partition(dev) FROM entry;

INSERT INTO new_cursor (id, dev, epoch, seq, hash, heard_ms)
SELECT id, dev, epoch, seq, hash, heard_ms FROM cursor;

INSERT INTO new_projection (part, upto)
WITH RECURSIVE each(part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM each WHERE part < 63)
SELECT part, (SELECT upto FROM projection) FROM each;

INSERT INTO new_money (tenant, site, account, currency, amount_minor)
SELECT tenant, site, account, currency, amount_minor FROM money;

INSERT INTO new_sold (tenant, site, gtin, units)
SELECT tenant, site, gtin, units FROM sold;

INSERT INTO new_stock (tenant, site, holder, gtin, units)
SELECT tenant, site, holder, gtin, units FROM stock;

INSERT INTO new_takings (dev, currency, sales, total_minor)
SELECT dev, currency, sales, total_minor FROM takings;

INSERT INTO new_sale_line (entry, line, gtin, name, units, price_minor, total_minor, tax)
SELECT entry, line, gtin, name, units, price_minor, total_minor, tax FROM sale_line;

INSERT INTO lease (part, worker, token, until_ms) SELECT part, '', 0, 0 FROM new_projection;

INSERT INTO object_key (dev, kid, x, y, tier, epoch, from_seq, since_ms)
SELECT id, kid, x, y, 'file', '', 1, admitted_ms FROM object;

DROP TABLE frame;

ALTER TABLE new_frame RENAME TO frame;

DROP TABLE entry;

ALTER TABLE new_entry RENAME TO entry;

DROP TABLE cursor;

ALTER TABLE new_cursor RENAME TO cursor;

DROP TABLE projection;

ALTER TABLE new_projection RENAME TO projection;

DROP TABLE money;

ALTER TABLE new_money RENAME TO money;

DROP TABLE sold;

ALTER TABLE new_sold RENAME TO sold;

DROP TABLE stock;

ALTER TABLE new_stock RENAME TO stock;

DROP TABLE takings;

ALTER TABLE new_takings RENAME TO takings;

DROP TABLE sale_line;

ALTER TABLE new_sale_line RENAME TO sale_line;

CREATE INDEX entry_by_part ON entry (part, id);
