/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any bytes -> the hand-over record of a small configuration: never a crash, and nothing impossible is found.
 */
#include "core/record.h"

#include "../unit/ipvs_conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct record_here here;

/* Some of the bytes at the places that are looked at: the head is good, keys are those of the configuration. */
static void pour(struct record_mem *m, const struct record_map *map, const uint8_t *data,
		 size_t len)
{
	struct record_inst *in = &m->inst[map->slot[RECORD_INST][0]];
	size_t n = len < sizeof(in->copy) ? len : sizeof(in->copy);

	memcpy(in->copy, data, n);
	atomic_store(&in->n, len ? data[0] : 0);
	for (size_t i = 0; i + 8 <= len && i / 8 < 4; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, sizeof(word));
		atomic_store(&m->probe[map->slot[RECORD_PROBE][i / 8]].word, word);
		atomic_store(&m->service[map->slot[RECORD_SERVICE][0]].word, word);
	}
	if (len > 100)
		memcpy(&m->alive_us, data + 92, sizeof(m->alive_us));
}

static void check(const struct conf *c)
{
	struct record_health h;

	for (uint32_t i = 0; i < c->vrrp_n; i++) {
		const struct record_vrrp *v = &c->record->inst_was[i];

		if (v->prio && (v->sent_us < 0 || v->active_adv_us <= 0))
			abort();
	}
	for (uint32_t i = 0; i < c->probe_n; i++)
		if (c->record->probe_was[i] && !record_health_unpack(c->record->probe_was[i], &h))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct spec spec = { .port = 80, .servers_n = 4, .probes_n = 1, .weight = 1 };
	static struct record_mem *m;
	static struct conf_vrrp inst = { .s = { .name = "web", .vrid = 1 } };
	static struct conf_check check_row;
	struct record_found found;

	m = m ? m : calloc(1, sizeof(*m));
	for (unsigned turn = 0; turn < 2; turn++) {
		struct conf *c = ipvs_conf(&spec, 1);
		struct record r;

		c->gen = 1;
		c->check = &check_row;
		c->vrrp = &inst;
		c->vrrp_n = 1;
		record_init(&r, m, &here);
		record_make(&r, c, NULL, INT64_C(1000000), &found);
		check(c);
		if (!turn)
			pour(m, c->record, data, len);
		record_fini(&r);
		c->vrrp = NULL;
		c->vrrp_n = 0;
		conf_free(c);
	}
	return 0;
}
