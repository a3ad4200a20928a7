-- A price book that is read page by page: made once, never changed, and made again from the signed document.

-- A GTIN-14 is a number of 14 digits: the key of the tree itself, so that a look-up is one walk down.
-- `model` is what the sizes and colours of one garment share, where it has any.
CREATE TABLE product (
    gtin INTEGER PRIMARY KEY,
    json BLOB NOT NULL,
    model TEXT
) STRICT;
CREATE INDEX variant ON product (model) WHERE model IS NOT NULL;

-- One row: the book without its products (JSON), how many they are, and the languages of all of them (JSON).
CREATE TABLE book (
    terms BLOB NOT NULL,
    products INTEGER NOT NULL,
    spoken BLOB NOT NULL
) STRICT;
