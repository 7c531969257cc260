/* SPDX-License-Identifier: MIT */
/* libyaml's events made into the bounded tree. */
#include "policy/engine/yaml_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "policy/engine/yaml_place.h"

struct anchor {
	const char *name;
	const struct yaml_node *node;
	bool is_open; /* its end has not been read: an alias to it would contain itself */
};

/* A mapping or sequence whose end has not been read. */
struct open_node {
	struct yaml_node *node;
	const struct yaml_node *key; /* of a mapping: read, and its value is next */
	size_t anchor;               /* index + 1, or 0 */
};

struct reader {
	struct arena *arena;
	struct error *error;
	struct yaml_place place;
	struct open_node open[YAML_DEPTH_MAX];
	size_t depth;
	struct anchor *anchors;
	size_t anchor_count;
	size_t nodes, expanded;
	const struct yaml_node *root;
};

struct slice yaml_text(const struct yaml_node *node)
{
	return (struct slice){ node->of.text, node->count };
}

bool yaml_is_absent(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain && node->count == 0;
}

const struct yaml_pair *yaml_find(const struct yaml_node *mapping, const char *key)
{
	if (mapping->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->count; i++) {
		if (slice_is(yaml_text(mapping->of.pairs[i].key), key))
			return &mapping->of.pairs[i];
	}
	return NULL;
}

static int out_of_memory(struct reader *reader)
{
	return error_set(reader->error, -ENOMEM, "there is not enough memory to read this");
}

static int refuse(struct reader *reader, const yaml_mark_t *mark, const char *text)
{
	return error_set_at(reader->error, -EINVAL, (int)mark->line + 1,
			    (int)yaml_place_column(&reader->place, mark->index, mark->column), "%s",
			    text);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct yaml_pair *first = *(const struct yaml_pair *const *)a;
	const struct yaml_pair *second = *(const struct yaml_pair *const *)b;
	int order = slice_compare(yaml_text(first->key), yaml_text(second->key));

	if (order != 0)
		return order;
	return first < second ? -1 : first > second;
}

static int check_keys(struct reader *reader, const struct yaml_node *mapping)
{
	SCOPED(free_p) const struct yaml_pair **sorted = NULL;

	if (mapping->count < 2)
		return 0;
	sorted = malloc(mapping->count * sizeof(const struct yaml_pair *));
	if (!sorted)
		return out_of_memory(reader);
	for (size_t i = 0; i < mapping->count; i++)
		sorted[i] = &mapping->of.pairs[i];
	qsort(sorted, mapping->count, sizeof(const struct yaml_pair *), compare_pairs);
	for (size_t i = 1; i < mapping->count; i++) {
		const struct yaml_node *first = sorted[i - 1]->key, *second = sorted[i]->key;

		if (!slice_equal(yaml_text(first), yaml_text(second)))
			continue;
		return error_set_at(
			reader->error, -EINVAL, (int)second->line, (int)second->column,
			"the key '%.64s' stands here a second time; the first is in line %u",
			second->of.text, first->line);
	}
	return 0;
}

static int add_to_sequence(struct reader *reader, struct yaml_node *sequence,
			   const struct yaml_node *child)
{
	const struct yaml_node **items =
		arena_grow(reader->arena, sequence->of.items, sequence->count, sizeof(*items));

	if (!items)
		return out_of_memory(reader);
	items[sequence->count++] = child;
	sequence->of.items = items;
	return 0;
}

static int add_to_mapping(struct reader *reader, struct open_node *open,
			  const struct yaml_node *child)
{
	struct yaml_node *mapping = open->node;
	struct yaml_pair *pairs =
		arena_grow(reader->arena, mapping->of.pairs, mapping->count, sizeof(*pairs));

	if (!pairs)
		return out_of_memory(reader);
	pairs[mapping->count++] = (struct yaml_pair){ open->key, child };
	mapping->of.pairs = pairs;
	open->key = NULL;
	return 0;
}

/* Puts a finished child, or a mapping's key, where it belongs. */
static int attach(struct reader *reader, const struct yaml_node *child)
{
	if (reader->depth == 0) {
		reader->root = child;
		return 0;
	}
	struct open_node *open = &reader->open[reader->depth - 1];
	open->node->size += child->size;
	if (child->aliases > open->node->aliases)
		open->node->aliases = child->aliases;
	if (open->node->kind == YAML_SEQUENCE)
		return add_to_sequence(reader, open->node, child);
	if (open->key)
		return add_to_mapping(reader, open, child);
	open->key = child;
	return 0;
}

