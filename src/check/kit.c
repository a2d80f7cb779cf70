/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kit.h.
 */
#include "check/kit.h"

#include "check/kit_tls.h"
#include "core/bug.h"
#include "core/conf/conf_account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct kit {
	struct kit_check **of; /* by index of the check; NULL where it needs none */
	uint32_t n;
	struct kit_ctx_pool *ctx;
};

/* What a maker works with. */
struct maker {
	const struct conf *conf;
	struct kit *kit;
	struct err_list *errs;
	bool has_failed;
};

const struct kit_check *kit_of(const struct conf *conf, uint32_t check)
{
	const struct kit *kit = conf->kit;

	return kit ? kit->of[check] : NULL;
}

static void *zeroed(size_t n, size_t len)
{
	void *p = calloc(n + !n, len);

	BUG_ON(!p);
	return p;
}

__attribute__((format(printf, 3, 4))) static void fail(struct maker *m, struct conf_loc loc,
						       const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_add(m->errs, ERR_ERROR, loc.file, loc.line, "%s", text);
	m->has_failed = true;
}

/* ---- bytes ---- */

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* text: an even number of hexadecimal digits, as the schema has made sure; X for any, where the mask is
 * wanted. */
static uint8_t *bytes_of(const char *text, uint32_t *len, uint8_t **mask)
{
	size_t n = strlen(text) / 2;
	uint8_t *out = zeroed(n, 1);

	*len = (uint32_t)n;
	if (mask)
		*mask = zeroed(n, 1);
	for (size_t i = 0; i < 2 * n; i++) {
		bool is_any = text[i] == 'X' || text[i] == 'x';

		out[i / 2] =
			(uint8_t)((unsigned)out[i / 2] << 4 | (is_any ? 0 : hex_digit(text[i])));
		if (mask)
			(*mask)[i / 2] = (uint8_t)((*mask)[i / 2] << 4 | (is_any ? 0 : 0xf));
	}
	return out;
}

/* Text with \r, \n, \t, \\ and \xHH. */
static uint8_t *unescape(struct maker *m, struct conf_loc loc, const char *text, uint32_t *len)
{
	uint8_t *out = zeroed(strlen(text) + 1, 1);
	uint32_t n = 0;

	for (const char *p = text; *p; p++) {
		static const char from[] = "rnt0\\\"", to[] = "\r\n\t\0\\\"";
		const char *at = *p == '\\' && p[1] ? strchr(from, p[1]) : NULL;

		if (*p != '\\') {
			out[n++] = (uint8_t)*p;
		} else if (at) {
			out[n++] = (uint8_t)to[at - from];
			p++;
		} else if (p[1] == 'x' && strspn(p + 2, "0123456789abcdefABCDEF") >= 2) {
			out[n++] = (uint8_t)(hex_digit(p[2]) << 4 | hex_digit(p[3]));
			p += 3;
		} else {
			fail(m, loc, "\\%c is no escape: \\r, \\n, \\t, \\0, \\\\ and \\xHH are",
			     p[1]);
			break;
		}
	}
	*len = n;
	return out;
}

/* ---- expressions and rules ---- */

static struct regex *compile(struct maker *m, struct conf_loc loc, const struct regex_ask *ask)
{
	char why[REGEX_ERROR_LEN];
	struct regex *re = regex_new(ask, why);

	if (!re)
		fail(m, loc, "%s", why);
	return re;
}

static struct regex *compile_plain(struct maker *m, struct conf_loc loc, const char *pattern)
{
	struct regex_ask ask = { .pattern = pattern, .max_offset = UINT64_MAX };

	return compile(m, loc, &ask);
}

static void add_digest(struct body_rule *r, const char *text)
{
	uint32_t len;
	uint8_t *bytes = bytes_of(text, &len, NULL);

	r->kind = BODY_DIGEST;
	BUG_ON(len != BODY_DIGEST_LEN);
	memcpy(r->digest, bytes, BODY_DIGEST_LEN);
	free(bytes);
}

