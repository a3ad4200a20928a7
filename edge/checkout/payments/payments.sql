-- Payments as tables: a projection of the journal, rebuilt from it at any time.

-- Each attempt to have something paid, and where it stands. What is over is forgotten after 90 days.
CREATE TABLE attempt (
    attempt       TEXT PRIMARY KEY,
    sale          TEXT NOT NULL,
    provider      TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    fence         TEXT NOT NULL,
    standing      TEXT NOT NULL,
    paid          TEXT NOT NULL,      -- what it brought in, as JSON; '' while nothing
    draft         TEXT NOT NULL,      -- the sale as it was meant, as JSON; '' where another attempt carries it
    wall_ms       INTEGER NOT NULL
) STRICT;

-- When each way to pay has last handed in its day.
CREATE TABLE day_close (
    provider      TEXT PRIMARY KEY,
    wall_ms       INTEGER NOT NULL,
    carried       TEXT NOT NULL       -- the attempts that were open then, as JSON: they are of the next day
) STRICT;

-- What shoppers have to get back, each under the key that its provider is asked by.
CREATE TABLE due (
    due           TEXT PRIMARY KEY,
    attempt       TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    standing      TEXT NOT NULL,
    wall_ms       INTEGER NOT NULL
) STRICT;
