# SPDX-License-Identifier: MIT
"""Uses psycopg 3, which calls libpq through ctypes or is linked with it, and prints what comes back.

Usage: script_psycopg3.py PART…"""
import asyncio
import datetime
import decimal
import logging
import sys
import threading
import uuid

import psycopg
from psycopg.rows import dict_row


def show(connection, sql, values=None, **options):
    try:
        cursor = connection.execute(sql, values, **options)
        print(cursor.statusmessage, cursor.rowcount, [(c.name, c.type_code) for c in cursor.description or ()])
        for row in cursor.fetchall() if cursor.description else ():
            print(' ', row)
    except psycopg.Error as error:
        print(type(error).__name__, error.sqlstate, error.diag.message_primary, error.diag.message_hint)


def types(connection):
    show(connection, 'SELECT %s, %s, %s::text, %s, %s', (1, 'ä€', None, decimal.Decimal('1.50'), datetime.date(2026, 11, 22)))
    show(connection, 'SELECT %s, %s, %s', (uuid.UUID(int=7), [1, 2, None], b'\x00\xff'))
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            print(cursor.execute('SELECT id, name, salary, balance, born, picture FROM customers ORDER BY id').fetchall())


def errors(connection):
    for sql in ('SELEC', 'SELECT 1/0', 'SELECT * FROM missing', "INSERT INTO plain VALUES (1, 'x')", '', ';'):
        show(connection, sql)
        connection.rollback()
        show(connection, 'SELECT 1')
    connection.rollback()


def transactions(connection):
    with connection.transaction():
        show(connection, "INSERT INTO plain VALUES (9001, 'x') RETURNING *")
        try:
            with connection.transaction():
                connection.execute('SELECT 1/0')
        except psycopg.Error as error:
            print(error.sqlstate)
        show(connection, 'DELETE FROM plain WHERE id = 9001')
    connection.autocommit = True
    connection.add_notice_handler(lambda diagnosis: print(diagnosis.severity, diagnosis.message_primary))
    show(connection, "DO $$ BEGIN RAISE NOTICE 'hear this'; END $$")


def cursors(connection):
    with connection.cursor('named', scrollable=True) as cursor:
        cursor.itersize = 7
        cursor.execute('SELECT id, note FROM plain ORDER BY id LIMIT 20')
        print([row[0] for row in cursor])
    with connection.cursor(row_factory=dict_row) as cursor:
        print(cursor.execute('SELECT id, name FROM contacts ORDER BY id').fetchall())
        print(list(cursor.stream('SELECT id FROM plain WHERE id < %s ORDER BY id', (5,))))
    for number in range(8):  # it is prepared at the sixth
        show(connection, 'SELECT note FROM plain WHERE id = %s', (number,))
    show(connection, 'SELECT note FROM plain WHERE id = %s', (3,), prepare=True)
    connection.rollback()


def copies(connection):
    with connection.cursor() as cursor:
        with cursor.copy('COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT') as copy:
            print(list(copy.rows()))
        cursor.execute('CREATE TEMP TABLE t (a int, b text)')
        with cursor.copy('COPY t FROM STDIN') as copy:
            copy.write_row((1, 'one'))
            copy.write_row((2, None))
        print(cursor.execute('TABLE t').fetchall())
    connection.rollback()


def pipelines(connection):
    with connection.pipeline():
        several = [connection.execute('SELECT note FROM plain WHERE id = %s', (i,)) for i in range(1, 5)]
    print([cursor.fetchone() for cursor in several])
    with connection.pipeline() as pipeline:
        cursor = connection.execute('SELECT id, salary FROM customers WHERE id = %s', (1,), prepare=True, binary=True)
        pipeline.sync()
        cursor.executemany('INSERT INTO plain VALUES (%s, %s) RETURNING id', [(9001, 'x'), (9002, 'y')], returning=True)
        print(cursor.fetchone(), cursor.nextset(), cursor.fetchone())
    connection.rollback()
    try:
        with connection.pipeline():
            connection.execute('SELECT note FROM plain WHERE id = 1')
            connection.execute('SELECT 1/0')
    except psycopg.Error as error:
        print(type(error).__name__, error.sqlstate)
    connection.rollback()


def notifications(connection):
    connection.autocommit = True
    connection.add_notify_handler(lambda notify: print(notify.channel, notify.payload))
    show(connection, "LISTEN wire")
    show(connection, "NOTIFY wire, 'hello'")
    show(connection, 'SELECT 1')


async def wait_for_rows():
    connection = await psycopg.AsyncConnection.connect('')
    for sql in ('SELECT id, name FROM customers ORDER BY id', 'SELECT 1/0'):
        try:
            cursor = await connection.execute(sql)
            print(await cursor.fetchall())
        except psycopg.Error as error:
            print(type(error).__name__, error.sqlstate)
    await connection.close()


def asynchronous(_):
    asyncio.run(wait_for_rows())


def newer(connection):
    """What takes libpq 17: rows in chunks, Close of a prepared statement, cancelling over an encrypted connection."""
    print(psycopg.pq.version() >= 170000)
    print(list(connection.cursor().stream('SELECT id FROM plain WHERE id < %s ORDER BY id', (8,), size=3)))
    connection.prepared_max = 1
    for number in range(3):
        show(connection, f'SELECT note, {number} FROM plain WHERE id = %s', (number + 1,), prepare=True)
    print(connection.execute('SELECT count(*) FROM pg_prepared_statements').fetchone())
    canceller = threading.Timer(0.3, connection.cancel_safe)
    canceller.start()
    show(connection, 'SELECT pg_sleep(20)')
    canceller.join()
    connection.rollback()


def guarded_newer(connection):
    connection.autocommit = True
    for sql in ('SELECT id, email FROM customers ORDER BY id', 'SELECT upper(email) FROM customers'):
        print(list(connection.cursor().stream(sql, size=2)))
    connection.prepared_max = 1
    show(connection, 'SELECT upper(email) FROM customers WHERE id = %s', (1,), prepare=True)
    show(connection, 'SELECT upper(note) FROM plain WHERE id = %s', (1,), prepare=True)
    with connection.pipeline():
        print(connection.execute('SELECT email FROM customers WHERE id = %s', (2,)).fetchall())


def guarded(connection):
    connection.autocommit = True
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            print(cursor.execute('SELECT id, email, salary, balance, born FROM customers ORDER BY id').fetchall())
    print(list(connection.cursor().stream('SELECT email FROM customers ORDER BY id')))
    show(connection, 'SELECT email, salary FROM customers WHERE id = %s', (1,), prepare=True)
    show(connection, 'DROP TABLE orders')
    show(connection, 'DELETE FROM orders')
    show(connection, "SELECT 'alive'")
    with connection.pipeline() as pipeline:
        several = [connection.execute('SELECT id, email FROM customers WHERE id = %s', (i,), binary=i == 2) for i in (1, 2)]
        pipeline.sync()
        several.append(connection.execute('SELECT id, email, salary FROM customers WHERE id = %s', (1,)))
    print([cursor.fetchall() for cursor in several])
    try:
        with connection.pipeline():
            connection.execute('SELECT email FROM customers WHERE id = 1')
            connection.execute('DROP TABLE orders')
    except psycopg.Error as error:
        print(error.sqlstate, error.diag.message_primary)



if __name__ == '__main__':
    logging.disable()  # psycopg warns, or not, of a pipeline that ends with an error: depending on when it reads the error
    print(psycopg.pq.__impl__)
    for name in sys.argv[1:]:
        print('==', name)
        with psycopg.connect('') as main_connection:
            globals()[name](main_connection)
