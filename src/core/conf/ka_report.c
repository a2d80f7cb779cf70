/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: what is not converted, told with its place, and once more in a few lines for the new file.
 */
#include "core/bug.h"
#include "core/conf/ka.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct never {
	enum ka_block block;
	const char *name, *why;
} nevers[] = {
#define NEVER(b, n, w) { KA_##b, n, w },
#include "core/conf/ka_words.def"
#undef NEVER
};

enum { NEVERS = sizeof(nevers) / sizeof(*nevers) };

static const struct never *find(enum ka_block block, const char *name)
{
	for (size_t i = 0; i < NEVERS; i++)
		if (nevers[i].block == block && !strcmp(nevers[i].name, name))
			return &nevers[i];
	return NULL;
}

bool ka_is_never(enum ka_block block, const char *word)
{
	return find(block, word) != NULL;
}

/* True: this place is to be named. */
static bool count(struct ka_seen *seen, const struct ka_node *n)
{
	if (!seen->n++)
		seen->loc = n->loc;
	return seen->n <= KA_TELL_MAX;
}

bool ka_tell_never(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word)
{
	const struct never *w = find(block, word);

	if (!w)
		return false;
	k->report->never_n++;
	if (count(&k->seen[w - nevers], n))
		KA_WARN(k, n, "keyword '%s'%s is not converted: %s", w->name,
			n->is_block ? ", with its block," : "", w->why);
	return true;
}

void ka_tell_unknown(struct ka *k, enum ka_block block, const struct ka_node *n, const char *word)
{
	k->report->lost_n++;
	if (count(&k->unknown, n))
		KA_WARN(k, n, "unknown keyword '%.40s' in %s is not converted", word,
			ka_block_name(block));
}

void ka_extra(struct ka *k, const struct ka_node *n, uint32_t i)
{
	if (i >= n->word_n)
		return;
	k->report->lost_n++;
	k->told_n++;
	KA_WARN(k, n, "'%.40s' behind '%.40s' is not converted", n->word[i], n->word[0]);
}

void ka_bad(struct ka *k, const struct ka_node *n, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->is_bad = true;
	if (k->is_lenient)
		KA_WARN(k, n, "%s; the line is left out, as in keepalived", text);
	else
		KA_ERROR(k, n, "%s", text);
}

void ka_report_begin(struct ka *k)
{
	k->seen = calloc(NEVERS, sizeof(*k->seen));
	BUG_ON(!k->seen);
}

static void tell_rest(struct ka *k)
{
	for (size_t i = 0; i < NEVERS; i++)
		if (k->seen[i].n > KA_TELL_MAX)
			err_add(k->errs, ERR_WARNING, k->seen[i].loc.file, 0,
				"keyword '%s' is not converted in %u more places", nevers[i].name,
				k->seen[i].n - KA_TELL_MAX);
	if (k->unknown.n > KA_TELL_MAX)
		err_add(k->errs, ERR_WARNING, k->unknown.loc.file, 0,
			"unknown keywords are not converted in %u more places",
			k->unknown.n - KA_TELL_MAX);
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/* What was told often enough, counted; and everything again in a few lines for the new file. */
void ka_report_end(struct ka *k)
{
	size_t len;
	FILE *f;

	tell_rest(k);
	if (k->report->lost_n || k->report->never_n) {
		f = open_memstream(&k->report->text, &len);
		BUG_ON(!f);
		(void)fputs("Not converted:\n", f);
		for (size_t i = 0; i < NEVERS; i++) {
			const struct ka_seen *s = &k->seen[i];

			if (s->n)
				(void)fprintf(f, "  %s (%s), %u place%s, first %s:%u: %s\n",
					      nevers[i].name, ka_block_name(nevers[i].block), s->n,
					      plural(s->n), s->loc.file, s->loc.line,
					      nevers[i].why);
		}
		if (k->unknown.n)
			(void)fprintf(f, "  unknown keywords, %u place%s, first %s:%u\n",
				      k->unknown.n, plural(k->unknown.n), k->unknown.loc.file,
				      k->unknown.loc.line);
		if (k->told_n)
			(void)fprintf(f, "  %u place%s more: see the report of the conversion\n",
				      k->told_n, plural(k->told_n));
		(void)fclose(f);
	}
	free(k->seen);
	k->seen = NULL;
}

void ka_report_fini(struct ka_report *r)
{
	free(r->text);
	*r = (struct ka_report){ 0 };
}