/* Whether what comes next is the key of a mapping. */
static bool is_at_key(const struct reader *reader)
{
	if (reader->depth == 0)
		return false;
	const struct open_node *open = &reader->open[reader->depth - 1];
	return open->node->kind == YAML_MAPPING && !open->key;
}

static int new_node(struct reader *reader, const yaml_mark_t *mark, struct yaml_node **ret_node)
{
	if (reader->nodes++ >= YAML_NODES_MAX)
		return refuse(reader, mark, "the text has more than 200000 values");
	struct yaml_node *node = arena_get(reader->arena, sizeof(*node));
	if (!node)
		return out_of_memory(reader);
	node->line = (uint32_t)mark->line + 1;
	node->column = yaml_place_column(&reader->place, mark->index, mark->column);
	node->size = 1;
	*ret_node = node;
	return 0;
}

/* Remembers what `name` stands for; `*ret_anchor` is its index + 1, or 0 without a name. */
static int set_anchor(struct reader *reader, const char *name, const struct yaml_node *node,
		      size_t *ret_anchor)
{
	*ret_anchor = 0;
	if (!name)
		return 0;
	if (reader->anchor_count >= YAML_ANCHORS_MAX)
		return error_set_at(reader->error, -EINVAL, (int)node->line, (int)node->column,
				    "there are more than 1024 anchors");
	struct anchor *anchors =
		arena_grow(reader->arena, reader->anchors, reader->anchor_count, sizeof(*anchors));
	const char *copy = arena_text(reader->arena, slice_of(name));
	if (!anchors || !copy)
		return out_of_memory(reader);
	anchors[reader->anchor_count] = (struct anchor){ copy, node, node->kind != YAML_SCALAR };
	reader->anchors = anchors;
	*ret_anchor = ++reader->anchor_count;
	return 0;
}

static int read_alias(struct reader *reader, const yaml_event_t *event)
{
	const struct anchor *anchor = NULL;

	for (size_t i = reader->anchor_count; i > 0 && !anchor; i--) {
		if (strcmp(reader->anchors[i - 1].name, (const char *)event->data.alias.anchor) ==
		    0)
			anchor = &reader->anchors[i - 1];
	}
	if (!anchor)
		return refuse(reader, &event->start_mark,
			      "no anchor of this name stands before it");
	if (anchor->is_open)
		return refuse(reader, &event->start_mark, "this alias contains itself");
	if (is_at_key(reader))
		return refuse(reader, &event->start_mark, "an alias cannot be a key");
	struct yaml_node *copy;
	int r = new_node(reader, &event->start_mark, &copy);
	if (r < 0)
		return r;
	/* Only the top of what is repeated is copied; its place stays where the text stands. */
	*copy = *anchor->node;
	copy->aliases++;
	if (copy->aliases > YAML_ALIASES_DEEP)
		return refuse(reader, &event->start_mark,
			      "aliases are nested more than 8 deep here");
	reader->expanded += copy->size;
	if (reader->expanded > YAML_EXPANDED_MAX)
		return refuse(reader, &event->start_mark,
			      "aliases repeat more than 10000 values by now");
	return attach(reader, copy);
}

static int read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_node *node;
	size_t anchor;

	if (event->data.scalar.tag)
		return refuse(reader, &event->start_mark, "tags (!…) are not allowed");
	int r = new_node(reader, &event->start_mark, &node);
	if (r < 0)
		return r;
	node->kind = YAML_SCALAR;
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->count = event->data.scalar.length;
	node->of.text = arena_text(reader->arena, (struct slice){ (char *)event->data.scalar.value,
								  event->data.scalar.length });
	if (!node->of.text)
		return out_of_memory(reader);
	if (memchr(node->of.text, '\0', node->count))
		return refuse(reader, &event->start_mark, "text cannot hold a NUL character");
	if (is_at_key(reader) && node->count == 0)
		return refuse(reader, &event->start_mark, "a key is missing here");
	r = set_anchor(reader, (const char *)event->data.scalar.anchor, node, &anchor);
	return r < 0 ? r : attach(reader, node);
}

struct opening {
	enum yaml_kind kind;
	const yaml_char_t *tag, *anchor;
};

static int read_opening(struct reader *reader, const yaml_event_t *event, struct opening opening)
{
	struct yaml_node *node;
	size_t anchor;

	if (opening.tag)
		return refuse(reader, &event->start_mark, "tags (!…) are not allowed");
	if (is_at_key(reader))
		return refuse(reader, &event->start_mark, "expected text as the key");
	if (reader->depth == YAML_DEPTH_MAX)
		return refuse(reader, &event->start_mark,
			      "values are nested more than 64 deep here");
	int r = new_node(reader, &event->start_mark, &node);
	if (r < 0)
		return r;
	node->kind = opening.kind;
	r = set_anchor(reader, (const char *)opening.anchor, node, &anchor);
	if (r < 0)
		return r;
	reader->open[reader->depth++] = (struct open_node){ node, NULL, anchor };
	return 0;
}