static struct body_rule *next_rule(struct kit_url *u, bool is_not)
{
	struct body_rule *r = &u->rule[u->rule_n++];

	BUG_ON(u->rule_n > BODY_RULES_N);
	*r = (struct body_rule){ .is_not = is_not };
	return r;
}

static void add_url_rules(struct maker *m, struct kit_url *u, const struct conf_url *cu)
{
	if (cu->s.digest)
		add_digest(next_rule(u, false), cu->s.digest);
	if (cu->s.regex) {
		struct regex_ask ask = { .pattern = cu->s.regex,
					 .option = cu->s.regex_options.v,
					 .option_n = cu->s.regex_options.n,
					 .stack_start = cu->s.regex_stack_start,
					 .stack_max = cu->s.regex_stack_max,
					 .min_offset = cu->s.regex_min_offset,
					 .max_offset = cu->s.regex_max_offset };
		struct body_rule *r = next_rule(u, cu->s.regex_not);

		if (ask.max_offset == UINT32_MAX)
			ask.max_offset = UINT64_MAX;
		r->kind = BODY_REGEX;
		r->regex = compile(m, cu->loc, &ask);
	}
}

static bool is_any_status(const struct conf_status *s)
{
	for (size_t i = 0; i < sizeof(s->w) / sizeof(s->w[0]); i++)
		if (s->w[i])
			return false;
	return true;
}

/* "NAME: VALUE", or the name alone. */
static void split_header(struct kit_expect *e, const char *line)
{
	size_t len = strcspn(line, ":");

	e->name = line;
	e->name_len = (uint32_t)len;
	if (line[len])
		e->value = line + len + 1 + strspn(line + len + 1, " \t");
}

static void add_expect(struct maker *m, struct kit_url *u, const struct conf_expect *ce)
{
	const struct fields_expect *s = &ce->s;
	struct kit_expect e = { .is_not = s->invert };

	if (!is_any_status(&s->status))
		e.status = &s->status;
	if (s->header)
		split_header(&e, s->header);
	if (s->header && s->regex) {
		e.regex = compile_plain(m, ce->loc, s->regex);
	} else if (s->regex) {
		struct body_rule *r = next_rule(u, s->invert);

		r->kind = BODY_REGEX;
		r->regex = compile_plain(m, ce->loc, s->regex);
	}
	if (s->text) {
		struct body_rule *r = next_rule(u, s->invert);

		r->kind = BODY_TEXT;
		r->text = s->text;
	}
	if (s->digest)
		add_digest(next_rule(u, s->invert), s->digest);
	if (e.status || e.name)
		u->expect[u->expect_n++] = e;
}

/* As many as a url of the check may have. */
static uint32_t count_rules(const struct conf *c, const struct conf_check *ck)
{
	uint32_t n = ck->s.urls.n ? 2 : 0; /* a url's own */

	for (uint32_t i = 0; i < ck->s.expects.n; i++) {
		const struct fields_expect *s = &c->expect[ck->s.expects.first + i].s;

		n += s->regex && !s->header;
		n += s->text != NULL;
		n += s->digest != NULL;
	}
	return n;
}

/* ---- TLS ---- */

/* A name, and no literal address: only names go into SNI (RFC 6066, 3). */
static const char *only_name(const char *text)
{
	struct ip_addr literal;

	return text && addr_parse(text, &literal) ? text : NULL;
}

static struct tls_want make_tls(struct maker *m, const struct conf_check *ck, const char *host)
{
	const struct conf_tls *tls = ck->s.tls.n ? &m->conf->tls[ck->s.tls.first] : NULL;
	struct kit_ctx made = kit_ctx_get(m->kit->ctx, m->conf, ck, m->errs);
	struct tls_want w = { .ctx = made.ctx, .mark = made.mark };
	const char *name = tls && tls->s.sni ? tls->s.sni : ck->s.sni;

