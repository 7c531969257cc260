/* SPDX-License-Identifier: MIT */
#include "tools/server/record/link.h"

#include <errno.h>
#include <string.h>

struct comparison {
	const struct record_link *link;
	bool differs;
};

static int take_head(void *context, const struct store_value *columns, size_t count)
{
	struct comparison *comparison = context;

	(void)count;
	if (columns[0].bytes.length != SHA256_SIZE)
		return -EUCLEAN;
	comparison->differs |=
		memcmp(columns[0].bytes.at, comparison->link->head, SHA256_SIZE) != 0;
	return 0;
}

static int compare_one(struct store *store, int64_t source, const struct record_link *link,
		       bool *ret_differs)
{
	const struct part_name name = { (uint32_t)link->boot, link->part };
	struct comparison comparison = { .link = link };
	char part[PART_NAME_SIZE];

	*ret_differs = false;
	if (link->boot > UINT32_MAX || link->end == 0 || link->end > INT64_MAX)
		return 0;
	part_name_write(&name, part);
	int r = store_run(store,
			  "SELECT head FROM record_part"
			  " WHERE source = $1 AND part = $2 AND next = $3"
			  " UNION ALL SELECT prior FROM record_delivery"
			  " WHERE source = $1 AND part = $2 AND start = $3",
			  STORE_VALUES(store_number(source), store_text(slice_of(part)),
				       store_number((int64_t)link->end)),
			  take_head, &comparison);
	*ret_differs = comparison.differs;
	return r;
}

int link_compare(struct store *store, int64_t source, const struct record_piece *piece,
		 bool *ret_differs, struct link_conflict *ret_conflict)
{
	SCOPED(free_p) struct record_link *links = NULL;
	struct record_header header = piece->header;
	bool differs = false;
	int r = 0;

	*ret_differs = false;
	if (record_links_decode(piece->bytes, &header, &links))
		return links ? -EBADMSG : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < header.link_count && !differs; i++) {
		r = compare_one(store, source, &links[i], &differs);
		*ret_conflict = (struct link_conflict){
			.name = { (uint32_t)links[i].boot, links[i].part },
			.end = links[i].end,
		};
	}
	*ret_differs = differs;
	return r;
}
