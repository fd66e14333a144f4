-- Tables for the three ways, with half of the licences in use; made anew before every measurement.
-- No foreign key, and an index only where the way needs one: PostgreSQL is let off lightly.
DROP TABLE IF EXISTS account, seat_log, session, events;

-- The account with its licences and how many are in use. Room on the page, so that updates stay on it (HOT).
CREATE TABLE account(
  id    int PRIMARY KEY,
  seats int NOT NULL,
  used  int NOT NULL DEFAULT 0,
  -- What the last statement did: 1 a grant, -1 a log-out.
  step  int NOT NULL DEFAULT 0) WITH (fillfactor = 50);
INSERT INTO account SELECT g, :seats, :seats / 2 FROM generate_series(1, :accounts) g;

-- For one_statement.sql: what happened, only ever appended.
CREATE TABLE seat_log(
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account int NOT NULL,
  step    int NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  request bytea NOT NULL);

-- For for_update.sql: the classical table of sessions, open and ended.
CREATE TABLE session(
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account  int NOT NULL,
  granted  timestamptz NOT NULL DEFAULT now(),
  released timestamptz,
  request  bytea NOT NULL);
INSERT INTO session(account, request)
  SELECT a, decode(repeat('ab', 48), 'hex')
  FROM generate_series(1, :accounts) a, generate_series(1, :seats / 2);
CREATE INDEX session_open ON session(account) WHERE released IS NULL;

-- For event_append.sql: an event table whose version is unique within its account. Each event also carries
-- the seats held after it, so that no fold is needed to decide the next.
CREATE TABLE events(
  pos     bigint GENERATED ALWAYS AS IDENTITY,
  account int NOT NULL,
  version bigint NOT NULL,
  held    int NOT NULL,
  step    int NOT NULL,
  at      timestamptz NOT NULL DEFAULT now(),
  data    bytea NOT NULL,
  PRIMARY KEY (account, version));
CREATE UNIQUE INDEX events_pos ON events(pos);
INSERT INTO events(account, version, held, step, data)
  SELECT g, 1, :seats / 2, 0, decode(repeat('ab', 48), 'hex') FROM generate_series(1, :accounts) g;

VACUUM ANALYZE;
CHECKPOINT;
