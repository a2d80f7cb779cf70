/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the statements of the protocol ask of a configuration: which ones are refused, which are warned of.
 */
#include "core/conf/conf_load.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define V4 "virtual_ipaddress=(\"10.0.0.1\");"
#define V6 "virtual_ipaddress=(\"fe80::1\",\"2001:db8::1\");"

static void texts(void **state)
{
	/* more: settings of the instance; says: part of the finding, NULL: there is none */
	static const struct {
		const char *name, *more, *says;
		enum err_level level;
	} rows[] = {
		{ "V15: no number 0", "virtual_router_id=0; version=3; " V4, "must be 1..255",
		  ERR_ERROR },
		{ "V15: no number 256", "virtual_router_id=256; version=3; " V4, "must be 1..255",
		  ERR_ERROR },
		{ "V15: the largest", "virtual_router_id=255; version=3; " V4, NULL, ERR_ERROR },
		{ "V17: version 3 names an address", "virtual_router_id=1; version=3;",
		  "has no 'virtual_ipaddress'", ERR_ERROR },
		{ "V17: version 2 should", "virtual_router_id=1; version=2;",
		  "has no 'virtual_ipaddress'", ERR_WARNING },
		{ "V18: whole seconds in version 2",
		  "virtual_router_id=1; version=2; advert_int=\"1500ms\"; " V4, "whole seconds",
		  ERR_ERROR },
		{ "V19: at most 40.95 s in version 3",
		  "virtual_router_id=1; version=3; advert_int=\"41s\"; " V4, "at most 40.95 s",
		  ERR_ERROR },
		{ "V19: steps of 10 ms", "virtual_router_id=1; version=3; advert_int=\"15ms\"; " V4,
		  "steps of 10 ms", ERR_ERROR },
		{ "V20: one family",
		  "virtual_router_id=1; version=3; "
		  "virtual_ipaddress=(\"10.0.0.1\",\"2001:db8::1\");",
		  "is of the other family", ERR_ERROR },
		{ "V21: a link-local address first",
		  "virtual_router_id=1; version=3; virtual_ipaddress=(\"2001:db8::1\");",
		  "link-local", ERR_WARNING },
		{ "V21: by all means when strict",
		  "virtual_router_id=1; version=3; strict_mode=true; "
		  "virtual_ipaddress=(\"2001:db8::1\");",
		  "link-local", ERR_ERROR },
		{ "V25: no IPv6 in version 2", "virtual_router_id=1; version=2; " V6,
		  "IPv6 needs version = 3", ERR_ERROR },
		{ "V92: an owner preempts",
		  "virtual_router_id=1; version=3; priority=255; nopreempt=true; " V4,
		  "no effect on an owner", ERR_WARNING },
		{ "V110: one number twice on an interface",
		  "virtual_router_id=1; version=3; " V4 "}, {name=\"b\"; interface=\"eth0\"; "
		  "virtual_router_id=1; version=3; virtual_ipaddress=(\"10.0.0.2\");",
		  "is used by", ERR_ERROR },
		{ "V111: of both families",
		  "virtual_router_id=1; version=3; " V4 "}, {name=\"b\"; interface=\"eth0\"; "
		  "virtual_router_id=1; version=3; " V6,
		  NULL, ERR_ERROR },
		{ "V114: a longer password is no error of keepalived's, but one here",
		  "virtual_router_id=1; version=2; "
		  "authentication={auth_type=\"PASS\";auth_pass=\"123456789\";}; " V4,
		  "at most 8", ERR_ERROR },
		{ "V121: none in version 3",
		  "virtual_router_id=1; version=3; "
		  "authentication={auth_type=\"AH\";auth_pass=\"x\";}; " V4,
		  "means nothing in version 3", ERR_WARNING },
		{ "V121: none when strict",
		  "virtual_router_id=1; version=2; strict_mode=true; "
		  "authentication={auth_type=\"PASS\";auth_pass=\"x\";}; " V4,
		  "has no 'authentication'", ERR_ERROR },
		{ "V122: MASTER with AH",
		  "virtual_router_id=1; version=2; state=\"MASTER\"; "
		  "authentication={auth_type=\"AH\";auth_pass=\"x\";}; " V4,
		  "must learn a sequence number", ERR_WARNING },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		char text[1024];
		struct err_list errs = { 0 };
		bool is_said = !rows[i].says;
		int len = snprintf(text, sizeof(text),
				   "vrrp_instances=({name=\"a\"; interface=\"eth0\"; %s});",
				   rows[i].more);
		struct conf *c = conf_load_text("t", text, (size_t)len, &errs);

		for (size_t k = 0; k < errs.n && rows[i].says; k++)
			is_said |= strstr(errs.item[k].text, rows[i].says) &&
				   errs.item[k].level == rows[i].level;
		if (!is_said || (!rows[i].says && errs.n_error + errs.n_warning))
			fail_msg("%s: %s", rows[i].name, errs.n ? errs.item[0].text : "nothing");
		if (c)
			conf_free(c);
		err_fini(&errs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests_name("conf_vrrp", tests, NULL, NULL);
}
