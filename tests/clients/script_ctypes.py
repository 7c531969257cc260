# SPDX-License-Identifier: MIT
"""Calls libpq by ctypes, and prints what comes back.  Usage: script_ctypes.py LIBRARY… PART

Each LIBRARY is used by turns in the same process."""
import ctypes
import sys

TEXTS = ('PQgetvalue', 'PQresultErrorMessage', 'PQerrorMessage', 'PQcmdStatus')
POINTERS = ('PQconnectdb', 'PQexec', 'PQexecParams', 'PQgetResult')


def library(path):
    found = ctypes.CDLL(path)
    for name in TEXTS:
        getattr(found, name).restype = ctypes.c_char_p
    for name in POINTERS:
        getattr(found, name).restype = ctypes.c_void_p
    return found


def show(pq, result):
    result = ctypes.c_void_p(result)
    for row in range(pq.PQntuples(result)):
        print(' ', [pq.PQgetvalue(result, row, column) for column in range(pq.PQnfields(result))])
    print(pq.PQresultStatus(result), pq.PQcmdStatus(result), pq.PQresultErrorMessage(result).split(b'\n')[0])
    pq.PQclear(result)


def opened(pq, connection):
    show(pq, pq.PQexec(connection, b'SELECT id, name, salary FROM customers ORDER BY id'))
    values = (ctypes.c_char_p * 1)(b'2')
    show(pq, pq.PQexecParams(connection, b'SELECT note FROM plain WHERE id = $1', 1, None, values, None, None, 0))
    show(pq, pq.PQexec(connection, b'SELECT 1/0'))
    print(pq.PQsendQuery(connection, b'SELECT 1; SELECT 2'))
    while result := pq.PQgetResult(connection):
        show(pq, result)


def guarded(pq, connection):
    show(pq, pq.PQexec(connection, b'SELECT id, email, salary FROM customers ORDER BY id'))
    print(pq.PQsendQuery(connection, b'SELECT email FROM customers ORDER BY id'))
    while result := pq.PQgetResult(connection):
        show(pq, result)
    show(pq, pq.PQexec(connection, b'DROP TABLE orders'))
    show(pq, pq.PQexec(connection, b"SELECT 'alive'"))


PARTS = {'open': opened, 'guarded': guarded}

if __name__ == '__main__':
    libraries = [library(path) for path in sys.argv[1:-1]]
    connections = [(pq, ctypes.c_void_p(pq.PQconnectdb(b''))) for pq in libraries]
    for pq, connection in connections:
        print(pq.PQlibVersion(), pq.PQstatus(connection), pq.PQerrorMessage(connection))
        PARTS[sys.argv[-1]](pq, connection)
    for pq, connection in connections:
        pq.PQfinish(connection)
    try:
        print(ctypes.CDLL(None).PQnosuchfunction)
    except AttributeError as error:
        print(error)
