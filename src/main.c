/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The composition root: start order, signals, reload, stop. The only file that knows every
 * folder, and the only thread that publishes a configuration.
 *
 * Start: reflector, ipvs and checks first; VRRP last, when every server has had its first check, so that no address comes
 * before what answers behind it. Stop: VRRP first (it resigns), then the addresses, then the checks, the table last, so that
 * traffic has moved to the other router before this one forgets where it belongs.
 */
#include "check/check.h"
#include "check/kit.h"
#include "check/results.h"
#include "check/sched.h"
#include "core/bug.h"
#include "core/clock.h"
#include "core/conf/conf_mark.h"
#include "core/conf/conf_share.h"
#include "core/conf/conf_suspend.h"
#include "core/log.h"
#include "core/ops/admin.h"
#include "core/ops/control.h"
#include "core/ops/control_verbs.h"
#include "core/ops/counter_desk.h"
#include "core/ops/fds.h"
#include "core/ops/giveway.h"
#include "core/ops/hook.h"
#include "core/ops/httpd_paths.h"
#include "core/ops/memory.h"
#include "core/ops/notify.h"
#include "core/ops/options.h"
#include "core/ops/place.h"
#include "core/ops/reload.h"
#include "core/ops/single.h"
#include "core/ops/spawn.h"
#include "core/ops/verdict.h"
#include "core/role.h"
#include "core/stats.h"
#include "core/status.h"
#include "ipvs/ipvs.h"
#include "ipvs/kern.h"
#include "ipvs/kern_open.h"
#include "ipvs/marks.h"
#include "vrrp/accept.h"
#include "vrrp/pkt.h"
#include "vrrp/reflector.h"
#include "vrrp/vrrp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	CHECK_WORKERS_MAX = 256,
	JOIN_LIMIT_S = 30, /* longest time a role may take to end its work */
	TIDY_AFTER_S = 30, /* from the last reload until memory is given back: another may come */
};

struct daemon {
	struct options opt;
	struct role role; /* main's own */
	struct board board;
	struct conf_minter minter;
	const struct conf *conf; /* the generation last published; holds a reference */
	struct loop_fd signal_fd;
	struct timer tidy;
	struct timer start_vrrp;
	struct control *control; /* NULL: --control=none */
	struct httpd *http; /* NULL: there is no endpoint */
	struct control_host host;
	int64_t started_us;
	struct giveway giveway;
	struct counter_desk counters;
	struct admin_book *admin;
	int start_err;
	bool is_lock_told;
	struct late late_told[LATE_N]; /* as it was when it was last told */

	struct notify *notify;
	struct vrrp *vrrp;
	struct reflector *reflector;
	struct ipvs *ipvs;
	struct check *check[CHECK_WORKERS_MAX];
	struct mbox *check_box[CHECK_WORKERS_MAX];
	unsigned check_n;

	/* every role but main, in order of start; stopped in the opposite order */
	struct role *roles[CHECK_WORKERS_MAX + 5];
	unsigned role_n;

	char *netns; /* of the IPVS table, as it was at start; NULL: vipd's own */
	bool has_kernel; /* the IPVS writer works on the kernel's table */
	uint64_t acked[ROLE_CHECK + CHECK_WORKERS_MAX]; /* generation, by role id */
	const struct conf *told; /* the generation last told as applied; holds a reference */
};

/* ------------------------------------------------------------------ memory */

/* A while after the last reload, when every role has let go of the old generation. */
static void on_tidy(struct timer *t, int64_t now_us)
{
	(void)now_us;
	memory_trim(&container_of(t, struct daemon, tidy)->is_lock_told);
}

static void tidy_later(struct daemon *d)
{
	timer_arm(&d->role.loop.timers, &d->tidy, clock_now_us() + SEC(TIDY_AFTER_S));
}

/* ------------------------------------------------------------------ configuration */

static unsigned check_workers(const struct conf *c)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->workers.s.check_threads)
		return c->workers.s.check_threads;
	return cpus < 1 ? 1 : cpus > CHECK_WORKERS_MAX ? CHECK_WORKERS_MAX : (unsigned)cpus;
}

