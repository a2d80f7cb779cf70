/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See procs.h. /proc is read when a configuration is adopted; after that the kernel tells of each process
 * that is forked, becomes another program, changes its name or ends (proc_read.h). Only a new program or
 * name makes us look at a process: a child is what its parent is, which takes one look into a table of
 * those that are counted, and most are not.
 *
 * A machine may start thousands of processes in a second. So after each look into the socket some
 * milliseconds pass until the next one, and a process that has ended by then is not looked at. Where
 * events were lost, all are counted again, at most once a second; and once a minute anyway.
 *
 * Without events (a kernel without them, no permission, a process namespace of our own) all are counted
 * once a second.
 */
#include "vrrp/procs.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/idmap.h"
#include "core/log.h"
#include "core/stats.h"
#include "vrrp/pids.h"
#include "vrrp/proc_read.h"
#include "vrrp/track.h"
#include "vrrp/tracked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	GATHER_US = 5000, /* between two looks into the socket */
	BATCH_N = 64, /* events in one system call */
	EVENTS_N = 4096, /* in one look; the rest in the next turn */
	ACK_US = 1000000, /* the kernel answers at once, or never */
	COUNT_US = 1000000, /* between two counts: where events were lost, and without events */
	COUNT_SHARE = 20, /* a count takes at most one in so many of the time */
	COUNT_ANYWAY_US = 60000000,
};

struct proc_tracked {
	struct tracked t; /* first */
	const struct conf_track_process *cf; /* of the configuration that the role holds */
	struct procs *of;
	struct timer delay;
	struct track_quorum q;
	uint32_t n; /* processes */
};

struct procs {
	struct role *role;
	struct proc_tracked **at; /* by index, which is the bit in a process's set */
	uint32_t n;
	struct pids pids;
	struct proc_want want;
	struct proc_seen seen; /* the process that is looked at */
	struct loop_fd lf;
	struct timer gather, ack, count;
	int64_t counted_us; /* when all were counted last; 0: never */
	uint32_t token; /* of our request for events */
	bool is_acked; /* the kernel has answered it; what came before is older than the first count */
	bool is_blind; /* the last count failed: the numbers mean nothing */
	int64_t pace_us; /* from one count to the next, at least */
	bool is_fresh; /* events that are read now may be older than the last count */
	bool is_told; /* that there are no events */
	struct tracked *gone;
};

/* ------------------------------------------------------------------ what a number means */

static void tell(struct proc_tracked *p)
{
	tracked_tell(&p->t, p->of->role->board,
		     (struct track_state){ .is_known = true, .is_up = p->q.is_up });
}

static void judge(struct proc_tracked *p, enum track_cause cause)
{
	struct timer_heap *timers = &p->of->role->loop.timers;
	int64_t wait_us;

	switch (track_quorum(&p->q, p->n, cause, &wait_us)) {
	case TRACK_STAY:
		return;
	case TRACK_WAIT:
		timer_arm(timers, &p->delay, clock_now_us() + wait_us);
		return;
	case TRACK_TURN:
		timer_disarm(timers, &p->delay);
		tell(p);
		return;
	case TRACK_CALM:
		timer_disarm(timers, &p->delay);
		return;
	}
}

static void on_delay(struct timer *t, int64_t now_us)
{
	struct proc_tracked *p = container_of(t, struct proc_tracked, delay);

	(void)now_us;
	if (track_quorum_end(&p->q, p->n))
		tell(p);
}

/* A process counts for another set of them than before. */
static void change(struct procs *s, struct pid *node, const uint64_t *set, enum track_cause cause)
{
	for (uint32_t i = 0; i < s->n; i++) {
		uint64_t bit = UINT64_C(1) << i % 64;
		bool was = node->set[i / 64] & bit, is = set && set[i / 64] & bit;

		if (was == is)
			continue;
		node->set[i / 64] ^= bit;
		s->at[i]->n += is ? 1U : UINT32_MAX;
		if (!s->is_blind)
			judge(s->at[i], cause);
	}
}

