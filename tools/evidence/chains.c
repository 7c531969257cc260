/* SPDX-License-Identifier: MIT */
#include "tools/evidence/chains.h"

#include <errno.h>
#include <search.h>
#include <string.h>

struct agent {
	struct slice id; /* first, so that an agent is looked up by an id alone */
	size_t number;
	char text[];
};

/* What a part's header says of another part. */
struct link {
	size_t agent;
	struct part_name name;
	uint64_t end;
	unsigned char head[SHA256_SIZE];
	bool is_met, is_contradicted;
};

struct machine {
	struct slice id;
	size_t links; /* that its headers name, also those that are left out */
	bool is_contradicted;
};

struct evidence_chains {
	void *agents; /* of tsearch */
	void *parts;
	struct machine *machines; /* by number */
	size_t agent_count;
	uint64_t part_count;
	struct link *links;
	size_t link_count, link_capacity;
	bool is_sorted;
};

struct evidence_chains *evidence_chains_new(void)
{
	return calloc(1, sizeof(struct evidence_chains));
}

void evidence_chains_free(struct evidence_chains *chains)
{
	if (!chains)
		return;
	tdestroy(chains->agents, free);
	tdestroy(chains->parts, free);
	free(chains->machines);
	free(chains->links);
	free(chains);
}

static int compare_agents(const void *a, const void *b)
{
	return slice_compare(((const struct agent *)a)->id, ((const struct agent *)b)->id);
}

int evidence_chains_agent(const struct evidence_chains *chains, struct slice agent,
			  size_t *ret_number)
{
	struct agent *const *found = tfind(&agent, &chains->agents, compare_agents);

	if (!found)
		return -ENOENT;
	*ret_number = (*found)->number;
	return 0;
}

int evidence_chains_list(struct evidence_chains *chains, struct slice id, size_t *ret_number)
{
	if (evidence_chains_agent(chains, id, ret_number) == 0)
		return 0;
	size_t count = chains->agent_count;
	struct machine *machines = reallocarray(chains->machines, count + 1, sizeof(*machines));
	if (!machines)
		return -ENOMEM;
	chains->machines = machines;
	SCOPED(free_p) struct agent *agent = malloc(sizeof(*agent) + id.length + 1);
	if (!agent)
		return -ENOMEM;
	memcpy(agent->text, id.at, id.length);
	agent->id = (struct slice){ agent->text, id.length };
	machines[count] = (struct machine){ .id = agent->id };
	agent->number = *ret_number = count;
	if (!tsearch(agent, &chains->agents, compare_agents))
		return -ENOMEM;
	(void)steal(agent);
	chains->agent_count++;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_names(size_t agent, const struct part_name *name, size_t other_agent,
			 const struct part_name *other)
{
	int order = compare_numbers(agent, other_agent);

	if (order == 0)
		order = compare_numbers(name->boot, other->boot);
	return order ? order : compare_numbers(name->part, other->part);
}

static int compare_links(const void *a, const void *b)
{
	const struct link *left = a, *right = b;
	int order = compare_names(left->agent, &left->name, right->agent, &right->name);

	return order ? order : compare_numbers(left->end, right->end);
}

static int add_link(struct evidence_chains *chains, const struct link *link)
{
	if (chains->machines[link->agent].links++ >= EVIDENCE_LINKS_MAX)
		return 0;
	if (chains->link_count == chains->link_capacity) {
		size_t capacity = chains->link_capacity ? 2 * chains->link_capacity : 64;
		struct link *links = reallocarray(chains->links, capacity, sizeof(*links));

		if (!links)
			return -ENOMEM;
		chains->links = links;
		chains->link_capacity = capacity;
	}
	chains->links[chains->link_count++] = *link;
	return 0;
}

int evidence_chains_expect(struct evidence_chains *chains, size_t agent, struct slice bytes)
{
	SCOPED(free_p) struct record_link *links = NULL;
	struct record_header header;
	int r = 0;

	if (bytes.length < RECORD_HEADER_FIXED || record_header_decode(bytes, &header))
		return 0;
	bytes = slice_part(bytes, 0, record_header_size(header.link_count));
	if (record_links_decode(bytes, &header, &links))
		return links ? 0 : -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < header.link_count; i++) {
		struct link link = { .agent = agent,
				     .name = { (uint32_t)links[i].boot, links[i].part },
				     .end = links[i].end };

		memcpy(link.head, links[i].head, SHA256_SIZE);
		if (links[i].boot <= UINT32_MAX)
			r = add_link(chains, &link);
	}
	return r;
}

