/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is known of the servers and services of a configuration: what their probes said, what the
 * administrator wants, what follows for quorum. want.h makes entries of the kernel's table of it.
 * Pure; the IPVS role owns one.
 *
 * Verdict of a server: all probes UP (or none): UP; any DOWN: DOWN; else UNKNOWN. With `alpha`,
 * UNKNOWN counts as DOWN.
 *
 * Over a reload everything stays with the ids of probes, servers and services. What was set by hand
 * (admin state, weight) stays until the file says something else than before.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/msg.h"
#include "ipvs/face.h"
#include "ipvs/here.h"
#include "ipvs/quorum.h"

#include <stdbool.h>
#include <stdint.h>

enum { STATE_RAMP_DONE = 100 }; /* all of the weight */

/* What a probe said last; by index of conf->probe. */
struct state_probe {
	uint8_t verdict; /* enum health_verdict */
	uint8_t reason : 6; /* enum check_reason */
	uint8_t admin : 2; /* ADMIN_*: what the server says of itself */
	uint16_t code;
	int32_t weight; /* what it adds to the weight of its server */
};

/* By index of conf->rs. */
struct state_server {
	uint8_t verdict; /* enum health_verdict, of all probes together, without alpha */
	uint8_t admin; /* ADMIN_*: the strictest of what is asked for and what probes say */
	uint8_t asked; /* ADMIN_*: by the administrator */
	uint8_t ramp_percent; /* share of its weight: below 100 for a while after it came back */
	bool has_weight; /* weight instead of the configured one */
	bool is_drained; /* draining is over: it leaves */
	bool is_held; /* it has failed again so soon that it stays with weight 0 for a while */
	uint8_t lists; /* in which of drive.h's lists it is: bits of enum drive_list */
	uint32_t weight; /* set by hand */
	uint32_t left_s; /* when it last left the table because it had failed; 0: never */
	int64_t since_us; /* when it came back, or began to drain; 0: not known yet */
};

/* By index of conf->vs. */
struct state_service {
	struct quorum_sum sum;
	uint8_t quorum; /* enum quorum_state */
	bool is_panic;
	bool is_suspended; /* ha_suspend, and none of its addresses is on this router */
};

struct state {
	const struct conf *c;
	struct faces faces;
	struct here here;
	struct state_probe *probe;
	struct state_server *server;
	struct state_service *service;
	bool is_ending; /* on_stop = "drain": every server drains */
};

/* Zeroed memory knows nothing. old: NULL at first, else what st has worked with. */
void state_adopt(struct state *st, const struct conf *old, const struct conf *new);
void state_fini(struct state *st);

enum health_verdict state_verdict(const struct conf *c, uint32_t rs,
				  const struct state_probe *probe);

/* The same with alpha. */
enum health_verdict state_alive(const struct state *st, uint32_t rs);

/* The weight that a server has when nothing is against it: configured or set by hand, plus what probes
 * add, 0..INT32_MAX. Not ramped. */
uint32_t state_weight(const struct state *st, uint32_t rs);

/* News. Each returns true when the server's entry or its service's quorum may be another now. */
bool state_take_probe(struct state *st, uint32_t probe, const struct state_probe *p);
bool state_take_admin(struct state *st, uint32_t rs, struct admin a);

/* Quorum and panic of a service after news. */
struct state_turn {
	enum quorum_state was, now;
	bool was_panic, is_panic;
};
struct state_turn state_settle(struct state *st, uint32_t vs);

/* Does the sorry server of this service take its traffic? */
bool state_is_sorry(const struct state *st, uint32_t vs);

/* Of a word of the hand-over record: enum quorum_state. */
uint8_t state_recall_quorum(uint64_t word);

/* Share of the weight so long after a server came back. */
uint8_t state_ramp(const struct fields_slow_start *s, int64_t since_us);
