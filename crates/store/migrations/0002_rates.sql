-- Exchange rates against the euro, as decimal text, each with the day it was published for.
CREATE TABLE rate (
    currency TEXT   NOT NULL,
    day      TEXT   NOT NULL, -- YYYY-MM-DD
    value    TEXT   NOT NULL, -- units of the currency for one euro
    source   TEXT   NOT NULL, -- who said so: ecb, operator
    set_at   BIGINT NOT NULL,
    PRIMARY KEY (currency, day)
)
-- sqlite: STRICT
;
