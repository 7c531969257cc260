# SPDX-License-Identifier: MIT
"""The facts of the matrix by SQLAlchemy over psycopg2: what it learns of the tables, and a small program on them."""
import os

import sqlalchemy
from sqlalchemy import orm

from facts import first_line, say, say_rows, say_types

ENGINE = sqlalchemy.create_engine(
    sqlalchemy.engine.URL.create('postgresql+psycopg2', query={'host': os.environ['PGHOST'], 'port': os.environ['PGPORT']},
                                 username=os.environ['PGUSER'], database=os.environ['PGDATABASE']))
BASE = orm.declarative_base()


class Customer(BASE):
    __tablename__ = 'customers'
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.Text)
    email = sqlalchemy.Column(sqlalchemy.Text)
    salary = sqlalchemy.Column(sqlalchemy.Integer)
    orders = orm.relationship('Order', order_by='Order.id')


class Order(BASE):
    __tablename__ = 'orders'
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    customer = sqlalchemy.Column(sqlalchemy.ForeignKey('customers.id'))
    item = sqlalchemy.Column(sqlalchemy.Text)
    amount = sqlalchemy.Column(sqlalchemy.Numeric(10, 2))


def learn():
    seen = sqlalchemy.inspect(ENGINE)
    for table in sorted(seen.get_table_names()):
        for column in seen.get_columns(table):
            say('learned', table, column['name'], column['type'], column['nullable'], column['default'])
        say('learned', table, seen.get_pk_constraint(table)['constrained_columns'],
            [(key['constrained_columns'], key['referred_table']) for key in seen.get_foreign_keys(table)],
            [index['name'] for index in seen.get_indexes(table)], seen.get_unique_constraints(table))
    for view in sorted(seen.get_view_names()):
        say('learned', view, [(column['name'], column['type']) for column in seen.get_columns(view)],
            ' '.join(seen.get_view_definition(view).split()))
    say('learned', seen.get_schema_names(), seen.get_enums())
    reflected = sqlalchemy.MetaData()
    reflected.reflect(ENGINE)
    say('learned', sorted(reflected.tables))


def person(row):
    return row.id, row.name, row.email, row.salary


def read(session):
    people = session.scalars(sqlalchemy.select(Customer).order_by(Customer.id)).all()
    say_rows('rows', map(person, people))
    say_types(person(people[0])[:3])
    say_rows('rows', [(one.id, order.id, order.item, order.amount) for one in people for order in one.orders])
    say_rows('parameter', map(person, session.scalars(sqlalchemy.select(Customer).where(Customer.id == 2))))
    streamed = session.execute(sqlalchemy.select(Customer.id, Customer.name, Customer.email, Customer.salary)
                               .order_by(Customer.id).execution_options(stream_results=True, max_row_buffer=2))
    say_rows('cursor', streamed)
    joined = sqlalchemy.select(Customer.email, sqlalchemy.func.count(Order.id)).join(Order).group_by(Customer.id)
    say_rows('joined', session.execute(joined.order_by(Customer.id)))
    session.rollback()


def fail(session):
    for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
        try:
            session.execute(sqlalchemy.text(sql))
        except sqlalchemy.exc.DBAPIError as error:
            say('error', error.orig.pgcode, first_line(error.orig), type(error).__name__)
        session.rollback()


def write(session):
    order = Order(id=901, customer=2, item='vase', amount=7)
    session.add(order)
    session.flush()
    order.item = 'tall vase'
    session.flush()
    say('write', session.execute(sqlalchemy.update(Order).where(Order.id == 901).values(amount=8)).rowcount)
    session.refresh(order)
    say('write', order.id, order.item, order.amount)
    session.delete(order)
    session.flush()
    say('write', session.execute(sqlalchemy.delete(Order).where(Order.id == 901)).rowcount)
    session.rollback()
    one = session.get(Customer, 1)
    one.name = 'Anna'  # it writes what has changed
    session.flush()
    say('write', one.id, one.name)
    session.rollback()


def drop(session):
    session.execute(sqlalchemy.text('DROP TABLE plain'))


def write_back(session):
    """Writes into a protected column what is made of what was read: under a mask, of the mask."""
    one = session.get(Customer, 1)
    one.email = one.email.lower() + '.'
    session.flush()


def try_each(session):
    for attempt in (drop, write_back):
        try:
            attempt(session)
            say('refused', '00000')
        except sqlalchemy.exc.DBAPIError as error:
            say('refused', error.orig.pgcode, first_line(error.orig))
        session.rollback()


if __name__ == '__main__':
    learn()
    with orm.Session(ENGINE) as own:
        for part in (read, fail, write, try_each):
            part(own)
