/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is told of events: which are news, scripts, lines and mails; over a reload and at stop. The words
 * themselves are compared with keepalived's in netns/notify.py and guest/notify.py.
 */
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"
#include "core/ops/mail_text.h"
#include "core/ops/notify_told.h"
#include "core/reason.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf_minter minter;

static struct conf *load(const char *text, const struct conf *prev)
{
	struct err_list errs = { 0 };
	struct conf *c = conf_load_text("test", text, strlen(text), &errs);

	for (size_t i = 0; i < errs.n && errs.n_error; i++)
		print_message("%s:%u: %s\n", errs.item[i].file, errs.item[i].line,
			      errs.item[i].text);
	assert_non_null(c);
	err_fini(&errs);
	conf_ids_mint(&minter, prev, c);
	c->gen = prev ? prev->gen + 1 : 1;
	return c;
}

/* ---- what was said, as a text ---- */

static char heard[8192];

static void on_say(void *arg, const struct conf *c, uint32_t id, const struct say *s)
{
	size_t at = strlen(heard);

	(void)arg;
	(void)c;
	assert_true(id);
	for (unsigned i = 0; i < s->script_n; i++) {
		at += (size_t)snprintf(heard + at, sizeof(heard) - at, "%s",
				       s->script[i].script->s.command.v[0]);
		if (s->script[i].has_args)
			at += (size_t)snprintf(heard + at, sizeof(heard) - at, " %s %s %s %u",
					       s->kind, s->name, s->state, s->prio);
		at += (size_t)snprintf(heard + at, sizeof(heard) - at, "\n");
	}
	if (*s->line)
		at += (size_t)snprintf(heard + at, sizeof(heard) - at, "> %s", s->line);
	if (s->has_mail)
		(void)snprintf(heard + at, sizeof(heard) - at, "@ %s %s\n", s->subject, s->body);
}

#define SAID(text)                                                                                 \
	do {                                                                                       \
		assert_string_equal(heard, text);                                                  \
		heard[0] = '\0';                                                                   \
	} while (0)

static void event(struct told *t, const struct conf *c, struct event e)
{
	told_event(t, c, &e);
}

/* ---- instances ---- */

#define INST(name, more)                                                                           \
	"{ name = \"" name "\"; interface = \"eth0\"; virtual_router_id = 5; "                     \
	"virtual_ipaddress = ( \"10.0.0.1\" ); " more " }"

static void instances(void **state)
{
	struct conf *a = load(
		"vrrp_instances = ( " INST(
			"x", "notify = [ \"/n\" ]; notify_master = [ \"/m\" ]; "
			     "notify_fault = [ \"/f\" ]; notify_master_rx_lower_pri = [ \"/l\" ];"
			     "notify_priority_changes = true;") " );",
		NULL);
	struct conf *b = load("vrrp_instances = ();", a);
	struct told t = { .say = on_say };
	uint32_t id = a->vrrp[0].id.v;

	(void)state;
	told_vrrp_advance(&t, NULL, a);
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST, .id = id, .to = EVENT_STATE_ACTIVE, .number = 100 });
	SAID("/m\n/n INSTANCE x MASTER 100\n> INSTANCE \"x\" MASTER 100\n");
	/* what was told is not news */
	event(&t, a,
	      (struct event){ .type = EVENT_INST,
			      .id = id,
			      .to = EVENT_STATE_ACTIVE,
			      .number = 100,
			      .is_resync = true });
	SAID("");
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST_PRIO, .id = id, .to = EVENT_STATE_ACTIVE, .number = 90 });
	SAID("> INSTANCE \"x\" MASTER_PRIORITY 90\n");
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST_PRIO, .id = id, .to = EVENT_STATE_FAULT, .number = 80 });
	SAID("");
	event(&t, a,
	      (struct event){ .type = EVENT_INST_LOWER, .id = id, .number = 80, .other = 3 });
	SAID("/l\n> INSTANCE \"x\" MASTER_RX_LOWER_PRI 80\n");
	/* an object that nobody knows */
	event(&t, a, (struct event){ .type = EVENT_INST, .id = 999, .to = EVENT_STATE_FAULT });
	SAID("");
	/* a reload takes it away, and its last event was lost: told all the same, once, without notify_fault */
	told_vrrp_advance(&t, a, b);
	SAID("/n INSTANCE x FAULT 80\n> INSTANCE \"x\" FAULT 80\n");
	told_fini(&t);
	conf_free(a);
	conf_free(b);
}

