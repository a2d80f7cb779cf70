/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every reason to drop an advert, a row each: a packet of priority 255 that is right but for one thing
 * comes to a router that is active and to one that is in BACKUP. It must be counted under its name, told
 * once however often it comes and from wherever it seems to come (V57, V136), and change nothing (V34,
 * V134, V135). The last row makes sure that no reason has been forgotten.
 */
#include "sim.h"

#include "core/clock.h"
#include "core/stats.h"

#include <arpa/inet.h>
#include <string.h>

enum { TIMES_N = 50, SOURCES_N = 7 };

struct row {
	const char *name;
	enum vrrp_drop why;
	struct sim_inst s; /* what differs from the default; see settings() */
	const char *more;
	/* the packet: byte `at` of the IP packet becomes `value`; the checksum is made right again */
	int at;
	uint8_t value;
	bool is_sum_wrong;
	int cut; /* bytes less; below 0: more */
	bool is_to_us; /* and not to the group */
};

enum { IP_TTL_AT = 8, MSG_AT = PKT_IP_LEN, AUTH_AT = MSG_AT + 4, INTERVAL_AT = MSG_AT + 5 };

static const struct row rows[] = {
	{ "length: V40: too short for its addresses", VRRP_DROP_LENGTH, .at = MSG_AT + 3,
	  .value = 9 },
	{ "length: V42: longer than it says", VRRP_DROP_LENGTH, .cut = -48, .at = -1 },
	{ "length: V43: IP says another length", VRRP_DROP_LENGTH, .at = 3, .value = 99 },
	{ "ttl: V36", VRRP_DROP_TTL, .at = IP_TTL_AT, .value = 254 },
	{ "destination: V54", VRRP_DROP_DEST, .at = -1, .is_to_us = true },
	{ "destination: V54: to the group", VRRP_DROP_DEST, .s.is_unicast = true, .at = -1 },
	{ "version: V38", VRRP_DROP_VERSION, .at = MSG_AT, .value = 0x21 },
	{ "type: V39", VRRP_DROP_TYPE, .at = MSG_AT, .value = 0x32 },
	{ "checksum: V34", VRRP_DROP_CHECKSUM, .at = MSG_AT + 2, .value = 254,
	  .is_sum_wrong = true },
	{ "count: V45", VRRP_DROP_COUNT, .at = MSG_AT + 3, .value = 0, .cut = 4 },
	{ "auth: V115: another kind", VRRP_DROP_AUTH, .s.version = 2, .at = AUTH_AT, .value = 1 },
	{ "auth: V115: a kind that nobody knows", VRRP_DROP_AUTH, .s.version = 2, .at = AUTH_AT,
	  .value = 7 },
	{ "interval: V48: version 2", VRRP_DROP_INTERVAL, .s.version = 2, .at = INTERVAL_AT,
	  .value = 9 },
	{ "interval: V46: zero", VRRP_DROP_INTERVAL, .at = INTERVAL_AT, .value = 0 },
	{ "auth_failure: V115: another password", VRRP_DROP_AUTH_FAIL,
	  .s = { .version = 2, .auth = SIM_AUTH_PASS }, .at = AUTH_AT, .value = 1 },
	{ "auth: V127: not signed", VRRP_DROP_AUTH, .s.auth = SIM_AUTH_HMAC, .at = -1 },
	{ "peer: V55: check_unicast_src", VRRP_DROP_PEER, .s.is_unicast = true,
	  .more = "check_unicast_src=true;", .at = -1, .is_to_us = true },
	{ "owner: V53: owner_ignore_adverts", VRRP_DROP_OWNER, .s.prio = 255,
	  .more = "owner_ignore_adverts=true;", .at = -1 },
};

static uint64_t covered; /* bits: reasons that were counted */

static uint64_t dropped(const struct sim_router *r, enum vrrp_drop why)
{
	uint64_t n = router_inst(r, 0)->r.drop_n[why];

	covered |= (uint64_t)(n > 0) << why;
	return n;
}

static struct sim_inst settings(const struct row *row)
{
	struct sim_inst s = sim_inst_default();

