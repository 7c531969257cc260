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

-- Those who are asked, or trusted, together.
CREATE TABLE account_group (
	name TEXT PRIMARY KEY,
	created BIGINT NOT NULL
);
CREATE TABLE account_group_member (
	account_group TEXT NOT NULL REFERENCES account_group (name),
	account TEXT NOT NULL REFERENCES account (name),
	added BIGINT NOT NULL,
	PRIMARY KEY (account_group, account)
);
CREATE INDEX account_group_member_account ON account_group_member (account);

-- What people show after they logged in, until it ends.
CREATE TABLE token (
	digest BYTEA PRIMARY KEY,
	account TEXT NOT NULL REFERENCES account (name),
	made BIGINT NOT NULL,
	expires BIGINT NOT NULL
);

-- What programs show that act for people, until it ends.
CREATE TABLE api_token (
	digest BYTEA PRIMARY KEY,
	id TEXT NOT NULL UNIQUE, -- by which people speak of it
	account TEXT NOT NULL REFERENCES account (name),
	name TEXT NOT NULL, -- what it is for
	scopes TEXT NOT NULL, -- with a comma between (scope.h)
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

-- Whose signatures make a policy from some point on (control/root.h).  None is ever changed or taken away.  Before the first,
-- every author's do.
CREATE TABLE root (
	version BIGINT PRIMARY KEY,
	text TEXT NOT NULL,
	note TEXT NOT NULL, -- that with the signatures of authors, and the server's
	published BIGINT NOT NULL
);
CREATE TABLE root_key (
	root BIGINT NOT NULL REFERENCES root (version),
	verifier TEXT NOT NULL,
	PRIMARY KEY (root, verifier)
);

-- What may become the next root, once enough authors of it and of the one before it have signed.
CREATE TABLE root_draft (
	digest BYTEA PRIMARY KEY, -- of its text
	account TEXT NOT NULL REFERENCES account (name), -- who brought it
	version BIGINT NOT NULL,
	text TEXT NOT NULL,
	made BIGINT NOT NULL
);
CREATE TABLE root_signature (
	draft BYTEA NOT NULL REFERENCES root_draft (digest),
	verifier TEXT NOT NULL,
	line TEXT NOT NULL, -- of the note, with its end
	signed BIGINT NOT NULL,
	PRIMARY KEY (draft, verifier)
);

-- Those keys whose owners may sign.
CREATE VIEW author_candidate AS
	SELECT author_key.verifier AS verifier, author_key.account AS account
	FROM author_key JOIN account ON account.name = author_key.account
	WHERE author_key.revoked IS NULL AND account.disabled IS NULL
	AND account.role IN ('author', 'administrator');

-- Those keys whose signatures count today.
CREATE VIEW author AS
	SELECT verifier, account FROM author_candidate
	WHERE NOT EXISTS (SELECT 1 FROM root) OR EXISTS (
		SELECT 1 FROM root_key WHERE root_key.verifier = author_candidate.verifier
		AND root_key.root = (SELECT max(version) FROM root));

-- What was done to the server: numbers go up, rows are never changed, and none but old refused log-ins goes (audit.h).
CREATE TABLE audit (
	number BIGINT PRIMARY KEY,
	time BIGINT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('os', 'account', 'token', 'machine', 'nobody')), -- of who did it
	actor TEXT NOT NULL,
	action TEXT NOT NULL, -- AUDIT_ACTIONS (audit.h)
	subject TEXT NOT NULL,
	detail TEXT NOT NULL
);
CREATE INDEX audit_action ON audit (action, number);

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
	account TEXT NOT NULL REFERENCES account (name), -- who pushed it
	version BIGINT NOT NULL,
	release TEXT NOT NULL,
	source BYTEA NOT NULL,
	findings TEXT NOT NULL, -- what its check found as it came: {"findings": ...}, of which none is an error
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

-- What machines were given that enrolled before there was a root: the first one has to be signed by enough of those too.
CREATE TABLE root_first (
	agent TEXT PRIMARY KEY REFERENCES agent (id),
	threshold BIGINT NOT NULL,
	verifiers TEXT NOT NULL -- a line each
);

-- The record as agents delivered it (doc/delivery.md).  A number stands for an agent where there are many rows.
CREATE TABLE record_source (
	agent TEXT PRIMARY KEY REFERENCES agent (id),
	source BIGINT NOT NULL UNIQUE,
	-- a key of its chain, from which later ones are reached; NULL: agent.chain_key
	seal_epoch BIGINT,
	seal_key BYTEA
);

-- One file of an agent's record each.
CREATE TABLE record_part (
	source BIGINT NOT NULL,
	part TEXT NOT NULL, -- BOOT-PART (control/part.h)
	next BIGINT NOT NULL, -- how many of its bytes are here
	head BYTEA NOT NULL, -- the chain's hash over them
	started BIGINT NOT NULL,
	grown BIGINT NOT NULL,
	sealed BIGINT NOT NULL, -- 1: each of its batches has a seal: it was begun when the machine had enrolled
	-- of the next batch; without a key none has come yet
	seal_epoch BIGINT NOT NULL,
	seal_index BIGINT NOT NULL,
	seal_key BYTEA NOT NULL,
	PRIMARY KEY (source, part)
);

