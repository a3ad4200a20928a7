-- A price book that is read page by page: made once, never changed, and made again from the signed document.

-- A GTIN-14 is a number of 14 digits: the key of the tree itself, so that a look-up is one walk down.
CREATE TABLE product (
    gtin INTEGER PRIMARY KEY,
    json BLOB NOT NULL
) STRICT;

-- One row: the book without its products (JSON), how many they are, and the languages of all of them (JSON).
CREATE TABLE book (
    terms BLOB NOT NULL,
    products INTEGER NOT NULL,
    spoken BLOB NOT NULL
) STRICT;
