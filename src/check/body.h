/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the body of an answer must be like: a list of rules, held against it as it comes. Pure.
 *
 * Rules belong to a snapshot (kit.h). The memory of a body is bounded: for a text its length, for an
 * expression REGEX_WINDOW_LEN, for a digest nothing.
 */
#pragma once

#include "check/regex.h"

enum body_kind { BODY_TEXT, BODY_REGEX, BODY_DIGEST };

enum { BODY_RULES_N = 20, BODY_DIGEST_LEN = 16 };

struct body_rule {
	enum body_kind kind;
	bool is_not; /* it must not be so */
	const char *text; /* TEXT: the snapshot's */
	struct regex *regex; /* REGEX */
	uint8_t digest[BODY_DIGEST_LEN]; /* DIGEST: MD5 */
};

struct body;

/* Never NULL. rule[] stays valid while it lives; n at most BODY_RULES_N. */
struct body *body_new(const struct body_rule *rule, uint32_t n);
void body_free(struct body *b);
void body_feed(struct body *b, const uint8_t *data, uint32_t len);

/* The rules have moved: another snapshot, with the same rules. */
void body_move(struct body *b, const struct body_rule *rule);

/* The end of the body: true when all rules hold; else *why says in words what did not. */
bool body_end(struct body *b, const char **why);
