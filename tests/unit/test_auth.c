/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Authentication: frames that keepalived signed are accepted and made, byte for byte; every flipped bit
 * is found; sequence numbers only grow.
 */
#include "core/clock.h"
#include "unit.h"
#include "vrrp/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From the IP header on, password "s3cret": VRID 51, priority 150, 192.0.2.100 and .101, from 192.0.2.10. */
#define V2_PASS                                                                                    \
	"45c0002c00010000ff701884c000020ae0000012"                                                 \
	"21339602010186e4c0000264c00002657333637265740000"
#define V2_AH                                                                                      \
	"45c0004400010000ff3318a9c000020ae0000012"                                                 \
	"70040000c000020a00000001e729f2f0e6260fff8f0b5cec"                                         \
	"213396020201c1fec0000264c00002650000000000000000"
/* the same to 192.0.2.20 */
#define V2_AH_UNICAST                                                                              \
	"45c0004400010000ff3336a7c000020ac0000214"                                                 \
	"70040000c000020a00000001d7477151d5d2f0868028d455"                                         \
	"213396020201c1fec0000264c00002650000000000000000"

static const uint8_t list[] = { 192, 0, 2, 100, 192, 0, 2, 101 };

struct bed {
	struct auth a;
	struct auth_run run;
	struct auth_key key[3];
	uint8_t buf[PKT_MAX_LEN];
	size_t len;
	struct pkt_route route;
	struct auth_time now;
};

static struct bed bed;

static int setup(void **state)
{
	(void)state;
	bed = (struct bed){
		.route = {
			.src = addr_v4(htonl(0xc000020a)),
			.dst = addr_v4(htonl(PKT_GROUP_V4)),
			.ip_id = 1,
			.ttl = PKT_TTL,
		},
		.now = { .s = 1000000 },
	};
	return 0;
}

