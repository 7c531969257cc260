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

# Masks and nothing else, so that no other rule and no detector helps them.
MASKS = POLICY[:POLICY.index('  - name: no-destructive')].replace('      found: { email: redact, card: redact, iban: redact }\n', '')

# What a name can hide, and what can fill a table unseen.
HIDDEN = 'SET search_path = late, public;\n'
HIDING = SCHEMA + '''
CREATE SCHEMA early; CREATE SCHEMA late;
CREATE VIEW late.t AS SELECT id, email AS note FROM customers;
CREATE FUNCTION idle() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION steal() RETURNS text LANGUAGE sql AS 'SELECT email FROM customers WHERE id = 1';
CREATE PROCEDURE pour() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t SELECT id, email FROM customers; END $$;
CREATE DOMAIN stolen AS text DEFAULT steal();
CREATE TABLE model (id int, note text DEFAULT steal());
CREATE ROLE clerk LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk;
CREATE FUNCTION make() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN CREATE TEMP TABLE t (id int, note text); RETURN 1; END $$;
'''

# One of nearly every kind of object that there is, with secrets where some hold them.
OBJECTS = r'''
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'canary-host', dbname 'CANARY-database');
CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'canary-user', password 'CANARY-password');
CREATE FOREIGN TABLE distant (id int, email text) SERVER far OPTIONS (table_name 'x');
CREATE TABLE parted (id int, email text, day date) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO parted VALUES (1, 'p@canary.example', '2020-03-01');
CREATE TABLE grown (extra int, doubled int GENERATED ALWAYS AS (extra * 2) STORED) INHERITS (plain);
INSERT INTO grown (id, note, extra) VALUES (900, 'grown', 4);
CREATE INDEX ON customers (lower(email));
CREATE STATISTICS counted (mcv) ON email, phone FROM customers;
CREATE MATERIALIZED VIEW stored AS SELECT id, name FROM customers;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = int);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE PROCEDURE nothing() LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE OPERATOR ##% (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE RULE below_zero AS ON DELETE TO plain WHERE OLD.id < 0 DO INSTEAD NOTHING;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON orders USING (true);
CREATE PUBLICATION pub FOR TABLE orders WHERE (id > 0);
SET client_min_messages = error;
CREATE SUBSCRIPTION sub CONNECTION 'host=canary-host password=CANARY-secret' PUBLICATION x WITH (connect = false);
RESET client_min_messages;
CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple);
CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple);
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE CAST (text AS mood) WITH INOUT;
CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER firing ON ddl_command_start EXECUTE FUNCTION fired();
ALTER EVENT TRIGGER firing DISABLE;
COMMENT ON TABLE plain IS 'a comment';
CREATE ROLE reader PASSWORD 'CANARY-verifier';
GRANT SELECT ON plain TO reader;
GRANT SELECT (id) ON customers TO reader;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
ALTER DATABASE shop SET my.secret = 'CANARY-setting';
ALTER ROLE reader IN DATABASE shop SET work_mem = '6MB';
ALTER ROLE reader SET my.secret = 'CANARY-setting';
CREATE SCHEMA more;
CREATE TABLE more.customers (id int, email text);
INSERT INTO more.customers VALUES (1, 'm@canary.example');
CREATE SEQUENCE lone START 7;
ANALYZE;
'''

# Every protected value has one of these in it, as text or as the bytes of its binary form.
CANARIES = (b'@canary.example', b'CANARY', b'9000', b'7700', b'cafe000', b'canary', b'1971-', b'1972-', b'cafe01', b'cafe02',
            b'@canary'.hex().encode(), b'CANARY'.hex().encode(), b'canary'.hex().encode(), b'00015f91', b'00015f92')


def leaks(output):
    """The canaries that show in bytes which a program printed."""
    return [canary for canary in CANARIES if canary in output]
