/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See accept.h. libnftables makes a transaction of the text: all of it, or nothing.
 */
#include "vrrp/accept.h"

#include "core/log.h"
#include "core/nft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(const char *op, const char *text)
{
	char error[NFT_ERROR_LEN];

	if (!nft_run(text, error))
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
	char error[NFT_ERROR_LEN];

	if (access("/sys/module/nf_tables", F_OK))
		return;
	(void)snprintf(command, sizeof(command), "delete table inet %s", c->global.s.nftables);
	(void)nft_run(command, error); /* fails when there is none: as good */
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
