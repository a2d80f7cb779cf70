/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every unit test includes: cmocka with the headers it wants, and a seeded generator, so that a
 * random test that fails can be run again (its seed is printed by the failing check).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka wants the four above */
#include <cmocka.h>

/* xorshift: good enough to shuffle cases, the same everywhere */
static inline uint32_t unit_rand(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}

/* A test of numbered statements of the protocols: the numbers are part of its name, where tests/statements
 * finds them. */
#define SAYS(numbers, fn)                                                                          \
	{                                                                                          \
		.name = numbers ": " #fn, .test_func = (fn)                                        \
	}
#define SAYS_SETUP(numbers, fn, setup)                                                             \
	{                                                                                          \
		.name = numbers ": " #fn, .test_func = (fn), .setup_func = (setup)                 \
	}

#define N_OF(array) (sizeof(array) / sizeof(*(array)))
