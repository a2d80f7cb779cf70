/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_account.h.
 */
#include "core/conf/conf_account.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static const char default_account[] = "vipd_script";

bool conf_account_find(const struct conf *c, const char *user, const char *group,
		       struct conf_account *out, char why[static CONF_ACCOUNT_WHY_LEN])
{
	const struct fields_global *g = &c->global.s;
	const struct passwd *pw;

	if (!user) {
		user = g->script_user;
		group = group ? group : g->script_group;
	}
	pw = getpwnam(user ? user : default_account);
	*out = (struct conf_account){ .uid = geteuid(), .gid = getegid(), .groups_of = "" };
	if (pw) {
		out->uid = pw->pw_uid;
		out->gid = pw->pw_gid;
	} else if (user) {
		(void)snprintf(why, CONF_ACCOUNT_WHY_LEN, "there is no user %.64s", user);
		return false;
	}
	if (pw && user && g->supplementary_groups)
		out->groups_of = user;
	if (group) {
		const struct group *gr = getgrnam(group);

		if (!gr) {
			(void)snprintf(why, CONF_ACCOUNT_WHY_LEN, "there is no group %.64s", group);
			return false;
		}
		out->gid = gr->gr_gid;
	}
	return true;
}

bool conf_account_is_root(const struct conf *c, const char *user)
{
	const char *name = user ? user : c->global.s.script_user;
	const struct passwd *pw = getpwnam(name ? name : default_account);

	/* a user who is named and not there runs nothing, which is told elsewhere */
	return pw ? pw->pw_uid == 0 : !name && geteuid() == 0;
}
