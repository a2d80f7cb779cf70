/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counters of services and servers: the reading in slices over a table in memory, with reloads and
 * failures in between, and the desk where main asks for them.
 */
#include "core/ops/counter_desk.h"
#include "ipvs/count.h"
#include "ipvs/kern_memory.h"
#include "ipvs_conf.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

struct table {
	struct drive drive;
	struct ipvs_kern *kern;
	struct conf *conf;
	struct count count;
	int lost_n; /* so many readings fail */
	int err;
};

static int on_call(void *arg, uint32_t n)
{
	struct table *t = arg;

	if (n || !t->lost_n)
		return 0;
	t->lost_n--;
	return t->err;
}

static void adopt(struct table *t, const struct spec *spec, uint32_t n)
{
	struct conf *old = t->conf;

	t->conf = ipvs_conf(spec, n);
	assert_int_equal(drive_adopt(&t->drive, old, t->conf), 0);
	conf_free(old);
	while (drive_step(&t->drive))
		;
}

static void all_up(struct table *t)
{
	struct health h = { .verdict = HEALTH_UP };
	enum health_verdict now;

	for (uint32_t i = 0; i < t->conf->probe_n; i++)
		(void)drive_health(&t->drive, i, h, 1, &now);
	while (drive_step(&t->drive))
		;
}

static struct table *table_new(const struct spec *spec, uint32_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	t->kern = kern_memory_open();
	assert_int_equal(drive_init(&t->drive, t->kern), 0);
	adopt(t, spec, n);
	all_up(t);
	kern_memory_set_fault(t->kern, &(struct kern_fault){ .on_call = on_call, .arg = t });
	return t;
}

static void table_free(struct table *t)
{
	count_fini(&t->count);
	drive_fini(&t->drive);
	kern_close(t->kern);
	conf_free(t->conf);
	free(t);
}

static void set_conns(struct table *t, uint16_t port, uint32_t number, uint32_t conns_n)
{
	struct ipvs_svc s = { .addr = ipvs_svc_addr(), .port = port, .protocol = VS_TCP };
	struct ipvs_dest d = { .addr = ipvs_server_addr(number), .port = 80 };

	assert_true(kern_memory_set_conns(t->kern, &s, &d, conns_n));
}

/* All slices; how many there were. */
static struct counters *read_all(struct table *t, unsigned *slices_n)
{
	struct counters *c = NULL;

	count_begin(&t->count, 7, 1000);
	for (*slices_n = 0; !c; ++*slices_n)
		c = count_step(&t->count, &t->drive, 2000);
	assert_int_equal(c->number, 7);
	assert_int_equal(c->at_us, 1000);
	assert_int_equal(c->took_us, 1000);
	return c;
}

static void by_ids(void **state)
{
	const struct spec spec[] = {
		{ .port = 80, .servers_n = 3, .probes_n = 1, .weight = 5 },
		{ .port = 81, .first_server = 1, .servers_n = 2, .probes_n = 1, .weight = 6 },
	};
	struct ipvs_svc other = {
		.addr = ipvs_svc_addr(), .port = 99, .protocol = VS_TCP, .sched = "rr"
	};
	struct kern_op op = { .what = KERN_NEW_SVC, .svc = &other };
	struct table *t = table_new(spec, N_OF(spec));
	struct counters_server s;
	struct snap_slot slot = { 0 };
	struct ip_addr addr = ipvs_server_addr(1);
	struct counts sum;
	unsigned slices_n;

	(void)state;
	assert_int_equal(kern_apply(t->kern, &op, 1), 0);
	set_conns(t, 80, 1, 40);
	set_conns(t, 80, 2, 2);
	set_conns(t, 81, 1, 7);
	counters_publish(&slot, read_all(t, &slices_n));
	assert_int_equal(slices_n, 1);

	const struct counters *c = counters_hold(&slot);

	assert_int_equal(c->err, 0);
	assert_int_equal(c->service_n, 2); /* not the one of others */
	assert_int_equal(c->server_n, 5);
	assert_int_equal(counters_of_vs(c, 80, &sum), 1);
	assert_int_equal(sum.conns, 42);
	assert_int_equal(counters_of_vs(c, 81, &sum), 1);
	assert_int_equal(sum.in_packets, 7);
	assert_int_equal(counters_of_vs(c, 99, &sum), 0);
	assert_int_equal(sum.conns, 0);
	assert_int_equal(counters_of_rs(c, ipvs_rs_id(80, 1), &s), 1);
	assert_int_equal(s.sum.conns, 40);
	assert_int_equal(s.active_n, 40);
	assert_int_equal(s.weight, 5);
	assert_true(addr_eq(&s.addr, &addr));
	assert_int_equal(counters_of_rs(c, ipvs_rs_id(81, 1), &s), 1);
	assert_int_equal(s.sum.conns, 7);
	assert_int_equal(counters_of_rs(c, ipvs_rs_id(80, 9), &s), 0);
	assert_int_equal(counters_of_rs(c, 0, &s), 0);
	for (uint32_t i = 0; i < c->server_n; i++) {
		const struct counters_service *of = &c->service[c->server[i].service];

		assert_true(i >= of->first && i < of->first + of->n);
	}
	counters_drop(c);
	counters_publish(&slot, NULL);
	snap_barrier();
	table_free(t);
}

