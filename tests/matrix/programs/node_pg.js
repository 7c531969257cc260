// SPDX-License-Identifier: MIT
// Uses node's pg in JavaScript alone, which speaks the protocol itself.
'use strict';
const { Client } = require('pg');

async function main() {
	const connection = new Client();

	await connection.connect();
	const answer = await connection.query('SELECT id, name, email FROM customers ORDER BY id');
	for (const row of answer.rows)
		console.log(['rows', ...Object.values(row).map(value => value ?? 'NULL')].join('\t'));
	await connection.end();
}

main().catch(error => {
	console.log(['connect', error.code ?? '-', error.message].join('\t'));
	process.exit(3);
});
