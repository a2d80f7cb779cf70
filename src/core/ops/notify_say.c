/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_say.h. The texts were compared with keepalived 2.2.7's: tests/netns/notify.py and
 * tests/guest/notify.py.
 */
#include "core/ops/notify_say.h"

#include "core/conf/conf_far.h"
#include "core/msg.h"
#include "core/reason.h"

#include <stdio.h>
#include <string.h>

static void add_script(const struct conf *c, struct say *s, const struct conf_range *script,
		       bool has_args)
{
	if (script->n)
		s->script[s->script_n++] = (struct say_script){ .script = &c->script[script->first],
								.has_args = has_args };
}

/* ------------------------------------------------------------------ instances and groups */

static bool is_deleted_told(const struct conf_vrrp *in)
{
	return in->s.notify_deleted.n || in->s.is_deleted_state;
}

static const char *const state_names[EVENT_STATE_N] = {
	[EVENT_STATE_BACKUP] = "BACKUP", [EVENT_STATE_ACTIVE] = "MASTER",
	[EVENT_STATE_FAULT] = "FAULT",   [EVENT_STATE_STOP] = "STOP",
	[EVENT_STATE_GONE] = "DELETED",
};

const char *say_state(const struct conf_vrrp *in, uint8_t state)
{
	if (state >= EVENT_STATE_N)
		return NULL;
	if (state == EVENT_STATE_GONE && !is_deleted_told(in))
		return state_names[EVENT_STATE_FAULT];
	return state_names[state];
}

/* One that is gone has no notify_fault, also when it is told as FAULT: as keepalived does it. */
static struct conf_range script_of(const struct fields_vrrp *s, uint8_t state)
{
	switch ((enum event_state)state) {
	case EVENT_STATE_ACTIVE:
		return s->notify_master;
	case EVENT_STATE_BACKUP:
		return s->notify_backup;
	case EVENT_STATE_FAULT:
		return s->notify_fault;
	case EVENT_STATE_STOP:
		return s->notify_stop;
	case EVENT_STATE_GONE:
		return s->notify_deleted;
	case EVENT_STATE_NONE:
	case EVENT_STATE_INIT:
	case EVENT_STATE_N:
		break;
	}
	return (struct conf_range){ 0 };
}

static void mail_inst(const struct conf_vrrp *in, const char *state, struct say *s)
{
	const char *text = !strcmp(state, "MASTER") ? "VRRP Instance is now owning VRRP VIPs"
			   : !strcmp(state, "STOP") ? "VRRP Instance is now stopping"
			   : !strcmp(state, "DELETED")
				   ? "VRRP Deleted at reload"
				   : "VRRP Instance is no longer owning VRRP VIPs";

	s->has_mail = true;
	if (!strcmp(state, "STOP") || !strcmp(state, "DELETED"))
		(void)snprintf(s->subject, sizeof(s->subject), "VRRP Instance %s - %s", in->s.name,
			       !strcmp(state, "STOP") ? "Stopping" : "Deleted");
	else
		(void)snprintf(s->subject, sizeof(s->subject),
			       "VRRP Instance %s - Entering %s state", in->s.name, state);
	(void)snprintf(s->body, sizeof(s->body), "=> %s <=", text);
}

static const struct conf_fifo *fifo_of(const struct conf *c, const struct conf_vrrp *in)
{
	return in->s.notify_fifo.n ? &c->fifo[in->s.notify_fifo.first] : NULL;
}

bool say_inst(const struct conf *c, const struct conf_vrrp *in, uint8_t state, uint8_t prio,
	      struct say *s)
{
	const char *name = say_state(in, state);

	if (!name)
		return false;
	*s = (struct say){ .kind = "INSTANCE",
			   .name = in->s.name,
			   .state = name,
			   .prio = prio,
			   .fifos = SAY_VRRP,
			   .fifo = fifo_of(c, in) };

	struct conf_range specific = script_of(&in->s, state);

	add_script(c, s, &specific, false);
	add_script(c, s, &in->s.notify, true);
	(void)snprintf(s->line, sizeof(s->line), "INSTANCE \"%s\" %s %u\n", in->s.name, name, prio);
	if (in->s.mail && !(c->global.s.mail_no_fault && !strcmp(name, "FAULT")))
		mail_inst(in, name, s);
	return true;
}

