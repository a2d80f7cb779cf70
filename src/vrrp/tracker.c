/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tracker.h. Here: the role, and files; scripts are in script.c,
 * processes in procs.c.
 *
 * The folder of each file is watched (inotify), so that a file may be written anew, moved
 * into its place, or not be there yet. A folder that is not there is looked for every second.
 *
 * Results are told again a second after a configuration was adopted: the VRRP role may take a little longer
 * to adopt it, and drops what it does not know yet. What it knows already does nothing there.
 *
 * A file's fact lies in the object that has its id; one that is gone from the configuration is kept until
 * its facts have left the boxes of the other roles.
 */
#include "vrrp/tracker.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "vrrp/procs.h"
#include "vrrp/script.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	TEXT_LEN = 128, /* of a file; the number is at its beginning */
	EVENTS_LEN = 8 * 1024,
	AGAIN_US = 10000000, /* from one time that all results are told again to the next */
	RETRY_US = 1000000, /* until a folder that is not there is looked for again */
	WATCH = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |
		IN_MOVE_SELF | IN_ONLYDIR,
};

struct tracked_file {
	struct fact fact; /* to the VRRP role */
	struct fact *to_check; /* to each worker of the check role */
	uint32_t id;
	char *path;
	const char *name; /* its last part */
	int watch; /* of its folder; -1: none */
	bool is_kept; /* it is in the configuration that is adopted now */
	struct tracked_file *next;
};

struct tracker {
	struct role role;
	struct loop_fd notify;
	struct timer retry;
	struct tracked_file *file, *gone;
	struct scripts_tracked *scripts;
	struct procs *procs;
	bool has_begun; /* files are made at the first start only */
};

static struct tracker *of_role(struct role *r)
{
	return container_of(r, struct tracker, role);
}

int tracker_number(const char *text, int32_t *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 0);
	if (errno == ERANGE || n < INT32_MIN || n > INT32_MAX)
		return -ERANGE;
	*value = end == text ? 0 : (int32_t)n;
	return 0;
}

/* ------------------------------------------------------------------ one file */

/* What this machine lacks says nothing of the file. */
static bool is_local(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM;
}

/* A file that is not there or can't be read counts as 0. False: it could not be looked at. */
static bool read_text(const char *path, char text[static TEXT_LEN])
{
	/* whatever it is, it must not keep us waiting */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 0;

	if (fd < 0 && is_local(errno))
		return false;
	if (fd >= 0)
		n = read(fd, text, TEXT_LEN - 1);
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return true;
}

/* Reads it and tells its number. */
static void look(struct tracker *t, struct tracked_file *f)
{
	struct track_state s = { .is_known = true };
	char text[TEXT_LEN];

	if (!read_text(f->path, text)) {
		timer_arm(&t->role.loop.timers, &t->retry, clock_now_us() + RETRY_US);
		return;
	}
	if (tracker_number(text, &s.value)) {
		log_event(LOG_TRACK_FILE, "file=%s error=\"%s\"", f->path, strerrordesc_np(ERANGE));
		return;
	}
	fact_post(t->role.board->vrrp, &f->fact, track_pack(s));
	for (unsigned i = 0; i < t->role.board->check_n; i++)
		fact_post(t->role.board->check[i], &f->to_check[i], track_pack(s));
}

static void watch(struct tracker *t, struct tracked_file *f)
{
	size_t len = (size_t)(f->name - f->path);
	char *folder = strndup(f->path, len ? len : 1);

	BUG_ON(!folder);
	f->watch = inotify_add_watch(t->notify.fd, len ? folder : ".", WATCH);
	free(folder);
	if (f->watch < 0)
		timer_arm(&t->role.loop.timers, &t->retry, clock_now_us() + RETRY_US);
}

static void on_retry(struct timer *timer, int64_t now_us)
{
	struct tracker *t = container_of(timer, struct tracker, retry);

	for (struct tracked_file *f = t->file; f; f = f->next) {
		if (f->watch < 0)
			watch(t, f);
		look(t, f);
	}
	script_again(t->scripts);
	procs_again(t->procs);
	/* others adopt in their own time and drop what they do not know yet */
	timer_arm(&t->role.loop.timers, &t->retry, now_us + AGAIN_US);
}

/* ------------------------------------------------------------------ events */

static void on_event(struct tracker *t, const struct inotify_event *e)
{
	bool is_lost = e->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF);

	for (struct tracked_file *f = t->file; f; f = f->next) {
		if (f->watch == e->wd && is_lost) {
			f->watch = -1;
			timer_arm(&t->role.loop.timers, &t->retry, clock_now_us() + RETRY_US);
		}
		/* with too many events at once, any may have changed */
		if ((e->mask & IN_Q_OVERFLOW) ||
		    (f->watch == e->wd && e->len && !strcmp(e->name, f->name)))
			look(t, f);
	}
}

static void on_readable(struct loop_fd *lf, uint32_t events)
{
	struct tracker *t = container_of(lf, struct tracker, notify);
	_Alignas(struct inotify_event) char buf[EVENTS_LEN];
	ssize_t n = read(lf->fd, buf, sizeof(buf));

	(void)events;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);

		on_event(t, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
}

/* ------------------------------------------------------------------ adoption */

