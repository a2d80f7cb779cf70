/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sync.h.
 */
#include "vrrp/sync.h"

enum sync_move sync_move(const struct sync_view *v)
{
	if (v->broken_n)
		return v->fault_n == v->n ? SYNC_STAY : SYNC_FAULT;
	if (v->has_fallen && v->active_n)
		return SYNC_RETREAT;
	if (v->init_n + v->fault_n)
		return v->is_pending ? SYNC_STAY : SYNC_BEGIN;
	if (v->want_n == v->active_n)
		return SYNC_STAY;
	return v->want_n == v->n || v->is_active ? SYNC_RISE : SYNC_STAY;
}

bool sync_is_active(const struct sync_view *v)
{
	if (v->broken_n || !v->active_n)
		return false;
	return v->is_active || v->active_n == v->n;
}