bool say_prio(const struct conf *c, const struct conf_vrrp *in, uint8_t state, uint8_t prio,
	      struct say *s)
{
	if (state != EVENT_STATE_ACTIVE && state != EVENT_STATE_BACKUP)
		return false;
	*s = (struct say){ .fifos = SAY_VRRP, .fifo = fifo_of(c, in) };
	(void)snprintf(s->line, sizeof(s->line), "INSTANCE \"%s\" %s_PRIORITY %u\n", in->s.name,
		       state_names[state], prio);
	return true;
}

bool say_lower(const struct conf *c, const struct conf_vrrp *in, uint8_t prio, struct say *s)
{
	*s = (struct say){ .fifos = SAY_VRRP, .fifo = fifo_of(c, in) };
	add_script(c, s, &in->s.notify_lower, false);
	(void)snprintf(s->line, sizeof(s->line), "INSTANCE \"%s\" MASTER_RX_LOWER_PRI %u\n",
		       in->s.name, prio);
	return true;
}

static const struct conf_range *group_script(const struct fields_sync *s, uint8_t state)
{
	switch ((enum event_state)state) {
	case EVENT_STATE_ACTIVE:
		return &s->notify_master;
	case EVENT_STATE_BACKUP:
		return &s->notify_backup;
	case EVENT_STATE_FAULT:
		return &s->notify_fault;
	case EVENT_STATE_STOP:
		return &s->notify_stop;
	case EVENT_STATE_NONE:
	case EVENT_STATE_INIT:
	case EVENT_STATE_GONE:
	case EVENT_STATE_N:
		return NULL;
	}
	return NULL;
}

bool say_group(const struct conf *c, const struct conf_sync *g, uint8_t state, struct say *s)
{
	const struct conf_range *specific = group_script(&g->s, state);
	bool is_stop = state == EVENT_STATE_STOP;

	if (!specific)
		return false;
	*s = (struct say){
		.kind = "GROUP", .name = g->s.name, .state = state_names[state], .fifos = SAY_VRRP
	};
	add_script(c, s, specific, false);
	add_script(c, s, &g->s.notify, true);
	(void)snprintf(s->line, sizeof(s->line), "GROUP \"%s\" %s 0\n", g->s.name, s->state);
	s->has_mail = g->s.mail && !(c->global.s.mail_no_fault && state == EVENT_STATE_FAULT);
	(void)snprintf(s->subject, sizeof(s->subject),
		       is_stop ? "VRRP Group %s - Stopping" : "VRRP Group %s - Entering %s state",
		       g->s.name, s->state);
	(void)snprintf(s->body, sizeof(s->body),
		       is_stop ? "=> All VRRP group instances are now stopping <="
			       : "=> All VRRP group instances are now in %s state <=",
		       s->state);
	return true;
}

/* ------------------------------------------------------------------ servers and services */

static const char *protocol_of(const struct conf_vs *vs)
{
	if (vs->s.fwmark)
		return "none";
	switch ((enum words_PROTOCOL)vs->s.protocol) {
	case VS_TCP:
		return "tcp";
	case VS_UDP:
		return "udp";
	case VS_SCTP:
		return "sctp";
	}
	return "none";
}

static const char *addr_id(const struct ip_addr *addr, uint16_t port, const char *protocol,
			   char buf[static SAY_ID_LEN])
{
	char text[ADDR_TEXT_LEN];

	(void)snprintf(buf, SAY_ID_LEN, "[%s]:%s:%u", addr_text(addr, text), protocol, port);
	return buf;
}

/* A service of several addresses of its own is one of a group that has its name. */
const char *say_vs_id(const struct conf *c, const struct conf_vs *vs, uint32_t nth,
		      char buf[static SAY_ID_LEN])
{
	(void)c;
	if (vs->s.group || vs->s.addresses.n)
		(void)snprintf(buf, SAY_ID_LEN, "[%s]:%u", vs->s.group ? vs->s.group : vs->s.name,
			       nth);
	else if (vs->s.fwmark)
		(void)snprintf(buf, SAY_ID_LEN, "FWM %u", vs->s.fwmark);
	else
		(void)addr_id(&vs->s.addr, vs->s.port, protocol_of(vs), buf);
	return buf;
}

const char *say_rs_id(const struct conf *c, const struct conf_rs *rs, char buf[static SAY_ID_LEN])
{
	return addr_id(&rs->s.addr, rs->s.port, protocol_of(&c->vs[rs->vs]), buf);
}

