/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The director: the process with all of vipd's threads, and what its main thread owns. Only the files of src itself include
 * it, the files that know every folder:
 *
 *	main.c		what the command line asks for
 *	director.c	from the first role to the last: start, stop
 *	director_main.c	the main thread's own role: signals, what others ask of it
 *	director_conf.c	the configuration: the first one, reloads, who has taken it over
 */
#pragma once

#include "check/check.h"
#include "core/bug.h"
#include "core/conf/conf_ids.h"
#include "core/late.h"
#include "core/loop.h"
#include "core/ops/control.h"
#include "core/ops/control_verbs.h"
#include "core/ops/counter_desk.h"
#include "core/ops/giveway.h"
#include "core/ops/options.h"
#include "core/ops/reload.h"
#include "core/ops/watchdog.h"
#include "core/record.h"
#include "core/role.h"
#include "core/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct admin_book;
struct httpd;
struct ipvs;
struct ipvs_kern;
struct notify;
struct reflector;
struct vrrp;

enum { CHECK_WORKERS_MAX = 256 };

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

	struct life *life; /* shared with the watchdog; NULL: there is none */
	struct record record;
	struct record_found found; /* what the director before has left */
	bool goes_on; /* it has left a moment ago: nothing has to be learnt before VRRP starts */
	bool is_vrrp_started, is_ready_said;
	struct timer status; /* until the next line for systemd */
	char status_text[LIFE_STATUS_LEN];

	char *netns; /* of the IPVS table, as it was at start; NULL: vipd's own */
	bool has_kernel; /* the IPVS writer works on the kernel's table */
	uint64_t acked[ROLE_CHECK + CHECK_WORKERS_MAX]; /* generation, by role id */
	const struct conf *told; /* the generation last told as applied; holds a reference */
};

/* The whole life of a director, in the calling process, which has one thread. share: NULL = without a
 * watchdog. Returns its exit status. */
int director_run(const struct options *o, const struct watchdog_share *share);

/* ------------------------------------------------------------------ director_main.c */

/* Main's role. */
extern const struct role_ops director_main_ops;

/* Timer d->status: tells systemd in a line how things are. */
void director_on_status(struct timer *t, int64_t now_us);

/* Tells the watchdog, or systemd itself when there is none, that it is ready, when it is. */
void director_tell_ready(struct daemon *d);

/* ------------------------------------------------------------------ director_conf.c */

/* Timer d->tidy: a while after the last reload, when every role has let go of the old generation. */
void director_on_tidy(struct timer *t, int64_t now_us);

/* Workers of the check pool that this configuration asks for. */
unsigned director_check_workers(const struct conf *c);

/* Loads the first generation; findings go to standard error. NULL: *status says why. */
struct conf *director_load(const struct options *o, int *status);

/* Makes c, whose ids are minted, the configuration of all roles. */
void director_publish(struct daemon *d, struct conf *c);

/* Everything of a reload but the last step (control_host.make). file, base_dir: NULL = those of the command
 * line. */
void director_make_next(void *arg, struct reload *r, const char *file, const char *base_dir,
			bool is_forced);

/* The last step (control_host.commit). */
void director_commit(void *arg, struct reload *r);

/* Both, as SIGHUP asks for it. */
void director_reload(struct daemon *d);

/* A role works with this generation. */
void director_on_ack(struct daemon *d, uint32_t role_id, uint64_t gen);
