/* SPDX-License-Identifier: MIT */
/* Verification: reads everything, counts it, and keeps the first place that does not fit. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/record_format.h"
#include "common/record_gap.h"

struct watch {
	const unsigned char *head; /* NULL: none was given */
	bool is_seen;
};

static void see(void *context, const unsigned char head[SHA256_SIZE])
{
	struct watch *watch = context;

	if (watch->head && memcmp(watch->head, head, SHA256_SIZE) == 0)
		watch->is_seen = true;
}

static void count(struct record_report *report, const struct record_entry *entry)
{
	struct record_gap gap;

	if (entry->kind == RECORD_NOTE && record_gap_read(entry->shape, &gap)) {
		report->gaps++;
		report->gap_entries += gap.entries;
	}
	report->entries++;
	report->intents += entry->kind == RECORD_INTENT;
	report->outcomes += entry->kind == RECORD_OUTCOME;
	report->lost += entry->kind == RECORD_LOST;
	report->notes += entry->kind == RECORD_NOTE;
	if (entry->kind != RECORD_SEAL)
		report->ends_in_order = entry->kind == RECORD_END;
}

static void keep_first(struct record_report *report, const struct record_place *place)
{
	if (!report->is_good)
		return;
	report->is_good = false;
	report->bad_offset = place->offset;
	snprintf(report->bad_file, sizeof(report->bad_file), "%s", place->file);
	snprintf(report->bad_text, sizeof(report->bad_text), "%s", place->text);
}

static int read_all(struct record_reader *reader, struct record_report *report, struct error *error)
{
	struct record_entry entry;
	int r;

	while ((r = record_reader_next(reader, &entry, error)) != 0) {
		if (r == 1)
			count(report, &entry);
		else if (r == -EBADMSG)
			keep_first(report, record_reader_place(reader));
		else
			return r;
	}
	return 0;
}

int record_verify(const char *path, const unsigned char *head, struct record_report *ret_report,
		  struct error *error)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_report report = { .is_good = true };
	struct watch watch = { .head = head };
	int r = record_reader_open(path, &reader, error);

	if (r < 0)
		return r;
	record_reader_watch(reader, see, &watch);
	r = read_all(reader, &report, error);
	if (r < 0)
		return r;
	const struct record_place *place = record_reader_place(reader);
	report.files = place->files;
	report.batches = place->batches;
	report.bytes = place->bytes;
	report.is_anchored = watch.is_seen;
	memcpy(report.head, place->head, SHA256_SIZE);
	*ret_report = report;
	return 0;
}
