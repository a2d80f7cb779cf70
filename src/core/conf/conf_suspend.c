/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_suspend.h.
 */
#include "core/conf/conf_suspend.h"

void conf_suspend_make(struct conf *c, const struct conf *old)
{
	c->suspended = arena_array(&c->arena, c->vs_n, sizeof(*c->suspended));
	for (uint32_t i = 0; i < c->vs_n; i++) {
		const struct conf_vs *was = old ? conf_vs(old, c->vs[i].id) : NULL;
		bool is_suspended = was && conf_suspend_has(old, (uint32_t)(was - old->vs));

		atomic_init(&c->suspended[i], is_suspended);
	}
}
