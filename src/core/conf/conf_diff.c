/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_diff.h.
 */
#include "core/conf/conf_diff.h"

#include "core/conf/conf_compare.h"

#include <stdio.h>
#include <string.h>

static void count(struct conf_count *n, enum schema_reload r)
{
	switch (r) {
	case SCHEMA_SAME:
		break;
	case SCHEMA_LIVE:
		n->changed++;
		break;
	case SCHEMA_RESTART:
	case SCHEMA_DAEMON:
		n->restarted++;
		break;
	}
}

static void diff_inst(const struct conf *old, const struct conf *new, struct conf_count *n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < new->vrrp_n; i++) {
		const struct conf_vrrp *b = &new->vrrp[i], *a = conf_inst(old, b->id);

		if (!a) {
			n->added++;
			continue;
		}
		kept++;
		count(n, conf_compare(SCHEMA_vrrp, old, a, new, b));
	}
	n->removed = old->vrrp_n - kept;
}

static void diff_vs(const struct conf *old, const struct conf *new, struct conf_count *n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < new->vs_n; i++) {
		const struct conf_vs *b = &new->vs[i], *a = conf_vs(old, b->id);

		n->added += !a;
		kept += a != NULL;
		if (a)
			count(n, conf_compare(SCHEMA_vs, old, a, new, b));
	}
	n->removed = old->vs_n - kept;
}

static void diff_rs(const struct conf *old, const struct conf *new, struct conf_count *n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < new->rs_n; i++) {
		const struct conf_rs *b = &new->rs[i], *a = conf_rs(old, b->id);

		n->added += !a;
		kept += a != NULL;
		if (a)
			count(n, conf_compare(SCHEMA_rs, old, a, new, b));
	}
	n->removed = old->rs_n - kept;
}

static void diff_probe(const struct conf *old, const struct conf *new, struct conf_count *n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < new->probe_n; i++) {
		const struct conf_probe *b = &new->probe[i], *a = conf_probe(old, b->id);

		n->added += !a;
		kept += a != NULL;
		if (a)
			count(n, conf_compare(SCHEMA_check, old, &old->check[a->check], new,
					      &new->check[b->check]));
	}
	n->removed = old->probe_n - kept;
}

void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out)
{
	*out = (struct conf_changes){ 0 };
	diff_inst(old, new, &out->inst);
	diff_vs(old, new, &out->vs);
	diff_rs(old, new, &out->rs);
	diff_probe(old, new, &out->check);
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
	used = put_count("instance", &ch->inst, buf, len, used);
	used = put_count("service", &ch->vs, buf, len, used);
	used = put_count("server", &ch->rs, buf, len, used);
	used = put_count("check", &ch->check, buf, len, used);
	if (!used)
		(void)snprintf(buf, len, "nothing");
}
