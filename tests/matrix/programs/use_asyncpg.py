# SPDX-License-Identifier: MIT
"""Reads the shop by asyncpg, which speaks the protocol itself."""
import asyncio
import os

import asyncpg

from facts import say_rows


async def read():
    connection = await asyncpg.connect(host=os.environ['PGHOST'], port=int(os.environ['PGPORT']), ssl=False)
    say_rows('rows', await connection.fetch('SELECT id, name, email, salary FROM customers ORDER BY id'))
    await connection.close()


asyncio.run(read())
