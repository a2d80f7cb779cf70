/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A service of the configuration may have many addresses: its own, a list, a group, prefixes. The
 * kernel has a service for each of them, all with the same servers. A face is one such service of the
 * kernel; a slot is one server of one face. Pure.
 *
 *	slots of a face: its service's servers in order, then the sorry server, if that is none of them
 */
#pragma once

#include "core/conf/conf.h"

#include <stdint.h>

struct face {
	struct ip_addr addr; /* with a mark only the family */
	uint32_t fwmark; /* 0 = none */
	uint16_t port;
	uint32_t vs; /* index of its service */
	uint32_t slot; /* its first */
};

/* What the faces of one service share. */
struct face_set {
	uint32_t first, n; /* its faces */
	uint32_t slots_n; /* of each face */
	uint32_t sorry; /* place of the sorry server among the slots, or FACE_NO_SORRY */
};

#define FACE_NO_SORRY UINT32_MAX

struct faces {
	struct face *face;
	struct face_set *set; /* by index of conf->vs */
	uint32_t n, slot_n;
};

/* Zeroed memory is none. conf_check() has seen to it that the numbers are within bounds. */
void faces_make(struct faces *f, const struct conf *c);
void faces_fini(struct faces *f);

/* The addresses of a service that are behind the marks given to it (core/conf/conf_mark.h), and so have no
 * face of their own. */
void faces_marked(const struct conf *c, uint32_t vs,
		  void (*fn)(void *arg, const struct ip_addr *addr), void *arg);

/* Index of the face whose slot this is. */
uint32_t faces_of_slot(const struct faces *f, uint32_t slot);

/* Index of the server, or UINT32_MAX for the slot of a sorry server that is nothing else. */
uint32_t faces_rs(const struct faces *f, const struct conf *c, uint32_t face, uint32_t slot);
