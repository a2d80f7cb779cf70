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

static const char *const level_name[] = {
	[LOG_LEVEL_ERR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

struct record {
	struct timespec at; /* wall clock: for people, never for decisions */
	enum log_id id;
	char text[LOG_LINE_LEN];
};

/* How often an event came in the running second; owned by the producer. */
struct burst {
	uint32_t n, held_n;
};

struct ring {
	struct ring *next; /* frozen once listed */
	atomic_bool is_taken; /* a thread owns it */
	_Alignas(64) atomic_uint head;
	_Alignas(64) atomic_uint tail;
	_Alignas(64) atomic_uint lost_n;
	int64_t second_at_us; /* producer: start of the running second */
	uint32_t held_total; /* producer: sum of burst[].held_n */
	struct burst burst[LOG_N];
	struct record rec[RING_N];
};

static _Atomic(struct ring *) rings; /* push-only list */
static _Thread_local struct ring *my_ring;

static struct {
	pthread_t thread;
	int event_fd;
	atomic_bool is_stopping;
	sem_t has_ended;
} writer = { .event_fd = -1 };

static atomic_int set_level = LOG_LEVEL_DEBUG, own_level = LOG_LEVEL_SET;

void log_set_level(int level)
{
	atomic_store_explicit(&set_level, level, memory_order_relaxed);
}

void log_override_level(int level)
{
	atomic_store_explicit(&own_level, level, memory_order_relaxed);
}

int log_level(void)
{
	int own = atomic_load_explicit(&own_level, memory_order_relaxed);

	return own != LOG_LEVEL_SET ? own : atomic_load_explicit(&set_level, memory_order_relaxed);
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

void log_thread_leave(void)
{
	if (!my_ring)
		return;
	my_ring->second_at_us = 0;
	log_flush_held();
	atomic_store(&my_ring->is_taken, false);
	my_ring = NULL;
}

static int format_line(char *buf, size_t len, const struct record *rec)
{
	struct tm tm;
	char when[32];

	(void)gmtime_r(&rec->at.tv_sec, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);

	int n = snprintf(buf, len, "%s.%06ldZ %s %s%s%s\n", when, rec->at.tv_nsec / 1000,
			 level_name[log_rows[rec->id].level], log_rows[rec->id].id,
			 rec->text[0] ? " " : "", rec->text);

	return n < (int)len ? n : (int)len - 1;
}

static void record_set(struct record *rec, enum log_id id)
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

	struct record *rec = &r->rec[head % RING_N];

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

void log_flush_held(void)
{
	struct ring *r = my_ring;

	if (!r || !r->second_at_us || clock_now_us() - r->second_at_us < SEC(1)) {
		if (!r || r->second_at_us || !r->held_total)
			return;
	}
	for (unsigned id = 0; r->held_total && id < LOG_N; id++)
		if (r->burst[id].held_n)
			ring_printf(r, LOG_LOG_MORE, "id=%s count=%u", log_rows[id].id,
				    r->burst[id].held_n);
	r->held_total = 0;
	r->second_at_us = 0;
	memset(r->burst, 0, sizeof(r->burst));
}

/* True when this event may be written now; else it is counted. Errors are never held back. */
static bool may_pass(struct ring *r, enum log_id id)
{
	log_flush_held();
	if (!r->second_at_us)
		r->second_at_us = clock_now_us();
	if (r->burst[id].n++ < LOG_BURST_N || log_rows[id].level == LOG_LEVEL_ERR)
		return true;
	r->burst[id].held_n++;
	r->held_total++;
	return false;
}

void log_event(enum log_id id, const char *fmt, ...)
{
	va_list ap;

	if ((int)log_rows[id].level > log_level())
		return;
	va_start(ap, fmt);
	if (my_ring) {
		if (may_pass(my_ring, id))
			ring_put(my_ring, id, fmt, ap);
	} else {
		struct record rec;
		char line[LOG_LINE_LEN + 128];

		record_set(&rec, id);
		(void)vsnprintf(rec.text, sizeof(rec.text), fmt, ap);
		(void)format_line(line, sizeof(line), &rec);
		(void)fputs(line, stderr);
	}
	va_end(ap);
}

/* Blocks as long as standard error does: this thread is there for that. */
static void write_all(const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* a closed or full standard error: nowhere to tell it */
		buf += n;
		len -= (size_t)n;
	}
}

static void write_record(const struct record *rec)
{
	char line[LOG_LINE_LEN + 128];
	int n = format_line(line, sizeof(line), rec);

	write_all(line, (size_t)n);
}

static bool is_older(const struct record *a, const struct record *b)
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

static void drain(void)
{
	struct ring *r;

	while ((r = oldest_ring())) {
		unsigned tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

		write_record(&r->rec[tail % RING_N]);
		/* the slot is read before the producer fills it again; seq_cst: see ring_put() */
		atomic_store(&r->tail, tail + 1);
	}
	for (r = atomic_load(&rings); r; r = r->next) {
		unsigned n = atomic_exchange_explicit(&r->lost_n, 0, memory_order_relaxed);
		struct record rec;

		if (!n)
			continue;
		record_set(&rec, LOG_LOG_LOST);
		(void)snprintf(rec.text, sizeof(rec.text), "count=%u", n);
		write_record(&rec);
	}
}

static void *writer_main(void *arg)
{
	(void)arg;
	(void)pthread_setname_np(pthread_self(), "vipd-log");
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
	(void)sem_destroy(&writer.has_ended);
	(void)close(writer.event_fd);
	writer.event_fd = -1;
	for (struct ring *r = atomic_exchange(&rings, NULL); r; r = next) {
		next = r->next;
		free(r);
	}
	atomic_store(&writer.is_stopping, false);
}
