/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vrrp/tracker: the role with real scripts, files and processes. The test stands where the VRRP role does
 * and waits for facts in its mailbox.
 */
#include "vrrp/tracker.h"

#include "core/clock.h"
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"
#include "core/conf/conf_script.h"
#include "core/log.h"

#include "unit.h"
#include "unit_mbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IDS_MAX = 64, TEXT_LEN = 4096, WAIT_S = 30 };

struct bench {
	struct board board;
	struct mbox box; /* of the VRRP role */
	struct tracker *tracker;
	struct conf_minter minter;
	const struct conf *conf; /* the one that is published; holds a reference */
	struct track_state latest[IDS_MAX];
	unsigned n[IDS_MAX]; /* facts */
	char file[32]; /* a file of the test */
};

static void on_fact(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct bench *b = arg;

	assert_int_equal(type, MSG_TRACK);
	assert_true(id < IDS_MAX);
	b->latest[id] = track_unpack(value);
	b->n[id]++;
}

static void take(struct bench *b, int wait_ms)
{
	struct pollfd p = { .fd = b->box.event_fd, .events = POLLIN };

	(void)poll(&p, 1, wait_ms);
	mbox_take(&b->box, on_fact, b);
}

static uint32_t id_of(const struct bench *b, const char *name)
{
	const struct conf *c = b->conf;

	for (uint32_t i = 0; i < c->track_script_n; i++)
		if (!strcmp(c->track_script[i].s.name, name))
			return c->track_script[i].id.v;
	for (uint32_t i = 0; i < c->track_file_n; i++)
		if (!strcmp(c->track_file[i].s.name, name))
			return c->track_file[i].id.v;
	for (uint32_t i = 0; i < c->track_process_n; i++)
		if (!strcmp(c->track_process[i].s.name, name))
			return c->track_process[i].id.v;
	fail_msg("%s is not there", name);
	return 0;
}

static void expect(struct bench *b, const char *name, bool is_up)
{
	int64_t until_us = clock_now_us() + SEC(WAIT_S);
	uint32_t id = id_of(b, name);

	while (!b->latest[id].is_known || b->latest[id].is_up != is_up) {
		if (clock_now_us() > until_us)
			fail_msg("%s is not %s", name, is_up ? "up" : "down");
		take(b, 100);
	}
}

/* Publishes what the text says, with an instance that tracks the names in `uses`. */
static void publish(struct bench *b, const char *text, const char *uses)
{
	char all[TEXT_LEN];
	struct err_list errs = { 0 };
	const struct conf *old = b->conf;
	struct conf *c;

	(void)snprintf(all, sizeof(all),
		       "%s vrrp_instances = ( { name = \"i\"; interface = \"lo\"; %s "
		       "virtual_router_id = 1; virtual_ipaddress = ( \"192.0.2.1\" ); } );",
		       text, uses);
	c = conf_load_text("test", all, strlen(all), &errs);
	for (size_t i = 0; i < errs.n; i++)
		print_message("%s\n", errs.item[i].text);
	assert_non_null(c);
	(void)conf_scripts_check(c, &errs);
	assert_int_equal(errs.n_error, 0);
	err_fini(&errs);
	conf_ids_mint(&b->minter, old, c);
	c->gen = old ? old->gen + 1 : 1;
	conf_publish(&b->board.conf, c);
	b->conf = conf_hold(&b->board.conf);
	if (old)
		conf_drop(old);
}

static void begin(struct bench *b, const char *text, const char *uses)
{
	int fd;

	*b = (struct bench){ .file = "/tmp/vipd_track_XXXXXX" };
	fd = mkstemp(b->file);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(mbox_init(&b->box), 0);
	b->board.vrrp = &b->box;
	b->tracker = tracker_new(&b->board);
	assert_int_equal(spawn_client_open(tracker_spawn(b->tracker)), 0);
	publish(b, text, uses);
	assert_int_equal(role_prepare(tracker_role(b->tracker)), 0);
	assert_int_equal(role_start(tracker_role(b->tracker)), 0);
}

static void reload(struct bench *b, const char *text, const char *uses)
{
	struct role *r = tracker_role(b->tracker);
	uint_fast64_t beat;

	publish(b, text, uses);
	fact_post(&r->box, &r->snap_fact, b->conf->gen);
	/* two turns later it has been adopted */
	beat = atomic_load(&r->heartbeat);
	while (atomic_load(&r->heartbeat) < beat + 2)
		(void)usleep(1000);
}