/* Loads the first generation; findings go to standard error. NULL: *status says why. */
static struct conf *load_first(const struct options *o, int *status)
{
	struct err_list errs = { 0 };
	struct conf_ask ask = {
		.path = o->file, .node = o->node, .base_dir = o->base_dir, .vet = kit_make
	};
	struct conf *c = conf_open(&ask, o->format, &errs);

	findings_print(&errs, stderr);
	if (!c)
		*status = ask.is_unreadable ? EXIT_UNREADABLE
			  : ask.is_insecure ? EXIT_INSECURE
					    : EXIT_CONF;
	err_fini(&errs);
	return c;
}

/* Makes c, whose ids are minted, the configuration of all roles. */
static void publish(struct daemon *d, struct conf *c)
{
	const struct conf *old = d->conf;

	conf_share(c, old, d->check_n, sched_worker);
	c->gen = old ? old->gen + 1 : 1;
	c->vrrp_run = arena_alloc(&c->arena, vrrp_run_len(c));
	c->status = status_new(c);
	c->status->drop_name = vrrp_drop_name;
	c->status->drops_n = VRRP_DROP_N;
	/* touched here, so that the VRRP thread need not fault these pages in */
	memset(c->vrrp_run, 0, vrrp_run_len(c));
	c->check_run = arena_alloc(&c->arena, check_run_len(c));
	conf_suspend_make(c, old);
	conf_mark_make(c, old);
	marks_apply(d->netns, old, c);
	accept_apply(old, c); /* before anybody may become active with it */
	conf_publish(&d->board.conf, c);
	d->conf = conf_hold(&d->board.conf);
	spawn_limit(c->workers.s.scripts_max);
	if (old)
		conf_drop(old);
	admin_adopt(d->admin, c, admin_now_s());
	for (unsigned i = 0; i < d->role_n; i++)
		fact_post(&d->roles[i]->box, &d->roles[i]->snap_fact, c->gen);
}

/* Everything of a reload but the last step. file, base_dir: NULL = those of the command line. */
static void make_next(void *arg, struct reload *r, const char *file, const char *base_dir,
		      bool is_forced)
{
	struct daemon *d = arg;
	const struct options *o = &d->opt;
	struct reload_from from = {
		.file = file ? file : o->file,
		.node = o->node,
		.base_dir = base_dir ? base_dir : o->base_dir,
		.format = file ? CONF_FORMAT_GUESS : o->format,
		.has_table = d->has_kernel || o->is_memory,
		.vet = kit_make,
	};
	struct reload_now now = { .conf = d->conf, .minter = d->minter };

	giveway_begin(&d->giveway);
	reload_make(r, &from, &now, is_forced);
	giveway_end(&d->giveway);
	tidy_later(d);
}

/* The last step. */
static void commit(void *arg, struct reload *r)
{
	struct daemon *d = arg;

	reload_log(r, d->conf->gen);
	if (r->verdict != RELOAD_GOOD)
		return;
	d->minter = r->minter;
	publish(d, r->next);
	memory_lock(&d->is_lock_told); /* the new generation's */
	r->next = NULL; /* it is everybody's now */
}

static void reload(struct daemon *d)
{
	struct reload *r = calloc(1, sizeof(*r));

	BUG_ON(!r);
	make_next(d, r, NULL, NULL, false);
	commit(d, r);
	reload_fini(r);
	free(r);
}

/* What has changed since the last time it was told. */
static void tell_applied(struct daemon *d)
{
	struct changes_sum sum;
	char text[CHANGES_TEXT_LEN];

	changes_sum(&sum, d->told, d->conf);
	log_event(LOG_CONF_APPLIED, "gen=%llu changes=\"%s\"", (unsigned long long)d->conf->gen,
		  changes_text(&sum, text));
	if (check_workers(d->conf) != d->check_n)
		log_event(LOG_CONF_NEEDS_RESTART, "setting=workers.check_threads running=%u",
			  d->check_n);
}

