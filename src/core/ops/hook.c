/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See hook.h.
 */
#include "core/ops/hook.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/ops/spawn.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { GRACE_US = 2000000 }; /* for the helper to say that the time is up */

struct wait {
	struct spawn_result res;
	bool is_over;
};

static void on_result(void *arg, const struct spawn_result *res)
{
	struct wait *w = arg;

	w->res = *res;
	w->is_over = true;
}

static void tell(const char *path, const struct spawn_result *res)
{
	const char *name;

	switch ((enum spawn_how)res->how) {
	case SPAWN_EXITED:
		if (res->status)
			log_event(LOG_NOTIFY_FAIL, "script=%s status=%d", path, res->status);
		return;
	case SPAWN_KILLED:
		name = sigabbrev_np(res->status);
		log_event(LOG_NOTIFY_FAIL, "script=%s signal=%s", path, name ? name : "?");
		return;
	case SPAWN_TIMEOUT:
		log_event(LOG_NOTIFY_FAIL, "script=%s error=\"did not end in time\"", path);
		return;
	case SPAWN_FAILED:
		log_event(LOG_NOTIFY_FAIL, "script=%s error=\"%s\"", path,
			  strerrordesc_np(res->status));
		return;
	}
}

static int ask(struct spawn_client *client, const struct conf_script *s, int64_t limit_us)
{
	struct spawn_ask a = { .kind = SPAWN_RUN_FIRST,
			       .id = 1,
			       .limit_ms = (uint32_t)(limit_us / 1000),
			       .uid = s->account.uid,
			       .gid = s->account.gid,
			       .user = s->account.groups_of };

	for (uint32_t i = 0; i < s->s.command.n && i < SPAWN_ARGS_N; i++)
		a.argv[a.argc++] = s->s.command.v[i];
	return spawn_ask(client, &a);
}

void hook_run(const struct conf *c, const struct conf_range *script, int64_t limit_us)
{
	const struct conf_script *s = script->n ? &c->script[script->first] : NULL;
	int64_t until_us = clock_now_us() + limit_us + GRACE_US;
	/* unless something better is known */
	struct wait w = { .res = { .how = SPAWN_TIMEOUT } };
	struct spawn_client client;
	struct loop loop;
	int err;

	if (!s)
		return;
	err = loop_init(&loop);
	if (!err)
		err = spawn_client_open(&client);
	if (!err)
		err = spawn_client_listen(&client, &loop, on_result, &w);
	if (!err)
		err = ask(&client, s, limit_us);
	if (err)
		w.res = (struct spawn_result){ .how = SPAWN_FAILED, .status = -err };
	while (!err && !w.is_over && clock_now_us() < until_us) {
		loop_wait(&loop, until_us - clock_now_us());
		loop_run(&loop);
	}
	tell(s->s.command.v[0], &w.res);
	if (loop.epoll_fd < 0)
		return;
	spawn_client_close(&client, &loop);
	loop_fini(&loop);
}
