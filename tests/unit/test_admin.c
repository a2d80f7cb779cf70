/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is set by hand: kept over reloads and restarts, with its end; what the file says anew counts; files
 * that can't be written or read.
 */
#include "core/ops/admin.h"
#include "core/ops/admin_file.h"
#include "ipvs_conf.h"
#include "unit.h"
#include "unit_mbox.h"

#include "core/log.h"
#include "core/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW_S = 1000000, TOLD_N = 256 };

/* One run of vipd after another over the same file. */
struct bench {
	char folder[64], path[96];
	struct mbox box;
	struct admin_book *book;
	struct conf *conf;
	uint32_t told_n;
	uint32_t id[TOLD_N];
	struct admin told[TOLD_N];
};

static void take(void *arg, enum msg_type type, uint32_t id, uint64_t value)
{
	struct bench *b = arg;

	assert_int_equal(type, MSG_ADMIN);
	assert_true(b->told_n < TOLD_N);
	b->id[b->told_n] = id;
	b->told[b->told_n++] = admin_unpack(value);
}

/* What has been told since the last time. */
static uint32_t told(struct bench *b)
{
	b->told_n = 0;
	mbox_take(&b->box, take, b);
	return b->told_n;
}

static void adopt(struct bench *b, const struct spec *spec, uint32_t n)
{
	struct conf *old = b->conf;

	b->conf = ipvs_conf(spec, n);
	for (uint32_t i = 0; i < n; i++)
		b->conf->vs[i].s.name = spec[i].port == 80 ? "a" : "b";
	admin_adopt(b->book, b->conf, NOW_S);
	conf_free(old);
}

static void start(struct bench *b, const struct spec *spec, uint32_t n)
{
	assert_int_equal(mbox_init(&b->box), 0);
	b->book = admin_new(&b->box, b->path);
	admin_load(b->book, NOW_S);
	adopt(b, spec, n);
}

static void stop(struct bench *b)
{
	(void)told(b);
	admin_free(b->book);
	mbox_fini(&b->box);
	conf_free(b->conf);
	b->conf = NULL;
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/vipd-test-admin-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->path, sizeof(b->path), "%s/lib/state", b->folder);
	return b;
}

static void bench_free(struct bench *b)
{
	char lib[80];

	(void)snprintf(lib, sizeof(lib), "%s/lib", b->folder);
	(void)unlink(b->path);
	(void)rmdir(lib);
	assert_int_equal(rmdir(b->folder), 0); /* nothing else was made */
	free(b);
}

static int set(struct bench *b, uint32_t rs, enum admin_part part, uint32_t value, int64_t until_s)
{
	struct admin_want w = { .part = part,
				.is_set = true,
				.value = value,
				.until_s = until_s,
				.reason = "disk\t100% \xc3\xbc" };

	return admin_set(b->book, &rs, 1, &w, NOW_S);
}

static void expect(struct bench *b, uint32_t rs, long state, long weight)
{
	struct admin_shown s[ADMIN_PART_N];

	admin_get(b->book, rs, s);
	assert_int_equal(s[ADMIN_PART_STATE].is_set ? (long)s[ADMIN_PART_STATE].value : -1, state);
	assert_int_equal(s[ADMIN_PART_WEIGHT].is_set ? (long)s[ADMIN_PART_WEIGHT].value : -1,
			 weight);
}

static const struct spec two[] = { { .port = 80, .servers_n = 3, .weight = 5 },
				   { .port = 81, .servers_n = 3, .weight = 6 } };

static void over_a_restart(void **state)
{
	struct bench *b = bench_new();
	struct admin_shown s[ADMIN_PART_N];
	struct stat st;

	(void)state;
	start(b, two, 2);
	assert_int_equal(told(b), 0);
	assert_int_not_equal(stat(b->path, &st), 0); /* nothing to keep, no file */
	assert_int_equal(set(b, 1, ADMIN_PART_STATE, ADMIN_DRAIN, NOW_S + 1800), 0);
	assert_true(admin_is_kept(b->book));
	assert_int_equal(told(b), 1);
	assert_int_equal(b->id[0], ipvs_rs_id(80, 1));
	assert_int_equal(b->told[0].state, ADMIN_DRAIN);
	assert_false(b->told[0].has_weight);
	assert_int_equal(set(b, 1, ADMIN_PART_WEIGHT, 0, 0), 0);
	assert_int_equal(set(b, 4, ADMIN_PART_STATE, ADMIN_MAINT, 0), 0);
	assert_int_equal(told(b), 2);
	assert_int_equal(b->told[0].state, ADMIN_DRAIN);
	assert_true(b->told[0].has_weight);
	assert_int_equal(b->told[0].weight, 0);
	stop(b);

	/* the next vipd, whose file has the services in another order */
	start(b, (struct spec[]){ two[1], two[0] }, 2);
	assert_int_equal(admin_count(b->book), 2);
	expect(b, 1, ADMIN_MAINT, -1);
	expect(b, 4, ADMIN_DRAIN, 0);
	expect(b, 0, -1, -1);
	assert_int_equal(told(b), 2);
	admin_get(b->book, 4, s);
	assert_string_equal(s[ADMIN_PART_STATE].reason, "disk\t100% \xc3\xbc");
	assert_int_equal(s[ADMIN_PART_STATE].until_s, NOW_S + 1800);
	assert_int_equal(s[ADMIN_PART_WEIGHT].until_s, 0);
	assert_int_equal(stat(b->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	stop(b);
	bench_free(b);
}

/* An end comes by itself, also while vipd does not run; the rest of the server stays. */
static void ends(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	start(b, two, 2);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, NOW_S), -EINVAL);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, NOW_S + 10), 0);
	assert_int_equal(set(b, 0, ADMIN_PART_WEIGHT, 9, 0), 0);
	assert_int_equal(set(b, 1, ADMIN_PART_STATE, ADMIN_MAINT, NOW_S + 20), 0);
	(void)told(b);
	admin_expire(b->book, NOW_S + 9);
	assert_int_equal(told(b), 0);
	admin_expire(b->book, NOW_S + 10);
	assert_int_equal(told(b), 1);
	assert_int_equal(b->told[0].state, ADMIN_READY);
	assert_int_equal(b->told[0].weight, 9);
	expect(b, 0, -1, 9);
	stop(b);

	assert_int_equal(mbox_init(&b->box), 0);
	b->book = admin_new(&b->box, b->path);
	admin_load(b->book, NOW_S + 20);
	adopt(b, two, 2);
	assert_int_equal(admin_count(b->book), 1);
	expect(b, 1, -1, -1);
	expect(b, 0, -1, 9);
	stop(b);
	bench_free(b);
}

