# SPDX-License-Identifier: MIT
"""Uses psycopg2 in every way it has, and prints what comes back."""
import datetime
import decimal
import io
import select
import sys
import threading
import uuid

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras


def show(cursor, sql, values=None):
    try:
        cursor.execute(sql, values)
        print(cursor.statusmessage, cursor.rowcount, [(c.name, c.type_code) for c in cursor.description or ()])
        for row in cursor.fetchall() if cursor.description else ():
            print(' ', tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row))
    except psycopg2.Error as error:
        diagnosis = error.diag
        print(type(error).__name__, error.pgcode, diagnosis.message_primary, diagnosis.message_detail,
              diagnosis.message_hint, diagnosis.constraint_name)


def types(connection):
    psycopg2.extras.register_uuid()
    with connection.cursor() as cursor:
        show(cursor, 'SELECT %s, %s, %s, %s, %s', (1, 'ä€', None, decimal.Decimal('1.50'), datetime.date(2026, 11, 22)))
        show(cursor, 'SELECT %s, %s, %s', (uuid.UUID(int=7), [1, 2, None], psycopg2.Binary(b'\x00\xff')))
        show(cursor, 'SELECT * FROM customers ORDER BY id')
        show(cursor, "SELECT '{\"a\": 1}'::json, '[1,5)'::int4range, '1 day'::interval, 'calm'::mood")
    connection.rollback()


def errors(connection):
    with connection.cursor() as cursor:
        for sql in ('SELEC', 'SELECT 1/0', 'SELECT * FROM missing', "INSERT INTO plain VALUES (1, 'x')",
                    'INSERT INTO orders (customer) VALUES (99)', 'SELECT 1; SELECT 2; SELECT 3', '', ';', '-- nothing'):
            show(cursor, sql)
            show(cursor, 'SELECT 1')
            connection.rollback()


def transactions(connection):
    with connection.cursor() as cursor:
        show(cursor, "INSERT INTO plain VALUES (9001, 'x') RETURNING *")
        show(cursor, 'SAVEPOINT a')
        show(cursor, 'SELECT 1/0')
        show(cursor, 'ROLLBACK TO a')
        show(cursor, 'SELECT count(*) FROM plain')
    connection.rollback()
    connection.set_session(isolation_level='SERIALIZABLE', readonly=True)
    with connection, connection.cursor() as cursor:
        show(cursor, 'SHOW transaction_isolation')
        show(cursor, "UPDATE plain SET note = '' WHERE id = 1")
    connection.set_session(isolation_level='DEFAULT', readonly=False, autocommit=True)
    with connection.cursor() as cursor:
        show(cursor, 'SELECT txid_current_if_assigned()')
        show(cursor, "DO $$ BEGIN RAISE NOTICE 'hear this'; END $$")
    connection.autocommit = False
    print(connection.notices)


def cursors(connection):
    with connection.cursor('named') as cursor:
        cursor.itersize = 7
        cursor.execute('SELECT id, note FROM plain ORDER BY id LIMIT 20')
        print([row[0] for row in cursor])
    with connection.cursor('scrolls', scrollable=True) as cursor:
        cursor.execute('SELECT id FROM plain ORDER BY id')
        print(cursor.fetchone(), cursor.fetchmany(3), cursor.scroll(5), cursor.fetchone())
    with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute('SELECT id, name FROM contacts ORDER BY id')
        print([dict(row) for row in cursor])
    with connection.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, 'INSERT INTO orders (customer, item) VALUES %s', [(1, 'a'), (2, 'b')])
        psycopg2.extras.execute_batch(cursor, 'SELECT %s', [(1,), (2,)])
        cursor.callproc('lower', ('ABC',))
        print(cursor.fetchone())
        cursor.executemany('UPDATE orders SET item = %s WHERE id = %s', [('c', 1), ('d', 2)])
    connection.rollback()


