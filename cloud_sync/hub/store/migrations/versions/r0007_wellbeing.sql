-- What objects say of their programs and faults. A blank line ends a statement.

CREATE TABLE wellbeing (
    dev TEXT NOT NULL,
    program TEXT NOT NULL,
    faults TEXT NOT NULL,
    PRIMARY KEY (dev),
    FOREIGN KEY(dev) REFERENCES object (id)
)
 STRICT;