	if (!made.ctx)
		m->has_failed = true;
	if (!name && (tls || ck->s.enable_sni))
		name = host;
	w.sni = only_name(name);
	w.name = name;
	w.has_name_check = tls && tls->s.verify == TLS_VERIFY_NAME;
	w.has_cert = (tls && tls->s.cert) || m->conf->ssl.s.certificate;
	w.min_left_s = tls ? (int64_t)tls->s.days_left * 86400 : 0;
	return w;
}

static bool wants_tls(const struct conf_check *ck)
{
	return ck->s.type == CHECK_HTTPS || ck->s.tls.n;
}

/* ---- checks ---- */

static void make_url(struct maker *m, const struct conf_check *ck, struct kit_url *u,
		     const struct conf_url *cu)
{
	u->path = cu ? cu->s.path : ck->s.path;
	u->host = cu ? cu->s.host : ck->s.host;
	u->status = cu && !is_any_status(&cu->s.status) ? cu->s.status : ck->s.status;
	u->is_compliant = cu ? cu->s.tls_compliant : ck->s.tls_compliant;
	u->rule = zeroed(count_rules(m->conf, ck), sizeof(*u->rule));
	u->expect = zeroed(ck->s.expects.n, sizeof(*u->expect));
	if (wants_tls(ck))
		u->tls = make_tls(m, ck, u->host);
	if (cu)
		add_url_rules(m, u, cu);
	for (uint32_t i = 0; i < ck->s.expects.n; i++)
		add_expect(m, u, &m->conf->expect[ck->s.expects.first + i]);
}

static void make_http(struct maker *m, const struct conf_check *ck, struct kit_check *k)
{
	uint32_t n = ck->s.urls.n;

	if (count_rules(m->conf, ck) > BODY_RULES_N) {
		fail(m, ck->loc, "more than %d rules for one body", BODY_RULES_N);
		return;
	}
	k->url_n = n ? n : 1;
	k->url = zeroed(k->url_n, sizeof(*k->url));
	for (uint32_t i = 0; i < k->url_n; i++)
		make_url(m, ck, &k->url[i], n ? &m->conf->url[ck->s.urls.first + i] : NULL);
}

static void make_step(struct maker *m, struct dialog_step *d, const struct conf_step *cs)
{
	const struct fields_step *s = &cs->s;

	d->is_not = s->invert;
	if (s->send)
		d->send = unescape(m, cs->loc, s->send, &d->send_len);
	else if (s->send_hex)
		d->send = bytes_of(s->send_hex, &d->send_len, NULL);
	if (s->expect)
		d->expect = unescape(m, cs->loc, s->expect, &d->expect_len);
	else if (s->expect_hex)
		d->expect = bytes_of(s->expect_hex, &d->expect_len, NULL);
	else if (s->expect_regex)
		d->regex = compile_plain(m, cs->loc, s->expect_regex);
}

static void make_dialog(struct maker *m, const struct conf_check *ck, struct kit_check *k)
{
	k->step_n = ck->s.dialog.n;
	k->step = zeroed(k->step_n, sizeof(*k->step));
	for (uint32_t i = 0; i < k->step_n; i++)
		make_step(m, &k->step[i], &m->conf->step[ck->s.dialog.first + i]);
}

static void make_udp(const struct conf_check *ck, struct kit_check *k)
{
	static const char hello[] = "vipd check";

	if (ck->s.payload) {
		k->payload = bytes_of(ck->s.payload, &k->payload_len, NULL);
	} else {
		k->payload = zeroed(sizeof(hello) - 1, 1);
		k->payload_len = sizeof(hello) - 1;
		memcpy(k->payload, hello, sizeof(hello) - 1);
	}
	if (ck->s.reply)
		k->reply = bytes_of(ck->s.reply, &k->reply_len, &k->mask);
}

static void make_script(struct maker *m, const struct conf_check *ck, struct kit_check *k)
{
	char why[CONF_ACCOUNT_WHY_LEN];

	if (!conf_account_find(m->conf, ck->s.user, ck->s.user_group, &k->account, why))
		fail(m, ck->loc, "%s", why);
	if (!ck->s.command.n || ck->s.command.v[0][0] != '/')
		fail(m, ck->loc, "a check of type \"script\" needs a command, by its whole path");
}