/* Tells it once when the last role works with the newest generation. */
static void on_ack(struct daemon *d, uint32_t role_id, uint64_t gen)
{
	d->acked[role_id] = gen;
	for (unsigned i = 0; i < d->role_n; i++)
		if (d->acked[d->roles[i]->id] < d->conf->gen)
			return;
	if (d->told == d->conf)
		return;
	if (d->told) /* of the first generation, vipd.ready tells */
		tell_applied(d);
	if (d->told)
		conf_drop(d->told);
	conf_hold_again(d->conf);
	d->told = d->conf;
}

static const struct conf *running(void *arg)
{
	return ((struct daemon *)arg)->conf;
}

static uint64_t applied(void *arg)
{
	const struct daemon *d = arg;

	return d->told ? d->told->gen : 0;
}

static const struct conf *settled(void *arg)
{
	const struct daemon *d = arg;

	return d->told ? d->told : d->conf;
}

static bool thread_of(void *arg, uint32_t i, struct control_thread *t)
{
	const struct daemon *d = arg;
	const struct role *r = i > d->role_n ? NULL : i ? d->roles[i - 1] : &d->role;

	if (!r)
		return false;
	*t = (struct control_thread){ .name = r->name, .gen = i ? d->acked[r->id] : d->conf->gen };
	role_look(r, &t->turns, &t->cpu_us);
	return true;
}

/* ------------------------------------------------------------------ main's role */

static void on_signal(struct loop_fd *lf, uint32_t events)
{
	struct daemon *d = container_of(lf, struct daemon, signal_fd);
	struct signalfd_siginfo si;

	(void)events;
	while (read(lf->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGHUP) {
			reload(d);
			continue;
		}
		if (si.ssi_signo == SIGUSR1) {
			stats_tell_late(d->late_told);
			continue;
		}
		log_event(LOG_STOP, "signal=%s", sigabbrev_np((int)si.ssi_signo));
		d->role.is_stopping = true;
	}
}

static int main_init(struct role *r)
{
	struct daemon *d = container_of(r, struct daemon, role);
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);

	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	timer_arm(&r->loop.timers, &d->start_vrrp, clock_now_us() + check_settle_us(d->conf));
	d->host = (struct control_host){ .arg = d,
					 .running = running,
					 .applied = applied,
					 .settled = settled,
					 .thread = thread_of,
					 .results = check_results,
					 .admin = d->admin,
					 .past = d->board.past,
					 .counters = &d->counters,
					 .started_us = d->started_us,
					 .pid = getpid(),
					 .make = make_next,
					 .commit = commit };
	admin_start(d->admin, &r->loop);
	if (d->opt.control)
		d->control = control_start(&r->loop, d->opt.control, control_verbs, &d->host);
	d->http = httpd_start(&r->loop, &d->conf->metrics.s.listen, httpd_paths, &d->host);
	return loop_add(&r->loop, &d->signal_fd, fd, EPOLLIN, on_signal);
}

static void main_fact(struct role *r, enum msg_type type, uint32_t id, uint64_t value)
{
	struct daemon *d = container_of(r, struct daemon, role);

	if (type == MSG_ACK && id < ROLE_CHECK + CHECK_WORKERS_MAX)
		on_ack(d, id, value);
	else if (type == MSG_COUNTED)
		counter_desk_answered(&d->counters, value);
	control_poke(d->control); /* each may be what an answer waits for */
	httpd_poke(d->http);
}

static void main_fini(struct role *r)
{
	struct daemon *d = container_of(r, struct daemon, role);
	int fd = d->signal_fd.fd;

	httpd_stop(d->http);
	admin_stop(d->admin);
	control_stop(d->control);
	d->control = NULL;
	loop_del(&r->loop, &d->signal_fd);
	(void)close(fd);
}

static const struct role_ops main_ops = { .init = main_init, .fact = main_fact, .fini = main_fini };

/* ------------------------------------------------------------------ start and stop */

static int add_role(struct daemon *d, struct role *r)
{
	d->roles[d->role_n++] = r;
	return role_prepare(r);
}

