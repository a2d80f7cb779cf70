/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What should be in the kernel's table: the two tables of want.h, services with every setting, faces.
 */
#include "core/conf/conf_far.h"
#include "ipvs/want.h"
#include "ipvs_conf.h"
#include "unit.h"

#include <stdio.h>

#define UNKNOWN HEALTH_UNKNOWN
#define DOWN HEALTH_DOWN
#define UP HEALTH_UP

/* Every case of a server: what is not said is false. */
static void servers(void **state)
{
	static const struct {
		struct want_case c;
		struct want_place place;
	} rows[] = {
		/* plain */
		{ { .verdict = UP, .admin = ADMIN_READY }, { IPVS_IN, true } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_READY }, { IPVS_KEEP, false } },
		{ { .verdict = DOWN, .admin = ADMIN_READY }, { IPVS_OUT, false } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_inhibit = true },
		  { IPVS_IN, false } },
		{ { .verdict = UP, .admin = ADMIN_READY, .is_inhibit = true }, { IPVS_IN, true } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_READY, .is_inhibit = true },
		  { IPVS_KEEP, false } },
		/* panic: as if it was up */
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_panic = true }, { IPVS_IN, true } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_panic = true, .is_inhibit = true },
		  { IPVS_IN, true } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_READY, .is_panic = true },
		  { IPVS_KEEP, false } },
		/* the sorry server has the traffic: also from those that live, panic or not */
		{ { .verdict = UP, .admin = ADMIN_READY, .is_sorry = true }, { IPVS_OUT, false } },
		{ { .verdict = UP, .admin = ADMIN_READY, .is_sorry = true, .is_inhibit = true },
		  { IPVS_IN, false } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_READY, .is_sorry = true },
		  { IPVS_OUT, false } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_sorry = true, .is_panic = true },
		  { IPVS_OUT, false } },
		/* held: weight 0 if it is there, while it is down */
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_held = true },
		  { IPVS_IF_IN, false } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_held = true, .is_inhibit = true },
		  { IPVS_IN, false } },
		{ { .verdict = UP, .admin = ADMIN_READY, .is_held = true }, { IPVS_IN, true } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_held = true, .is_panic = true },
		  { IPVS_IN, true } },
		{ { .verdict = DOWN, .admin = ADMIN_MAINT, .is_held = true }, { IPVS_OUT, false } },
		{ { .verdict = DOWN, .admin = ADMIN_DRAIN, .is_held = true }, { IPVS_OUT, false } },
		/* draining: what is there gets nothing new; what is not there does not come */
		{ { .verdict = UP, .admin = ADMIN_DRAIN }, { IPVS_IF_IN, false } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_DRAIN }, { IPVS_IF_IN, false } },
		{ { .verdict = DOWN, .admin = ADMIN_DRAIN }, { IPVS_OUT, false } },
		{ { .verdict = DOWN, .admin = ADMIN_DRAIN, .is_inhibit = true },
		  { IPVS_IF_IN, false } },
		{ { .verdict = DOWN, .admin = ADMIN_DRAIN, .is_panic = true },
		  { IPVS_IF_IN, false } },
		{ { .verdict = UP, .admin = ADMIN_DRAIN, .is_sorry = true },
		  { IPVS_IF_IN, false } },
		{ { .verdict = UP, .admin = ADMIN_DRAIN, .is_drained = true },
		  { IPVS_OUT, false } },
		{ { .verdict = UP, .admin = ADMIN_DRAIN, .is_drained = true, .is_inhibit = true },
		  { IPVS_OUT, false } },
		/* maintenance: out, whatever else */
		{ { .verdict = UP, .admin = ADMIN_MAINT }, { IPVS_OUT, false } },
		{ { .verdict = UNKNOWN, .admin = ADMIN_MAINT, .is_inhibit = true },
		  { IPVS_OUT, false } },
		{ { .verdict = UP, .admin = ADMIN_MAINT, .is_suspended = true },
		  { IPVS_OUT, false } },
		{ { .verdict = UP, .admin = ADMIN_MAINT, .is_panic = true }, { IPVS_OUT, false } },
		/* suspended: as it is */
		{ { .verdict = UP, .admin = ADMIN_READY, .is_suspended = true },
		  { IPVS_KEEP, false } },
		{ { .verdict = DOWN, .admin = ADMIN_READY, .is_suspended = true },
		  { IPVS_KEEP, false } },
		{ { .verdict = DOWN,
		    .admin = ADMIN_READY,
		    .is_suspended = true,
		    .is_inhibit = true },
		  { IPVS_KEEP, false } },
		{ { .verdict = UP, .admin = ADMIN_DRAIN, .is_suspended = true },
		  { IPVS_KEEP, false } },
		{ { .verdict = UP, .admin = ADMIN_READY, .is_suspended = true, .is_sorry = true },
		  { IPVS_KEEP, false } },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct want_place p = want_server(&rows[i].c);

		assert_int_equal(p.presence, rows[i].place.presence);
		assert_int_equal(p.has_weight, rows[i].place.has_weight);
	}
}

