/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See accept.h. libnftables makes a transaction of the text: all of it, or nothing.
 */
#include "vrrp/accept.h"

#include "core/log.h"

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERROR_LEN = 160 };

/* The first line of what nft says, without what would spoil ours. */
static void first_line(char out[static ERROR_LEN], const char *text)
{
	(void)snprintf(out, ERROR_LEN, "%s", text ? text : "");
	for (char *c = out; *c; c++) {
		if (*c == '"')
			*c = '\'';
		if (*c == '\n') {
			*c = 0;
			break;
		}
	}
}

static void run(const char *op, const char *text)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char error[ERROR_LEN] = "no memory";

	if (nft) {
		(void)nft_ctx_buffer_output(nft);
		(void)nft_ctx_buffer_error(nft);
		error[0] = 0;
		if (nft_run_cmd_from_buffer(nft, text))
			first_line(error, nft_ctx_get_error_buffer(nft));
		nft_ctx_free(nft);
	}
	if (error[0])
		log_event(LOG_ACCEPT_FAIL, "op=%s error=\"%s\"", op, error);
}

void accept_remove(const struct conf *c)
{
	char *text = accept_text(c), command[128];

	if (!text)
		return;
	free(text);
	(void)snprintf(command, sizeof(command), "add table inet %s; delete table inet %s",
		       c->global.s.nftables, c->global.s.nftables);
	run("remove", command);
}

/* A killed vipd may have left a table. Asking would load the kernel's module where nobody needs it. */
static void remove_left_over(const struct conf *c)
{
	char command[128];
	struct nft_ctx *nft;

	if (access("/sys/module/nf_tables", F_OK))
		return;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return;
	(void)nft_ctx_buffer_output(nft);
	(void)nft_ctx_buffer_error(nft);
	(void)snprintf(command, sizeof(command), "delete table inet %s", c->global.s.nftables);
	(void)nft_run_cmd_from_buffer(nft, command); /* fails when there is none: as good */
	nft_ctx_free(nft);
}

void accept_apply(const struct conf *old, const struct conf *c)
{
	char *was = old ? accept_text(old) : NULL, *text = accept_text(c);

	if (!old && !text)
		remove_left_over(c);

	if (text && (!was || strcmp(was, text) != 0))
		run("set", text);
	else if (was && !text)
		accept_remove(old);
	free(was);
	free(text);
}
