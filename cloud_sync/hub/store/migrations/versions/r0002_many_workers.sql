-- From one worker to many: the tables that are new, those that are made anew beside the old ones, and those of
-- what is derived, which are empty: whoever projects first makes it again. A blank line ends a statement.

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
    CONSTRAINT an_attempt_is_meant_once UNIQUE (dev, attempt)
)
 STRICT;

CREATE TABLE new_frame (
    id INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    part INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    kid TEXT NOT NULL,
    first INTEGER NOT NULL,
    first_new INTEGER NOT NULL,
    last INTEGER NOT NULL,
    prev BLOB NOT NULL,
    head BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT kept_is_yes_or_no CHECK (kept IN (0, 1)),
    CONSTRAINT seqs_grow CHECK (1 <= first AND first <= first_new AND first_new <= last),
    CONSTRAINT a_batch_is_short CHECK (last - first < 256),
    CONSTRAINT prev_is_a_sha256 CHECK (length(prev) = 32),
    CONSTRAINT head_is_a_sha256 CHECK (length(head) = 32),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

CREATE TABLE new_cursor (
    id INTEGER NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    kid TEXT NOT NULL,
    heard_ms INTEGER NOT NULL,
    safe INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_cursor_a_journal UNIQUE (dev, epoch),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT safe_is_here CHECK (safe BETWEEN 0 AND seq),
    CONSTRAINT hash_is_a_sha256 CHECK (length(hash) = 32)
)
 STRICT;

CREATE TABLE new_quarantine (
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
    FOREIGN KEY(frame) REFERENCES frame (id)
)
 STRICT;

INSERT INTO new_frame (id, tenant, site, dev, epoch, part, kept, kid, first, first_new, last, prev, head,
                       received_ms, bytes)
SELECT id, tenant, site, dev, epoch, partition(dev), kept, said(bytes, 'kid'), said(bytes, 'first'), first_new,
       said(bytes, 'last'), said(bytes, 'prev'), said(bytes, 'head'), received_ms, bytes
FROM frame
JOIN (SELECT frame, 1 AS kept, min(seq) AS first_new FROM entry GROUP BY frame
      UNION ALL
      SELECT frame, 0, min(seq) FROM quarantine WHERE frame IS NOT NULL GROUP BY frame) ON frame = id
ORDER BY id;

INSERT INTO new_cursor (id, dev, epoch, seq, hash, kid, heard_ms)
SELECT id, dev, epoch, seq, hash,
       (SELECT kid FROM entry AS last
        WHERE last.dev = cursor.dev AND last.epoch = cursor.epoch AND last.seq = cursor.seq),
       heard_ms
FROM cursor;

INSERT INTO new_quarantine (id, dev, epoch, seq, hash, reason, sentence, at_ms, frame)
SELECT id, dev, epoch, seq, hash, reason, sentence, at_ms, frame FROM quarantine WHERE frame IS NOT NULL;

INSERT INTO object_key (dev, kid, x, y, tier, epoch, from_seq, since_ms)
SELECT id, kid, x, y, 'file', '', 1, admitted_ms FROM object;

DROP TABLE frame;

ALTER TABLE new_frame RENAME TO frame;

DROP TABLE cursor;

ALTER TABLE new_cursor RENAME TO cursor;

DROP TABLE quarantine;

ALTER TABLE new_quarantine RENAME TO quarantine;

DROP TABLE projection;

CREATE TABLE projection (
    part INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (part),
    CONSTRAINT part_is_a_partition CHECK (part BETWEEN 0 AND 63)
)
 STRICT;

DROP TABLE entry;

CREATE TABLE entry (
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
    CONSTRAINT one_entry_a_place UNIQUE (dev, epoch, seq)
)
 STRICT;

DROP TABLE sale;

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
    CONSTRAINT a_sale_counts_once UNIQUE (sale, dev)
)
 STRICT;

DROP TABLE sale_line;

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
 WITHOUT ROWID,
 STRICT;

DROP TABLE arrival;

CREATE TABLE arrival (
    transfer TEXT NOT NULL,
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (transfer, tenant, site)
)
 STRICT;

DROP TABLE stock;

CREATE TABLE stock (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    holder TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, holder, gtin)
)
 WITHOUT ROWID,
 STRICT;

DROP TABLE sold;

CREATE TABLE sold (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    gtin TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, gtin)
)
 WITHOUT ROWID,
 STRICT;

DROP TABLE takings;

CREATE TABLE takings (
    dev TEXT NOT NULL,
    currency TEXT NOT NULL,
    sales INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    PRIMARY KEY (dev, currency)
)
 WITHOUT ROWID,
 STRICT;

DROP TABLE money;

CREATE TABLE money (
    tenant TEXT NOT NULL,
    site TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (tenant, site, account, currency)
)
 WITHOUT ROWID,
 STRICT;

INSERT INTO projection (part, upto)
WITH RECURSIVE each(part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM each WHERE part < 63)
SELECT part, 0 FROM each;

INSERT INTO lease (part, worker, token, until_ms) SELECT part, '', 0, 0 FROM projection;

INSERT INTO stock (tenant, site, holder, gtin, units)
SELECT tenant, site, holder, gtin, sum(units)
FROM (SELECT tenant, site, 'supplier' AS holder, gtin, -units AS units FROM delivery
      UNION ALL
      SELECT tenant, site, taker, gtin, units FROM delivery)
GROUP BY tenant, site, holder, gtin;

CREATE INDEX frame_by_part ON frame (part, id) WHERE kept = 1;

CREATE UNIQUE INDEX one_frame_a_place ON frame (dev, epoch, last) WHERE kept = 1;
