/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kern.h.
 */
#include "ipvs/kern.h"

const char *kern_do_name(enum kern_do what)
{
	static const char *const name[] = {
		[KERN_NONE] = "none",           [KERN_DEL_SVC] = "del_service",
		[KERN_DEL_DEST] = "del_server", [KERN_SET_DEST] = "set_server",
		[KERN_SET_SVC] = "set_service", [KERN_NEW_SVC] = "new_service",
		[KERN_NEW_DEST] = "new_server",
	};

	return name[what];
}
