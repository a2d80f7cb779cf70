/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See notify_mail.h.
 */
#include "core/ops/notify_mail.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/ops/mail_text.h"
#include "core/stats.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LINE_LEN = SAY_SUBJECT_LEN + SAY_BODY_LEN };

struct mail {
	struct mail *next;
	char *text, *from;
	uint32_t tries_n;
};

/* ------------------------------------------------------------------ the queue */

static void send_next(struct notify_mail *m);

static void drop_first(struct notify_mail *m)
{
	struct mail *mail = m->first;

	m->first = mail->next;
	if (!m->first)
		m->last = NULL;
	m->n--;
	free(mail->text);
	free(mail->from);
	free(mail);
}

static void tell_dropped(struct notify_mail *m, const char *why)
{
	stats_add(STAT_MAILS_DROPPED, 1);
	if (!m->is_drop_told)
		log_event(LOG_MAIL_DROPPED, "why=\"%s\" waiting=%u", why, m->n);
	m->is_drop_told = true;
}

static void on_done(void *arg, const char *err, bool is_final)
{
	struct notify_mail *m = arg;

	if (!err) {
		stats_add(STAT_MAILS, 1);
		m->is_fail_told = m->is_drop_told = false;
		m->again_us = MAIL_AGAIN_MIN_US;
		drop_first(m);
		send_next(m);
		return;
	}
	if (!m->is_fail_told)
		log_event(LOG_MAIL_FAIL, "relay=%s error=\"%s\" waiting=%u",
			  m->conf->global.s.mail_server, err, m->n);
	m->is_fail_told = true;
	if (is_final || ++m->first->tries_n >= MAIL_TRIES_N) {
		tell_dropped(m, is_final ? "refused by the relay" : "tried too often");
		drop_first(m);
	}
	if (is_final) {
		send_next(m);
		return;
	}
	timer_arm(&m->send.loop->timers, &m->again, clock_now_us() + m->again_us);
	m->again_us = m->again_us * 2 < MAIL_AGAIN_MAX_US ? m->again_us * 2 : MAIL_AGAIN_MAX_US;
}

static void host_name(struct utsname *u)
{
	if (uname(u))
		(void)snprintf(u->nodename, sizeof(u->nodename), "localhost");
}

static void send_next(struct notify_mail *m)
{
	struct utsname u;

	host_name(&u);
	while (m->first && !mail_send_is_busy(&m->send) && !m->again.is_armed) {
		const struct fields_global *g = &m->conf->global.s;

		if (g->mail_server && g->mail_to.n &&
		    mail_send_begin(&m->send, m->conf, m->first->from,
				    g->mail_helo ? g->mail_helo : u.nodename, m->first->text))
			return;
		tell_dropped(m, "no good address");
		drop_first(m);
	}
}

static void on_again(struct timer *t, int64_t now_us)
{
	(void)now_us;
	send_next(container_of(t, struct notify_mail, again));
}

static char *sender(const struct notify_mail *m, const struct utsname *u)
{
	const char *own = m->conf->global.s.mail_from;
	char *from = NULL;

	if (own)
		from = strdup(own);
	else if (asprintf(&from, "%s@%s", m->me, u->nodename) < 0)
		from = NULL;
	BUG_ON(!from);
	return from;
}

static void put(struct notify_mail *m, const char *subject, const char *body)
{
	const struct fields_global *g = &m->conf->global.s;
	struct mail *mail;
	struct utsname u;

	if (m->n >= MAIL_QUEUE_N) {
		tell_dropped(m, "too many wait");
		return;
	}
	mail = calloc(1, sizeof(*mail));
	BUG_ON(!mail);
	host_name(&u);
	mail->from = sender(m, &u);
	mail->text =
		mail_text(&(struct mail_head){ .to = &g->mail_to,
					       .from = mail->from,
					       .router = g->router_id ? g->router_id : u.nodename,
					       .at = time(NULL) },
			  subject, body);
	if (m->last)
		m->last->next = mail;
	else
		m->first = mail;
	m->last = mail;
	m->n++;
	send_next(m);
}

