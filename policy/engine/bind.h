/* SPDX-License-Identifier: MIT */
/* From the YAML tree to structures, by tables: a table says which keys a mapping has, what each
 * holds and where
 * that goes.  What no table names is an error. */
#ifndef POLICY_ENGINE_BIND_H
#define POLICY_ENGINE_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "policy/engine/arena.h"
#include "policy/engine/policy.h"
#include "policy/engine/yaml_node.h"
#include "policy/engine/zone.h"

struct binder {
	struct arena *memory; /* of what is bound */
	struct error *error;
	const char *path;        /* of the file, for messages */
	uint16_t file;           /* its index, for places */
	struct policy_gap *gaps; /* what was met that is not enforced yet */
	size_t gap_count;
	const char **keys; /* names of hash keys, each once */
	size_t key_count;
	struct zone_cache zones;
};

/* What a value must be.  `bind` checks `node` and writes what it says to `target`, whose type the
 * function names. */
struct bind_type {
	int (*bind)(struct binder *binder, const struct bind_type *type,
		    const struct yaml_node *node, void *target);
	const char *expected; /* "a duration such as 90s or 15m" */
	const void *detail;   /* as `bind` wants it */
	size_t detail_count;
	uint64_t minimum, maximum;
	bool (*matches)(struct slice text); /* of texts; NULL: any */
	const char *gap;                    /* what is not enforced when a boolean is true */
};

/* One key of a mapping. */
struct bind_field {
	const char *key;
	const struct bind_type *type;
	size_t offset; /* in the target */
	bool is_required;
	size_t given;    /* GIVEN(offset of a bool to set when the key stands); 0: none */
	const char *gap; /* what is not enforced when the key stands; NULL: it is */
};

/* Told apart from "none" also for the first member. */
#define GIVEN(offset) ((offset) + 1)

/* A rule between keys: where `when` stands (spelled `value`, unless that is NULL), one of `keys`
 * must stand
 * (spelled `needs`, unless that is NULL), or with `forbids` none may. */
struct bind_demand {
	const char *when, *value; /* `when` NULL: always */
	bool forbids;
	const char *keys[4];
	const char *needs;
	const char *text; /* the error */
};

/* A mapping with known keys: the detail of bind_struct. */
struct bind_shape {
	const char *what; /* "a rule" */
	const struct bind_field *fields;
	size_t field_count;
	size_t keys_min, keys_max; /* `keys_max` 0: no maximum */
	const struct bind_demand *demands;
	size_t demand_count;
	/* Looks at the whole when all keys are bound; may be NULL. */
	int (*finish)(struct binder *binder, const struct yaml_node *node, void *target);
};
#define BIND_FIELDS(array)  .fields = (array), .field_count = COUNT_OF(array)
#define BIND_DEMANDS(array) .demands = (array), .demand_count = COUNT_OF(array)

/* A mapping whose keys people choose: the detail of bind_map. */
struct bind_map {
	const char *what;            /* "a database" */
	const struct bind_type *key; /* a type of bind_text */
	const char *reserved;        /* a key that has another meaning; may be NULL */
	size_t entries_min;
	int (*add)(struct binder *binder, const struct bind_map *map, const struct yaml_pair *pair,
		   void *target);
	const struct bind_type *value; /* as `add` wants it */
};

/* A list, or one item in place of it: the detail of bind_list. */
struct bind_list {
	bool takes_one;
	size_t items_min;
	int (*add)(struct binder *binder, const struct bind_type *item,
		   const struct yaml_node *node, void *target);
	const struct bind_type *item;
};

/* A word of a closed vocabulary: the detail of bind_word and bind_flag. */
struct bind_word {
	const char *text;
	unsigned value;
	const char *gap; /* what is not enforced when this word stands; NULL: it is */
};
#define BIND_WORDS(array) .detail = (array), .detail_count = COUNT_OF(array)

/* An object of its own behind a pointer: the detail of bind_pointer. */
struct bind_box {
	size_t size;
	const struct bind_type *type;
};

/* Each writes the named type. */
#define BINDS(name)                                                                                \
	int name(struct binder *binder, const struct bind_type *type,                              \
		 const struct yaml_node *node, void *target)
BINDS(bind_struct);   /* what the shape's fields say */
BINDS(bind_map);      /* what `add` writes */
BINDS(bind_list);     /* what `add` writes */
BINDS(bind_pointer);  /* a pointer to a new object */
BINDS(bind_text);     /* const char *: `maximum` characters (0: any), `matches` */
BINDS(bind_word);     /* unsigned, or an enum of its size */
BINDS(bind_flag);     /* bool, spelled by words */
BINDS(bind_bool);     /* bool */
BINDS(bind_version);  /* nothing: there is one */
BINDS(bind_u16);      /* uint16_t */
BINDS(bind_u32);      /* uint32_t */
BINDS(bind_u64);      /* uint64_t */
BINDS(bind_quantity); /* uint64_t, in the unit of factor 1 */
BINDS(bind_instant);  /* int64_t, seconds since 1970 */

/* Values of bind_list's `add`. */
#define ADDS(name)                                                                                 \
	int name(struct binder *binder, const struct bind_type *item,                              \
		 const struct yaml_node *node, void *target)
ADDS(bind_add_glob); /* struct globs */
ADDS(bind_add_bit);  /* unsigned: the item's words are bits */

/* Types that many shapes share. */
extern const struct bind_type BIND_ANY_TEXT; /* const char * */
extern const struct bind_type BIND_ID;       /* const char * */
extern const struct bind_type BIND_GLOBS;    /* struct globs: one or more */
extern const struct bind_type BIND_TEXTS;    /* struct globs: a list, which may be empty */
extern const struct bind_type BIND_DURATION; /* uint64_t */
extern const struct bind_type BIND_SIZE;     /* uint64_t */
extern const struct bind_type BIND_BOOLEAN;  /* bool */
extern const struct bind_type BIND_INSTANT;  /* int64_t */
extern const struct bind_type BIND_VERSION;  /* uint64_t */

/* Fills the error with the node's place and returns -EINVAL. */
int bind_refuse(struct binder *binder, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills the error and returns -ENOMEM. */
int bind_out_of_memory(struct binder *binder);

/* "expected WHAT, not …". */
int bind_wrong(struct binder *binder, const struct yaml_node *node, const char *expected);

struct policy_place bind_place(const struct binder *binder, const struct yaml_node *node);

/* Notes that what stands at `node` is not enforced; `gap` NULL: it is. */
must_use int bind_note_gap(struct binder *binder, const struct yaml_node *node, const char *gap);

/* A copy of the scalar's text in the binder's memory; the error is filled on failure. */
must_use int bind_copy(struct binder *binder, const struct yaml_node *node, const char **ret_text);

/* Reads `node` as a mapping, a sequence or a scalar with a value. */
must_use int bind_is(struct binder *binder, const struct yaml_node *node, enum yaml_kind kind,
		     const char *expected);

#endif
