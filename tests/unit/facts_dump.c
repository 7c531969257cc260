/* SPDX-License-Identifier: MIT */
/* Prints the facts of each argument, or of standard input: what facts_print says. */
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "policy/engine/analyse.h"
#include "policy/engine/facts.h"

static int dump(struct slice text)
{
	const struct analyse_settings settings = { .standard_conforming_strings = true,
						   .is_utf8 = true };
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);
	SCOPED(buf_done) struct buf out = BUF_MAX(FACTS_SIZE_MAX);

	if (analyse_postgres(text, &settings, &block) < 0)
		return 1;
	const struct facts *facts = facts_read(buf_view(&block));

	if (facts == NULL)
		return 2;
	facts_print(facts, &out);
	fputs(buf_text(&out), stdout);
	return 0;
}

int main(int argc, char **argv)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(ANALYSE_TEXT_MAX * 2);
	char bytes[65536];
	size_t got;

	for (int i = 1; i < argc; i++)
		if (dump(slice_of(argv[i])) != 0)
			return EXIT_FAILURE;
	if (argc > 1)
		return EXIT_SUCCESS;
	while ((got = fread(bytes, 1, sizeof(bytes), stdin)) > 0)
		buf_add(&text, bytes, got);
	return dump(buf_view(&text)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
