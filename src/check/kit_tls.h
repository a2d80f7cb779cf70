/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TLS contexts of a snapshot: one for all checks with the same settings. See kit.h.
 */
#pragma once

#include "core/conf/conf.h"
#include "core/err.h"

#include <openssl/ssl.h>

struct kit_ctx {
	SSL_CTX *ctx;
	uint32_t mark; /* of the settings and of the files as they are now */
};

struct kit_ctx_pool;

struct kit_ctx_pool *kit_ctx_pool_new(void);
void kit_ctx_pool_free(struct kit_ctx_pool *pool);

/* The context for the settings of a check. ctx NULL: an error, in errs. */
struct kit_ctx kit_ctx_get(struct kit_ctx_pool *pool, const struct conf *conf,
			   const struct conf_check *ck, struct err_list *errs);