/* The set that the process in s->seen counts for. False: for none. */
static bool match_all(const struct procs *s, uint64_t *set)
{
	bool any = false;

	memset(set, 0, s->pids.words * sizeof(*set));
	for (uint32_t i = 0; i < s->n; i++) {
		if (!proc_match(&s->at[i]->cf->s, &s->seen))
			continue;
		set[i / 64] |= UINT64_C(1) << i % 64;
		any = true;
	}
	return any;
}

/* ------------------------------------------------------------------ events */

static void count_at(struct procs *s, int64_t at_us);

/* A new program, or a new name. */
static void look(struct procs *s, struct pid *node)
{
	bool is_there;

	node->must_look = false;
	is_there = proc_read(node->pid, s->want, &s->seen);
	if (!is_there && s->seen.err) {
		/* it is looked at with all the others, when that is possible again */
		count_at(s, clock_now_us() + COUNT_US);
		return;
	}
	if (!is_there || !match_all(s, s->pids.scratch))
		memset(s->pids.scratch, 0, s->pids.words * sizeof(uint64_t));
	change(s, node, s->pids.scratch, TRACK_EXEC);
	if (!pids_counts(&s->pids, node))
		pids_drop(&s->pids, node);
}

static void look_at_all(struct procs *s)
{
	struct pid *node;

	while ((node = pids_next_look(&s->pids)))
		look(s, node);
}

static void on_fork(struct procs *s, const struct proc_news *e)
{
	const struct pid *parent = pids_find(&s->pids, e->parent);
	struct pid *child;

	if (!parent)
		return;
	/* what the parent is now it may not have been then */
	if (parent->must_look || s->is_fresh) {
		pids_look(&s->pids, pids_get(&s->pids, e->pid));
		return;
	}
	child = pids_get(&s->pids, e->pid);
	change(s, child, parent->set, TRACK_FORK);
}

static void on_event(struct procs *s, const struct proc_news *e)
{
	struct pid *node;

	switch (e->what) {
	case PROC_OTHER:
	case PROC_ACK:
		return;
	case PROC_FORK:
		on_fork(s, e);
		return;
	case PROC_EXEC:
	case PROC_NAME:
		pids_look(&s->pids, pids_get(&s->pids, e->pid));
		return;
	case PROC_EXIT:
		node = pids_find(&s->pids, e->pid);
		if (!node)
			return;
		change(s, node, NULL, TRACK_EXIT);
		pids_drop(&s->pids, node);
		return;
	}
}

static void count_at(struct procs *s, int64_t at_us)
{
	if (!s->count.is_armed || at_us < s->count.at_us)
		timer_arm(&s->role->loop.timers, &s->count, at_us);
}

static void no_events(struct procs *s, int err)
{
	struct timer_heap *timers = &s->role->loop.timers;
	int fd = s->lf.fd;

	if (fd >= 0) {
		loop_del(&s->role->loop, &s->lf);
		proc_sock_close(fd);
	}
	timer_disarm(timers, &s->ack);
	timer_disarm(timers, &s->gather);
	if (!s->is_told)
		log_event(LOG_TRACK_PROCS, "error=\"%s\" every_ms=%d", strerrordesc_np(err),
			  COUNT_US / 1000);
	s->is_told = true;
	count_at(s, clock_now_us() + COUNT_US);
}

static int on_ack(struct procs *s, uint32_t err)
{
	timer_disarm(&s->role->loop.timers, &s->ack);
	s->is_acked = !err;
	return (int)err;
}