/* init_file: at the start of vipd, not at a reload. */
static void make_file(const struct fields_track_file *s)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	int fd;

	if (s->init == INIT_FILE_NO)
		return;
	fd = open(s->path, flags | (s->init == INIT_FILE_OVERWRITE ? O_TRUNC : O_EXCL), 0644);
	if (fd < 0 || dprintf(fd, "%d\n", s->init_value) < 0) {
		if (errno != EEXIST)
			log_event(LOG_TRACK_FILE, "file=%s error=\"%s\"", s->path,
				  strerrordesc_np(errno));
	}
	if (fd >= 0)
		(void)close(fd);
}

static struct tracked_file *find(struct tracker *t, uint32_t id)
{
	struct tracked_file *f = t->file;

	while (f && f->id != id)
		f = f->next;
	return f;
}

static void add(struct tracker *t, const struct conf_track_file *cf)
{
	struct tracked_file *f = calloc(1, sizeof(*f));
	const char *slash;

	BUG_ON(!f);
	f->path = strdup(cf->s.path);
	BUG_ON(!f->path);
	slash = strrchr(f->path, '/');
	f->name = slash ? slash + 1 : f->path;
	f->id = cf->id.v;
	f->is_kept = true;
	f->watch = -1;
	fact_init(&f->fact, MSG_TRACK, f->id);
	f->to_check = calloc(t->role.board->check_n + 1, sizeof(*f->to_check));
	BUG_ON(!f->to_check);
	for (unsigned i = 0; i < t->role.board->check_n; i++)
		fact_init(&f->to_check[i], MSG_TRACK, f->id);
	f->next = t->file;
	t->file = f;
	watch(t, f);
	look(t, f);
}

static void free_file(struct tracked_file *f)
{
	free(f->to_check);
	free(f->path);
	free(f);
}

static bool is_idle(const struct tracker *t, const struct tracked_file *f)
{
	for (unsigned i = 0; i < t->role.board->check_n; i++)
		if (!fact_is_idle(&f->to_check[i]))
			return false;
	return fact_is_idle(&f->fact);
}

static void reap(struct tracker *t)
{
	struct tracked_file **at = &t->gone;

	while (*at) {
		struct tracked_file *f = *at;

		if (!is_idle(t, f)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		free_file(f);
	}
}

/* Moves what is not in the configuration any more to those that are gone. */
static void drop_others(struct tracker *t)
{
	struct tracked_file **at = &t->file;

	while (*at) {
		struct tracked_file *f = *at;

		if (f->is_kept) {
			f->is_kept = false;
			at = &f->next;
			continue;
		}
		*at = f->next;
		f->next = t->gone;
		t->gone = f;
	}
}

/* One of the same name with another path is another one. Watches of folders that nobody needs any more stay
 * until the end: they cost nothing but now and then an event. */
static void adopt(struct role *r, const struct conf *old, const struct conf *new)
{
	struct tracker *t = of_role(r);

	(void)old;
	for (uint32_t i = 0; i < new->track_file_n; i++) {
		const struct conf_track_file *cf = &new->track_file[i];
		struct tracked_file *f = find(t, cf->id.v);

		if (!t->has_begun)
			make_file(&cf->s);
		if (f && !strcmp(f->path, cf->s.path))
			f->is_kept = true;
		else
			add(t, cf);
	}
	t->has_begun = true;
	timer_arm(&r->loop.timers, &t->retry, clock_now_us() + RETRY_US);
	drop_others(t);
	reap(t);
	script_adopt(t->scripts, new);
	procs_adopt(t->procs, new);
}

/* ------------------------------------------------------------------ role */

static int init(struct role *r)
{
	struct tracker *t = of_role(r);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = loop_add(&r->loop, &t->notify, fd, EPOLLIN, on_readable);
	if (err)
		(void)close(fd);
	else
		script_begin(t->scripts);
	return err;
}

static void take_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	(void)r;
	(void)type;
	(void)id;
	(void)value;
}

static void fini(struct role *r)
{
	struct tracker *t = of_role(r);
	int fd = t->notify.fd;

	timer_disarm(&r->loop.timers, &t->retry);
	script_end(t->scripts);
	procs_end(t->procs);
	if (fd < 0)
		return;
	loop_del(&r->loop, &t->notify);
	(void)close(fd);
}

static const struct role_ops ops = {
	.init = init,
	.adopt = adopt,
	.fact = take_fact,
	.fini = fini,
};

struct tracker *tracker_new(struct board *board)
{
	struct tracker *t = calloc(1, sizeof(*t));

	BUG_ON(!t);
	t->role.name = "vipd-track";
	t->role.id = ROLE_TRACKER;
	t->role.ops = &ops;
	t->role.board = board;
	t->notify.fd = -1;
	timer_init(&t->retry, on_retry);
	t->scripts = script_new(&t->role);
	t->procs = procs_new(&t->role);
	return t;
}

struct role *tracker_role(struct tracker *t)
{
	return &t->role;
}

struct spawn_client *tracker_spawn(struct tracker *t)
{
	return script_client(t->scripts);
}

static void free_list(struct tracked_file *f)
{
	while (f) {
		struct tracked_file *next = f->next;

		free_file(f);
		f = next;
	}
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	free_list(t->file);
	free_list(t->gone);
	script_free(t->scripts);
	procs_free(t->procs);
	free(t);
}
