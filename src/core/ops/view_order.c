/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See view_order.h. Each object gets a key once, then keys are compared: a text first, then numbers.
 */
#include "core/ops/view_order.h"

#include "core/bug.h"
#include "core/ops/view.h"
#include "core/reason.h"
#include "core/status.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_NUMBERS_N = 3 };

struct key {
	const char *text; /* "" when numbers say it */
	uint64_t n[KEY_NUMBERS_N];
	uint32_t i;
};

struct from {
	const struct conf *c;
	const struct counters *k; /* or NULL */
};

struct view_sort {
	enum view_kind kind;
	const char *word;
	void (*key)(const struct from *f, uint32_t i, struct key *out);
};

/* The larger the earlier. */
static uint64_t down_from(uint64_t n)
{
	return UINT64_MAX - n;
}

/* ------------------------------------------------------------------ instances */

static uint64_t inst_trouble(const struct from *f, uint32_t i)
{
	const char *state = view_inst_state(f->c, i);

	return !strcmp(state, "FAULT") ? 0 : !strcmp(state, "INIT") ? 1 : 2;
}

static void inst_by_trouble(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = inst_trouble(f, i);
	out->n[1] = down_from((uint64_t)STATUS_LOAD(&f->c->status->inst[i].since_us));
}

static void inst_by_name(const struct from *f, uint32_t i, struct key *out)
{
	out->text = f->c->vrrp[i].s.name;
}

static void inst_by_state(const struct from *f, uint32_t i, struct key *out)
{
	out->text = view_inst_state(f->c, i);
}

static void inst_by_since(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from((uint64_t)STATUS_LOAD(&f->c->status->inst[i].since_us));
}

static void inst_by_priority(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(status_inst_unpack(STATUS_LOAD(&f->c->status->inst[i].word)).prio);
}

static void inst_by_interface(const struct from *f, uint32_t i, struct key *out)
{
	const char *dev = conf_tx_dev(&f->c->vrrp[i]);

	out->text = dev ? dev : "";
}

/* ------------------------------------------------------------------ services */

static struct view_count servers_of(const struct from *f, uint32_t i)
{
	const struct conf_range *r = &f->c->vs[i].s.servers;
	struct view_count n = { 0 };

	for (uint32_t k = r->first; k < r->first + r->n; k++)
		view_count(f->c, k, &n);
	return n;
}

static struct counts counts_of(const struct from *f, uint32_t i)
{
	struct counts n = { 0 };

	if (f->k)
		(void)counters_of_vs(f->k, f->c->vs[i].id.v, &n);
	return n;
}

static void vs_by_trouble(const struct from *f, uint32_t i, struct key *out)
{
	struct status_vs_word w = status_vs_unpack(STATUS_LOAD(&f->c->status->vs[i].word));
	struct view_count n = servers_of(f, i);
	const char *quorum = view_vs_quorum(f->c, i);

	out->n[0] = !strcmp(quorum, "down")     ? 0
		    : w.is_panic || w.is_sorry  ? 1
		    : n.down                    ? 2
		    : strcmp(quorum, "up") != 0 ? 3
						: 4;
	/* of those that miss servers, who misses the most of its own */
	out->n[1] = n.total ? (uint64_t)n.up * 1000 / n.total : 1000;
	out->n[2] = down_from((uint64_t)STATUS_LOAD(&f->c->status->vs[i].since_us));
}

static void vs_by_name(const struct from *f, uint32_t i, struct key *out)
{
	out->text = f->c->vs[i].s.name;
}

static void vs_by_state(const struct from *f, uint32_t i, struct key *out)
{
	out->text = view_vs_quorum(f->c, i);
}

static void vs_by_since(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from((uint64_t)STATUS_LOAD(&f->c->status->vs[i].since_us));
}

static void vs_by_up(const struct from *f, uint32_t i, struct key *out)
{
	struct view_count n = servers_of(f, i);

	out->n[0] = n.total ? (uint64_t)n.up * 1000000 / n.total : 0;
}

static void vs_by_weight(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(STATUS_LOAD(&f->c->status->vs[i].up_weight));
}

static void vs_by_rate(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(counts_of(f, i).conns_s);
}

static void vs_by_bytes(const struct from *f, uint32_t i, struct key *out)
{
	struct counts n = counts_of(f, i);

	out->n[0] = down_from(n.in_bytes_s + n.out_bytes_s);
}

/* ------------------------------------------------------------------ servers */

static const struct status_probe *decided(const struct from *f, uint32_t i)
{
	return view_rs_probe(f->c, i);
}

static struct counters_server counted(const struct from *f, uint32_t i)
{
	struct counters_server s = { 0 };

	if (f->k)
		(void)counters_of_rs(f->k, f->c->rs[i].id.v, &s);
	return s;
}

