-- The strongest: one statement, one round trip, decides a login or a log-out, counts the seat, and appends
-- what happened. The row lock on the account is the whole of the concurrency control.
\set a random(1, :accounts)
\set leave random(0, 1)
WITH taken AS (
  UPDATE account
  SET used = used + CASE WHEN :leave = 1 AND used > 0 THEN -1 ELSE 1 END,
      step = CASE WHEN :leave = 1 AND used > 0 THEN -1 ELSE 1 END
  WHERE id = :a AND (used < seats OR :leave = 1)
  RETURNING id, step)
INSERT INTO seat_log(account, step, request)
  SELECT id, step, decode(repeat('ab', 48), 'hex') FROM taken;
