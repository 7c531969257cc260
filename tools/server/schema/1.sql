-- The first schema.  One file for each version, run once and in order on whatever database there is: the subset that SQLite,
-- PostgreSQL and YugabyteDB share.  Times are nanoseconds since 1970, digests SHA-256.

CREATE TABLE setting (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE account (
	name TEXT PRIMARY KEY,
	password TEXT NOT NULL, -- argon2id, in the form that libsodium writes
	role TEXT NOT NULL CHECK (role IN ('viewer', 'approver', 'author', 'administrator', 'auditor')),
	created BIGINT NOT NULL,
	disabled BIGINT
);

-- Whose signatures make a draft a policy.
CREATE TABLE author_key (
	verifier TEXT PRIMARY KEY, -- NAME+ID+BASE64 (c2sp.org/signed-note)
	account TEXT NOT NULL REFERENCES account (name),
	created BIGINT NOT NULL,
	revoked BIGINT
);

-- What lets a machine enrol, once.
CREATE TABLE enrolment_code (
	digest BYTEA PRIMARY KEY,
	bundle TEXT NOT NULL,
	made BIGINT NOT NULL,
	expires BIGINT NOT NULL
);

-- Machines, each with one agent or several that share what it was given.
CREATE TABLE agent (
	id TEXT PRIMARY KEY,
	host TEXT NOT NULL, -- as it calls itself
	bundle TEXT NOT NULL, -- the policies that it gets
	token_digest BYTEA NOT NULL UNIQUE,
	chain_key BYTEA NOT NULL, -- K_0 of its record's chain
	enrolled BIGINT NOT NULL,
	revoked BIGINT,
	-- what it said of itself last, and when
	seen BIGINT,
	version TEXT, -- of its program
	policy BIGINT, -- the version that it judges by
	spool BIGINT -- entries of its record that are to be delivered
);
