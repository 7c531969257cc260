/* SPDX-License-Identifier: MIT */
/* `databases`: which connections an entry means, and what stands before the bundle's defaults for
 * them. */
#include "policy/engine/bundle.h"

static const struct bind_word ENGINES[] = {
	{ "postgres", ENGINE_POSTGRES, NULL }, { "postgresql", ENGINE_POSTGRES, NULL },
	{ "mysql", ENGINE_MYSQL, NULL },       { "mariadb", ENGINE_MYSQL, NULL },
	{ "mongodb", ENGINE_MONGODB, NULL },
};
static const struct bind_type ENGINE = { .bind = bind_word, BIND_WORDS(ENGINES) };

static const struct bind_word ALLOW_DENY[] = {
	{ "allow", DECISION_ALLOW, NULL },
	{ "deny", DECISION_DENY, NULL },
};
const struct bind_type BIND_ALLOW_DENY = { .bind = bind_word, BIND_WORDS(ALLOW_DENY) };

static const struct bind_word UNKNOWNS[] = {
	{ "allow", DECISION_ALLOW, NULL },
	{ "deny", DECISION_DENY, NULL },
	{ "approve", DECISION_APPROVE, "unknown: approve" },
};
const struct bind_type BIND_UNKNOWN = { .bind = bind_word, BIND_WORDS(UNKNOWNS) };

static const struct bind_type POOLED = {
	.bind = bind_bool,
	.expected = "true or false",
	.gap = "pooled",
};

static int add_port(struct binder *binder, const struct bind_type *item,
		    const struct yaml_node *node, void *target)
{
	struct policy_database *database = target;
	uint16_t *ports =
		arena_grow(binder->memory, database->ports, database->port_count, sizeof(*ports));

	if (!ports)
		return bind_out_of_memory(binder);
	database->ports = ports;
	int r = item->bind(binder, item, node, &ports[database->port_count]);
	database->port_count += r == 0;
	return r;
}

static const struct bind_type PORT = {
	.bind = bind_u16,
	.expected = "a port, 1 to 65535",
	.minimum = 1,
	.maximum = 65535,
};
static const struct bind_list PORT_LIST = { false, 1, add_port, &PORT };
static const struct bind_type PORTS = {
	.bind = bind_list,
	.expected = "a list of ports",
	.detail = &PORT_LIST,
};

#define AT(member) offsetof(struct policy_database, member)
static const struct bind_field DATABASE_FIELDS[] = {
	{ "engine", &ENGINE, AT(engine), true, 0, NULL },
	{ "hosts", &BIND_GLOBS, AT(hosts), false, 0, NULL },
	{ "name", &BIND_GLOBS, AT(names), false, 0, NULL },
	{ "ports", &PORTS, 0, false, 0, NULL },
	{ "sockets", &BIND_GLOBS, AT(sockets), false, 0, NULL },
	{ "server-id", &BIND_GLOBS, AT(server_ids), false, 0, NULL },
	{ "schemas", &BIND_GLOBS, AT(schemas), false, 0, NULL },
	{ "pooled", &POOLED, AT(is_pooled), false, 0, NULL },
	{ "default", &BIND_ALLOW_DENY, AT(default_decision), false, 0, NULL },
	{ "unknown", &BIND_UNKNOWN, AT(unknown), false, 0, NULL },
};
#undef AT

static int finish_database(struct binder *binder, const struct yaml_node *node, void *target)
{
	struct policy_database *database = target;

	(void)node;
	if (database->schemas.count > 0)
		return 0;
	database->schemas.items = arena_get(binder->memory, sizeof(*database->schemas.items));
	if (!database->schemas.items)
		return bind_out_of_memory(binder);
	database->schemas.items[database->schemas.count++] = "public";
	return 0;
}

static const struct bind_shape DATABASE = {
	.what = "a database",
	BIND_FIELDS(DATABASE_FIELDS),
	.finish = finish_database,
};
static const struct bind_type DATABASE_TYPE = {
	.bind = bind_struct,
	.expected = "a database, such as { engine: postgres, hosts: [\"db*.example.com\"] }",
	.detail = &DATABASE,
};

static int add_database(struct binder *binder, const struct bind_map *map,
			const struct yaml_pair *pair, void *target)
{
	struct bundle *bundle = target;
	struct policy *policy = &bundle->policy;

	if (policy->database_count >= POLICY_DATABASES_MAX)
		return bind_refuse(binder, pair->key, "a bundle has at most %d databases",
				   POLICY_DATABASES_MAX);
	struct policy_database *databases = arena_grow(binder->memory, policy->databases,
						       policy->database_count, sizeof(*databases));
	if (!databases)
		return bind_out_of_memory(binder);
	policy->databases = databases;
	struct policy_database *database = &databases[policy->database_count];
	*database = (struct policy_database){ .place = bind_place(binder, pair->key) };
	int r = bundle_define(bundle, NOUN_DATABASES, pair->key, &database->name);
	if (r < 0)
		return r;
	policy->database_count++;
	return map->value->bind(binder, map->value, pair->value, database);
}

static const struct bind_map DATABASES = {
	"a database", &BIND_ID, "other", 0, add_database, &DATABASE_TYPE,
};
const struct bind_type BIND_DATABASES = {
	.bind = bind_map,
	.expected = "a mapping of names to databases",
	.detail = &DATABASES,
};
