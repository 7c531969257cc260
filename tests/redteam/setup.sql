-- SPDX-License-Identifier: MIT
-- What the statements of statements.json are aimed at: canaries in protected columns, and the ways they lead out of them.
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
GRANT ALL ON SCHEMA public TO public;
CREATE EXTENSION hstore;
CREATE TABLE users (id int PRIMARY KEY, name text, email varchar(80) UNIQUE, ssn text, salary int CHECK (salary > 0));
INSERT INTO users VALUES (1, 'alice', 'alice@canary.example', '123-45-6789', 90210),
  (2, 'bob', 'bob@canary.example', '987-65-4321', 80808);
INSERT INTO users SELECT g, 'u' || g, 'u' || g || '@canary.example', lpad((g % 900 + 100)::text, 3, '0') || '-11-' ||
  lpad(g::text, 4, '0'), 1000 + g FROM generate_series(3, 60) g;
CREATE INDEX ON users (ssn);
CREATE TABLE w (id int PRIMARY KEY, v text);
INSERT INTO w SELECT g, 'v' || g FROM generate_series(1, 50) g;
CREATE TABLE products (id int, name text);
INSERT INTO products VALUES (1, 'chair');
CREATE TABLE pt (id int, ssn text) PARTITION BY RANGE (id);
CREATE TABLE pt_1 PARTITION OF pt FOR VALUES FROM (0) TO (1000);
INSERT INTO pt SELECT id, ssn FROM users WHERE id < 10;
CREATE TABLE staff (badge text) INHERITS (users);
INSERT INTO staff VALUES (61, 'carol', 'alice@canary.example', '123-45-6789', 90210, 'B1');
CREATE VIEW people AS SELECT id, name, ssn AS code, email FROM users;
CREATE VIEW over_people AS SELECT code AS c2, id FROM people;
CREATE MATERIALIZED VIEW frozen AS SELECT id, ssn AS kept FROM users;
CREATE VIEW harmless AS SELECT id, name FROM products;
CREATE FUNCTION reveal(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = $1';
CREATE FUNCTION shout(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'heard %', $1; RETURN 'x'; END$$;
CREATE FUNCTION same_text(text, text) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN RAISE NOTICE '% and %', $1, $2; RETURN true; END$$;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same_text);
CREATE SEQUENCE sq;
CREATE TYPE pair AS (a int, b text);
-- Called with a dot, like columns.
CREATE FUNCTION peek(users) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.ssn';
CREATE FUNCTION leak(products) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = $1.id';
CREATE FUNCTION anyleak(anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = 1';
CREATE FUNCTION pairleak(pair) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = 1';
-- Operators that the server has too, for other types.
CREATE FUNCTION mixed(int, text) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM users WHERE id = 1';
CREATE OPERATOR % (LEFTARG = int, RIGHTARG = text, FUNCTION = mixed);
CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = text, FUNCTION = mixed);
CREATE OPERATOR # (LEFTARG = int, RIGHTARG = text, FUNCTION = mixed);
CREATE TABLE "Users" (id int, "SSN" text);
INSERT INTO "Users" VALUES (1, 'plain text');
CREATE SCHEMA other;
GRANT ALL ON SCHEMA other TO public;
CREATE TABLE other.users (id int, ssn text);
INSERT INTO other.users VALUES (1, '123-45-6789');
CREATE TABLE notes (id int, body text);
INSERT INTO notes VALUES (1, 'write to alice@canary.example soon'), (2, 'alice@canary' || '.example'),
  (3, 'nothing here'), (4, '4111 1111 1111 1111'), (5, 'DE89 3704 0044 0532 0130 00');
-- Secrets in the server's own relations: in options, settings, connection strings and statistics.
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '123-45-6789', dbname 'x');
CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'alice@canary', password '123-45-6789');
CREATE FOREIGN TABLE distant (id int) SERVER far OPTIONS (table_name '123-45-6789');
CREATE ROLE keyed LOGIN PASSWORD '123-45-6789';
ALTER ROLE keyed SET my.secret = '123-45-6789';
CREATE SUBSCRIPTION sub CONNECTION 'host=x password=123-45-6789' PUBLICATION x WITH (connect = false);
CREATE STATISTICS counted (mcv) ON ssn, email FROM users;
CREATE STATISTICS computed ON (upper(ssn)) FROM users;
DO $$DECLARE t record; BEGIN
  FOR t IN SELECT c.oid::regclass::text AS name, relkind FROM pg_class c WHERE relnamespace IN
      ('public'::regnamespace, 'other'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm', 'S') LOOP
    EXECUTE 'ALTER ' || CASE t.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
      ELSE 'TABLE' END || ' ' || t.name || ' OWNER TO agent';
  END LOOP;
END$$;
ANALYZE;
