-- Wallets and gift cards, and what of them is lent to objects. A blank line ends a statement.

CREATE TABLE wallet (
    wallet TEXT NOT NULL,
    tenant TEXT NOT NULL,
    shown TEXT NOT NULL,
    currency TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    blocked_ms INTEGER,
    PRIMARY KEY (wallet),
    CONSTRAINT one_wallet_is_shown UNIQUE (tenant, shown)
)
 STRICT;

CREATE TABLE wallet_credit (
    wallet TEXT NOT NULL,
    idem TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (wallet, idem),
    FOREIGN KEY(wallet) REFERENCES wallet (wallet)
)
 STRICT;

CREATE TABLE slice (
    serial TEXT NOT NULL,
    wallet TEXT NOT NULL,
    dev TEXT NOT NULL,
    epoch TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    reclaimed_ms INTEGER,
    PRIMARY KEY (serial),
    FOREIGN KEY(wallet) REFERENCES wallet (wallet),
    FOREIGN KEY(dev) REFERENCES object (id),
    CONSTRAINT a_slice_is_something CHECK (amount_minor > 0)
)
 STRICT;

CREATE TABLE slice_use (
    dev TEXT NOT NULL,
    attempt TEXT NOT NULL,
    refund TEXT NOT NULL,
    serial TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (dev, attempt, refund)
)
 STRICT;

CREATE TABLE slice_end (
    serial TEXT NOT NULL,
    dev TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (serial)
)
 STRICT;

CREATE INDEX slice_by_wallet ON slice (wallet);

CREATE INDEX use_by_slice ON slice_use (serial);
