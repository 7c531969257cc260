/* SPDX-License-Identifier: MIT */
/* The options of the audit commands: one table, of which each command takes some. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/chaperone/audit.h"

static const struct {
	const char *name;
	int has_argument;
	int letter;
} OPTIONS[] = {
	{ "record", required_argument, 'r' },  { "json", no_argument, 'j' },
	{ "follow", no_argument, 'f' },        { "head", required_argument, 'h' },
	{ "limit", required_argument, 'n' },   { "since", required_argument, 's' },
	{ "until", required_argument, 'u' },   { "person", required_argument, 'p' },
	{ "table", required_argument, 't' },   { "verdict", required_argument, 'v' },
	{ "rule", required_argument, 'l' },    { "run", required_argument, 'R' },
	{ "format", required_argument, 'F' },
};

static const struct {
	char unit;
	uint64_t seconds;
} AGES[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

#define NS_PER_SECOND 1000000000u
#define AGE_MAX_S     (200u * 366 * 86400)

static int parse_age(struct slice text, uint64_t now_ns, uint64_t *ret_ns)
{
	uint64_t count;

	if (text.length < 2)
		return -EINVAL;
	char unit = text.at[text.length - 1];
	if (slice_to_u64(slice_part(text, 0, text.length - 1), &count) < 0 || count > AGE_MAX_S)
		return -EINVAL;
	for (size_t i = 0; i < COUNT_OF(AGES); i++) {
		if (AGES[i].unit != unit || count > AGE_MAX_S / AGES[i].seconds)
			continue;
		uint64_t age_ns = count * AGES[i].seconds * NS_PER_SECOND;
		*ret_ns = age_ns < now_ns ? now_ns - age_ns : 0;
		return 0;
	}
	return -EINVAL;
}

int audit_time_parse(const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	static const struct {
		const char *format;
		bool has_zone;
	} FORMATS[] = {
		{ "%Y-%m-%dT%H:%M:%S%z", true },  { "%Y-%m-%d %H:%M:%S", false },
		{ "%Y-%m-%dT%H:%M:%S", false },   { "%Y-%m-%d %H:%M", false },
		{ "%Y-%m-%dT%H:%M", false },      { "%Y-%m-%d", false },
	};

	if (parse_age(slice_of(text), now_ns, ret_ns) == 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, FORMATS[i].format, &parts);

		if (!end || *end != '\0')
			continue;
		long offset_s = parts.tm_gmtoff;
		time_t seconds = FORMATS[i].has_zone ? timegm(&parts) - offset_s : mktime(&parts);
		if (seconds < 0)
			return -EINVAL;
		*ret_ns = (uint64_t)seconds * NS_PER_SECOND;
		return 0;
	}
	return -EINVAL;
}

static int hex_digit(char c)
{
	static const char DIGITS[] = "0123456789abcdef";
	const char *at = c ? strchr(DIGITS, c) : NULL;

	return at ? (int)(at - DIGITS) : -1;
}

static int parse_head(const char *text, unsigned char ret_head[SHA256_SIZE])
{
	if (strlen(text) != (size_t)2 * SHA256_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret_head[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static int parse_limit(const char *text, size_t *ret_limit)
{
	uint64_t limit;

	if (slice_to_u64(slice_of(text), &limit) < 0 || limit == 0 || limit > AUDIT_LIMIT_MAX)
		return -EINVAL;
	*ret_limit = (size_t)limit;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static int set_record(const char *path, struct audit_options *options)
{
	int n = snprintf(options->record, sizeof(options->record), "%s", path);

	return n > 0 && (size_t)n < sizeof(options->record) ? 0 : -EINVAL;
}

static struct slice *pattern_of(struct audit_options *options, int letter)
{
	const struct {
		int letter;
		struct slice *pattern;
	} patterns[] = {
		{ 'p', &options->person }, { 't', &options->table }, { 'v', &options->verdict },
		{ 'l', &options->rule },   { 'R', &options->run },   { 'F', &options->format },
	};

	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		if (patterns[i].letter == letter)
			return patterns[i].pattern;
	}
	return NULL;
}

/* Options whose argument can be wrong. */
static int set_checked(int letter, const char *argument, struct audit_options *options)
{
	switch (letter) {
	case 'r':
		return set_record(argument, options);
	case 'h':
		options->has_head = true;
		return parse_head(argument, options->head);
	case 'n':
		return parse_limit(argument, &options->limit);
	case 's':
		return audit_time_parse(argument, now_ns(), &options->since_ns);
	case 'u':
		return audit_time_parse(argument, now_ns(), &options->until_ns);
	default:
		return -EINVAL;
	}
}

