/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The simulator's program.
 *
 *	sim			all cases, then SIM_RUNS random runs from seed 1 on (20000)
 *	sim SEED		that run, told line by line
 *	sim FIRST LAST		those runs
 *	sim NAME		the case of this name, told line by line
 */
#include "sim.h"

#include "core/bug.h"
#include "core/clock.h"
#include "core/role.h"
#include "core/stats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sim sim;
const char *const sim_inst_name[SIM_INSTS_N] = { "a", "b", "c" };

enum {
	RUNS_N = 20000,
	RECLAIM_N = 256, /* runs after which the memory of old generations is waited for */
};

uint32_t sim_rand(uint32_t n)
{
	sim.rand ^= sim.rand << 13;
	sim.rand ^= sim.rand >> 7;
	sim.rand ^= sim.rand << 17;
	return (uint32_t)(sim.rand >> 16) % n;
}

bool sim_chance(unsigned of_1000)
{
	return of_1000 && sim_rand(1000) < of_1000;
}

static void say_where(FILE *to)
{
	(void)fprintf(to, "%s %" PRIu64 " at %" PRId64 ".%06" PRId64 " s: ", sim.name, sim.seed,
		      sim.now_us / SEC(1), sim.now_us % SEC(1));
	if (sim.me)
		(void)fprintf(to, "[%u] ", sim.me->index);
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	say_where(stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (!strcmp(sim.name, "seed"))
		(void)fprintf(stderr, "\nto see it: sim %" PRIu64 "\n", sim.seed);
	else
		(void)fprintf(stderr, "\nto see it: sim '%s'\n", sim.name);
	_Exit(1);
}

void sim_note(const char *fmt, ...)
{
	va_list ap;

	if (!sim.is_verbose)
		return;
	say_where(stdout);
	va_start(ap, fmt);
	(void)vfprintf(stdout, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stdout);
}

void sim_begin(const char *name, uint64_t seed)
{
	sim.name = name;
	sim.seed = seed;
	sim.rand = seed * 0x9e3779b97f4a7c15u + 1; /* neighbours must differ */
	sim.now_us = SEC(1);
	sim.send_error_until_us = 0;
	bus_reset();
	rules_reset();
	for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
		router_init(&sim.router[i], i);
}

void sim_end(void)
{
	for (unsigned i = 0; i < SIM_ROUTERS_N; i++)
		router_free(&sim.router[i]);
}

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_seeds(uint64_t first, uint64_t last)
{
	for (uint64_t seed = first; seed <= last; seed++) {
		random_run(seed);
		if (seed % RECLAIM_N == 0)
			snap_barrier();
	}
}

static unsigned run_cases(const char *name)
{
	return cases_elect_run(name) + cases_bear_run(name) + drops_run(name);
}

static void run_all(void)
{
	const char *text = getenv("SIM_RUNS");
	uint64_t runs_n = text ? strtoull(text, NULL, 10) : RUNS_N;
	double from_s = now_s();
	unsigned cases_n = run_cases(NULL);

	run_seeds(1, runs_n);
	(void)printf("%u cases and %" PRIu64 " random runs: %" PRIu64 " packets, %" PRIu64
		     " turns in %.1f s\n",
		     cases_n, runs_n, sim.packet_n, sim.turn_n, now_s() - from_s);
}

static int run(int argc, char **argv)
{
	char *end = argv[1];
	uint64_t first = argc > 1 ? strtoull(argv[1], &end, 10) : 0;

	sim.is_verbose = argc == 2;
	if (argc == 1) {
		run_all();
	} else if (*end) {
		if (!run_cases(argv[1])) {
			(void)fprintf(stderr, "there is no case '%s'\n", argv[1]);
			return 2;
		}
	} else {
		run_seeds(first, argc > 2 ? strtoull(argv[2], NULL, 10) : first);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int err;

	sim.router = calloc(SIM_ROUTERS_N, sizeof(*sim.router));
	BUG_ON(!sim.router);
	snap_thread_register();
	if (stats_thread_enter())
		return 1;
	err = run(argc, argv);
	snap_barrier();
	snap_thread_unregister();
	free(sim.router);
	return err;
}
