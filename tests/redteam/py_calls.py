# SPDX-License-Identifier: MIT
"""A psycopg2 program that takes the same steps as calls.c."""
import sys

import psycopg2
import psycopg2.extras

connection = None


def show(cursor):
    for notice in connection.notices:
        print('notice:', notice)
    del connection.notices[:]
    if cursor.description:
        print('columns:', [column.name for column in cursor.description])
        for row in cursor.fetchall():
            print('row', *row, sep='|')
    connection.poll()
    while connection.notifies:
        notify = connection.notifies.pop()
        print('notification:', notify.channel, notify.payload)


def connect(database, user):
    global connection
    if connection:
        connection.close()
    connection = psycopg2.connect(dbname=database, user=user)
    connection.autocommit = True


def run(*words):
    with connection.cursor() as cursor:
        cursor.execute(words[0], words[1:] or None)
        show(cursor)


def named(sql):
    connection.autocommit = False
    with connection.cursor('held', withhold=True) as cursor:
        cursor.execute(sql)
        print('row', cursor.fetchone(), cursor.fetchall())
    connection.rollback()
    connection.autocommit = True


def values(sql, *rows):
    with connection.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, sql, [(row,) for row in rows])
        show(cursor)


def copy(sql):
    with connection.cursor() as cursor:
        cursor.copy_expert(sql, sys.stdout)


def large(oid):
    print('row', connection.lobject(int(oid), 'r').read())


STEPS = {'connect': connect, 'exec': run, 'named': named, 'values': values, 'copy': copy, 'large': large}

for line in sys.stdin:
    words = line.rstrip('\n').replace('\x1f', '\n').split('\t')
    try:
        STEPS[words[0]](*words[1:])
    except psycopg2.Error as error:
        print(error.pgcode, error, error.diag.message_detail, error.diag.context)
        if connection.closed:
            print('closed')
        elif not connection.autocommit:
            connection.rollback()
            connection.autocommit = True
    print('\n--done--', flush=True)
