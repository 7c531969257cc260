# SPDX-License-Identifier: MIT
"""The facts of the matrix by Django over psycopg2: its inspectdb, and a small program on its models."""
import os

import django
from django.conf import settings

settings.configure(USE_TZ=True, INSTALLED_APPS=[], DEFAULT_AUTO_FIELD='django.db.models.AutoField', DATABASES={'default': {
    'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['PGHOST'], 'PORT': os.environ['PGPORT'],
    'USER': os.environ['PGUSER'], 'NAME': os.environ['PGDATABASE']}})
django.setup()

from django.core import management  # settings come first
from django.db import DatabaseError, connection, models, transaction

from facts import first_line, say, say_rows, say_types

PERSON = ('id', 'name', 'email', 'salary')


class Customer(models.Model):
    name = models.TextField()
    email = models.TextField(null=True)
    salary = models.IntegerField(null=True)

    class Meta:
        app_label, db_table, managed = 'shop', 'customers', False


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.PROTECT, db_column='customer')
    item = models.TextField()
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label, db_table, managed = 'shop', 'orders', False


def learn():
    management.call_command('inspectdb', include_views=True)
    with connection.cursor() as cursor:
        for table in ('customers', 'orders'):
            constraints = connection.introspection.get_constraints(cursor, table)
            say_rows('learned', [(name, sorted(constraints[name].items(), key=str)) for name in sorted(constraints)])


def read():
    people = list(Customer.objects.order_by('id').values_list(*PERSON))
    say_rows('rows', people)
    say_types(people[0][:3])
    say_rows('rows', [(order.id, order.customer.name, order.customer.email, order.item, order.amount)
                      for order in Order.objects.select_related('customer').order_by('id')])
    say_rows('parameter', Customer.objects.filter(id=2).values_list(*PERSON))
    say_rows('cursor', Customer.objects.order_by('id').values_list(*PERSON).iterator(chunk_size=2))
    say_rows('joined', Order.objects.values_list('customer__id', 'customer__name').annotate(models.Count('id'))
             .order_by('customer__id'))


def fail():
    for sql in ('SELECT 1/0', 'SELECT * FROM missing'):
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        except DatabaseError as error:
            say('error', error.__cause__.pgcode, first_line(error), type(error).__name__)


def write():
    with transaction.atomic():
        order = Order.objects.create(id=901, customer_id=2, item='vase', amount=7)
        order.item = 'tall vase'
        order.save()
        say('write', Order.objects.filter(id=901).update(amount=8))
        order.refresh_from_db()
        say('write', order.id, order.item, order.amount)
        say('write', *order.delete())
        transaction.set_rollback(True)


def drop():
    with connection.cursor() as cursor:
        cursor.execute('DROP TABLE plain')


def save_some():
    person = Customer.objects.get(id=1)
    person.name = 'Anna'
    person.save(update_fields=['name'])
    say('write', person.id, person.name)


def save_all():
    """Writes back what was read: under a mask, the mask."""
    person = Customer.objects.get(id=1)
    person.name = 'Anna'
    person.save()


def try_each():
    with transaction.atomic():
        save_some()
        transaction.set_rollback(True)
    for attempt in (drop, save_all):
        try:
            with transaction.atomic():
                attempt()
                say('refused', '00000')
                transaction.set_rollback(True)
        except DatabaseError as error:
            say('refused', error.__cause__.pgcode, first_line(error))


if __name__ == '__main__':
    for part in (learn, read, fail, write, try_each):
        part()