static void deleted_and_anew(void **state)
{
	const char *text = "global_defs = { fifo_write_vrrp_states_on_reload = true; }; "
			   "vrrp_instances = ( " INST("x", "notify_deleted = [ \"/d\" ];") " );";
	struct conf *a = load(text, NULL), *b = load(text, a);
	struct told t = { .say = on_say };
	uint32_t id = a->vrrp[0].id.v;

	(void)state;
	told_vrrp_advance(&t, NULL, a);
	/* what never began has no end */
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST, .id = id, .to = EVENT_STATE_GONE, .number = 100 });
	SAID("");
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST, .id = id, .to = EVENT_STATE_BACKUP, .number = 100 });
	SAID("> INSTANCE \"x\" BACKUP 100\n");
	event(&t, a,
	      (struct event){
		      .type = EVENT_INST, .id = id, .to = EVENT_STATE_GONE, .number = 100 });
	SAID("/d\n> INSTANCE \"x\" DELETED 100\n");
	/* it starts anew: its first state is news */
	told_vrrp_advance(&t, a, b);
	SAID("");
	event(&t, b,
	      (struct event){
		      .type = EVENT_INST, .id = id, .to = EVENT_STATE_BACKUP, .number = 100 });
	SAID("> INSTANCE \"x\" BACKUP 100\n");
	told_vrrp_advance(&t, b, a);
	SAID("> INSTANCE \"x\" BACKUP 100\n"); /* fifo_write_vrrp_states_on_reload */
	told_fini(&t);
	conf_free(a);
	conf_free(b);
}

static void groups(void **state)
{
	struct conf *a =
		load("global_defs = { no_email_faults = true; smtp_alert = true; };"
		     "vrrp_instances = ( " INST(
			     "x", "smtp_alert = false;") " );"
							 "vrrp_sync_groups = ( { name = \"g\"; "
							 "group = [ \"x\" ]; notify = [ \"/n\" ]; "
							 "notify_stop = [ \"/s\" ];"
							 " notify_priority_changes = true; } );",
		     NULL);
	struct told t = { .say = on_say };
	uint32_t id = a->sync[0].id.v;

	(void)state;
	told_vrrp_advance(&t, NULL, a);
	assert_true(t.has_prio[0]); /* by its group */
	event(&t, a, (struct event){ .type = EVENT_GROUP, .id = id, .to = EVENT_STATE_FAULT });
	SAID("/n GROUP g FAULT 0\n> GROUP \"g\" FAULT 0\n");
	event(&t, a, (struct event){ .type = EVENT_GROUP, .id = id, .to = EVENT_STATE_BACKUP });
	SAID("/n GROUP g BACKUP 0\n> GROUP \"g\" BACKUP 0\n"
	     "@ VRRP Group g - Entering BACKUP state => All VRRP group instances are now in BACKUP "
	     "state <=\n");
	event(&t, a, (struct event){ .type = EVENT_GROUP, .id = id, .to = EVENT_STATE_STOP });
	SAID("/s\n/n GROUP g STOP 0\n> GROUP \"g\" STOP 0\n"
	     "@ VRRP Group g - Stopping => All VRRP group instances are now stopping <=\n");
	told_fini(&t);
	conf_free(a);
}

/* ---- servers and services ---- */

static void verdict(struct told *t, const struct conf *c, uint32_t rs, uint8_t to, uint8_t reason)
{
	event(t, c,
	      (struct event){ .type = EVENT_SERVER,
			      .id = c->rs[rs].id.v,
			      .to = to,
			      .check.reason = reason });
}

static void quorum(struct told *t, const struct conf *c, uint32_t vs, uint8_t to, uint64_t weight)
{
	event(t, c,
	      (struct event){ .type = EVENT_QUORUM,
			      .id = c->vs[vs].id.v,
			      .to = to,
			      .quorum = { .quorum = 2, .hysteresis = 1, .weight = weight } });
}

