/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See proc_event.h. An event is not aligned as its struct would be, so all is copied out; and a newer
 * kernel may have a longer one.
 */
#include "vrrp/proc_event.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

_Static_assert(NLMSG_HDRLEN + sizeof(struct cn_msg) == PROC_AT_WHAT, "linux/connector.h");
_Static_assert(PROC_AT_WHAT + offsetof(struct proc_event, event_data) == PROC_AT_DATA,
	       "linux/cn_proc.h");
_Static_assert(NLMSG_HDRLEN + sizeof(struct cn_msg) + sizeof(uint32_t) == PROC_ASK_LEN,
	       "linux/cn_proc.h");

enum {
	HEAD_LEN = offsetof(struct proc_event, event_data),
	FORK_LEN = HEAD_LEN + 16, /* four numbers */
	OTHERS_LEN = HEAD_LEN + 8,
	ACK_LEN = HEAD_LEN + 4,
};

/* The event of a message, as much of it as we know; 0: it has none. */
static uint32_t find(const uint8_t *buf, uint32_t len, struct proc_event *ev, uint32_t *token)
{
	struct nlmsghdr nl;
	struct cn_msg cn;
	uint32_t n;

	if (len < PROC_AT_WHAT)
		return 0;
	memcpy(&nl, buf, sizeof(nl));
	memcpy(&cn, buf + NLMSG_HDRLEN, sizeof(cn));
	if (nl.nlmsg_len > len || nl.nlmsg_len < PROC_AT_WHAT || nl.nlmsg_type != NLMSG_DONE ||
	    cn.id.idx != CN_IDX_PROC || cn.id.val != CN_VAL_PROC ||
	    cn.len > nl.nlmsg_len - PROC_AT_WHAT)
		return 0;
	*token = cn.ack - 1; /* the kernel adds one */
	n = cn.len < sizeof(*ev) ? cn.len : (uint32_t)sizeof(*ev);
	memset(ev, 0, sizeof(*ev));
	memcpy(ev, buf + PROC_AT_WHAT, n);
	return n;
}

/* exec, comm and exit begin in the same way. */
static void read_own(const struct proc_event *ev, uint32_t n, enum proc_what what,
		     struct proc_news *e)
{
	if (n < OTHERS_LEN || ev->event_data.exec.process_pid != ev->event_data.exec.process_tgid)
		return;
	e->what = what;
	e->pid = (uint32_t)ev->event_data.exec.process_tgid;
}

static void read_fork(const struct proc_event *ev, uint32_t n, struct proc_news *e)
{
	if (n < FORK_LEN || ev->event_data.fork.child_pid != ev->event_data.fork.child_tgid)
		return;
	e->what = PROC_FORK;
	e->pid = (uint32_t)ev->event_data.fork.child_tgid;
	e->parent = (uint32_t)ev->event_data.fork.parent_tgid;
}

bool proc_event_read(const uint8_t *buf, uint32_t len, struct proc_news *e)
{
	struct proc_event ev;
	uint32_t token = 0, n = find(buf, len, &ev, &token);

	*e = (struct proc_news){ .what = PROC_OTHER };
	if (n < HEAD_LEN)
		return false;
	switch ((uint32_t)ev.what) {
	case PROC_EVENT_NONE:
		if (n >= ACK_LEN) {
			e->what = PROC_ACK;
			e->err = ev.event_data.ack.err;
			e->token = token;
		}
		break;
	case PROC_EVENT_FORK:
		read_fork(&ev, n, e);
		break;
	case PROC_EVENT_EXEC:
		read_own(&ev, n, PROC_EXEC, e);
		break;
	case PROC_EVENT_COMM:
		read_own(&ev, n, PROC_NAME, e);
		break;
	case PROC_EVENT_EXIT:
		read_own(&ev, n, PROC_EXIT, e);
		break;
	}
	return true;
}

void proc_event_ask(uint8_t buf[static PROC_ASK_LEN], bool want, uint32_t token)
{
	struct nlmsghdr nl = { .nlmsg_len = PROC_ASK_LEN, .nlmsg_type = NLMSG_DONE };
	struct cn_msg cn = { .id = { .idx = CN_IDX_PROC, .val = CN_VAL_PROC },
			     .ack = token,
			     .len = sizeof(uint32_t) };
	uint32_t op = want ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE;

	memcpy(buf, &nl, sizeof(nl));
	memcpy(buf + NLMSG_HDRLEN, &cn, sizeof(cn));
	memcpy(buf + PROC_AT_WHAT, &op, sizeof(op));
}
