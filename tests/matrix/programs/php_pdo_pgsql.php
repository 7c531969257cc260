<?php
// SPDX-License-Identifier: MIT
// Uses PHP's pdo_pgsql extension on the shop and prints a line per fact.

function say($fact, $values)
{
	echo implode("\t", array_merge([$fact], array_map(fn($value) => $value ?? 'NULL', $values))), "\n";
}

function wrong($fact, $error)
{
	say($fact, [$error->errorInfo[0], explode("\n", $error->errorInfo[2] ?? $error->getMessage())[0]]);
}

function attempt($fact, $work)
{
	try {
		$work();
	} catch (PDOException $error) {
		wrong($fact, $error);
	}
}

function query($fact, $sql, $values = [], $options = [])
{
	attempt($fact, function () use ($fact, $sql, $values, $options) {
		global $connection;
		$statement = $connection->prepare($sql, $options);
		foreach ($values as $place => $value)
			$statement->bindValue($place + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
		$statement->execute();
		while ($row = $statement->fetch(PDO::FETCH_NUM))
			say($fact, $row);
	});
}

$connection = new PDO('pgsql:');
$one = 'SELECT id, name, email FROM customers WHERE id = ?';

query('rows', 'SELECT id, name, email, salary FROM customers ORDER BY id');
query('rows', 'SELECT customer, item, amount FROM orders ORDER BY id');
attempt('types', function () use ($connection) {
	$statement = $connection->query('SELECT id, name, email FROM customers WHERE id = 1');
	say('types', array_map('gettype', $statement->fetch(PDO::FETCH_NUM)));
	foreach ([0, 1, 2] as $i) {
		$meta = $statement->getColumnMeta($i);
		say('types', [$meta['native_type'], $meta['name'], $meta['table'] ?? null]);
	}
});
query('parameter', $one, [2]);
query('parameter', $one, [2], [PDO::ATTR_EMULATE_PREPARES => true]);

attempt('prepared', function () use ($connection, $one) {
	$statement = $connection->prepare($one);
	foreach ([1, 2] as $id) {
		$statement->execute([$id]);
		say('prepared', $statement->fetch(PDO::FETCH_NUM));
	}
});

attempt('cursor', function () use ($connection) {
	$connection->beginTransaction();
	$statement = $connection->prepare('SELECT id, name, email FROM customers ORDER BY id',
		[PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
	$statement->execute();
	say('cursor', $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST));
	say('cursor', $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_FIRST));
	say('cursor', $statement->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_NEXT));
	$statement = null;
});
if ($connection->inTransaction())
	$connection->rollBack();

attempt('copy', function () use ($connection) {
	foreach (['orders', '(SELECT id, name, email FROM customers ORDER BY id)'] as $table) {
		foreach ($connection->pgsqlCopyToArray($table) ?: [] as $line)
			say('copy', explode("\t", rtrim($line, "\n")));
	}
});
attempt('copy', function () use ($connection) {
	$connection->exec('CREATE TEMP TABLE heap (a int, b text)');
	say('copy', [json_encode($connection->pgsqlCopyFromArray('heap', ["1\tone\n", "2\t\\N\n"]))]);
	query('copy', 'SELECT a, b FROM heap ORDER BY a');
});

attempt('notify', function () use ($connection) {
	$connection->exec('LISTEN wire');
	$connection->exec("NOTIFY wire, 'hello'");
	$notice = $connection->pgsqlGetNotify(PDO::FETCH_NUM, 1000);
	say('notify', [$notice[0] ?? null, $notice[2] ?? null]);
});

query('error', 'SELECT 1/0');
query('error', 'SELECT * FROM missing');

attempt('write', fn() => $connection->beginTransaction());
foreach (["INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
	'DELETE FROM orders WHERE id = 9'] as $sql)
	attempt('write', fn() => say('write', [$connection->exec($sql)]));
attempt('write', fn() => $connection->rollBack());

attempt('refused', function () use ($connection) {
	$connection->beginTransaction();
	$connection->exec('DROP TABLE plain');
	say('refused', ['00000']);
});
$connection->rollBack();
query('rows', 'SELECT count(*) FROM plain');
