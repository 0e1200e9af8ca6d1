-- Callback endpoints (scheme, host and port) that are cut off. A row is written when an endpoint's
-- state changes, not at every try.
CREATE TABLE endpoint (
    url           TEXT   NOT NULL PRIMARY KEY,
    failing_since BIGINT NOT NULL,
    paused_at     BIGINT,          -- after five days
    resumed_at    BIGINT,          -- an operator asked for it; the server has not seen it yet
    last_error    TEXT   NOT NULL
)
-- sqlite: STRICT
;

-- Tries before a callback was last resent: its schedule began anew after them.
ALTER TABLE callback ADD COLUMN resent_after BIGINT NOT NULL DEFAULT 0;

-- What is newest, over all payments: both only ever grow at their end.
CREATE INDEX callback_created ON callback (created_at, lane, project, payment, seq);
CREATE INDEX event_at ON event (at, lane, project, payment, seq);
