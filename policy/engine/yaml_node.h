/* SPDX-License-Identifier: MIT */
/* A YAML document as a bounded tree with places, and without the parts of YAML that surprise
 * people: no tags,
 * no keys but text, no key twice, one document, UTF-8 alone. */
#ifndef POLICY_ENGINE_YAML_NODE_H
#define POLICY_ENGINE_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/slice.h"
#include "policy/engine/arena.h"

#define YAML_TEXT_MAX     (1 * MIB)
#define YAML_NODES_MAX    200000 /* that stand in the text */
#define YAML_EXPANDED_MAX 10000  /* that aliases add */
#define YAML_ALIASES_DEEP 8      /* an alias in what an alias stands for, and so on */
#define YAML_DEPTH_MAX    64     /* mappings and sequences inside one another */
#define YAML_ANCHORS_MAX  1024
#define YAML_MEMORY_MAX   (64 * MIB) /* what a tree of that size can need */

enum yaml_kind {
	YAML_SCALAR,
	YAML_SEQUENCE,
	YAML_MAPPING,
};

struct yaml_pair {
	const struct yaml_node *key; /* a scalar */
	const struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	/* A scalar without quotes; only such are numbers, booleans or nothing at all. */
	bool is_plain;
	uint8_t aliases;       /* how deep aliases are nested in it */
	uint32_t line, column; /* 1-based, the column in bytes */
	uint32_t size;         /* nodes in it when aliases are expanded, itself included */
	size_t count;
	union {
		const char *text; /* a scalar of `count` bytes, NUL-terminated; may hold NULs */
		const struct yaml_node **items;
		struct yaml_pair *pairs;
	} of;
};

/* Reads the one document of `text`; the tree lives in `arena`.  On failure `error` says where and
 * why; its file is
 * left as it is. */
must_use int yaml_read(struct arena *arena, struct slice text, const struct yaml_node **ret_root,
		       struct error *error);

/* The text of a scalar. */
struct slice yaml_text(const struct yaml_node *node);

/* Whether the scalar is there at all: `key:` alone has no value. */
bool yaml_is_absent(const struct yaml_node *node);

/* What a mapping holds under `key`; NULL when it has none or is none. */
const struct yaml_pair *yaml_find(const struct yaml_node *mapping, const char *key);

#endif
