/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_diff.h.
 */
#include "core/conf/conf_diff.h"

#include "core/bug.h"
#include "core/conf/schema.h"

#include <stdio.h>
#include <string.h>

struct walk {
	const struct conf *old, *new;
	conf_change_fn *fn;
	void *arg;
};

static void tell(const struct walk *w, enum change_of of, enum change_what what, uint32_t old,
		 uint32_t new)
{
	struct conf_change ch = { .of = of, .what = what, .old = old, .new = new };

	w->fn(w->arg, &ch);
}

static void tell_both(const struct walk *w, enum change_of of, enum schema_reload r, uint32_t old,
		      uint32_t new)
{
	switch (r) {
	case SCHEMA_SAME:
		return;
	case SCHEMA_LIVE:
		tell(w, of, CHANGE_LIVE, old, new);
		return;
	case SCHEMA_RESTART:
		tell(w, of, CHANGE_RESTART, old, new);
		return;
	case SCHEMA_DAEMON:
		tell(w, of, CHANGE_DAEMON, old, new);
		return;
	}
}

static void diff_once(const struct walk *w)
{
	tell_both(w, CHANGE_GLOBAL,
		  schema_diff(SCHEMA_global, &w->old->global.s, &w->new->global.s), 0, 0);
	tell_both(w, CHANGE_WORKERS,
		  schema_diff(SCHEMA_workers, &w->old->workers.s, &w->new->workers.s), 0, 0);
}

/* The addresses of an instance are part of it: another list is a change of the instance. */
static enum schema_reload diff_vips(const struct conf *old, const struct conf_vrrp *a,
				    const struct conf *new, const struct conf_vrrp *b)
{
	enum schema_reload worst = SCHEMA_SAME;

	if (a->s.vips.n != b->s.vips.n)
		return SCHEMA_LIVE;
	for (uint32_t i = 0; i < a->s.vips.n; i++) {
		enum schema_reload r = schema_diff(SCHEMA_vip, &old->vip[a->s.vips.first + i].s,
						   &new->vip[b->s.vips.first + i].s);

		worst = r > worst ? r : worst;
	}
	return worst;
}

/* An instance with its addresses. */
static enum schema_reload compare_inst(const struct walk *w, const struct conf_vrrp *a,
				       const struct conf_vrrp *b)
{
	enum schema_reload r = schema_diff(SCHEMA_vrrp, &a->s, &b->s);
	enum schema_reload v = diff_vips(w->old, a, w->new, b);

	return v > r ? v : r;
}

static void diff_inst(const struct walk *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->new->vrrp_n; i++) {
		const struct conf_vrrp *b = &w->new->vrrp[i], *a = conf_inst(w->old, b->id);

		kept += a != NULL;
		if (a)
			tell_both(w, CHANGE_INST, compare_inst(w, a, b),
				  (uint32_t)(a - w->old->vrrp), i);
		else
			tell(w, CHANGE_INST, CHANGE_ADDED, 0, i);
	}
	for (uint32_t i = 0; kept < w->old->vrrp_n && i < w->old->vrrp_n; i++)
		if (!conf_inst(w->new, w->old->vrrp[i].id))
			tell(w, CHANGE_INST, CHANGE_REMOVED, i, 0);
}

static void diff_vs(const struct walk *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->new->vs_n; i++) {
		const struct conf_vs *b = &w->new->vs[i], *a = conf_vs(w->old, b->id);

		kept += a != NULL;
		if (a)
			tell_both(w, CHANGE_VS, schema_diff(SCHEMA_vs, &a->s, &b->s),
				  (uint32_t)(a - w->old->vs), i);
		else
			tell(w, CHANGE_VS, CHANGE_ADDED, 0, i);
	}
	for (uint32_t i = 0; kept < w->old->vs_n && i < w->old->vs_n; i++)
		if (!conf_vs(w->new, w->old->vs[i].id))
			tell(w, CHANGE_VS, CHANGE_REMOVED, i, 0);
}

