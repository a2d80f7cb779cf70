/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What checks need ready-made: TLS contexts with their certificates, compiled expressions, bytes out of
 * hexadecimal digits, accounts. Made by main with each snapshot, since it reads files and asks for
 * users, which a worker may not; freed with the snapshot. Read by all workers.
 *
 * A check that needs nothing of it (TCP) has none and costs nothing.
 */
#pragma once

#include "check/body.h"
#include "check/dialog.h"
#include "check/tls.h"
#include "core/conf/conf.h"
#include "core/err.h"

/* A header or a status that is expected beside the body's rules. */
struct kit_expect {
	const struct conf_status *status; /* NULL: any */
	const char *name; /* of a header; NULL: none */
	uint32_t name_len;
	const char *value; /* what it must be; NULL: see regex */
	struct regex *regex; /* what it must match; NULL: it must be there */
	bool is_not;
};

/* One request of an HTTP check. */
struct kit_url {
	const char *path;
	const char *host; /* NULL: the address */
	struct conf_status status;
	struct tls_want tls; /* ctx NULL: none */
	struct body_rule *rule;
	struct kit_expect *expect;
	uint32_t rule_n, expect_n;
	bool is_compliant; /* TLS: must end by its own rules */
};

struct kit_check {
	struct tls_want tls; /* of what has no urls; ctx NULL: none */
	struct kit_url *url;
	struct dialog_step *step;
	uint8_t *payload, *reply, *mask; /* UDP */
	uint32_t url_n, step_n, payload_len, reply_len;
	struct conf_account account; /* script */
};

/* Makes the kit of a configuration that is not published yet: conf->kit. False: errors were found,
 * which are in errs. Main. */
bool kit_make(struct conf *conf, struct err_list *errs);

/* The kit of a check, by its index; NULL: it needs none. Any thread. */
const struct kit_check *kit_of(const struct conf *conf, uint32_t check);

/* NULL: no TLS. */
static inline const struct tls_want *kit_tls(const struct kit_check *kit, uint32_t url)
{
	const struct tls_want *tls;

	if (!kit)
		return NULL;
	tls = url < kit->url_n ? &kit->url[url].tls : &kit->tls;
	return tls->ctx ? tls : NULL;
}