/* ------------------------------------------------------------------ windows */

static void gather(struct notify_mail *m, const struct say *s)
{
	if (!m->gathered_n++) {
		memcpy(m->subject, s->subject, sizeof(m->subject));
		memcpy(m->body, s->body, sizeof(m->body));
	}
	if (m->gathered_n > MAIL_GATHER_N)
		return;
	if (m->lines_len + LINE_LEN > m->lines_cap) {
		m->lines_cap = m->lines_cap ? 2 * m->lines_cap : 4 * LINE_LEN;
		m->lines = realloc(m->lines, m->lines_cap);
		BUG_ON(!m->lines);
	}

	int n = snprintf(m->lines + m->lines_len, LINE_LEN, "%s %s\n", s->subject, s->body);

	m->lines_len += n < LINE_LEN ? (size_t)n : LINE_LEN - 1;
}

static void put_gathered(struct notify_mail *m)
{
	char subject[80], rest[64] = "";
	char *body = NULL;

	(void)snprintf(subject, sizeof(subject), "%u changes of servers and services",
		       m->gathered_n);
	if (m->gathered_n > MAIL_GATHER_N)
		(void)snprintf(rest, sizeof(rest), "and %u more\n", m->gathered_n - MAIL_GATHER_N);
	BUG_ON(asprintf(&body, "%s%s", m->lines, rest) < 0);
	put(m, subject, body);
	free(body);
}

static void open_window(struct notify_mail *m)
{
	timer_arm(&m->send.loop->timers, &m->window,
		  clock_now_us() + m->conf->global.s.mail_window_us);
}

void notify_mail_flush(struct notify_mail *m)
{
	timer_disarm(&m->send.loop->timers, &m->window);
	if (!m->gathered_n)
		return;
	if (m->gathered_n == 1)
		put(m, m->subject, m->body);
	else
		put_gathered(m);
	m->gathered_n = 0;
	free(m->lines);
	m->lines = NULL;
	m->lines_len = m->lines_cap = 0;
	open_window(m); /* it goes on for as long as there is something in it */
}

static void on_window(struct timer *t, int64_t now_us)
{
	(void)now_us;
	notify_mail_flush(container_of(t, struct notify_mail, window));
}

void notify_mail_say(struct notify_mail *m, const struct say *s)
{
	const struct fields_global *g = m->conf ? &m->conf->global.s : NULL;

	if (!s->has_mail || !g || !g->mail_to.n || !g->mail_server)
		return;
	if (!s->may_gather || !g->mail_window_us) {
		put(m, s->subject, s->body);
	} else if (m->window.is_armed) {
		gather(m, s);
	} else {
		put(m, s->subject, s->body);
		open_window(m);
	}
}

bool notify_mail_is_going(const struct notify_mail *m)
{
	return m->n && !m->again.is_armed;
}

void notify_mail_adopt(struct notify_mail *m, const struct conf *c)
{
	conf_hold_again(c);
	if (m->conf)
		conf_drop(m->conf);
	m->conf = c;
}

void notify_mail_init(struct notify_mail *m, struct loop *loop)
{
	const struct passwd *pw = getpwuid(geteuid());

	(void)snprintf(m->me, sizeof(m->me), "%s", pw ? pw->pw_name : "root");
	mail_send_init(&m->send, loop);
	m->send.done = on_done;
	m->send.arg = m;
	m->again_us = MAIL_AGAIN_MIN_US;
	timer_init(&m->again, on_again);
	timer_init(&m->window, on_window);
}

void notify_mail_fini(struct notify_mail *m)
{
	if (m->n)
		log_event(LOG_MAIL_DROPPED, "why=\"vipd stops\" waiting=%u", m->n);
	timer_disarm(&m->send.loop->timers, &m->window);
	timer_disarm(&m->send.loop->timers, &m->again);
	mail_send_fini(&m->send);
	while (m->first)
		drop_first(m);
	if (m->conf)
		conf_drop(m->conf);
	free(m->lines);
}
