/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every message that crosses roles: the picture of the program.
 *
 *	main ------ SNAP, STOP ------------> every role
 *	every role  ACK -------------------> main
 *	reflector - LINK ------------------> vrrp		(the link table is published: link.h)
 *	vrrp ------ WANT_VIPS, LOWER_PRIO -> reflector
 *	vrrp ------ VRRP_STATE ------------> ipvs
 *	check 0..n  HEALTH, WEIGHT --------> ipvs
 *	ipvs ------ RESUME ----------------> check 0..n
 *	main ------ ADMIN, COUNT ----------> ipvs
 *	main ------ PROBE_NOW -------------> check 0..n
 *	main ------ VRRP_WISH -------------> vrrp
 *	ipvs ------ COUNTED ---------------> main	(the counters are published: counters.h)
 *	tracker --- TRACK -----------------> vrrp, check 0..n (files only)
 *	vrrp, ipvs  EVENT -----------------> notify		(the events are in a ring: event.h)
 *	notify ---- TOLD ------------------> main		(what was told is in past.h)
 *
 * A message is a fact (mbox.h): an id and a value of 63 bits that is always the latest. Ids are
 * minted once by main and never used again (conf_ids.h), so an id says the generation too: a
 * receiver that does not know an id counts it and drops it. A role gathers its messages, then adopts
 * the current snapshot, then looks at them, and main publishes before anybody can name what is in a
 * snapshot; so an unknown id is always an object that is gone, never one that is still to come.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum msg_type {
	MSG_SNAP, /* id 0; value: generation now current */
	MSG_STOP, /* id 0; finish your work and end */
	MSG_ACK, /* id: enum role_id; value: generation adopted */
	MSG_LINK, /* id 0; value: version of the link table now current */
	MSG_WANT_VIPS, /* id: instance; value: bit 0: wanted here; above it: a count that
			* moves with each transition, so that a quick loss and gain is seen */
	MSG_LOWER_PRIO, /* id: instance; an active one heard an advert of lower priority; value: how
			 * many it was that were told */
	MSG_VRRP_STATE, /* id: instance; value: enum vrrp_state */
	MSG_HEALTH, /* id: probe; value: health_pack() */
	MSG_WEIGHT, /* id: probe; value: says_pack(): what its server says of itself */
	MSG_RESUME, /* id 0; services are suspended no more (conf/conf_suspend.h); value: how often */
	MSG_ADMIN, /* id: server; value: admin_pack() */
	MSG_PROBE_NOW, /* id: probe; value: 0; it is to be made at once */
	MSG_VRRP_WISH, /* id: instance; value: wish_pack() */
	MSG_COUNT, /* id 0; value: number of the question: read the counters of the kernel's table */
	MSG_COUNTED, /* id 0; value: that number; what is published now answers it */
	MSG_TRACK, /* id: tracked script, file or process; value: track_pack() */
	MSG_EVENT, /* id: enum role_id; value: events that role has ever posted */
	MSG_TOLD, /* id 0; value: events ever told */
};

/* The value of VRRP_STATE that means "has the addresses"; the same number as in vrrp/fsm.h. */
enum { MSG_VRRP_ACTIVE = 3 };

/* What one probe says of its real server. */
enum health_verdict {
	HEALTH_UNKNOWN, /* no verdict yet: leave the kernel's entry as it is */
	HEALTH_DOWN,
	HEALTH_UP,
};

struct health {
	enum health_verdict verdict;
	uint8_t reason; /* enum check_reason (core/reason.h) */
	uint16_t code; /* protocol status, for example HTTP's; 0 = none */
	uint32_t duration_us; /* of the check that decided */
};

static inline uint64_t health_pack(struct health h)
{
	return (uint64_t)h.verdict << 56 | (uint64_t)h.reason << 48 | (uint64_t)h.code << 32 |
	       h.duration_us;
}

static inline struct health health_unpack(uint64_t v)
{
	struct health h = {
		.verdict = (enum health_verdict)(v >> 56 & 3),
		.reason = (uint8_t)(v >> 48),
		.code = (uint16_t)(v >> 32),
		.duration_us = (uint32_t)v,
	};

	return h;
}

/* What a server says of itself in a check's answer, beside whether it is well. */
struct says {
	int32_t weight; /* so much more than the configured one */
	uint8_t admin; /* ADMIN_READY: nothing */
};

static inline uint64_t says_pack(struct says s)
{
	return (uint64_t)s.admin << 32 | (uint32_t)s.weight;
}

static inline struct says says_unpack(uint64_t v)
{
	return (struct says){ .weight = (int32_t)(uint32_t)v, .admin = v >> 32 & 3 };
}

/* What the administrator wants of a server. */
struct admin {
	uint8_t state; /* ADMIN_READY, ADMIN_DRAIN, ADMIN_MAINT */
	bool has_weight; /* instead of the configured one */
	uint32_t weight; /* at most INT32_MAX */
};

static inline uint64_t admin_pack(struct admin a)
{
	return (uint64_t)a.weight << 16 | (uint64_t)a.has_weight << 8 | a.state;
}

static inline struct admin admin_unpack(uint64_t v)
{
	struct admin a = {
		.state = (uint8_t)v,
		.has_weight = v >> 8 & 1,
		.weight = (uint32_t)(v >> 16),
	};

	return a;
}

/* What the administrator wants of an instance (vrrp/wish.h says what follows). */
enum wish_state {
	WISH_READY, /* nothing: elections decide */
	WISH_RELEASED, /* another router is to be active, if there is one */
	WISH_HELD, /* it is not to be active, come what may */
	WISH_STATE_N
};

struct wish {
	enum wish_state state;
	int64_t until_us; /* monotonic; it counts no more then; 0: without end */
};

static inline uint64_t wish_pack(struct wish w)
{
	return (uint64_t)w.until_us << 2 | w.state;
}

static inline struct wish wish_unpack(uint64_t v)
{
	return (struct wish){ .state = (enum wish_state)(v & 3), .until_us = (int64_t)(v >> 2) };
}

/* What is known of something that instances track. */
struct track_state {
	bool is_known; /* there is a result */
	bool is_up; /* script: it succeeds; process: quorum */
	int32_t value; /* file: its number */
};

static inline uint64_t track_pack(struct track_state s)
{
	return (uint64_t)s.is_known << 33 | (uint64_t)s.is_up << 32 | (uint32_t)s.value;
}

static inline struct track_state track_unpack(uint64_t v)
{
	return (struct track_state){
		.is_known = v >> 33 & 1,
		.is_up = v >> 32 & 1,
		.value = (int32_t)(uint32_t)v,
	};
}
