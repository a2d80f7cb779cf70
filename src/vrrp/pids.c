/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See pids.h.
 */
#include "vrrp/pids.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

/* Numbers of processes come one after the other: the low bits are good enough. */
static struct pid **bucket_of(const struct pids *p, uint32_t pid)
{
	return &p->bucket[pid & (p->size - 1)];
}

void pids_fini(struct pids *p)
{
	for (uint32_t i = 0; i < p->size; i++) {
		while (p->bucket[i]) {
			struct pid *node = p->bucket[i];

			p->bucket[i] = node->next;
			free(node);
		}
	}
	free(p->bucket);
	free(p->scratch);
	*p = (struct pids){ 0 };
}

void pids_reset(struct pids *p, uint32_t bits_n)
{
	pids_fini(p);
	p->words = bits_n / 64 + 1;
	p->size = FIRST_SIZE;
	p->bucket = calloc(p->size, sizeof(struct pid *));
	p->scratch = calloc(p->words, sizeof(uint64_t));
	BUG_ON(!p->bucket || !p->scratch);
}

struct pid *pids_find(const struct pids *p, uint32_t pid)
{
	struct pid *node = p->size ? *bucket_of(p, pid) : NULL;

	while (node && node->pid != pid)
		node = node->next;
	return node;
}

static void grow(struct pids *p)
{
	struct pids old = *p;

	p->size *= 2;
	p->bucket = calloc(p->size, sizeof(struct pid *));
	BUG_ON(!p->bucket);
	for (uint32_t i = 0; i < old.size; i++) {
		while (old.bucket[i]) {
			struct pid *node = old.bucket[i];

			old.bucket[i] = node->next;
			node->next = *bucket_of(p, node->pid);
			*bucket_of(p, node->pid) = node;
		}
	}
	free(old.bucket);
}

struct pid *pids_get(struct pids *p, uint32_t pid)
{
	struct pid *node = pids_find(p, pid);

	if (node)
		return node;
	if (p->n == p->size)
		grow(p);
	node = calloc(1, sizeof(*node) + p->words * sizeof(uint64_t));
	BUG_ON(!node);
	node->pid = pid;
	node->next = *bucket_of(p, pid);
	*bucket_of(p, pid) = node;
	p->n++;
	return node;
}

static void unlook(struct pids *p, struct pid *node)
{
	if (!node->must_look)
		return;
	node->must_look = false;
	if (node->look_prev)
		node->look_prev->look_next = node->look_next;
	else
		p->look = node->look_next;
	if (node->look_next)
		node->look_next->look_prev = node->look_prev;
	node->look_next = node->look_prev = NULL;
}

void pids_drop(struct pids *p, struct pid *node)
{
	struct pid **at = bucket_of(p, node->pid);

	unlook(p, node);
	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	p->n--;
	free(node);
}

void pids_look(struct pids *p, struct pid *node)
{
	if (node->must_look)
		return;
	node->must_look = true;
	node->look_next = p->look;
	if (p->look)
		p->look->look_prev = node;
	p->look = node;
}

struct pid *pids_next_look(struct pids *p)
{
	struct pid *node = p->look;

	if (node)
		unlook(p, node);
	return node;
}

bool pids_counts(const struct pids *p, const struct pid *node)
{
	for (uint32_t i = 0; i < p->words; i++)
		if (node->set[i])
			return true;
	return false;
}
