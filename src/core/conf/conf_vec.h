/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A growing array while the number of its elements isn't known yet. Main only, while it loads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct vec {
	unsigned char *p;
	size_t el_len; /* set before the first push */
	uint32_t n, cap;
};

/* A copy of *el at the end; el may not lie in the array itself. */
void vec_push(struct vec *v, const void *el);

/* The i-th element, until the next push. */
void *vec_at(const struct vec *v, uint32_t i);

/* Forgets what came after the first n. */
void vec_cut(struct vec *v, uint32_t n);

void vec_fini(struct vec *v);