static void first_states(void **state)
{
	struct conf *c =
		load("virtual_servers = ( { name = \"a\"; address = \"10.0.0.1\"; port = 80;"
		     " real_servers = ( { address = \"10.0.0.2\"; notify_up = [ \"/u\" ]; "
		     "notify_down = [ \"/d\" ]; },"
		     " { address = \"10.0.0.3\"; alpha = true; } ); } );",
		     NULL);
	struct told t = { .say = on_say };

	(void)state;
	told_ipvs_advance(&t, NULL, c);
	verdict(&t, c, 0, HEALTH_UP, REASON_L4OK); /* a start is no news */
	SAID("");
	verdict(&t, c, 0, HEALTH_DOWN, REASON_L4CON);
	SAID("/d\n> RS [10.0.0.2]:tcp:80 [10.0.0.1]:tcp:80 DOWN\n");
	verdict(&t, c, 0, HEALTH_UNKNOWN, REASON_NONE); /* another check was added */
	verdict(&t, c, 0, HEALTH_DOWN, REASON_L4CON);
	SAID("");
	verdict(&t, c, 0, HEALTH_UP, REASON_L4OK);
	SAID("/u\n> RS [10.0.0.2]:tcp:80 [10.0.0.1]:tcp:80 UP\n");
	verdict(&t, c, 1, HEALTH_DOWN, REASON_NONE); /* alpha */
	SAID("");
	verdict(&t, c, 1, HEALTH_UP, REASON_L4OK);
	SAID("> RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 UP\n");
	quorum(&t, c, 0, HEALTH_DOWN, 0); /* without a sorry server */
	SAID("");
	quorum(&t, c, 0, HEALTH_UP, 3);
	SAID("> VS [10.0.0.1]:tcp:80 UP\n");
	told_fini(&t);
	conf_free(c);
}

static const char services[] =
	"global_defs = { smtp_alert = true; rs_init_notifies = true; };"
	"virtual_server_groups = ( { name = \"g\"; addresses = ( \"10.0.0.9:80\" ); },"
	" { name = \"h\"; addresses = ( \"10.0.0.8:80\" ); } );"
	"virtual_servers = ( { name = \"a\"; virtual_server_group = \"g\"; sorry_server = "
	"\"10.0.0.7:80\"; omega = true;"
	"  quorum_down = [ \"/q\" ]; real_servers = ( \"10.0.0.2:80\", \"10.0.0.3:80\" ); },"
	" { name = \"b\"; virtual_server_group = \"h\"; },"
	" { name = \"c\"; virtual_server_group = \"g\"; protocol = \"udp\"; real_servers = ( "
	"\"10.0.0.2:80\" ); },"
	" { name = \"m\"; fwmark = 7; ip_family = \"inet\"; real_servers = ( \"10.0.0.2:80\" ); } "
	");";

static const char fewer[] =
	"virtual_server_groups = ( { name = \"g\"; addresses = ( \"10.0.0.9:80\" ); } );"
	"virtual_servers = ( { name = \"a\"; virtual_server_group = \"g\"; omega = true; "
	"real_servers = ( \"10.0.0.3:80\" ); } );";