/* Back to what the configuration says, by word or by value. */
static void back(void **state)
{
	struct bench *b = bench_new();
	uint32_t all[] = { 0, 1, 2 };
	struct admin_want w = { .part = ADMIN_PART_STATE, .is_set = true, .value = ADMIN_DRAIN };

	(void)state;
	start(b, two, 2);
	assert_int_equal(admin_set(b->book, all, 3, &w, NOW_S), 0);
	assert_int_equal(told(b), 3);
	assert_int_equal(admin_count(b->book), 3);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_READY, 0), 0);
	assert_int_equal(set(b, 1, ADMIN_PART_WEIGHT, 5, 0), 0); /* as it is */
	w.is_set = false;
	assert_int_equal(admin_set(b->book, &all[2], 1, &w, NOW_S), 0);
	assert_int_equal(admin_count(b->book), 1);
	assert_int_equal(told(b), 3);
	assert_int_equal(b->told[0].state, ADMIN_READY);
	assert_int_equal(b->told[2].state, ADMIN_READY);
	w = (struct admin_want){ .part = ADMIN_PART_WEIGHT,
				 .is_set = true,
				 .value = INT32_MAX + 1u };
	assert_int_equal(admin_set(b->book, all, 3, &w, NOW_S), -EINVAL);
	w = (struct admin_want){ .part = ADMIN_PART_STATE, .is_set = true, .value = 3 };
	assert_int_equal(admin_set(b->book, all, 3, &w, NOW_S), -EINVAL);
	stop(b);
	bench_free(b);
}

/* What the file says anew ends what was set; what it says as before does not. */
static void reload(void **state)
{
	struct bench *b = bench_new();
	struct spec other[] = { two[0], two[1] };

	(void)state;
	start(b, two, 2);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	assert_int_equal(set(b, 0, ADMIN_PART_WEIGHT, 9, 0), 0);
	adopt(b, two, 2);
	expect(b, 0, ADMIN_DRAIN, 9);
	other[0].weight = 50;
	adopt(b, other, 2);
	expect(b, 0, ADMIN_DRAIN, -1);
	stop(b);
	start(b, other, 2);
	expect(b, 0, ADMIN_DRAIN, -1);
	stop(b);
	bench_free(b);
}

/* A server that a file does not name is waited for, under whatever id it comes back, but not for ever. */
static void gone_and_back(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	start(b, two, 2);
	assert_int_equal(set(b, 4, ADMIN_PART_STATE, ADMIN_MAINT, 0), 0);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_MAINT, 0), 0);
	assert_int_equal(told(b), 2);
	adopt(b, two, 1);
	assert_int_equal(told(b), 1);
	assert_int_equal(admin_count(b->book), 2);
	stop(b);

	start(b, two, 1);
	assert_int_equal(admin_count(b->book), 2);
	(void)told(b);
	b->conf->rs[0].id.v = 12345; /* another life of the same server */
	admin_adopt(b->book, b->conf, NOW_S);
	assert_int_equal(told(b), 1);
	assert_int_equal(b->id[0], 12345);
	adopt(b, two, 2);
	assert_int_equal(told(b), 2);
	expect(b, 4, ADMIN_MAINT, -1);
	adopt(b, two, 1);
	admin_expire(b->book, NOW_S + ADMIN_WAIT_S - 1);
	assert_int_equal(admin_count(b->book), 2);
	admin_expire(b->book, NOW_S + ADMIN_WAIT_S);
	assert_int_equal(admin_count(b->book), 1);
	stop(b);
	bench_free(b);
}

