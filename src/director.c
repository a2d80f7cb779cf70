/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The composition root: start order and stop order. See director.h.
 *
 * Start: reflector, ipvs and checks first; VRRP last, when every server has had its first check, so that
 * no address comes before what answers behind it. Stop: VRRP first (it resigns), then the addresses, then the checks, the table last, so
 * that traffic has moved to the other router before this one forgets where it belongs.
 */
#include "director.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/ops/admin.h"
#include "core/ops/fds.h"
#include "core/ops/hook.h"
#include "core/ops/logging.h"
#include "core/ops/memory.h"
#include "core/ops/notify.h"
#include "core/ops/place.h"
#include "core/ops/record_file.h"
#include "core/ops/single.h"
#include "core/ops/spawn.h"
#include "core/stacks.h"
#include "core/stats.h"
#include "ipvs/ipvs.h"
#include "ipvs/kern.h"
#include "ipvs/kern_open.h"
#include "ipvs/marks.h"
#include "vrrp/accept.h"
#include "vrrp/reflector.h"
#include "vrrp/vrrp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOIN_LIMIT_S = 30 }; /* longest time a role may take to end its work */

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
	for (unsigned i = 0; d->life && i < d->role_n && i + 1 < LIFE_PULSES_N; i++)
		d->roles[i]->pulse = &d->life->pulse[i + 1];
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
 * starting (no rights) is seen before the table of an earlier vipd is adopted. Where another director was a
 * moment ago, VRRP comes next: its peers wait for adverts, and the table is in place. */
static int start_roles(struct daemon *d)
{
	struct role *first = reflector_role(d->reflector), *last = vrrp_role(d->vrrp);
	int err = start_role(first);

	if (!err && d->goes_on) {
		err = start_role(last);
		d->is_vrrp_started = !err;
	}

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
	if (!d->is_vrrp_started)
		d->start_err = start_role(vrrp_role(d->vrrp));
	d->is_vrrp_started = true;
	if (d->start_err) {
		atomic_store(&d->board.must_clean, false);
		d->role.is_stopping = true;
		return;
	}
	memory_trim(&d->is_lock_told);
	memory_lock(&d->is_lock_told); /* with the stacks of all roles */
	log_event(LOG_READY, "instances=%u services=%u servers=%u checks=%u workers=%u",
		  d->conf->vrrp_n, d->conf->vs_n, d->conf->rs_n, d->conf->probe_n, d->check_n);
	director_tell_ready(d);
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
	int err = make_roles(d, kern, director_check_workers(first));

	log_event(LOG_START, "version=%s file=%s dataplane=%s", VIPD_VERSION, d->opt.file,
		  d->opt.is_memory ? "memory"
		  : d->has_kernel  ? "kernel"
				   : "none");
	place_vrrp(vrrp_role(d->vrrp), first);
	for (unsigned i = 0; i < d->check_n; i++)
		place_check(check_role(d->check[i]), first);
	d->admin = admin_new(&ipvs_role(d->ipvs)->box, d->opt.state);
	admin_load(d->admin, admin_now_s());
	if (!d->record.is_again) /* the service has started long ago */
		hook_run(first, &first->global.s.startup_script,
			 first->global.s.startup_timeout_us);
	conf_ids_mint(&d->minter, NULL, first);
	director_publish(d, first);
	d->goes_on = (d->found.insts_n || d->found.probes_n) && d->found.age_us >= 0 &&
		     d->found.age_us < RECORD_HEALTH_US;
	if (d->goes_on)
		log_event(LOG_RESUMED, "gap_ms=%lld instances=%u checks=%u",
			  (long long)d->found.age_us / 1000, d->found.insts_n, d->found.probes_n);
	if (!err)
		err = start_roles(d);
	timer_init(&d->start_vrrp, on_start_vrrp);
	timer_init(&d->status, director_on_status);
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
	record_fini(&d->record);
	spawn_stop();
	if (!err) {
		stats_tell();
		log_event(LOG_STOPPED, "%s", "");
	}
	return err;
}

int director_run(const struct options *o, const struct watchdog_share *share)
{
	static struct daemon d; /* too large for a stack; one in a process */
	int status = EXIT_FAILED;
	sigset_t all;

	/* threads inherit it, main reads signals from a descriptor; a TERM while the file is read waits */
	(void)sigfillset(&all);
	if (share) {
		stacks_init(share->life);
		stacks_mask(&all);
	}
	(void)pthread_sigmask(SIG_SETMASK, &all, NULL);

	/* while this process is small and has one thread */
	if (spawn_start()) {
		(void)fprintf(stderr, "vipd: can't start the script helper\n");
		return EXIT_FAILED;
	}

	struct conf *first = director_load(o, &status);

	if (!first)
		return status;
	if (!place_process(first, o->umask) || !single_is_alone()) {
		conf_free(first);
		return EXIT_FAILED;
	}
	if (share) {
		struct record_here here = record_file_here();

		d.life = share->life;
		record_init(&d.record, share->mem, &here);
		d.record.is_again = share->is_again;
	}
	d.opt = *o;
	d.started_us = clock_now_us();
	d.role = (struct role){
		.name = "vipd", .id = ROLE_MAIN, .ops = &director_main_ops, .board = &d.board
	};
	if (share)
		d.role.pulse = &share->life->pulse[0];
	d.signal_fd.fd = -1;
	timer_init(&d.tidy, director_on_tidy);
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

	int err = logging_start(o, first);

	if (!err)
		err = stats_thread_enter();
	if (!err)
		err = role_prepare(&d.role);
	if (err) {
		(void)fprintf(stderr, "vipd: can't start: %s\n", strerrordesc_np(-err));
		return EXIT_FAILED;
	}
	if (share && share->not_file)
		log_event(LOG_RECORD_FILE, "file=%s error=\"%s\"", o->record, share->not_file);
	d.board.main = &d.role.box;
	err = serve(&d, first, kern);
	role_release(&d.role);
	log_stop();
	snap_barrier();
	snap_thread_unregister();
	return err ? EXIT_FAILED : EXIT_GOOD;
}
