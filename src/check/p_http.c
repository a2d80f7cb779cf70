/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The HTTP and HTTPS checks: one request, and a look at status, headers and body. Run by the engine
 * (steps.h); http.h reads the answer, body.h judges its body. Which of several urls is asked for is the
 * scheduler's matter (urls.h).
 *
 * The body is read only when something is to be known of it, or when the connection is to be kept.
 *
 * HTTP/2 (h2_run.h) is spoken where it is asked for, and over TLS also where it was offered and the server
 * took it.
 */
#include "check/h2_run.h"
#include "check/http.h"
#include "check/protos.h"

#include "core/bug.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct ctx {
	struct http http;
	struct body *body; /* NULL: no rules */
	uint32_t seen; /* a bit for each expected header that is as it should be */
	bool has_begun; /* HTTP/1: to read */
	bool is_h2; /* it was asked by HTTP/2 */
};

_Static_assert(sizeof(struct ctx) <= STEP_CTX_LEN, "the parser must fit into a run");

/* What is asked for: the url of the kit, or the check's own settings. */
static const struct kit_url *url_of(const struct run *run, struct kit_url *plain)
{
	const struct conf_check *ck = run->ask.check;

	if (run->ask.kit && run->ask.url < run->ask.kit->url_n)
		return &run->ask.kit->url[run->ask.url];
	*plain = (struct kit_url){ .path = ck->s.path, .host = ck->s.host, .status = ck->s.status };
	return plain;
}

/* ---- the request ---- */

struct text {
	char *buf;
	uint32_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);

	int n = vsnprintf(t->buf + t->len, t->cap - t->len, fmt, args);

	va_end(args);
	/* the schema's bounds are far smaller than cap */
	t->len = n < (int)(t->cap - t->len) ? t->len + (uint32_t)n : t->cap;
}

static const char *host_text(const struct run *run, const struct kit_url *u,
			     char buf[static ADDR_PORT_TEXT_LEN])
{
	enum { HTTP_PORT = 80, HTTPS_PORT = 443 };
	uint16_t port = run_port(run->ask.rs, run->ask.check);
	struct ip_addr addr = *run_addr(run->ask.rs, run->ask.check);

	if (u->host)
		return u->host;
	if (port != (run->tls ? HTTPS_PORT : HTTP_PORT))
		return addr_port_text(&addr, port, buf);
	if (addr.family == AF_INET)
		return addr_text(&addr, buf);

	char bare[ADDR_TEXT_LEN];

	(void)snprintf(buf, ADDR_PORT_TEXT_LEN, "[%s]", addr_text(&addr, bare));
	return buf;
}

/* A header that the operator gives stands instead of ours. */
static bool has_header(const struct conf_check *ck, const char *name)
{
	size_t len = strlen(name);

	for (uint32_t i = 0; i < ck->s.headers.n; i++)
		if (!strncasecmp(ck->s.headers.v[i], name, len) && ck->s.headers.v[i][len] == ':')
			return true;
	return false;
}

static void add_connection(struct text *t, const struct conf_check *ck)
{
	bool is_11 = ck->s.http == HTTP_11;

	if (has_header(ck, "Connection"))
		return;
	if (ck->s.keepalive && !is_11)
		add(t, "Connection: keep-alive\r\n");
	if (!ck->s.keepalive && (is_11 || ck->s.http == HTTP_10C))
		add(t, "Connection: close\r\n");
}

static uint32_t make_plain(struct run *run, char *buf, uint32_t cap)
{
	const struct conf_check *ck = run->ask.check;
	struct text t = { .buf = buf, .cap = cap };
	char host[ADDR_PORT_TEXT_LEN];
	struct kit_url plain;
	const struct kit_url *u = url_of(run, &plain);

	add(&t, "%s %s HTTP/1.%c\r\n", ck->s.method ? ck->s.method : "GET", u->path ? u->path : "/",
	    ck->s.http == HTTP_11 ? '1' : '0');
	if (!has_header(ck, "Host"))
		add(&t, "Host: %s\r\n", host_text(run, u, host));
	if (!has_header(ck, "User-Agent"))
		add(&t, "User-Agent: vipd\r\n");
	if (!has_header(ck, "Accept"))
		add(&t, "Accept: */*\r\n");
	add_connection(&t, ck);
	for (uint32_t i = 0; i < ck->s.headers.n; i++)
		add(&t, "%s\r\n", ck->s.headers.v[i]);
	if (ck->s.body && !has_header(ck, "Content-Length"))
		add(&t, "Content-Length: %zu\r\n", strlen(ck->s.body));
	add(&t, "\r\n%s", ck->s.body ? ck->s.body : "");
	return t.len;
}

