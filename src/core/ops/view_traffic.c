/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See view_traffic.h.
 */
#include "core/ops/view_traffic.h"

#include "core/bug.h"

static void put(json_t *o, const char *name, uint64_t n)
{
	BUG_ON(json_object_set_new_nocheck(o, name, json_integer((json_int_t)n)));
}

static json_t *traffic(const struct counts *n)
{
	json_t *o = json_object();

	BUG_ON(!o);
	put(o, "connections", n->conns);
	put(o, "packets_in", n->in_packets);
	put(o, "packets_out", n->out_packets);
	put(o, "bytes_in", n->in_bytes);
	put(o, "bytes_out", n->out_bytes);
	put(o, "connections_s", n->conns_s);
	put(o, "packets_in_s", n->in_packets_s);
	put(o, "packets_out_s", n->out_packets_s);
	put(o, "bytes_in_s", n->in_bytes_s);
	put(o, "bytes_out_s", n->out_bytes_s);
	return o;
}

json_t *view_traffic_vs(const struct counters *k, uint32_t vs_id)
{
	struct counts n;

	return k && counters_of_vs(k, vs_id, &n) ? traffic(&n) : json_null();
}

json_t *view_traffic_rs(const struct counters *k, uint32_t rs_id)
{
	struct counters_server s;
	json_t *o;

	if (!k || !counters_of_rs(k, rs_id, &s))
		return json_null();
	o = traffic(&s.sum);
	put(o, "active", s.active_n);
	put(o, "inactive", s.inactive_n);
	put(o, "persistent", s.persist_n);
	return o;
}
