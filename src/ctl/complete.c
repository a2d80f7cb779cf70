/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Shell completion: `vipctl __complete WORD...` prints what the last of these words may become, a line each.
 * The shells' own files (etc/completion) only hand words to and fro, so that what there is to know is known
 * here: verbs and options from their tables, names from the running vipd. That one is asked for a bounded
 * number of names and given a second; when it is not there, there are no names and no word about it.
 */
#include "core/bug.h"
#include "core/ops/control_wire.h"
#include "core/ops/options.h"
#include "ctl/call.h"
#include "ctl/v_show.h"
#include "ctl/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_N = 100, ASK_S = 1 };

static void offer(const char *word, const char *begin)
{
	if (word && !strncmp(word, begin, strlen(begin)))
		(void)puts(word);
}

/* Each word of a text with blanks between them. */
static void offer_all(const char *words, const char *begin)
{
	char *copy = strdup(words), *at = copy, *word;

	BUG_ON(!copy);
	while ((word = strsep(&at, " ")))
		offer(word, begin);
	free(copy);
}

/* ------------------------------------------------------------------ names */

struct names {
	const char *line; /* the member of a line */
	const char *begin;
	char *last; /* the name offered before: many servers follow each other with the same one */
};

static void on_name(void *arg, const char *text, const json_t *line)
{
	struct names *n = arg;
	const json_t *o = json_object_get(line, n->line);
	const char *name = json_string_value(json_object_get(o, "name"));

	(void)text;
	if (!name || strpbrk(name, " \t\n'\"\\") || (n->last && !strcmp(n->last, name)))
		return;
	free(n->last);
	n->last = strdup(name);
	offer(name, n->begin);
}

/* What begins so, as a pattern. */
static json_t *pattern(const char *begin)
{
	char *text = calloc(1, 2 * strlen(begin) + 2), *to = text;

	BUG_ON(!text);
	for (const char *p = begin; *p; p++) {
		if (strchr("*?[]\\", *p))
			*to++ = '\\';
		*to++ = *p;
	}
	*to = '*';

	json_t *o = ctl_text(text);

	free(text);
	return o;
}

static void offer_names(const char *verb, const char *line, const char *begin)
{
	struct names n = { .line = line, .begin = begin };
	json_t *end, *request = json_pack("{s:s,s:o,s:i}", "verb", verb, "match", pattern(begin),
					  "max", NAMES_N);

	BUG_ON(!request);
	if (!call(request, ASK_S, on_name, &n, &end))
		json_decref(end);
	free(n.last);
}

static void offer_servers(const char *begin)
{
	offer_names("show_servers", "real_server", begin);
}

static void offer_services(const char *begin)
{
	offer_names("show_services", "virtual_server", begin);
}

static void offer_instances(const char *begin)
{
	offer_names("show_vrrp", "vrrp_instance", begin);
}

/* ------------------------------------------------------------------ arguments */

static void offer_things(const char *begin)
{
	for (size_t i = 0; show_name(i); i++)
		offer(show_name(i), begin);
}

/* What is shown of a thing. */
static void offer_of_thing(const char *thing, const char *begin)
{
	if (!strcmp(thing, "vrrp"))
		offer_instances(begin);
	else if (!strcmp(thing, "services"))
		offer_services(begin);
	else if (!strcmp(thing, "servers") || !strcmp(thing, "checks"))
		offer_servers(begin);
}

/* `first`: the argument before it, or NULL when this is the first one. */
static void offer_argument(const struct verb *v, const char *first, const char *begin)
{
	if (v->words && !first) {
		offer_all(v->words, begin);
		return;
	}
	switch (v->arg) {
	case VERB_NOTHING:
	case VERB_FILE: /* the shell's */
		break;
	case VERB_TEXT:
		if (!strcmp(v->name, "log"))
			offer_all("error warning notice info debug auto", begin);
		break;
	case VERB_NAME:
		offer_instances(begin);
		offer_servers(begin);
		break;
	case VERB_OBJECT:
		offer_instances(begin);
		offer_services(begin);
		offer_servers(begin);
		break;
	case VERB_SERVER:
		offer_servers(begin);
		break;
	case VERB_INSTANCE:
		offer_instances(begin);
		break;
	case VERB_THING:
		if (first)
			offer_of_thing(first, begin);
		else
			offer_things(begin);
		break;
	case VERB_VERB:
		for (size_t i = 0; i < verbs_n; i++)
			offer(verbs[i].name, begin);
		break;
	}
}

/* ------------------------------------------------------------------ options */

static void offer_value(const struct opt *o, const char *begin)
{
	switch (o->kind) {
	case OPT_SERVICE:
		offer_services(begin);
		break;
	case OPT_STATE:
		offer_all("up down unknown drain maint ACTIVE BACKUP FAULT INIT", begin);
		break;
	case OPT_SORT:
		offer_all("name state since weight", begin);
		break;
	case OPT_FLAG:
	case OPT_TEXT:
	case OPT_FILE: /* the shell's */
	case OPT_FOLDER:
	case OPT_NUMBER:
	case OPT_TIME:
		break;
	}
}

static void offer_options(const struct verb *v, const char *begin)
{
	char text[64];

	for (const struct opt *o = v->opts->opt; o->name; o++) {
		(void)snprintf(text, sizeof(text), "--%s", o->name);
		offer(text, begin);
	}
	offer("--help", begin);
}

/* The option whose value comes next, or NULL. */
static const struct opt *open_option(const struct verb *v, const char *word)
{
	for (const struct opt *o = v->opts->opt; o->name; o++)
		if (o->kind != OPT_FLAG && word[0] == '-' &&
		    ((word[1] == '-' && !strcmp(word + 2, o->name)) ||
		     (o->letter && word[1] == o->letter && !word[2])))
			return o;
	return NULL;
}

/* words[0] is the verb, words[n - 1] what is to be completed. */
static void complete_verb(const struct verb *v, char *const *words, int n)
{
	const struct opt *open = NULL;
	const char *first = NULL;

	for (int i = 1; i + 1 < n; i++) {
		if (open) {
			open = NULL;
			continue;
		}
		open = open_option(v, words[i]);
		if (!open && words[i][0] != '-' && !first)
			first = words[i];
	}
	if (open)
		offer_value(open, words[n - 1]);
	else if (words[n - 1][0] == '-')
		offer_options(v, words[n - 1]);
	else
		offer_argument(v, first, words[n - 1]);
}

int verb_complete(int argc, char **argv)
{
	char **words = argv + 1;
	int n = argc - 1;
	const struct verb *v;

	call_quietly();
	if (n > 2 && (!strcmp(words[0], "-s") || !strcmp(words[0], "--control"))) {
		call_use(words[1]);
		words += 2;
		n -= 2;
	}
	v = n > 1 ? verb_find(words[0]) : NULL;
	if (n == 1) {
		for (size_t i = 0; i < verbs_n; i++)
			offer(verbs[i].name, words[0]);
		offer("--control", words[0]);
	} else if (v) {
		complete_verb(v, words, n);
	}
	return EXIT_GOOD;
}
