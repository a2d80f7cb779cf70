/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a reload costs beside the reading: the comparison with what runs.
 *
 *	conf_diff [SERVERS [SERVICES [RUNS]]]
 *
 * loads two configurations of so many servers (100,000 in 1,000 services), each server with a check of
 * its own, that differ in one weight, and prints the median of RUNS: finding out what is what (the hash join
 * of conf_ids.h), the walk over all objects, the summary in words; then the same for one that has other
 * weights everywhere, and how a twice as large one compares: twice the time is linear.
 */
#include "core/conf/conf_ids.h"
#include "core/conf/conf_load.h"
#include "core/ops/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVERS = 100000, SERVICES = 1000, RUNS = 9, RUNS_MAX = 101, LINE_LEN = 96 };

struct cost {
	double join_ms, walk_ms, text_ms, best_ms; /* best: of join and summary together */
};

static void need(const void *p, const char *what)
{
	if (p)
		return;
	(void)fprintf(stderr, "conf_diff: %s\n", what);
	exit(1);
}

/* first, rest: weights of the first server and of all others */
static struct conf *make(unsigned servers, unsigned services, unsigned first, unsigned rest)
{
	size_t cap = (size_t)servers * LINE_LEN + (size_t)services * 200 + 1, used = 0;
	char *text = malloc(cap);
	struct err_list errs = { 0 };

	need(text, "no memory");
	used += (size_t)snprintf(text, cap, "virtual_servers = (");
	for (unsigned v = 0, s = 0; v < services; v++) {
		used += (size_t)snprintf(
			text + used, cap - used,
			"%s{ address = \"10.%u.%u.1\"; port = 80; checks = ( { type = "
			"\"tcp\"; } ); real_servers = (",
			v ? ", " : "", 200 + v / 250, v % 250);
		for (unsigned k = 0; k < servers / services; k++, s++)
			used += (size_t)snprintf(text + used, cap - used,
						 "%s{ address = \"10.%u.%u.%u\"; weight = %u; }",
						 k ? "," : "", s / 62500, s / 250 % 250,
						 s % 250 + 1, s ? rest : first);
		used += (size_t)snprintf(text + used, cap - used, "); }");
	}
	(void)snprintf(text + used, cap - used, ");");

	struct conf *c = conf_load_text("bench", text, strlen(text), &errs);

	need(c, errs.n ? errs.item[0].text : "the configuration does not load");
	err_fini(&errs);
	free(text);
	return c;
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), cmp);
	return v[n / 2];
}

/* Processor time of this thread in ms: what else runs on the machine does not count. */
static double now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Each run compares a fresh copy, as each reload does. */
static struct cost measure(unsigned servers, unsigned services, unsigned weight, unsigned first,
			   unsigned runs, char text[static CHANGES_TEXT_LEN])
{
	double join[RUNS_MAX], walk[RUNS_MAX], sum[RUNS_MAX], best = 0;
	struct conf *old = make(servers, services, 1, 1);
	struct conf_minter minter = { 0 };

	conf_ids_mint(&minter, NULL, old);
	for (unsigned i = 0; i < runs; i++) {
		struct conf *new = make(servers, services, first, weight);
		struct conf_minter m = minter;
		struct conf_changes n;
		struct changes_sum s;
		double t = now_ms();

		conf_ids_mint(&m, old, new);
		join[i] = now_ms() - t;
		t = now_ms();
		conf_diff(old, new, &n);
		walk[i] = now_ms() - t;
		t = now_ms();
		changes_sum(&s, old, new);
		(void)changes_text(&s, text);
		sum[i] = now_ms() - t;
		if (!i || join[i] + sum[i] < best)
			best = join[i] + sum[i];
		conf_free(new);
	}
	conf_free(old);
	return (struct cost){ median(join, runs), median(walk, runs), median(sum, runs), best };
}

static unsigned argument(int argc, char **argv, int i, unsigned dflt)
{
	unsigned long v = argc > i ? strtoul(argv[i], NULL, 10) : dflt;

	return v ? (unsigned)v : dflt;
}

static void report(const char *what, const struct cost *c, const char *text)
{
	/* a reload joins once and walks once, for the summary */
	(void)printf("%-28s %8.2f %8.2f %8.2f %8.2f %8.2f   %s\n", what, c->join_ms, c->walk_ms,
		     c->text_ms, c->join_ms + c->text_ms, c->best_ms, text);
}

int main(int argc, char **argv)
{
	unsigned servers = argument(argc, argv, 1, SERVERS);
	unsigned services = argument(argc, argv, 2, SERVICES), runs = argument(argc, argv, 3, RUNS);
	char text[CHANGES_TEXT_LEN];
	struct cost one, all, twice;

	if (runs > RUNS_MAX || services > servers || services > 12500 || servers > 12500000) {
		(void)fprintf(stderr, "conf_diff: too many\n");
		return 1;
	}
	(void)printf("%u servers in %u services; ms of processor time, median of %u\n", servers,
		     services, runs);
	(void)printf("%-28s %8s %8s %8s %8s %8s\n", "", "join", "walk", "summary", "reload",
		     "best");
	one = measure(servers, services, 1, 2, runs, text);
	report("one weight changed", &one, text);
	all = measure(servers, services, 2, 2, runs, text);
	report("every weight changed", &all, text);
	twice = measure(servers * 2, services, 1, 2, runs, text);
	report("twice the servers, one", &twice, text);
	return 0;
}
