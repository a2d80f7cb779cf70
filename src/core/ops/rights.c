/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See rights.h; capget(2), prctl(2) (PR_CAP_AMBIENT), capabilities(7). The C library has no capget().
 */
#include "core/ops/rights.h"

#include "core/conf/conf_account.h"
#include "core/log.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOW_PORTS_N = 1024, WORD_BITS = 32 };

const struct rights_row rights_rows[RIGHTS_N] = {
	{ RIGHTS_ROUTER, CAP_NET_ADMIN, "CAP_NET_ADMIN", "virtual addresses can't be added" },
	{ RIGHTS_ROUTER, CAP_NET_RAW, "CAP_NET_RAW", "adverts can't be sent or heard" },
	{ RIGHTS_PING, CAP_NET_RAW, "CAP_NET_RAW", "checks can't ping" },
	{ RIGHTS_USER, CAP_SETUID, "CAP_SETUID", "scripts of other users than vipd's don't run" },
	{ RIGHTS_USER, CAP_SETGID, "CAP_SETGID", "scripts of other users than vipd's don't run" },
	{ RIGHTS_USER, CAP_KILL, "CAP_KILL", "scripts of other users than vipd's don't run" },
	{ RIGHTS_OWNER, CAP_CHOWN, "CAP_CHOWN", "FIFOs of other users than vipd's stay vipd's" },
	{ RIGHTS_PORT, CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE",
	  "checks can't come from ports below 1024" },
};

/* Root is held by this too: with a bounding set, or in a container. */
static const unsigned of_helper[] = { CAP_SETUID, CAP_SETGID, CAP_KILL };

bool rights_is_missing(const struct rights_row *row, unsigned want, uint64_t have)
{
	return (want & 1U << row->what) && !(have & UINT64_C(1) << row->cap);
}

/* ------------------------------------------------------------------ the configuration */

static bool is_other(const struct conf_account *a)
{
	return a->groups_of && (a->uid != geteuid() || a->gid != getegid());
}

static bool has_other_user(const struct conf *c)
{
	char why[CONF_ACCOUNT_WHY_LEN];
	struct conf_account a;

	for (uint32_t i = 0; i < c->script_n; i++)
		if (is_other(&c->script[i].account))
			return true;
	for (uint32_t i = 0; i < c->track_script_n; i++)
		if (is_other(&c->track_script[i].account))
			return true;
	for (uint32_t i = 0; i < c->check_n; i++)
		if (c->check[i].s.type == CHECK_SCRIPT &&
		    conf_account_find(c, c->check[i].s.user, c->check[i].s.user_group, &a, why) &&
		    is_other(&a))
			return true;
	return false;
}

static bool has_other_owner(const struct conf *c)
{
	for (uint32_t i = 0; i < c->fifo_n; i++)
		if (is_other(&c->fifo[i].account))
			return true;
	return false;
}

unsigned rights_want(const struct conf *c)
{
	unsigned want = 0;

	if (c->vrrp_n)
		want |= 1U << RIGHTS_ROUTER;
	if (has_other_user(c))
		want |= 1U << RIGHTS_USER;
	if (has_other_owner(c))
		want |= 1U << RIGHTS_OWNER;
	for (uint32_t i = 0; i < c->check_n; i++) {
		const struct fields_check *s = &c->check[i].s;

		if (s->type == CHECK_PING)
			want |= 1U << RIGHTS_PING;
		if (s->bind_port && s->bind_port < LOW_PORTS_N)
			want |= 1U << RIGHTS_PORT;
	}
	return want;
}

/* ------------------------------------------------------------------ the process */

/* The kernel's form: words of 32 bits. */
struct sets {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

static int sets_read(struct sets *s)
{
	*s = (struct sets){ .head = { .version = _LINUX_CAPABILITY_VERSION_3 } };
	return syscall(SYS_capget, &s->head, s->word) ? errno : 0;
}

static int sets_write(struct sets *s)
{
	return syscall(SYS_capset, &s->head, s->word) ? errno : 0;
}

static uint64_t effective(void)
{
	struct sets s;

	return sets_read(&s) ? 0 : (uint64_t)s.word[1].effective << WORD_BITS | s.word[0].effective;
}

bool rights_has(unsigned cap)
{
	return effective() & UINT64_C(1) << cap;
}

/* The ambient set follows the permitted one. */
static int give_up(void)
{
	struct sets s;
	int err = sets_read(&s);

	for (size_t i = 0; i < sizeof(of_helper) / sizeof(*of_helper); i++) {
		uint32_t bit = UINT32_C(1) << of_helper[i];

		s.word[0].effective &= ~bit;
		s.word[0].permitted &= ~bit;
		s.word[0].inheritable &= ~bit;
	}
	return err ? err : sets_write(&s);
}

/* VRRP can't do without: one sentence with all of them. */
static bool refuse(unsigned want, uint64_t have)
{
	const char *before = "vipd: no permission: it lacks ";
	bool is_refused = false;

	for (unsigned i = 0; i < RIGHTS_N; i++) {
		const struct rights_row *row = &rights_rows[i];

		if (row->what != RIGHTS_ROUTER || !rights_is_missing(row, want, have))
			continue;
		(void)fprintf(stderr, "%s%s", is_refused ? ", " : before, row->name);
		is_refused = true;
	}
	if (is_refused)
		(void)fprintf(stderr, ", and so has no VRRP: run vipd as root, or add them to "
				      "AmbientCapabilities= of its unit\n");
	return is_refused;
}

bool rights_settle(const struct conf *c)
{
	unsigned want = rights_want(c);
	uint64_t have = effective();

	if (refuse(want, have))
		return false;
	for (unsigned i = 0; i < RIGHTS_N; i++)
		if (rights_is_missing(&rights_rows[i], want, have))
			log_event(LOG_RIGHTS, "missing=%s lost=\"%s\"", rights_rows[i].name,
				  rights_rows[i].lost);
	(void)give_up(); /* to keep them does no harm */
	return true;
}

int rights_none_inherited(void)
{
	struct sets s;
	int err = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ? errno : sets_read(&s);

	if (err)
		return err;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		s.word[i].inheritable = 0;
	return sets_write(&s);
}