static void unhex(const char *hex)
{
	bed.len = strlen(hex) / 2;
	for (size_t i = 0; i < bed.len; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		bed.buf[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

static struct pkt_expect expect(void)
{
	return (struct pkt_expect){
		.version = 2,
		.adv_int_us = SEC(1),
		.dst = bed.route.dst,
		.is_unicast = !addr_is_multicast(&bed.route.dst),
		.auth = (uint8_t)auth_type_of(&bed.a),
		.takes_trailer = auth_takes_trailer(&bed.a),
	};
}

/* What comes of the bytes in the bed. */
static enum vrrp_drop judge(void)
{
	struct pkt_expect x = expect();
	struct pkt_in in;
	struct pkt_advert adv;
	enum vrrp_drop why = VRRP_DROP_LENGTH;

	if (pkt_open_v4(bed.buf, bed.len, &in))
		why = pkt_decode(&in, &x, &adv);
	return why ? why : auth_check(&bed.a, &bed.run, NULL, &in, &adv, bed.now);
}

/* An advert of the bed's settings, signed by `run`. */
static void make(struct auth_run *run)
{
	struct pkt_advert adv = {
		.family = AF_INET,
		.version = 2,
		.vrid = 51,
		.prio = 150,
		.addr = list,
		.addr_n = 2,
		.adv_int_us = SEC(1),
		.auth_type = (uint8_t)auth_type_of(&bed.a),
		.auth = bed.a.kind == AUTH_KIND_PASS ? bed.a.pass : NULL,
	};
	struct pkt_out out;

	bed.route.has_ah = bed.a.kind == AUTH_KIND_AH;
	bed.route.has_trailer = auth_sends_trailer(&bed.a);
	pkt_encode(&adv, &bed.route, bed.buf, &out);
	auth_sign(&bed.a, run, &bed.route, &out, bed.now);
	bed.len = out.len;
}

static void expect_bytes(const char *hex)
{
	uint8_t got[PKT_MAX_LEN];
	size_t len = bed.len;

	memcpy(got, bed.buf, len);
	unhex(hex);
	assert_int_equal(len, bed.len);
	assert_memory_equal(got, bed.buf, len);
}

static void every_flipped_bit(size_t from)
{
	struct auth_run run = bed.run;
	uint8_t good[PKT_MAX_LEN];

	memcpy(good, bed.buf, bed.len);
	for (size_t bit = from * 8; bit < bed.len * 8; bit++) {
		bed.run = run;
		memcpy(bed.buf, good, bed.len);
		bed.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!judge())
			fail_msg("bit %zu", bit);
		if (bed.run.ah_seq != run.ah_seq || bed.run.rank != run.rank)
			fail_msg("bit %zu moved the sequence", bit);
	}
	memcpy(bed.buf, good, bed.len);
	bed.run = run;
}

/* V113, V26 */
static void password(void **state)
{
	(void)state;
	auth_set_pass(&bed.a, AUTH_KIND_PASS, "s3cret");
	unhex(V2_PASS);
	assert_int_equal(judge(), VRRP_DROP_NONE);
	make(&bed.run);
	expect_bytes(V2_PASS);
	every_flipped_bit(20);
	auth_set_pass(&bed.a, AUTH_KIND_PASS, "s3creT");
	assert_int_equal(judge(), VRRP_DROP_AUTH_FAIL);
	auth_set_pass(&bed.a, AUTH_KIND_PASS, "s3cret\0x");
	assert_int_equal(judge(), VRRP_DROP_NONE);
	auth_set_pass(&bed.a, AUTH_KIND_AH, "s3cret");
	assert_int_equal(judge(), VRRP_DROP_AUTH); /* V115 */
}

/* V114 */
static void long_and_empty_passwords(void **state)
{
	struct auth b;

	(void)state;
	auth_set_pass(&bed.a, AUTH_KIND_PASS, "12345678");
	auth_set_pass(&b, AUTH_KIND_PASS, "123456789");
	assert_memory_equal(bed.a.pass, b.pass, AUTH_PASS_LEN);
	auth_set_pass(&b, AUTH_KIND_PASS, "");
	assert_int_equal(b.kind, AUTH_KIND_NONE);
	assert_int_equal(auth_type_of(&b), PKT_AUTH_NONE);
	assert_int_equal(auth_type_of(NULL), PKT_AUTH_NONE);
}

/* V116 to V118 */
static void ah_golden(void **state)
{
	(void)state;
	auth_set_pass(&bed.a, AUTH_KIND_AH, "s3cret");
	make(&bed.run);
	expect_bytes(V2_AH);
	bed.run = (struct auth_run){ 0 };
	every_flipped_bit(28);
	assert_int_equal(judge(), VRRP_DROP_NONE);
	assert_int_equal(bed.run.ah_seq, 1);
	assert_int_equal(judge(), VRRP_DROP_REPLAY); /* V119 */

	bed.route.dst = addr_v4(htonl(0xc0000214));
	bed.run = (struct auth_run){ 0 };
	make(&bed.run);
	expect_bytes(V2_AH_UNICAST);
	bed.run = (struct auth_run){ 0 };
	bed.buf[8] = 7; /* routers on the way */
	assert_int_equal(judge(), VRRP_DROP_NONE);
	bed.run = (struct auth_run){ 0 };
	auth_set_pass(&bed.a, AUTH_KIND_AH, "other");
	assert_int_equal(judge(), VRRP_DROP_AUTH_FAIL);
	bed.buf[24] ^= 1; /* V117 */
	auth_set_pass(&bed.a, AUTH_KIND_AH, "s3cret");
	assert_int_equal(judge(), VRRP_DROP_AUTH_FAIL);
}

/* V119, V120: one counter for both directions. */
static void ah_counter(void **state)
{
	struct auth_run peer = { 0 };

	(void)state;
	auth_set_pass(&bed.a, AUTH_KIND_AH, "s3cret");
	for (unsigned i = 1; i < 10; i++) {
		make(&peer);
		assert_int_equal(judge(), VRRP_DROP_NONE);
		assert_int_equal(bed.run.ah_seq, i);
	}
	make(&bed.run);
	assert_in_range(bed.run.ah_seq, 10, 9 + 256);
	bed.run.ah_seq = UINT32_C(0xfffffffc);
	make(&bed.run);
	assert_false(bed.run.is_ah_cycled);
	make(&bed.run);
	assert_true(bed.run.is_ah_cycled);
	assert_int_equal(bed.run.ah_seq, UINT32_C(0xfffffffd));
	make(&peer); /* anything goes now */
	assert_int_equal(judge(), VRRP_DROP_NONE);
	assert_int_equal(bed.run.ah_seq, 10);
	auth_begin(&bed.run);
	assert_int_equal(bed.run.ah_seq, 0);
	assert_false(bed.run.is_ah_cycled);
}

enum { TWINS_ROUNDS_N = 20 };

struct twin {
	struct auth_run run;
	struct ip_addr src;
	uint8_t sent[PKT_MAX_LEN];
};

/* One copy for each peer; the other twin's is the last. */
static void twin_sends(struct twin *t, unsigned peers_n)
{
	bed.route.src = t->src;
	for (unsigned i = 0; i < peers_n; i++)
		make(&t->run);
	memcpy(t->sent, bed.buf, bed.len);
}

static bool twin_believes(struct twin *t, const struct twin *other)
{
	memcpy(bed.buf, other->sent, bed.len);
	bed.run = t->run;

	enum vrrp_drop why = judge();

	t->run = bed.run;
	return !why;
}

/* V119: two that became active at the same moment send the same numbers at the same moment, and would
 * drop each other's for ever. Soon the better one, who needs not answer the other, is believed. */
static void ah_twins(void **state)
{
	(void)state;
	auth_set_pass(&bed.a, AUTH_KIND_AH, "s3cret");
	for (uint32_t i = 0; i < 254; i++) {
		struct twin a = { .run.ah_seq = 1000 * i, .src = addr_v4(htonl(0xc0000200 + i)) };
		struct twin b = { .run.ah_seq = 1000 * i, .src = addr_v4(htonl(0xc0000201 + i)) };
		bool is_over = false;

		for (unsigned n = 0; n < TWINS_ROUNDS_N && !is_over; n++) {
			twin_sends(&a, 1 + i % 7);
			twin_sends(&b, 1 + i % 7);
			(void)twin_believes(&b, &a);
			is_over = twin_believes(&a, &b);
		}
		if (!is_over)
			fail_msg("the twins of %u are deaf", i);
	}
}

/* ------------------------------------------------------------------ auth_hmac */

static void use_hmac(enum auth_mode mode)
{
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t key[CONF_KEY_MIN_LEN];

		memset(key, 'a' + i, sizeof(key));
		auth_set_key(&bed.key[i], (uint8_t)(7 + i), key, sizeof(key));
	}
	bed.a = (struct auth){
		.kind = AUTH_KIND_HMAC,
		.key = bed.key,
		.key_n = 2,
		.active = 7,
		.mode = mode,
		.is_timed = true,
		.window_s = 5,
	};
}

/* V124, V125: made and taken; any other bit is not. The signature was computed by another program from
 * the statement's words. */
static void hmac_round_trip(void **state)
{
	(void)state;
	use_hmac(AUTH_ENFORCE);
	make(&bed.run);
	assert_int_equal(bed.len, 20 + 24 + PKT_TRAILER_LEN);
	expect_bytes("45c0004800010000ff701868c000020ae0000012"
		     "213396020001c3fec0000264c00002650000000000000000"
		     "01070000000f424000000000"
		     "c1dccc3938ffe3d6ea196aef41109fb6");
	every_flipped_bit(20);
	assert_int_equal(judge(), VRRP_DROP_NONE);
	assert_int_equal(judge(), VRRP_DROP_REPLAY);
	make(&bed.run); /* the clock stands: it grows */
	assert_int_equal(judge(), VRRP_DROP_NONE);
	bed.now.s -= 3; /* and goes back */
	make(&bed.run);
	assert_int_equal(judge(), VRRP_DROP_NONE);
}

static void hmac_window(void **state)
{
	static const struct {
		int32_t off_s;
		enum vrrp_drop why;
	} rows[] = {
		{ 0, VRRP_DROP_NONE },
		{ 5, VRRP_DROP_NONE },
		{ 6, VRRP_DROP_AUTH_STALE },
		{ -5, VRRP_DROP_NONE },
		{ -6, VRRP_DROP_AUTH_STALE },
		{ 300, VRRP_DROP_AUTH_STALE },
		{ INT32_MAX, VRRP_DROP_AUTH_STALE },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct auth_run run = { 0 };

		setup(state);
		use_hmac(AUTH_ENFORCE);
		make(&run);
		bed.now.s += (uint32_t)rows[i].off_s;
		assert_int_equal(judge(), rows[i].why);
		bed.a.is_timed = false; /* monotonic */
		assert_int_equal(judge(), rows[i].why ? VRRP_DROP_NONE : VRRP_DROP_REPLAY);
	}
}

/* V126: clocks that were an hour ahead are set right, those of both routers or of one. What the sender
 * counts and what the receiver remembers must not keep them deaf for that hour; within the window nothing
 * is believed twice. */
static void hmac_clock_is_set_back(void **state)
{
	struct auth_run run = { 0 };

	(void)state;
	use_hmac(AUTH_ENFORCE);
	bed.now.s += 3600;
	make(&run);
	assert_int_equal(judge(), VRRP_DROP_NONE);
	bed.now.s -= 3600;
	assert_int_equal(judge(), VRRP_DROP_AUTH_STALE); /* what was sent then */
	for (unsigned i = 0; i < 3; i++) {
		make(&run);
		assert_int_equal(judge(), VRRP_DROP_NONE);
		assert_int_equal(judge(), VRRP_DROP_REPLAY);
	}
	bed.now.s -= 4; /* a little: it counts on */
	make(&run);
	assert_int_equal(judge(), VRRP_DROP_NONE);
	assert_int_equal(judge(), VRRP_DROP_REPLAY);
}

/* V126: keys come and go by their ids. */
static void hmac_keys(void **state)
{
	(void)state;
	use_hmac(AUTH_ENFORCE);
	bed.a.active = 8;
	make(&bed.run);
	bed.a.active = 7;
	assert_int_equal(judge(), VRRP_DROP_NONE);
	bed.a.key_n = 3;
	bed.a.active = 9;
	make(&bed.run);
	bed.a.key_n = 2;
	assert_int_equal(judge(), VRRP_DROP_AUTH_KEY);
	bed.key[0].id = 9; /* the same id, another key */
	assert_int_equal(judge(), VRRP_DROP_AUTH_FAIL);
}

static void hmac_modes(void **state)
{
	static const struct {
		enum auth_mode sender, receiver;
		enum vrrp_drop why;
	} rows[] = {
		{ AUTH_ENFORCE, AUTH_ENFORCE, VRRP_DROP_NONE },
		{ AUTH_ENFORCE, AUTH_PERMISSIVE, VRRP_DROP_NONE },
		{ AUTH_PERMISSIVE, AUTH_ENFORCE, VRRP_DROP_NONE },
		{ AUTH_RECEIVE_ONLY, AUTH_ENFORCE, VRRP_DROP_AUTH },
		{ AUTH_RECEIVE_ONLY, AUTH_PERMISSIVE, VRRP_DROP_NONE },
		{ AUTH_RECEIVE_ONLY, AUTH_RECEIVE_ONLY, VRRP_DROP_NONE },
		{ AUTH_PERMISSIVE, AUTH_RECEIVE_ONLY, VRRP_DROP_NONE },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct auth_run run = { 0 };

		setup(state);
		use_hmac(rows[i].sender);
		make(&run);
		bed.a.mode = rows[i].receiver;
		assert_int_equal(judge(), rows[i].why);
	}
	/* V127: who does not know it sees a packet that is too long */
	use_hmac(AUTH_ENFORCE);
	make(&bed.run);
	bed.a = (struct auth){ 0 };
	assert_int_equal(judge(), VRRP_DROP_LENGTH);
	/* and a permissive one does not take a trailer that is wrong */
	use_hmac(AUTH_PERMISSIVE);
	make(&bed.run);
	bed.buf[bed.len - 1] ^= 1;
	assert_int_equal(judge(), VRRP_DROP_AUTH_FAIL);
}

/* A fifth sender pushes the one out that was not heard for longest. */
static void hmac_senders(void **state)
{
	struct auth_run peer[5] = { 0 };

	(void)state;
	use_hmac(AUTH_ENFORCE);
	for (uint32_t i = 0; i < N_OF(peer); i++) {
		bed.route.src = addr_v4(htonl(0xc0000201 + i));
		make(&peer[i]);
		assert_int_equal(judge(), VRRP_DROP_NONE);
		assert_int_equal(judge(), VRRP_DROP_REPLAY);
	}
	for (uint32_t i = 0; i < AUTH_SENDERS_N; i++)
		assert_int_not_equal(ntohl(bed.run.seen[i].addr.v4.s_addr), 0xc0000201);
}

static void key_texts(void **state)
{
	static const struct {
		const char *text;
		int err;
		size_t len;
	} rows[] = {
		{ "12345678901234567890123456789012", 0, 32 },
		{ "1234567890123456789012345678901", -EINVAL, 0 },
		{ "hex:000102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", 0, 32 },
		{ "hex:000102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFE", -EINVAL,
		  0 },
		{ "hex:0g0102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", -EINVAL,
		  0 },
		{ "hex:00102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", -EINVAL,
		  0 },
		{ "1234567890123456789012345678901212345678901234567890123456789012", 0, 64 },
		{ "12345678901234567890123456789012123456789012345678901234567890123", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "hex:", -EINVAL, 0 },
	};
	uint8_t key[CONF_KEY_MAX_LEN];
	size_t len;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(conf_key_parse(rows[i].text, key, &len), rows[i].err);
		if (!rows[i].err)
			assert_int_equal(len, rows[i].len);
	}
	assert_int_equal(conf_key_parse(rows[2].text, key, &len), 0);
	assert_int_equal(key[15], 0x0f);
	assert_int_equal(key[16], 0xf0);
}

static void windows(void **state)
{
	(void)state;
	assert_int_equal(auth_window_s(MS(100)), 5);
	assert_int_equal(auth_window_s(SEC(1)), 5);
	assert_int_equal(auth_window_s(SEC(2)), 6);
	assert_int_equal(auth_window_s(SEC(200)), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAYS_SETUP("V26, V113, V115", password, setup),
		SAYS_SETUP("V114", long_and_empty_passwords, setup),
		SAYS_SETUP("V116, V117, V118, V119", ah_golden, setup),
		SAYS_SETUP("V119, V120", ah_counter, setup),
		SAYS_SETUP("V119", ah_twins, setup),
		SAYS_SETUP("V124, V125", hmac_round_trip, setup),
		SAYS_SETUP("V126", hmac_window, setup),
		SAYS_SETUP("V126", hmac_clock_is_set_back, setup),
		SAYS_SETUP("V126", hmac_keys, setup),
		SAYS_SETUP("V126, V127", hmac_modes, setup),
		SAYS_SETUP("V126", hmac_senders, setup),
		cmocka_unit_test_setup(key_texts, setup),
		cmocka_unit_test_setup(windows, setup),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
