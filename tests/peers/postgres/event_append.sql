-- Event sourcing in SQL, in one round trip: read the account's newest event, decide, append the next version.
-- Who loses the race for a version stores nothing.
\set a random(1, :accounts)
\set leave random(0, 1)
INSERT INTO events(account, version, held, step, data)
  SELECT :a, newest.version + 1, newest.held + next.step, next.step, decode(repeat('ab', 48), 'hex')
  FROM (SELECT version, held FROM events WHERE account = :a ORDER BY version DESC LIMIT 1) newest,
       LATERAL (SELECT CASE WHEN :leave = 1 AND newest.held > 0 THEN -1 ELSE 1 END AS step) next
  WHERE newest.held + next.step <= :seats
  ON CONFLICT DO NOTHING;
