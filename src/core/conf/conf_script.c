/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See conf_script.h.
 */
#include "core/conf/conf_script.h"

#include "core/conf/conf_account.h"
#include "core/conf/conf_compare.h"
#include "core/conf/conf_names.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct looking {
	struct conf *c;
	struct err_list *errs;
	struct names seen; /* programs that were looked at */
	uint32_t refused_n;
	bool is_root; /* scripts without an account of their own run as root */
	const char *user; /* asked for last: most scripts have the same, and it may take long */
	bool user_is_root;
};

/* One that was looked at. */
struct folder {
	char name[CONF_SCRIPT_PATH_LEN], real[PATH_MAX];
	bool is_there;
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

/* A path and all folders above it. where has the path, and gets the part that is meant. */
static const char *path_insecure(char where[static CONF_SCRIPT_PATH_LEN])
{
	struct stat st;

	for (;;) {
		if (stat(*where ? where : "/", &st))
			return "can't be looked at";
		if (others_write(&st))
			return "can be changed by others than root";
		if (!*where)
			return NULL;
		*strrchr(where, '/') = '\0';
	}
}

const char *conf_script_insecure(const char *path, char where[static CONF_SCRIPT_PATH_LEN])
{
	const char *why;

	if (!realpath(path, where))
		return NULL; /* it is not there: told elsewhere */
	why = path_insecure(where);
	if (why || path[0] != '/' || strlen(path) >= CONF_SCRIPT_PATH_LEN)
		return why;
	/* whoever can write where a link lies can lead it elsewhere */
	memcpy(where, path, strlen(path) + 1);
	return path_insecure(where);
}

/* Where a program without a folder is, as a shell would find it; NULL: nowhere. */
static const char *in_path(struct arena *a, const char *name)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",        "/sbin",          "/bin" };
	char path[CONF_SCRIPT_PATH_LEN];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (!access(path, X_OK))
			return arena_strdup(a, path);
	}
	return NULL;
}

/* Where the links of its folder lead; its own name stays, since some programs do by it what they do. NULL:
 * as it is. Most scripts are in the same folder. */
static const char *real_path(struct conf *c, struct folder *last, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	char whole[PATH_MAX + NAME_MAX + 2];

	if (c->global.s.symlink_paths || path[0] != '/' || !len || len >= sizeof(last->name))
		return NULL;
	if (strlen(last->name) != len || memcmp(last->name, path, len) != 0) {
		memcpy(last->name, path, len);
		last->name[len] = '\0';
		last->is_there = realpath(last->name, last->real);
	}
	if (!last->is_there || !strcmp(last->name, last->real) ||
	    snprintf(whole, sizeof(whole), "%s%s", last->real, path + len) >= (int)sizeof(whole))
		return NULL;
	return arena_strdup(&c->arena, whole);
}

/* A command's first word becomes a whole path, where it can be found. */
static void resolve(struct conf *c, struct folder *last, struct conf_strs *s)
{
	const char *path = !s->n                  ? NULL
			   : strchr(s->v[0], '/') ? real_path(c, last, s->v[0])
						  : in_path(&c->arena, s->v[0]);
	const char **v;

	if (!path)
		return;
	v = arena_array(&c->arena, s->n, sizeof(*v));
	memcpy(v, s->v, s->n * sizeof(*v));
	v[0] = path;
	s->v = v;
}

static bool is_root_of(struct looking *l, const char *user)
{
	if (!user)
		return l->is_root;
	if (!l->user || strcmp(l->user, user) != 0)
		l->user_is_root = conf_account_is_root(l->c, user);
	l->user = user;
	return l->user_is_root;
}