static void rs_by_trouble(const struct from *f, uint32_t i, struct key *out)
{
	static const char *const order[] = { "down", "unknown", "drain", "maint" };
	enum { ORDER_N = sizeof(order) / sizeof(*order) };
	const char *state = view_rs_state(f->c, i);

	while (out->n[0] < ORDER_N && strcmp(order[out->n[0]], state) != 0)
		out->n[0]++;
	out->n[1] = down_from((uint64_t)STATUS_LOAD(&f->c->status->rs[i].since_us));
}

static void rs_by_name(const struct from *f, uint32_t i, struct key *out)
{
	const struct ip_addr *a = &f->c->rs[i].s.addr;
	unsigned len = a->family == AF_INET ? 4 : 16;

	for (unsigned k = 0; k < len; k++)
		out->n[k / 8] = out->n[k / 8] << 8 | a->byte[k];
	out->n[2] = f->c->rs[i].s.port;
	out->text = a->family == AF_INET ? "" : "6";
}

static void rs_by_service(const struct from *f, uint32_t i, struct key *out)
{
	out->text = f->c->vs[f->c->rs[i].vs].s.name;
}

static void rs_by_state(const struct from *f, uint32_t i, struct key *out)
{
	out->text = view_rs_state(f->c, i);
}

static void rs_by_since(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from((uint64_t)STATUS_LOAD(&f->c->status->rs[i].since_us));
}

static void rs_by_weight(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(STATUS_LOAD(&f->c->status->rs[i].weight));
}

static void rs_by_reason(const struct from *f, uint32_t i, struct key *out)
{
	const struct status_probe *p = decided(f, i);

	out->text = p ? reason_name(health_unpack(STATUS_LOAD(&p->word)).reason) : "";
}

static void rs_by_duration(const struct from *f, uint32_t i, struct key *out)
{
	const struct status_probe *p = decided(f, i);

	out->n[0] = down_from(p ? health_unpack(STATUS_LOAD(&p->word)).duration_us : 0);
}

static void rs_by_active(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(counted(f, i).active_n);
}

static void rs_by_rate(const struct from *f, uint32_t i, struct key *out)
{
	out->n[0] = down_from(counted(f, i).sum.conns_s);
}

/* ------------------------------------------------------------------ the table */

static const struct view_sort sorts[] = {
	{ VIEW_INST, "trouble", inst_by_trouble },
	{ VIEW_INST, "name", inst_by_name },
	{ VIEW_INST, "state", inst_by_state },
	{ VIEW_INST, "since", inst_by_since },
	{ VIEW_INST, "priority", inst_by_priority },
	{ VIEW_INST, "interface", inst_by_interface },
	{ VIEW_VS, "trouble", vs_by_trouble },
	{ VIEW_VS, "name", vs_by_name },
	{ VIEW_VS, "state", vs_by_state },
	{ VIEW_VS, "since", vs_by_since },
	{ VIEW_VS, "up", vs_by_up },
	{ VIEW_VS, "weight", vs_by_weight },
	{ VIEW_VS, "rate", vs_by_rate },
	{ VIEW_VS, "bytes", vs_by_bytes },
	{ VIEW_RS, "trouble", rs_by_trouble },
	{ VIEW_RS, "name", rs_by_name },
	{ VIEW_RS, "service", rs_by_service },
	{ VIEW_RS, "state", rs_by_state },
	{ VIEW_RS, "since", rs_by_since },
	{ VIEW_RS, "weight", rs_by_weight },
	{ VIEW_RS, "reason", rs_by_reason },
	{ VIEW_RS, "duration", rs_by_duration },
	{ VIEW_RS, "active", rs_by_active },
	{ VIEW_RS, "rate", rs_by_rate },
};

const struct view_sort *view_sort_find(enum view_kind kind, const char *word)
{
	for (size_t i = 0; i < sizeof(sorts) / sizeof(*sorts); i++)
		if (sorts[i].kind == kind && !strcmp(sorts[i].word, word))
			return &sorts[i];
	return NULL;
}

static int cmp_key(const void *va, const void *vb)
{
	const struct key *a = va, *b = vb;
	int order = strcmp(a->text, b->text);

	for (unsigned k = 0; !order && k < KEY_NUMBERS_N; k++)
		order = (a->n[k] > b->n[k]) - (a->n[k] < b->n[k]);
	return order ? order : (a->i > b->i) - (a->i < b->i);
}

void view_sort(const struct view_sort *s, const struct conf *c, const struct counters *k,
	       uint32_t *list, uint32_t n)
{
	const struct from from = { c, k };
	struct key *key = calloc((size_t)n + 1, sizeof(*key));

	BUG_ON(!key);
	for (uint32_t i = 0; i < n; i++) {
		key[i] = (struct key){ .text = "", .i = list[i] };
		s->key(&from, list[i], &key[i]);
	}
	qsort(key, n, sizeof(*key), cmp_key);
	for (uint32_t i = 0; i < n; i++)
		list[i] = key[i].i;
	free(key);
}

void view_reverse(uint32_t *list, uint32_t n)
{
	for (uint32_t i = 0; i < n / 2; i++) {
		uint32_t other = list[n - 1 - i];

		list[n - 1 - i] = list[i];
		list[i] = other;
	}
}
