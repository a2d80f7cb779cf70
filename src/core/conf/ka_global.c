/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ka.h: global_defs and the small blocks of the file's own level.
 */
#include "core/conf/ka.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ words of one line */

/* [all] N */
static void garp_extra(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	uint32_t i = 1;

	if (n->word_n > 1 && !strcmp(n->word[1], "all")) {
		ka_set(o, "vrrp_garp_extra_all", true);
		i++;
	}
	(void)ka_put(k, n, i, o, "vrrp_garp_extra_if");
	ka_extra(k, n, i + 1);
}

/* HOST [PORT] */
static void smtp_server(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	char text[300];
	bool is_v6;

	if (n->word_n < 2) {
		ka_bad(k, n, "'%s' has no value", n->word[0]);
		return;
	}
	is_v6 = strchr(n->word[1], ':') != NULL;
	(void)snprintf(text, sizeof(text), is_v6 ? "[%.255s]%s%.8s" : "%.255s%s%.8s", n->word[1],
		       n->word_n > 2 ? ":" : "", n->word_n > 2 ? n->word[2] : "");
	(void)ka_set_text(k, n, o, "smtp_server", text);
	ka_extra(k, n, 3);
}

static void script_user(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n < 2)
		ka_bad(k, n, "'%s' has no value", n->word[0]);
	ka_user(k, n, 1, o, "script_user", "script_group");
}

/* A number as C writes it, or names of bits with bars between. */
static bool parse_umask(const char *text, int64_t *out)
{
	static const struct {
		const char *name;
		unsigned bits;
	} names[] = {
		{ "IRUSR", 0400 }, { "IWUSR", 0200 }, { "IXUSR", 0100 }, { "IRWXU", 0700 },
		{ "IRGRP", 0040 }, { "IWGRP", 0020 }, { "IXGRP", 0010 }, { "IRWXG", 0070 },
		{ "IROTH", 0004 }, { "IWOTH", 0002 }, { "IXOTH", 0001 }, { "IRWXO", 0007 },
	};
	char *end;

	*out = 0;
	if (isdigit((unsigned char)*text)) {
		*out = strtol(text, &end, 0);
		return !*end;
	}
	while (*text) {
		size_t len = strcspn(text, " |"), i = 0;

		while (i < sizeof(names) / sizeof(*names) &&
		       (strlen(names[i].name) != len || strncmp(names[i].name, text, len) != 0))
			i++;
		if (i == sizeof(names) / sizeof(*names))
			return false;
		*out |= names[i].bits;
		text += len + strspn(text + len, " |");
	}
	return true;
}

static void put_umask(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	enum { TEXT_LEN = 200, UMASK_MAX = 0777 };
	char text[TEXT_LEN] = "";
	size_t used = 0;
	int64_t v;

	for (uint32_t i = 1; i < n->word_n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
					 n->word[i]);
	if (!used || used >= sizeof(text) || !parse_umask(text, &v) || v > UMASK_MAX || v < 0)
		ka_bad(k, n, "'umask' must be 0..0777 or names such as IWGRP|IWOTH");
	else
		ka_set(o, "umask", v);
}

/* Words in pairs, in a row's one object. */
static void lvs_timeouts(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj t;

	ka_begin(k, &t, SCHEMA_timeouts, n, o);
	ka_line(k, KA_TIMEOUTS, n, 1, &t);
	if (n->word_n < 2)
		ka_bad(k, n, "'%s' has no value", n->word[0]);
	ka_push_one(k, n, &t, o, "lvs_timeouts");
}

/* bare: the whole table is emptied at stop; VS: what is vipd's own way */
static void flush_on_stop(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	bool is_own = n->word_n > 1 && !strcmp(n->word[1], "VS");

	ka_set(o, "on_stop", is_own ? ON_STOP_REMOVE : ON_STOP_FLUSH);
	ka_extra(k, n, is_own ? 2 : 1);
}