/* The sorry server has no id: it is not one of the servers. */
static void sorry(void **state)
{
	const struct spec spec = { .port = 80,
				   .servers_n = 1,
				   .probes_n = 1,
				   .weight = 1,
				   .sorry = 10,
				   .is_sorry_inhibit = true };
	struct table *t = table_new(&spec, 1);
	unsigned slices_n;
	struct counters *c = read_all(t, &slices_n);

	(void)state;
	assert_int_equal(c->server_n, 2);
	assert_int_equal(c->server[0].rs, ipvs_rs_id(80, 0));
	assert_int_equal(c->server[1].rs, 0);
	counters_free(c);
	table_free(t);
}

/* A slice ends after so many servers or services; a reload between two slices takes away what is not read
 * yet, and what has been read stays. */
static void slices(void **state)
{
	enum { N = 40 };
	struct spec spec[N];
	struct table *t;
	struct counters *c;
	unsigned slices_n;

	(void)state;
	for (unsigned i = 0; i < N; i++)
		spec[i] = (struct spec){
			.port = (uint16_t)(80 + i), .servers_n = 512, .probes_n = 1, .weight = 1
		};
	t = table_new(spec, N);
	c = read_all(t, &slices_n);
	assert_int_equal(slices_n, N * 512 / COUNT_TURN_N);
	assert_int_equal(c->server_n, N * 512);
	counters_free(c);

	count_begin(&t->count, 8, 1);
	assert_null(count_step(&t->count, &t->drive, 2));
	adopt(t, spec, 2); /* the other services are gone */
	for (c = NULL, slices_n = 1; !c; slices_n++)
		c = count_step(&t->count, &t->drive, 3);
	assert_int_equal(c->err, 0);
	assert_int_equal(c->service_n, N);
	assert_int_equal(c->server_n, COUNT_TURN_N);
	counters_free(c);
	table_free(t);
}

/* A reading that fails says so, with what it has; one that was disturbed is made again. */
static void failures(void **state)
{
	const struct spec spec = { .port = 80, .servers_n = 3, .probes_n = 1, .weight = 1 };
	struct table *t = table_new(&spec, 1);
	unsigned slices_n;
	struct counters *c;

	(void)state;
	t->lost_n = 1;
	t->err = -ENODEV;
	c = read_all(t, &slices_n);
	assert_int_equal(c->err, -ENODEV);
	assert_int_equal(c->service_n, 0);
	counters_free(c);

	t->lost_n = 3;
	t->err = -EINTR;
	c = read_all(t, &slices_n);
	assert_int_equal(c->err, 0);
	assert_int_equal(c->server_n, 3);
	counters_free(c);
	table_free(t);
}

static void take(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	uint64_t *got = arg;

	assert_int_equal(type, MSG_COUNT);
	assert_int_equal(id, 0);
	*got = value;
}

/* Many questions, one reading; a young answer needs none; a failed one is asked again. */
static void desk(void **state)
{
	struct board board = { 0 };
	struct mbox box;
	struct counter_desk d;
	struct counters *c;
	uint64_t got = 0;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	board.ipvs = &box;
	counter_desk_init(&d, &board, NULL);
	assert_true(counter_desk_has(&d, 0));
	assert_int_equal(counter_desk_ask(&d, 100, 50), 1);
	assert_int_equal(counter_desk_ask(&d, 101, 50), 1);
	mbox_gather(&box);
	(void)mbox_deliver(&box, take, &got);
	assert_int_equal(got, 1);
	assert_false(counter_desk_has(&d, 1));

	c = counters_new();
	c->at_us = 100;
	counters_publish(&board.counters, c);
	counter_desk_answered(&d, 9); /* nobody asked that */
	assert_false(counter_desk_has(&d, 1));
	counter_desk_answered(&d, 1);
	assert_true(counter_desk_has(&d, 1));
	assert_int_equal(counter_desk_ask(&d, 150, 50), 0);
	assert_int_equal(counter_desk_ask(&d, 151, 50), 2);
	counter_desk_answered(&d, 2);
	c = counters_new();
	c->at_us = 152;
	c->err = -ENODEV;
	counters_publish(&board.counters, c);
	assert_int_equal(counter_desk_ask(&d, 153, 50), 3);
	mbox_gather(&box);
	(void)mbox_deliver(&box, take, &got);
	assert_int_equal(got, 3);
	counters_publish(&board.counters, NULL);
	snap_barrier();
	mbox_fini(&box);
}

static int setup(void **state)
{
	(void)state;
	snap_thread_register();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	snap_thread_unregister();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_ids),   cmocka_unit_test(sorry), cmocka_unit_test(slices),
		cmocka_unit_test(failures), cmocka_unit_test(desk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