static void sorry_servers(void **state)
{
	static const struct {
		enum quorum_state quorum;
		bool is_suspended, is_ending, is_inhibit;
		struct want_place place;
	} rows[] = {
		{ QUORUM_DOWN, false, false, false, { IPVS_IN, true } },
		{ QUORUM_DOWN, false, false, true, { IPVS_IN, true } },
		{ QUORUM_UP, false, false, false, { IPVS_OUT, false } },
		{ QUORUM_UP, false, false, true, { IPVS_IN, false } },
		{ QUORUM_UNKNOWN, false, false, false, { IPVS_KEEP, false } },
		{ QUORUM_UNKNOWN, false, false, true, { IPVS_KEEP, false } },
		{ QUORUM_DOWN, true, false, false, { IPVS_KEEP, false } },
		{ QUORUM_DOWN, false, true, false, { IPVS_IF_IN, false } },
		{ QUORUM_UP, false, true, true, { IPVS_IF_IN, false } },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct want_place p = want_sorry(rows[i].quorum, rows[i].is_suspended,
						 rows[i].is_ending, rows[i].is_inhibit);

		assert_int_equal(p.presence, rows[i].place.presence);
		assert_int_equal(p.has_weight, rows[i].place.has_weight);
	}
}

/* ------------------------------------------------------------------ services */

static const struct spec specs[] = {
	{ .port = 80, .servers_n = 3, .probes_n = 2, .weight = 5 },
	{ .port = 53,
	  .protocol = VS_UDP,
	  .sched = "mh",
	  .method = VS_DR,
	  .persistence_us = SEC(50),
	  .is_inhibit = true,
	  .servers_n = 2,
	  .probes_n = 1,
	  .weight = 7 },
	{ .port = 81, .method = VS_TUN, .servers_n = 1, .weight = 0, .sorry = 9 },
};

static void services(void **state)
{
	static const char *const flags[] = { "mh-port", "mh-fallback" };
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct state st = { 0 };
	struct ipvs_svc s;

	(void)state;
	state_adopt(&st, NULL, c);
	want_svc(&st, 0, &s);
	assert_string_equal(s.sched, "wlc");
	assert_int_equal(s.protocol, IPPROTO_TCP);
	assert_int_equal(s.flags, 0);
	assert_int_equal(s.timeout_s, 0);
	assert_int_equal(s.netmask, UINT32_MAX);
	assert_string_equal(s.pe, "");
	want_svc(&st, 1, &s);
	assert_string_equal(s.sched, "mh");
	assert_int_equal(s.protocol, IPPROTO_UDP);
	assert_int_equal(s.flags, IPVS_FLAG_PERSISTENT);
	assert_int_equal(s.timeout_s, 50);

	c->vs[1].s.flags = (struct conf_strs){ flags, 2 };
	c->vs[1].s.ops = true;
	c->vs[1].s.persistence_mask = 24;
	c->vs[1].s.persistence_engine = "sip";
	want_svc(&st, 1, &s);
	assert_int_equal(s.flags, IPVS_FLAG_PERSISTENT | IPVS_FLAG_ONE_PACKET | IPVS_FLAG_SCHED_1 |
					  IPVS_FLAG_SCHED_2);
	assert_int_equal(s.netmask, htonl(0xffffff00));
	assert_string_equal(s.pe, "sip");
	state_fini(&st);
	conf_free(c);
}

