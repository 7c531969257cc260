# SPDX-License-Identifier: MIT
"""The facts of the matrix by psycopg 3."""
import asyncio
import logging

import psycopg

from facts import first_line, say, say_rows, say_types

PEOPLE = 'SELECT id, name, email, salary FROM customers ORDER BY id'
PERSON = 'SELECT id, name, email, salary FROM customers WHERE id = %s'


def read(connection):
    say_rows('rows', connection.execute(PEOPLE))
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            say_types(cursor.execute('SELECT id, name, email FROM customers WHERE id = 1').fetchone())
            say_rows('binary', cursor.execute(PEOPLE))
    say_rows('parameter', connection.execute(PERSON, (2,)))
    for number in (1, 2):
        say_rows('prepared', connection.execute(PERSON, (number,), prepare=True))
    with connection.cursor('named') as cursor:
        cursor.itersize = 2
        say_rows('cursor', cursor.execute(PEOPLE))
    say_rows('cursor', connection.cursor().stream(PEOPLE))
    connection.rollback()


def read_in_a_pipeline(connection):
    with connection.pipeline() as pipeline:
        cursors = [connection.execute(PERSON, (number,)) for number in (1, 2)]
        pipeline.sync()
        cursors += [connection.execute('SELECT id, note FROM plain WHERE id = %s', (7,))]
    for cursor in cursors:
        say_rows('pipeline', cursor)
    connection.rollback()
    try:
        with connection.pipeline():
            connection.execute(PERSON, (1,))
            connection.execute('SELECT 1/0')
    except psycopg.Error as error:
        say('error', error.sqlstate, first_line(error))
    connection.rollback()


def copy(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        with cursor.copy(f'COPY ({PEOPLE}) TO STDOUT') as rows:
            say_rows('copy', rows.rows())
        cursor.execute('CREATE TEMP TABLE copied (id int, note text)')
        with cursor.copy('COPY copied FROM STDIN') as rows:
            rows.write_row((1, 'one'))
            rows.write_row((2, None))
        say_rows('copy', cursor.execute('TABLE copied'))


def notify(connection):
    connection.add_notify_handler(lambda heard: say('notify', heard.channel, heard.payload))
    connection.execute('LISTEN wire')
    connection.execute("NOTIFY wire, 'hello'")
    connection.execute('SELECT 1')
    connection.autocommit = False


def fail(connection):
    for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            say('error', error.sqlstate, first_line(error), type(error).__name__)
        connection.rollback()


def write(connection):
    sql = 'INSERT INTO orders (id, customer, item, amount) VALUES (%s, %s, %s, %s)'
    say('write', connection.execute(sql, (901, 2, 'vase', 7)).rowcount)
    cursor = connection.execute('UPDATE orders SET item = %s WHERE id = %s RETURNING id, item', ('tall vase', 901))
    say('write', cursor.rowcount, *cursor.fetchone())
    say('write', connection.execute('DELETE FROM orders WHERE id = %s', (901,)).rowcount)
    with connection.cursor() as cursor:  # psycopg sends these in one pipeline
        cursor.executemany('UPDATE orders SET item = %s WHERE id = %s', [('stool', 1), ('desk', 2)])
        say('write', cursor.rowcount)
    connection.rollback()
    try:
        connection.execute('DROP TABLE plain')
        say('refused', '00000')
    except psycopg.Error as error:
        say('refused', error.sqlstate, first_line(error))
    connection.rollback()


async def read_asynchronously():
    async with await psycopg.AsyncConnection.connect('') as connection:
        say_rows('asynchronous', await (await connection.execute(PEOPLE)).fetchall())
        async with connection.cursor('named') as cursor:
            await cursor.execute(PEOPLE)
            say_rows('asynchronous', await cursor.fetchall())
        async with connection.pipeline():
            cursors = [await connection.execute(PERSON, (number,)) for number in (1, 2)]
        for cursor in cursors:
            say_rows('asynchronous', await cursor.fetchall())
        async with connection.cursor().copy(f'COPY ({PEOPLE}) TO STDOUT') as rows:
            say_rows('asynchronous', [row async for row in rows.rows()])


if __name__ == '__main__':
    logging.disable()  # psycopg warns, or not, of a pipeline that ends with an error: depending on when it reads the error
    with psycopg.connect('') as own:
        for part in (read, read_in_a_pipeline, copy, notify, fail, write):
            part(own)
    asyncio.run(read_asynchronously())
