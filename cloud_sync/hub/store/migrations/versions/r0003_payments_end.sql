-- The books of money that goes back and of settlements, the new projections, and the old ones emptied but for
-- what the hub itself posts. A blank line ends a statement.

CREATE TABLE payback (
    attempt TEXT NOT NULL,
    refund TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    reference TEXT,
    asked_ms INTEGER NOT NULL,
    said_ms INTEGER,
    PRIMARY KEY (attempt, refund),
    FOREIGN KEY(attempt) REFERENCES payment (attempt)
)
 STRICT;

CREATE TABLE settlement (
    provider TEXT NOT NULL,
    line TEXT NOT NULL,
    attempt TEXT NOT NULL,
    reference TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    imported_ms INTEGER NOT NULL,
    PRIMARY KEY (provider, line)
)
 STRICT;

CREATE TABLE payment_end (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    idem TEXT NOT NULL,
    attempt TEXT NOT NULL,
    sale TEXT NOT NULL,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    refund TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    PRIMARY KEY (entry),
    CONSTRAINT an_end_counts_once UNIQUE (idem, dev)
)
 STRICT;

CREATE TABLE refund (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    refund TEXT NOT NULL,
    sale TEXT NOT NULL,
    attempt TEXT NOT NULL,
    provider TEXT NOT NULL,
    number TEXT NOT NULL,
    business_date TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    units INTEGER NOT NULL,
    reason TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    PRIMARY KEY (entry),
    CONSTRAINT a_refund_counts_once UNIQUE (refund, dev)
)
 STRICT;

CREATE TABLE refund_line (
    entry INTEGER NOT NULL,
    line INTEGER NOT NULL,
    gtin TEXT NOT NULL,
    name TEXT NOT NULL,
    units INTEGER NOT NULL,
    price_minor INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    tax TEXT NOT NULL,
    PRIMARY KEY (entry, line),
    FOREIGN KEY(entry) REFERENCES refund (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE deed (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    staff TEXT NOT NULL,
    act TEXT NOT NULL,
    about TEXT NOT NULL,
    wall_ms INTEGER NOT NULL,
    PRIMARY KEY (entry)
)
 STRICT;

CREATE INDEX end_by_attempt ON payment_end (attempt);

INSERT INTO payback (attempt, refund, amount_minor, outcome, reference, asked_ms, said_ms)
SELECT attempt, attempt, amount_minor, CASE outcome WHEN 'refunded' THEN 'refunded' ELSE 'unknown' END,
       reference, asked_ms, said_ms
FROM payment WHERE outcome IN ('refunding', 'refunded');

UPDATE payment SET outcome = 'captured' WHERE outcome = 'refunding';

DELETE FROM sale_line;

DELETE FROM sale;

DELETE FROM arrival;

DELETE FROM intent;

DELETE FROM stock;

DELETE FROM sold;

DELETE FROM takings;

DELETE FROM money;

DELETE FROM entry;

DELETE FROM quarantine WHERE entry IS NOT NULL;

UPDATE projection SET upto = 0;

INSERT INTO stock (tenant, site, holder, gtin, units)
SELECT tenant, site, holder, gtin, sum(units)
FROM (SELECT tenant, site, 'supplier' AS holder, gtin, -units AS units FROM delivery
      UNION ALL
      SELECT tenant, site, taker, gtin, units FROM delivery) AS moved
GROUP BY tenant, site, holder, gtin;
