/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any answer -> check/agent: never a crash, never a number beyond its bounds.
 */
#include "check/agent.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct agent a;

	if (agent_parse((const char *)data, (uint32_t)len, &a) &&
	    (a.percent > AGENT_PERCENT_MAX || a.admin > AGENT_MAINT || a.state > AGENT_DOWN))
		abort();
	return 0;
}
