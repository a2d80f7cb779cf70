/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_account.h.
 */
#include "core/conf/conf_account.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

bool conf_account_find(const struct conf *c, const char *user, const char *group,
		       struct conf_account *account, const char **missing)
{
	const struct fields_global *g = &c->global.s;

	if (!user) {
		user = g->script_user;
		group = g->script_group;
	}

	const struct passwd *pw = getpwnam(user ? user : "vipd_script");

	*account = (struct conf_account){ .uid = geteuid(), .gid = getegid(), .groups_of = "" };
	*missing = user;
	if (!pw && user)
		return false;
	if (pw) {
		account->uid = pw->pw_uid;
		account->gid = pw->pw_gid;
	}
	if (group) {
		const struct group *gr = getgrnam(group);

		*missing = group;
		if (!gr)
			return false;
		account->gid = gr->gr_gid;
	}
	if (pw && user && g->supplementary_groups)
		account->groups_of = user; /* the snapshot's own text */
	return true;
}
