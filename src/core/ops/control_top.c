/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control_top.h. One pass looks at every object, in slices between which main does other work, and keeps
 * the rows up to the end of the page in a heap whose top is the last of them. O(n) for the usual page, and no
 * memory but the page's.
 */
#include "core/ops/control_top.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/schema.h"
#include "core/ops/control_verbs.h"
#include "core/ops/pattern.h"
#include "core/ops/view.h"
#include "core/status.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLICE_N = 4096, /* objects looked at in one go */
	PAUSE_US = MS(1),
	PAGE_N = 100, /* when nobody says */
};

enum sort { SORT_NAME, SORT_STATE, SORT_SINCE, SORT_WEIGHT, SORT_N };

static const char *const sort_name[SORT_N] = { "name", "state", "since", "weight" };

/* What a row is sorted by; the smallest comes first. */
struct key {
	uint64_t hi, lo;
	uint32_t index;
};

/* What can be listed. */
struct list {
	const char *name, *line; /* the member of its lines */
	uint32_t (*count)(const struct conf *c);
	const char *(*state)(const struct conf *c, uint32_t i);
	bool (*fits)(const struct conf *c, uint32_t i, const char *match, const char *service);
	struct key (*by_name)(const struct conf *c, uint32_t i);
	int64_t (*since_us)(const struct conf *c, uint32_t i);
	uint64_t (*weight)(const struct conf *c, uint32_t i);
	json_t *(*make)(const struct conf *c, uint32_t i, const struct view_time *t);
};

struct top {
	struct ctl_reply reply;
	const struct list *list;
	const struct conf *c; /* held */
	struct view_time t;
	enum sort sort;
	bool is_reverse;
	char *match, *service, *state; /* NULL: any */
	uint32_t offset, end_n; /* rows of the page: offset..end_n */
	uint32_t next; /* object to look at */
	uint32_t matches_n, told_n;
	bool is_sorted;
	uint32_t n; /* rows in the heap */
	struct key row[TOP_PAGE_N];
};

/* ------------------------------------------------------------------ the lists */

/* By the first 16 bytes; what is the same there stays in the order of the configuration. */
static struct key text_key(const char *text)
{
	char first[16] = "";
	uint64_t half[2];

	memcpy(first, text, strnlen(text, sizeof(first)));
	memcpy(half, first, sizeof(half));
	return (struct key){ .hi = be64toh(half[0]), .lo = be64toh(half[1]) };
}

static uint32_t inst_n(const struct conf *c)
{
	return c->vrrp_n;
}

static bool inst_fits(const struct conf *c, uint32_t i, const char *match, const char *service)
{
	return !service && pattern_fits(match, c->vrrp[i].s.name);
}

static struct key inst_name(const struct conf *c, uint32_t i)
{
	return text_key(c->vrrp[i].s.name);
}

static int64_t inst_since_us(const struct conf *c, uint32_t i)
{
	return STATUS_LOAD(&c->status->inst[i].since_us);
}

static uint64_t inst_weight(const struct conf *c, uint32_t i)
{
	return status_inst_unpack(STATUS_LOAD(&c->status->inst[i].word)).prio;
}

static uint32_t vs_n(const struct conf *c)
{
	return c->vs_n;
}

static bool vs_fits(const struct conf *c, uint32_t i, const char *match, const char *service)
{
	char where[VIEW_NAME_LEN];

	return pattern_fits(service, c->vs[i].s.name) &&
	       (pattern_fits(match, c->vs[i].s.name) ||
		pattern_fits(match, view_vs_where(c, i, where)));
}

static struct key vs_name(const struct conf *c, uint32_t i)
{
	return text_key(c->vs[i].s.name);
}

static int64_t vs_since_us(const struct conf *c, uint32_t i)
{
	return STATUS_LOAD(&c->status->vs[i].since_us);
}

static uint64_t vs_weight(const struct conf *c, uint32_t i)
{
	return STATUS_LOAD(&c->status->vs[i].up_weight);
}

static uint32_t rs_n(const struct conf *c)
{
	return c->rs_n;
}

