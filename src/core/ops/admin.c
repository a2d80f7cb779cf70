/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See admin.h. Entries lie in an array, and by key in a tree of POSIX's search.h.
 */
#include "core/ops/admin.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/admin_file.h"
#include "core/stats.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	AGAIN_S =
		60, /* until the file is tried again; also the longest look ahead, since clocks are set */
};

#define NOT_HERE UINT32_MAX /* no index: the configuration does not name it */

/* The word for one id of a server. It lives until the IPVS role has read it. */
struct post {
	struct fact fact;
	struct post *next; /* among those that wait for that */
};

struct part {
	bool is_set;
	uint32_t value, base;
	int64_t until_s;
	char *reason; /* NULL: none */
};

struct by_hand {
	/* key */
	char vs[ADMIN_NAME_LEN];
	struct ip_addr addr;
	uint16_t port;
	struct part part[ADMIN_PART_N];
	int64_t gone_s; /* 0: the configuration has it */
	uint32_t rs; /* index of conf->rs, or NOT_HERE */
	uint32_t at; /* own place in the array */
	struct post *post; /* NULL: never told under its present id */
};

struct admin_book {
	struct mbox *box;
	const char *path;
	const struct conf *c;
	void *by_key;
	struct by_hand **entry;
	uint32_t n, cap;
	struct post *left; /* of entries that are gone */
	int64_t next_s; /* no end is before it; 0: there is none */
	bool is_kept, is_told; /* as it should be on disk; a failure has been logged */
	struct timer timer;
	struct loop *loop;
};

int64_t admin_now_s(void)
{
	struct timespec t;

	BUG_ON(clock_gettime(CLOCK_REALTIME, &t));
	return t.tv_sec;
}

/* ------------------------------------------------------------------ entries */

static int cmp_key(const void *va, const void *vb)
{
	const struct by_hand *a = va, *b = vb;
	int d = strcmp(a->vs, b->vs);

	if (!d)
		d = addr_cmp(&a->addr, &b->addr);
	return d ? d : (a->port > b->port) - (a->port < b->port);
}

static struct by_hand *find(const struct admin_book *b, const struct by_hand *key)
{
	void *place = tfind(key, &b->by_key, cmp_key);

	return place ? *(struct by_hand **)place : NULL;
}

static void key_of(const struct conf *c, uint32_t rs, struct by_hand *key)
{
	key->addr = c->rs[rs].s.addr;
	key->port = c->rs[rs].s.port;
	(void)snprintf(key->vs, sizeof(key->vs), "%s", c->vs[c->rs[rs].vs].s.name);
}

static struct by_hand *add(struct admin_book *b, const struct by_hand *key)
{
	struct by_hand *e = calloc(1, sizeof(*e));

	BUG_ON(!e);
	memcpy(e->vs, key->vs, sizeof(e->vs));
	e->addr = key->addr;
	e->port = key->port;
	e->rs = NOT_HERE;
	e->at = b->n;
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->entry = reallocarray(b->entry, b->cap, sizeof(struct by_hand *));
		BUG_ON(!b->entry);
	}
	b->entry[b->n++] = e;
	BUG_ON(!tsearch(e, &b->by_key, cmp_key));
	return e;
}

static void clear(struct part *p)
{
	free(p->reason);
	*p = (struct part){ 0 };
}

static bool is_empty(const struct by_hand *e)
{
	return !e->part[ADMIN_PART_STATE].is_set && !e->part[ADMIN_PART_WEIGHT].is_set;
}

/* The word that was sent is freed when it has been read. */
static void leave_post(struct admin_book *b, struct by_hand *e)
{
	if (!e->post)
		return;
	e->post->next = b->left;
	b->left = e->post;
	e->post = NULL;
}

static void reap_posts(struct admin_book *b)
{
	for (struct post **at = &b->left; *at;) {
		struct post *p = *at;

		if (fact_is_idle(&p->fact)) {
			*at = p->next;
			free(p);
		} else {
			at = &p->next;
		}
	}
}

static void drop(struct admin_book *b, struct by_hand *e)
{
	leave_post(b, e);
	(void)tdelete(e, &b->by_key, cmp_key);
	b->entry[e->at] = b->entry[--b->n];
	b->entry[e->at]->at = e->at;
	for (unsigned i = 0; i < ADMIN_PART_N; i++)
		clear(&e->part[i]);
	free(e);
}

