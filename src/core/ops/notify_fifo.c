/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_fifo.h.
 */
#include "core/ops/notify_fifo.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIFO_MODE = 0644 };

_Static_assert(SAY_LINE_LEN <= 4096, "PIPE_BUF: a line is written whole or not at all");

struct fifo {
	struct fifo *next;
	struct notify_fifos *all;
	char *path;
	struct loop_fd lf; /* in the loop while lines wait */
	int fd;
	uint8_t kinds; /* enum say_fifo: of whose lines it gets all */
	bool is_json; /* it gets every event as JSON, and no line */
	bool is_ours; /* made by us: taken away at the end */
	bool is_wanted; /* by the configuration that is being adopted */
	bool is_full_told;
	uint64_t tried_gen; /* of the configuration that had it opened, or tried to */
	char *queue; /* FIFO_QUEUE_LEN bytes, from the first line on; NULL: nothing waits */
	uint32_t at, len; /* in the queue: the first byte that waits, the end */

	/* its reader */
	const struct conf *conf; /* holds a reference, while there is a reader */
	const struct conf_script *script; /* NULL: none */
	struct timer restart;
	int64_t delay_us; /* of the next start, after the end */
	int64_t start_us; /* when it was started last; 0: never */
	uint32_t run_id; /* 0: does not run */
};

/* ------------------------------------------------------------------ lines */

static void drop(struct fifo *f)
{
	stats_add(STAT_FIFO_DROPPED, 1);
	if (!f->is_full_told)
		log_event(LOG_FIFO_FULL, "path=%s", f->path);
	f->is_full_told = true;
}

