/* SPDX-License-Identifier: MIT */
#include "tools/server/record/deposit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/leaf.h"
#include "control/frame.h"
#include "tools/server/record/alarm.h"
#include "tools/server/record/index.h"
#include "tools/server/record/link.h"
#include "tools/server/record/replica.h"

/* A delivery on its way in. */
struct intake {
	struct deposit *deposit;
	struct store *store;
	const char *part;
	struct ledger *ledger; /* NULL, with `index`, while it is verified */
	struct index *index;
	struct record_walk walk;
	unsigned char prior[SHA256_SIZE]; /* the chain's hash before the piece */
	struct sealed sealed;
	struct buf rest; /* what was unpacked and is not a whole piece yet */
	uint64_t leaves;
	struct deposit_size size;
	struct record_entries entries;
};

/* No trouble of the database: the delivery itself is wrong. */
static int object(struct deposit *deposit, enum deposit_end end, uint64_t place, const char *detail)
{
	deposit->end = end;
	deposit->place = place;
	snprintf(deposit->detail, sizeof(deposit->detail), "%s", detail);
	return -ECANCELED;
}

static int check_seal(struct intake *intake, const struct record_piece *piece,
		      const struct record_entry *last)
{
	struct sealed *sealed = &intake->sealed;
	struct deposit *deposit = intake->deposit;
	int r = 0;

	if (!sealed->is_due)
		return 0;
	if (!sealed->has_key)
		r = sealed_key(intake->store, deposit->agent,
			       intake->ledger ? deposit->position.source : 0, last, sealed);
	if (r < 0 && r != -EBADMSG)
		return r;
	struct slice batch = slice_part(piece->bytes, 0, piece->bytes.length - SHA256_SIZE);
	if (r < 0 || !record_seal_fits(&sealed->seal, intake->prior, batch, last))
		return object(deposit, DEPOSIT_SEAL, piece->offset,
			      "this batch is not sealed with the key that the machine had then");
	record_seal_move(&sealed->seal);
	return 0;
}

static int add_entries(struct intake *intake, const struct record_piece *piece, uint64_t leaf)
{
	struct record_entry entry;
	uint64_t place = 0;
	int r;

	record_entries_of(&intake->entries, piece);
	while ((r = record_entries_next(&intake->entries, &entry)) == 1) {
		intake->size.entries++;
		intake->size.statements += entry.kind == RECORD_INTENT;
		r = intake->index ? index_add(intake->index, &entry, leaf, place++) : 0;
		if (r < 0)
			return r;
	}
	if (r < 0)
		return object(intake->deposit, DEPOSIT_DAMAGE, piece->offset,
			      "an entry of this batch cannot be read");
	return check_seal(intake, piece, &entry);
}

/* A machine that contradicts itself is remembered, and what it sent is kept: it is what it said. */
static int check_links(struct intake *intake, const struct record_piece *header)
{
	const struct deposit *deposit = intake->deposit;
	char part[PART_NAME_SIZE], detail[DEPOSIT_DETAIL_MAX];
	struct link_conflict conflict;
	bool differs;
	int r = link_compare(intake->store, deposit->position.source, header, &differs, &conflict);

	if (r < 0 || !differs || !intake->ledger)
		return r;
	part_name_write(&conflict.name, part);
	snprintf(detail, sizeof(detail),
		 "its header names another hash of part %s at offset %" PRIu64 " than is here",
		 part, conflict.end);
	const struct alarm alarm = {
		.agent = deposit->agent, .kind = ALARM_FORK, .name = deposit->name, .detail = detail
	};
	return alarm_raise(intake->store, &alarm);
}

static int take_header(struct intake *intake, const struct record_piece *header)
{
	struct deposit *deposit = intake->deposit;

	return part_name_fits(&deposit->name, &header->header)
		       ? check_links(intake, header)
		       : object(deposit, DEPOSIT_DAMAGE, 0, "the header is that of another part");
}

