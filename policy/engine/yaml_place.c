/* SPDX-License-Identifier: MIT */
/* Walking through the text in characters and bytes at once. */
#include "policy/engine/yaml_place.h"

static void walk_to(struct yaml_place *place, size_t character)
{
	while (place->character < character && place->byte < place->text.length) {
		place->byte++;
		while (place->byte < place->text.length &&
		       ((unsigned char)place->text.at[place->byte] & 0xc0) == 0x80)
			place->byte++;
		place->character++;
	}
}

uint32_t yaml_place_column(struct yaml_place *place, size_t index, size_t column)
{
	size_t line = index - column;

	if (line < place->line_character)
		place->line_character = place->line_byte = 0;
	if (index < place->character || line != place->line_character) {
		if (line < place->character) {
			place->character = place->line_character;
			place->byte = place->line_byte;
		}
		walk_to(place, line);
		place->line_character = place->character;
		place->line_byte = place->byte;
	}
	walk_to(place, index);
	return (uint32_t)(place->byte - place->line_byte) + 1;
}

struct yaml_spot yaml_place_of_offset(const struct yaml_place *place, size_t offset)
{
	struct yaml_spot spot = { 1, 1 };

	for (size_t i = 0; i < offset && i < place->text.length; i++) {
		spot.column++;
		if (place->text.at[i] == '\n')
			spot = (struct yaml_spot){ spot.line + 1, 1 };
	}
	return spot;
}

size_t utf8_length(struct slice text)
{
	size_t good = 0;

	while (good < text.length) {
		size_t length = 1;

		while (length <= 4 && !slice_is_utf8(slice_part(text, good, length)))
			length++;
		if (length > 4)
			break;
		good += length;
	}
	return good;
}
