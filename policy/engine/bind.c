/* SPDX-License-Identifier: MIT */
/* The binder: mappings by table, lists, and what their errors say. */
#include "policy/engine/bind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/nearest.h"

int bind_refuse(struct binder *binder, const struct yaml_node *node, const char *format, ...)
{
	char text[sizeof(binder->error->text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* One line, whatever the file holds: names from it stand in the text. */
	for (char *at = text; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	}
	return error_set_at(binder->error, -EINVAL, (int)node->line, (int)node->column, "%s", text);
}

int bind_out_of_memory(struct binder *binder)
{
	return error_set(binder->error, -ENOMEM, "there is not enough memory to read this");
}

static const char *node_text(const struct yaml_node *node)
{
	static const char *const KINDS[] = { "text", "a list", "a mapping" };

	return yaml_is_absent(node) ? "nothing" : KINDS[node->kind];
}

int bind_wrong(struct binder *binder, const struct yaml_node *node, const char *expected)
{
	if (node->kind == YAML_SCALAR && !yaml_is_absent(node))
		return bind_refuse(binder, node, "expected %s, not '%.64s'", expected,
				   node->of.text);
	return bind_refuse(binder, node, "expected %s, not %s", expected, node_text(node));
}

int bind_is(struct binder *binder, const struct yaml_node *node, enum yaml_kind kind,
	    const char *expected)
{
	return node->kind == kind && !yaml_is_absent(node) ? 0 : bind_wrong(binder, node, expected);
}

struct policy_place bind_place(const struct binder *binder, const struct yaml_node *node)
{
	return (struct policy_place){ binder->file, node->line, node->column };
}

int bind_note_gap(struct binder *binder, const struct yaml_node *node, const char *gap)
{
	if (!gap)
		return 0;
	struct policy_gap *gaps =
		arena_grow(binder->memory, binder->gaps, binder->gap_count, sizeof(*gaps));
	if (!gaps)
		return bind_out_of_memory(binder);
	binder->gaps = gaps;
	gaps[binder->gap_count++] = (struct policy_gap){ bind_place(binder, node), gap };
	return 0;
}

int bind_copy(struct binder *binder, const struct yaml_node *node, const char **ret_text)
{
	const char *text = arena_text(binder->memory, yaml_text(node));

	if (!text)
		return bind_out_of_memory(binder);
	*ret_text = text;
	return 0;
}

static const struct bind_field *field_of(const struct bind_shape *shape, struct slice key)
{
	for (size_t i = 0; i < shape->field_count; i++) {
		if (slice_is(key, shape->fields[i].key))
			return &shape->fields[i];
	}
	return NULL;
}

static int unknown_key(struct binder *binder, const struct bind_shape *shape,
		       const struct yaml_node *key)
{
	struct nearest nearest = nearest_to(yaml_text(key));
	SCOPED(buf_done) struct buf known = BUF_MAX(400);
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < shape->field_count; i++) {
		nearest_try(&nearest, shape->fields[i].key);
		buf_printf(&known, "%s%s", i ? ", " : "", shape->fields[i].key);
	}
	nearest_hint(&nearest, hint);
	if (hint[0])
		return bind_refuse(binder, key, "%s has no key '%.64s'%s", shape->what,
				   key->of.text, hint);
	return bind_refuse(binder, key, "%s has no key '%.64s'; it has %s", shape->what,
			   key->of.text, buf_text(&known));
}

static int bind_pair(struct binder *binder, const struct bind_shape *shape,
		     const struct yaml_pair *pair, void *target)
{
	const struct bind_field *field = field_of(shape, yaml_text(pair->key));
	unsigned char *base = target;

	if (!field)
		return unknown_key(binder, shape, pair->key);
	if (field->given)
		memcpy(base + field->given - 1, &(bool){ true }, sizeof(bool));
	int r = bind_note_gap(binder, pair->key, field->gap);
	return r < 0 ? r
		     : field->type->bind(binder, field->type, pair->value, base + field->offset);
}

static int check_required(struct binder *binder, const struct bind_shape *shape,
			  const struct yaml_node *node)
{
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct bind_field *field = &shape->fields[i];

		if (field->is_required && !yaml_find(node, field->key))
			return bind_refuse(binder, node, "%s needs the key '%s'", shape->what,
					   field->key);
	}
	return 0;
}