static int take_entries(struct intake *intake, const struct record_piece *piece, uint64_t leaf)
{
	return piece->entries > 0 ? add_entries(intake, piece, leaf)
				  : sealed_begin(intake->store, intake->deposit->agent,
						 &piece->header, &intake->sealed);
}

static int add_piece(struct intake *intake, const struct record_piece *piece)
{
	struct deposit *deposit = intake->deposit;

	int r = piece->entries == 0 ? take_header(intake, piece) : 0;
	if (r < 0)
		return r;
	intake->leaves++;
	if (!intake->ledger)
		return take_entries(intake, piece, 0);
	uint64_t leaf = intake->ledger->tree.size;
	struct tree_hash hash =
		leaf_hash(slice_of(deposit->agent), intake->part, piece->offset, piece->bytes);
	r = ledger_add(intake->ledger, &hash);
	return r < 0 ? r : take_entries(intake, piece, leaf);
}

/* Other bytes than those that are here lead to the first hash that does not fit. */
static int object_to_hash(struct intake *intake)
{
	bool is_first = intake->leaves == 0;

	return object(intake->deposit, is_first ? DEPOSIT_FORK : DEPOSIT_DAMAGE,
		      intake->walk.offset,
		      is_first ? "the batch continues another record than the one that is here"
			       : "the batch's hash does not fit");
}

static int take_pieces(struct intake *intake)
{
	struct slice rest = buf_view(&intake->rest);
	struct record_piece piece;
	int r;

	for (;;) {
		memcpy(intake->prior, intake->walk.head, SHA256_SIZE);
		r = record_walk_next(&intake->walk, &rest, &piece);
		if (r != 1)
			break;
		r = add_piece(intake, &piece);
		if (r < 0)
			return r;
	}
	if (r == -ESTALE)
		return object_to_hash(intake);
	if (r == -EBADMSG)
		return object(intake->deposit, DEPOSIT_DAMAGE, intake->walk.offset,
			      "expected a header or a batch");
	if (rest.length > 0)
		memmove(intake->rest.at, rest.at, rest.length);
	buf_truncate(&intake->rest, rest.length);
	return r;
}

static int take_bytes(void *context, struct slice bytes)
{
	struct intake *intake = context;

	buf_add_slice(&intake->rest, bytes);
	return intake->rest.failed ? intake->rest.failed : take_pieces(intake);
}

static int object_to_frame(struct deposit *deposit, int r)
{
	if (r == -EBADMSG)
		return object(deposit, DEPOSIT_DAMAGE, deposit->start,
			      "expected one whole zstd frame");
	return r == -E2BIG ? object(deposit, DEPOSIT_LARGE, deposit->start,
				    "a delivery unpacks to 64 MiB at most, with a window of 8 MiB")
			   : r;
}

static int unpack_all(struct intake *intake)
{
	struct deposit *deposit = intake->deposit;
	int r = frame_open(deposit->frame, DEPOSIT_UNPACKED_MAX, take_bytes, intake);

	if (r < 0)
		return object_to_frame(deposit, r);
	if (intake->rest.length > 0)
		return object(deposit, DEPOSIT_DAMAGE, intake->walk.offset,
			      "the last batch is not whole");
	return intake->leaves > 0
		       ? 0
		       : object(deposit, DEPOSIT_DAMAGE, deposit->start, "there is nothing in it");
}

static int save(struct intake *intake)
{
	struct deposit *deposit = intake->deposit;
	struct replica_delivery delivery = {
		.log = intake->ledger->log,
		.first_leaf = intake->ledger->tree.size - intake->leaves,
		.leaves = intake->leaves,
		.source = deposit->position.source,
		.part = slice_of(intake->part),
		.start = deposit->start,
		.length = intake->walk.offset - deposit->start,
		.received_ns = realtime_ns(),
		.frame = deposit->frame,
	};
	int r = index_end(intake->index, &delivery.first_ns, &delivery.last_ns);

	memcpy(delivery.prior, deposit->position.walk.head, SHA256_SIZE);
	if (r == 0)
		r = replica_add(intake->store, &delivery);
	if (r < 0)
		return r;
	deposit->position.walk = intake->walk;
	deposit->position.sealed = intake->sealed;
	deposit->size = intake->size;
	deposit->size.bytes = delivery.length;
	deposit->end = DEPOSIT_TAKEN;
	return position_save(intake->store, intake->part, &deposit->position);
}