/* What the configuration says. */
static uint32_t base_of(const struct conf *c, uint32_t rs, enum admin_part part)
{
	return part == ADMIN_PART_STATE ? c->rs[rs].s.admin : c->rs[rs].s.weight;
}

/* Tells the IPVS role how it is now. */
static void tell(struct admin_book *b, struct by_hand *e)
{
	uint32_t id = b->c->rs[e->rs].id.v;
	const struct part *state = &e->part[ADMIN_PART_STATE],
			  *weight = &e->part[ADMIN_PART_WEIGHT];
	struct admin a = {
		.state = (uint8_t)(state->is_set ? state->value
						 : base_of(b->c, e->rs, ADMIN_PART_STATE)),
		.has_weight = weight->is_set,
		.weight = weight->value,
	};

	if (e->post && e->post->fact.id != id)
		leave_post(b, e);
	if (!e->post) {
		e->post = calloc(1, sizeof(*e->post));
		BUG_ON(!e->post);
		fact_init(&e->post->fact, MSG_ADMIN, id);
	}
	fact_post(b->box, &e->post->fact, admin_pack(a));
	if (is_empty(e))
		drop(b, e);
}

/* ------------------------------------------------------------------ file */

struct pen {
	const struct admin_book *b;
	uint32_t at;
	unsigned part;
};

static bool next_line(void *arg, struct admin_line *l)
{
	struct pen *pen = arg;

	for (; pen->at < pen->b->n; pen->at++, pen->part = 0) {
		const struct by_hand *e = pen->b->entry[pen->at];

		while (pen->part < ADMIN_PART_N && !e->part[pen->part].is_set)
			pen->part++;
		if (pen->part == ADMIN_PART_N)
			continue;

		const struct part *p = &e->part[pen->part];

		*l = (struct admin_line){ .part = (enum admin_part)pen->part++,
					  .value = p->value,
					  .base = p->base,
					  .until_s = p->until_s,
					  .gone_s = e->gone_s,
					  .addr = e->addr,
					  .port = e->port };
		memcpy(l->vs, e->vs, sizeof(l->vs));
		(void)snprintf(l->reason, sizeof(l->reason), "%s", p->reason ? p->reason : "");
		return true;
	}
	return false;
}

static void tell_fail(struct admin_book *b, const char *op, int err)
{
	stats_add(STAT_ADMIN_FAILED, 1);
	if (!b->is_told)
		log_event(LOG_ADMIN_FAIL, "op=%s file=%s error=\"%s\"", op, b->path,
			  err == -EBADMSG ? "no file of this version of vipd"
					  : strerrordesc_np(-err));
	b->is_told = true;
}

/* Nothing to do for whom nothing is kept. */
static void save(struct admin_book *b)
{
	int err;

	if (!b->path)
		return;
	err = admin_file_write(b->path, next_line, &(struct pen){ .b = b });
	b->is_kept = !err;
	if (err)
		tell_fail(b, "write", err);
	else
		b->is_told = false;
}

static void take_line(void *arg, const struct admin_line *l)
{
	struct admin_book *b = arg;
	struct by_hand key = { .addr = l->addr, .port = l->port };
	struct by_hand *e;

	memcpy(key.vs, l->vs, sizeof(key.vs));
	e = find(b, &key);
	if (!e && b->n >= ADMIN_MAX_N)
		return;
	if (!e)
		e = add(b, &key);
	e->gone_s = l->gone_s;
	clear(&e->part[l->part]);
	e->part[l->part] = (struct part){ .is_set = true,
					  .value = l->value,
					  .base = l->base,
					  .until_s = l->until_s,
					  .reason = l->reason[0] ? strdup(l->reason) : NULL };
}

void admin_load(struct admin_book *b, int64_t now_s)
{
	struct admin_found found;
	int err = b->path ? admin_file_read(b->path, take_line, b, &found) : -ENOENT;

	if (err == -ENOENT)
		return;
	if (err) {
		char aside[PATH_MAX];

		tell_fail(b, "read", err);
		/* it is not to be lost when the next one is written */
		(void)snprintf(aside, sizeof(aside), "%s.bad", b->path);
		(void)rename(b->path, aside);
		b->is_told = false; /* writing is another matter */
		return;
	}
	if (found.bad_n)
		log_event(LOG_ADMIN_BAD, "file=%s line=%u lines=%u", b->path, found.first_bad,
			  found.bad_n);
	admin_expire(b, now_s);
	log_event(LOG_ADMIN_READ, "file=%s servers=%u", b->path, b->n);
}

