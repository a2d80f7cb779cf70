/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * struct fields_KIND for every kind of schema.def, one field a row. Included by conf.h only.
 *
 * The preprocessor can't filter rows by kind with plain token pasting, so each kind defines what a
 * row of its own becomes, and rows of other kinds become nothing.
 */
#pragma once

#include "core/clock.h"

#define FIELD(type, field) ty_##type field;

#define KEY_IS_global(...)
#define KEY_IS_workers(...)
#define KEY_IS_vrrp(...)
#define KEY_IS_vip(...)
#define KEY_IS_vs(...)
#define KEY_IS_rs(...)
#define KEY_IS_check(...)
#define KEY(kind, field, key, type, lo, hi, dflt, unit, reload, ka, text)                          \
	KEY_IS_##kind(FIELD(type, field))

struct fields_global {
#undef KEY_IS_global
#define KEY_IS_global(x) x
#include "core/conf/schema.def"
#undef KEY_IS_global
#define KEY_IS_global(...)
};

struct fields_workers {
#undef KEY_IS_workers
#define KEY_IS_workers(x) x
#include "core/conf/schema.def"
#undef KEY_IS_workers
#define KEY_IS_workers(...)
};

struct fields_vrrp {
#undef KEY_IS_vrrp
#define KEY_IS_vrrp(x) x
#include "core/conf/schema.def"
#undef KEY_IS_vrrp
#define KEY_IS_vrrp(...)
};

struct fields_vip {
#undef KEY_IS_vip
#define KEY_IS_vip(x) x
#include "core/conf/schema.def"
#undef KEY_IS_vip
#define KEY_IS_vip(...)
};

struct fields_vs {
#undef KEY_IS_vs
#define KEY_IS_vs(x) x
#include "core/conf/schema.def"
#undef KEY_IS_vs
#define KEY_IS_vs(...)
};

struct fields_rs {
#undef KEY_IS_rs
#define KEY_IS_rs(x) x
#include "core/conf/schema.def"
#undef KEY_IS_rs
#define KEY_IS_rs(...)
};

struct fields_check {
#undef KEY_IS_check
#define KEY_IS_check(x) x
#include "core/conf/schema.def"
#undef KEY_IS_check
#define KEY_IS_check(...)
};

#undef KEY
#undef FIELD
#undef KEY_IS_global
#undef KEY_IS_workers
#undef KEY_IS_vrrp
#undef KEY_IS_vip
#undef KEY_IS_vs
#undef KEY_IS_rs
#undef KEY_IS_check