/* The messages of one system call. Their number; 0: there are none; or -errno. */
static int read_batch(struct procs *s, int *refused)
{
	static _Thread_local uint8_t buf[BATCH_N][PROC_MSG_LEN];
	struct mmsghdr m[BATCH_N] = { 0 };
	struct iovec iov[BATCH_N];
	int n;

	for (unsigned i = 0; i < BATCH_N; i++) {
		iov[i] = (struct iovec){ .iov_base = buf[i], .iov_len = sizeof(buf[i]) };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(s->lf.fd, m, BATCH_N, 0, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct proc_news e;

		if (!proc_event_read(buf[i], m[i].msg_len, &e))
			continue;
		if (e.what == PROC_ACK && e.token == s->token)
			*refused = on_ack(s, e.err);
		if (s->is_acked)
			on_event(s, &e);
	}
	stats_add(STAT_PROC_EVENTS, (uint64_t)n);
	return n;
}

static void lost_some(struct procs *s)
{
	int64_t now_us = clock_now_us();
	int64_t at_us = s->counted_us + (s->pace_us > COUNT_US ? s->pace_us : COUNT_US);

	stats_add(STAT_PROC_OVERRUNS, 1);
	log_event(LOG_TRACK_OVERRUN, "%s", "");
	count_at(s, at_us > now_us ? at_us : now_us);
}

static void drain(struct procs *s)
{
	int refused = 0, n = 1;

	for (unsigned all = 0; n > 0 && all < EVENTS_N && !refused; all += (unsigned)n) {
		n = read_batch(s, &refused);
		if (n == -ENOBUFS) {
			lost_some(s);
			n = 1; /* what was not lost is still there */
		}
	}
	if (n < 0 || refused) {
		no_events(s, refused ? refused : -n);
		return;
	}
	if (!n)
		s->is_fresh = false;
	look_at_all(s);
	if (n)
		return; /* there is more */
	loop_set(&s->role->loop, &s->lf, 0);
	timer_arm(&s->role->loop.timers, &s->gather, clock_now_us() + GATHER_US);
}

static void on_readable(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	drain(container_of(lf, struct procs, lf));
}

static void on_gather(struct timer *t, int64_t now_us)
{
	struct procs *s = container_of(t, struct procs, gather);

	(void)now_us;
	loop_set(&s->role->loop, &s->lf, EPOLLIN);
}

static void on_no_ack(struct timer *t, int64_t now_us)
{
	(void)now_us;
	/* it answers those only who are in the first namespaces of users and processes */
	no_events(container_of(t, struct procs, ack), EPERM);
}

static void begin_events(struct procs *s)
{
	int64_t now_us = clock_now_us();
	int fd = proc_sock_open(s->token = (uint32_t)now_us);
	int err = fd < 0 ? fd : loop_add(&s->role->loop, &s->lf, fd, EPOLLIN, on_readable);

	s->is_acked = false;
	if (err && fd >= 0)
		proc_sock_close(fd);
	if (err)
		no_events(s, -err);
	else
		timer_arm(&s->role->loop.timers, &s->ack, now_us + ACK_US);
}

/* ------------------------------------------------------------------ counting */

static void count_one(void *arg, uint32_t pid)
{
	struct procs *s = arg;
	struct pid *node;

	if (!match_all(s, s->pids.scratch))
		return;
	node = pids_get(&s->pids, pid);
	memcpy(node->set, s->pids.scratch, s->pids.words * sizeof(uint64_t));
	for (uint32_t i = 0; i < s->n; i++)
		s->at[i]->n += (uint32_t)(node->set[i / 64] >> i % 64 & 1);
}

/* Forgets all and looks at every process there is. */
static void count(struct procs *s)
{
	int64_t begin_us = clock_now_us(), took_us, pace_us = COUNT_ANYWAY_US;
	int err;

	pids_reset(&s->pids, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		s->at[i]->n = 0;
	s->is_fresh = true;
	err = proc_read_all(s->want, &s->seen, count_one, s);
	s->is_blind = err;
	s->counted_us = clock_now_us();
	took_us = s->counted_us - begin_us;
	for (uint32_t i = 0; !err && i < s->n; i++)
		judge(s->at[i], TRACK_SCAN);
	if (err || s->lf.fd < 0)
		pace_us = COUNT_US;
	if (pace_us < took_us * COUNT_SHARE)
		pace_us = took_us * COUNT_SHARE;
	s->pace_us = took_us * COUNT_SHARE > COUNT_US ? took_us * COUNT_SHARE : COUNT_US;
	timer_arm(&s->role->loop.timers, &s->count, s->counted_us + pace_us);
}

static void on_count(struct timer *t, int64_t now_us)
{
	(void)now_us;
	count(container_of(t, struct procs, count));
}

/* ------------------------------------------------------------------ adoption */

static struct proc_tracked *add(struct procs *s, const struct conf_track_process *cf)
{
	struct proc_tracked *p = calloc(1, sizeof(*p));

	BUG_ON(!p);
	tracked_init(&p->t, cf->id);
	p->of = s;
	timer_init(&p->delay, on_delay);
	return p;
}

static void free_one(struct tracked *t)
{
	free(container_of(t, struct proc_tracked, t));
}

static void bury(struct proc_tracked *p)
{
	timer_disarm(&p->of->role->loop.timers, &p->delay);
	p->t.next = p->of->gone;
	p->of->gone = &p->t;
}

static void set_up(struct proc_tracked *p, const struct conf_track_process *cf)
{
	p->cf = cf;
	/* a greatest number of 0: there must be none */
	p->q.min = cf->s.quorum_max ? cf->s.quorum : 0;
	p->q.max = cf->s.quorum_max < UINT16_MAX ? cf->s.quorum_max : UINT32_MAX;
	p->q.fork_us = cf->s.fork_delay_us;
	p->q.exit_us = cf->s.terminate_delay_us;
	p->of->want.comm |= !proc_match_needs_line(&cf->s);
	p->of->want.line |= proc_match_needs_line(&cf->s);
}

/* Those that the new configuration names; was[i]: what the i-th one was, or NULL. */
static void take(struct procs *s, const struct conf *new, struct proc_tracked **was,
		 const bool *used)
{
	s->n = 0;
	s->want = (struct proc_want){ 0 };
	for (uint32_t i = 0; i < new->track_process_n; i++) {
		if (!used[i])
			continue;
		s->at[s->n] = was[i] ? was[i] : add(s, &new->track_process[i]);
		set_up(s->at[s->n++], &new->track_process[i]);
	}
}

/* Processes come behind scripts and files in the map. */
static uint32_t place_of(const struct conf *c, uint32_t id)
{
	uint32_t first = c->track_script_n + c->track_file_n;
	uint32_t i = idmap_find(&c->track_by_id, id);

	return i == IDMAP_NONE || i < first || i - first >= c->track_process_n ? IDMAP_NONE
									       : i - first;
}

void procs_adopt(struct procs *s, const struct conf *new)
{
	size_t n = (size_t) new->track_process_n + 1;
	struct proc_tracked **was = calloc(n, sizeof(struct proc_tracked *));
	bool *used = calloc(n, sizeof(*used));

	BUG_ON(!was || !used);
	tracked_used(new, SCHEMA_track_process, used);
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t k = place_of(new, s->at[i]->t.fact.id);

		if (k != IDMAP_NONE && used[k])
			was[k] = s->at[i];
		else
			bury(s->at[i]);
	}
	s->at = reallocarray(s->at, n, sizeof(struct proc_tracked *));
	BUG_ON(!s->at);
	take(s, new, was, used);
	free(was);
	free(used);
	tracked_reap(&s->gone, false, free_one);
	if (!s->n) {
		procs_end(s);
		return;
	}
	if (s->lf.fd < 0 && !s->is_told)
		begin_events(s);
	count(s);
}

void procs_again(struct procs *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		tracked_again(&s->at[i]->t, s->role->board);
}

/* ------------------------------------------------------------------ life */

struct procs *procs_new(struct role *role)
{
	struct procs *s = calloc(1, sizeof(*s));

	BUG_ON(!s);
	s->role = role;
	s->lf.fd = -1;
	timer_init(&s->gather, on_gather);
	timer_init(&s->ack, on_no_ack);
	timer_init(&s->count, on_count);
	return s;
}

void procs_end(struct procs *s)
{
	struct timer_heap *timers = &s->role->loop.timers;
	int fd = s->lf.fd;

	timer_disarm(timers, &s->gather);
	timer_disarm(timers, &s->ack);
	timer_disarm(timers, &s->count);
	for (uint32_t i = 0; i < s->n; i++)
		timer_disarm(timers, &s->at[i]->delay);
	if (fd < 0)
		return;
	loop_del(&s->role->loop, &s->lf);
	proc_sock_close(fd);
}

void procs_free(struct procs *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		bury(s->at[i]);
	tracked_reap(&s->gone, true, free_one);
	pids_fini(&s->pids);
	free(s->at);
	free(s);
}
