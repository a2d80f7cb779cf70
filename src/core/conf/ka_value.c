/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: words of a statement -> the fields of rows. Numbers are as lenient as keepalived's: text
 * behind them is told and left out. Where vipd's range is narrower than keepalived's, the nearest value
 * is taken and told; a number that keepalived refuses as well is an error.
 */
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_far.h"
#include "core/conf/conf_value.h"
#include "core/conf/ka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keywords whose range is wider in keepalived. */
static const char wider[] =
	"retry nb_get_retry delay_before_retry warmup delay_loop connect_timeout misc_timeout rise "
	"fall interval timeout smtp_connect_timeout garp_master_delay garp_master_repeat "
	"garp_master_refresh garp_master_refresh_repeat garp_lower_prio_delay "
	"garp_lower_prio_repeat vrrp_garp_master_delay vrrp_garp_master_repeat "
	"vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay "
	"vrrp_garp_lower_prio_repeat vrrp_garp_interval vrrp_gna_interval garp_interval "
	"gna_interval vrrp_rt_priority checker_rt_priority bfd_rt_priority vrrp_startup_delay "
	"vrrp_delay_after_boot";

bool ka_bool(const char *word, bool *out)
{
	if (ka_has_word("on true yes", word))
		*out = true;
	else if (ka_has_word("off false no", word))
		*out = false;
	else
		return false;
	return true;
}

static const char *keyword(const struct ka_node *n, uint32_t i)
{
	return n->word[i ? i - 1 : 0];
}

/* What a value is called in a message: by the word before it where that names it, else by its row. */
static const char *name_of(const struct ka_node *n, uint32_t i, const struct schema_key *key)
{
	const char *before = keyword(n, i);

	if (!i)
		return key->name;
	if (i == 1 || ka_has_word(key->keepalived, before) || !strcmp(key->name, before))
		return before;
	return key->name;
}

static bool is_numeric(const struct schema_key *key)
{
	return key->type == KT_UINT || key->type == KT_INT || (key->type == KT_DUR && !key->number);
}

enum { NUMBER_LEN = 64 };

/* The number at the beginning of a word; text behind it is told. */
static const char *number_of(struct ka *k, const struct ka_node *n, uint32_t i,
			     const struct schema_key *key, char buf[static NUMBER_LEN])
{
	const char *text = n->word[i];
	bool is_signed = key->type == KT_INT && *text == '-';
	size_t len = is_signed +
		     strspn(text + is_signed, key->type == KT_DUR ? "0123456789." : "0123456789");

	if (len == (size_t)is_signed || !text[len] || len >= NUMBER_LEN || !strncmp(text, "0x", 2))
		return text;
	KA_WARN(k, n, "'%s %.40s': only the number counts, as in keepalived", keyword(n, i), text);
	(void)snprintf(buf, NUMBER_LEN, "%.*s", (int)len, text);
	return buf;
}

/* The value of a number that is beyond the row's range, or false. */
static bool beyond(const struct schema_key *key, const char *text, int64_t *out)
{
	char *end;
	int64_t v;

	if (key->type == KT_DUR) {
		if (value_duration(text, &v))
			return false;
	} else {
		errno = 0;
		v = strtoll(text, &end, 10);
		if (end == text || *end || errno)
			return false;
	}
	*out = v;
	return v < key->lo || v > key->hi;
}

static bool take_nearest(struct ka *k, const struct ka_node *n, uint32_t i,
			 const struct schema_key *key, const char *text, void *base)
{
	int64_t v;

	if (!ka_has_word(wider, keyword(n, i)) || !beyond(key, text, &v))
		return false;
	v = v < key->lo ? key->lo : key->hi;
	schema_put(key, base, v);
	if (key->type == KT_DUR)
		KA_WARN(k, n, "'%s %.40s': %g s is the nearest that vipd takes", keyword(n, i),
			text, (double)v / (double)SEC(1));
	else
		KA_WARN(k, n, "'%s %.40s': %lld is the nearest that vipd takes", keyword(n, i),
			text, (long long)v);
	return true;
}

bool ka_value(struct ka *k, const struct ka_node *n, uint32_t i, const struct schema_key *key,
	      struct ka_obj *o)
{
	char why[VALUE_WHY_LEN], number[NUMBER_LEN];
	const char *text;

	if (i >= n->word_n) {
		ka_bad(k, n, "'%s' has no value", name_of(n, i, key));
		return false;
	}
	text = is_numeric(key) ? number_of(k, n, i, key, number) : n->word[i];
	if (value_from_text(key, text, o->base, &k->b.c->arena, why) ||
	    (is_numeric(key) && take_nearest(k, n, i, key, text, o->base))) {
		keyset_add(o->seen, schema_index(o->kind, key));
		return true;
	}
	ka_bad(k, n, "'%s' %s", name_of(n, i, key), why);
	return false;
}

bool ka_put(struct ka *k, const struct ka_node *n, uint32_t i, struct ka_obj *o, const char *row)
{
	const struct schema_key *key = schema_find(o->kind, row);

	BUG_ON(!key);
	return ka_value(k, n, i, key, o);
}

