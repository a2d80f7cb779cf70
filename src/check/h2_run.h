/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * HTTP/2 (h2.h) on the connection of a run (steps.h): the functions of steps that all protocols over it
 * share. Their list of steps is CONNECT, TLS, SEND, EXPECT, LOOP back to SEND, DONE.
 */
#pragma once

#include "check/h2.h"
#include "check/steps.h"

/* The next request; the connection is one of HTTP/2 from the first on. */
void h2_run_ask(struct run *run, const struct h2_ask *ask, const struct h2_ear *ear);

/* SEND: what is to be sent. */
uint32_t h2_run_take(struct run *run, char *buf, uint32_t cap);

/* EXPECT, before anything is read. */
enum step_verdict h2_run_enter(struct run *run, enum check_reason *why);

/* EXPECT: the next bytes. judge: is called when the answer is here, and decides. */
enum step_verdict h2_run_match(struct run *run, const uint8_t *data, uint32_t len,
			       enum check_reason *why,
			       enum step_verdict (*judge)(struct run *run, enum check_reason *why));

/* LOOP: the answer is not here yet. */
bool h2_run_again(struct run *run);
