# SPDX-License-Identifier: MIT
"""The facts of the matrix by psycopg2."""
import io
import select

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from facts import first_line, say, say_rows, say_types

PEOPLE = 'SELECT id, name, email, salary FROM customers ORDER BY id'


def wait(connection):
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        select.select([connection] if state == psycopg2.extensions.POLL_READ else [],
                      [connection] if state == psycopg2.extensions.POLL_WRITE else [], [], 10)


def read(connection):
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        say_rows('rows', cursor.fetchall())
        cursor.execute('SELECT id, name, email FROM customers WHERE id = 1')
        say_types(cursor.fetchone())
        cursor.execute('SELECT id, name, email, salary FROM customers WHERE id = %s', (2,))
        say_rows('parameter', cursor.fetchall())
        cursor.execute('PREPARE one AS SELECT id, name, email, salary FROM customers WHERE id = $1')
        for number in (1, 2):
            cursor.execute('EXECUTE one(%s)', (number,))
            say_rows('prepared', cursor.fetchall())
    with connection.cursor('named') as cursor:
        cursor.itersize = 2
        cursor.execute(PEOPLE)
        say_rows('cursor', cursor)
    connection.rollback()


def read_otherwise():
    """Asynchronously, and with a callback that waits."""
    connection = psycopg2.connect('', async_=True)
    wait(connection)
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        wait(connection)
        say_rows('asynchronous', cursor.fetchall())
    connection.close()
    psycopg2.extensions.set_wait_callback(psycopg2.extras.wait_select)
    with psycopg2.connect('') as connection, connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        say_rows('asynchronous', cursor.fetchall())
    connection.close()
    psycopg2.extensions.set_wait_callback(None)


def copy(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        file = io.StringIO()
        cursor.copy_expert(f'COPY ({PEOPLE}) TO STDOUT', file)
        say_rows('copy', [line.split('\t') for line in file.getvalue().splitlines()])
        cursor.execute('CREATE TEMP TABLE copied (id int, note text)')
        cursor.copy_from(io.StringIO('1\tone\n2\t\\N\n'), 'copied')
        cursor.execute('TABLE copied')
        say_rows('copy', cursor.fetchall())
    connection.autocommit = False


def notify(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute('LISTEN wire')
        cursor.execute("NOTIFY wire, 'hello'")
    connection.poll()
    for heard in connection.notifies:
        say('notify', heard.channel, heard.payload)
    connection.autocommit = False


def fail(connection):
    with connection.cursor() as cursor:
        for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
            try:
                cursor.execute(sql)
            except psycopg2.Error as error:
                say('error', error.pgcode, first_line(error), type(error).__name__)
            connection.rollback()


def write(connection):
    with connection.cursor() as cursor:
        cursor.execute('INSERT INTO orders (id, customer, item, amount) VALUES (%s, %s, %s, %s)', (901, 2, 'vase', 7))
        say('write', cursor.rowcount)
        cursor.execute('UPDATE orders SET item = %s WHERE id = %s RETURNING id, item', ('tall vase', 901))
        say('write', cursor.rowcount, *cursor.fetchone())
        cursor.execute('DELETE FROM orders WHERE id = %s', (901,))
        say('write', cursor.rowcount)
        connection.rollback()
        try:
            cursor.execute('DROP TABLE plain')
            say('refused', '00000')
        except psycopg2.Error as error:
            say('refused', error.pgcode, first_line(error))
        connection.rollback()


if __name__ == '__main__':
    own = psycopg2.connect('')
    for part in (read, copy, notify, fail, write):
        part(own)
    read_otherwise()
    own.close()
