/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A reload as a transaction: read every file once, build, check, compare with what runs, and only then
 * publish. Everything but the last happens here, off to the side; until the caller publishes nothing has
 * changed, and a reload that is looked at and thrown away is a diff. Main only: it blocks as long as
 * the reading takes.
 */
#pragma once

#include "core/conf/conf_ids.h"
#include "core/conf/conf_open.h"
#include "core/ops/changes.h"

enum { RELOAD_WHY_LEN = 320 };

/* Where a configuration comes from, and what this process can do with it. */
struct reload_from {
	const char *file, *node, *base_dir; /* see struct conf_ask */
	enum conf_format format;
	bool (*vet)(struct conf *c, struct err_list *errs); /* see struct conf_ask */
	bool has_table; /* there is an IPVS table, or one in memory */
};

/* What there is to compare with. */
struct reload_now {
	const struct conf *conf; /* what runs */
	struct conf_minter minter;
};

enum reload_verdict {
	RELOAD_GOOD,
	RELOAD_ERRORS, /* in the configuration: errs */
	RELOAD_INSECURE, /* nothing else than the security of programs: errs, why */
	RELOAD_UNREADABLE, /* the file is missing or can't be read: errs */
	RELOAD_NO_IPVS, /* needs a restart: why */
	RELOAD_TOO_MANY, /* would remove too many servers: why */
};

struct reload {
	struct conf
		*next; /* ids minted; NULL when there are errors; taken by whoever publishes it */
	struct conf_minter minter; /* as it is once next is published */
	struct err_list errs;
	struct changes_sum sum; /* next against what runs; zero when there are errors */
	enum reload_verdict verdict;
	char why[RELOAD_WHY_LEN]; /* a sentence, where the verdict has one; else "" */
};

/* Reads, builds, checks and compares. is_forced: servers may go, however many. */
void reload_make(struct reload *r, const struct reload_from *from, const struct reload_now *now,
		 bool is_forced);

/* Frees what has not been taken. */
void reload_fini(struct reload *r);

/* The exit status that stands for it (options.h). Pure. */
int reload_status(enum reload_verdict verdict);

/* Logs findings (notes are for whoever tests the file) and, when it is refused, that. */
void reload_log(const struct reload *r, uint64_t running_gen);
