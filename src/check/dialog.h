/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The expecting half of a dialogue: bytes come in pieces, and a step says what must be among them.
 * What a step has seen is gone for the next one. Bounded: see DIALOG_BUF_LEN. Pure.
 */
#pragma once

#include "check/regex.h"

enum {
	DIALOG_BUF_LEN = 16384, /* bytes that may wait for one step */
	DIALOG_STEPS_N = 32, /* as many as the schema allows */
};

/* A step of a snapshot (kit.h). What it does not do is NULL. */
struct dialog_step {
	const uint8_t *send, *expect;
	uint32_t send_len, expect_len;
	struct regex *regex; /* instead of expect */
	bool is_not; /* it must not come */
};

struct dialog {
	uint8_t *buf;
	uint32_t len, cap;
};

void dialog_init(struct dialog *d);
void dialog_fini(struct dialog *d);

/* Keeps the next bytes. False: more than may wait. */
bool dialog_feed(struct dialog *d, const uint8_t *data, uint32_t len);

enum dialog_result {
	DIALOG_MORE, /* may still come */
	DIALOG_NEXT, /* as it should be */
	DIALOG_FAIL, /* what must not come, or what can't come any more */
};

/* Holds what waits against the step; is_end: nothing more will come. A step that expects nothing is
 * over at once. */
enum dialog_result dialog_look(struct dialog *d, const struct dialog_step *step, bool is_end);
