# SPDX-License-Identifier: MIT
"""The facts of the matrix by pyodbc, over unixODBC and psqlODBC."""
import os

import pyodbc

from facts import first_line, say, say_rows, say_types

PEOPLE = 'SELECT id, name, email, salary FROM customers ORDER BY id'
DRIVER = '/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so'


def connect(**more):
    variables = {'Driver': DRIVER, 'Servername': os.environ['PGHOST'], 'Port': os.environ['PGPORT'],
                 'Username': os.environ['PGUSER'], 'Database': os.environ['PGDATABASE'], **more}
    return pyodbc.connect(';'.join(f'{name}={value}' for name, value in variables.items()))


def attempt(kind, cursor, sql, *values):
    """Whether a statement worked; its error is said."""
    try:
        return bool(cursor.execute(sql, *values))
    except pyodbc.Error as error:
        say(kind, error.args[0], first_line(error.args[1].replace('ERROR: ', '')).split(';')[0])
        return False


def read(connection):
    cursor = connection.cursor()
    say_rows('rows', cursor.execute(PEOPLE))
    say_types(cursor.execute('SELECT id, name, email FROM customers WHERE id = 1').fetchone())
    say_rows('parameter', cursor.execute('SELECT id, name, email, salary FROM customers WHERE id = ?', 2))
    for number in (1, 2):
        say_rows('prepared', cursor.execute('SELECT id, name, email FROM customers WHERE id = ?', number))
    say_rows('meta', [(row.table_name, row.column_name, row.type_name) for row in cursor.columns('orders')])
    say_rows('meta', [(row.table_name,) for row in cursor.tables(table='p%', tableType='TABLE')])
    connection.rollback()


def fetch(kind):
    """In steps of two rows, by a cursor that is declared."""
    connection = connect(UseDeclareFetch=1, Fetch=2)
    say_rows(kind, connection.cursor().execute(PEOPLE))
    connection.close()


def write(connection):
    cursor = connection.cursor()
    for sql in ("INSERT INTO orders VALUES (901, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
                'DELETE FROM orders WHERE id = 901'):
        if attempt('write', cursor, sql):
            say('write', cursor.rowcount)
    connection.rollback()
    for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
        attempt('error', cursor, sql)
        connection.rollback()
    if attempt('refused', cursor, 'DROP TABLE plain'):
        say('refused', '00000')
    connection.rollback()
    say_rows('rows', cursor.execute('SELECT count(*) FROM plain'))


def main():
    connection = connect()
    read(connection)
    fetch('cursor')
    write(connection)
    connection.close()


if __name__ == '__main__':
    main()
