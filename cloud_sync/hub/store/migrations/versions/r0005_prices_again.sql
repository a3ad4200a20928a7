-- Sales that are priced again, and members. A blank line ends a statement.

CREATE TABLE member (
    member TEXT NOT NULL,
    tenant TEXT NOT NULL,
    shown TEXT NOT NULL,
    level TEXT NOT NULL,
    name TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (member),
    CONSTRAINT one_member_is_shown UNIQUE (tenant, shown)
)
 STRICT;

CREATE TABLE price_cursor (
    part INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    equal INTEGER DEFAULT '0' NOT NULL,
    unchecked INTEGER DEFAULT '0' NOT NULL,
    PRIMARY KEY (part)
)
 STRICT;

CREATE TABLE price_case (
    entry INTEGER NOT NULL,
    dev TEXT NOT NULL,
    sale TEXT NOT NULL,
    verdict TEXT NOT NULL,
    sentence TEXT NOT NULL,
    part INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (entry),
    CONSTRAINT a_case_is_open CHECK (verdict IN ('differs', 'waits'))
)
 STRICT;

CREATE INDEX case_by_verdict ON price_case (verdict, at_ms);
