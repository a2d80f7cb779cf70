/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The control channel's wire format (vipctl-protocol(7)): bytes -> lines -> requests, and the table of
 * verbs that a request must fit. No socket here: what the other side may send is decided by functions
 * of their arguments.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_PATH "/run/vipd/vipd.sock"

enum {
	CTL_REQUEST_LEN = 16 * 1024, /* a request with its newline */
	CTL_WHY_LEN = 160, /* what is wrong with one, with its NUL */
	CTL_ARGS_N = 9, /* members that a verb takes beside its name */
};

/* ------------------------------------------------------------------ lines */

/* What has come of the next request. */
struct ctl_in {
	uint32_t len;
	char buf[CTL_REQUEST_LEN];
};

enum ctl_in_result {
	CTL_IN_MORE, /* all of data was taken, the line is not whole yet */
	CTL_IN_LINE, /* in->buf[0..in->len) is a line without its newline; take it, then set len to 0 */
	CTL_IN_LONG, /* longer than a request may be: this client is not to be listened to any more */
};

/* Takes bytes up to the next newline; *used tells how many. */
enum ctl_in_result ctl_in_feed(struct ctl_in *in, const char *data, uint32_t len, uint32_t *used);

/* ------------------------------------------------------------------ verbs */

enum ctl_access {
	CTL_READ, /* whoever may open the socket */
	CTL_WRITE, /* members of the socket's group as well */
	CTL_SECRET, /* root and the user that vipd runs as: it shows what others may not know */
};

/* Told by the next line of a reply. */
enum ctl_step {
	CTL_LINE, /* here is one */
	CTL_WAIT, /* nothing yet: ask again after control_poke(), or after again_us */
	CTL_END, /* that was all; a line that closes the reply comes with it */
};

/* An answer that is being given: lines made one by one, as fast as they are read. The verb embeds it. */
struct ctl_reply {
	/* CTL_LINE and CTL_END: *line is the caller's to release */
	enum ctl_step (*next)(struct ctl_reply *r, json_t **line);
	void (*free)(struct ctl_reply *r);
	int64_t again_us; /* with CTL_WAIT: ask again after so long; 0: only after control_poke() */
};

struct ctl_arg {
	const char *name; /* NULL ends a list */
	json_type type; /* JSON_TRUE stands for both booleans */
	bool is_needed;
};

/* Who asks, as the kernel tells it. */
struct ctl_who {
	uid_t uid;
	enum ctl_access access; /* the most that he may */
	bool is_writer; /* may change things */
};

/* One row for each verb. */
struct ctl_verb {
	const char *name; /* NULL ends the table */
	enum ctl_access access;
	/* never NULL; ctx is the control channel's */
	struct ctl_reply *(*fn)(void *ctx, const json_t *request, const struct ctl_who *who);
	struct ctl_arg args[CTL_ARGS_N + 1];
};

/* The row of a verb, or NULL. */
const struct ctl_verb *ctl_verb_find(const struct ctl_verb *verbs, const char *name);

/* A line as a request: the object, to be released, and its row. NULL: why tells what is wrong. */
json_t *ctl_request(const struct ctl_verb *verbs, const char *line, uint32_t len,
		    const struct ctl_verb **verb, char why[static CTL_WHY_LEN]);

/* Who this user is to vipd; owner: the user that vipd runs as; is_member: of the group that may use the
 * socket. */
struct ctl_who ctl_who(uid_t uid, uid_t owner, bool is_member);

/* Whether he may use the verb. */
bool ctl_may(const struct ctl_verb *verb, const struct ctl_who *who);

/* ------------------------------------------------------------------ replies */

/* {"status":1,"error":...}: a line that closes a reply. */
json_t *ctl_refusal(int status, const char *text);

/* A reply of this one line, which is given away. */
struct ctl_reply *ctl_reply_one(json_t *line);

/* Whether a shell pattern may be tried on every object: a long one, or one of many stars, would take main too
 * long. NULL may. */
bool ctl_pattern_ok(const char *pattern);
#define CTL_PATTERN_WHY "a pattern has at most 128 characters, and four stars"

/* A text as JSON; bytes that are not UTF-8 become '?'. Never NULL. */
json_t *ctl_text(const char *text);
