/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_vec.h.
 */
#include "core/conf/conf_vec.h"

#include "core/bug.h"

#include <stdlib.h>
#include <string.h>

void vec_push(struct vec *v, const void *el)
{
	if (v->n == v->cap) {
		BUG_ON(v->cap > UINT32_MAX / 2);
		v->cap = v->cap ? v->cap * 2 : 16;
		v->p = reallocarray(v->p, v->cap, v->el_len);
		BUG_ON(!v->p);
	}
	memcpy(v->p + v->n++ * v->el_len, el, v->el_len);
}

void *vec_at(const struct vec *v, uint32_t i)
{
	BUG_ON(i >= v->n);
	return v->p + i * v->el_len;
}

void vec_cut(struct vec *v, uint32_t n)
{
	BUG_ON(n > v->n);
	v->n = n;
}

void vec_fini(struct vec *v)
{
	free(v->p);
	*v = (struct vec){ .el_len = v->el_len };
}
