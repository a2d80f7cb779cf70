/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page of a sorted list, beside the whole list sorted by the test; and facts from the stock.
 */
#include "core/bug.h"
#include "core/conf/conf_load.h"
#include "core/ops/control_post.h"
#include "core/ops/control_top.h"
#include "core/ops/control_verbs.h"
#include "core/ops/view.h"
#include "core/status.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVERS_N = 20000, TRIES_N = 60 };

static struct conf *c;
static struct snap_slot slot;
static struct control_host host;

static const struct conf *settled(void *arg)
{
	(void)arg;
	return c;
}

/* 20,000 servers, each in some state; 7 and 13 make orders of their own. */
static int setup(void **state)
{
	static const char text[] =
		"vrrp_instances = ( { name = \"web\"; interface = \"eth0\"; virtual_router_id = 1; "
		"virtual_ipaddress = ( \"192.0.2.1/24\" ); } );\n"
		"virtual_servers = ( { name = \"a\"; address = \"192.0.2.1\"; port = 80; "
		"real_servers = ( \"10.0.[0-199].[1-100]:80\" ); } );\n";
	struct err_list errs = { 0 };

	(void)state;
	snap_thread_register();
	c = conf_load_text("text", text, sizeof(text) - 1, &errs);
	if (!c || c->rs_n != SERVERS_N)
		return -1;
	c->status = status_new(c);
	for (uint32_t i = 0; i < c->rs_n; i++) {
		struct status_rs_word w = { .verdict = (uint8_t)(i * 7 % 3), .ramp_percent = 100 };

		STATUS_STORE(&c->status->rs[i].word, status_rs_pack(w));
		STATUS_STORE(&c->status->rs[i].since_us, 1000000 + i * 7919 % 10007);
		STATUS_STORE(&c->status->rs[i].weight, i * 13 % 101);
	}
	conf_publish(&slot, c);
	host.settled = settled;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conf_publish(&slot, NULL);
	snap_barrier();
	snap_thread_unregister();
	return 0;
}

/* The lines of a reply, and the last one; to be released. waits: how often it wanted to be asked again. */
static json_t *ask(json_t *request, json_t **end, unsigned *waits)
{
	const struct ctl_verb *verb = ctl_verb_find(control_verbs, "top");
	struct ctl_who who = ctl_who(1000, 0, false);
	struct ctl_reply *r = verb->fn(&host, request, &who);
	json_t *lines = json_array(), *line;

	*waits = 0;
	for (;;) {
		enum ctl_step s = r->next(r, &line);

		if (s == CTL_WAIT) {
			assert_true(r->again_us > 0);
			++*waits;
			continue;
		}
		if (s == CTL_END)
			break;
		json_array_append_new(lines, line);
	}
	*end = line;
	r->free(r);
	json_decref(request);
	return lines;
}

static const char *sort;
static bool is_reverse;

static int64_t key(uint32_t i)
{
	static const int64_t urgency[] = { 2, 1, 3 }; /* unknown, down, up */
	uint64_t verdict = status_rs_unpack(STATUS_LOAD(&c->status->rs[i].word)).verdict;
	int64_t since = STATUS_LOAD(&c->status->rs[i].since_us);

	if (!strcmp(sort, "weight"))
		return -(int64_t)STATUS_LOAD(&c->status->rs[i].weight);
	if (!strcmp(sort, "since"))
		return -since;
	if (!strcmp(sort, "state"))
		return urgency[verdict] * 10000000 - since;
	return i; /* name: they stand in that order */
}

static int compare(const void *va, const void *vb)
{
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	int64_t x = key(a), y = key(b);

	if (x != y)
		return (x < y ? -1 : 1) * (is_reverse ? -1 : 1);
	return a < b ? -1 : a > b;
}