static bool is_spelled(const struct yaml_pair *pair, const char *value)
{
	if (!pair || !value)
		return pair != NULL;
	return pair->value->kind == YAML_SCALAR && slice_is(yaml_text(pair->value), value);
}

static int check_demand(struct binder *binder, const struct bind_demand *demand,
			const struct yaml_node *node)
{
	const struct yaml_pair *when = demand->when ? yaml_find(node, demand->when) : NULL;

	if (demand->when && !is_spelled(when, demand->value))
		return 0;
	for (size_t i = 0; i < COUNT_OF(demand->keys) && demand->keys[i]; i++) {
		const struct yaml_pair *pair = yaml_find(node, demand->keys[i]);

		if (!is_spelled(pair, demand->needs))
			continue;
		return demand->forbids ? bind_refuse(binder, pair->key, "%s", demand->text) : 0;
	}
	if (demand->forbids)
		return 0;
	return bind_refuse(binder, when ? when->key : node, "%s", demand->text);
}

static int check_counts(struct binder *binder, const struct bind_shape *shape,
			const struct yaml_node *node)
{
	if (node->count < shape->keys_min)
		return bind_refuse(binder, node, "%s needs at least one key", shape->what);
	if (shape->keys_max && node->count > shape->keys_max)
		return bind_refuse(binder, node, "%s has exactly one key", shape->what);
	return 0;
}

int bind_struct(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
		void *target)
{
	const struct bind_shape *shape = type->detail;
	int r = bind_is(binder, node, YAML_MAPPING, type->expected ? type->expected : "a mapping");

	for (size_t i = 0; i < node->count && r == 0; i++)
		r = bind_pair(binder, shape, &node->of.pairs[i], target);
	if (r == 0)
		r = check_counts(binder, shape, node);
	if (r == 0)
		r = check_required(binder, shape, node);
	for (size_t i = 0; i < shape->demand_count && r == 0; i++)
		r = check_demand(binder, &shape->demands[i], node);
	if (r == 0 && shape->finish)
		r = shape->finish(binder, node, target);
	return r;
}

static int bind_entry(struct binder *binder, const struct bind_map *map,
		      const struct yaml_pair *pair, void *target)
{
	const char *key;
	int r = map->key->bind(binder, map->key, pair->key, &key);

	if (r < 0)
		return r;
	if (map->reserved && strcmp(key, map->reserved) == 0)
		return bind_refuse(binder, pair->key, "'%s' is reserved and cannot name %s", key,
				   map->what);
	return map->add(binder, map, pair, target);
}

int bind_map(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	     void *target)
{
	const struct bind_map *map = type->detail;
	int r = bind_is(binder, node, YAML_MAPPING, type->expected);

	if (r == 0 && node->count < map->entries_min)
		return bind_refuse(binder, node, "expected %s, not an empty one", type->expected);
	for (size_t i = 0; i < node->count && r == 0; i++)
		r = bind_entry(binder, map, &node->of.pairs[i], target);
	return r;
}

int bind_list(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
	      void *target)
{
	const struct bind_list *list = type->detail;

	if (node->kind == YAML_SCALAR && list->takes_one)
		return list->add(binder, list->item, node, target);
	int r = bind_is(binder, node, YAML_SEQUENCE, type->expected);
	if (r == 0 && node->count < list->items_min)
		return bind_refuse(binder, node, "expected %s, not an empty list", type->expected);
	for (size_t i = 0; i < node->count && r == 0; i++)
		r = list->add(binder, list->item, node->of.items[i], target);
	return r;
}

int bind_pointer(struct binder *binder, const struct bind_type *type, const struct yaml_node *node,
		 void *target)
{
	const struct bind_box *box = type->detail;
	void *object = arena_get(binder->memory, box->size);

	if (!object)
		return bind_out_of_memory(binder);
	memcpy(target, &object, sizeof(object));
	return box->type->bind(binder, box->type, node, object);
}
