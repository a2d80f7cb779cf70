/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: what instances track, and small groups of interfaces and instances.
 */
#include "core/clock.h"
#include "core/conf/ka.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ weights */

/* weight W [reverse] */
static void weight(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	uint32_t i = 2;

	(void)ka_put(k, n, 1, o, "weight");
	if (i < n->word_n && ka_has_word("reverse noreverse", n->word[i]))
		ka_set(o, "reverse", !strcmp(n->word[i++], "reverse"));
	ka_extra(k, n, i);
}

/* NAME [weight W [reverse|noreverse]] in each line */
void ka_tracks(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	for (const struct ka_node *c = n->child; c; c = c->next) {
		struct ka_obj t;

		ka_begin(k, &t, SCHEMA_track, c, o);
		(void)ka_set_text(k, c, &t, "name", c->word[0]);
		for (uint32_t i = 1; i < c->word_n;) {
			if (!strcmp(c->word[i], "noreverse")) {
				ka_set(&t, "reverse", false);
				i++;
			} else {
				i = ka_line_word(k, KA_TRACK, c, i, &t);
			}
		}
		ka_push(k, c, &t);
	}
	ka_extra(k, n, 1);
}

/* ------------------------------------------------------------------ blocks with a name */

static bool begin(struct ka *k, struct ka_obj *o, enum schema_kind kind, const struct ka_node *n)
{
	ka_begin(k, o, kind, n, NULL);
	k->is_bad = false;
	ka_extra(k, n, 2);
	return ka_put(k, n, 1, o, "name");
}

static void interval(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n > 1 && !strcmp(n->word[1], "0"))
		ka_set(o, "interval", SEC(1));
	else
		(void)ka_put(k, n, 1, o, "interval");
	ka_extra(k, n, 2);
}

static void user(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_user(k, n, 1, o, "user", "group");
}

const struct ka_word ka_words_script[] = {
	{ "weight", weight, false },
	{ "interval", interval, false },
	{ "user", user, false },
	{ NULL, NULL, false },
};

void ka_vrrp_script(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj s;

	(void)o;
	if (!begin(k, &s, SCHEMA_track_script, n))
		return;
	ka_statements(k, KA_SCRIPT, n->child, &s);
	if (!ka_has(&s, "command") && !k->is_bad)
		KA_WARN(k, n, "vrrp_script %.64s has no 'script': left out, as in keepalived",
			n->word[1]);
	else
		ka_push(k, n, &s);
}

/* init_file [VALUE] [overwrite] */
static void init_file(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	uint32_t i = 1;
	bool is_over;

	if (i < n->word_n && strcmp(n->word[i], "overwrite") != 0)
		(void)ka_put(k, n, i++, o, "init_value");
	is_over = i < n->word_n && !strcmp(n->word[i], "overwrite");
	ka_set(o, "init_file", is_over ? INIT_FILE_OVERWRITE : INIT_FILE_CREATE);
	ka_extra(k, n, i + is_over);
}

const struct ka_word ka_words_track_file[] = {
	{ "weight", weight, false },
	{ "init_file", init_file, false },
	{ NULL, NULL, false },
};

void ka_track_file(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj f;

	(void)o;
	if (!begin(k, &f, SCHEMA_track_file, n))
		return;
	ka_statements(k, KA_TRACK_FILE, n->child, &f);
	ka_push(k, n, &f);
}

/* NAME [PARAMETER...]: unlike a script's command, a word is one even with blanks in it */
static void process(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n < 2)
		ka_bad(k, n, "'%s' has no value", n->word[0]);
	else
		(void)ka_add_texts(k, n, schema_find(o->kind, "process"), o, n->word + 1,
				   n->word_n - 1);
}

/* [initial|partial]; bare: there must be no others than those that are said */
static void param_match(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n < 2)
		(void)ka_set_text(k, n, o, "param_match", "exact");
	else
		(void)ka_put(k, n, 1, o, "param_match");
	ka_extra(k, n, 2);
}

const struct ka_word ka_words_process[] = {
	{ "process", process, false },
	{ "param_match", param_match, false },
	{ "weight", weight, false },
	{ NULL, NULL, false },
};

void ka_track_process(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj p;

	(void)o;
	if (!begin(k, &p, SCHEMA_track_process, n))
		return;
	ka_statements(k, KA_TRACK_PROCESS, n->child, &p);
	ka_push(k, n, &p);
}

/* ------------------------------------------------------------------ BFD */

/* milliseconds, with up to three decimals */
static void milliseconds(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	char text[40];

	if (n->word_n < 2) {
		ka_bad(k, n, "'%s' has no value", n->word[0]);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.30sms", n->word[1]);
	(void)ka_set_text(k, n, o, n->word[0], text);
	ka_extra(k, n, 2);
}

const struct ka_word ka_words_bfd[] = {
	{ "min_rx", milliseconds, false },
	{ "min_tx", milliseconds, false },
	{ "idle_tx", milliseconds, false },
	{ "weight", weight, false },
	{ NULL, NULL, false },
};

void ka_bfd_instance(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj b;

	(void)o;
	if (!begin(k, &b, SCHEMA_bfd, n))
		return;
	ka_statements(k, KA_BFD, n->child, &b);
	ka_push(k, n, &b);
}

/* ------------------------------------------------------------------ groups */

/* IF DOWN [UP] in each line; without UP it is 0, whatever the manual says */
void ka_if_delays(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)o;
	for (const struct ka_node *c = n->child; c; c = c->next) {
		struct ka_obj d;

		ka_begin(k, &d, SCHEMA_if_delay, c, NULL);
		(void)ka_set_text(k, c, &d, "interface", c->word[0]);
		(void)ka_put(k, c, 1, &d, "down");
		if (c->word_n > 2)
			(void)ka_put(k, c, 2, &d, "up");
		ka_extra(k, c, 3);
		ka_push(k, c, &d);
	}
	ka_extra(k, n, 1);
}

/* the one interface, or one more */
static void interface(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	const struct schema_key *key = schema_find(SCHEMA_garp_group, "interfaces");

	if (n->word_n < 2)
		ka_bad(k, n, "'%s' has no value", n->word[0]);
	else
		(void)ka_add_texts(k, n, key, o, n->word + 1, 1);
	ka_extra(k, n, 2);
}

const struct ka_word ka_words_garp_group[] = {
	{ "interface", interface, false },
	{ NULL, NULL, false },
};

void ka_garp_group(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj g;

	(void)o;
	ka_begin(k, &g, SCHEMA_garp_group, n, NULL);
	ka_statements(k, KA_GARP_GROUP, n->child, &g);
	ka_extra(k, n, 1);
	if (!ka_has(&g, "garp_interval") && !ka_has(&g, "gna_interval"))
		KA_WARN(k, n, "garp_group has no interval: left out, as in keepalived");
	else if (!ka_has(&g, "interfaces"))
		KA_WARN(k, n, "garp_group has no interfaces: left out, as in keepalived");
	else
		ka_push(k, n, &g);
}

void ka_track_group(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj g;

	(void)o;
	if (!begin(k, &g, SCHEMA_track_group, n))
		return;
	ka_statements(k, KA_TRACK_GROUP, n->child, &g);
	if (!ka_has(&g, "group") && !k->is_bad)
		KA_WARN(k, n, "track_group %.64s has no members: left out, as in keepalived",
			n->word[1]);
	else
		ka_push(k, n, &g);
}
