/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state machine of a virtual router as a table: states by events, each cell the next state and
 * what to do. Pure. elect.h turns an advert into one of three events, so the table needs no guards;
 * act.h does the actions; inst.h is the only writer of a state.
 *
 * States and timers are named as in RFC 9568.
 */
#pragma once

#include <stdint.h>

enum vrrp_state {
	VRRP_INIT = 1, /* not started, or stopped; 0 would be a forgotten cell of the table */
	VRRP_BACKUP,
	VRRP_ACTIVE,
	VRRP_FAULT, /* no interface, no carrier, no address to send from; or what it tracks is down */
	VRRP_STATE_N
};

enum vrrp_event {
	VRRP_EV_UP, /* the interface is good, priority below 255 */
	VRRP_EV_UP_OWNER, /* the same, but we own the addresses: priority 255 */
	VRRP_EV_FAULT, /* the interface is not good any more */
	VRRP_EV_STOP, /* the instance is removed, or vipd ends */
	VRRP_EV_RESIGN, /* an advert of priority 0 */
	VRRP_EV_LOSE, /* an advert that beats us */
	VRRP_EV_WIN, /* an advert that we beat */
	VRRP_EV_DOWN_TMR, /* Active_Down_Timer has run out */
	VRRP_EV_ADV_TMR, /* Adver_Timer has run out */
	VRRP_EV_YIELD, /* somebody else may be active by now, or its sync group wants none here */
	VRRP_EVENT_N
};

/* Actions of a cell; act.c does them in this order, lowest bit first. Adverts come before addresses
 * both ways: V78 (the new active is on the wire before it holds them) and V85 (priority 0 is on the
 * wire before they are withdrawn). */
enum fsm_act {
	FSM_FAREWELL = 1 << 0, /* send a last advert before yielding, if that is configured (V91) */
	FSM_FORGET = 1 << 1, /* Active_Adver_Interval := our own (V65, V68) */
	FSM_LEARN = 1 << 2, /* Active_Adver_Interval := the advert's (V66) */
	FSM_DISARM = 1 << 3, /* stop the timer */
	FSM_RESIGN = 1 << 4, /* send an advert of priority 0 */
	FSM_ADVERT = 1 << 5, /* send an advert */
	FSM_ANSWER = 1 << 6, /* send an advert unless the last answer was a moment ago; when it is
				 * not sent, the actions below are not done either */
	FSM_VIP_DEL = 1 << 7, /* the addresses are not wanted here */
	FSM_VIP_ADD = 1 << 8, /* the addresses are wanted here; announced once they are there */
	FSM_ANNOUNCE = 1 << 9, /* announce them again */
	FSM_ARM_ADV = 1 << 10, /* Adver_Timer := our interval */
	FSM_ARM_DOWN = 1 << 11, /* Active_Down_Timer := Active_Down_Interval */
	FSM_ARM_SKEW = 1 << 12, /* Active_Down_Timer := Skew_Time */
	FSM_BUG = 1 << 13, /* can't happen */
};

enum { FSM_ACT_N = 14 };

struct fsm_cell {
	uint8_t next; /* enum vrrp_state */
	uint16_t act; /* bits of enum fsm_act */
};

extern const struct fsm_cell fsm_table[VRRP_STATE_N][VRRP_EVENT_N];

/* For logs: "BACKUP", "down_timer". */
extern const char *const fsm_state_name[VRRP_STATE_N];
extern const char *const fsm_event_name[VRRP_EVENT_N];
