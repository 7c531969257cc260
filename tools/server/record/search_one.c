/* SPDX-License-Identifier: MIT */
/* The event that an id names. */
#include <errno.h>

#include "common/record.h"
#include "tools/server/record/search_cursor.h"
#include "tools/server/record/search_event.h"

/* "BOOT-NUMBER-SEQUENCE": `letter`, which is no hexadecimal digit, stands before the number; 0 for none. */
struct named {
	char letter;
	bool has_sequence;
	int64_t number; /* with its boot */
	int64_t sequence;
};

static int read_id(struct slice id, struct named *ret_named)
{
	struct slice boot_text = slice_cut(&id, '-'), number_text = slice_cut(&id, '-');
	uint64_t boot, number, sequence = 0;

	*ret_named = (struct named){ .has_sequence = id.at };
	if (number_text.length > 0 && (number_text.at[0] == 'j' || number_text.at[0] == 'l')) {
		ret_named->letter = number_text.at[0];
		number_text = slice_part(number_text, 1, SIZE_MAX);
	}
	if (search_hex_read(boot_text, 8, &boot) < 0 ||
	    search_hex_read(number_text, 8, &number) < 0 ||
	    (id.at && search_hex_read(id, 16, &sequence) < 0))
		return -EINVAL;
	ret_named->number = (int64_t)(boot << 32 | number);
	ret_named->sequence = (int64_t)sequence;
	return 0;
}

struct finding {
	struct search_event event;
	bool is_found;
};

static int find(void *context, const struct store_value *columns, size_t count)
{
	struct finding *finding = context;

	(void)count;
	search_event_take(columns, &finding->event);
	finding->is_found = true;
	return 0;
}

static int find_by_process(struct store *store, int64_t source, const struct named *named,
			   struct finding *finding)
{
	return store_run(store,
			 "SELECT " SEARCH_STATEMENT_COLUMNS " FROM record_event"
			 " WHERE source = $1 AND sequence = $2 AND connection IN"
			 " (SELECT number FROM record_subject"
			 " WHERE source = $1 AND kind = $3 AND parent = $4)",
			 STORE_VALUES(store_number(source), store_number(named->sequence),
				      store_number(RECORD_CONNECTION), store_number(named->number)),
			 find, finding);
}

static int find_by_connection(struct store *store, int64_t source, const struct named *named,
			      struct finding *finding)
{
	return store_run(store,
			 "SELECT " SEARCH_STATEMENT_COLUMNS " FROM record_event"
			 " WHERE source = $1 AND connection = $2 AND sequence = $3",
			 STORE_VALUES(store_number(source), store_number(named->number),
				      store_number(named->sequence)),
			 find, finding);
}

static int find_asked(struct store *store, int64_t source, const struct named *named,
		      struct finding *finding)
{
	return store_run(store,
			 "SELECT " SEARCH_ASKED_COLUMNS " FROM record_asked"
			 " WHERE source = $1 AND judgement = $2 ORDER BY time DESC LIMIT 1",
			 STORE_VALUES(store_number(source), store_number(named->number)), find,
			 finding);
}

/* As refusals name it: the newest of that judgement. */
static int find_by_judgement(struct store *store, int64_t source, const struct named *named,
			     struct finding *finding)
{
	int r = store_run(store,
			  "SELECT " SEARCH_STATEMENT_COLUMNS " FROM record_event"
			  " WHERE source = $1 AND judgement = $2 ORDER BY time DESC LIMIT 1",
			  STORE_VALUES(store_number(source), store_number(named->number)), find,
			  finding);

	return r < 0 || finding->is_found ? r : find_asked(store, source, named, finding);
}

static const struct {
	char letter;
	bool has_sequence;
	int (*find)(struct store *store, int64_t source, const struct named *named,
		    struct finding *finding);
} FORMS[] = {
	{ 0, true, find_by_process },
	{ 'l', true, find_by_connection },
	{ 'j', false, find_asked },
	{ 0, false, find_by_judgement },
};

int search_event_one(struct store *store, struct slice agent, struct slice id, search_event_fn row,
		     void *context)
{
	struct finding finding = { .is_found = false };
	struct named named;
	int64_t source = -1;

	if (read_id(id, &named) < 0)
		return -ENOENT;
	int r = store_run(store, "SELECT source FROM record_source WHERE agent = $1",
			  STORE_VALUES(store_text(agent)), store_take_number, &source);
	for (size_t i = 0; r >= 0 && source >= 0 && i < COUNT_OF(FORMS); i++) {
		if (FORMS[i].letter == named.letter && FORMS[i].has_sequence == named.has_sequence)
			r = FORMS[i].find(store, source, &named, &finding);
	}
	if (r >= 0 && !finding.is_found)
		r = -ENOENT;
	if (r >= 0)
		r = search_event_show(store, &finding.event, row, context);
	return r < 0 ? r : 0;
}
