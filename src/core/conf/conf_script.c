/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_script.h.
 */
#include "core/conf/conf_script.h"

#include "core/conf/conf_compare.h"
#include "core/conf/conf_names.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char default_account[] = "vipd_script";

struct looking {
	const struct conf *c;
	struct err_list *errs;
	struct names seen; /* programs that were looked at */
	uint32_t refused_n;
};

/* Another than root can write to it: its own mode, or that of another owner. A folder with the sticky
 * bit keeps others from replacing what is in it. */
static bool others_write(const struct stat *st)
{
	bool is_sticky_folder = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	if (st->st_uid != 0)
		return true;
	if (is_sticky_folder)
		return false;
	return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

const char *conf_script_insecure(const char *path, char where[static CONF_SCRIPT_PATH_LEN])
{
	char real[CONF_SCRIPT_PATH_LEN];
	struct stat st;

	if (!realpath(path, real))
		return NULL; /* it is not there: told elsewhere */
	for (char *end = real + strlen(real);;) {
		memcpy(where, real, strlen(real) + 1);
		if (stat(*real ? real : "/", &st))
			return "can't be looked at";
		if (others_write(&st))
			return "can be changed by others than root";
		if (!*real)
			return NULL;
		end = strrchr(real, '/');
		*end = '\0';
	}
}

/* Whether a script without an account of its own runs as root: what global_defs says, else the account
 * that is made for it, where there is one. */
static bool default_is_root(const struct conf *c)
{
	if (c->global.s.script_user)
		return !strcmp(c->global.s.script_user, "root");
	return !getpwnam(default_account);
}

static void look_at(struct looking *l, const char *path, const char *user, struct conf_loc loc)
{
	static char seen[] = "seen";
	bool is_root = user ? !strcmp(user, "root") : default_is_root(l->c);
	char where[CONF_SCRIPT_PATH_LEN];
	struct stat st;
	const char *why;

	if (path[0] != '/') {
		err_add(l->errs, ERR_ERROR, loc.file, loc.line,
			"program \"%.200s\": must be a whole path: it begins with '/'", path);
		return;
	}
	if (names_get(&l->seen, is_root ? SCHEMA_script : SCHEMA_track_script, path))
		return;
	names_put(&l->seen, is_root ? SCHEMA_script : SCHEMA_track_script, path, seen);
	if (stat(path, &st))
		err_add(l->errs, ERR_WARNING, loc.file, loc.line,
			"program \"%.200s\": is not there", path);
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		err_add(l->errs, ERR_WARNING, loc.file, loc.line,
			"program \"%.200s\": can't be run: it is no file with the right to execute",
			path);
	else if (is_root && (why = conf_script_insecure(path, where))) {
		bool is_refused = l->c->global.s.script_security;

		err_add(l->errs, is_refused ? ERR_ERROR : ERR_WARNING, loc.file, loc.line,
			"program \"%.200s\" runs as root, but \"%.200s\" %s%s", path,
			*where ? where : "/", why, is_refused ? " (enable_script_security)" : "");
		l->refused_n += is_refused;
	}
}

/* A kind whose command, user and place are rows of these names. */
static void look_at_kind(struct looking *l, enum schema_kind kind)
{
	const struct schema_key *command = schema_find(kind, "command");
	const struct schema_key *user = schema_find(kind, "user");

	for (uint32_t i = 0; i < conf_object_n(l->c, kind); i++) {
		const unsigned char *o = conf_object(l->c, kind, i);
		struct conf_strs strs;
		struct conf_loc loc;
		const char *who;

		memcpy(&strs, o + command->off, sizeof(strs));
		memcpy(&who, o + user->off, sizeof(who));
		memcpy(&loc, o + conf_shape[kind].loc_off, sizeof(loc));
		if (strs.n)
			look_at(l, strs.v[0], who, loc);
	}
}

uint32_t conf_scripts_check(const struct conf *c, struct err_list *errs)
{
	struct looking l = { .c = c, .errs = errs };

	look_at_kind(&l, SCHEMA_script);
	look_at_kind(&l, SCHEMA_track_script);
	look_at_kind(&l, SCHEMA_check);
	names_fini(&l.seen);
	return l.refused_n;
}