/* ------------------------------------------------------------------ ends */

static void look_ahead(struct admin_book *b, int64_t until_s)
{
	if (until_s && (!b->next_s || until_s < b->next_s))
		b->next_s = until_s;
}

static void tell_end(const struct by_hand *e, const struct part *p, enum admin_part part)
{
	static const char *const word[] = {
		[ADMIN_READY] = "ready", [ADMIN_DRAIN] = "drain", [ADMIN_MAINT] = "maint"
	};
	char addr[ADDR_PORT_TEXT_LEN], value[16];

	(void)snprintf(value, sizeof(value), "%u", p->value);
	log_event(LOG_ADMIN_END, "vs=%s rs=%s %s=%s", e->vs,
		  addr_port_text(&e->addr, e->port, addr),
		  part == ADMIN_PART_STATE ? "state" : "weight",
		  part == ADMIN_PART_STATE ? word[p->value] : value);
}

/* True: something has ended; the entry may be gone. */
static bool expire_entry(struct admin_book *b, struct by_hand *e, int64_t now_s)
{
	bool is_over = false;

	for (unsigned i = 0; i < ADMIN_PART_N; i++) {
		struct part *p = &e->part[i];

		if (!p->is_set || !p->until_s || p->until_s > now_s)
			continue;
		tell_end(e, p, (enum admin_part)i);
		clear(p);
		is_over = true;
	}
	if (e->gone_s && e->gone_s + ADMIN_WAIT_S <= now_s) {
		drop(b, e);
		return true;
	}
	for (unsigned i = 0; i < ADMIN_PART_N; i++)
		look_ahead(b, e->part[i].until_s);
	if (is_over && e->rs != NOT_HERE)
		tell(b, e);
	else if (is_over && is_empty(e))
		drop(b, e);
	return is_over;
}

void admin_expire(struct admin_book *b, int64_t now_s)
{
	bool is_changed = false;

	reap_posts(b);
	b->next_s = 0;
	for (uint32_t i = b->n; i-- > 0;) /* the last takes the place of one that goes */
		is_changed = expire_entry(b, b->entry[i], now_s) || is_changed;
	if (is_changed || !b->is_kept)
		save(b);
}

static void arm(struct admin_book *b, int64_t now_s)
{
	int64_t in_s = b->is_kept ? INT64_MAX : AGAIN_S;

	if (!b->loop)
		return;
	if (b->next_s && b->next_s - now_s < in_s)
		in_s = b->next_s - now_s;
	if (in_s == INT64_MAX && !b->left) {
		timer_disarm(&b->loop->timers, &b->timer);
		return;
	}
	in_s = in_s < 0 ? 0 : in_s > AGAIN_S ? AGAIN_S : in_s;
	timer_arm(&b->loop->timers, &b->timer, clock_now_us() + SEC(in_s));
}

static void on_timer(struct timer *t, int64_t now_us)
{
	struct admin_book *b = container_of(t, struct admin_book, timer);
	int64_t now_s = admin_now_s();

	(void)now_us;
	reap_posts(b);
	if ((b->next_s && b->next_s <= now_s) || !b->is_kept)
		admin_expire(b, now_s);
	arm(b, now_s);
}

void admin_start(struct admin_book *b, struct loop *l)
{
	b->loop = l;
	arm(b, admin_now_s());
}

void admin_stop(struct admin_book *b)
{
	if (b->loop)
		timer_disarm(&b->loop->timers, &b->timer);
	b->loop = NULL;
}

/* ------------------------------------------------------------------ configuration */

/* What the configuration says anew counts. True: something was set by hand and is not any more. */
static bool overrule(const struct conf *c, struct by_hand *e)
{
	bool is_over = false;

	for (unsigned i = 0; i < ADMIN_PART_N; i++) {
		struct part *p = &e->part[i];

		if (!p->is_set || p->base == base_of(c, e->rs, (enum admin_part)i))
			continue;
		clear(p);
		is_over = true;
	}
	return is_over;
}

