-- The tables of TechEmpower's tests.
CREATE TABLE world (
    id INTEGER PRIMARY KEY,
    randomnumber INTEGER NOT NULL
);

CREATE TABLE fortune (
    id INTEGER PRIMARY KEY,
    message VARCHAR(2048) NOT NULL
);
