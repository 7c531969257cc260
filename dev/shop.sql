-- SPDX-License-Identifier: MIT
-- A small shop for dev/demo.  Nobody in it exists: names are made up, addresses end in example.com and its like
-- (RFC 2606), the card numbers are the networks' test numbers.
CREATE TABLE customers (
	id integer PRIMARY KEY,
	name text NOT NULL,
	email text NOT NULL,
	city text NOT NULL,
	note text
);
CREATE TABLE orders (
	id integer PRIMARY KEY,
	customer_id integer NOT NULL REFERENCES customers,
	item text NOT NULL,
	cents integer NOT NULL,
	day date NOT NULL
);
CREATE TABLE payments (
	order_id integer PRIMARY KEY REFERENCES orders,
	card text NOT NULL,
	pin integer NOT NULL
);
INSERT INTO customers VALUES
	(1, 'Ada Quill', 'ada.quill@example.com', 'Tromsø', 'likes tea'),
	(2, 'Bo Lindenthal', 'bo@lindenthal.example', 'Graz', 'also bo.l@example.org'),
	(3, 'Chidi Marlowe', 'chidi.marlowe@example.net', 'Porto', NULL),
	(4, 'Dana Okafor', 'dana@example.com', 'Ghent', 'call before noon'),
	(5, 'Eilidh Brandt', 'eilidh.brandt@example.org', 'Turku', NULL);
INSERT INTO orders VALUES
	(10, 1, 'teapot', 3450, '2026-09-01'),
	(11, 1, 'two cups', 1800, '2026-09-01'),
	(12, 2, 'kettle', 5200, '2026-09-03'),
	(13, 3, 'tray', 2100, '2026-09-04'),
	(14, 4, 'teapot', 3450, '2026-09-07'),
	(15, 5, 'strainer', 650, '2026-09-09');
INSERT INTO payments VALUES
	(10, '4111111111111111', 4711), (11, '4111111111111111', 4711), (12, '5555555555554444', 1209),
	(13, '378282246310005', 3141), (14, '4012888888881881', 2718), (15, '6011111111111117', 1618);
CREATE ROLE clerk LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO clerk;
-- The clerk may drop tables as far as the server is concerned.
ALTER TABLE customers OWNER TO clerk;
ALTER TABLE orders OWNER TO clerk;
ALTER TABLE payments OWNER TO clerk;
ANALYZE;
