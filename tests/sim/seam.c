/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the role gets from the machine. Each function stands for the one without __wrap_ wherever another
 * file calls it (the linker's --wrap; the list of them is in the Makefile). The rest of vipd is as it is.
 */
#include "sim.h"

#include "core/clock.h"
#include "core/log.h"
#include "vrrp/inst.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------ clocks */

int64_t __wrap_clock_now_us(void);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __real_clock_gettime(clockid_t id, struct timespec *t);

int64_t seam_local_us(const struct sim_router *r, int64_t world_us)
{
	return r->clock_off_us + world_us + world_us / 1000 * r->clock_ppm / 1000;
}

int64_t seam_world_us(const struct sim_router *r, int64_t local_us)
{
	int64_t world_us = local_us - r->clock_off_us;

	world_us -= world_us / 1000 * r->clock_ppm / 1000;
	while (seam_local_us(r, world_us) >= local_us)
		world_us--;
	while (seam_local_us(r, world_us) < local_us)
		world_us++;
	return world_us;
}

int64_t __wrap_clock_now_us(void)
{
	return sim.me ? seam_local_us(sim.me, sim.now_us) : sim.now_us;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t us = sim.now_us;

	if (!sim.me)
		return __real_clock_gettime(id, t);
	if (id == CLOCK_REALTIME)
		us += sim.me->wall_off_us;
	else
		us = seam_local_us(sim.me, us);
	*t = (struct timespec){ .tv_sec = us / SEC(1), .tv_nsec = us % SEC(1) * 1000 };
	return 0;
}

/* ------------------------------------------------------------------ the log */

void __wrap_log_event(enum log_id id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void __wrap_log_event(enum log_id id, const char *fmt, ...)
{
	char text[LOG_LINE_LEN];
	va_list ap;

	if (sim.me)
		sim.me->log_n[id]++;
	if (!sim.is_verbose)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sim_note("%s %s", log_rows[id].id, text);
}

/* ------------------------------------------------------------------ the loop's descriptors */

int __wrap_loop_add(struct loop *l, struct loop_fd *lf, int fd, uint32_t events, loop_fn *fn);
void __wrap_loop_del(struct loop *l, struct loop_fd *lf);

int __wrap_loop_add(struct loop *l, struct loop_fd *lf, int fd, uint32_t events, loop_fn *fn)
{
	(void)l;
	(void)events;
	lf->fd = fd;
	lf->fn = fn;
	return 0;
}

void __wrap_loop_del(struct loop *l, struct loop_fd *lf)
{
	(void)l;
	lf->fd = -1;
}

/* ------------------------------------------------------------------ mailboxes */

void __wrap_fact_post(struct mbox *b, struct fact *f, uint64_t value);
void __real_fact_post(struct mbox *b, struct fact *f, uint64_t value);

void __wrap_fact_post(struct mbox *b, struct fact *f, uint64_t value)
{
	sim.me->has_mail = true;
	__real_fact_post(b, f, value);
}

/* ------------------------------------------------------------------ sockets */

/* What waits to be sent, beside the bytes in the queue of sock.h. One router has its turn at a time, and
 * its turn ends with empty queues. */
static struct {
	struct sock_to to;
	uint32_t len;
} out[2][SOCK_TX_N];

/* The packets of the last read. */
static struct sim_packet in[SOCK_RX_N];

int __wrap_sock_open(struct sock *s);
void __wrap_sock_close(struct sock *s);
int __wrap_sock_take_all(struct sock *s, bool takes_all);
uint32_t __wrap_sock_read(struct sock *s, enum sock_port port);
bool __wrap_sock_packet(const struct sock *s, enum sock_port port, uint32_t i, struct pkt_in *p,
			uint32_t *ifindex);
void __wrap_sock_queue(struct sock_tx *tx, size_t len, const struct sock_to *to);
void __wrap_sock_flush(struct sock_tx *tx, void (*fn)(void *arg, uint32_t i, int err), void *arg);

/* Any numbers will do: nothing is done with them. */
int __wrap_sock_open(struct sock *s)
{
	for (int i = 0; i < SOCK_PORT_N; i++)
		s->rx_fd[i] = i;
	return 0;
}

void __wrap_sock_close(struct sock *s)
{
	for (int i = 0; i < SOCK_PORT_N; i++)
		s->rx_fd[i] = -1;
}

int __wrap_sock_take_all(struct sock *s, bool takes_all)
{
	(void)s;
	(void)takes_all;
	return 0;
}

uint32_t __wrap_sock_read(struct sock *s, enum sock_port port)
{
	struct sim_router *r = sim.me;
	uint32_t n = r->n[port] < SOCK_RX_N ? r->n[port] : SOCK_RX_N;

	(void)s;
	for (uint32_t i = 0; i < n; i++)
		in[i] = r->queue[port][(r->first[port] + i) % SIM_QUEUE_N];
	r->first[port] = (r->first[port] + n) % SIM_QUEUE_N;
	r->n[port] -= n;
	return n;
}

bool __wrap_sock_packet(const struct sock *s, enum sock_port port, uint32_t i, struct pkt_in *p,
			uint32_t *ifindex)
{
	const struct sim_packet *packet = &in[i];

	(void)s;
	*ifindex = sim.me->link[packet->net].ifindex;
	if (port != SOCK_V6)
		return pkt_open_v4(packet->data, packet->len, p);
	return pkt_open_v6(packet->data, packet->len, &packet->src.v6, &packet->dst.v6,
			   packet->hops, p);
}

void __wrap_sock_queue(struct sock_tx *tx, size_t len, const struct sock_to *to)
{
	unsigned q = to->dst.family == AF_INET6;

	out[q][tx->n].to = *to;
	out[q][tx->n].len = (uint32_t)len;
	tx->n++;
}

void __wrap_sock_flush(struct sock_tx *tx, void (*fn)(void *arg, uint32_t i, int err), void *arg)
{
	unsigned q = tx == &sim.me->v->sock.tx_v6;

	for (uint32_t i = 0; i < tx->n; i++)
		fn(arg, i, bus_send(sim.me, &out[q][i].to, tx->batch.buf[i], out[q][i].len));
	tx->n = 0;
}

/* ------------------------------------------------------------------ what is believed */

void __wrap_inst_advert(struct vrrp_inst *in, const struct pkt_advert *a,
			const struct ip_addr *from, int64_t now_us);
void __real_inst_advert(struct vrrp_inst *in, const struct pkt_advert *a,
			const struct ip_addr *from, int64_t now_us);

/* The model hears what passed every check; what did not pass must change nothing. */
void __wrap_inst_advert(struct vrrp_inst *inst, const struct pkt_advert *a,
			const struct ip_addr *from, int64_t now_us)
{
	model_heard(sim.me, (unsigned)(inst->cf->s.name[0] - 'a'), a, from);
	__real_inst_advert(inst, a, from, now_us);
}
