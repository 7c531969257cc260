# SPDX-License-Identifier: MIT
"""A small shop with made-up people, and the policy under which it is read."""

SCHEMA = '''
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, phone varchar(20), code char(12), salary int,
  balance numeric(12,2), token uuid, profile json, born date, nicknames text[], picture bytea, remarks text);
INSERT INTO customers VALUES
  (1, 'Ann', 'ann@canary.example', '+49-30-CANARY', 'CANARY-CODE', 90001, 77001.50,
   'cafe0001-0000-4000-8000-000000000001', '{"k": "canary"}', '1971-03-01', '{canary-a,canary-b}', '\\xcafe01',
   'call ann@canary.example, card 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00'),
  (2, 'Bob', 'bob@canary.example', '+49-40-CANARY', 'CANARY-KODE', 90002, 77002.50,
   'cafe0002-0000-4000-8000-000000000002', '{"k": "canary"}', '1972-04-02', '{canary-c}', '\\xcafe02', 'nothing here'),
  (3, 'Cyd', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, item text, amount numeric(10,2));
INSERT INTO orders (customer, item, amount) VALUES (1, 'chair', 10.50), (2, 'table', 99.99), (1, 'lamp', 5);
CREATE VIEW contacts AS SELECT id, name, email FROM customers;
CREATE VIEW renamed AS SELECT c.id AS number, c.email AS address, o.item FROM customers c JOIN orders o ON
  o.customer = c.id;
CREATE TABLE plain (id int PRIMARY KEY, note text);
INSERT INTO plain SELECT i, 'note ' || i FROM generate_series(1, 500) i;
CREATE TABLE archive (LIKE customers);
CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'DELETE FROM orders WHERE id < 0; SELECT 1';
'''

MASKED = ('email', 'phone', 'code', 'salary', 'balance', 'token', 'profile', 'born', 'nicknames', 'picture')

POLICY = '''version: 1
name: shop
default: allow
unknown: deny
columns:
  personal: [%s]
rules:
  - name: mask-personal
    for: everyone
    mask:
      personal: redact
      found: { email: redact, card: redact, iban: redact }
  - name: no-destructive
    for: everyone
    do: [drop, truncate, alter, update-all, delete-all]
    then: deny
    say: Ask for a migration.
  - name: no-calls
    for: everyone
    do: call
    then: deny
''' % ', '.join('customers.' + column for column in MASKED)

TRIAL = POLICY.replace('unknown: deny', 'unknown: deny\nmode: trial')

# Every protected value has one of these in it, as text or as the bytes of its binary form.
CANARIES = (b'@canary.example', b'CANARY', b'9000', b'7700', b'cafe000', b'canary', b'1971-', b'1972-', b'cafe01', b'cafe02',
            b'@canary'.hex().encode(), b'CANARY'.hex().encode(), b'canary'.hex().encode(), b'00015f91', b'00015f92')


def leaks(output):
    """The canaries that show in bytes which a program printed."""
    return [canary for canary in CANARIES if canary in output]
