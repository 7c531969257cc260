-- SPDX-License-Identifier: MIT
-- The facts of the matrix by psql.
\set ON_ERROR_STOP 0
\pset null None
SELECT 'rows', id, name, email, salary FROM customers ORDER BY id;
PREPARE one AS SELECT 'prepared', id, name, email, salary FROM customers WHERE id = $1;
EXECUTE one(1);
EXECUTE one(2);
\set FETCH_COUNT 2
SELECT 'cursor', id, name, email, salary FROM customers ORDER BY id;
\unset FETCH_COUNT
COPY (SELECT 'copy', id, name, email, salary FROM customers ORDER BY id) TO STDOUT;
\copy (SELECT 'copy', id, name, email FROM customers ORDER BY id) TO pstdout
CREATE TEMP TABLE copied (kind text, id int, note text);
COPY copied FROM STDIN;
copy	1	one
copy	2	\N
\.
TABLE copied;
LISTEN wire;
NOTIFY wire;
SELECT 'notify', 'wire';
SELECT 1/0;
SELECT 'error', :'LAST_ERROR_SQLSTATE', :'LAST_ERROR_MESSAGE';
SELECT * FROM missing;
SELECT 'error', :'LAST_ERROR_SQLSTATE', :'LAST_ERROR_MESSAGE';
BEGIN;
INSERT INTO orders (id, customer, item, amount) VALUES (901, 2, 'vase', 7);
SELECT 'write', :ROW_COUNT;
UPDATE orders SET item = 'tall vase' WHERE id = 901 RETURNING 'write', id, item;
DELETE FROM orders WHERE id = 901;
SELECT 'write', :ROW_COUNT;
ROLLBACK;
BEGIN;
DROP TABLE plain;
\set state :SQLSTATE
\set said :LAST_ERROR_MESSAGE
ROLLBACK;
SELECT 'refused', :'state', :'said';
\d customers
\d+ contacts
\dt
\di
\df
\dn
\du
\l
\dp
