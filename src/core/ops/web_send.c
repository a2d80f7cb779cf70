/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See web_send.h. As mail_send.c, libcurl is driven by a short tick while a request is under way.
 */
#include "core/ops/web_send.h"

#include "core/bug.h"
#include "core/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_US = 20000 };

enum web_end web_send_verdict(long status)
{
	enum { REQUEST_TIMEOUT = 408, TOO_MANY_REQUESTS = 429 };

	if (status >= 200 && status < 300)
		return WEB_TAKEN;
	if (!status || status >= 500 || status == REQUEST_TIMEOUT || status == TOO_MANY_REQUESTS)
		return WEB_AGAIN;
	return WEB_NEVER;
}

bool web_send_is_busy(const struct web_send *s)
{
	return s->easy;
}

/* The time limit bounds how long an answer without an end is read. */
static size_t forget_answer(char *buf, size_t size, size_t n, void *arg)
{
	(void)buf;
	(void)arg;
	return size * n;
}

static void forget(struct web_send *s)
{
	if (!s->easy)
		return;
	(void)curl_multi_remove_handle(s->multi, s->easy);
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->headers);
	s->easy = s->headers = NULL;
	timer_disarm(&s->loop->timers, &s->tick);
}

static void finish(struct web_send *s, CURLcode res)
{
	char why[160] = "";
	long status = 0;

	/* an answer that broke off is no answer */
	if (!res)
		(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	forget(s);
	if (res)
		(void)snprintf(why, sizeof(why), "%s", curl_easy_strerror(res));
	else if (web_send_verdict(status) != WEB_TAKEN)
		(void)snprintf(why, sizeof(why), "it said %ld", status);
	s->done(s->arg, web_send_verdict(status), why);
}

static void on_tick(struct timer *t, int64_t now_us)
{
	struct web_send *s = container_of(t, struct web_send, tick);
	int running_n = 0, left_n;
	CURLMsg *m;

	timer_arm(&s->loop->timers, t, now_us + TICK_US);
	(void)curl_multi_perform(s->multi, &running_n);
	while ((m = curl_multi_info_read(s->multi, &left_n))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		finish(s, m->data.result);
		return;
	}
}

static void add_header(struct web_send *s, const char *line)
{
	struct curl_slist *more = curl_slist_append(s->headers, line);

	BUG_ON(!more);
	s->headers = more;
}

static void set_headers(struct web_send *s, const struct fields_webhook *h)
{
	char *line;

	add_header(s, "Content-Type: application/json");
	add_header(s, "Expect:"); /* not asked for beforehand */
	if (h->token) {
		BUG_ON(asprintf(&line, "Authorization: Bearer %s", h->token) < 0);
		add_header(s, line);
		free(line);
	}
	for (uint32_t i = 0; i < h->headers.n; i++)
		add_header(s, h->headers.v[i]);
	(void)curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
}

static void set_tls(CURL *easy, const struct fields_webhook *h)
{
	if (h->ca)
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, h->ca);
	if (h->is_insecure) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

bool web_send_begin(struct web_send *s, const struct conf_webhook *hook, const char *body)
{
	const struct fields_webhook *h = &hook->s;

	s->easy = curl_easy_init();
	BUG_ON(!s->easy);
	(void)curl_easy_setopt(s->easy, CURLOPT_URL, h->url);
	(void)curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(s->easy, CURLOPT_USERAGENT, "vipd/" VIPD_VERSION);
	(void)curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)(h->timeout_us / 1000));
	(void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	(void)curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, forget_answer);
	set_headers(s, h);
	set_tls(s->easy, h);
	if (curl_multi_add_handle(s->multi, s->easy)) {
		forget(s);
		return false;
	}
	timer_arm(&s->loop->timers, &s->tick, clock_now_us());
	return true;
}

void web_send_init(struct web_send *s, struct loop *loop)
{
	s->loop = loop;
	s->multi = curl_multi_init();
	BUG_ON(!s->multi);
	timer_init(&s->tick, on_tick);
}

void web_send_fini(struct web_send *s)
{
	forget(s);
	(void)curl_multi_cleanup(s->multi);
	s->multi = NULL;
}
