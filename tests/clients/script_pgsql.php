<?php
// SPDX-License-Identifier: MIT
// Uses PHP's pgsql extension, which PHP loads with RTLD_DEEPBIND, and prints what comes back.
// Usage: script_pgsql.php PART…

function show($answer)
{
	global $connection;
	if ($answer === false) {
		echo 'failed: ', explode("\n", pg_last_error($connection))[0], "\n";
		return;
	}
	echo pg_result_status($answer), ' ', pg_num_rows($answer), ' ', pg_affected_rows($answer), ' ',
		json_encode(pg_fetch_all($answer)), "\n";
}

function show_result($connection)
{
	while ($answer = pg_get_result($connection))
		echo pg_result_error_field($answer, PGSQL_DIAG_SQLSTATE) ?? '-', ' ', json_encode(pg_fetch_all($answer)), "\n";
}

$parts = [
	'open' => function ($connection) {
		show(pg_query($connection, 'SELECT * FROM customers ORDER BY id'));
		show(pg_query_params($connection, 'SELECT id, name FROM customers WHERE id < $1 ORDER BY id', [3]));
		show(pg_prepare($connection, 'p', 'SELECT note FROM plain WHERE id = $1'));
		show(pg_execute($connection, 'p', [7]));
		foreach (['SELEC', 'SELECT 1/0', 'SELECT 1; SELECT 2', '', 'BEGIN', 'ROLLBACK'] as $sql)
			show(@pg_query($connection, $sql));
		pg_send_query($connection, 'SELECT 1; SELECT 1/0');
		show_result($connection);
		pg_send_query_params($connection, 'SELECT $1::int', [5]);
		show_result($connection);
		echo json_encode(pg_copy_to($connection, 'orders')), "\n";
		show(pg_query($connection, 'CREATE TEMP TABLE t (a int, b text)'));
		echo json_encode(pg_copy_from($connection, 't', ["1\tone\n", "2\t\\N\n"])), "\n";
		show(pg_query($connection, 'TABLE t'));
		show(pg_query($connection, "LISTEN wire; NOTIFY wire, 'hello'"));
		echo pg_get_notify($connection)['payload'], ' ', pg_client_encoding($connection), ' ', pg_version()['client'], "\n";
	},
	'guarded' => function ($connection) {
		show(pg_query($connection, 'SELECT id, email, salary, balance, born FROM customers ORDER BY id'));
		show(pg_query_params($connection, 'SELECT email, salary FROM customers WHERE id = $1', [1]));
		show(pg_prepare($connection, 'p', 'SELECT email FROM customers WHERE id = $1'));
		show(pg_execute($connection, 'p', [1]));
		pg_send_query($connection, 'SELECT email FROM customers ORDER BY id');
		show_result($connection);
		show(@pg_query($connection, 'DROP TABLE orders'));
		show(@pg_query($connection, 'DELETE FROM orders'));
		show(pg_query($connection, "SELECT 'alive'"));
	},
];
foreach (array_slice($argv, 1) as $part) {
	$connection = pg_connect('');
	$parts[$part]($connection);
	pg_close($connection);
}
