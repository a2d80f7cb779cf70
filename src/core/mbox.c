/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See mbox.h. liburcu's wfcqueue, non-blocking calls only: its blocking ones sleep 10 ms when a
 * producer is preempted in the middle of an enqueue, which the VRRP thread can't afford.
 */
#include "core/mbox.h"

#include "core/bug.h"
#include "core/tsan.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define QUEUED (UINT64_C(1) << 63)

int mbox_init(struct mbox *b)
{
	__cds_wfcq_init(&b->head, &b->tail);
	__cds_wfcq_init(&b->pending_head, &b->pending_tail);
	b->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return b->event_fd < 0 ? -errno : 0;
}

void mbox_fini(struct mbox *b)
{
	if (b->event_fd >= 0)
		(void)close(b->event_fd);
	b->event_fd = -1;
}

static void kick(struct mbox *b)
{
	uint64_t one = 1;

	/* EAGAIN: the counter is full, so the fd is readable already */
	ssize_t n = write(b->event_fd, &one, sizeof(one));

	(void)n;
}

void fact_init(struct fact *f, enum msg_type type, uint32_t id)
{
	f->type = type;
	f->id = id;
	atomic_init(&f->word, 0);
}

bool fact_is_idle(const struct fact *f)
{
	/* acquire: pairs with the release in take_one(); the receiver is done with the node */
	return !(atomic_load_explicit(&f->word, memory_order_acquire) & QUEUED);
}

uint64_t fact_value(const struct fact *f)
{
	return atomic_load_explicit(&f->word, memory_order_relaxed) & ~QUEUED;
}

void fact_post(struct mbox *b, struct fact *f, uint64_t value)
{
	BUG_ON(value > FACT_VALUE_MAX);

	/* acq_rel: what the sender wrote before is seen by the receiver of this value, and an idle
	 * node comes back to us only after the receiver let go of it */
	if (atomic_exchange_explicit(&f->word, value | QUEUED, memory_order_acq_rel) & QUEUED)
		return;
	cds_wfcq_node_init(&f->node);
	SYNC_RELEASE(&f->node);
	if (!cds_wfcq_enqueue(&b->head, &b->tail, &f->node))
		kick(b); /* it was empty: the consumer may be asleep */
}

static void take_one(struct cds_wfcq_node *node,
		     void (*fn)(void *, enum msg_type, uint32_t, uint64_t), void *arg)
{
	struct fact *f = container_of(node, struct fact, node);

	SYNC_ACQUIRE(node);

	enum msg_type type = f->type;
	uint32_t id = f->id;

	/* from here on the sender may post again or free it: f is not ours any more */
	uint64_t word = atomic_fetch_and_explicit(&f->word, ~QUEUED, memory_order_acq_rel);

	fn(arg, type, id, word & ~QUEUED);
}

void mbox_gather(struct mbox *b)
{
	/* would block: the queue was empty but for a producer in the middle of its post, which will
	 * kick when it is through */
	(void)__cds_wfcq_splice_nonblocking(&b->pending_head, &b->pending_tail, &b->head, &b->tail);
}

bool mbox_deliver(struct mbox *b,
		  void (*fn)(void *arg, enum msg_type type, uint32_t id, uint64_t value), void *arg)
{
	struct cds_wfcq_node *node;

	while ((node = __cds_wfcq_dequeue_nonblocking(&b->pending_head, &b->pending_tail)) &&
	       node != CDS_WFCQ_WOULDBLOCK)
		take_one(node, fn, arg);
	return node != CDS_WFCQ_WOULDBLOCK;
}
