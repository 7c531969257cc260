# SPDX-License-Identifier: MIT
"""The facts of the matrix by PyGreSQL: its classic module pg, and pgdb."""
import pg
import pgdb

from facts import first_line, say, say_rows, say_types

PEOPLE = 'SELECT id, name, email, salary FROM customers ORDER BY id'


def attempt(kind, work):
    try:
        return work()
    except pg.DatabaseError as error:
        say(kind, error.sqlstate, first_line(error).removeprefix('ERROR:').strip())
        return None


def classic():
    database = pg.DB()
    say_rows('rows', database.query(PEOPLE).getresult())
    say_types(database.query('SELECT id, name, email FROM customers WHERE id = 1').getresult()[0])
    say_rows('parameter', database.query('SELECT id, name, email FROM customers WHERE id = $1', (2,)).getresult())
    database.prepare('one', 'SELECT id, name, email FROM customers WHERE id = $1')
    for number in (1, 2):
        say_rows('prepared', database.query_prepared('one', (number,)).getresult())
    say('meta', *database.get_attnames('orders'))
    say('meta', *database.get('orders', 1).values())
    for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
        attempt('error', lambda text=sql: database.query(text))
    database.begin()
    say('write', database.query("INSERT INTO orders VALUES (901, 2, 'stool', 7.25)"))
    say('write', database.query('UPDATE orders SET amount = amount + 1 WHERE customer = 1'))
    say('write', database.query('DELETE FROM orders WHERE id = 901'))
    database.rollback()
    database.begin()
    if attempt('refused', lambda: database.query('DROP TABLE plain') or 'DROP') is not None:
        say('refused', '00000')
    database.rollback()
    database.query('LISTEN wire')
    database.query("NOTIFY wire, 'hello'")
    channel, _, payload = database.getnotify()
    say('notify', channel, payload)
    database.close()


def modern():
    connection = pgdb.connect()
    cursor = connection.cursor()
    cursor.execute('DECLARE c CURSOR FOR ' + PEOPLE)
    for _ in range(2):
        cursor.execute('FETCH 2 FROM c')
        say_rows('cursor', cursor.fetchall())
    connection.rollback()
    for line in cursor.copy_to(None, 'SELECT id, name, email FROM customers ORDER BY id'):
        say('copy', *line.rstrip('\n').split('\t'))
    connection.rollback()
    connection.autocommit = True
    cursor.execute('CREATE TEMP TABLE copied (a int, b text)')
    cursor.copy_from(['1\tone\n', '2\t\\N\n'], 'copied')
    cursor.execute('SELECT a, b FROM copied ORDER BY a')
    say_rows('copy', cursor.fetchall())
    connection.close()


if __name__ == '__main__':
    classic()
    modern()