bool say_server(const struct conf *c, const struct conf_rs *rs, uint32_t nth, bool is_up,
		struct say *s)
{
	char rid[SAY_ID_LEN], id[SAY_ID_LEN];
	const char *word = is_up ? "UP" : "DOWN";

	*s = (struct say){ .fifos = SAY_LVS, .has_mail = rs->s.mail, .may_gather = true };
	add_script(c, s, is_up ? &conf_far(rs)->notify_up : &conf_far(rs)->notify_down, false);
	(void)say_rs_id(c, rs, rid);
	(void)say_vs_id(c, &c->vs[rs->vs], nth, id);
	(void)snprintf(s->line, sizeof(s->line), "RS %s %s %s\n", rid, id, word);
	(void)snprintf(s->subject, sizeof(s->subject), "Realserver %s of virtual server %s - %s",
		       rid, id, word);
	return true;
}

static void say_checked(struct say *s, const struct conf_check *check, bool is_up, uint8_t reason)
{
	const char *word = is_up ? "succeed" : "failed", *kind = "";

	switch (check ? (enum words_CHECK_TYPE)check->s.type : CHECK_TCP) {
	case CHECK_TCP:
		kind = "TCP ";
		break;
	case CHECK_UDP:
		kind = "UDP ";
		break;
	case CHECK_PING:
		kind = "ICMP ";
		break;
	case CHECK_SCRIPT:
		(void)snprintf(s->body, sizeof(s->body), "=> MISC CHECK %s on service <=",
			       is_up                       ? "succeeded"
			       : reason == REASON_PROCTOUT ? "timed out"
							   : "failed");
		return;
	case CHECK_DNS:
		(void)snprintf(s->body, sizeof(s->body), "=> DNS_CHECK: %s on service <=", word);
		return;
	case CHECK_HTTP:
	case CHECK_HTTPS:
	case CHECK_SMTP:
		if (is_up)
			break;
		(void)snprintf(s->body, sizeof(s->body), "=> CHECK failed on service : %s <=",
			       check->s.type == CHECK_HTTP    ? "HTTP request failed"
			       : check->s.type == CHECK_HTTPS ? "SSL request failed"
							      : reason_text(reason));
		return;
	case CHECK_EXPECT:
	case CHECK_AGENT:
	case CHECK_GRPC:
	case CHECK_FILE:
	case CHECK_BFD:
		break;
	}
	(void)snprintf(s->body, sizeof(s->body), "=> %sCHECK %s on service <=", kind, word);
}

void say_server_why(struct say *s, enum say_why why, const struct conf_check *check, bool is_up,
		    uint8_t reason)
{
	switch (why) {
	case SAY_CHECKED:
	case SAY_STARTED:
		say_checked(s, check, is_up, reason);
		return;
	case SAY_REMOVED:
		(void)snprintf(s->body, sizeof(s->body), "=> Removing <=");
		return;
	case SAY_STOPPED:
		(void)snprintf(s->body, sizeof(s->body), "=> Shutting down <=");
		return;
	}
}

bool say_service(const struct conf *c, const struct conf_vs *vs, uint32_t nth, bool is_up,
		 struct say *s)
{
	char id[SAY_ID_LEN];
	const char *word = is_up ? "UP" : "DOWN";

	*s = (struct say){ .fifos = SAY_LVS, .has_mail = vs->s.mail, .may_gather = true };
	add_script(c, s, is_up ? &vs->s.quorum_up : &vs->s.quorum_down, false);
	(void)say_vs_id(c, vs, nth, id);
	(void)snprintf(s->line, sizeof(s->line), "VS %s %s\n", id, word);
	(void)snprintf(s->subject, sizeof(s->subject), "Virtualserver %s - %s", id, word);
	return true;
}

void say_service_why(struct say *s, enum say_why why, bool is_up, const struct event_quorum *q)
{
	const char *text = why == SAY_STARTED
				   ? is_up ? "Starting with quorum up" : "Starting with quorum down"
			   : is_up ? "Gained quorum"
				   : "Lost quorum";

	if (why == SAY_STOPPED)
		(void)snprintf(s->body, sizeof(s->body), "=> Shutting down <=");
	else if (q)
		(void)snprintf(s->body, sizeof(s->body), "=> %s %u+%u=%llu <= %llu <=", text,
			       q->quorum, q->hysteresis,
			       (unsigned long long)q->quorum + q->hysteresis,
			       (unsigned long long)q->weight);
	else
		(void)snprintf(s->body, sizeof(s->body), "=> Removing <=");
}
