/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What vipd's writer takes without the rest of vipd: beside floor.c it says what planning, believing and
 * message building cost.
 *
 *	writer SERVICES SERVERS [memory]
 *
 * reads the configuration of floor.c's table (SERVERS in all), which is not measured, and then as the
 * IPVS role does it: reads the kernel's table, plans, sends until it is complete; takes over a
 * configuration with other weights; hears that every tenth server has died; removes everything. Prints the
 * milliseconds of these four steps, the processor time of all, how much of the first two went before the
 * first request (reading, comparing, planning), requests and sends. With "memory" the
 * table is kern_memory.h's, to profile the writer alone.
 */
#include "core/clock.h"
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"
#include "core/log.h"
#include "core/snap.h"
#include "core/stats.h"
#include "ipvs/drive.h"
#include "ipvs/kern_genl.h"
#include "ipvs/kern_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LINE_LEN = 96, HEAD_LEN = 200, EACH = 10 };

struct shape {
	unsigned services, servers;
};

static void need(bool is_good, const char *what)
{
	if (is_good)
		return;
	(void)fprintf(stderr, "writer: %s\n", what);
	exit(1);
}

/* Every tenth server has a check: it is they who die. */
static size_t put_service(char *at, size_t room, const struct shape *s, unsigned i, unsigned weight)
{
	unsigned n = (unsigned)((uint64_t)s->servers * i / s->services -
				(uint64_t)s->servers * (i - 1) / s->services);
	size_t used = (size_t)snprintf(at, room,
				       "%s{ address = \"10.1.%u.%u\"; port = 80; lvs_sched = "
				       "\"rr\"; lvs_method = \"DR\"; weight = %u; real_servers = (",
				       i > 1 ? ", " : "", i >> 8, i & 255, weight);

	for (unsigned j = 1; j <= n; j++)
		used += (size_t)snprintf(at + used, room - used,
					 "%s{ address = \"10.2.%u.%u\"; %s}", j > 1 ? "," : "",
					 j >> 8, j & 255,
					 j % EACH ? "" : "checks = ( { type = \"tcp\"; } ); ");
	return used + (size_t)snprintf(at + used, room - used, "); }");
}

static struct conf *make(const struct shape *s, unsigned weight)
{
	size_t room = (size_t)s->servers * LINE_LEN + (size_t)s->services * HEAD_LEN + LINE_LEN;
	char *text = malloc(room);
	struct err_list errs = { 0 };

	need(text, "no memory");

	size_t used = (size_t)snprintf(text, room, "virtual_servers = (");

	for (unsigned i = 1; i <= s->services; i++)
		used += put_service(text + used, room - used, s, i, weight);
	(void)snprintf(text + used, room - used, ");");

	struct conf *c = conf_load_text("bench", text, strlen(text), &errs);

	need(c, "the configuration is not good");
	need(c->rs_n == s->servers, "not so many servers");
	err_fini(&errs);
	free(text);
	return c;
}

static double now_ms(void)
{
	return (double)clock_now_us() / 1e3;
}

static double cpu_ms(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void work(struct drive *d)
{
	while (drive_step(d))
		;
	need(!d->is_stale && !d->is_refused, "a request failed");
}

static void say_all(struct drive *d, enum health_verdict v)
{
	int64_t now_us = clock_now_us();
	enum health_verdict now;

	for (uint32_t i = 0; i < d->conf->probe_n; i++)
		(void)drive_health(d, i, (struct health){ .verdict = v }, now_us, &now);
}

static void expect(const struct drive *d, uint32_t servers)
{
	uint32_t dest_n;

	table_count(&d->plan.seats, NULL, &dest_n);
	need(dest_n == servers, "the table is not complete");
}

static void run(const struct shape *s, struct ipvs_kern *kern)
{
	static struct drive d; /* too large for a stack */
	struct conf *one = make(s, 1), *two = make(s, 2);
	struct conf_minter minter = { 0 };
	double at[5], planned[2], cpu;
	bool is_sure;

	conf_ids_mint(&minter, NULL, one);
	conf_ids_mint(&minter, one, two);
	cpu = cpu_ms();
	at[0] = now_ms();
	need(!drive_init(&d, kern), "the table can't be read");
	need(!drive_adopt(&d, NULL, one), "the table can't be adopted");
	say_all(&d, HEALTH_UP);
	planned[0] = now_ms() - at[0];
	work(&d);
	at[1] = now_ms();
	expect(&d, s->servers);
	need(!drive_adopt(&d, one, two), "the second configuration can't be adopted");
	planned[1] = now_ms() - at[1];
	work(&d);
	at[2] = now_ms();
	say_all(&d, HEALTH_DOWN);
	work(&d);
	at[3] = now_ms();
	expect(&d, s->servers - two->probe_n);
	(void)drive_remove(&d, &is_sure);
	at[4] = now_ms();
	need(is_sure, "something is left");
	cpu = cpu_ms() - cpu;
	for (unsigned i = 0; i < 4; i++)
		(void)printf("%.3f ", at[i + 1] - at[i]);
	(void)printf("%.3f %.3f %.3f %llu %llu\n", cpu, planned[0], planned[1],
		     (unsigned long long)stats_sum(STAT_IPVS_REQUESTS),
		     (unsigned long long)stats_sum(STAT_IPVS_SENDS));
	drive_fini(&d);
	conf_free(one);
	conf_free(two);
}

int main(int argc, char **argv)
{
	struct shape s = { 0 };
	struct ipvs_kern *kern = NULL;
	bool is_netns; /* not looked at: it is the caller's */

	need(argc == 3 || argc == 4, "usage: writer SERVICES SERVERS [memory]");
	s.services = (unsigned)strtoul(argv[1], NULL, 10);
	s.servers = (unsigned)strtoul(argv[2], NULL, 10);
	need(s.services, "no services");
	snap_thread_register();
	need(!log_start() && !stats_thread_enter(), "can't start");
	if (argc == 4)
		kern = kern_memory_open();
	else
		need(!kern_genl_open(NULL, &kern, &is_netns), "no IPVS in this kernel");
	run(&s, kern);
	kern_close(kern);
	log_stop();
	snap_thread_unregister();
	return 0;
}