static int make_roles(struct daemon *d, struct ipvs_kern *kern, unsigned workers)
{
	int err = 0;

	d->notify = notify_new(&d->board); /* the last to stop: it tells what the others say then */
	err = add_role(d, notify_role(d->notify));
	d->ipvs = ipvs_new(&d->board, kern);
	if (!err)
		err = add_role(d, ipvs_role(d->ipvs));
	d->board.ipvs = &ipvs_role(d->ipvs)->box;
	for (unsigned i = 0; !err && i < workers; i++) {
		d->check[i] = check_new(&d->board, i, workers);
		(void)spawn_client_open(check_spawn(d->check[i])); /* without one, checks say so */
		d->check_box[i] = &check_role(d->check[i])->box;
		d->check_n = i + 1;
		err = add_role(d, check_role(d->check[i]));
	}
	d->board.check = d->check_box;
	d->board.check_n = d->check_n;
	d->reflector = reflector_new(&d->board);
	d->board.reflector = &reflector_role(d->reflector)->box;
	d->vrrp = vrrp_new(&d->board);
	d->board.vrrp = &vrrp_role(d->vrrp)->box;
	if (!err)
		err = add_role(d, reflector_role(d->reflector));
	(void)spawn_client_open(vrrp_tracker_spawn(d->vrrp)); /* without one, scripts say so */
	if (!err)
		err = add_role(d, vrrp_tracker_role(d->vrrp));
	if (!err)
		err = add_role(d, vrrp_role(d->vrrp));
	return err;
}

static void free_roles(struct daemon *d)
{
	for (unsigned i = 0; i < d->role_n; i++)
		role_release(d->roles[i]);
	vrrp_free(d->vrrp);
	reflector_free(d->reflector);
	for (unsigned i = 0; i < d->check_n; i++)
		check_free(d->check[i]);
	ipvs_free(d->ipvs);
	notify_free(d->notify);
}

static int start_role(struct role *r)
{
	static const char what_to_do[] =
		" todo=\"run vipd as root, or with CAP_NET_ADMIN and CAP_NET_RAW\"";
	int err = role_start(r);

	if (err)
		log_event(LOG_ROLE_FAIL, "role=%s error=\"%s\"%s", r->name, strerrordesc_np(-err),
			  err == -EPERM || err == -EACCES ? what_to_do : "");
	return err;
}

/* All but VRRP. The reflector goes first: it does nothing before VRRP speaks, and what keeps it from
 * starting (no rights) is seen before the table of an earlier vipd is adopted. */
static int start_roles(struct daemon *d)
{
	struct role *first = reflector_role(d->reflector), *last = vrrp_role(d->vrrp);
	int err = start_role(first);

	for (unsigned i = 0; !err && i < d->role_n; i++)
		if (d->roles[i] != first && d->roles[i] != last)
			err = start_role(d->roles[i]);
	atomic_store(&d->board.must_clean, !err);
	return err;
}

/* The end of the start: VRRP, when the servers had the time to pass their first checks. */
static void on_start_vrrp(struct timer *t, int64_t now_us)
{
	struct daemon *d = container_of(t, struct daemon, start_vrrp);

	(void)now_us;
	d->start_err = start_role(vrrp_role(d->vrrp));
	if (d->start_err) {
		atomic_store(&d->board.must_clean, false);
		d->role.is_stopping = true;
		return;
	}
	memory_trim(&d->is_lock_told);
	memory_lock(&d->is_lock_told); /* with the stacks of all roles */
	log_event(LOG_READY, "instances=%u services=%u servers=%u checks=%u workers=%u",
		  d->conf->vrrp_n, d->conf->vs_n, d->conf->rs_n, d->conf->probe_n, d->check_n);
}

/* Ends what runs, last started first. False: one did not end. */
static bool stop_roles(struct daemon *d)
{
	for (unsigned i = d->role_n; i-- > 0;) {
		role_stop(d->roles[i]);
		if (role_join(d->roles[i],
			      SEC(JOIN_LIMIT_S) + ipvs_stop_us(d->conf, d->roles[i]))) {
			log_event(LOG_ROLE_STUCK, "role=%s limit_s=%d", d->roles[i]->name,
				  JOIN_LIMIT_S);
			return false;
		}
	}
	return true;
}