static int read_sequence(struct reader *reader, const yaml_event_t *event)
{
	return read_opening(reader, event,
			    (struct opening){ YAML_SEQUENCE, event->data.sequence_start.tag,
					      event->data.sequence_start.anchor });
}

static int read_mapping(struct reader *reader, const yaml_event_t *event)
{
	return read_opening(reader, event,
			    (struct opening){ YAML_MAPPING, event->data.mapping_start.tag,
					      event->data.mapping_start.anchor });
}

static int read_end(struct reader *reader, const yaml_event_t *event)
{
	struct open_node closed = reader->open[--reader->depth];

	(void)event;
	if (closed.anchor)
		reader->anchors[closed.anchor - 1].is_open = false;
	if (closed.node->kind == YAML_MAPPING) {
		int r = check_keys(reader, closed.node);

		if (r < 0)
			return r;
	}
	return attach(reader, closed.node);
}

static int read_document(struct reader *reader, const yaml_event_t *event)
{
	if (reader->root)
		return refuse(reader, &event->start_mark, "a file holds one document, not more");
	if (event->data.document_start.tag_directives.start !=
	    event->data.document_start.tag_directives.end)
		return refuse(reader, &event->start_mark, "tags (%TAG) are not allowed");
	return 0;
}

static int (*const EVENTS[])(struct reader *reader, const yaml_event_t *event) = {
	[YAML_DOCUMENT_START_EVENT] = read_document, [YAML_ALIAS_EVENT] = read_alias,
	[YAML_SCALAR_EVENT] = read_scalar,           [YAML_SEQUENCE_START_EVENT] = read_sequence,
	[YAML_SEQUENCE_END_EVENT] = read_end,        [YAML_MAPPING_START_EVENT] = read_mapping,
	[YAML_MAPPING_END_EVENT] = read_end,
};

static int syntax_error(struct reader *reader, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return out_of_memory(reader);
	/* The reader of characters knows an offset in bytes; the others know a mark. */
	if (parser->error == YAML_READER_ERROR) {
		struct yaml_spot spot =
			yaml_place_of_offset(&reader->place, parser->problem_offset);

		return error_set_at(reader->error, -EINVAL, (int)spot.line, (int)spot.column,
				    "this is not YAML: %s", parser->problem);
	}
	return error_set_at(reader->error, -EINVAL, (int)mark->line + 1,
			    (int)yaml_place_column(&reader->place, mark->index, mark->column),
			    "this is not YAML: %s", parser->problem);
}

static int read_events(struct reader *reader, yaml_parser_t *parser)
{
	for (;;) {
		SCOPED(yaml_event_delete) yaml_event_t event = { 0 };
		int r = 0;

		if (!yaml_parser_parse(parser, &event))
			return syntax_error(reader, parser);
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if ((size_t)event.type < COUNT_OF(EVENTS) && EVENTS[event.type])
			r = EVENTS[event.type](reader, &event);
		if (r < 0)
			return r;
	}
}

static int check_text(struct reader *reader, struct slice text)
{
	if (text.length > YAML_TEXT_MAX)
		return error_set(reader->error, -E2BIG, "the text is larger than 1 MB");
	if (slice_is_utf8(text))
		return 0;
	struct yaml_spot spot = yaml_place_of_offset(&reader->place, utf8_length(text));
	return error_set_at(reader->error, -EILSEQ, (int)spot.line, (int)spot.column,
			    "the text is not UTF-8 from here on");
}

int yaml_read(struct arena *arena, struct slice text, const struct yaml_node **ret_root,
	      struct error *error)
{
	/* Editors on Windows put this mark there; libyaml counts it as a column. */
	if (slice_starts_with(text, "\xef\xbb\xbf"))
		text = slice_part(text, 3, text.length);
	struct reader reader = { .arena = arena, .error = error, .place = { .text = text } };
	SCOPED(yaml_parser_delete) yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser)) {
		memset(&parser, 0, sizeof(parser));
		return out_of_memory(&reader);
	}
	int r = check_text(&reader, text);
	if (r < 0)
		return r;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.at ? text.at : ""),
				     text.length);
	r = read_events(&reader, &parser);
	if (r < 0)
		return r;
	if (!reader.root)
		return error_set_at(error, -EINVAL, 1, 1, "the file is empty");
	*ret_root = reader.root;
	return 0;
}
