# SPDX-License-Identifier: MIT
"""Sends a text of so many bytes in every way that libpq has, and prints what comes back.

Usage: script_large_texts.py BYTES WAY…"""
import ctypes
import sys

pq = ctypes.CDLL('libpq.so.5')
for name in ('PQgetvalue', 'PQresultErrorMessage', 'PQerrorMessage'):
    getattr(pq, name).restype = ctypes.c_char_p
for name in ('PQconnectdb', 'PQexec', 'PQexecParams', 'PQprepare', 'PQexecPrepared', 'PQgetResult'):
    getattr(pq, name).restype = ctypes.c_void_p

NOTHING = (0, None, None, None, None)


def show(result):
    result = ctypes.c_void_p(result)
    print(pq.PQresultStatus(result), pq.PQresultErrorMessage(result).decode())
    for row in range(pq.PQntuples(result)):
        print(' ', [pq.PQgetvalue(result, row, column) for column in range(pq.PQnfields(result))])
    pq.PQclear(result)


def show_all(connection, ends=1):
    while ends > 0:
        result = pq.PQgetResult(connection)
        if result:
            show(result)
        else:
            ends -= 1


def execute(connection, text):
    show(pq.PQexec(connection, text))


def params(connection, text):
    show(pq.PQexecParams(connection, text, *NOTHING, 0))


def prepare(connection, text):
    show(pq.PQprepare(connection, b'p', text, 0, None))
    show(pq.PQexecPrepared(connection, b'p', 0, None, None, None, 0))


def send(connection, text):
    print(pq.PQsendQuery(connection, text))
    show_all(connection)


def pipeline(connection, text):
    pq.PQenterPipelineMode(connection)
    for one in b'SELECT 1', text, b'SELECT 2':
        print(pq.PQsendQueryParams(connection, one, *NOTHING, 0))
    print(pq.PQpipelineSync(connection))
    show_all(connection, 3)
    show(pq.PQgetResult(connection))
    print(pq.PQexitPipelineMode(connection))


def memory():
    with open('/proc/self/status') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmHWM'))


if __name__ == '__main__':
    begin, end = b"SELECT length('", b"'), 'through'"
    large = begin + b'x' * (int(sys.argv[1]) - len(begin) - len(end)) + end
    database = ctypes.c_void_p(pq.PQconnectdb(b''))
    for way in sys.argv[2:]:
        print('==', way)
        if way == 'memory':
            print(memory())
            continue
        globals()[way](database, large)
        execute(database, b"SELECT 'alive'")
    pq.PQfinish(database)
