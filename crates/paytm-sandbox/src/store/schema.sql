-- The sandbox's own books. Times are milliseconds since the epoch, amounts are paise.

CREATE TABLE IF NOT EXISTS settings (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `document` is the merchant as JSON; nothing in it is searched for.
CREATE TABLE IF NOT EXISTS merchants (
    mid      TEXT PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS wallets (
    phone        TEXT PRIMARY KEY,
    balance      INTEGER NOT NULL CHECK (balance >= 0),
    topped_up_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `due_at` and `due_event` say what happens to the order next by itself.
CREATE TABLE IF NOT EXISTS orders (
    number       INTEGER PRIMARY KEY,
    order_id     TEXT NOT NULL,
    mid          TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    customer_id  TEXT NOT NULL,
    mobile       TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    wallet       INTEGER NOT NULL,
    upi          INTEGER NOT NULL,
    token        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    scenario     TEXT NOT NULL,
    state        TEXT NOT NULL,
    code         TEXT NOT NULL,
    payer        TEXT,
    attempted_at INTEGER,
    due_at       INTEGER,
    due_event    TEXT,
    UNIQUE (order_id, mid)
) STRICT;
CREATE INDEX IF NOT EXISTS orders_due ON orders (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS refunds (
    number       INTEGER PRIMARY KEY,
    ref_id       TEXT NOT NULL,
    mid          TEXT NOT NULL,
    order_number INTEGER NOT NULL REFERENCES orders (number),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    state        TEXT NOT NULL,
    code         TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    accepted_at  INTEGER,
    credited_at  INTEGER,
    due_at       INTEGER,
    UNIQUE (ref_id, mid)
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of_order ON refunds (order_number);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;

-- The ledger: append-only, one row for each movement of money from one account to another.
CREATE TABLE IF NOT EXISTS movements (
    number       INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    order_number INTEGER REFERENCES orders (number),
    ref_id       TEXT,
    debit        TEXT NOT NULL,
    credit       TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0)
) STRICT;

-- `due_at` is null once a notification was taken (HTTP 200) or given up.
CREATE TABLE IF NOT EXISTS webhooks (
    number       INTEGER PRIMARY KEY,
    order_id     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    url          TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    due_at       INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    last_result  TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_at) WHERE due_at IS NOT NULL;

-- How often an endpoint was called about an order, kept for scenarios whose answers change.
CREATE TABLE IF NOT EXISTS calls (
    order_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (order_id, endpoint)
) STRICT, WITHOUT ROWID;

-- Scenarios that the admin interface chose for orders, possibly before they exist.
CREATE TABLE IF NOT EXISTS chosen_scenarios (
    order_id TEXT PRIMARY KEY,
    scenario TEXT NOT NULL
) STRICT, WITHOUT ROWID;
