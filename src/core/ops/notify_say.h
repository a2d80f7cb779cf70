/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is told of an event, and to whom: scripts with their arguments, a line for the FIFOs, a mail. The
 * words are keepalived's to the byte, since people's scripts and filters know them. Pure.
 *
 *	instance	specific script; notify with INSTANCE name STATE priority
 *			INSTANCE "name" STATE priority			vrrp FIFOs
 *	group		the same with GROUP and priority 0
 *	priority	INSTANCE "name" MASTER_PRIORITY p		vrrp FIFOs
 *	lower advert	notify_master_rx_lower_pri
 *			INSTANCE "name" MASTER_RX_LOWER_PRI p		vrrp FIFOs
 *	server		notify_up, notify_down
 *			RS [addr]:tcp:port [addr]:tcp:port UP		lvs FIFOs
 *	service		quorum_up, quorum_down
 *			VS [addr]:tcp:port UP				lvs FIFOs
 */
#pragma once

#include "core/conf/conf.h"
#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SAY_SCRIPTS_N = 2,
	SAY_ID_LEN = 160, /* "[group]:12", "[2001:db8::1]:tcp:80" */
	SAY_LINE_LEN = 384,
	SAY_SUBJECT_LEN = 384,
	SAY_BODY_LEN = 256,
};

enum say_fifo { SAY_VRRP = 1, SAY_LVS = 2 };

struct say_script {
	const struct conf_script *script; /* of the snapshot */
	bool has_args; /* kind, name, state, priority are added to its own */
};

struct say {
	struct say_script script[SAY_SCRIPTS_N];
	unsigned script_n;
	/* arguments of scripts that want them */
	const char *kind, *name, *state; /* literals, or of the snapshot */
	uint8_t prio;
	const struct conf_fifo *fifo; /* one of its own; or NULL */
	uint8_t fifos; /* bits of enum say_fifo; 0: no line */
	char line[SAY_LINE_LEN]; /* with its newline */
	bool has_mail, may_gather; /* may_gather: one of many, perhaps */
	char subject[SAY_SUBJECT_LEN]; /* without the router's name */
	char body[SAY_BODY_LEN];
};

/* "MASTER", "BACKUP", "FAULT", "STOP", "DELETED"; NULL: nobody is told of it. GONE is DELETED or FAULT, as
 * the instance says. */
const char *say_state(const struct conf_vrrp *in, uint8_t state);

/* Each fills *s. False: nobody is told. */
bool say_inst(const struct conf *c, const struct conf_vrrp *in, uint8_t state, uint8_t prio,
	      struct say *s);
bool say_prio(const struct conf *c, const struct conf_vrrp *in, uint8_t state, uint8_t prio,
	      struct say *s);
bool say_lower(const struct conf *c, const struct conf_vrrp *in, uint8_t prio, struct say *s);
bool say_group(const struct conf *c, const struct conf_sync *g, uint8_t state, struct say *s);

/* Why a server or a service is told of. */
enum say_why {
	SAY_CHECKED,
	SAY_STARTED, /* service: its first quorum */
	SAY_REMOVED,
	SAY_STOPPED,
};

/* nth: of a service of a group: how many services before it have the same group. check: the one that
 * decided, or NULL. */
bool say_server(const struct conf *c, const struct conf_rs *rs, uint32_t nth, bool is_up,
		struct say *s);
void say_server_why(struct say *s, enum say_why why, const struct conf_check *check, bool is_up,
		    uint8_t reason);
bool say_service(const struct conf *c, const struct conf_vs *vs, uint32_t nth, bool is_up,
		 struct say *s);
void say_service_why(struct say *s, enum say_why why, bool is_up, const struct event_quorum *q);

/* "[10.0.0.1]:tcp:80"; returns buf. */
const char *say_vs_id(const struct conf *c, const struct conf_vs *vs, uint32_t nth,
		      char buf[static SAY_ID_LEN]);
const char *say_rs_id(const struct conf *c, const struct conf_rs *rs, char buf[static SAY_ID_LEN]);