static void netmasks(void **state)
{
	static const struct {
		const char *addr;
		uint8_t bits;
		uint32_t mask;
	} rows[] = {
		{ "10.0.0.1", 0, UINT32_MAX }, { "10.0.0.1", 32, UINT32_MAX },
		{ "10.0.0.1", 8, 0xff000000 }, { "10.0.0.1", 1, 0x80000000 },
		{ "fd00::1", 0, 128 },         { "fd00::1", 64, 64 },
		{ "fd00::1", 128, 128 },
	};

	(void)state;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		struct conf *c = ipvs_conf(specs, 1);
		struct state st = { 0 };
		struct ipvs_svc s;

		assert_int_equal(addr_parse(rows[i].addr, &c->vs[0].s.addr), 0);
		c->vs[0].s.persistence_mask = rows[i].bits;
		state_adopt(&st, NULL, c);
		want_svc(&st, 0, &s);
		assert_int_equal(s.netmask,
				 s.addr.family == AF_INET ? htonl(rows[i].mask) : rows[i].mask);
		state_fini(&st);
		conf_free(c);
	}
}

/* The way of each server is its own. */
static void ways(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct conf_tunnel tunnel[] = {
		{ .s = { .type = TUNNEL_GUE, .port = 6080, .csum = TUNNEL_REMCSUM } },
		{ .s = { .type = TUNNEL_GRE, .port = 9, .csum = TUNNEL_CSUM } },
		{ .s = { .type = TUNNEL_IPIP, .port = 9, .csum = TUNNEL_CSUM } },
	};
	static const struct {
		uint8_t method;
		uint32_t tunnel; /* 3: none */
		uint8_t got, type, flags;
		uint16_t tun_port, port;
	} rows[] = {
		{ VS_NAT, 0, IPVS_METHOD_NAT, 0, 0, 0, 8080 },
		{ VS_DR, 0, IPVS_METHOD_DR, 0, 0, 0, 80 },
		{ VS_TUN, 3, IPVS_METHOD_TUN, 0, 0, 0, 80 },
		{ VS_TUN, 0, IPVS_METHOD_TUN, IPVS_TUN_GUE, IPVS_TUN_REMCSUM, 6080, 80 },
		{ VS_TUN, 1, IPVS_METHOD_TUN, IPVS_TUN_GRE, IPVS_TUN_CSUM, 0, 80 },
		{ VS_TUN, 2, IPVS_METHOD_TUN, IPVS_TUN_IPIP, 0, 0, 80 },
	};
	struct state st = { 0 };
	struct ipvs_dest d;

	(void)state;
	c->tunnel = tunnel;
	c->tunnel_n = N_OF(tunnel);
	c->rs[0].s.port = 8080;
	conf_far_own(SCHEMA_rs, &c->rs[0], &c->arena);
	c->rs[0].s.far->uthreshold = 100;
	c->rs[0].s.far->lthreshold = 90;
	state_adopt(&st, NULL, c);
	for (unsigned i = 0; i < N_OF(rows); i++) {
		c->rs[0].s.method = rows[i].method;
		c->rs[0].s.far->tunnel =
			(struct conf_range){ rows[i].tunnel % 3, rows[i].tunnel < 3 };
		want_dest(&st, 0, 0, &d);
		assert_int_equal(d.method, rows[i].got);
		assert_int_equal(d.tun_type, rows[i].type);
		assert_int_equal(d.tun_flags, rows[i].flags);
		assert_int_equal(d.tun_port, rows[i].tun_port);
		assert_int_equal(d.port, rows[i].port);
		assert_int_equal(d.u_thresh, 100);
		assert_int_equal(d.l_thresh, 90);
	}
	state_fini(&st);
	conf_free(c);
}