static void look_at(struct looking *l, const char *path, const char *user, struct conf_loc loc)
{
	static char seen[] = "seen";
	bool is_root = is_root_of(l, user);
	char where[CONF_SCRIPT_PATH_LEN];
	struct stat st;
	const char *why;

	if (path[0] != '/') {
		err_add(l->errs, ERR_WARNING, loc.file, loc.line,
			"program \"%.200s\": can't be run: it is no whole path, and in none of the "
			"usual folders",
			path);
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

static void find_account(struct looking *l, struct conf_script *s)
{
	char why[CONF_ACCOUNT_WHY_LEN];

	if (!conf_account_find(l->c, s->s.user, s->s.group, &s->account, why))
		err_add(l->errs, ERR_ERROR, s->loc.file, s->loc.line, "%s", why);
}

/* A FIFO that says no owner belongs to vipd. */
static void find_owner(struct looking *l, struct conf_fifo *f)
{
	const struct passwd *me = f->s.user ? NULL : getpwuid(geteuid());
	const char *user = f->s.user ? f->s.user : me ? me->pw_name : NULL;
	char why[CONF_ACCOUNT_WHY_LEN] = "there is no user of vipd";

	if (!f->s.user && !f->s.group)
		f->account = (struct conf_account){ geteuid(), getegid(), "" };
	else if (!user || !conf_account_find(l->c, user, f->s.group, &f->account, why))
		err_add(l->errs, ERR_ERROR, f->loc.file, f->loc.line, "%s", why);
}

/* A program that is an object of its own, or part of one that is used. */
static void look_at_object(struct looking *l, enum schema_kind kind, uint32_t i)
{
	const struct schema_key *command = schema_find(kind, "command");
	const struct schema_key *user = schema_find(kind, "user");
	const unsigned char *o = conf_object(l->c, kind, i);
	struct conf_strs strs;
	struct conf_loc loc;
	const char *who;

	if (!command || !user)
		return;
	memcpy(&strs, schema_field(command, o), sizeof(strs));
	memcpy(&who, schema_field(user, o), sizeof(who));
	memcpy(&loc, o + conf_shape[kind].loc_off, sizeof(loc));
	if (kind == SCHEMA_script)
		find_account(l, &l->c->script[i]);
	if (strs.n)
		look_at(l, strs.v[0], who, loc);
}

/* An object and what it is made of. Templates and what other nodes lay on top leave objects behind that
 * nobody has; those are not looked at. The kinds have no circle. */
static void walk(struct looking *l, enum schema_kind kind, uint32_t i)
{
	const unsigned char *o = conf_object(l->c, kind, i);

	if (kind == SCHEMA_fifo)
		find_owner(l, &l->c->fifo[i]);
	look_at_object(l, kind, i);
	for (const struct schema_key *k = schema_of[kind].key; k->name; k++) {
		struct conf_range r;

		if ((k->type != KT_LIST && k->type != KT_ONE) || k->elem == SCHEMA_rs ||
		    k->elem == SCHEMA_check)
			continue;
		memcpy(&r, schema_field(k, o), sizeof(r));
		for (uint32_t e = 0; e < r.n; e++)
			walk(l, k->elem, r.first + e);
	}
}

static void find_accounts(struct conf *c, struct err_list *errs)
{
	char why[CONF_ACCOUNT_WHY_LEN];

	for (uint32_t i = 0; i < c->track_script_n; i++) {
		struct conf_track_script *t = &c->track_script[i];

		if (!conf_account_find(c, t->s.user, t->s.group, &t->account, why))
			err_add(errs, ERR_ERROR, t->loc.file, t->loc.line,
				"vrrp_scripts \"%.64s\": %s", t->s.name, why);
	}
}

uint32_t conf_scripts_check(struct conf *c, struct err_list *errs)
{
	static const enum schema_kind roots[] = { SCHEMA_vrrp, SCHEMA_sync, SCHEMA_track_script,
						  SCHEMA_vs,   SCHEMA_rs,   SCHEMA_check };
	struct looking l = { .c = c, .errs = errs, .is_root = conf_account_is_root(c, NULL) };
	struct folder last = { .name = "" };

	for (uint32_t i = 0; i < c->script_n; i++)
		resolve(c, &last, &c->script[i].s.command);
	for (uint32_t i = 0; i < c->track_script_n; i++)
		resolve(c, &last, &c->track_script[i].s.command);
	for (uint32_t i = 0; i < c->check_n; i++)
		resolve(c, &last, &c->check[i].s.command);
	find_accounts(c, errs);
	for (int kind = 0; kind < SCHEMA_KIND_N; kind++)
		if (schema_of[kind].is_once)
			walk(&l, (enum schema_kind)kind, 0);
	for (size_t k = 0; k < sizeof(roots) / sizeof(*roots); k++)
		for (uint32_t i = 0; i < conf_object_n(c, roots[k]); i++)
			walk(&l, roots[k], i);
	names_fini(&l.seen);
	return l.refused_n;
}
