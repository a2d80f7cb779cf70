/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The check by file: the number in a file, which the tracker role reads (files.h), says whether the
 * server is well, or adds to its weight. The arithmetic is keepalived's FILE_CHECK.
 *
 *	weight 0		passes when the number is 0 (reverse: when it is not)
 *	weight W		passes, and adds number x W (reverse: takes it away); a sum that no
 *				weight can bear (INT32_MIN and less) fails
 *
 * The number is a fact: what it says counts at once, whatever rise and fall are.
 */
#include "check/files.h"
#include "check/protos.h"

static enum step_verdict look(struct run *run, enum check_reason *why)
{
	const struct conf_check *ck = run->ask.check;
	struct track_state s = files_state(run->engine->files, run->ask.file);
	int64_t add = (int64_t)s.value * ck->s.weight * (ck->s.reverse ? -1 : 1);

	*why = REASON_UNKNOWN;
	if (!s.is_known)
		return STEP_FAIL;
	run_say(run, "the file says %d", s.value);
	*why = REASON_L7STS;
	if (!ck->s.weight)
		return (s.value != 0) == ck->s.reverse ? STEP_NEXT : STEP_FAIL;
	if (add <= INT32_MIN)
		return STEP_FAIL;
	run->weight = (struct run_weight){ .how = WEIGHT_ADD,
					   .value = (int32_t)(add > INT32_MAX ? INT32_MAX : add) };
	return STEP_NEXT;
}

static const struct step steps[] = { { .kind = STEP_DONE } };

const struct proto proto_file = { .name = "file",
				  .steps = steps,
				  .ok = REASON_L7OK,
				  .conn = CONN_NONE,
				  .is_fact = true,
				  .look = look };