/* IF [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDR] */
static void sync_daemon(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj *s = &k->syncd;
	uint32_t i = 2;

	(void)o;
	ka_begin(k, s, SCHEMA_syncd, n, NULL);
	(void)ka_put(k, n, 1, s, "interface");
	if (i < n->word_n && !ka_has_word("inst id maxlen port ttl group", n->word[i]))
		(void)ka_put(k, n, i++, s, "instance");
	ka_line(k, KA_SYNCD, n, i, s);
}

void ka_instance_syncd(struct ka *k, const struct ka_node *n, struct ka_obj *in)
{
	const struct conf_vrrp *vrrp = in->base;

	if (k->syncd.kind == SCHEMA_syncd) {
		KA_WARN(k, n, "'%s': there is a sync daemon already, which counts", n->word[0]);
		return;
	}
	ka_begin(k, &k->syncd, SCHEMA_syncd, n, NULL);
	(void)ka_put(k, n, 1, &k->syncd, "interface");
	(void)ka_set_text(k, n, &k->syncd, "instance", vrrp->s.name);
	ka_extra(k, n, 2);
}

/* [NAME]; bare is keepalived's own name for it */
static void nftables(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	bool is_ipvs = !strcmp(n->word[0], "nftables_ipvs");

	if (n->word_n > 1)
		(void)ka_put(k, n, 1, o, n->word[0]);
	else if (is_ipvs)
		(void)ka_set_text(k, n, o, n->word[0], "keepalived_ipvs");
	ka_extra(k, n, 2);
}

static void snmp_rfc(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	ka_set(o, "enable_snmp_rfcv2", true);
	ka_set(o, "enable_snmp_rfcv3", true);
	ka_extra(k, n, 1);
}

/* a flag in keepalived: what follows does not count */
static void flag(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)k;
	ka_set(o, n->word[0], true);
}

/* ------------------------------------------------------------------ FIFOs */

static const char *const fifo_rows[KA_FIFO_N] = { "notify_fifo", "vrrp_notify_fifo",
						  "lvs_notify_fifo" };

static struct ka_obj *fifo_of(struct ka *k, const struct ka_node *n)
{
	struct ka_obj *f = &k->fifo[KA_FIFO_ALL];

	for (int i = 0; i < KA_FIFO_N; i++)
		if (!strncmp(n->word[0], fifo_rows[i], strlen(fifo_rows[i])))
			f = &k->fifo[i];
	if (f->kind != SCHEMA_fifo)
		ka_begin(k, f, SCHEMA_fifo, n, NULL);
	return f;
}

static void fifo(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj *f = fifo_of(k, n);

	(void)o;
	if (ka_put(k, n, 1, f, "path"))
		ka_user(k, n, 2, f, "user", "group");
}

static void fifo_script(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	(void)o;
	ka_script(k, n, "script", fifo_of(k, n));
}

const struct ka_word ka_words_global[] = {
	{ "vrrp_garp_extra_if", garp_extra, false },
	{ "vrrp_vmac_garp_intvl", garp_extra, false },
	{ "smtp_server", smtp_server, false },
	{ "script_user", script_user, false },
	{ "umask", put_umask, false },
	{ "lvs_timeouts", lvs_timeouts, false },
	{ "lvs_flush_on_stop", flush_on_stop, false },
	{ "lvs_flush_onstop", flush_on_stop, false },
	{ "lvs_sync_daemon", sync_daemon, false },
	{ "nftables", nftables, false },
	{ "nftables_ipvs", nftables, false },
	{ "enable_snmp_rfc", snmp_rfc, false },
	{ "v3_checksum_as_v2", flag, false },
	{ "notify_fifo", fifo, false },
	{ "notify_fifo_script", fifo_script, false },
	{ "vrrp_notify_fifo", fifo, false },
	{ "vrrp_notify_fifo_script", fifo_script, false },
	{ "lvs_notify_fifo", fifo, false },
	{ "lvs_notify_fifo_script", fifo_script, false },
	{ NULL, NULL, false },
};

/* A statement for messages about an object whose own one is gone. */
static struct ka_node node_of(const struct ka_obj *o, const char **words)
{
	struct conf_loc loc;