static void whole_table(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct state st = { 0 };
	struct ipvs_table t = { 0 };

	(void)state;
	state_adopt(&st, NULL, c);
	want_table(&st, &t);
	assert_int_equal(t.svc_n, 3);
	assert_int_equal(t.dest_n, 7); /* with the sorry server of the third */
	/* sorted by key, and each reference leads back */
	for (uint32_t i = 0; i < t.svc_n; i++) {
		const struct ipvs_svc *s = &t.svc[i];
		const struct face *f = &st.faces.face[s->ref];

		assert_true(!i || table_cmp_svc(s - 1, s) < 0);
		assert_int_equal(c->vs[f->vs].s.port, s->port);
		assert_int_equal(table_find_svc(&t, s), i);
		for (uint32_t k = s->first; k < s->first + s->n; k++) {
			uint32_t rs = faces_rs(&st.faces, c, s->ref, t.dest[k].ref);

			assert_int_equal(faces_of_slot(&st.faces, t.dest[k].ref), s->ref);
			if (rs != UINT32_MAX)
				assert_int_equal(c->rs[rs].vs, f->vs);
			assert_int_equal(table_find_dest(&t, s, &t.dest[k]), k);
		}
	}
	table_fini(&t);
	state_fini(&st);
	conf_free(c);
}

/* A server that fails again and again is held at weight 0 only where that sends its clients elsewhere. */
static void held_servers(void **state)
{
	static const struct spec one[] = {
		{ .port = 80, .servers_n = 2, .probes_n = 1, .weight = 5 },
	};
	static const char *fallback_sh[] = { "sh-fallback" }, *fallback_mh[] = { "mh-fallback" };
	static const struct {
		uint8_t sched;
		const char *const *flag;
		bool is_held;
	} rows[] = {
		{ SCHED_WLC, NULL, true }, { SCHED_RR_, NULL, true },
		{ SCHED_SH, NULL, false }, { SCHED_SH, fallback_sh, true },
		{ SCHED_MH, NULL, false }, { SCHED_MH, fallback_mh, true },
		{ SCHED_DH, NULL, false },
	};
	struct conf *c = ipvs_conf(one, 1);
	struct state st = { 0 };
	struct ipvs_dest d;

	(void)state;
	state_adopt(&st, NULL, c);
	(void)state_take_probe(&st, 0, &(struct state_probe){ .verdict = DOWN });
	(void)state_take_probe(&st, 1, &(struct state_probe){ .verdict = UP });
	st.server[0].is_held = true;
	for (unsigned i = 0; i < N_OF(rows); i++) {
		c->vs[0].s.sched = rows[i].sched;
		c->vs[0].s.flags = (struct conf_strs){ rows[i].flag, rows[i].flag ? 1 : 0 };
		want_dest(&st, 0, 0, &d);
		assert_int_equal(d.presence != IPVS_OUT, rows[i].is_held);
		assert_int_equal(d.weight, 0);
	}
	state_fini(&st);
	conf_free(c);
}

/* A sorry server that is one of the servers is one entry. */
static void sorry_is_a_server(void **state)
{
	static const struct spec one[] = {
		{ .port = 80, .servers_n = 3, .probes_n = 1, .weight = 5, .sorry = 2 },
	};
	struct conf *c = ipvs_conf(one, 1);
	struct state st = { 0 };
	struct ipvs_dest d;

	(void)state;
	state_adopt(&st, NULL, c);
	assert_int_equal(st.faces.slot_n, 3);
	assert_int_equal(st.faces.set[0].sorry, 1);
	for (uint32_t i = 0; i < 3; i++)
		(void)state_take_probe(&st, i, &(struct state_probe){ .verdict = UP });
	(void)state_settle(&st, 0);
	want_dest(&st, 0, 1, &d);
	assert_int_equal(d.presence, IPVS_IN);
	assert_int_equal(d.weight, 5);
	for (uint32_t i = 0; i < 3; i++)
		(void)state_take_probe(&st, i, &(struct state_probe){ .verdict = DOWN });
	(void)state_settle(&st, 0);
	want_dest(&st, 0, 1, &d);
	assert_int_equal(d.presence, IPVS_IN);
	assert_int_equal(d.weight, 1);
	want_dest(&st, 0, 0, &d);
	assert_int_equal(d.presence, IPVS_OUT);
	state_fini(&st);
	conf_free(c);
}

