// SPDX-License-Identifier: MIT
// Uses node's pg-native, and pg through it, on the shop and prints a line per fact.
'use strict';
const Native = require('pg-native');
const { native } = require('pg');

const ALL = 'SELECT id, name, email, salary FROM customers ORDER BY id';
const LIST = 'SELECT id, name, email FROM customers ORDER BY id';
const ONE = 'SELECT id, name, email FROM customers WHERE id = $1';

function say(fact, ...values) {
	console.log([fact, ...values.map(value => value ?? 'NULL')].join('\t'));
}

function wrong(fact, error) {
	say(fact, error.code ?? error.pq?.resultErrorFields?.().sqlState ?? '-', error.message.split('\n')[0]);
}

async function attempt(fact, work) {
	try {
		await work();
	} catch (error) {
		wrong(fact, error);
	}
}

function show(fact, rows) {
	for (const row of rows)
		say(fact, ...Object.values(row));
}

// pg-native alone: every call blocks, or calls back.
async function alone() {
	const connection = new Native();
	const query = fact => (sql, values) => attempt(fact, () => show(fact, connection.querySync(sql, values)));

	connection.connectSync('');
	await query('rows')(ALL);
	await query('rows')('SELECT customer, item, amount FROM orders ORDER BY id');
	await query('parameter')(ONE, [2]);
	await attempt('prepared', () => {
		connection.prepareSync('one', ONE, 1);
		for (const id of [1, 2])
			show('prepared', connection.executeSync('one', [id]));
	});
	await attempt('copy', async () => {
		connection.querySync(`COPY (${LIST}) TO STDOUT`);
		const chunks = [];
		for await (const chunk of connection.getCopyStream())
			chunks.push(chunk);
		for (const line of Buffer.concat(chunks).toString().trimEnd().split('\n'))
			say('copy', ...line.split('\t'));
	});
	await attempt('copy', async () => {
		connection.querySync('CREATE TEMP TABLE heap (a int, b text)');
		connection.querySync('COPY heap FROM STDIN');
		const stream = connection.getCopyStream();
		stream.write('1\tone\n');
		await new Promise((resolve, reject) => stream.end('2\t\\N\n', error => error ? reject(error) : resolve()));
		show('copy', connection.querySync('SELECT a, b FROM heap ORDER BY a'));
	});
	connection.end();
}

// pg over it, as programs use it: everything is asynchronous.
async function together() {
	const connection = new native.Client('');
	const query = (fact, ...given) => attempt(fact, async () => show(fact, (await connection.query(...given)).rows));

	await connection.connect();
	await query('rows', ALL);
	await attempt('types', async () => {
		const answer = await connection.query(ONE, [1]);
		say('types', ...Object.values(answer.rows[0]).map(value => typeof value));
		say('types', ...answer.fields.map(field => field.dataTypeID));
	});
	await query('parameter', ONE, [2]);
	for (const id of [1, 2])
		await query('prepared', { name: 'two', text: ONE, values: [id] });
	await query('cursor', 'BEGIN');
	await query('cursor', `DECLARE c CURSOR FOR ${LIST}`);
	await query('cursor', 'FETCH 2 FROM c');
	await query('cursor', 'FETCH 2 FROM c');
	await query('cursor', 'ROLLBACK');
	await attempt('notify', async () => {
		const heard = new Promise(resolve => {
			connection.on('notification', resolve);
			setTimeout(resolve, 2000, null).unref();
		});
		await connection.query('LISTEN wire');
		await connection.query("NOTIFY wire, 'hello'");
		const notice = await heard;
		say('notify', notice?.channel, notice?.payload);
	});
	await query('error', 'SELECT 1/0');
	await query('error', 'SELECT * FROM missing');
	await query('write', 'BEGIN');
	for (const sql of ["INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
		'DELETE FROM orders WHERE id = 9'])
		await attempt('write', async () => say('write', (await connection.query(sql)).rowCount));
	await query('write', 'ROLLBACK');
	await query('refused', 'BEGIN');
	await attempt('refused', async () => {
		await connection.query('DROP TABLE plain');
		say('refused', '00000');
	});
	await query('refused', 'ROLLBACK');
	await query('rows', 'SELECT count(*) FROM plain');
	await connection.end();
}

alone().then(together);
