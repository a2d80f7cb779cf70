/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vipctl's side of the control channel: a request out, the lines of its reply in (vipctl-protocol(7)).
 */
#pragma once

#include <jansson.h>

enum {
	CALL_TIMEOUT_S = 60, /* default: no line for so long */
	CALL_TIMEOUT_MAX_S = 86400,
};

/* Where vipd listens; CONTROL_PATH unless this is called. The text stays the caller's. */
void call_use(const char *path);

/* Nothing is printed when vipd can't be reached or does not answer. */
void call_quietly(void);

/* One line of the reply, as text and as object (NULL with call_raw()); both stay the caller's. */
typedef void call_line_fn(void *arg, const char *text, const json_t *line);

/* Asks (request is given away) and hands every line but the last to fn. *end: the last one, to be
 * released. 0, or -errno when vipd can't be reached or does not answer, -ETIMEDOUT when it did not in
 * time: one sentence has been printed. */
int call(json_t *request, unsigned timeout_s, call_line_fn *fn, void *arg, json_t **end);

/* The same; lines are handed on as they are, unread. */
int call_raw(json_t *request, unsigned timeout_s, call_line_fn *fn, void *arg, json_t **end);

/* What fn may be when no lines are expected, or none are of interest. */
void call_ignore(void *arg, const char *text, const json_t *line);

/* The exit status for an error of call(). */
int call_status(int err);
