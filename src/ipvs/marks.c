/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See marks.h.
 */
#include "ipvs/marks.h"

#include "core/conf/conf_mark.h"
#include "core/log.h"
#include "core/netns.h"
#include "core/nft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool run(const char *netns, const char *op, const char *text)
{
	char error[NFT_ERROR_LEN];
	bool is_good = false;
	int back, err = netns_enter(netns, &back);

	if (err) {
		(void)snprintf(error, sizeof(error), "%s", strerrordesc_np(-err));
	} else {
		is_good = nft_run(text, error);
		netns_leave(back);
	}
	if (!is_good)
		log_event(LOG_MARKS_FAIL, "op=%s error=\"%s\"", op, error);
	return is_good;
}

static void remove_table(const char *netns, const char *name)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "add table inet %s; delete table inet %s", name,
		       name);
	(void)run(netns, "remove", command);
}

void marks_apply(const char *netns, const struct conf *old, struct conf *c)
{
	char *was = old ? marks_text(old) : NULL, *text = marks_text(c);

	/* also what is the same: a reload puts back what somebody has flushed */
	if (text && !run(netns, "set", text)) {
		conf_mark_clear(c);
		free(text);
		text = NULL;
	}
	/* what is left marks packets for services that are no more */
	if (was && (!text || strcmp(old->global.s.nft_ipvs, c->global.s.nft_ipvs) != 0))
		remove_table(netns, old->global.s.nft_ipvs);
	free(was);
	free(text);
}

void marks_remove(const char *netns, const struct conf *c)
{
	char *text = c->global.s.on_stop == ON_STOP_KEEP ? NULL : marks_text(c);

	if (text)
		remove_table(netns, c->global.s.nft_ipvs);
	free(text);
}
