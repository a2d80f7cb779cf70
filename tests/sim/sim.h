/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DOC: the simulator
 *
 * Up to eight routers in one process, each the whole VRRP role of vipd as it is shipped, on a network and
 * under clocks that are the simulator's. What the role gets from the machine is replaced when the program
 * is linked (seam.c): the clocks, the sockets, the loop's descriptors, the log. Between two events no time
 * passes, so a minute of ten routers takes milliseconds, and a run is the same whenever it is made again.
 *
 *	seam	the clocks, sockets and log that the role is given
 *	wire	what is sent: every field
 *	bus	two networks: delay, loss, copies, disorder, partitions, damage
 *	router	a router's life: start, end, reload, interfaces; its turns
 *	model	what each instance must be at each moment, from the statements of the protocol alone
 *	rules	what all routers together must be: who may be active with whom, and for how long
 *	random	a run made of a number (its seed)
 *	cases	runs made by hand, a row each: cases_elect.c of who is active, cases_bear.c of what must be borne
 *	drops	the same of every reason to drop an advert
 *
 * One thread; all times are microseconds. sim.now_us is the time of the world, each router's own clock
 * has another origin and another pace.
 */
#pragma once

#include "core/conf/conf_ids.h"
#include "core/log.h"
#include "core/mbox.h"
#include "vrrp/link.h"
#include "vrrp/thread.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SIM_ROUTERS_N = 8,
	SIM_NETS_N = 2, /* eth0 and eth1 of every router */
	SIM_INSTS_N = 3, /* of a router: "a", "b" and "c" */
	SIM_PACKET_LEN = 192,
	SIM_QUEUE_N = 512, /* packets that wait in a router's socket */
};

/* ------------------------------------------------------------------ settings of a router */

enum sim_auth { SIM_AUTH_NONE, SIM_AUTH_PASS, SIM_AUTH_AH, SIM_AUTH_HMAC };

struct sim_inst {
	bool is_there;
	uint8_t net, vrid, version, family, prio, down_n, late_prio;
	int64_t adv_us, preempt_delay_us;
	bool nopreempt, lower_no_advert, higher_send_advert, is_unicast, has_file;
	bool has_other_vips, has_other_key; /* not those of the others */
	enum sim_auth auth;
	const char *more; /* further settings as text, or NULL */
};

struct sim_conf {
	struct sim_inst inst[SIM_INSTS_N];
	bool is_group; /* all of them are one */
	const char *global; /* text of global_defs, or NULL */
	const char *top; /* text beside it, or NULL */
};

/* ------------------------------------------------------------------ the network */

struct sim_packet {
	int64_t at_us;
	uint64_t order; /* among those of the same time */
	struct ip_addr src, dst;
	uint32_t len;
	uint8_t to, net, port, hops;
	uint8_t data[SIM_PACKET_LEN];
};

struct sim_net {
	int64_t delay_us, jitter_us; /* delay .. delay + jitter */
	unsigned loss, copies, damage, echo; /* in 1000 */
	uint8_t side[SIM_ROUTERS_N]; /* those of one side hear each other */
	bool keeps_order;
};

/* ------------------------------------------------------------------ a router */

struct sim_link {
	uint32_t ifindex;
	bool is_up, has_address;
	uint8_t host; /* last byte of its address */
	uint32_t mtu;
};

/* What an instance must be; see model.c. Times of the router's own clock. */
struct sim_model {
	enum vrrp_state state;
	uint8_t prio;
	bool is_skew, has_learned;
	int64_t adv_us, base_us, preempt_at_us;
	int64_t moved_us; /* when a change of settings or priority last moved the end of the wait */
};

/* What the other roles were told. */
struct sim_told {
	bool is_wanted;
	uint8_t state;
};

struct sim_router {
	uint8_t index;
	bool is_modelled; /* the model says what its instances must be */
	struct board board;
	struct mbox reflector, ipvs;
	struct vrrp *v; /* NULL: it does not run */
	struct conf_minter minter;
	struct sim_conf conf, next;
	bool has_next, is_link_new, is_file_new;
	bool has_mail; /* it told other roles something in this turn */
	int32_t file; /* what the tracked file says */
	struct sim_link link[SIM_NETS_N];
	uint64_t link_version;
	int64_t clock_off_us, wall_off_us, stalled_until_us;
	int32_t clock_ppm;
	struct sim_packet queue[SOCK_PORT_N][SIM_QUEUE_N];
	uint32_t first[SOCK_PORT_N], n[SOCK_PORT_N];
	struct sim_model model[SIM_INSTS_N];
	struct sim_told told[SIM_INSTS_N];
	enum vrrp_state state[SIM_INSTS_N]; /* after its last turn */
	int64_t advert_us[SIM_INSTS_N]; /* of its last advert; world time */
	unsigned advert_n[SIM_INSTS_N], resign_n[SIM_INSTS_N];
	unsigned change_n; /* transitions of all of its instances */
	uint64_t turn_n;
	uint32_t ip_id[SIM_INSTS_N]; /* of the last packet; wire.c */
	int64_t copy_us[SIM_INSTS_N];
	uint64_t copy_turn[SIM_INSTS_N];
	unsigned copies_n[SIM_INSTS_N];
	unsigned log_n[LOG_N]; /* lines that it wrote of each event */
};

