<?php
// SPDX-License-Identifier: MIT
// Uses PHP's pdo_pgsql extension, which PHP loads with RTLD_DEEPBIND, and prints what comes back.
// Usage: script_pdo.php PART…

function show($connection, $sql, $values = [])
{
	try {
		$statement = $connection->prepare($sql);
		$statement->execute($values);
		echo $statement->rowCount(), ' ', json_encode($statement->fetchAll(PDO::FETCH_ASSOC)), "\n";
	} catch (PDOException $error) {
		echo $error->getCode(), ' ', explode("\n", $error->getMessage())[0], "\n";
	}
}

$parts = [
	'open' => function ($connection) {
		show($connection, 'SELECT id, name, salary, balance, born FROM customers ORDER BY id');
		show($connection, 'SELECT id, name FROM customers WHERE id < ? ORDER BY id', [3]);
		foreach (['SELEC', 'SELECT 1/0', "INSERT INTO plain VALUES (1, 'x')"] as $sql)
			show($connection, $sql);
		$connection->beginTransaction();
		echo $connection->exec("INSERT INTO plain VALUES (9001, 'x')"), "\n";
		$connection->rollBack();
		$connection->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
		show($connection, 'SELECT note FROM plain WHERE id = :id', ['id' => 7]);
		echo json_encode($connection->pgsqlCopyToArray('orders')), "\n";
		echo json_encode($connection->query('SELECT 1 AS one')->fetchAll(PDO::FETCH_OBJ)), "\n";
	},
	'guarded' => function ($connection) {
		show($connection, 'SELECT id, email, salary, balance, born FROM customers ORDER BY id');
		show($connection, 'SELECT email, salary FROM customers WHERE id = ?', [1]);
		$connection->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
		show($connection, 'SELECT email FROM customers WHERE id = ?', [1]);
		show($connection, 'DROP TABLE orders');
		show($connection, 'DELETE FROM orders');
		show($connection, "SELECT 'alive'");
	},
];
foreach (array_slice($argv, 1) as $part)
	$parts[$part](new PDO('pgsql:'));