static void pages(void **state)
{
	static const char *const sorts[] = { "name", "state", "since", "weight" };
	uint32_t *all = calloc(SERVERS_N, sizeof(*all));

	(void)state;
	for (unsigned t = 0; t < TRIES_N; t++) {
		uint32_t offset = t * 37 % 900, max = 1 + t * 17 % 100, n = 0;
		unsigned waits;
		json_t *end, *lines;

		sort = sorts[t % 4];
		is_reverse = t & 4;
		for (uint32_t i = 0; i < SERVERS_N; i++)
			all[n++] = i;
		qsort(all, n, sizeof(*all), compare);
		lines = ask(json_pack("{s:s,s:s,s:b,s:i,s:i}", "verb", "top", "sort", sort,
				      "reverse", is_reverse, "offset", offset, "max", max),
			    &end, &waits);
		assert_true(waits > 0); /* never all of them in one turn of main */
		assert_int_equal(json_array_size(lines), max);
		assert_int_equal(json_integer_value(json_object_get(end, "matches")), SERVERS_N);
		for (uint32_t i = 0; i < max; i++) {
			const json_t *o = json_object_get(json_array_get(lines, i), "real_server");
			char name[VIEW_NAME_LEN];

			assert_string_equal(json_string_value(json_object_get(o, "name")),
					    view_rs_name(c, all[offset + i], name));
		}
		json_decref(lines);
		json_decref(end);
	}
	free(all);
}

static void filters(void **state)
{
	static const struct {
		const char *what, *name, *value;
		json_int_t matches;
	} row[] = {
		{ "servers", "match", "10.0.7.*", 100 },
		{ "servers", "match", "10.0.7.8:80", 1 },
		{ "servers", "state", "down", 6667 },
		{ "servers", "service", "b*", 0 },
		{ "services", "match", "192.0.2.1:80", 1 },
		{ "services", "match", "b", 0 },
		{ "vrrp", "match", "we?", 1 },
		{ "vrrp", "state", "FAULT", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		unsigned waits;
		json_t *end, *lines = ask(json_pack("{s:s,s:s,s:s}", "verb", "top", "what",
						    row[i].what, row[i].name, row[i].value),
					  &end, &waits);
		json_int_t n = json_integer_value(json_object_get(end, "matches"));

		if (n != row[i].matches)
			fail_msg("row %zu: %" JSON_INTEGER_FORMAT, i, n);
		assert_int_equal(json_array_size(lines), n < 100 ? n : 100);
		json_decref(lines);
		json_decref(end);
	}
}

static void refused(void **state)
{
	static const char *const row[] = {
		"{\"verb\":\"top\",\"what\":\"checks\"}",
		"{\"verb\":\"top\",\"sort\":\"colour\"}",
		"{\"verb\":\"top\",\"offset\":-1}",
		"{\"verb\":\"top\",\"max\":-1}",
		"{\"verb\":\"top\",\"offset\":1001,\"max\":0}",
		"{\"verb\":\"top\",\"offset\":901}",
		"{\"verb\":\"top\",\"offset\":9223372036854775807,\"max\":9223372036854775807}",
		"{\"verb\":\"top\",\"match\":\"*a*a*a*a*a*a\"}",
	};

	(void)state;
	for (size_t i = 0; i < N_OF(row); i++) {
		unsigned waits;
		json_t *end, *lines = ask(json_loads(row[i], 0, NULL), &end, &waits);

		if (json_integer_value(json_object_get(end, "status")) != 1)
			fail_msg("row %zu", i);
		assert_int_equal(json_array_size(lines), 0);
		json_decref(lines);
		json_decref(end);
	}
}

static void take(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	uint32_t *next = arg;

	assert_int_equal(type, MSG_PROBE_NOW);
	assert_int_equal(id, (*next)++);
	assert_int_equal(value, 0);
}

/* The stock is as large as it says, and full again when the receiver has taken what was posted. */
static void stock(void **state)
{
	struct mbox box;
	uint32_t next = 0, n = 0;

	(void)state;
	assert_int_equal(mbox_init(&box), 0);
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(control_post_room(), CONTROL_POSTS_N);
		for (uint32_t i = 0; i < CONTROL_POSTS_N - round; i++)
			assert_true(control_post(&box, MSG_PROBE_NOW, n++, 0));
		assert_int_equal(control_post_room(), round);
		assert_true(round || !control_post(&box, MSG_PROBE_NOW, n, 0));
		mbox_gather(&box);
		assert_true(mbox_deliver(&box, take, &next));
		assert_int_equal(next, n);
	}
	mbox_fini(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(filters),
		cmocka_unit_test(refused),
		cmocka_unit_test(stock),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
