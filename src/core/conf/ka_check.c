/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TCP_CHECK and HTTP_GET. keepalived asks for a check's urls in turn; here each url is a check of its
 * own: the server is up when all of them pass, as there.
 */
#include "core/clock.h"
#include "core/conf/ka.h"

#include <stdlib.h>
#include <string.h>

/* A check with its block; the fields come first (ka_statements). */
struct check {
	struct conf_check o;
	struct ka_rs *rs;
	uint32_t urls_n;
};

/* retry N: the failure after N more is the one that counts */
static void put_retry(struct ka *k, const struct ka_node *n, uint8_t *fall_n)
{
	enum { RETRY_MAX = 254 };
	char *end = NULL;
	unsigned long v = n->word_n > 1 ? strtoul(n->word[1], &end, 10) : 0;

	if (n->word_n < 2)
		KA_ERROR(k, n, "'%s' has no value", n->word[0]);
	else if (end == n->word[1] || *n->word[1] == '-' || v > RETRY_MAX)
		KA_ERROR(k, n, "'%s' must be 0..%d, not %.40s", n->word[0], RETRY_MAX, n->word[1]);
	else
		*fall_n = (uint8_t)(v + 1);
	if (end && end != n->word[1] && *end)
		KA_WARN(k, n, "'%s %.40s': only the number counts, as in keepalived", n->word[0],
			n->word[1]);
	ka_extra(k, n, 2);
}

void ka_inherit_word(struct ka *k, const struct ka_node *n, struct ka_inherit *in)
{
	struct fields_check s = { .interval_us = in->interval_us,
				  .timeout_us = in->timeout_us,
				  .host = in->host };
	const char *key = !strcmp(n->word[0], "delay_loop")        ? "interval"
			  : !strcmp(n->word[0], "connect_timeout") ? "timeout"
								   : "host";

	if (!strcmp(n->word[0], "retry")) {
		put_retry(k, n, &in->fall_n);
		return;
	}
	if (ka_value(k, n, 1, schema_find(SCHEMA_check, key), &s)) {
		in->interval_us = s.interval_us;
		in->timeout_us = s.timeout_us;
		in->host = s.host;
	}
	ka_extra(k, n, 2);
}

static void word_row(struct ka *k, const struct ka_node *n, void *obj)
{
	ka_row_word(k, n, SCHEMA_check, &((struct check *)obj)->o.s);
}

static void word_retry(struct ka *k, const struct ka_node *n, void *obj)
{
	put_retry(k, n, &((struct check *)obj)->o.s.fall_n);
}

static void word_alpha(struct ka *k, const struct ka_node *n, void *obj)
{
	(void)obj; /* vipd's own rule */
	ka_extra(k, n, n->word_n > 1 ? 2 : 1);
}

static void word_status(struct ka *k, const struct ka_node *n, void *obj)
{
	struct check *ck = obj;
	struct fields_check one;
	struct conf_status all = { { 0 } };
	uint32_t i = 1;

	do { /* once at least: a missing value is told */
		if (!ka_value(k, n, i, schema_find(SCHEMA_check, "status"), &one))
			return;
		for (size_t w = 0; w < sizeof(all.w) / sizeof(*all.w); w++)
			all.w[w] |= one.status.w[w];
	} while (++i < n->word_n);
	ck->o.s.status = all;
}

static void add_check(struct ka *k, const struct ka_node *n, const struct check *ck)
{
	if (ck->rs->o.s.checks.n == KA_CHECKS_MAX) {
		KA_ERROR(k, n, "a server can have %d checks", KA_CHECKS_MAX);
		return;
	}
	(void)conf_make_add(&k->b, SCHEMA_check, &ck->o);
	ck->rs->o.s.checks.n++;
}

static void word_url(struct ka *k, const struct ka_node *n, void *obj)
{
	struct check *ck = obj, url = *ck;

	url.o.loc = ka_loc(k, n);
	ka_extra(k, n, 1);
	ka_statements(k, KA_URL, n->child, &url);
	if (!url.o.s.path)
		KA_ERROR(k, n, "'url' has no 'path'");
	else
		add_check(k, n, &url);
	ck->urls_n++;
}

const struct ka_word ka_words_check[] = {
	{ "retry", word_retry, false },    { "connect_port", word_row, false },
	{ "delay_loop", word_row, false }, { "connect_timeout", word_row, false },
	{ "alpha", word_alpha, false },    { NULL, NULL, false },
};

const struct ka_word ka_words_http[] = {
	{ "nb_get_retry", word_retry, false },
	{ "virtualhost", word_row, false },
	{ "url", word_url, true }, /* after what it inherits */
	{ NULL, NULL, false },
};

const struct ka_word ka_words_url[] = {
	{ "path", word_row, false },
	{ "virtualhost", word_row, false },
	{ "status_code", word_status, false },
	{ NULL, NULL, false },
};

static struct check begin(struct ka *k, const struct ka_node *n, struct ka_rs *rs,
			  ty_CHECK_TYPE type)
{
	struct check ck = { .o.loc = ka_loc(k, n), .rs = rs };

	conf_make_defaults(SCHEMA_check, &ck.o.s);
	ck.o.s.type = type;
	ck.o.s.interval_us = rs->in.interval_us;
	ck.o.s.timeout_us = rs->in.timeout_us;
	ck.o.s.rise_n = 1; /* one success brings a server back */
	ck.o.s.fall_n = rs->in.fall_n;
	ck.o.s.status = conf_status_default();
	ka_extra(k, n, 1);
	return ck;
}

void ka_tcp_check(struct ka *k, const struct ka_node *n, void *rs)
{
	struct check ck = begin(k, n, rs, CHECK_TCP);

	ka_statements(k, KA_TCP, n->child, &ck);
	ck.o.s.path = "/";
	add_check(k, n, &ck);
}

void ka_http_get(struct ka *k, const struct ka_node *n, void *rs)
{
	struct check ck = begin(k, n, rs, CHECK_HTTP);

	ck.o.s.host = ((struct ka_rs *)rs)->in.host;
	ka_statements(k, KA_HTTP, n->child, &ck);
	if (!ck.urls_n)
		KA_ERROR(k, n, "HTTP_GET has no 'url'");
}