static void end(struct bench *b)
{
	struct role *r = tracker_role(b->tracker);

	role_stop(r);
	assert_int_equal(role_join(r, SEC(WAIT_S)), 0);
	take(b, 0);
	role_release(r);
	tracker_free(b->tracker);
	mbox_fini(&b->box);
	conf_drop(b->conf);
	conf_publish(&b->board.conf, NULL);
	snap_barrier();
	(void)unlink(b->file);
}

/* ------------------------------------------------------------------ scripts */

#define SH(name, line, more)                                                                       \
	"{ name = \"" name "\"; command = [ \"/bin/sh\", \"-c\", \"" line                          \
	"\" ]; user = \"root\"; "                                                                  \
	"interval = \"20ms\"; timeout = 10; " more " }"

static void scripts(void **state)
{
	static struct bench b;

	(void)state;
	begin(&b,
	      "vrrp_scripts = ( " SH("good", "exit 0", "") ", " SH("bad", "exit 1", "") ", " SH(
		      "hangs", "exec sleep 100",
		      "") ", " SH("unused", "exit 0",
				  "") ", { name = \"none\"; command = \"/no/such/program\"; } );",
	      "track_script = [ \"good\", \"bad\", \"hangs\", \"none\" ];");
	expect(&b, "good", true);
	expect(&b, "bad", false);

	uint32_t good = id_of(&b, "good"), unused = id_of(&b, "unused"), none = id_of(&b, "none");

	/* another command: what was known counts until it has run, and then the first result does */
	reload(&b,
	       "vrrp_scripts = ( " SH("good", "exit 1", "rise = 9; fall = 9;") ", " SH(
		       "bad", "exit 1", "") ", " SH("hangs", "exit 1", "") " );",
	       "track_script = [ \"good\", \"bad\", \"hangs\" ];");
	assert_int_equal(id_of(&b, "good"), good);
	expect(&b, "good", false);
	expect(&b, "hangs", false);
	assert_int_equal(b.n[unused], 0);
	assert_int_equal(b.n[none], 0);
	/* each is told once more a second after a reload, and whenever it changes: never for each run */
	assert_true(b.n[good] <= 4);
	reload(&b, "", "");
	end(&b);
}

/* A generation after the other, while scripts run: none is lost, none runs for one that is gone. */
static void reloads(void **state)
{
	static struct bench b;
	char text[TEXT_LEN], uses[200];

	(void)state;
	begin(&b, "", "");
	for (unsigned i = 1; i <= 20; i++) {
		(void)snprintf(text, sizeof(text),
			       "vrrp_scripts = ( " SH("stays", "exit 0", "") ", " SH(
				       "s%u", "exit %u", "") ", " SH("t%u", "sleep 0.01", "") " );",
			       i, i % 2, i);
		(void)snprintf(uses, sizeof(uses),
			       "track_script = [ \"stays\", \"s%u\", \"t%u\" ];", i, i);
		reload(&b, text, uses);
		take(&b, 0);
	}
	expect(&b, "stays", true);
	expect(&b, "s20", true);
	expect(&b, "t20", true);
	end(&b);
}

/* ------------------------------------------------------------------ processes */

/* A process that is called so, until it is ended. */
static pid_t called(const char *name)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, name);
	for (;;)
		(void)pause();
}

static void put_away(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void processes(void **state)
{
	static const char text[] =
		"track_processes = ( { name = \"one\"; process = \"vipd-unit-a\"; }, { name = "
		"\"two\"; process = \"vipd-unit-a\"; quorum = 2; }, { name = \"no\"; process = "
		"\"vipd-unit-b\"; quorum_max = 0; } );";
	static const char uses[] = "track_process = [ \"one\", \"two\", \"no\" ];";
	static struct bench b;
	pid_t first = called("vipd-unit-a"), second, other;

	(void)state;
	begin(&b, text, uses);
	expect(&b, "two", false);
	expect(&b, "one", true); /* that it has its name by now may be seen a moment later */
	expect(&b, "no", true);
	second = called("vipd-unit-a");
	expect(&b, "two", true);
	other = called("vipd-unit-b");
	expect(&b, "no", false);
	reload(&b, text, uses);
	put_away(other);
	expect(&b, "no", true);
	put_away(first);
	expect(&b, "two", false);
	assert_true(b.latest[id_of(&b, "one")].is_up);
	put_away(second);
	expect(&b, "one", false);
	reload(&b, "", "");
	end(&b);
}

/* ------------------------------------------------------------------ the group */

static int setup(void **state)
{
	(void)state;
	snap_thread_register();

	int err = spawn_start();

	return err ? err : log_start();
}

static int teardown(void **state)
{
	(void)state;
	spawn_stop();
	log_stop();
	snap_thread_unregister();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		cmocka_unit_test(reloads),
		cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests_name("tracker", tests, setup, teardown);
}