bool ka_number(struct ka *k, const struct ka_node *n, uint32_t i, uint32_t lo, uint32_t hi,
	       uint32_t *out)
{
	const char *text = i < n->word_n ? n->word[i] : "";
	size_t len = strspn(text, "0123456789");
	unsigned long long v;

	if (i >= n->word_n) {
		ka_bad(k, n, "'%s' has no value", keyword(n, i));
		return false;
	}
	errno = 0;
	v = strtoull(text, NULL, 10);
	if (!len || errno || v < lo || v > hi) {
		ka_bad(k, n, "'%s' must be %u..%u, not \"%.40s\"", keyword(n, i), lo, hi, text);
		return false;
	}
	if (text[len])
		KA_WARN(k, n, "'%s %.40s': only the number counts, as in keepalived", keyword(n, i),
			text);
	*out = (uint32_t)v;
	return true;
}

bool ka_add_texts(struct ka *k, const struct ka_node *n, const struct schema_key *key,
		  struct ka_obj *o, const char *const *texts, uint32_t n_texts)
{
	struct conf_strs old;
	const char **all;
	char why[VALUE_WHY_LEN];
	bool ok;

	memcpy(&old, schema_field(key, o->base), sizeof(old));
	all = arena_array(&k->b.scratch, (size_t)old.n + n_texts, sizeof(*all));
	for (uint32_t i = 0; i < old.n; i++)
		all[i] = old.v[i];
	for (uint32_t i = 0; i < n_texts; i++)
		all[old.n + i] = texts[i];
	ok = value_texts(key, all, old.n + n_texts, o->base, &k->b.c->arena, why);
	if (ok)
		keyset_add(o->seen, schema_index(o->kind, key));
	else
		ka_bad(k, n, "'%s' %s", n->word[0], why);
	return ok;
}

/* ------------------------------------------------------------------ objects */

void ka_begin(struct ka *k, struct ka_obj *o, enum schema_kind kind, const struct ka_node *n,
	      struct ka_obj *up)
{
	memset(&o->made.o, 0, conf_shape[kind].len);
	memcpy(&o->made.o, schema_defaults(kind), schema_of[kind].len);
	conf_far_own(kind, &o->made.o, &k->b.scratch);
	o->made.seen = (struct keyset){ { 0 } };
	o->kind = kind;
	o->base = &o->made.o;
	o->seen = &o->made.seen;
	o->up = up;
	build_set_loc(kind, &o->made.o, ka_loc(k, n));
}

void ka_once(struct ka *k, struct ka_obj *o, enum schema_kind kind)
{
	o->kind = kind;
	o->base = (unsigned char *)k->b.c + conf_shape[kind].array_off;
	o->seen = &k->b.once_seen[kind];
	o->up = NULL;
}

static void tell_needed(struct ka *k, const struct ka_node *n, const struct ka_obj *o)
{
	for (const struct schema_key *key = schema_of[o->kind].key; key->name; key++) {
		const char *name = *key->keepalived ? key->keepalived : key->name;

		/* the first of its spellings */
		if (key->dflt == SCHEMA_NEED && !keyset_has(o->seen, schema_index(o->kind, key)) &&
		    !k->is_bad)
			ka_bad(k, n, "%s %.64s: '%.*s' is missing", n->word[0],
			       n->word_n > 1 ? n->word[1] : "", (int)strcspn(name, " "), name);
	}
}

void ka_push(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	tell_needed(k, n, o);
	build_push(&k->b, o->kind, &o->made);
}

void ka_push_one(struct ka *k, const struct ka_node *n, struct ka_obj *o, struct ka_obj *up,
		 const char *row)
{
	const struct schema_key *key = schema_find(up->kind, row);
	struct conf_range r = { .first = k->b.list[o->kind].n, .n = 1 };

	BUG_ON(!key || key->type != KT_ONE || key->elem != o->kind);
	ka_push(k, n, o);
	memcpy(schema_place(key, up->base), &r, sizeof(r));
	keyset_add(up->seen, schema_index(up->kind, key));
}

static const struct schema_key *row(const struct ka_obj *o, const char *name)
{
	const struct schema_key *key = schema_find(o->kind, name);

	BUG_ON(!key);
	return key;
}

bool ka_has(const struct ka_obj *o, const char *name)
{
	return keyset_has(o->seen, schema_index(o->kind, row(o, name)));
}

void ka_mark(struct ka_obj *o, const char *name)
{
	keyset_add(o->seen, schema_index(o->kind, row(o, name)));
}

void ka_set(struct ka_obj *o, const char *name, int64_t value)
{
	schema_put(row(o, name), o->base, value);
	ka_mark(o, name);
}

int64_t ka_get(const struct ka_obj *o, const char *name)
{
	return schema_get(row(o, name), o->base);
}

bool ka_set_text(struct ka *k, const struct ka_node *n, struct ka_obj *o, const char *name,
		 const char *text)
{
	const struct schema_key *key = row(o, name);
	char why[VALUE_WHY_LEN];

	if (value_from_text(key, text, o->base, &k->b.c->arena, why)) {
		keyset_add(o->seen, schema_index(o->kind, key));
		return true;
	}
	ka_bad(k, n, "'%s' %s", n->word[0], why);
	return false;
}
