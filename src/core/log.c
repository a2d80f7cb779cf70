/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See log.h. A ring has one producer (its thread) and one consumer (the writer):
 *
 *	  tail            head
 *	...|oldest ... newest|free...      head - tail = records waiting; slots of fixed size
 *
 * head is written by the producer only, tail by the writer only. The list of rings only grows
 * (threads leave theirs for the next thread), so the writer walks it without a lock.
 */
#include "core/log.h"

#include "core/clock.h"
#include "core/log_burst.h"
#include "core/log_out.h"
#include "core/stats.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	RING_N = 256, /* records a thread may have waiting; a power of two */
	STOP_LIMIT_S = 2, /* how long log_stop() waits for a standard error that is stuck */
};

const struct log_row log_rows[LOG_N] = {
#define LOG(sym, lvl, name, m, t)                                                                  \
	[LOG_##sym] = { .id = (name), .means = (m), .todo = (t), .level = LOG_LEVEL_##lvl },
#include "core/log.def"
#undef LOG
};

struct ring {
	struct ring *next; /* frozen once listed */
	atomic_bool is_taken; /* a thread owns it */
	_Alignas(64) atomic_uint head;
	_Alignas(64) atomic_uint tail;
	_Alignas(64) atomic_uint lost_n;
	struct log_burst burst; /* producer */
	struct log_record rec[RING_N];
};

static _Atomic(struct ring *) rings; /* push-only list */
static _Thread_local struct ring *my_ring;

static struct {
	pthread_t thread;
	int event_fd;
	atomic_bool is_stopping;
	sem_t has_ended;
	struct log_out out;
} writer = { .event_fd = -1 };

static struct log_to target = { .has_stderr = true, .facility = LOG_FACILITY_DAEMON };
static atomic_int set_level = 6, own_level = LOG_LEVEL_SET; /* as in syslog(3) */

void log_set_target(const struct log_to *to)
{
	target = *to;
}

void log_set_level(int syslog_level)
{
	atomic_store_explicit(&set_level, syslog_level, memory_order_relaxed);
}

void log_override_level(int syslog_level)
{
	atomic_store_explicit(&own_level, syslog_level, memory_order_relaxed);
}

int log_level(void)
{
	int own = atomic_load_explicit(&own_level, memory_order_relaxed);

	return own != LOG_LEVEL_SET ? own : atomic_load_explicit(&set_level, memory_order_relaxed);
}

static bool is_wanted(enum log_id id)
{
	return log_severity(id) <= log_level();
}

static void wake_writer(void)
{
	uint64_t one = 1;
	ssize_t n = write(writer.event_fd, &one, sizeof(one));

	(void)n; /* EAGAIN: it is awake anyway */
}

int log_thread_enter(void)
{
	bool no = false;

	for (struct ring *r = atomic_load(&rings); r; r = r->next) {
		no = false;
		if (atomic_compare_exchange_strong(&r->is_taken, &no, true)) {
			my_ring = r;
			return 0;
		}
	}

	struct ring *r = aligned_alloc(64, (sizeof(*r) + 63) / 64 * 64);

	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	atomic_store(&r->is_taken, true);
	r->next = atomic_load(&rings);
	while (!atomic_compare_exchange_weak(&rings, &r->next, r))
		;
	my_ring = r;
	return 0;
}

static void record_set(struct log_record *rec, enum log_id id)
{
	(void)clock_gettime(CLOCK_REALTIME, &rec->at);
	rec->id = id;
	rec->text[0] = '\0';
}

__attribute__((format(printf, 3, 0))) static void ring_put(struct ring *r, enum log_id id,
							   const char *fmt, va_list ap)
{
	unsigned head = atomic_load_explicit(&r->head, memory_order_relaxed);
	/* acquire: pairs with the writer's release of tail; the slot is free again */
	unsigned tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head - tail == RING_N) {
		atomic_fetch_add_explicit(&r->lost_n, 1, memory_order_relaxed);
		return;
	}

	struct log_record *rec = &r->rec[head % RING_N];

	record_set(rec, id);
	(void)vsnprintf(rec->text, sizeof(rec->text), fmt, ap);
	/* The writer stores tail, then looks at head, then sleeps; this thread stores head, then looks
	 * at tail: in one order for both (seq_cst), one of the two sees the other. */
	atomic_store(&r->head, head + 1);
	if (atomic_load(&r->tail) == head)
		wake_writer();
}

__attribute__((format(printf, 3, 4))) static void ring_printf(struct ring *r, enum log_id id,
							      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ring_put(r, id, fmt, ap);
	va_end(ap);
}

/* One line for each kind of event of which some were held back. */
static void tell_held(struct ring *r)
{
	enum log_id id = (enum log_id)0;
	uint32_t n;

	while ((n = log_burst_take(&r->burst, &id)))
		if (is_wanted(LOG_LOG_MORE))
			ring_printf(r, LOG_LOG_MORE, "id=%s count=%u", log_rows[id].id, n);
}

void log_flush_held(void)
{
	if (my_ring && log_burst_is_due(&my_ring->burst, clock_now_us()))
		tell_held(my_ring);
}