static void diff_rs(const struct walk *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->new->rs_n; i++) {
		const struct conf_rs *b = &w->new->rs[i], *a = conf_rs(w->old, b->id);

		kept += a != NULL;
		if (a)
			tell_both(w, CHANGE_RS, schema_diff(SCHEMA_rs, &a->s, &b->s),
				  (uint32_t)(a - w->old->rs), i);
		else
			tell(w, CHANGE_RS, CHANGE_ADDED, 0, i);
	}
	for (uint32_t i = 0; kept < w->old->rs_n && i < w->old->rs_n; i++)
		if (!conf_rs(w->new, w->old->rs[i].id))
			tell(w, CHANGE_RS, CHANGE_REMOVED, i, 0);
}

static void diff_probe(const struct walk *w)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->new->probe_n; i++) {
		const struct conf_probe *b = &w->new->probe[i], *a = conf_probe(w->old, b->id);

		kept += a != NULL;
		if (a)
			tell_both(w, CHANGE_PROBE,
				  schema_diff(SCHEMA_check, &w->old->check[a->check].s,
					      &w->new->check[b->check].s),
				  (uint32_t)(a - w->old->probe), i);
		else
			tell(w, CHANGE_PROBE, CHANGE_ADDED, 0, i);
	}
	for (uint32_t i = 0; kept < w->old->probe_n && i < w->old->probe_n; i++)
		if (!conf_probe(w->new, w->old->probe[i].id))
			tell(w, CHANGE_PROBE, CHANGE_REMOVED, i, 0);
}

void conf_diff_each(const struct conf *old, const struct conf *new, conf_change_fn *fn, void *arg)
{
	struct walk w = { .old = old, .new = new, .fn = fn, .arg = arg };

	diff_once(&w);
	diff_inst(&w);
	diff_vs(&w);
	diff_rs(&w);
	diff_probe(&w);
}

static struct conf_count *count_of(struct conf_changes *n, enum change_of of)
{
	switch (of) {
	case CHANGE_GLOBAL:
	case CHANGE_WORKERS:
		return &n->setting;
	case CHANGE_INST:
		return &n->inst;
	case CHANGE_VS:
		return &n->vs;
	case CHANGE_RS:
		return &n->rs;
	case CHANGE_PROBE:
		return &n->check;
	}
	BUG("change_of");
}

void conf_changes_add(struct conf_changes *n, const struct conf_change *ch)
{
	struct conf_count *c = count_of(n, ch->of);

	switch (ch->what) {
	case CHANGE_ADDED:
		c->added++;
		return;
	case CHANGE_REMOVED:
		c->removed++;
		return;
	case CHANGE_LIVE:
		c->changed++;
		return;
	case CHANGE_RESTART:
	case CHANGE_DAEMON:
		c->restarted++;
		return;
	}
}

static void count(void *arg, const struct conf_change *ch)
{
	conf_changes_add(arg, ch);
}

void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out)
{
	*out = (struct conf_changes){ 0 };
	conf_diff_each(old, new, count, out);
}

static size_t put_count(const char *what, const struct conf_count *n, char *buf, size_t len,
			size_t used)
{
	static const char *const words[] = { "added", "removed", "changed", "restarted" };
	const uint32_t v[] = { n->added, n->removed, n->changed, n->restarted };

	for (size_t i = 0; i < 4; i++) {
		if (!v[i] || used >= len)
			continue;

		int w = snprintf(buf + used, len - used, "%s%u %s%s %s", used ? ", " : "", v[i],
				 what, v[i] == 1 ? "" : "s", words[i]);

		used += w > 0 ? (size_t)w : 0;
	}
	return used;
}

void conf_changes_text(const struct conf_changes *ch, char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	used = put_count("setting", &ch->setting, buf, len, used);
	used = put_count("instance", &ch->inst, buf, len, used);
	used = put_count("service", &ch->vs, buf, len, used);
	used = put_count("server", &ch->rs, buf, len, used);
	used = put_count("check", &ch->check, buf, len, used);
	if (!used)
		(void)snprintf(buf, len, "nothing");
}
