-- Classical: lock the account's row, look, then insert or end a session and count.
\set a random(1, :accounts)
\set leave random(0, 1)
BEGIN;
SELECT seats, used FROM account WHERE id = :a FOR UPDATE \gset
\if :leave = 1 and :used > 0
UPDATE session SET released = now()
  WHERE id = (SELECT id FROM session WHERE account = :a AND released IS NULL LIMIT 1);
UPDATE account SET used = used - 1 WHERE id = :a;
\elif :used < :seats
INSERT INTO session(account, request) VALUES (:a, decode(repeat('ab', 48), 'hex'));
UPDATE account SET used = used + 1 WHERE id = :a;
\endif
COMMIT;