static int set_option(int letter, const char *argument, struct audit_options *options)
{
	struct slice *pattern = pattern_of(options, letter);

	if (pattern) {
		*pattern = slice_of(argument);
		return 0;
	}
	if (letter == 'j')
		options->is_json = true;
	else if (letter == 'f')
		options->is_following = true;
	else
		return set_checked(letter, argument, options);
	return 0;
}

static int default_record(struct audit_options *options)
{
	const char *record = getenv("CHAPERONE_RECORD"), *state = getenv("XDG_STATE_HOME"),
		   *home = getenv("HOME");
	int n = -1;

	if (record && record[0])
		return set_record(record, options);
	if (state && state[0] == '/')
		n = snprintf(options->record, sizeof(options->record), "%s/chaperone/record", state);
	else if (home && home[0] == '/')
		n = snprintf(options->record, sizeof(options->record),
			     "%s/.local/state/chaperone/record", home);
	return n > 0 && (size_t)n < sizeof(options->record) ? 0 : -EINVAL;
}

static int complain(const char *command, const char *what, const char *about)
{
	fprintf(stderr, "chaperone audit %s: %s%s; --help shows what it takes\n", command, what, about);
	return -EINVAL;
}

static void take_long_options(const char *letters, struct option ret_long[COUNT_OF(OPTIONS) + 2])
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
		if (strchr(letters, OPTIONS[i].letter))
			ret_long[count++] = (struct option){ OPTIONS[i].name, OPTIONS[i].has_argument,
							     NULL, OPTIONS[i].letter };
	}
	ret_long[count++] = (struct option){ "help", no_argument, NULL, '?' };
	ret_long[count] = (struct option){ NULL, 0, NULL, 0 };
}

static int take_operand(int argc, char **argv, const struct audit_usage *usage,
			struct audit_options *options)
{
	if (argc - optind > (usage->takes_operand ? 1 : 0))
		return complain(argv[0], "unexpected argument ", argv[argc - 1]);
	if (usage->takes_operand && optind == argc)
		return complain(argv[0], "an argument is missing", "");
	options->operand = usage->takes_operand ? argv[optind] : NULL;
	return 0;
}

/* Takes one option that getopt_long found.  0, 1 for help, -EINVAL. */
static int take_option(char **argv, int letter, bool is_long, struct audit_options *options)
{
	if (letter == (is_long ? '?' : 'h'))
		return 1;
	if (letter == '?' || letter == ':')
		return complain(argv[0], letter == '?' ? "unknown option " : "no argument behind ",
				argv[optind - 1]);
	if (set_option(letter, optarg, options) < 0)
		return complain(argv[0], "cannot be read: ", optarg ? optarg : "");
	return 0;
}

static int take_options(int argc, char **argv, const struct audit_usage *usage,
			struct audit_options *options)
{
	const char *short_options = strchr(usage->options, 'f') ? ":hfn:" : ":hn:";
	struct option long_options[COUNT_OF(OPTIONS) + 2];
	int letter, r = 0;

	take_long_options(usage->options, long_options);
	optind = 0; /* getopt_long(3): starts anew, also in a process that has parsed before */
	opterr = 0;
	while (r == 0) {
		int index = -1;

		letter = getopt_long(argc, argv, short_options, long_options, &index);
		if (letter == -1)
			break;
		r = take_option(argv, letter, index >= 0, options);
	}
	return r;
}

int audit_options_parse(int argc, char **argv, const struct audit_usage *usage,
			struct audit_options *ret_options)
{
	struct audit_options options = { .until_ns = UINT64_MAX };
	int r = take_options(argc, argv, usage, &options);

	if (r > 0)
		fputs(usage->text, stdout);
	if (r != 0)
		return r;
	if (!options.record[0] && default_record(&options) < 0)
		return complain(argv[0], "no record: give --record PATH", "");
	r = take_operand(argc, argv, usage, &options);
	if (r == 0)
		*ret_options = options;
	return r;
}