static struct kit_check *make_check(struct maker *m, const struct conf_check *ck)
{
	struct kit_check *k = zeroed(1, sizeof(*k));

	switch ((enum words_CHECK_TYPE)ck->s.type) {
	case CHECK_HTTP:
	case CHECK_HTTPS:
		make_http(m, ck, k);
		return k;
	case CHECK_EXPECT:
		make_dialog(m, ck, k);
		break;
	case CHECK_UDP:
		make_udp(ck, k);
		break;
	case CHECK_SCRIPT:
		make_script(m, ck, k);
		break;
	case CHECK_TCP:
	case CHECK_SMTP:
	case CHECK_AGENT:
	case CHECK_GRPC:
	case CHECK_DNS:
	case CHECK_PING:
	case CHECK_FILE:
	case CHECK_BFD:
		break;
	}
	if (wants_tls(ck))
		k->tls = make_tls(m, ck, ck->s.host);
	return k;
}

static bool needs_kit(const struct conf_check *ck)
{
	switch ((enum words_CHECK_TYPE)ck->s.type) {
	case CHECK_HTTPS:
	case CHECK_EXPECT:
	case CHECK_UDP:
	case CHECK_SCRIPT:
		return true;
	case CHECK_HTTP:
		/* of a plain one there may be very many: its settings say all */
		return ck->s.tls.n || ck->s.urls.n || ck->s.expects.n;
	case CHECK_TCP:
	case CHECK_SMTP:
	case CHECK_AGENT:
	case CHECK_GRPC:
		return ck->s.tls.n > 0;
	case CHECK_DNS:
	case CHECK_PING:
	case CHECK_FILE:
	case CHECK_BFD:
		return false;
	}
	return false;
}

/* ---- the end ---- */

/* Frees bytes that are const to their readers. */
static void free_bytes(const uint8_t *bytes)
{
	union {
		const uint8_t *frozen;
		uint8_t *own;
	} u = { .frozen = bytes };

	free(u.own);
}

static void free_check(struct kit_check *k)
{
	for (uint32_t i = 0; i < k->url_n; i++) {
		struct kit_url *u = &k->url[i];

		for (uint32_t r = 0; r < u->rule_n; r++)
			regex_free(u->rule[r].regex);
		for (uint32_t e = 0; e < u->expect_n; e++)
			regex_free(u->expect[e].regex);
		free(u->rule);
		free(u->expect);
	}
	for (uint32_t i = 0; i < k->step_n; i++) {
		free_bytes(k->step[i].send);
		free_bytes(k->step[i].expect);
		regex_free(k->step[i].regex);
	}
	free(k->url);
	free(k->step);
	free(k->payload);
	free(k->reply);
	free(k->mask);
	free(k);
}

/* Called when the snapshot is freed: by whichever thread that is. */
static void kit_free(void *arg)
{
	struct kit *kit = arg;

	for (uint32_t i = 0; i < kit->n; i++)
		if (kit->of[i])
			free_check(kit->of[i]);
	free(kit->of);
	kit_ctx_pool_free(kit->ctx);
	free(kit);
}

bool kit_make(struct conf *conf, struct err_list *errs)
{
	struct maker m = { .conf = conf, .errs = errs };

	for (uint32_t i = 0; i < conf->check_n; i++) {
		if (!needs_kit(&conf->check[i]))
			continue;
		if (!m.kit) {
			m.kit = zeroed(1, sizeof(*m.kit));
			m.kit->of = zeroed(conf->check_n, sizeof(struct kit_check *));
			m.kit->n = conf->check_n;
			m.kit->ctx = kit_ctx_pool_new();
			conf->kit = m.kit;
			conf->kit_free = kit_free;
		}
		m.kit->of[i] = make_check(&m, &conf->check[i]);
	}
	return !m.has_failed;
}
