/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kern_open.h.
 */
#include "ipvs/kern_open.h"

#include "ipvs/kern_genl.h"
#include "ipvs/kern_memory.h"

#include <stdio.h>
#include <string.h>

struct ipvs_kern *kern_open(const char *netns, bool is_memory, bool has_services, bool *is_kernel)
{
	struct ipvs_kern *kern = NULL;
	bool in_netns;

	if (is_memory)
		return kern_memory_open();

	int err = kern_genl_open(netns, &kern, &in_netns);

	if (!err) {
		*is_kernel = true;
		return kern;
	}
	/* a router without virtual servers needs no IPVS */
	if (!has_services)
		return kern_memory_open();
	if (in_netns)
		(void)fprintf(stderr,
			      "vipd: can't enter the network namespace %s of the IPVS table: %s\n",
			      netns, strerrordesc_np(-err));
	else
		(void)fprintf(stderr, "vipd: %s\n", kern_genl_why(err));
	return NULL;
}