	if (row->s.version == 2) {
		s.version = 2;
		s.adv_us = SEC(1);
	}
	s.auth = row->s.auth;
	s.is_unicast = row->s.is_unicast;
	s.more = row->more;
	s.prio = row->s.prio ? row->s.prio : 200;
	return s;
}

static void start(unsigned i, const struct sim_inst *s)
{
	struct sim_conf c = { .inst[0] = *s };

	sim.router[i].is_modelled = !s->more;
	router_start(&sim.router[i], &c);
}

/* ------------------------------------------------------------------ the packet */

static uint16_t sum(const uint8_t *at, uint32_t len)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		n += (uint32_t)(at[i] << 8 | at[i + 1]);
	while (n >> 16)
		n = (n & 0xffff) + (n >> 16);
	return (uint16_t)~n;
}

static void make(const struct row *row, const struct sim_inst *s, unsigned n, struct sim_packet *p)
{
	static const uint8_t vip[] = { 10, 0, 0, 100 };
	struct pkt_advert a = {
		.addr = vip,
		.addr_n = 1,
		.adv_int_us = s->adv_us,
		.sum = PKT_SUM_MESSAGE,
		.family = AF_INET,
		.version = s->version,
		.vrid = s->vrid,
		.prio = 255,
	};
	struct pkt_route route = {
		.src = { .family = AF_INET, .byte = { 10, 0, 0, (uint8_t)(201 + n % SOURCES_N) } },
		.dst = row->is_to_us ? router_addr(&sim.router[p->to], 0, AF_INET)
				     : addr_v4(htonl(PKT_GROUP_V4)),
		.ip_id = 1,
		.ttl = PKT_TTL,
	};
	uint8_t buf[PKT_MAX_LEN] = { 0 };
	struct pkt_out out;

	pkt_encode(&a, &route, buf, &out);
	if (row->at >= 0)
		buf[row->at] = row->value;
	memcpy(p->data, buf, sizeof(p->data));
	p->len = (uint32_t)((int)out.len - row->cut);
	if (row->cut > 0)
		p->data[3] = (uint8_t)p->len;
	p->data[MSG_AT + 6] = p->data[MSG_AT + 7] = 0;

	uint16_t right = sum(p->data + MSG_AT, p->len - MSG_AT);

	p->data[MSG_AT + 6] = (uint8_t)(right >> 8 ^ row->is_sum_wrong);
	p->data[MSG_AT + 7] = (uint8_t)right;
	p->port = SOCK_V4;
	p->at_us = sim.now_us;
}

static void fire(const struct row *row, const struct sim_inst *s, unsigned n)
{
	struct sim_packet p = { 0 };

	for (p.to = 0; p.to < 2; p.to++) {
		make(row, s, n, &p);
		bus_inject(&p);
	}
}

/* ------------------------------------------------------------------ runs */

static void must(bool cond, const struct row *row, const char *what)
{
	if (!cond)
		sim_fail("%s: %s", row->name, what);
}

static void run(const struct row *row)
{
	struct sim_inst s = settings(row);
	struct sim_router *active = &sim.router[0], *backup = &sim.router[1];
	unsigned changes_n;

	start(0, &s);
	sim_run(4 * s.adv_us);
	s.prio = row->s.prio ? 255 : 100;
	if (row->why != VRRP_DROP_OWNER) /* a BACKUP is none */
		start(1, &s);
	sim_run(s.adv_us);
	changes_n = active->change_n + backup->change_n;
	for (unsigned n = 0; n < TIMES_N; n++) {
		fire(row, &s, n);
		sim_run(s.adv_us / 7);
	}
	must(dropped(active, row->why) == TIMES_N, row, "counted by the active one");
	must(active->log_n[LOG_VRRP_DROP] == 1, row, "V57, V136: told once");
	must(active->change_n + backup->change_n == changes_n, row, "V34, V135: nobody moves");
	if (!backup->v)
		return;
	must(dropped(backup, row->why) == TIMES_N, row, "counted by the other");
	must(backup->log_n[LOG_VRRP_DROP] == 1, row, "V57, V136: told once by the other");
	must(rules_active(0) == active, row, "V134: as before");
}

