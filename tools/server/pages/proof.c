/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/proof.h"

#include <errno.h>
#include <inttypes.h>

#include "control/base64.h"
#include "control/note.h"
#include "tools/server/record/known_log.h"
#include "tools/server/record/ledger.h"

#define PROOF_MAX (NOTE_SIZE_MAX + 16 * KIB)

struct signed_tree {
	int64_t size;
	struct buf note;
};

static void signed_tree_done(struct signed_tree *tree)
{
	buf_done(&tree->note);
}

static int take_checkpoint(void *context, const struct store_value *columns, size_t count)
{
	struct signed_tree *tree = context;

	(void)count;
	tree->size = columns[0].number;
	buf_add_slice(&tree->note, columns[1].bytes);
	return tree->note.failed;
}

/* As c2sp.org/tlog-proof has it, without extra data. */
static int write_proof(struct ledger_place *place, int64_t index, const struct signed_tree *tree,
		       struct buf *out)
{
	const struct tree_source source = { ledger_find, place };
	struct tree_proof proof;
	int r = tree_prove_leaf(&source, (uint64_t)index, (uint64_t)tree->size, &proof);

	if (r < 0)
		return r;
	buf_printf(out, "c2sp.org/tlog-proof@v1\nindex %" PRId64 "\n", index);
	for (size_t i = 0; i < proof.count; i++) {
		base64_write(proof.hashes[i].bytes, SHA256_SIZE, out);
		buf_add_char(out, '\n');
	}
	buf_add_char(out, '\n');
	buf_add_slice(out, buf_view(&tree->note));
	return out->failed;
}

/* It may be another server's. */
static int add_log(struct view *view, int64_t log)
{
	struct known_log known;
	int r = known_log_numbered(view->request->store, log, &known);

	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	HTML(view->out,
	     "<p>The log is {}, for which this key signs: <code class=\"hash\">{}</code>.</p>\n",
	     html_text(slice_of(known.name)), html_text(slice_of(known.key)));
	return 0;
}

static int add_leaf(struct view *view, struct ledger_place *place, int64_t index)
{
	char room[2 * SHA256_SIZE + 1];
	struct buf text = BUF_OVER(room);
	struct tree_hash hash;
	int r = ledger_find(place, 0, (uint64_t)index, &hash);

	if (r < 0)
		return r;
	buf_add_hex(&text, hash.bytes, sizeof(hash.bytes));
	HTML(view->out,
	     "<p>The machine delivered it in a batch that is leaf {} of the log; the leaf's hash is "
	     "<code class=\"hash\">{}</code>.</p>\n",
	     html_number(index), html_text(buf_view(&text)));
	return 0;
}

int proof_add(struct view *view, int64_t log, int64_t index)
{
	SCOPED(signed_tree_done) struct signed_tree tree = { .note = BUF_MAX(NOTE_SIZE_MAX) };
	SCOPED(buf_done) struct buf proof = BUF_MAX(PROOF_MAX);
	struct store *store = view->request->store;
	struct ledger_place place = { store, log };

	HTML_PUT(view->out, "<h2 id=\"proof\">Proof</h2>\n");
	int r = add_log(view, log);
	if (r == 0)
		r = add_leaf(view, &place, index);
	if (r == 0)
		r = store_run(store,
			      "SELECT size, note FROM log_checkpoint WHERE log = $1 AND size > $2"
			      " ORDER BY size DESC LIMIT 1",
			      STORE_VALUES(store_number(log), store_number(index)), take_checkpoint,
			      &tree);
	if (r < 0)
		return r;
	if (tree.size == 0) {
		HTML_PUT(view->out,
			 "<p>The log was not signed since; that happens once a minute.</p>\n");
		return 0;
	}
	r = write_proof(&place, index, &tree, &proof);
	HTML(view->out,
	     "<p>With these hashes, from the leaf's side to the root's, anybody finds the root that the "
	     "checkpoint below them has signed.</p>\n"
	     "<pre aria-label=\"Proof\" tabindex=\"0\">{}</pre>\n",
	     html_text(buf_view(&proof)));
	return r;
}