-- Logs: each server that takes deliveries has one of its own, so that none waits for another.  Each has the tree (RFC 6962) of
-- what came to it: its size with the roots of the whole subtrees that it is made of, lowest first; and its hashes, of every
-- eighth level, 256 in a tile (c2sp.org/tlog-tiles).
CREATE TABLE log_tree (
	log BIGINT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE, -- of the key that signs for it
	verifier TEXT NOT NULL, -- that key: NAME+ID+BASE64
	size BIGINT NOT NULL,
	edge BYTEA NOT NULL,
	forwarder BIGINT NOT NULL -- the log of the server that forwards it: its own, as long as that server lives
);
CREATE TABLE log_tile (
	log BIGINT NOT NULL,
	level BIGINT NOT NULL,
	number BIGINT NOT NULL,
	hashes BYTEA NOT NULL,
	PRIMARY KEY (log, level, number)
);
CREATE TABLE log_checkpoint (
	log BIGINT NOT NULL,
	size BIGINT NOT NULL,
	made BIGINT NOT NULL,
	note TEXT NOT NULL, -- c2sp.org/tlog-checkpoint
	PRIMARY KEY (log, size)
);

-- The bytes, in the order in which their log has them: each header and each batch is a leaf of its tree.  A part may be in
-- several logs, each delivery is in one.
CREATE TABLE record_delivery (
	log BIGINT NOT NULL,
	first_leaf BIGINT NOT NULL,
	leaves BIGINT NOT NULL,
	source BIGINT NOT NULL,
	part TEXT NOT NULL,
	start BIGINT NOT NULL, -- in the part
	length BIGINT NOT NULL,
	prior BYTEA NOT NULL, -- the chain's hash before them
	received BIGINT NOT NULL,
	first_time BIGINT NOT NULL, -- of what they tell
	last_time BIGINT NOT NULL,
	frame BYTEA NOT NULL, -- zstd
	PRIMARY KEY (log, first_leaf),
	UNIQUE (source, part, start)
);
CREATE INDEX record_delivery_received ON record_delivery (received);

-- Which leaves' bytes were let go of (doc/operations.md): of a log those before `leaf`.  A row for each time, which the log's key
-- signed.
CREATE TABLE log_retention (
	log BIGINT NOT NULL,
	made BIGINT NOT NULL,
	leaf BIGINT NOT NULL,
	received BIGINT NOT NULL, -- when the server had what went: earlier
	note TEXT NOT NULL, -- control/retention.h
	PRIMARY KEY (log, made)
);
-- The last of each part's leaves that went, as far as its hash in the tree tells of it, and the chain's hash behind it.
CREATE TABLE record_gone (
	log BIGINT NOT NULL,
	leaf BIGINT NOT NULL,
	source BIGINT NOT NULL,
	part TEXT NOT NULL,
	start BIGINT NOT NULL, -- in the part
	length BIGINT NOT NULL,
	digest BYTEA NOT NULL,
	head BYTEA NOT NULL,
	PRIMARY KEY (log, leaf),
	UNIQUE (source, part, log)
);

-- Who acts: boots, runs, processes and connections (their kinds as in common/record.h), each with what is said of those that
-- it belongs to where it says nothing itself.
CREATE TABLE record_subject (
	source BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	number BIGINT NOT NULL,
	parent BIGINT NOT NULL,
	time BIGINT NOT NULL,
	person TEXT,
	os_user TEXT,
	bot TEXT,
	program TEXT,
	database TEXT,
	server TEXT,
	db_user TEXT,
	host TEXT,
	run TEXT,
	PRIMARY KEY (source, kind, number)
);
CREATE INDEX record_subject_parent ON record_subject (source, kind, parent);

CREATE TABLE record_judgement (
	source BIGINT NOT NULL,
	number BIGINT NOT NULL,
	policy BIGINT NOT NULL,
	time BIGINT NOT NULL,
	shape_id BYTEA NOT NULL, -- eight bytes of the shape's digest
	shape TEXT NOT NULL, -- the statement without literals
	verdict TEXT NOT NULL,
	reason TEXT NOT NULL,
	rules TEXT NOT NULL, -- POLICY/RULE, a line each
	effects TEXT NOT NULL, -- "delete public.orders", a line each
	masked TEXT NOT NULL,
	PRIMARY KEY (source, number)
);

-- What statements refer to, as the record has it: an entry (doc/record.md) that is the first of its batch.
CREATE TABLE record_definition (
	source BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	number BIGINT NOT NULL,
	entry BYTEA NOT NULL,
	PRIMARY KEY (source, kind, number)
);