static bool is_h2(const struct run *run)
{
	return run->conn->ssl ? tls_speaks(run->conn->ssl, "h2") : run->ask.check->s.http == HTTP_2;
}

/* ---- the answer ---- */

static bool is_value(const struct kit_expect *e, const char *value, uint32_t len)
{
	if (e->regex)
		return regex_find(e->regex, value, len) == REGEX_YES;
	return !e->value || (strlen(e->value) == len && !memcmp(e->value, value, len));
}

static void on_header(void *arg, const char *name, uint32_t name_len, const char *value,
		      uint32_t value_len)
{
	struct run *run = arg;
	struct ctx *c = (void *)run->ctx;
	struct kit_url plain;
	const struct kit_url *u = url_of(run, &plain);

	for (uint32_t i = 0; i < u->expect_n; i++) {
		const struct kit_expect *e = &u->expect[i];

		if (e->name && e->name_len == name_len && !strncasecmp(e->name, name, name_len) &&
		    is_value(e, value, value_len))
			c->seen |= UINT32_C(1) << i;
	}
}

static void on_body(void *arg, const uint8_t *data, uint32_t len)
{
	struct run *run = arg;
	struct ctx *c = (void *)run->ctx;

	if (c->body)
		body_feed(c->body, data, len);
}

static enum http_want want_of(const struct run *run, const struct kit_url *u)
{
	const struct conf_check *ck = run->ask.check;

	if (ck->s.method && !strcmp(ck->s.method, "HEAD"))
		return HTTP_NO_BODY;
	return u->rule_n || ck->s.keepalive || u->is_compliant ? HTTP_BODY : HTTP_HEAD;
}

static void answer_begin(struct run *run, const struct kit_url *u)
{
	struct ctx *c = (void *)run->ctx;

	http_init(&c->http, want_of(run, u));
	c->http.on_header = on_header;
	c->http.on_body = on_body;
	c->http.arg = run;
	if (u->rule_n)
		c->body = body_new(u->rule, u->rule_n);
	c->has_begun = true;
}

static enum step_verdict fail(enum check_reason *why, enum check_reason reason)
{
	*why = reason;
	return STEP_FAIL;
}

static bool are_expected(struct run *run, const struct kit_url *u, const struct ctx *c)
{
	for (uint32_t i = 0; i < u->expect_n; i++) {
		const struct kit_expect *e = &u->expect[i];

		if (e->status && conf_status_has(e->status, run->code) == e->is_not) {
			run_say(run, "the status is not as expected");
			return false;
		}
		if (e->name && (c->seen >> i & 1) == e->is_not) {
			run_say(run, "the header %.*s is not as expected", (int)e->name_len,
				e->name);
			return false;
		}
	}
	return true;
}

/* An answer that is whole: status first, then headers, then body. */
static enum step_verdict judge(struct run *run, enum check_reason *why)
{
	struct ctx *c = (void *)run->ctx;
	struct kit_url plain;
	const struct kit_url *u = url_of(run, &plain);
	const char *text = NULL;

	run->code = c->is_h2 ? h2_code(run->conn->h2) : c->http.code;
	if (!conf_status_has(&u->status, run->code) || !are_expected(run, u, c))
		return fail(why, REASON_L7STS);
	if (c->body && !body_end(c->body, &text)) {
		run_say(run, "%s", text);
		return fail(why, REASON_L7STS);
	}
	if (!c->is_h2)
		run->may_keep = http_may_keep(&c->http);
	return STEP_NEXT;
}

/* The answer is whole, and its end is the end of the connection as well, or must be. */
static enum step_verdict match_end(struct run *run, uint32_t len, enum check_reason *why)
{
	if (len)
		return STEP_WAIT;
	if (run->was_clean)
		return STEP_NEXT;
	run_say(run, "the connection ended without the end of TLS");
	return fail(why, REASON_L6RSP);
}

static enum step_verdict match_answer(struct run *run, const uint8_t *data, uint32_t len,
				      enum check_reason *why)
{
	struct ctx *c = (void *)run->ctx;
	struct kit_url plain;
	const struct kit_url *u = url_of(run, &plain);

	if (c->is_h2)
		return h2_run_match(run, data, len, why, judge);
	if (!c->has_begun)
		answer_begin(run, u);
	if (!c->http.arg)
		return match_end(run, len, why);

	enum http_result r = len ? http_feed(&c->http, data, len) : http_eof(&c->http);

	if (r == HTTP_MORE)
		return STEP_WAIT;
	if (r == HTTP_BAD)
		return fail(why, REASON_L7RSP);

	enum step_verdict v = judge(run, why);
	bool has_rest = len && c->http.used_len < len;

