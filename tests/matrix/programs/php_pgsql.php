<?php
// SPDX-License-Identifier: MIT
// Uses PHP's pgsql extension on the shop and prints a line per fact.

function say($fact, $values)
{
	echo implode("\t", array_merge([$fact], array_map(fn($value) => $value ?? 'NULL', $values))), "\n";
}

function wrong($fact, $answer)
{
	$fields = [PGSQL_DIAG_SQLSTATE, PGSQL_DIAG_MESSAGE_PRIMARY];
	say($fact, array_map(fn($field) => pg_result_error_field($answer, $field), $fields));
}

// All rows, or the error, of everything that the connection has to hand out.
function show($fact)
{
	global $connection;
	while ($answer = pg_get_result($connection)) {
		if (pg_result_error_field($answer, PGSQL_DIAG_SQLSTATE)) {
			wrong($fact, $answer);
			continue;
		}
		while ($row = pg_fetch_row($answer))
			say($fact, $row);
	}
}

function query($fact, $sql, $values = null)
{
	global $connection;
	if ($values === null)
		pg_send_query($connection, $sql);
	else
		pg_send_query_params($connection, $sql, $values);
	show($fact);
}

function touched($sql)
{
	global $connection;
	$answer = @pg_query($connection, $sql);
	return $answer ? pg_affected_rows($answer) : explode("\n", pg_last_error($connection))[0];
}

$connection = pg_connect('');
$all = 'SELECT id, name, email, salary FROM customers ORDER BY id';

$answer = @pg_query($connection, $all);
while ($answer && $row = pg_fetch_row($answer))
	say('rows', $row);
query('rows', 'SELECT customer, item, amount FROM orders ORDER BY id');
$answer = @pg_query($connection, 'SELECT id, name, email FROM customers WHERE id = 1');
if ($answer) {
	say('types', array_map('gettype', pg_fetch_row($answer)));
	say('types', array_map(fn($i) => pg_field_type($answer, $i), [0, 1, 2]));
	say('types', array_map(fn($i) => pg_field_table($answer, $i), [0, 1, 2]));
}
query('parameter', 'SELECT id, name, email FROM customers WHERE id = $1', [2]);

pg_send_prepare($connection, 'one', 'SELECT id, name, email FROM customers WHERE id = $1');
show('prepared');
foreach ([1, 2] as $id) {
	pg_send_execute($connection, 'one', [$id]);
	show('prepared');
}

query('cursor', 'BEGIN; DECLARE c CURSOR FOR SELECT id, name, email FROM customers ORDER BY id');
foreach ([1, 2, 3] as $turn)
	query('cursor', 'FETCH c');
query('cursor', 'ROLLBACK');

foreach (['orders', '(SELECT id, name, email FROM customers ORDER BY id)'] as $table) {
	foreach (@pg_copy_to($connection, $table) ?: [] as $line)
		say('copy', explode("\t", rtrim($line, "\n")));
}
query('copy', 'CREATE TEMP TABLE heap (a int, b text)');
say('copy', [json_encode(@pg_copy_from($connection, 'heap', ["1\tone\n", "2\t\\N\n"]))]);
query('copy', 'SELECT a, b FROM heap ORDER BY a');

query('notify', 'LISTEN wire');
query('notify', "NOTIFY wire, 'hello'");
$notice = pg_get_notify($connection);
say('notify', [$notice['message'] ?? null, $notice['payload'] ?? null]);

// What PHP writes itself, from arrays and what it reads of the catalogue.
say('meta', array_keys(pg_meta_data($connection, 'customers') ?: []));
foreach (pg_select($connection, 'customers', ['id' => 2]) ?: [] as $row)
	say('meta', array_values($row));
query('meta', 'BEGIN');
say('meta', [json_encode(pg_insert($connection, 'orders', ['id' => 9, 'item' => 'stool']) !== false),
	json_encode(pg_update($connection, 'orders', ['item' => 'bench'], ['id' => 9])),
	json_encode(pg_delete($connection, 'orders', ['id' => 9]))]);
query('meta', 'ROLLBACK');

query('error', 'SELECT 1/0');
query('error', 'SELECT * FROM missing');

query('write', 'BEGIN');
say('write', [touched("INSERT INTO orders VALUES (9, 2, 'stool', 7.25)")]);
say('write', [touched('UPDATE orders SET amount = amount + 1 WHERE customer = 1')]);
say('write', [touched('DELETE FROM orders WHERE id = 9')]);
query('write', 'ROLLBACK');

query('refused', 'BEGIN');
$answer = pg_send_query($connection, 'DROP TABLE plain') ? pg_get_result($connection) : null;
if (pg_result_error_field($answer, PGSQL_DIAG_SQLSTATE))
	wrong('refused', $answer);
else
	say('refused', ['00000']);
show('refused');
query('refused', 'ROLLBACK');
query('rows', 'SELECT count(*) FROM plain');
