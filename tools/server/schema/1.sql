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

-- What people show after they logged in, until it ends.
CREATE TABLE token (
	digest BYTEA PRIMARY KEY,
	account TEXT NOT NULL REFERENCES account (name),
	made BIGINT NOT NULL,
	expires BIGINT NOT NULL
);

-- Whose signatures make a draft a policy.
CREATE TABLE author_key (
	verifier TEXT PRIMARY KEY, -- NAME+ID+BASE64 (c2sp.org/signed-note)
	account TEXT NOT NULL REFERENCES account (name),
	created BIGINT NOT NULL,
	revoked BIGINT
);

-- Those keys whose signatures count today.
CREATE VIEW author AS
	SELECT author_key.verifier AS verifier, author_key.account AS account
	FROM author_key JOIN account ON account.name = author_key.account
	WHERE author_key.revoked IS NULL AND account.disabled IS NULL
	AND account.role IN ('author', 'administrator');

-- Versions of bundles.  None is ever changed or taken away; of two that would be the next one, one is.
CREATE TABLE policy (
	bundle TEXT NOT NULL,
	version BIGINT NOT NULL,
	release TEXT NOT NULL, -- what its authors signed (control/release.h)
	digest BYTEA NOT NULL, -- of that
	note TEXT NOT NULL, -- that with their signatures
	signers TEXT NOT NULL, -- their accounts, with a space between
	source BYTEA NOT NULL, -- the archive (control/archive.h)
	published BIGINT NOT NULL,
	PRIMARY KEY (bundle, version)
);

-- What may become the next version, once enough authors have signed it.
CREATE TABLE draft (
	id TEXT PRIMARY KEY,
	bundle TEXT NOT NULL,
	version BIGINT NOT NULL,
	release TEXT NOT NULL,
	source BYTEA NOT NULL,
	made BIGINT NOT NULL
);

CREATE TABLE draft_signature (
	draft TEXT NOT NULL REFERENCES draft (id),
	verifier TEXT NOT NULL REFERENCES author_key (verifier),
	line TEXT NOT NULL, -- of the note, with its end
	signed BIGINT NOT NULL,
	PRIMARY KEY (draft, verifier)
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