	run->may_keep &= !has_rest;
	if (v != STEP_NEXT || !u->is_compliant || !run->tls || run->may_keep)
		return v;
	c->http.arg = NULL; /* only the end is still to come */
	return len ? STEP_WAIT : match_end(run, len, why);
}

/* ---- HTTP/2 ---- */

/* Headers that belong to one connection of HTTP/1 (RFC 9113 8.2.2), or have their own place. */
static bool is_of_http1(const char *name, uint32_t len)
{
	static const char *const names[] = { "host",    "connection",        "keep-alive",
					     "upgrade", "transfer-encoding", "proxy-connection" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (http_is_word(name, len, names[i]))
			return true;
	return false;
}

static struct h2_field field_of(const char *line)
{
	const char *colon = strchrnul(line, ':');
	const char *value = *colon ? colon + 1 + strspn(colon + 1, " \t") : colon;

	return (struct h2_field){ line, value, (uint32_t)(colon - line), (uint32_t)strlen(value) };
}

/* The headers; returns how many. authority: what a Host header says. */
static uint32_t fields_of(const struct conf_check *ck, struct h2_field *f, const char **authority)
{
	static const struct h2_field agent = { "user-agent", "vipd", 10, 4 };
	static const struct h2_field accept = { "accept", "*/*", 6, 3 };
	uint32_t n = 0;

	if (!has_header(ck, "User-Agent"))
		f[n++] = agent;
	if (!has_header(ck, "Accept"))
		f[n++] = accept;
	for (uint32_t i = 0; i < ck->s.headers.n; i++) {
		struct h2_field one = field_of(ck->s.headers.v[i]);

		if (http_is_word(one.name, one.name_len, "host"))
			*authority = one.value;
		if (one.name_len && !is_of_http1(one.name, one.name_len) && n < H2_FIELDS_N)
			f[n++] = one;
	}
	return n;
}

static void begin_h2(struct run *run)
{
	const struct conf_check *ck = run->ask.check;
	struct ctx *c = (void *)run->ctx;
	struct h2_field field[H2_FIELDS_N];
	char host[ADDR_PORT_TEXT_LEN];
	struct kit_url plain;
	const struct kit_url *u = url_of(run, &plain);
	struct h2_ask ask = {
		.method = ck->s.method ? ck->s.method : "GET",
		.scheme = run->tls ? "https" : "http",
		.authority = host_text(run, u, host),
		.path = u->path ? u->path : "/",
		.field = field,
		.body = ck->s.body,
		.body_len = ck->s.body ? (uint32_t)strlen(ck->s.body) : 0,
		.want = want_of(run, u),
	};
	struct h2_ear ear = { .on_header = on_header, .on_body = on_body, .arg = run };

	ask.field_n = fields_of(ck, field, &ask.authority);
	if (u->rule_n)
		c->body = body_new(u->rule, u->rule_n);
	c->is_h2 = true;
	h2_run_ask(run, &ask, &ear);
}

static uint32_t make_request(struct run *run, char *buf, uint32_t cap)
{
	const struct ctx *c = (void *)run->ctx;

	if (!c->is_h2 && !is_h2(run))
		return run->ask.check->s.http == HTTP_2 ? 0 : make_plain(run, buf, cap);
	if (!c->is_h2)
		begin_h2(run);
	return h2_run_take(run, buf, cap);
}

static enum step_verdict enter(struct run *run, enum check_reason *why)
{
	const struct ctx *c = (void *)run->ctx;

	if (c->is_h2)
		return h2_run_enter(run, why);
	if (run->ask.check->s.http != HTTP_2)
		return STEP_WAIT;
	run_say(run, "the server does not take HTTP/2 (ALPN)");
	return fail(why, REASON_L6RSP);
}

static bool again(struct run *run)
{
	const struct ctx *c = (void *)run->ctx;

	return c->is_h2 && h2_run_again(run);
}

static void fini(struct run *run)
{
	struct ctx *c = (void *)run->ctx;

	body_free(c->body);
	c->body = NULL;
}

static const struct step steps[] = {
	{ .kind = STEP_CONNECT },
	{ .kind = STEP_TLS },
	{ .kind = STEP_SEND, .make = make_request },
	{ .kind = STEP_EXPECT, .match = match_answer, .enter = enter },
	{ .kind = STEP_LOOP, .again = again, .to = 2 },
	{ .kind = STEP_DONE },
};

const struct proto proto_http = {
	.name = "http", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM, .fini = fini
};
const struct proto proto_https = {
	.name = "https", .steps = steps, .ok = REASON_L7OK, .conn = CONN_STREAM, .fini = fini
};
