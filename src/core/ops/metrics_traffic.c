/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel counts of services and servers (core/counters.h), as metrics: a row for each that is in its
 * table. fits() looks one up, label and value speak of what it found.
 */
#include "core/ops/metrics_family.h"

#include <stddef.h>

#define USEC_PER_SEC 1e6

static bool is_wanted(const struct metrics *m)
{
	return m->counted != NULL;
}

static double read_at(struct metrics *m, uint32_t i)
{
	(void)i;
	return metrics_moment_s(m, m->counted->at_us);
}

static double read_took(struct metrics *m, uint32_t i)
{
	(void)i;
	return (double)m->counted->took_us / USEC_PER_SEC;
}

/* arg: where in struct counts. */
static double count_at(const struct metrics *m, const struct counts *n)
{
	return (double)*(const uint64_t *)(const void *)((const char *)n + m->arg);
}

static bool vs_fits(struct metrics *m, uint32_t i)
{
	return metrics_vs_fits(m, i) && counters_of_vs(m->counted, m->c->vs[i].id.v, &m->vs_now);
}

static double vs_count(struct metrics *m, uint32_t i)
{
	(void)i;
	return count_at(m, &m->vs_now);
}

static bool rs_fits(struct metrics *m, uint32_t i)
{
	if (!i)
		m->hint = 0;
	return metrics_rs_fits(m, i) &&
	       counters_of_rs_near(m->counted, m->c->rs[i].id.v, &m->hint, &m->rs_now);
}

static double rs_count(struct metrics *m, uint32_t i)
{
	(void)i;
	return count_at(m, &m->rs_now.sum);
}

static double rs_active(struct metrics *m, uint32_t i)
{
	(void)i;
	return m->rs_now.active_n;
}

static double rs_inactive(struct metrics *m, uint32_t i)
{
	(void)i;
	return m->rs_now.inactive_n;
}

/* clang-format off */
#define VS(name, type, help, field) \
	{ "vipd_virtual_server_" name, type, help, metrics_vs_n, vs_fits, metrics_vs_labels, vs_count, offsetof(struct counts, field), NULL }
#define RS(name, help, field) \
	{ "vipd_real_server_" name, METRIC_COUNTER, help, metrics_rs_n, rs_fits, metrics_rs_labels, rs_count, offsetof(struct counts, field), NULL }
#define RS_NOW(name, help, value) \
	{ "vipd_real_server_" name, METRIC_GAUGE, help, metrics_rs_n, rs_fits, metrics_rs_labels, value, 0, NULL }

static const struct metrics_family families[] = {
	{ "vipd_ipvs_counters_timestamp_seconds", METRIC_GAUGE, "When the kernel's counters were read.", metrics_one, NULL, NULL, read_at, 0, NULL },
	{ "vipd_ipvs_counters_read_seconds", METRIC_GAUGE, "How long that took.", metrics_one, NULL, NULL, read_took, 0, NULL },
	VS("connections", METRIC_COUNTER, "Connections that the kernel has scheduled.", conns),
	VS("incoming_packets", METRIC_COUNTER, "Packets from clients.", in_packets),
	VS("outgoing_packets", METRIC_COUNTER, "Packets to clients (NAT).", out_packets),
	VS("incoming_bytes", METRIC_COUNTER, "Bytes from clients.", in_bytes),
	VS("outgoing_bytes", METRIC_COUNTER, "Bytes to clients (NAT).", out_bytes),
	VS("connections_per_second", METRIC_GAUGE, "New connections, as the kernel estimates them.", conns_s),
	VS("incoming_packets_per_second", METRIC_GAUGE, "Packets from clients, estimated.", in_packets_s),
	VS("outgoing_packets_per_second", METRIC_GAUGE, "Packets to clients, estimated.", out_packets_s),
	VS("incoming_bytes_per_second", METRIC_GAUGE, "Bytes from clients, estimated.", in_bytes_s),
	VS("outgoing_bytes_per_second", METRIC_GAUGE, "Bytes to clients, estimated.", out_bytes_s),
	RS("connections", "Connections that the kernel has given it.", conns),
	RS("incoming_packets", "Packets from clients.", in_packets),
	RS("outgoing_packets", "Packets to clients (NAT).", out_packets),
	RS("incoming_bytes", "Bytes from clients.", in_bytes),
	RS("outgoing_bytes", "Bytes to clients (NAT).", out_bytes),
	RS_NOW("active_connections", "Connections that are open.", rs_active),
	RS_NOW("inactive_connections", "Connections that are ending, or without a state.", rs_inactive),
};
/* clang-format on */

const struct metrics_table metrics_traffic = { families, sizeof(families) / sizeof(*families),
					       is_wanted };