/* 0: written. -EAGAIN: the pipe is full. */
static int write_line(const struct fifo *f, const char *line, size_t len)
{
	ssize_t n;

	do
		n = write(f->fd, line, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	stats_add(STAT_FIFO_LINES, 1);
	return 0;
}

static size_t line_len(const char *from, size_t len)
{
	const char *end = memchr(from, '\n', len);

	return end ? (size_t)(end - from) + 1 : len;
}

/* Writes what waits, line by line. */
static void flush(struct fifo *f)
{
	while (f->at < f->len) {
		size_t len = line_len(f->queue + f->at, f->len - f->at);

		if (write_line(f, f->queue + f->at, len) == -EAGAIN)
			return;
		f->at += (uint32_t)len;
	}
	free(f->queue);
	f->queue = NULL;
	f->at = f->len = 0;
	f->is_full_told = false;
	loop_del(f->all->loop, &f->lf);
}

static void on_writable(struct loop_fd *lf, uint32_t events)
{
	(void)events;
	flush(container_of(lf, struct fifo, lf));
}

static void enqueue(struct fifo *f, const char *line, size_t len)
{
	if (!f->queue) {
		f->queue = malloc(FIFO_QUEUE_LEN);
		BUG_ON(!f->queue);
		if (loop_add(f->all->loop, &f->lf, f->fd, EPOLLOUT, on_writable)) {
			free(f->queue);
			f->queue = NULL;
			drop(f);
			return;
		}
	}
	if (f->len + len > FIFO_QUEUE_LEN && f->at) {
		memmove(f->queue, f->queue + f->at, f->len - f->at);
		f->len -= f->at;
		f->at = 0;
	}
	if (f->len + len > FIFO_QUEUE_LEN) {
		drop(f);
		return;
	}
	memcpy(f->queue + f->len, line, len);
	f->len += (uint32_t)len;
}

static void put(struct fifo *f, const char *line, size_t len)
{
	if (f->fd < 0)
		return;
	if (f->queue || write_line(f, line, len) == -EAGAIN)
		enqueue(f, line, len);
}

void notify_fifo_say(struct notify_fifos *all, const struct say *s)
{
	size_t len = strlen(s->line);

	if (!len)
		return;
	for (struct fifo *f = all->fifo; f; f = f->next)
		if (!f->is_json &&
		    (f->kinds & s->fifos || (s->fifo && !strcmp(s->fifo->s.path, f->path))))
			put(f, s->line, len);
}

void notify_fifo_json(struct notify_fifos *all, const struct past_entry *e, uint8_t kinds)
{
	char *line = NULL;

	for (struct fifo *f = all->fifo; f; f = f->next) {
		if (!f->is_json || !(f->kinds & kinds))
			continue;
		line = line ? line : past_json(e);
		put(f, line, strlen(line));
	}
	free(line);
}

/* ------------------------------------------------------------------ readers */

int64_t notify_fifo_delay_us(int64_t last_us, int64_t lived_us)
{
	if (!last_us || lived_us >= FIFO_READER_MAX_US)
		return FIFO_READER_MIN_US;
	return last_us * 2 < FIFO_READER_MAX_US ? last_us * 2 : FIFO_READER_MAX_US;
}

static void start_later(struct fifo *f)
{
	int64_t now_us = clock_now_us();

	f->delay_us = notify_fifo_delay_us(f->delay_us, f->start_us ? now_us - f->start_us : 0);
	f->start_us = 0;
	f->run_id = 0;
	timer_arm(&f->all->loop->timers, &f->restart, now_us + f->delay_us);
}

static void start_reader(struct fifo *f)
{
	const struct conf_strs *command = &f->script->s.command;
	struct spawn_ask ask = { .kind = SPAWN_RUN_STAY,
				 .id = ++f->all->last_id,
				 .uid = f->script->account.uid,
				 .gid = f->script->account.gid,
				 .user = f->script->account.groups_of };
	int err = -E2BIG;

	if (command->n < SPAWN_ARGS_N) {
		for (uint32_t i = 0; i < command->n; i++)
			ask.argv[ask.argc++] = command->v[i];
		ask.argv[ask.argc++] = f->path;
		err = spawn_ask(&f->all->client, &ask);
	}
	if (!err) {
		f->run_id = ask.id;
		f->start_us = clock_now_us();
		return;
	}
	log_event(LOG_FIFO_READER, "path=%s script=%s error=\"%s\"", f->path, command->v[0],
		  strerrordesc_np(-err));
	start_later(f);
}

static void on_restart(struct timer *t, int64_t now_us)
{
	(void)now_us;
	start_reader(container_of(t, struct fifo, restart));
}

/* A reader that is to end anyway. */
static bool is_over(struct notify_fifos *all, struct fifo *f)
{
	if (all->is_ending)
		f->run_id = 0;
	return all->is_ending;
}

static void on_reader_end(void *arg, const struct spawn_result *res)
{
	struct notify_fifos *all = arg;

	for (struct fifo *f = all->fifo; f; f = f->next) {
		if (!f->run_id || f->run_id != res->id || is_over(all, f))
			continue;
		start_later(f);
		log_event(LOG_FIFO_READER, "path=%s script=%s %s=%d again_s=%lld", f->path,
			  f->script->s.command.v[0],
			  res->how == SPAWN_EXITED   ? "status"
			  : res->how == SPAWN_KILLED ? "signal"
						     : "errno",
			  res->status, (long long)(f->delay_us / SEC(1)));
	}
}

/* The helper has died, and the readers with it. */
static void on_lost(void *arg)
{
	struct notify_fifos *all = arg;

	for (struct fifo *f = all->fifo; f; f = f->next)
		if (f->run_id && !is_over(all, f))
			start_later(f);
}

static void end_reader(struct fifo *f)
{
	struct spawn_ask ask = { .kind = SPAWN_CANCEL, .id = f->run_id };

	if (f->run_id)
		(void)spawn_ask(&f->all->client, &ask);
	timer_disarm(&f->all->loop->timers, &f->restart);
	if (f->conf)
		conf_drop(f->conf);
	f->conf = NULL;
	f->script = NULL;
	f->run_id = 0;
}

static bool is_same_script(const struct conf_script *a, const struct conf_script *b)
{
	const struct conf_strs *ca = &a->s.command, *cb = &b->s.command;

	if (ca->n != cb->n || a->account.uid != b->account.uid ||
	    a->account.gid != b->account.gid ||
	    strcmp(a->account.groups_of, b->account.groups_of) != 0)
		return false;
	for (uint32_t i = 0; i < ca->n; i++)
		if (strcmp(ca->v[i], cb->v[i]) != 0)
			return false;
	return true;
}

/* script: NULL = none. */
static void set_reader(struct fifo *f, const struct conf *c, const struct conf_script *script)
{
	bool stays = f->script && script && is_same_script(f->script, script);

	if (!stays)
		end_reader(f);
	if (!script)
		return;
	conf_hold_again(c);
	if (f->conf)
		conf_drop(f->conf);
	f->conf = c;
	f->script = script;
	if (stays)
		return;
	f->delay_us = 0;
	start_reader(f);
}

/* ------------------------------------------------------------------ the FIFOs */

/* Makes it if it is not there, and opens it: no other kind, and not by a link, since it may lie where
 * others write. */
static int make_and_open(struct fifo *f)
{
	int err = mkfifo(f->path, FIFO_MODE) ? -errno : 0;

	f->is_ours = !err;
	if (err && err != -EEXIST)
		return err;
	f->fd = open(f->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	return f->fd < 0 ? -errno : 0;
}

/* One that is left from a run that did not end well may belong to another user, and then even root needs
 * a capability that vipd does not have: it is made anew. */
static int open_or_renew(struct fifo *f)
{
	int err = make_and_open(f);
	struct stat st;

	if (err != -EACCES || lstat(f->path, &st) || !S_ISFIFO(st.st_mode) || unlink(f->path))
		return err;
	return make_and_open(f);
}

static int make(struct fifo *f, const struct conf_fifo *cf)
{
	int err = open_or_renew(f);
	struct stat st;

	if (err)
		return err;
	if (fstat(f->fd, &st))
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EEXIST;
	/* whatever the umask is */
	if (f->is_ours && fchmod(f->fd, FIFO_MODE))
		log_event(LOG_FIFO_FAIL, "op=chmod path=%s error=\"%s\"", f->path,
			  strerrordesc_np(errno));
	if ((st.st_uid != cf->account.uid || st.st_gid != cf->account.gid) &&
	    fchown(f->fd, cf->account.uid, cf->account.gid))
		log_event(LOG_FIFO_FAIL, "op=chown path=%s error=\"%s\"", f->path,
			  strerrordesc_np(errno));
	return 0;
}

static void open_fifo(struct fifo *f, const struct conf *c, const struct conf_fifo *cf)
{
	int err = make(f, cf);

	f->tried_gen = c->gen;
	if (!err)
		return;
	log_event(LOG_FIFO_FAIL, "op=open path=%s error=\"%s\"", f->path, strerrordesc_np(-err));
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}

static struct fifo *new_fifo(struct notify_fifos *all, const struct conf_fifo *cf)
{
	struct fifo *f = calloc(1, sizeof(*f));

	BUG_ON(!f);
	f->all = all;
	f->path = strdup(cf->s.path);
	BUG_ON(!f->path);
	f->fd = f->lf.fd = -1;
	timer_init(&f->restart, on_restart);
	f->next = all->fifo;
	all->fifo = f;
	f->is_json = cf->s.format == FIFO_JSON;
	return f;
}

/* Its reader gets what there is, and then the end of the file. */
static void close_fifo(struct fifo *f)
{
	if (f->fd < 0)
		return;
	flush(f);
	loop_del(f->all->loop, &f->lf);
	(void)close(f->fd);
	f->fd = -1;
}

static void free_fifo(struct fifo *f)
{
	end_reader(f);
	close_fifo(f);
	if (f->is_ours)
		(void)unlink(f->path);
	free(f->queue);
	free(f->path);
	free(f);
}

/* Each configuration has one try to open it. */
static struct fifo *get_fifo(struct notify_fifos *all, const struct conf *c,
			     const struct conf_fifo *cf)
{
	struct fifo *f = all->fifo;

	while (f && strcmp(f->path, cf->s.path) != 0)
		f = f->next;
	if (!f)
		f = new_fifo(all, cf);
	if (f->fd < 0 && f->tried_gen != c->gen)
		open_fifo(f, c, cf);
	return f;
}

static void set_reader_of(struct fifo *f, const struct conf *c, const struct conf_fifo *cf)
{
	set_reader(f, c, cf->s.script.n ? &c->script[cf->s.script.first] : NULL);
}

/* kinds 0: only what is said to it by name. */
typedef void want_fn(struct notify_fifos *all, const struct conf *c, const struct conf_fifo *cf,
		     uint8_t kinds);

/* What is new is there, what was there gets no less. */
static void want_more(struct notify_fifos *all, const struct conf *c, const struct conf_fifo *cf,
		      uint8_t kinds)
{
	struct fifo *f = get_fifo(all, c, cf);

	f->kinds |= kinds;
	if (f->fd >= 0 && cf->s.script.n && !f->script)
		set_reader_of(f, c, cf);
}

static void want_just(struct notify_fifos *all, const struct conf *c, const struct conf_fifo *cf,
		      uint8_t kinds)
{
	struct fifo *f = get_fifo(all, c, cf);

	f->is_json = cf->s.format == FIFO_JSON;
	f->kinds = f->is_wanted ? f->kinds | kinds : kinds;
	if (f->fd >= 0 && (cf->s.script.n || !f->is_wanted))
		set_reader_of(f, c, cf);
	f->is_wanted = true;
}

static void want_all(struct notify_fifos *all, const struct conf *c, want_fn *want)
{
	const struct fields_global *g = &c->global.s;

	if (g->notify_fifo.n)
		want(all, c, &c->fifo[g->notify_fifo.first], SAY_VRRP | SAY_LVS);
	if (g->vrrp_notify_fifo.n)
		want(all, c, &c->fifo[g->vrrp_notify_fifo.first], SAY_VRRP);
	if (g->lvs_notify_fifo.n)
		want(all, c, &c->fifo[g->lvs_notify_fifo.first], SAY_LVS);
	for (uint32_t i = 0; i < c->vrrp_n; i++)
		if (c->vrrp[i].s.notify_fifo.n)
			want(all, c, &c->fifo[c->vrrp[i].s.notify_fifo.first], 0);
}

void notify_fifo_prepare(struct notify_fifos *all, const struct conf *c)
{
	want_all(all, c, want_more);
}

void notify_fifo_adopt(struct notify_fifos *all, const struct conf *c)
{
	for (struct fifo *f = all->fifo; f; f = f->next)
		f->is_wanted = false;
	want_all(all, c, want_just);
	for (struct fifo **at = &all->fifo; *at;) {
		struct fifo *f = *at;

		if (f->is_wanted) {
			at = &f->next;
		} else {
			*at = f->next;
			free_fifo(f);
		}
	}
}

void notify_fifo_init(struct notify_fifos *all, struct loop *loop)
{
	all->loop = loop;
	all->client.lost = on_lost;
	(void)spawn_client_listen(&all->client, loop, on_reader_end, all);
}

static bool has_reader(const struct notify_fifos *all)
{
	for (const struct fifo *f = all->fifo; f; f = f->next)
		if (f->run_id)
			return true;
	return false;
}

void notify_fifo_fini(struct notify_fifos *all)
{
	int64_t until_us = clock_now_us() + FIFO_LAST_US;

	all->is_ending = true;
	for (struct fifo *f = all->fifo; f; f = f->next)
		close_fifo(f);
	while (has_reader(all) && clock_now_us() < until_us) {
		loop_wait(all->loop, MS(50));
		loop_run(all->loop);
	}
	while (all->fifo) {
		struct fifo *f = all->fifo;

		all->fifo = f->next;
		free_fifo(f);
	}
	spawn_client_close(&all->client, all->loop);
}