static uint64_t failures(void)
{
	return stats_sum(STAT_ADMIN_FAILED);
}

/* A disk that takes no more: the file before stays whole, what was set holds, and the next try helps. */
static void full_disk(void **state)
{
	struct bench *b = bench_new();
	struct rlimit lim, small;
	uint64_t before;

	(void)state;
	start(b, two, 2);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	before = failures();
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &lim), 0);
	small = lim;
	small.rlim_cur = 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(set(b, 1, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	assert_int_equal(set(b, 2, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	assert_false(admin_is_kept(b->book));
	assert_int_equal(failures(), before + 2);
	expect(b, 2, ADMIN_DRAIN, -1);
	stop(b);

	start(b, two, 2);
	assert_int_equal(admin_count(b->book), 1);
	assert_int_equal(set(b, 2, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	assert_true(admin_is_kept(b->book));
	stop(b);
	bench_free(b);
}

/* A folder that can't be made; the timer's way of trying again. */
static void no_folder(void **state)
{
	struct bench *b = bench_new();
	char deep[sizeof(b->path)];

	(void)state;
	memcpy(deep, b->path, sizeof(deep));
	(void)snprintf(b->path, sizeof(b->path), "%s/no/such/state", b->folder);
	start(b, two, 2);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	assert_false(admin_is_kept(b->book));
	memcpy(b->path, deep, sizeof(deep)); /* as if somebody had mended it */
	admin_expire(b->book, NOW_S);
	assert_true(admin_is_kept(b->book));
	stop(b);
	bench_free(b);
}

static void spoil(struct bench *b, const char *text)
{
	int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void bad_files(void **state)
{
	struct bench *b = bench_new();
	char aside[128];
	uint64_t before;

	(void)state;
	start(b, two, 2);
	assert_int_equal(set(b, 0, ADMIN_PART_STATE, ADMIN_DRAIN, 0), 0);
	stop(b);

	/* one line is good, and holds */
	spoil(b, ADMIN_TEXT_HEAD "state\tdrain\tready\t0\t0\ta\t10.2.0.1 80\t\n"
				 "state\tbroken\tready\t0\t0\ta\t10.2.0.1 80\t\n"
				 "weight\t7\t5\t0\t0\ta\t10.2.0.2 80\tto test\n\n");
	start(b, two, 1);
	expect(b, 1, ADMIN_DRAIN, -1);
	expect(b, 2, -1, 7);
	stop(b);

	/* no file of ours */
	before = failures();
	spoil(b, "vipd state 2\n");
	start(b, two, 2);
	assert_int_equal(admin_count(b->book), 0);
	assert_int_equal(failures(), before + 1);
	/* it is kept, whatever is written next */
	(void)snprintf(aside, sizeof(aside), "%s.bad", b->path);
	assert_int_equal(unlink(aside), 0);
	stop(b);
	bench_free(b);
}

static void lines(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\t", 0 },
		{ "state\tmaint\tready\t1764000000\t5\tweb\t2001:db8::1 0\tnew disk", 0 },
		{ "weight\t0\t2147483647\t0\t0\ta%25b%09c\t10.0.0.1 65535\t%C3%BC", 0 },
		{ "", -EINVAL },
		{ "weight\t2147483648\t1\t0\t0\tweb\t10.0.0.1 80\t", -EINVAL },
		{ "weight\t-1\t1\t0\t0\tweb\t10.0.0.1 80\t", -EINVAL },
		{ "weight\t01\t1\t0\t0\tweb\t10.0.0.1 80\t", -EINVAL },
		{ "state\t1\tready\t0\t0\tweb\t10.0.0.1 80\t", -EINVAL },
		{ "state\tmaint\tready\t0\t0\t\t10.0.0.1 80\t", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1\t", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 65536\t", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\tnonsense 80\t", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\tx\ty", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\t%4", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\t%00", -EINVAL },
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\t%41", -EINVAL }, /* is plain */
		{ "state\tmaint\tready\t0\t0\tweb\t10.0.0.1 80\t\x01", -EINVAL },
		{ "state\tmaint\tready\t99999999999999999999\t0\tweb\t10.0.0.1 80\t", -EINVAL },
	};
	char buf[ADMIN_LINE_LEN], text[ADMIN_LINE_LEN];
	struct admin_line l;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(admin_text_parse(rows[i].text, strlen(rows[i].text), &l),
				 rows[i].err);
		if (rows[i].err)
			continue;
		(void)snprintf(text, sizeof(text), "%s\n", rows[i].text);
		assert_int_equal(admin_text_print(&l, buf), strlen(text));
		assert_string_equal(buf, text);
	}
}

static int setup(void **state)
{
	(void)state;
	return log_start() || stats_thread_enter();
}

static int teardown(void **state)
{
	(void)state;
	log_stop();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),     cmocka_unit_test(over_a_restart),
		cmocka_unit_test(ends),      cmocka_unit_test(back),
		cmocka_unit_test(reload),    cmocka_unit_test(gone_and_back),
		cmocka_unit_test(full_disk), cmocka_unit_test(no_folder),
		cmocka_unit_test(bad_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
