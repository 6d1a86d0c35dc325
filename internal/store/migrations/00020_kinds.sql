-- How many people of each kind a block holds is written when it is loaded, so that the first survey of a list reads a
-- few rows a block instead of one a person. first is the place of the first of a kind, from 0. A block without rows
-- here holds people who are looked at one by one.
-- +goose Up

CREATE TABLE kind (
    incident text NOT NULL,
    block    bigint NOT NULL,
    kind     integer NOT NULL CHECK (kind > 0),
    people   integer NOT NULL CHECK (people > 0),
    first    smallint NOT NULL,
    PRIMARY KEY (incident, block, kind),
    FOREIGN KEY (incident, block) REFERENCES block (incident, no)
);
