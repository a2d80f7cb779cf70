/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_load.h: the order of things. conf_build.h tells which file does what.
 */
#include "core/conf/conf_load.h"

#include "core/conf/conf_build.h"
#include "core/conf/conf_check.h"
#include "core/conf/conf_include.h"
#include "core/conf/conf_key.h"

#include <string.h>

static void build(struct conf *c, const struct conf_files *f, const char *node,
		  struct err_list *errs)
{
	struct build b;

	build_init(&b, c, errs);
	b.node = node;
	conf_top(&b, f);
	conf_expand(&b);
	build_fini(&b);
}

/* The files are freed as soon as they have become a configuration. */
/* is_ruled: NULL: without rules; else whether they were tried is put there. */
static struct conf *load(struct conf_files *f, const char *node, bool *is_ruled,
			 struct err_list *errs)
{
	struct conf *c = conf_new();

	/* with a file missing, what the others say about its templates and pools would be noise */
	if (!f->is_bad)
		build(c, f, node, errs);
	conf_files_free(f);
	/* rules look at whole objects: with broken ones they would only repeat what was said */
	if (is_ruled && !errs->n_error)
		conf_key_files(c, errs);
	if (is_ruled)
		*is_ruled = !errs->n_error;
	if (is_ruled && *is_ruled)
		conf_check(c, errs);
	err_sort(errs);
	if (!errs->n_error)
		return c;
	conf_free(c);
	return NULL;
}

struct conf *conf_load_ask(struct conf_ask *ask, struct err_list *errs)
{
	struct conf_files f;

	conf_files_read(&f, ask->path, ask->base_dir, errs);
	ask->files = f.n;
	ask->is_unreadable = f.is_unreadable;
	return load(&f, ask->node, &ask->is_ruled, errs);
}

struct conf *conf_load(const char *path, struct err_list *errs, bool *is_unreadable)
{
	struct conf_ask ask = { .path = path };
	struct conf *c = conf_load_ask(&ask, errs);

	*is_unreadable = ask.is_unreadable;
	return c;
}

struct conf *conf_load_text(const char *name, const char *text, size_t len, struct err_list *errs)
{
	struct conf_files f;

	bool is_ruled;

	conf_files_text(&f, name, text, len, errs);
	return load(&f, NULL, &is_ruled, errs);
}

struct conf *conf_load_unchecked(const char *name, const char *text, size_t len,
				 struct err_list *errs)
{
	struct conf_files f;

	conf_files_text(&f, name, text, len, errs);
	return load(&f, NULL, NULL, errs);
}
