<?php
// SPDX-License-Identifier: MIT
// Uses libpq by PHP's FFI extension, which PHP loads with RTLD_DEEPBIND, on the shop and prints a line per fact.

$pq = FFI::cdef('
	typedef struct PGconn PGconn;
	typedef struct PGresult PGresult;
	PGconn *PQconnectdb(const char *);
	void PQfinish(PGconn *);
	PGresult *PQexec(PGconn *, const char *);
	PGresult *PQexecParams(PGconn *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
	PGresult *PQprepare(PGconn *, const char *, const char *, int, const unsigned *);
	PGresult *PQexecPrepared(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
	int PQsendQuery(PGconn *, const char *);
	int PQsetSingleRowMode(PGconn *);
	PGresult *PQgetResult(PGconn *);
	int PQresultStatus(const PGresult *);
	char *PQresultErrorField(const PGresult *, int);
	char *PQcmdTuples(PGresult *);
	int PQntuples(const PGresult *);
	int PQnfields(const PGresult *);
	unsigned PQftype(const PGresult *, int);
	int PQgetisnull(const PGresult *, int, int);
	char *PQgetvalue(const PGresult *, int, int);
	void PQclear(PGresult *);
', 'libpq.so.5');
$connection = $pq->PQconnectdb('');
$all = 'SELECT id, name, email, salary FROM customers ORDER BY id';
$one = 'SELECT id, name, email FROM customers WHERE id = $1';

function say($fact, $values)
{
	echo implode("\t", [$fact, ...$values]), "\n";
}

function text($pointer)
{
	return is_string($pointer) ? $pointer : FFI::string($pointer);
}

// Says a result's rows or its error; whether it has none.
function show($fact, $result)
{
	global $pq;
	$state = $pq->PQresultErrorField($result, ord('C'));
	if ($state !== null)
		say($fact, [text($state), text($pq->PQresultErrorField($result, ord('M')))]);
	for ($row = 0; $row < $pq->PQntuples($result); $row++) {
		$values = [];
		for ($column = 0; $column < $pq->PQnfields($result); $column++)
			$values[] = $pq->PQgetisnull($result, $row, $column) ? 'NULL' : text($pq->PQgetvalue($result, $row, $column));
		say($fact, $values);
	}
	$touched = text($pq->PQcmdTuples($result));
	$pq->PQclear($result);
	return $state === null ? $touched : null;
}

function query($fact, $sql)
{
	global $pq, $connection;
	return show($fact, $pq->PQexec($connection, $sql));
}

// One value as libpq takes it; what it points to lives as long as the array does.
function values($value)
{
	$bytes = FFI::new('char[' . strlen($value) + 1 . ']', false);
	FFI::memcpy($bytes, $value, strlen($value));
	$values = FFI::new('const char *[1]');
	$values[0] = FFI::cast('const char *', FFI::addr($bytes[0]));
	return $values;
}

query('rows', $all);
$result = $pq->PQexec($connection, 'SELECT id, name, email FROM customers WHERE id = 1');
say('types', array_map(fn($column) => $pq->PQftype($result, $column), [0, 1, 2]));
$pq->PQclear($result);
show('parameter', $pq->PQexecParams($connection, $one, 1, null, values('2'), null, null, 0));
show('prepared', $pq->PQprepare($connection, 'one', $one, 0, null));
foreach (['1', '2'] as $id)
	show('prepared', $pq->PQexecPrepared($connection, 'one', 1, values($id), null, null, 0));
$pq->PQsendQuery($connection, $all);
$pq->PQsetSingleRowMode($connection);
while (($result = $pq->PQgetResult($connection)) !== null)
	show('cursor', $result);

query('error', 'SELECT 1/0');
query('error', 'SELECT * FROM missing');
query('write', 'BEGIN');
foreach (["INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
	'DELETE FROM orders WHERE id = 9'] as $sql)
	say('write', [query('write', $sql)]);
query('write', 'ROLLBACK');
query('refused', 'BEGIN');
if (query('refused', 'DROP TABLE plain') !== null)
	say('refused', ['00000']);
query('refused', 'ROLLBACK');
query('rows', 'SELECT count(*) FROM plain');
$pq->PQfinish($connection);
