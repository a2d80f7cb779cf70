/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long the machine itself stood still, finely: on each processor a thread of the highest real-time
 * priority sleeps for a millisecond at a time; what a sleep takes too long, no other program could have
 * used. Prints "FROM TO" (seconds of CLOCK_MONOTONIC) for each; ends with its standard input.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { STEP_NS = 1000000, IGNORE_NS = 300000, NS = 1000000000 };

static void *beat(void *arg)
{
	struct sched_param top = { .sched_priority = sched_get_priority_max(SCHED_RR) };
	cpu_set_t one;
	struct timespec ts;

	CPU_ZERO(&one);
	CPU_SET((int)(intptr_t)arg, &one);
	if (sched_setaffinity(0, sizeof(one), &one) || sched_setscheduler(0, SCHED_RR, &top))
		perror("beat");
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	for (int64_t due = ts.tv_sec * (int64_t)NS + ts.tv_nsec + STEP_NS;;) {
		ts = (struct timespec){ .tv_sec = due / NS, .tv_nsec = due % NS };
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		(void)clock_gettime(CLOCK_MONOTONIC, &ts);

		int64_t now = ts.tv_sec * (int64_t)NS + ts.tv_nsec;

		if (now - due > IGNORE_NS) {
			(void)printf("%.6f %.6f\n", (double)due / NS, (double)now / NS);
			(void)fflush(stdout);
		}
		due = now + STEP_NS;
	}
	return NULL;
}

int main(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread;
	char c;

	for (intptr_t cpu = 0; cpu < n; cpu++)
		if (pthread_create(&thread, NULL, beat, (void *)cpu))
			return 1;
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}