static bool rs_fits(const struct conf *c, uint32_t i, const char *match, const char *service)
{
	char name[VIEW_NAME_LEN], addr[ADDR_TEXT_LEN];

	return pattern_fits(service, c->vs[c->rs[i].vs].s.name) &&
	       (pattern_fits(match, view_rs_name(c, i, name)) ||
		pattern_fits(match, addr_text(&c->rs[i].s.addr, addr)));
}

static struct key rs_name(const struct conf *c, uint32_t i)
{
	uint64_t half[2];

	memcpy(half, c->rs[i].s.addr.byte, sizeof(half));
	return (struct key){ .hi = be64toh(half[0]), .lo = be64toh(half[1]) };
}

static int64_t rs_since_us(const struct conf *c, uint32_t i)
{
	return STATUS_LOAD(&c->status->rs[i].since_us);
}

static uint64_t rs_weight(const struct conf *c, uint32_t i)
{
	return STATUS_LOAD(&c->status->rs[i].weight);
}

/* clang-format off */
static const struct list lists[] = {
	{ "servers", "real_server", rs_n, view_rs_state, rs_fits, rs_name, rs_since_us, rs_weight, view_rs },
	{ "services", "virtual_server", vs_n, view_vs_quorum, vs_fits, vs_name, vs_since_us, vs_weight, view_vs },
	{ "vrrp", "vrrp_instance", inst_n, view_inst_state, inst_fits, inst_name, inst_since_us, inst_weight, view_inst },
};
/* clang-format on */

enum { LISTS_N = sizeof(lists) / sizeof(*lists) };

/* ------------------------------------------------------------------ the order */

/* What needs somebody first. */
static uint64_t urgency(const char *state)
{
	static const char *const order[] = { "FAULT", "down", "unknown", "INIT",  "maint",
					     "drain", "up",   "ACTIVE",  "BACKUP" };
	uint64_t i = 0;

	while (i < sizeof(order) / sizeof(*order) && strcmp(order[i], state) != 0)
		i++;
	return i;
}

/* What has changed last comes first, what is heaviest comes first. */
static struct key key_of(const struct top *r, uint32_t i)
{
	uint64_t newest = UINT64_MAX - (uint64_t)r->list->since_us(r->c, i);
	struct key k = { 0 };

	switch (r->sort) {
	case SORT_NAME:
		k = r->list->by_name(r->c, i);
		break;
	case SORT_STATE:
		k = (struct key){ .hi = urgency(r->list->state(r->c, i)), .lo = newest };
		break;
	case SORT_SINCE:
		k.hi = newest;
		break;
	case SORT_WEIGHT:
		k.hi = UINT64_MAX - r->list->weight(r->c, i);
		break;
	case SORT_N:
		break;
	}
	if (r->is_reverse) {
		k.hi = ~k.hi;
		k.lo = ~k.lo;
	}
	k.index = i;
	return k;
}

static int compare(const struct key *a, const struct key *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int compare_rows(const void *a, const void *b)
{
	return compare(a, b);
}

static void swap(struct key *a, struct key *b)
{
	struct key was = *a;

	*a = *b;
	*b = was;
}

static void sift_down(struct key *row, uint32_t n)
{
	for (uint32_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && compare(&row[child + 1], &row[child]) > 0)
			child++;
		if (compare(&row[i], &row[child]) >= 0)
			return;
		swap(&row[i], &row[child]);
	}
}

/* Keeps the smallest end_n; the largest of them is row[0]. */
static void keep(struct top *r, const struct key *k)
{
	uint32_t i;

	if (r->n == r->end_n) {
		if (!r->n || compare(k, &r->row[0]) >= 0)
			return;
		r->row[0] = *k;
		sift_down(r->row, r->n);
		return;
	}
	r->row[r->n] = *k;
	for (i = r->n++; i && compare(&r->row[i], &r->row[(i - 1) / 2]) > 0; i = (i - 1) / 2)
		swap(&r->row[i], &r->row[(i - 1) / 2]);
}

/* ------------------------------------------------------------------ the reply */

static bool is_match(const struct top *r, uint32_t i)
{
	return (!r->state || !strcasecmp(r->state, r->list->state(r->c, i))) &&
	       r->list->fits(r->c, i, r->match, r->service);
}