/* From the first role to the last; everything is gone when it returns. */
static int serve(struct daemon *d, struct conf *first, struct ipvs_kern *kern)
{
	int err = make_roles(d, kern, check_workers(first));

	log_event(LOG_START, "version=%s file=%s dataplane=%s", VIPD_VERSION, d->opt.file,
		  d->opt.is_memory ? "memory"
		  : d->has_kernel  ? "kernel"
				   : "none");
	place_vrrp(vrrp_role(d->vrrp), first);
	for (unsigned i = 0; i < d->check_n; i++)
		place_check(check_role(d->check[i]), first);
	d->admin = admin_new(&ipvs_role(d->ipvs)->box, d->opt.state);
	admin_load(d->admin, admin_now_s());
	hook_run(first, &first->global.s.startup_script, first->global.s.startup_timeout_us);
	conf_ids_mint(&d->minter, NULL, first);
	publish(d, first);
	if (!err)
		err = start_roles(d);
	timer_init(&d->start_vrrp, on_start_vrrp);
	if (!err)
		err = role_run_here(&d->role);
	if (!err)
		err = d->start_err;
	if (!stop_roles(d)) {
		log_stop();
		_exit(EXIT_FAILED); /* a thread that hangs holds what we would free */
	}
	accept_remove(d->conf);
	if (atomic_load(&d->board.must_clean)) /* else the table that they lead to serves on */
		marks_remove(d->netns, d->conf);
	hook_run(d->conf, &d->conf->global.s.shutdown_script,
		 d->conf->global.s.shutdown_timeout_us);
	conf_drop(d->conf);
	if (d->told)
		conf_drop(d->told);
	conf_publish(&d->board.conf, NULL);
	admin_free(d->admin);
	free_roles(d);
	spawn_stop();
	if (!err) {
		stats_tell();
		log_event(LOG_STOPPED, "%s", "");
	}
	return err;
}

static int run(const struct options *o)
{
	static struct daemon d; /* too large for a stack; one in a process */
	int status = EXIT_FAILED;
	sigset_t all;

	/* threads inherit it, main reads signals from a descriptor; a TERM while the file is read waits */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);

	/* while this process is small and has one thread */
	if (spawn_start()) {
		(void)fprintf(stderr, "vipd: can't start the script helper\n");
		return EXIT_FAILED;
	}

	struct conf *first = load_first(o, &status);

	if (!first)
		return status;
	if (!place_netns(first) || !single_is_alone()) {
		conf_free(first);
		return EXIT_FAILED;
	}
	d.opt = *o;
	d.started_us = clock_now_us();
	d.role = (struct role){
		.name = "vipd", .id = ROLE_MAIN, .ops = &main_ops, .board = &d.board
	};
	d.signal_fd.fd = -1;
	timer_init(&d.tidy, on_tidy);
	giveway_init(&d.giveway);
	counter_desk_init(&d.counters, &d.board, &d.role.loop);
	snap_thread_register();

	if (first->global.s.net_namespace_ipvs)
		d.netns = strdup(first->global.s.net_namespace_ipvs);

	struct ipvs_kern *kern = kern_open(d.netns, d.opt.is_memory, first->vs_n, &d.has_kernel);

	if (!kern) {
		conf_free(first);
		return EXIT_FAILED;
	}
	fds_raise_limit();

	int err = log_start();

	if (!err)
		err = stats_thread_enter();
	if (!err)
		err = role_prepare(&d.role);
	if (err) {
		(void)fprintf(stderr, "vipd: can't start: %s\n", strerrordesc_np(-err));
		return EXIT_FAILED;
	}
	d.board.main = &d.role.box;
	err = serve(&d, first, kern);
	role_release(&d.role);
	log_stop();
	snap_barrier();
	snap_thread_unregister();
	return err ? EXIT_FAILED : EXIT_GOOD;
}

int main(int argc, char **argv)
{
	struct options o;
	int status;

	fds_fill_standard();
	if (!options_parse(argc, argv, &o, &status))
		return status;
	return o.is_check ? verdict(&o, kit_make) : run(&o);
}