static void many_services(void **state)
{
	struct conf *c = load(services, NULL), *d = load(fewer, c);
	struct told t = { .say = on_say };

	(void)state;
	told_ipvs_advance(&t, NULL, c);
	verdict(&t, c, 0, HEALTH_UP, REASON_L4OK); /* rs_init_notifies */
	SAID("> RS [10.0.0.2]:tcp:80 [g]:0 UP\n"
	     "@ Realserver [10.0.0.2]:tcp:80 of virtual server [g]:0 - UP => TCP CHECK succeed on "
	     "service <=\n");
	verdict(&t, c, 1, HEALTH_UP, REASON_L4OK);
	verdict(&t, c, 3, HEALTH_UP, REASON_L4OK);
	heard[0] = '\0';
	verdict(&t, c, 2, HEALTH_DOWN, REASON_L4CON);
	SAID("> RS [10.0.0.2]:udp:80 [g]:1 DOWN\n"
	     "@ Realserver [10.0.0.2]:udp:80 of virtual server [g]:1 - DOWN => TCP CHECK failed on "
	     "service <=\n");
	quorum(&t, c, 0, HEALTH_DOWN, 0);
	SAID("/q\n> VS [g]:0 DOWN\n@ Virtualserver [g]:0 - DOWN => Starting with quorum down 2+1=3 "
	     "<= 0 <=\n");
	quorum(&t, c, 0, HEALTH_UP, 3);
	SAID("> VS [g]:0 UP\n@ Virtualserver [g]:0 - UP => Gained quorum 2+1=3 <= 3 <=\n");
	quorum(&t, c, 3, HEALTH_UP, 3);
	SAID("> VS FWM 7 UP\n@ Virtualserver FWM 7 - UP => Starting with quorum up 2+1=3 <= 3 "
	     "<=\n");
	/* a server and three services go; what was down already is not told */
	told_ipvs_advance(&t, c, d);
	SAID("> RS [10.0.0.2]:tcp:80 [g]:0 DOWN\n"
	     "@ Realserver [10.0.0.2]:tcp:80 of virtual server [g]:0 - DOWN => Removing <=\n"
	     "> RS [10.0.0.2]:none:80 FWM 7 DOWN\n"
	     "@ Realserver [10.0.0.2]:none:80 of virtual server FWM 7 - DOWN => Removing <=\n"
	     "> VS FWM 7 DOWN\n@ Virtualserver FWM 7 - DOWN => Lost quorum 1+0=1 <= 0 <=\n");
	told_omega(&t, d);
	SAID("> RS [10.0.0.3]:tcp:80 [g]:0 DOWN\n> VS [g]:0 DOWN\n");
	told_fini(&t);
	conf_free(c);
	conf_free(d);
}

/* ---- history and mails ---- */

static void history_names(void **state)
{
	struct conf *c = load(services, NULL);
	struct past_entry e;

	(void)state;
	told_record(c,
		    &(struct event){ .type = EVENT_SERVER,
				     .id = c->rs[1].id.v,
				     .to = HEALTH_DOWN,
				     .check = { .reason = REASON_L4CON } },
		    &e);
	assert_string_equal(e.name, "a");
	assert_string_equal(e.server, "10.0.0.3:80");
	assert_int_equal(e.reason, REASON_L4CON);
	told_record(c, &(struct event){ .type = EVENT_QUORUM, .id = c->vs[3].id.v }, &e);
	assert_string_equal(e.name, "m");
	assert_string_equal(e.server, "");
	conf_free(c);
}

static void mails(void **state)
{
	static const char *const to[] = {
		"a@example.org", "B <b@example.org>",
		"a.long.name.that.fills.the.line@a.long.domain.example.org"
	};
	const struct conf_strs list = { .v = to, .n = 3 };
	char addr[MAIL_ADDR_LEN];
	char *text;

	(void)state;
	(void)setenv("TZ", "XXX-01:30", 1);
	text = mail_text(
		&(struct mail_head){
			.to = &list, .from = "me@example.org", .router = "r", .at = 0 },
		"S", "=> one <=\n=> two <=\n");
	assert_string_equal(text,
			    "Date: Thu, 01 Jan 1970 01:30:00 +0130\r\n"
			    "From: me@example.org\r\nSubject: [r] S\r\nX-Mailer: Keepalived\r\n"
			    "To: a@example.org, B <b@example.org>,\r\n"
			    " a.long.name.that.fills.the.line@a.long.domain.example.org\r\n"
			    "\r\n=> one <=\r\n=> two <=\r\n\r\n");
	free(text);
	assert_true(mail_addr(to[0], addr));
	assert_string_equal(addr, "<a@example.org>");
	assert_true(mail_addr(to[1], addr));
	assert_string_equal(addr, "<b@example.org>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instances),     cmocka_unit_test(deleted_and_anew),
		cmocka_unit_test(groups),        cmocka_unit_test(first_states),
		cmocka_unit_test(many_services), cmocka_unit_test(history_names),
		cmocka_unit_test(mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
