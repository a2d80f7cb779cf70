/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_include.h.
 */
#include "core/conf/conf_include.h"

#include "core/bug.h"
#include "core/conf/conf_file.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
	struct conf_files *f;
	struct err_list *errs;
	const char *base_dir; /* of the first file */
};

/* the place of one include */
struct place {
	struct conf_src *src;
	uint32_t line;
};

#define FAIL(r, at, ...) fail(r, at, ERR_ERROR, __VA_ARGS__)

__attribute__((format(printf, 4, 5))) static void fail(struct reading *r, const struct place *at,
						       enum err_level level, const char *fmt, ...)
{
	char text[PATH_MAX + 200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_add(r->errs, level, at->src->name, at->line, "include: %s", text);
	if (level == ERR_ERROR)
		r->f->is_bad = true;
}

static void add(struct conf_files *f, struct conf_src *src)
{
	if (f->n % 16 == 0) {
		f->src = reallocarray(f->src, f->n + 16, sizeof(struct conf_src *));
		BUG_ON(!f->src);
	}
	f->src[f->n++] = src;
}

static config_setting_t *include_of(struct conf_src *src)
{
	return config_setting_get_member(config_root_setting(&src->tree), "include");
}

/* A file that is being read includes itself, over others or not. */
static bool is_loop(const struct conf_src *from, const struct stat *st)
{
	for (; from; from = from->parent)
		if (from->ino == st->st_ino && from->dev == st->st_dev)
			return true;
	return false;
}

static bool is_read(const struct conf_files *f, const struct stat *st)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->src[i]->ino == st->st_ino && f->src[i]->dev == st->st_dev)
			return true;
	return false;
}

static void follow(struct reading *r, struct conf_src *src);

static void read_file(struct reading *r, const char *path, const struct place *at)
{
	struct stat st;
	size_t len = 0;
	char *text = NULL;
	int err = stat(path, &st) ? -errno : 0;

	if (!err && is_loop(at->src, &st)) {
		FAIL(r, at, "%s includes itself", path);
		return;
	}
	if (!err && is_read(r->f, &st))
		return; /* two patterns name it: once is enough */
	if (r->f->n == CONF_FILES_MAX || at->src->depth == CONF_INCLUDE_DEPTH_MAX) {
		FAIL(r, at, "%s: more than %d files, or %d in a chain", path, CONF_FILES_MAX,
		     CONF_INCLUDE_DEPTH_MAX);
		return;
	}
	if (!err)
		err = conf_file_read(path, &text, &len);
	if (err) {
		FAIL(r, at, "%s can't be read: %s", path, strerrordesc_np(-err));
		return;
	}

	struct conf_src *src = conf_src_parse(path, text, len, r->errs, &r->f->is_bad);

	src->owned = text;
	src->parent = at->src;
	src->depth = at->src->depth + 1;
	src->dev = st.st_dev;
	src->ino = st.st_ino;
	add(r->f, src);
	follow(r, src);
}

/* A folder that isn't there holds no file; one that can't be read may hold some. */
static int glob_failed(const char *path, int err)
{
	(void)path;
	return err != ENOENT;
}

/* A pattern relative to the file that holds it. */
static void read_pattern(struct reading *r, const char *pattern, const struct place *at)
{
	char path[PATH_MAX];
	const char *base = at->src->parent ? NULL : r->base_dir;
	const char *slash = strrchr(at->src->name, '/');
	glob_t g = { 0 };
	int n;

	if (*pattern == '/')
		n = snprintf(path, sizeof(path), "%s", pattern);
	else if (base)
		n = snprintf(path, sizeof(path), "%s/%s", base, pattern);
	else
		n = snprintf(path, sizeof(path), "%.*s%s",
			     slash ? (int)(slash + 1 - at->src->name) : 0, at->src->name, pattern);
	if (!*pattern || n < 0 || (size_t)n >= sizeof(path)) {
		FAIL(r, at, "\"%.60s\" is no name of a file", pattern);
		return;
	}
	if (!strpbrk(pattern, "*?[")) {
		read_file(r, path, at);
		return;
	}

	int err = glob(path, 0, glob_failed, &g);

	if (err == GLOB_NOMATCH)
		fail(r, at, ERR_NOTE, "%s matches no file", path);
	else if (err)
		FAIL(r, at, "%s: %s", path,
		     err == GLOB_NOSPACE ? "out of memory" : "a folder can't be read");
	for (size_t i = 0; i < g.gl_pathc; i++)
		read_file(r, g.gl_pathv[i], at);
	globfree(&g);
}

static void follow(struct reading *r, struct conf_src *src)
{
	config_setting_t *set = include_of(src);
	int n = set && config_setting_is_aggregate(set) ? config_setting_length(set) : 0;

	if (!set)
		return;

	struct place at = { src, config_setting_source_line(set) };

	if (config_setting_type(set) == CONFIG_TYPE_STRING) {
		read_pattern(r, config_setting_get_string(set), &at);
		return;
	}
	if (!config_setting_is_array(set) && !config_setting_is_list(set))
		FAIL(r, &at, "must be an array of patterns, for example [ \"conf.d/*.conf\" ]");
	for (int i = 0; i < n; i++) {
		const config_setting_t *el = config_setting_get_elem(set, (unsigned)i);

		at.line = conf_src_line(el);
		if (config_setting_type(el) == CONFIG_TYPE_STRING)
			read_pattern(r, config_setting_get_string(el), &at);
		else
			FAIL(r, &at, "a pattern must be a text in quotes");
	}
}

void conf_files_read(struct conf_files *f, const char *path, const char *base_dir,
		     struct err_list *errs)
{
	struct reading r = { .f = f, .errs = errs, .base_dir = base_dir };
	struct stat st;
	size_t len = 0;
	char *text = NULL;
	int err = stat(path, &st) ? -errno : conf_file_read(path, &text, &len);

	*f = (struct conf_files){ 0 };
	if (err) {
		err_add(errs, ERR_ERROR, path, 0, "can't be read: %s", strerrordesc_np(-err));
		f->is_bad = f->is_unreadable = true;
		return;
	}

	struct conf_src *src = conf_src_parse(path, text, len, errs, &f->is_bad);

	src->owned = text;
	src->dev = st.st_dev;
	src->ino = st.st_ino;
	add(f, src);
	follow(&r, src);
}

void conf_files_text(struct conf_files *f, const char *name, const char *text, size_t len,
		     struct err_list *errs)
{
	*f = (struct conf_files){ 0 };
	add(f, conf_src_parse(name, text, len, errs, &f->is_bad));

	struct reading r = { .f = f, .errs = errs };
	const config_setting_t *set = include_of(f->src[0]);

	if (set)
		FAIL(&r, (&(struct place){ f->src[0], config_setting_source_line(set) }),
		     "a text that is not in a file can't include files");
}

void conf_files_free(struct conf_files *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		conf_src_free(f->src[i]);
	free(f->src);
	*f = (struct conf_files){ 0 };
}