static void begin(struct intake *intake)
{
	intake->walk = intake->deposit->position.walk;
	intake->sealed = intake->deposit->position.sealed;
	intake->sealed.seal.boot = intake->deposit->name.boot;
	intake->sealed.seal.part = intake->deposit->name.part;
	intake->rest = (struct buf)BUF_MAX(2 * RECORD_PIECE_MAX);
	intake->leaves = 0;
	intake->size = (struct deposit_size){ .bytes = 0 };
}

static int go_through(struct intake *intake)
{
	begin(intake);
	int r = unpack_all(intake);
	buf_done(&intake->rest);
	return r;
}

static int store_all(struct intake *intake, struct ledger *ledger)
{
	SCOPED(index_freep) struct index *index = NULL;
	struct deposit *deposit = intake->deposit;
	struct index_place place = { .log = ledger->log, .boot = deposit->name.boot };
	int r = position_name_source(intake->store, deposit->agent, &deposit->position);

	place.source = deposit->position.source;
	if (r == 0)
		r = index_new(intake->store, &place, &index);
	if (r < 0)
		return r;
	intake->ledger = ledger;
	intake->index = index;
	r = go_through(intake);
	if (r == 0)
		r = save(intake);
	return r == -ECANCELED ? -EUCLEAN : r; /* what is verified is not objected to */
}

/* What is wrong with it is found before anything is changed. */
static int take_new(struct store *store, struct ledger *ledger, struct deposit *deposit,
		    const char *part)
{
	SCOPED(free_p) struct intake *intake = malloc(sizeof(*intake));

	if (!intake)
		return -ENOMEM;
	intake->deposit = deposit;
	intake->store = store;
	intake->part = part;
	intake->ledger = NULL;
	intake->index = NULL;
	int r = go_through(intake);
	return r < 0 ? r : store_all(intake, ledger);
}

static int compare(struct store *store, struct deposit *deposit, const char *part)
{
	bool is_same;
	int r = replica_compare(store, deposit->position.source, slice_of(part), deposit->start,
				deposit->frame, &deposit->place, &is_same);

	if (r < 0)
		return object_to_frame(deposit, r);
	deposit->end = DEPOSIT_KNOWN;
	return is_same ? 0
		       : object(deposit, DEPOSIT_FORK, deposit->place,
				"other bytes are here at this place");
}

static int take(struct store *store, struct ledger *ledger, struct deposit *deposit)
{
	char part[PART_NAME_SIZE];

	part_name_write(&deposit->name, part);
	int r = position_find(store, deposit->agent, part, &deposit->position);
	if (r < 0)
		return r;
	if (deposit->start < deposit->position.walk.offset)
		return compare(store, deposit, part);
	if (deposit->start == deposit->position.walk.offset)
		return take_new(store, ledger, deposit, part);
	return object(deposit, DEPOSIT_GAP, deposit->start, "bytes before these are missing");
}

static const struct {
	enum deposit_end end;
	const char *kind; /* of alarm */
} ALARMS[] = { { DEPOSIT_FORK, ALARM_FORK },
	       { DEPOSIT_DAMAGE, ALARM_DAMAGE },
	       { DEPOSIT_SEAL, ALARM_SEAL } };

int deposit_take(struct store *store, struct ledger *ledger, struct deposit *deposit)
{
	int r = take(store, ledger, deposit);

	if (r != -ECANCELED)
		return r;
	r = 0;
	for (size_t i = 0; i < COUNT_OF(ALARMS); i++) {
		struct alarm alarm = { .agent = deposit->agent,
				       .kind = ALARMS[i].kind,
				       .name = deposit->name,
				       .place = deposit->place,
				       .detail = deposit->detail };

		if (ALARMS[i].end == deposit->end)
			r = alarm_raise(store, &alarm);
	}
	return r;
}
