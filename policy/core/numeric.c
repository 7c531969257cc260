/* SPDX-License-Identifier: MIT */
/* Numeric values: base-10000 digits on the wire, decimal digits in text. */
#include "policy/core/numeric.h"

#include <string.h>

#define HEADER_BYTES     8 /* digit count, weight, sign, display scale: 16 bits each, big-endian */
#define DIGIT_BASE       10000
#define DECIMALS         4 /* decimal digits in one of base 10000 */
#define SIGN_NEGATIVE    0x4000
#define WHOLE_DIGITS_MAX 18 /* 10^18 - 1 fits 63 bits */

static uint16_t load_u16(const char *at)
{
	return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static void add_u16(struct buf *out, unsigned number)
{
	buf_add_char(out, (char)(number >> 8));
	buf_add_char(out, (char)number);
}

/* Decimal digits as they come, with the zeros that may turn out to be superfluous. */
struct digits {
	char text[NUMERIC_CANONICAL_MAX];
	size_t length;
	size_t point; /* how many digits stand before the point */
	bool is_negative;
};

static bool push(struct digits *digits, char digit)
{
	/* Room for the sign, the point and a leading zero. */
	if (digits->length >= sizeof(digits->text) - 3)
		return false;
	digits->text[digits->length++] = digit;
	return true;
}

static bool push_group(struct digits *digits, unsigned group)
{
	for (unsigned unit = DIGIT_BASE / 10; unit > 0; unit /= 10) {
		if (!push(digits, (char)('0' + group / unit % 10)))
			return false;
	}
	return true;
}

struct header {
	int count;  /* of the groups that follow */
	int weight; /* of the first: how many more of them stand before the point, less one */
	bool is_negative;
};

static bool read_header(struct slice value, struct header *ret_header)
{
	if (value.length < HEADER_BYTES)
		return false;
	unsigned sign = load_u16(value.at + 4);

	/* NaN and the infinities have other signs. */
	if (sign != 0 && sign != SIGN_NEGATIVE)
		return false;
	*ret_header = (struct header){ load_u16(value.at), (int16_t)load_u16(value.at + 2),
				       sign == SIGN_NEGATIVE };
	return value.length == HEADER_BYTES + 2 * (size_t)ret_header->count;
}

/* Group `i`; those beside the ones that are sent are zero. */
static unsigned group_at(struct slice value, const struct header *header, int i)
{
	return i >= 0 && i < header->count ? load_u16(value.at + HEADER_BYTES + 2 * i) : 0;
}

static bool read_binary(struct slice value, struct digits *digits)
{
	struct header header;

	if (!read_header(value, &header))
		return false;
	/* From the point or the first group to the last one or the point. */
	int first = header.weight < 0 ? header.weight + 1 : 0;
	int last = header.weight < header.count - 1 ? header.count - 1 : header.weight;

	digits->is_negative = header.is_negative;
	digits->point = header.weight < 0 ? 0 : ((size_t)header.weight + 1) * DECIMALS;
	for (int i = first; i <= last; i++) {
		unsigned group = group_at(value, &header, i);

		if (group >= DIGIT_BASE || !push_group(digits, group))
			return false;
	}
	return true;
}

static bool read_text(struct slice value, struct digits *digits)
{
	bool has_point = false;
	size_t i = value.length > 0 && value.at[0] == '-';

	digits->is_negative = i == 1;
	for (; i < value.length; i++) {
		if (value.at[i] == '.' && !has_point) {
			has_point = true;
			digits->point = digits->length;
		} else if (value.at[i] < '0' || value.at[i] > '9' || !push(digits, value.at[i])) {
			return false;
		}
	}
	if (!has_point)
		digits->point = digits->length;
	return digits->length > 0;
}

static size_t write_canonical(const struct digits *digits, char *text)
{
	size_t begin = 0, end = digits->length, length = 0;

	while (begin < digits->point && digits->text[begin] == '0')
		begin++;
	while (end > digits->point && digits->text[end - 1] == '0')
		end--;
	if (digits->is_negative && begin < end)
		text[length++] = '-';
	if (begin == digits->point)
		text[length++] = '0';
	memcpy(text + length, digits->text + begin, digits->point - begin);
	length += digits->point - begin;
	if (end > digits->point) {
		text[length++] = '.';
		memcpy(text + length, digits->text + digits->point, end - digits->point);
		length += end - digits->point;
	}
	return length;
}

bool numeric_canonical(struct slice value, bool is_binary, char ret_text[NUMERIC_CANONICAL_MAX],
		       size_t *ret_length)
{
	struct digits digits;

	digits.length = digits.point = 0;
	bool is_read = is_binary ? read_binary(value, &digits) : read_text(value, &digits);
	if (!is_read || digits.point > digits.length)
		return false;
	*ret_length = write_canonical(&digits, ret_text);
	return true;
}

static void write_binary(uint64_t number, struct buf *out)
{
	unsigned groups[5]; /* 20 decimal digits */
	unsigned count = 0;

	for (; number > 0; number /= DIGIT_BASE)
		groups[count++] = (unsigned)(number % DIGIT_BASE);
	add_u16(out, count);
	add_u16(out, count > 0 ? count - 1 : 0);
	add_u16(out, 0);
	add_u16(out, 0);
	while (count > 0)
		add_u16(out, groups[--count]);
}

void numeric_write(uint64_t number, bool is_binary, struct buf *out)
{
	char text[20];
	size_t begin = sizeof(text);

	if (is_binary) {
		write_binary(number, out);
		return;
	}
	do {
		text[--begin] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_add(out, text + begin, sizeof(text) - begin);
}

uint64_t numeric_bound(int32_t modifier)
{
	int whole = WHOLE_DIGITS_MAX;
	uint64_t bound = 1;

	/* make_numeric_typmod: precision in the upper half, an 11-bit signed scale in the lower,
	 * plus VARHDRSZ. */
	if (modifier >= 4) {
		int32_t packed = modifier - 4;
		int scale = ((packed & 0x7ff) ^ 1024) - 1024;
		int digits = (packed >> 16 & 0xffff) - scale;

		whole = digits < whole ? digits : whole;
		if (scale < 0 || whole <= 0)
			return 0;
	}
	for (; whole > 0; whole--)
		bound *= 10;
	return bound;
}