struct sim {
	int64_t now_us;
	uint64_t rand; /* state of the generator */
	const char *name; /* of the run */
	uint64_t seed;
	bool is_verbose;
	struct sim_router *router; /* SIM_ROUTERS_N */
	struct sim_router *me; /* whose turn it is, or NULL */
	struct sim_net net[SIM_NETS_N];
	int64_t send_error_until_us; /* sending fails: the buffer is full */
	uint64_t packet_n, turn_n; /* of all runs */
};

extern struct sim sim;
extern const char *const sim_inst_name[SIM_INSTS_N]; /* as in the configuration */

/* Below n, which is not 0. */
uint32_t sim_rand(uint32_t n);

/* True in so many of 1000 cases. */
bool sim_chance(unsigned of_1000);

/* Ends the program: what is wrong, in which run, when, and how to see it again. */
__attribute__((format(printf, 1, 2))) _Noreturn void sim_fail(const char *fmt, ...);

/* A line of what happens, when that was asked for. */
__attribute__((format(printf, 1, 2))) void sim_note(const char *fmt, ...);

/* ------------------------------------------------------------------ seam.c */

/* The router's clock now, or at another time of the world; and the first time of the world at which its
 * clock says at least that. */
int64_t seam_local_us(const struct sim_router *r, int64_t world_us);
int64_t seam_world_us(const struct sim_router *r, int64_t local_us);

/* ------------------------------------------------------------------ bus.c */

void bus_reset(void);

/* A router sends. 0 or -errno. */
int bus_send(struct sim_router *r, const struct sock_to *to, const uint8_t *data, uint32_t len);

/* When the next packet arrives; INT64_MAX: none is under way. */
int64_t bus_next_us(void);

/* Takes what arrives now into the routers' queues; bits: the routers that got something. */
unsigned bus_deliver(void);

/* A packet of the simulator's own, to a router. */
void bus_inject(const struct sim_packet *p);

/* ------------------------------------------------------------------ wire.c */

/* A packet that the router sends: fails when it is not as it must be, and counts it. */
void wire_check(struct sim_router *r, const struct sim_packet *p);

/* ------------------------------------------------------------------ router.c */

/* Settings from which every test starts: version 3, 100 ms, priority 100. */
struct sim_inst sim_inst_default(void);

void router_init(struct sim_router *r, unsigned index);
void router_start(struct sim_router *r, const struct sim_conf *c);

/* Gracefully, or as if its machine had died. Nothing happens when it does not run. */
void router_stop(struct sim_router *r, bool is_crash);
void router_free(struct sim_router *r);

/* Each of them is seen by the router in its next turn, which is now unless it stands still. */
void router_reload(struct sim_router *r, const struct sim_conf *c);
void router_link(struct sim_router *r, unsigned net, bool is_up);
void router_renumber(struct sim_router *r, unsigned net,
		     uint8_t host); /* 0: it loses its address */
void router_replace(struct sim_router *r, unsigned net); /* another interface of the same name */
void router_file(struct sim_router *r, int32_t value);
void router_stall(struct sim_router *r, int64_t for_us);

/* Runs the world until then. */
void sim_run_until(int64_t at_us);
void sim_run(int64_t for_us);

struct ip_addr router_addr(const struct sim_router *r, unsigned net, uint8_t family);
struct vrrp_inst *router_inst(const struct sim_router *r, unsigned i); /* NULL: it has none */

/* It runs and its interfaces are good, so that it may become active. */
bool router_is_well(const struct sim_router *r);

/* ------------------------------------------------------------------ model.c */

void model_start(struct sim_router *r);
void model_reload(struct sim_router *r, const struct sim_conf *old);
void model_link(struct sim_router *r);
void model_file(struct sim_router *r);
void model_heard(struct sim_router *r, unsigned i, const struct pkt_advert *a,
		 const struct ip_addr *from);
void model_check(struct sim_router *r);

/* Active_Down_Interval and Skew_Time of these settings, when the active's interval is adv_us. */
int64_t model_down_us(const struct sim_inst *s, uint8_t prio, int64_t adv_us);
int64_t model_skew_us(const struct sim_inst *s, uint8_t prio, int64_t adv_us);

/* ------------------------------------------------------------------ rules.c */

void rules_reset(void);

/* Something happened to a router, or to all (NULL), that may make two of them active for a while. */
void rules_disturb(const struct sim_router *r);

/* After each turn. */
void rules_turn(struct sim_router *r);

/* The router that is active for instance i, or NULL; fails when there are two. */
struct sim_router *rules_active(unsigned i);

/* All is well for long enough: exactly one is active, the right one, and it stays so. */
void rules_quiet(int64_t for_us);

/* ------------------------------------------------------------------ runs */

/* A fresh world. */
void sim_begin(const char *name, uint64_t seed);
void sim_end(void);

void random_run(uint64_t seed);

/* All, or the one of this name; how many were run. */
unsigned cases_elect_run(const char *name);
unsigned cases_bear_run(const char *name);
unsigned drops_run(const char *name);