/* What needs more than one wrong packet: a sequence, keys, a state, our own address. */
static void signatures(void)
{
	struct sim_inst s = sim_inst_default();
	struct sim_router *backup = &sim.router[1];

	s.auth = SIM_AUTH_HMAC;
	s.prio = 200;
	start(0, &s);
	sim_run(SEC(1));
	s.prio = 100;
	start(1, &s);
	sim.net[0].copies = 1000; /* each advert comes twice */
	sim.net[0].echo = 1000;
	sim_run(SEC(1));
	sim.net[0].copies = 0;
	if (!dropped(backup, VRRP_DROP_REPLAY) || !dropped(&sim.router[0], VRRP_DROP_OWN))
		sim_fail("V10, V126: copies, and our own");
	sim.router[0].wall_off_us = SEC(3600);
	sim_run(MS(200));
	sim.router[0].wall_off_us = 0; /* and the time stamps are good again at once */
	if (!dropped(backup, VRRP_DROP_AUTH_STALE))
		sim_fail("V126: the clock is an hour wrong");
	s.has_other_key = true;
	s.prio = 50;
	start(2, &s);
	sim_run(SEC(1));
	if (!dropped(&sim.router[2], VRRP_DROP_AUTH_KEY))
		sim_fail("V126: a key that it has not");
}

static void states(void)
{
	struct sim_conf c = { .inst[0] = sim_inst_default(), .global = "vrrp_startup_delay=10;" };
	struct sim_inst s = sim_inst_default();
	struct sim_router *late = &sim.router[1];
	uint64_t before;

	start(0, &s);
	late->is_modelled = false;
	router_start(late, &c);
	sim_run(SEC(1));
	if (!dropped(late, VRRP_DROP_STATE) || router_inst(late, 0)->r.rx_n)
		sim_fail("V56: a start-up delay");
	s.vrid = 99;
	before = stats_sum(STAT_VRRP_RX_UNKNOWN_VRID);
	start(2, &s);
	sim_run(SEC(1));
	if (stats_sum(STAT_VRRP_RX_UNKNOWN_VRID) - before < 6)
		sim_fail("V44: a number that nobody has");
}

/* More than one turn may read waits: timers come between (V58). */
static void flood(void)
{
	struct sim_inst s = sim_inst_default();
	struct sim_router *r = &sim.router[0];
	uint64_t turns_n;

	start(0, &s);
	sim_run(SEC(1));
	turns_n = r->turn_n;
	for (unsigned n = 0; n < SIM_QUEUE_N - 1; n++)
		fire(&rows[0], &s, n);
	sim_run(0);
	if (r->turn_n - turns_n < 2 || dropped(r, VRRP_DROP_LENGTH) != SIM_QUEUE_N - 1)
		sim_fail("V58: %d packets in one turn", SIM_QUEUE_N - 1);
}

static void nothing_is_forgotten(void)
{
	for (unsigned why = 1; why < VRRP_DROP_N; why++)
		if (!(covered >> why & 1))
			sim_fail("nothing tests what is dropped for '%s'", vrrp_drop_name[why]);
}

static const struct {
	const char *name;
	void (*run)(void);
} others[] = {
	{ "replay, own, auth_stale, auth_key: V10, V126", signatures },
	{ "state, unknown number: V44, V56", states },
	{ "V58: a flood", flood },
};

static bool is_wanted(const char *wanted, const char *name)
{
	return !wanted || !strcmp(wanted, name);
}

unsigned drops_run(const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_wanted(name, rows[i].name))
			continue;
		sim_begin(rows[i].name, i + 1);
		run(&rows[i]);
		sim_end();
		n++;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!is_wanted(name, others[i].name))
			continue;
		sim_begin(others[i].name, i + 1);
		others[i].run();
		sim_end();
		n++;
	}
	if (!name)
		nothing_is_forgotten();
	return n;
}
