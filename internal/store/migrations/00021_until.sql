-- What a page asks of everybody's outcomes is answered by one look at each row: at becomes the instant of the first of
-- those who stand in it, so that nobody's later is below 0, and until is that of the last.
-- +goose Up

ALTER TABLE outcome ADD COLUMN until timestamptz;
ALTER TABLE outcome DISABLE TRIGGER append_only;
UPDATE outcome o SET at = o.at + n.first * interval '1 microsecond', until = o.at + n.last * interval '1 microsecond',
        later = (SELECT array_agg(u.l - n.first ORDER BY u.i) FROM unnest(o.later) WITH ORDINALITY u(l, i))
    FROM (SELECT incident, block, version, part, (SELECT min(l) FROM unnest(later) l) AS first, (SELECT max(l) FROM unnest(later) l) AS last FROM outcome) n
    WHERE (o.incident, o.block, o.version, o.part) = (n.incident, n.block, n.version, n.part);
ALTER TABLE outcome ENABLE TRIGGER append_only;
ALTER TABLE outcome ALTER COLUMN until SET NOT NULL, ADD CHECK (until >= at);