/* False: not all has been looked at. */
static bool look(struct top *r)
{
	uint32_t n = r->list->count(r->c);

	for (unsigned k = 0; k < SLICE_N && r->next < n; k++, r->next++) {
		if (!is_match(r, r->next))
			continue;

		struct key key = key_of(r, r->next);

		r->matches_n++;
		keep(r, &key);
	}
	return r->next == n;
}

static enum ctl_step top_next(struct ctl_reply *reply, json_t **line)
{
	struct top *r = container_of(reply, struct top, reply);

	if (!r->is_sorted) {
		if (!look(r))
			return CTL_WAIT;
		qsort(r->row, r->n, sizeof(*r->row), compare_rows);
		r->is_sorted = true;
		r->told_n = r->offset;
	}
	if (r->told_n < r->n) {
		*line = json_pack("{s:o}", r->list->line,
				  r->list->make(r->c, r->row[r->told_n++].index, &r->t));
		BUG_ON(!*line);
		return CTL_LINE;
	}
	*line = json_pack("{s:i,s:I,s:I}", "status", 0, "generation", (json_int_t)r->c->gen,
			  "matches", (json_int_t)r->matches_n);
	BUG_ON(!*line);
	return CTL_END;
}

static void top_free(struct ctl_reply *reply)
{
	struct top *r = container_of(reply, struct top, reply);

	conf_drop(r->c);
	free(r->match);
	free(r->service);
	free(r->state);
	free(r);
}

static const char *text_of(const json_t *request, const char *name)
{
	return json_string_value(json_object_get(request, name));
}

static char *copy_of(const json_t *request, const char *name)
{
	const char *text = text_of(request, name);
	char *copy = text ? strdup(text) : NULL;

	BUG_ON(text && !copy);
	return copy;
}

/* NULL: *r is filled in; else why not. */
static const char *parse(struct top *r, const json_t *request)
{
	const char *what = text_of(request, "what"), *sort = text_of(request, "sort");
	const json_t *offset = json_object_get(request, "offset");
	const json_t *max = json_object_get(request, "max");
	json_int_t from = json_integer_value(offset), n = max ? json_integer_value(max) : PAGE_N;

	for (unsigned i = 0; i < LISTS_N; i++)
		if (!strcmp(lists[i].name, what ? what : "servers"))
			r->list = &lists[i];
	r->sort = SORT_N;
	for (unsigned i = 0; i < SORT_N; i++)
		if (!strcmp(sort_name[i], sort ? sort : "state"))
			r->sort = (enum sort)i;
	if (!r->list)
		return "what must be servers, services or vrrp";
	if (r->sort == SORT_N)
		return "sort must be name, state, since or weight";
	if (!ctl_pattern_ok(text_of(request, "match")) ||
	    !ctl_pattern_ok(text_of(request, "service")))
		return CTL_PATTERN_WHY;
	if (!view_is_state(text_of(request, "state")))
		return VIEW_STATE_WHY;
	if (from < 0 || n < 0 || from > TOP_PAGE_N || n > TOP_PAGE_N - from)
		return "offset and max must not be negative, nor go beyond row 1000";
	r->offset = (uint32_t)from;
	r->end_n = (uint32_t)(from + n);
	return NULL;
}

struct ctl_reply *control_top(void *ctx, const json_t *request, const struct ctl_who *who)
{
	const struct control_host *host = ctx;
	struct top *r = calloc(1, sizeof(*r));
	const char *why;

	(void)who;
	BUG_ON(!r);
	why = parse(r, request);
	if (why) {
		free(r);
		return ctl_reply_one(ctl_refusal(1, why));
	}
	r->reply = (struct ctl_reply){ .next = top_next, .free = top_free, .again_us = PAUSE_US };
	r->c = host->settled(host->arg);
	conf_hold_again(r->c);
	r->t = view_now();
	r->is_reverse = json_is_true(json_object_get(request, "reverse"));
	r->match = copy_of(request, "match");
	r->service = copy_of(request, "service");
	r->state = copy_of(request, "state");
	return &r->reply;
}