/* No thread of roles yet, or none any more. */
static void put_here(enum log_id id, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void put_here(enum log_id id, const char *fmt, va_list ap)
{
	struct log_record rec;
	char line[LOG_TEXT_LEN];

	record_set(&rec, id);
	(void)vsnprintf(rec.text, sizeof(rec.text), fmt, ap);
	log_text_clean(rec.text);
	(void)log_text_line(line, sizeof(line), &rec);
	(void)fputs(line, stderr);
}

void log_event(enum log_id id, const char *fmt, ...)
{
	va_list ap;

	if (!is_wanted(id))
		return;
	va_start(ap, fmt);
	if (!my_ring) {
		put_here(id, fmt, ap);
	} else {
		int64_t now_us = clock_now_us();

		if (log_burst_is_due(&my_ring->burst, now_us))
			tell_held(my_ring);
		if (log_burst_may_pass(&my_ring->burst, id, now_us))
			ring_put(my_ring, id, fmt, ap);
	}
	va_end(ap);
}

void log_thread_leave(void)
{
	if (!my_ring)
		return;
	tell_held(my_ring);
	atomic_store(&my_ring->is_taken, false);
	my_ring = NULL;
}

/* Cleaned here: no producer has the time. */
static void write_record(struct log_record *rec)
{
	log_text_clean(rec->text);
	if (!log_out_put(&writer.out, rec))
		stats_add(STAT_LOG_LOST, 1);
}

static bool is_older(const struct log_record *a, const struct log_record *b)
{
	if (a->at.tv_sec != b->at.tv_sec)
		return a->at.tv_sec < b->at.tv_sec;
	return a->at.tv_nsec < b->at.tv_nsec;
}

/* The ring whose next record is the oldest of all; NULL when all are empty. */
static struct ring *oldest_ring(void)
{
	struct ring *best = NULL;

	for (struct ring *r = atomic_load(&rings); r; r = r->next) {
		unsigned tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

		/* seq_cst: see ring_put() */
		if (atomic_load(&r->head) == tail)
			continue;
		if (!best ||
		    is_older(&r->rec[tail % RING_N],
			     &best->rec[atomic_load_explicit(&best->tail, memory_order_relaxed) %
					RING_N]))
			best = r;
	}
	return best;
}

static void count_lost(unsigned n)
{
	log_out_lost(&writer.out, n);
	stats_add(STAT_LOG_LOST, n);
}

static void drain(void)
{
	struct ring *r;

	while ((r = oldest_ring())) {
		unsigned tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

		write_record(&r->rec[tail % RING_N]);
		/* the slot is read before the producer fills it again; seq_cst: see ring_put() */
		atomic_store(&r->tail, tail + 1);
	}
	for (r = atomic_load(&rings); r; r = r->next)
		count_lost(atomic_exchange_explicit(&r->lost_n, 0, memory_order_relaxed));
	if (is_wanted(LOG_LOG_LOST))
		log_out_tell_lost(&writer.out);
}

static void *writer_main(void *arg)
{
	(void)arg;
	(void)pthread_setname_np(pthread_self(), "vipd-log");
	(void)stats_thread_enter(); /* without one, nothing is counted */
	while (!atomic_load(&writer.is_stopping)) {
		uint64_t junk;
		ssize_t n = read(writer.event_fd, &junk, sizeof(junk)); /* blocks */

		(void)n;
		drain();
	}
	drain();
	(void)sem_post(&writer.has_ended);
	return NULL;
}

int log_start(void)
{
	sigset_t all, old;

	writer.event_fd = eventfd(0, EFD_CLOEXEC);
	if (writer.event_fd < 0)
		return -errno;
	log_out_init(&writer.out, &target, NULL, NULL);
	(void)sem_init(&writer.has_ended, 0, 0);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);

	int err = pthread_create(&writer.thread, NULL, writer_main, NULL);

	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		err = -log_thread_enter();
	return -err;
}

/* False: standard error has been stuck for too long. */
static bool writer_has_ended(void)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_LIMIT_S;
	while (sem_clockwait(&writer.has_ended, CLOCK_MONOTONIC, &until))
		if (errno != EINTR)
			return false;
	return true;
}

/* False: a thread that did not end may still write into its ring. */
static bool all_left(void)
{
	for (struct ring *r = atomic_load(&rings); r; r = r->next)
		if (atomic_load(&r->is_taken))
			return false;
	return true;
}

void log_stop(void)
{
	struct ring *next;

	log_thread_leave();
	atomic_store(&writer.is_stopping, true);
	wake_writer();
	if (!writer_has_ended() || !all_left())
		return; /* one hangs in write(), another in its work: the end of the process ends them */
	(void)pthread_join(writer.thread, NULL);
	log_out_fini(&writer.out);
	(void)sem_destroy(&writer.has_ended);
	(void)close(writer.event_fd);
	writer.event_fd = -1;
	for (struct ring *r = atomic_exchange(&rings, NULL); r; r = next) {
		next = r->next;
		free(r);
	}
	atomic_store(&writer.is_stopping, false);
}
