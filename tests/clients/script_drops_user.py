# SPDX-License-Identifier: MIT
"""Gives up its user id by itself, as daemons do, and reads only then."""
import os
import sys

import psycopg2

if sys.argv[1:]:
    os.setgroups([])
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
for sql in ('SELECT id, name, email FROM customers ORDER BY id', 'TRUNCATE orders', 'SELECT purge()', 'SELECT 40 + 2'):
    try:
        cursor.execute(sql)
        print(cursor.fetchall())
    except psycopg2.Error as error:
        print(error.pgcode, error.diag.message_primary, error.diag.message_hint)
