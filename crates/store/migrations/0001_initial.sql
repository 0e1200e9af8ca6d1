-- Everything of a payment carries its lane, and the lane is part of every key, so that the tables
-- can be spread by it. It does not lead them: payments that are made after each other mostly have
-- ids that follow each other, and so they lie on the same few pages when they are committed
-- together. On SQLite, tables of long rows keep their rowid, for searching among rows that don't
-- fit into a quarter of a page reads each of them whole. Times are milliseconds since 1970, sums are
-- minor units.

CREATE TABLE project (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    settings   TEXT   NOT NULL, -- JSON
    secrets    BYTEA  NOT NULL, -- sealed with the master key
    created_at BIGINT NOT NULL
)
-- sqlite: STRICT
;

-- Operation numbers are handed out of blocks, so that no two nodes wait for each other.
CREATE TABLE id_block (
    name TEXT   NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
)
-- sqlite: STRICT
;
INSERT INTO id_block (name, next) VALUES ('operation', 10000000001);

CREATE TABLE payment (
    lane                SMALLINT NOT NULL,
    project             BIGINT   NOT NULL,
    payment             TEXT     NOT NULL,
    version             BIGINT   NOT NULL,
    status              TEXT     NOT NULL,
    amount              BIGINT   NOT NULL CHECK (amount > 0),
    currency            TEXT     NOT NULL,
    captured            BIGINT   NOT NULL,
    refunded            BIGINT   NOT NULL CHECK (refunded >= 0),
    refunding           BIGINT   NOT NULL CHECK (refunding >= 0),
    terms               TEXT     NOT NULL, -- JSON
    created_at          BIGINT   NOT NULL,
    updated_at          BIGINT   NOT NULL,
    finished_at         BIGINT,            -- when the sale ended, for the base time
    PRIMARY KEY (project, payment, lane),
    CHECK (refunded + refunding <= captured)
)
-- sqlite: STRICT
;
CREATE INDEX payment_created ON payment (project, created_at);

CREATE TABLE operation (
    lane               SMALLINT NOT NULL,
    project            BIGINT   NOT NULL,
    payment            TEXT     NOT NULL,
    operation          BIGINT   NOT NULL,
    kind               TEXT     NOT NULL, -- sale, refund
    request            TEXT     NOT NULL,
    reference          TEXT     NOT NULL, -- its name at the provider
    merchant_refund_id TEXT,
    amount             BIGINT   NOT NULL CHECK (amount > 0),
    converted          BIGINT   NOT NULL CHECK (converted >= 0),
    state              TEXT     NOT NULL, -- JSON
    detail             TEXT     NOT NULL, -- JSON: what was asked for and never changes
    created_at         BIGINT   NOT NULL,
    updated_at         BIGINT   NOT NULL,
    PRIMARY KEY (project, payment, lane, operation)
)
-- sqlite: STRICT
;
CREATE UNIQUE INDEX operation_request ON operation (request, lane);
CREATE UNIQUE INDEX operation_reference ON operation (reference, lane);
CREATE UNIQUE INDEX operation_refund_id ON operation (project, payment, lane, merchant_refund_id)
    WHERE merchant_refund_id IS NOT NULL;

-- The history of a payment; append-only.
CREATE TABLE event (
    lane    SMALLINT NOT NULL,
    project BIGINT   NOT NULL,
    payment TEXT     NOT NULL,
    seq     BIGINT   NOT NULL,
    at      BIGINT   NOT NULL,
    body    TEXT     NOT NULL, -- JSON
    PRIMARY KEY (project, payment, lane, seq)
)
-- sqlite: STRICT, WITHOUT ROWID
;

-- The double-entry journal; append-only. A row moves a sum from one account to another, so that
-- every row sums to zero.
CREATE TABLE journal (
    lane      SMALLINT NOT NULL,
    project   BIGINT   NOT NULL,
    payment   TEXT     NOT NULL,
    seq       BIGINT   NOT NULL,
    operation BIGINT   NOT NULL,
    debit     TEXT     NOT NULL, -- the account that falls
    credit    TEXT     NOT NULL, -- the account that rises
    minor     BIGINT   NOT NULL CHECK (minor >= 0),
    currency  TEXT     NOT NULL,
    at        BIGINT   NOT NULL,
    PRIMARY KEY (project, payment, lane, seq)
)
-- sqlite: STRICT, WITHOUT ROWID
;

-- What happens later. A payment has each kind at most once (a refund, once for each operation).
CREATE TABLE job (
    lane      SMALLINT NOT NULL,
    project   BIGINT   NOT NULL,
    payment   TEXT     NOT NULL,
    kind      TEXT     NOT NULL,
    operation BIGINT   NOT NULL, -- 0 where the kind has none
    due_at    BIGINT   NOT NULL,
    PRIMARY KEY (project, payment, lane, kind, operation)
)
-- sqlite: STRICT, WITHOUT ROWID
;
CREATE INDEX job_due ON job (due_at);

-- Callbacks to merchants, made and signed once; a retry sends the same bytes.
CREATE TABLE callback (
    lane       SMALLINT NOT NULL,
    project    BIGINT   NOT NULL,
    payment    TEXT     NOT NULL,
    seq        BIGINT   NOT NULL, -- order within the payment, without gaps
    kind       TEXT     NOT NULL, -- redirect, sale, refund
    operation  BIGINT   NOT NULL,
    url        TEXT     NOT NULL,
    body       TEXT     NOT NULL,
    state      TEXT     NOT NULL, -- pending, delivered, expired, superseded
    attempts   BIGINT   NOT NULL,
    first_at   BIGINT,
    not_before BIGINT   NOT NULL,
    created_at BIGINT   NOT NULL,
    PRIMARY KEY (project, payment, lane, seq)
)
-- sqlite: STRICT
;

-- Every try of a callback; append-only.
CREATE TABLE delivery (
    lane    SMALLINT NOT NULL,
    project BIGINT   NOT NULL,
    payment TEXT     NOT NULL,
    seq     BIGINT   NOT NULL,
    attempt BIGINT   NOT NULL,
    at      BIGINT   NOT NULL,
    took_ms BIGINT   NOT NULL,
    status  BIGINT,            -- HTTP status, if an answer came
    error   TEXT,              -- why not, if none came
    answer  TEXT     NOT NULL, -- the beginning of it
    PRIMARY KEY (project, payment, lane, seq, attempt)
)
-- sqlite: STRICT, WITHOUT ROWID
;