def copies(connection):
    with connection.cursor() as cursor:
        file = io.StringIO()
        cursor.copy_expert('COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT', file)
        print(repr(file.getvalue()))
        cursor.execute('CREATE TEMP TABLE t (a int, b text)')
        cursor.copy_from(io.StringIO('1\tone\n2\t\\N\n'), 't')
        show(cursor, 'TABLE t')
        try:
            cursor.copy_from(io.StringIO('x\tone\n'), 't')
        except psycopg2.Error as error:
            print(error)
    connection.rollback()


def large_objects(connection):
    large = connection.lobject(0, 'wb', 4711)
    print(large.oid, large.write(b'large object'))
    large.seek(6)
    large.close()
    large = connection.lobject(4711, 'rb')
    print(large.read(5), large.tell(), large.seek(0, 2))
    large.close()
    large.unlink()
    connection.rollback()


def notifications(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        show(cursor, "LISTEN wire; NOTIFY wire, 'hello'")
        show(cursor, 'SELECT 1')
    connection.poll()
    print([(n.channel, n.payload) for n in connection.notifies])
    connection.set_client_encoding('LATIN1')
    with connection.cursor() as cursor:
        show(cursor, "SELECT 'ä', 'é'")
    print(connection.encoding)
    connection.set_client_encoding('UTF8')
    connection.reset()
    print(connection.status, connection.get_transaction_status(), connection.server_version)


def wait(connection):
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        select.select([connection] if state == psycopg2.extensions.POLL_READ else [],
                      [connection] if state == psycopg2.extensions.POLL_WRITE else [], [], 10)


def asynchronous(_):
    connection = psycopg2.connect('', async_=1)
    wait(connection)
    cursor = connection.cursor()
    for sql in ('SELECT id, name FROM customers ORDER BY id', 'SELECT 1; SELECT 2', 'SELECT 1/0', 'SELECT pg_sleep(0.1)'):
        try:
            cursor.execute(sql)
            wait(connection)
            print(cursor.fetchall())
        except psycopg2.Error as error:
            print(type(error).__name__, error)
    connection.close()
    psycopg2.extensions.set_wait_callback(psycopg2.extras.wait_select)
    green = psycopg2.connect('')
    with green.cursor() as cursor:
        show(cursor, 'SELECT id, name FROM customers ORDER BY id')
        show(cursor, 'SELECT 1/0')
    green.close()
    psycopg2.extensions.set_wait_callback(None)


def threads(connection):
    answers = []

    def query(number):
        with psycopg2.connect('') as own, own.cursor() as cursor:
            cursor.execute('SELECT note FROM plain WHERE id = %s', (number,))
            answers.append(cursor.fetchone()[0])
        own.close()
    several = [threading.Thread(target=query, args=(i,)) for i in range(1, 9)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    print(sorted(answers))
    canceller = threading.Timer(0.3, connection.cancel)
    canceller.start()
    with connection.cursor() as cursor:
        show(cursor, 'SELECT pg_sleep(20)')
    connection.rollback()


def guarded(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        for sql in ('SELECT id, email, salary, balance, born FROM customers ORDER BY id', 'DROP TABLE orders',
                    'DELETE FROM orders', "SELECT 'alive'"):
            show(cursor, sql)
        file = io.StringIO()
        cursor.copy_expert('COPY customers (id, email, phone) TO STDOUT', file)
        print(file.getvalue())
    connection.autocommit = False
    with connection.cursor('named') as cursor:
        cursor.itersize = 2
        cursor.execute('SELECT email FROM customers ORDER BY id')
        print(list(cursor))


PARTS = (types, errors, transactions, cursors, copies, large_objects, notifications, asynchronous, threads)

if __name__ == '__main__':
    chosen = [globals()[name] for name in sys.argv[1:]]
    for part in chosen or PARTS:
        print('==', part.__name__)
        main_connection = psycopg2.connect('')
        part(main_connection)
        main_connection.close()