static int compare_parts(const void *a, const void *b)
{
	const struct evidence_part *left = a, *right = b;

	return compare_names(left->agent, &left->name, right->agent, &right->name);
}

int evidence_chains_part(struct evidence_chains *chains, size_t agent, const struct part_name *name,
			 struct evidence_part **ret_part)
{
	SCOPED(free_p) struct evidence_part *part = calloc(1, sizeof(*part));

	if (!part)
		return -ENOMEM;
	part->agent = agent;
	part->name = *name;
	struct evidence_part **found = tsearch(part, &chains->parts, compare_parts);
	if (!found)
		return -ENOMEM;
	if (*found == part) {
		chains->part_count++;
		(void)steal(part);
	}
	*ret_part = *found;
	return 0;
}

static void sort_links(struct evidence_chains *chains)
{
	if (!chains->is_sorted)
		qsort(chains->links, chains->link_count, sizeof(*chains->links), compare_links);
	chains->is_sorted = true;
}

void evidence_chains_compare(struct evidence_chains *chains, const struct evidence_part *part)
{
	const struct link wanted = { .agent = part->agent,
				     .name = part->name,
				     .end = part->walk.offset };
	struct link *end = chains->links + chains->link_count;

	if (chains->link_count == 0)
		return;
	sort_links(chains);
	struct link *link = bsearch(&wanted, chains->links, chains->link_count,
				    sizeof(*chains->links), compare_links);
	while (link && link > chains->links && compare_links(link - 1, &wanted) == 0)
		link--;
	for (; link && link < end && compare_links(link, &wanted) == 0; link++) {
		link->is_met = true;
		link->is_contradicted = memcmp(link->head, part->walk.head, SHA256_SIZE) != 0;
		if (link->is_contradicted)
			chains->machines[part->agent].is_contradicted = true;
	}
}

static bool is_gone(const struct evidence_chains *chains, const struct link *link)
{
	const struct evidence_part wanted = { .agent = link->agent, .name = link->name };
	struct evidence_part *const *found = tfind(&wanted, &chains->parts, compare_parts);

	return found && link->end <= (*found)->gone;
}

void evidence_chains_missing(struct evidence_chains *chains, evidence_named *missing, void *context)
{
	if (chains->link_count > 0)
		sort_links(chains);
	for (size_t i = 0; i < chains->link_count; i++) {
		const struct link *link = &chains->links[i];

		if (!link->is_met && !is_gone(chains, link))
			missing(context, chains->machines[link->agent].id, &link->name, link->end);
	}
}

void evidence_chains_contradicted(const struct evidence_chains *chains,
				  evidence_named *contradicted, void *context)
{
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < chains->link_count; i++) {
		const struct link *link = &chains->links[i];

		if (!link->is_contradicted || link->agent == last)
			continue;
		contradicted(context, chains->machines[link->agent].id, &link->name, link->end);
		last = link->agent;
	}
}

void evidence_chains_left_out(const struct evidence_chains *chains, evidence_left_out *left_out,
			      void *context)
{
	for (size_t i = 0; i < chains->agent_count; i++)
		if (chains->machines[i].links > EVIDENCE_LINKS_MAX)
			left_out(context, chains->machines[i].id);
}

uint64_t evidence_chains_doubted(const struct evidence_chains *chains)
{
	uint64_t count = 0;

	for (size_t i = 0; i < chains->agent_count; i++)
		count += chains->machines[i].is_contradicted ||
			 chains->machines[i].links > EVIDENCE_LINKS_MAX;
	return count;
}

uint64_t evidence_chains_count(const struct evidence_chains *chains)
{
	return chains->part_count;
}