-- Statements.  `log` and `leaf` are the batch's that tells of them.
CREATE TABLE record_event (
	source BIGINT NOT NULL,
	connection BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	time BIGINT NOT NULL,
	judgement BIGINT NOT NULL,
	flags BIGINT NOT NULL, -- enum ring_flag
	text_bytes BIGINT NOT NULL,
	log BIGINT NOT NULL,
	leaf BIGINT NOT NULL,
	ended BIGINT,
	status BIGINT, -- enum ring_status; -1: lost
	rows_count BIGINT,
	masked_cells BIGINT,
	sqlstate BIGINT, -- packed as doc/record.md says
	PRIMARY KEY (source, connection, sequence)
);
CREATE INDEX record_event_time ON record_event (time);
CREATE INDEX record_event_judgement ON record_event (source, judgement, time);
CREATE INDEX record_event_leaf ON record_event (log, leaf);
CREATE INDEX record_event_open ON record_event (log, leaf) WHERE ended IS NULL;

-- How many statements began in a span of `step` seconds; times as above, so that each statement is in one row of each step.
CREATE TABLE record_count (
	step BIGINT NOT NULL,
	start BIGINT NOT NULL,
	source BIGINT NOT NULL,
	person TEXT NOT NULL, -- or the user where no person is known
	verdict TEXT NOT NULL,
	rules TEXT NOT NULL, -- a line each; names are cut so that an index takes the row
	statements BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	failed BIGINT NOT NULL, -- the database said no
	masked_cells BIGINT NOT NULL,
	PRIMARY KEY (step, start, source, person, verdict, rules)
);

-- Questions to an agent of which no process told.
CREATE TABLE record_asked (
	source BIGINT NOT NULL,
	connection BIGINT NOT NULL,
	judgement BIGINT NOT NULL,
	time BIGINT NOT NULL,
	log BIGINT NOT NULL,
	leaf BIGINT NOT NULL,
	PRIMARY KEY (source, connection, judgement)
);
CREATE INDEX record_asked_time ON record_asked (time);
CREATE INDEX record_asked_leaf ON record_asked (log, leaf);

CREATE TABLE record_note (
	log BIGINT NOT NULL,
	leaf BIGINT NOT NULL,
	place BIGINT NOT NULL, -- among the leaf's entries
	source BIGINT NOT NULL,
	parent BIGINT NOT NULL,
	time BIGINT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (log, leaf, place)
);
CREATE INDEX record_note_time ON record_note (time);

-- What an agent sent and should not have: the first of each kind, and how often since.
CREATE TABLE record_alarm (
	agent TEXT NOT NULL REFERENCES agent (id),
	kind TEXT NOT NULL CHECK (kind IN ('fork', 'damage', 'seal')),
	part TEXT NOT NULL,
	place BIGINT NOT NULL, -- in the part
	detail TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	times BIGINT NOT NULL,
	PRIMARY KEY (agent, kind)
);

-- Who has seen an alarm, as it was when it had come so many times.
CREATE TABLE record_acknowledgement (
	agent TEXT NOT NULL,
	kind TEXT NOT NULL,
	times BIGINT NOT NULL,
	account TEXT NOT NULL REFERENCES account (name),
	made BIGINT NOT NULL,
	PRIMARY KEY (agent, kind, times),
	FOREIGN KEY (agent, kind) REFERENCES record_alarm (agent, kind)
);

-- Those that came again since somebody has seen them, or that nobody has.
CREATE VIEW record_alarm_open AS
	SELECT agent, kind, part, place, detail, first, last, times FROM record_alarm
	WHERE NOT EXISTS (SELECT 1 FROM record_acknowledgement AS seen WHERE seen.agent = record_alarm.agent
		AND seen.kind = record_alarm.kind AND seen.times >= record_alarm.times);

-- When a server last wrote, to see whether it can.
CREATE TABLE pulse (
	server TEXT PRIMARY KEY, -- its log's name
	beat BIGINT NOT NULL
);

-- Where the record is sent to as it grows (doc/forwarding.md).
CREATE TABLE forward (
	name TEXT PRIMARY KEY,
	made BIGINT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('otlp', 'ndjson')),
	url TEXT NOT NULL,
	headers TEXT NOT NULL, -- a line each; secret
	authorities TEXT NOT NULL, -- PEM: who signs for the receiver; empty: whom the machine believes
	timeout BIGINT NOT NULL, -- seconds
	open_after BIGINT NOT NULL, -- seconds
	since BIGINT NOT NULL, -- what is older is left out
	state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'stopped'))
);

-- How far each of them has each log.
CREATE TABLE forward_log (
	name TEXT NOT NULL REFERENCES forward (name),
	log BIGINT NOT NULL REFERENCES log_tree (log),
	-- everything before is acknowledged: entries of the log, and leaves whose statements have no outcome
	leaf BIGINT NOT NULL,
	place BIGINT NOT NULL,
	open_leaf BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	rejected BIGINT NOT NULL, -- by the receiver, of those
	skipped BIGINT NOT NULL, -- too large to be sent
	succeeded BIGINT,
	failed BIGINT,
	error TEXT NOT NULL, -- of the last failure
	PRIMARY KEY (name, log)
);
