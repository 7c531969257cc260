/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/asset.h"

#include <microhttpd.h>
#include <pthread.h>

#include "common/sha256.h"
#include "tools/command/embedded.h"
#include "tools/server/pages/html.h"

#define ASSETS_MAX    8u
#define HASH_SIZE     8u /* bytes of the digest that stand in the path */
#define PATH_SIZE     96u
#define KEEP_FOR_EVER "public, max-age=31536000, immutable"

extern const struct embedded ASSETS[];

/* Kinds of files by how their names end, and the element by which a page brings one; licences have none. */
static const struct {
	const char *suffix, *type;
	enum { ASSET_STYLE, ASSET_SCRIPT, ASSET_TEXT } kind;
} KINDS[] = {
	{ ".css", "text/css; charset=utf-8", ASSET_STYLE },
	{ ".js", "text/javascript; charset=utf-8", ASSET_SCRIPT },
	{ ".txt", "text/plain; charset=utf-8", ASSET_TEXT },
};

/* Where each of ASSETS is found. */
static char paths[ASSETS_MAX][PATH_SIZE];
static pthread_once_t are_known = PTHREAD_ONCE_INIT;

static void find_paths(void)
{
	for (size_t i = 0; ASSETS[i].name && i < ASSETS_MAX; i++) {
		unsigned char digest[SHA256_SIZE];
		struct buf path = BUF_OVER(paths[i]);

		sha256(ASSETS[i].content.at, ASSETS[i].content.length, digest);
		buf_add_text(&path, "/static/");
		buf_add_hex(&path, digest, HASH_SIZE);
		buf_printf(&path, "-%s", ASSETS[i].name);
	}
}

static size_t kind_of(const char *name)
{
	size_t i = 0;

	while (i + 1 < COUNT_OF(KINDS) && !slice_ends_with(slice_of(name), KINDS[i].suffix))
		i++;
	return i;
}

void asset_add_links(struct buf *out)
{
	pthread_once(&are_known, find_paths);
	for (size_t i = 0; ASSETS[i].name && i < ASSETS_MAX; i++) {
		struct html_value path = html_word(paths[i]);

		if (KINDS[kind_of(ASSETS[i].name)].kind == ASSET_SCRIPT)
			HTML(out, "<script defer src=\"{}\"></script>\n", path);
		else if (KINDS[kind_of(ASSETS[i].name)].kind == ASSET_STYLE)
			HTML(out, "<link rel=\"stylesheet\" href=\"{}\">\n", path);
	}
}

int asset_answer(const struct request *request, struct reply *reply)
{
	pthread_once(&are_known, find_paths);
	for (size_t i = 0; ASSETS[i].name && i < ASSETS_MAX; i++) {
		if (!slice_is(request->path, paths[i]))
			continue;
		reply->status = MHD_HTTP_OK;
		reply->type = KINDS[kind_of(ASSETS[i].name)].type;
		reply_header(reply, MHD_HTTP_HEADER_CACHE_CONTROL, SLICE(KEEP_FOR_EVER));
		reply_header(reply, "Cross-Origin-Resource-Policy", SLICE("same-origin"));
		buf_add_slice(&reply->body, ASSETS[i].content);
		return 0;
	}
	reply_problem(reply, MHD_HTTP_NOT_FOUND, NULL);
	return 0;
}