void admin_adopt(struct admin_book *b, const struct conf *c, int64_t now_s)
{
	bool is_changed = false;
	struct by_hand key;

	b->c = c;
	for (uint32_t i = 0; i < b->n; i++)
		b->entry[i]->rs = NOT_HERE;
	for (uint32_t i = 0; b->n && i < c->rs_n; i++) {
		key_of(c, i, &key);

		struct by_hand *e = find(b, &key);

		if (e)
			e->rs = i;
	}
	for (uint32_t i = b->n; i-- > 0;) {
		struct by_hand *e = b->entry[i];

		if (e->rs == NOT_HERE) {
			is_changed = is_changed || !e->gone_s;
			e->gone_s = e->gone_s ? e->gone_s : now_s;
			leave_post(b, e);
			continue;
		}
		is_changed = overrule(c, e) || e->gone_s || is_changed;
		e->gone_s = 0;
		tell(b, e);
	}
	if (is_changed)
		save(b);
	arm(b, now_s);
}

/* ------------------------------------------------------------------ setting */

static bool is_good(const struct admin_want *w, int64_t now_s)
{
	if (!w->is_set)
		return true;
	if (w->until_s < 0 || (w->until_s && w->until_s <= now_s))
		return false;
	return w->value <= (w->part == ADMIN_PART_STATE ? (uint32_t)ADMIN_MAINT : INT32_MAX);
}

/* Entries that it would make. */
static uint32_t count_new(const struct admin_book *b, const uint32_t *rs, uint32_t n)
{
	uint32_t new_n = 0;
	struct by_hand key;

	for (uint32_t i = 0; i < n; i++) {
		key_of(b->c, rs[i], &key);
		new_n += !find(b, &key);
	}
	return new_n;
}

static void set_one(struct admin_book *b, uint32_t rs, const struct admin_want *w)
{
	uint32_t base = base_of(b->c, rs, w->part);
	bool is_set = w->is_set && w->value != base;
	struct by_hand key, *e;

	key_of(b->c, rs, &key);
	e = find(b, &key);
	if (!e && !is_set)
		return;
	if (!e)
		e = add(b, &key);
	e->rs = rs;
	clear(&e->part[w->part]);
	if (is_set) {
		e->part[w->part] = (struct part){
			.is_set = true, .value = w->value, .base = base, .until_s = w->until_s
		};
		if (w->reason && *w->reason)
			e->part[w->part].reason = strndup(w->reason, ADMIN_REASON_LEN - 1);
		look_ahead(b, w->until_s);
	}
	tell(b, e);
}

int admin_set(struct admin_book *b, const uint32_t *rs, uint32_t n, const struct admin_want *w,
	      int64_t now_s)
{
	if (!is_good(w, now_s))
		return -EINVAL;
	if (w->is_set && b->n + (uint64_t)n > ADMIN_MAX_N &&
	    b->n + (uint64_t)count_new(b, rs, n) > ADMIN_MAX_N)
		return -ENOSPC;
	reap_posts(b);
	for (uint32_t i = 0; i < n; i++)
		set_one(b, rs[i], w);
	save(b);
	arm(b, now_s);
	return 0;
}

void admin_get(const struct admin_book *b, uint32_t rs, struct admin_shown out[static ADMIN_PART_N])
{
	struct by_hand key, *e;

	key_of(b->c, rs, &key);
	e = b->n ? find(b, &key) : NULL;
	for (unsigned i = 0; i < ADMIN_PART_N; i++) {
		out[i] = (struct admin_shown){ .reason = "" };
		if (!e || !e->part[i].is_set)
			continue;
		out[i].is_set = true;
		out[i].value = e->part[i].value;
		out[i].until_s = e->part[i].until_s;
		out[i].reason = e->part[i].reason ? e->part[i].reason : "";
	}
}

uint32_t admin_count(const struct admin_book *b)
{
	return b->n;
}

bool admin_is_kept(const struct admin_book *b)
{
	return b->path && b->is_kept;
}

/* ------------------------------------------------------------------ life */

struct admin_book *admin_new(struct mbox *box, const char *path)
{
	struct admin_book *b = calloc(1, sizeof(*b));

	BUG_ON(!b);
	b->box = box;
	b->path = path;
	b->is_kept = true;
	timer_init(&b->timer, on_timer);
	return b;
}

void admin_free(struct admin_book *b)
{
	if (!b)
		return;
	admin_stop(b);
	while (b->n)
		drop(b, b->entry[b->n - 1]);
	while (b->left) { /* nobody reads them any more */
		struct post *p = b->left;

		b->left = p->next;
		free(p);
	}
	free(b->entry);
	free(b);
}
