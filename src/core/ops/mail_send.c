/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See mail_send.h. libcurl is driven by a short tick while a mail is under way, not by its descriptors:
 * a mail is rare, and a tick costs nothing.
 */
#include "core/ops/mail_send.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/ops/mail_text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { TICK_US = 20000, URL_LEN = 640 };

void mail_send_global(void)
{
	BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT));
}

bool mail_send_is_busy(const struct mail_send *s)
{
	return s->easy;
}

static size_t give(char *buf, size_t size, size_t n, void *arg)
{
	struct mail_send *s = arg;
	size_t len = s->len - s->at;

	if (len > size * n)
		len = size * n;
	memcpy(buf, s->text + s->at, len);
	s->at += len;
	return len;
}

static void forget(struct mail_send *s)
{
	if (!s->easy)
		return;
	(void)curl_multi_remove_handle(s->multi, s->easy);
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->rcpt);
	s->easy = s->rcpt = NULL;
	timer_disarm(&s->loop->timers, &s->tick);
}

static void finish(struct mail_send *s, CURLcode res)
{
	char err[160];
	long code = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code)
		(void)snprintf(err, sizeof(err), "%s (the relay said %ld)", curl_easy_strerror(res),
			       code);
	else
		(void)snprintf(err, sizeof(err), "%s", curl_easy_strerror(res));
	forget(s);
	/* 5xx: it does not want this mail, now or later */
	s->done(s->arg, res ? err : NULL, res && code >= 500);
}

static void on_tick(struct timer *t, int64_t now_us)
{
	struct mail_send *s = container_of(t, struct mail_send, tick);
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

static void set_tls(CURL *easy, const struct fields_global *g)
{
	if (g->mail_tls == MAIL_TLS_NONE)
		return;
	(void)curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (g->mail_ca)
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, g->mail_ca);
	if (g->mail_no_verify) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static bool set_people(struct mail_send *s, const struct fields_global *g, const char *from)
{
	char addr[MAIL_ADDR_LEN];
	struct curl_slist *list = NULL;

	if (!mail_addr(from, addr))
		return false;
	(void)curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, addr);
	for (uint32_t i = 0; i < g->mail_to.n; i++) {
		struct curl_slist *more =
			mail_addr(g->mail_to.v[i], addr) ? curl_slist_append(list, addr) : NULL;

		list = more ? more : list;
	}
	s->rcpt = list;
	(void)curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, list);
	if (g->mail_user)
		(void)curl_easy_setopt(s->easy, CURLOPT_USERNAME, g->mail_user);
	if (g->mail_password)
		(void)curl_easy_setopt(s->easy, CURLOPT_PASSWORD, g->mail_password);
	return list;
}

bool mail_send_begin(struct mail_send *s, const struct conf *c, const char *from, const char *helo,
		     const char *text)
{
	const struct fields_global *g = &c->global.s;
	long limit_ms = (long)(g->mail_timeout_us / 1000);
	char url[URL_LEN];

	s->easy = curl_easy_init();
	BUG_ON(!s->easy);
	s->text = text;
	s->at = 0;
	s->len = strlen(text);
	/* what stands for a path is the name to greet with */
	(void)snprintf(url, sizeof(url), "%s://%s/%s",
		       g->mail_tls == MAIL_TLS_TLS ? "smtps" : "smtp", g->mail_server, helo);
	(void)curl_easy_setopt(s->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
	(void)curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, 2 * limit_ms);
	(void)curl_easy_setopt(s->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, limit_ms / 1000);
	(void)curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, give);
	(void)curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
	set_tls(s->easy, g);
	if (!set_people(s, g, from) || curl_multi_add_handle(s->multi, s->easy)) {
		forget(s);
		return false;
	}
	timer_arm(&s->loop->timers, &s->tick, clock_now_us());
	return true;
}

void mail_send_init(struct mail_send *s, struct loop *loop)
{
	s->loop = loop;
	s->multi = curl_multi_init();
	BUG_ON(!s->multi);
	timer_init(&s->tick, on_tick);
}

void mail_send_fini(struct mail_send *s)
{
	forget(s);
	(void)curl_multi_cleanup(s->multi);
	s->multi = NULL;
}
