/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka_file.h. Braces are taken apart here and not by glob(), which does not say which part of them
 * found nothing.
 */
#include "core/conf/ka_file.h"

#include "core/bug.h"
#include "core/conf/conf_file.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *format3(const char *a, size_t a_len, const char *b, size_t b_len, const char *c)
{
	char *out;

	BUG_ON(asprintf(&out, "%.*s%.*s%s", (int)a_len, a, (int)b_len, b, c) < 0);
	return out;
}

/* The brace that closes the one at p, or NULL. */
static const char *closing(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		depth += (*p == '{') - (*p == '}');
		if (!depth)
			return p;
	}
	return NULL;
}

/* Appends to list what pattern stands for once its braces are gone. */
static int alternatives(const char *pattern, char **list, size_t *n)
{
	const char *open = strchr(pattern, '{'), *close = open ? closing(open) : NULL;
	int err = 0;

	if (*n == KA_ALTERNATIVES_MAX)
		return -E2BIG;
	if (!close) {
		list[*n] = strdup(pattern);
		BUG_ON(!list[*n]);
		(*n)++;
		return 0;
	}
	for (const char *p = open + 1; !err && p <= close;) {
		const char *end = p;
		int depth = 0;

		while (end < close && (*end != ',' || depth)) {
			depth += (*end == '{') - (*end == '}');
			end++;
		}

		char *one =
			format3(pattern, (size_t)(open - pattern), p, (size_t)(end - p), close + 1);

		err = alternatives(one, list, n);
		free(one);
		p = end + 1;
	}
	return err;
}

/* dir/pattern, where dir is no pattern */
static char *absolute(const char *dir, const char *pattern)
{
	size_t len = strlen(dir);
	char *out;

	if (*pattern == '/')
		return format3("", 0, "", 0, pattern);
	out = malloc(len * 2 + strlen(pattern) + 2);
	BUG_ON(!out);

	char *q = out;

	for (; *dir; dir++) {
		if (strchr("*?[]\\", *dir))
			*q++ = '\\';
		*q++ = *dir;
	}
	*q++ = '/';
	memcpy(q, pattern, strlen(pattern) + 1);
	return out;
}

static void add_found(struct ka_match *out, const glob_t *g)
{
	out->path = reallocarray(out->path, out->n + g->gl_pathc + 1, sizeof(*out->path));
	BUG_ON(!out->path);
	for (size_t i = 0; i < g->gl_pathc; i++) {
		const char *path = g->gl_pathv[i];

		if (!strncmp(path, "./", 2))
			path += 2;
		out->path[out->n] = strdup(path);
		BUG_ON(!out->path[out->n]);
		out->n++;
	}
}

static int match(const char *dir, const char *pattern, struct ka_match *out)
{
	char **list = calloc(KA_ALTERNATIVES_MAX, sizeof(*list));
	size_t n = 0;
	int err;

	BUG_ON(!list);
	err = alternatives(pattern, list, &n);
	for (size_t i = 0; i < n; i++) {
		char *path = absolute(dir, list[i]);
		glob_t g = { 0 };
		int rc = err ? GLOB_NOMATCH : glob(path, 0, NULL, &g);

		if (rc == GLOB_NOMATCH) {
			out->is_wild_unmatched |= strpbrk(list[i], "*?[") != NULL;
			out->is_brace_unmatched |= n > 1;
		} else if (rc) {
			err = rc == GLOB_NOSPACE ? -ENOMEM : -EIO;
		} else {
			add_found(out, &g);
		}
		globfree(&g);
		free(path);
		free(list[i]);
	}
	free(list);
	return err;
}

static int read_file(const char *path, char **text, size_t *len)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
		return -ENOEXEC;
	return conf_file_read(path, text, len);
}

static const char *env(const char *name)
{
	return getenv(name);
}

const struct ka_io ka_file_io = { .match = match, .read = read_file, .env = env };

void ka_default_id(char buf[static 256])
{
	if (gethostname(buf, 255))
		buf[0] = '\0';
	buf[255] = '\0';
	buf[strcspn(buf, ".")] = '\0';
}