	memcpy(&loc, (const unsigned char *)&o->made.o + conf_shape[o->kind].loc_off, sizeof(loc));
	return (struct ka_node){ .word = words, .word_n = 1, .loc = loc };
}

/* Servers are mailed about in keepalived unless global_defs says something of mails, and each event is a
 * mail. It matters only where there is somebody to mail to. */
static void mail_servers(struct ka_obj *global)
{
	if (ka_has(global, "notification_email"))
		ka_set(global, "smtp_alert_window", 0);
	if (ka_has(global, "notification_email") && !ka_has(global, "smtp_alert") &&
	    !ka_has(global, "smtp_alert_checker"))
		ka_set(global, "smtp_alert_rs", true);
}

void ka_global_end(struct ka *k)
{
	struct ka_obj global;
	const char *word[] = { "lvs_sync_daemon", NULL };
	struct ka_node n;

	ka_once(k, &global, SCHEMA_global);
	for (int i = 0; i < KA_FIFO_N; i++) {
		const char *fifo_word[] = { fifo_rows[i], NULL };

		if (k->fifo[i].kind != SCHEMA_fifo)
			continue;
		n = node_of(&k->fifo[i], fifo_word);
		if (ka_has(&k->fifo[i], "path"))
			ka_push_one(k, &n, &k->fifo[i], &global, fifo_rows[i]);
		else
			KA_WARN(k, &n, "'%s_script' without '%s' does nothing, as in keepalived",
				fifo_rows[i], fifo_rows[i]);
	}
	if (k->syncd.kind == SCHEMA_syncd) {
		n = node_of(&k->syncd, word);
		ka_push_one(k, &n, &k->syncd, &global, "lvs_sync_daemon");
	}
	mail_servers(&global);
	if (k->needs_interface && !ka_has(&global, "default_interface"))
		(void)ka_set_text(k, &(struct ka_node){ .word = word, .word_n = 1 }, &global,
				  "default_interface", "eth0");
}

/* ------------------------------------------------------------------ the file's own level */

static void global_defs(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj global;

	(void)o;
	ka_once(k, &global, SCHEMA_global);
	ka_statements(k, KA_GLOBAL, n->child, &global);
}

static void ssl(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj s;

	(void)o;
	ka_once(k, &s, SCHEMA_ssl);
	ka_statements(k, KA_SSL, n->child, &s);
}

static void namespace(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	struct ka_obj global;

	(void)o;
	ka_once(k, &global, SCHEMA_global);
	(void)ka_put(k, n, 1, &global, n->word[0]);
	ka_extra(k, n, 2);
}

/* [NAME]; bare is the namespace that the system starts in, which is that of process 1 */
static void namespace_ipvs(struct ka *k, const struct ka_node *n, struct ka_obj *o)
{
	if (n->word_n > 1)
	namespace(k, n, o);
	else KA_WARN(k, n,
		     "'%s' without a name: give the default namespace one with ip netns attach "
		     "and write that",
		     n->word[0]);
}

const struct ka_word ka_words_top[] = {
	{ "global_defs", global_defs, false },
	{ "SSL", ssl, false },
	{ "net_namespace", namespace, false },
	{ "net_namespace_ipvs", namespace_ipvs, false },
	{ "track_group", ka_track_group, false },
	{ "garp_group", ka_garp_group, false },
	{ "interface_up_down_delays", ka_if_delays, false },
	{ "vrrp_script", ka_vrrp_script, false },
	{ "vrrp_track_process", ka_track_process, false },
	{ "track_file", ka_track_file, false },
	{ "vrrp_track_file", ka_track_file, false },
	{ "bfd_instance", ka_bfd_instance, false },
	{ "vrrp_sync_group", ka_sync_group, false },
	{ "virtual_server_group", ka_virtual_server_group, false },
	/* made when all global_defs have been read */
	{ "vrrp_instance", ka_vrrp_instance, true },
	{ "virtual_server", ka_virtual_server, true },
	{ NULL, NULL, false },
};