/* ------------------------------------------------------------------ faces */

static void expect_face(const struct state *st, uint32_t i, const char *addr, uint16_t port,
			uint32_t fwmark)
{
	const struct face *f = &st->faces.face[i];
	char text[ADDR_TEXT_LEN];

	if (fwmark) {
		assert_int_equal(f->addr.family, strcmp(addr, "inet6") ? AF_INET : AF_INET6);
	} else {
		assert_string_equal(addr_text(&f->addr, text), addr);
	}
	assert_int_equal(f->port, port);
	assert_int_equal(f->fwmark, fwmark);
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p = { 0 };

	assert_int_equal(prefix_parse(text, &p), 0);
	return p;
}

/* Addresses, prefixes and marks: each a service of the kernel with all servers. */
static void faces(void **state)
{
	struct conf *c = ipvs_conf(specs, N_OF(specs));
	struct conf_vsaddr list[] = {
		{ .s = { .prefix = prefix("192.0.2.7"), .port = 80 } },
		{ .s = { .prefix = prefix("192.0.2.250/30"), .port = 81 } },
		{ .s = { .prefix = prefix("fd00::ffff:fffe/127"), .port = 82 } },
		{ .s = { .fwmark = 5, .family = AF_INET6, .port = 99 } },
		{ .s = { .fwmark = 6 } },
		{ .s = { .prefix = prefix("10.9.1.0/22"), .port = 83 } },
	};
	struct state st = { 0 };
	struct ipvs_table t = { 0 };

	(void)state;
	c->vsaddr = list;
	c->vsaddr_n = N_OF(list);
	c->vs[0].where = (struct conf_range){ 0, N_OF(list) };
	state_adopt(&st, NULL, c);
	assert_int_equal(st.faces.set[0].n, 1 + 4 + 2 + 1 + 1 + 1024);
	expect_face(&st, 0, "192.0.2.7", 80, 0);
	expect_face(&st, 1, "192.0.2.248", 81, 0);
	expect_face(&st, 4, "192.0.2.251", 81, 0);
	expect_face(&st, 5, "fd00::ffff:fffe", 82, 0);
	expect_face(&st, 6, "fd00::ffff:ffff", 82, 0);
	expect_face(&st, 7, "inet6", 0, 5);
	expect_face(&st, 8, "inet", 0, 6);
	expect_face(&st, 9, "10.9.0.0", 83, 0);
	expect_face(&st, 9 + 256, "10.9.1.0", 83, 0);
	expect_face(&st, 9 + 1023, "10.9.3.255", 83, 0);
	assert_int_equal(st.faces.face[2].slot, 6);
	want_table(&st, &t);
	assert_int_equal(t.svc_n, st.faces.n);
	assert_int_equal(t.dest_n, st.faces.slot_n);
	for (uint32_t i = 0; i < st.faces.slot_n; i++) {
		uint32_t f = faces_of_slot(&st.faces, i);

		assert_true(st.faces.face[f].slot <= i);
		assert_true(i - st.faces.face[f].slot < st.faces.set[st.faces.face[f].vs].slots_n);
	}
	table_fini(&t);
	state_fini(&st);
	conf_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),      cmocka_unit_test(sorry_servers),
		cmocka_unit_test(services),     cmocka_unit_test(netmasks),
		cmocka_unit_test(ways),         cmocka_unit_test(whole_table),
		cmocka_unit_test(held_servers), cmocka_unit_test(sorry_is_a_server),
		cmocka_unit_test(faces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
