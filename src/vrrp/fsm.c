/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fsm.h. Numbers V.. are the statements of conformance that a cell fulfils; the tests name them.
 *
 * Two cells answer an advert of somebody who thinks that he is, or was, active: it tells him better
 * (V86, V89), and the hosts of the network may have learnt his hardware address, so the addresses are
 * announced again. WIN leaves the timer alone: an advert that we beat must not put off our own (V134).
 */
#include "vrrp/fsm.h"

#define START (FSM_FORGET | FSM_ARM_DOWN)
#define TAKE (FSM_FORGET | FSM_DISARM | FSM_ADVERT | FSM_VIP_ADD | FSM_ARM_ADV)
#define YIELD (FSM_FAREWELL | FSM_LEARN | FSM_DISARM | FSM_VIP_DEL | FSM_ARM_DOWN)
#define RETREAT (FSM_FORGET | FSM_DISARM | FSM_VIP_DEL | FSM_ARM_DOWN)
#define LEAVE (FSM_DISARM | FSM_RESIGN | FSM_VIP_DEL)

/* clang-format off */
const struct fsm_cell fsm_table[VRRP_STATE_N][VRRP_EVENT_N] = {
	[VRRP_INIT] = {
		[VRRP_EV_UP]       = { VRRP_BACKUP, START },                       /* V75 */
		[VRRP_EV_UP_OWNER] = { VRRP_ACTIVE, TAKE },                        /* V74 */
		[VRRP_EV_FAULT]    = { VRRP_FAULT,  0 },
		[VRRP_EV_STOP]     = { VRRP_INIT,   0 },
		[VRRP_EV_RESIGN]   = { VRRP_INIT,   0 },                           /* V56 */
		[VRRP_EV_LOSE]     = { VRRP_INIT,   0 },                           /* V56 */
		[VRRP_EV_WIN]      = { VRRP_INIT,   0 },                           /* V56 */
		[VRRP_EV_DOWN_TMR] = { VRRP_INIT,   FSM_BUG },
		[VRRP_EV_ADV_TMR]  = { VRRP_INIT,   FSM_BUG },
		[VRRP_EV_YIELD]    = { VRRP_INIT,   0 },
	},
	[VRRP_BACKUP] = {
		[VRRP_EV_UP]       = { VRRP_BACKUP, 0 },
		[VRRP_EV_UP_OWNER] = { VRRP_ACTIVE, TAKE },
		[VRRP_EV_FAULT]    = { VRRP_FAULT,  FSM_DISARM },                  /* V95 */
		[VRRP_EV_STOP]     = { VRRP_INIT,   FSM_DISARM },                  /* V77 */
		[VRRP_EV_RESIGN]   = { VRRP_BACKUP, FSM_ARM_SKEW },                /* V69, V79 */
		[VRRP_EV_LOSE]     = { VRRP_BACKUP, FSM_LEARN | FSM_ARM_DOWN },    /* V80, V81 */
		[VRRP_EV_WIN]      = { VRRP_BACKUP, 0 },                           /* V82 */
		[VRRP_EV_DOWN_TMR] = { VRRP_ACTIVE, TAKE },                        /* V78 */
		[VRRP_EV_ADV_TMR]  = { VRRP_BACKUP, FSM_BUG },
		[VRRP_EV_YIELD]    = { VRRP_BACKUP, 0 },
	},
	[VRRP_ACTIVE] = {
		[VRRP_EV_UP]       = { VRRP_ACTIVE, 0 },
		[VRRP_EV_UP_OWNER] = { VRRP_ACTIVE, 0 },
		[VRRP_EV_FAULT]    = { VRRP_FAULT,  LEAVE },                       /* V95 */
		[VRRP_EV_STOP]     = { VRRP_INIT,   LEAVE },                       /* V85 */
		[VRRP_EV_RESIGN]   = { VRRP_ACTIVE, FSM_ANSWER | FSM_ANNOUNCE | FSM_ARM_ADV }, /* V86 */
		[VRRP_EV_LOSE]     = { VRRP_BACKUP, YIELD },                       /* V87, V88, V91 */
		[VRRP_EV_WIN]      = { VRRP_ACTIVE, FSM_ANSWER | FSM_ANNOUNCE },   /* V89, V134 */
		[VRRP_EV_DOWN_TMR] = { VRRP_ACTIVE, FSM_BUG },
		[VRRP_EV_ADV_TMR]  = { VRRP_ACTIVE, FSM_ADVERT | FSM_ARM_ADV },    /* V84 */
		[VRRP_EV_YIELD]    = { VRRP_BACKUP, RETREAT },                     /* V96, V98 */
	},
	[VRRP_FAULT] = {
		[VRRP_EV_UP]       = { VRRP_BACKUP, START },                       /* V95 */
		[VRRP_EV_UP_OWNER] = { VRRP_ACTIVE, TAKE },                        /* V95 */
		[VRRP_EV_FAULT]    = { VRRP_FAULT,  0 },
		[VRRP_EV_STOP]     = { VRRP_INIT,   0 },
		[VRRP_EV_RESIGN]   = { VRRP_FAULT,  0 },                           /* V56 */
		[VRRP_EV_LOSE]     = { VRRP_FAULT,  0 },                           /* V56 */
		[VRRP_EV_WIN]      = { VRRP_FAULT,  0 },                           /* V56 */
		[VRRP_EV_DOWN_TMR] = { VRRP_FAULT,  FSM_BUG },
		[VRRP_EV_ADV_TMR]  = { VRRP_FAULT,  FSM_BUG },
		[VRRP_EV_YIELD]    = { VRRP_FAULT,  0 },
	},
};

const char *const fsm_state_name[VRRP_STATE_N] = {
	[VRRP_INIT] = "INIT",
	[VRRP_BACKUP] = "BACKUP",
	[VRRP_ACTIVE] = "ACTIVE",
	[VRRP_FAULT] = "FAULT",
};

const char *const fsm_event_name[VRRP_EVENT_N] = {
	[VRRP_EV_UP] = "up",
	[VRRP_EV_UP_OWNER] = "up_owner",
	[VRRP_EV_FAULT] = "fault",
	[VRRP_EV_STOP] = "stop",
	[VRRP_EV_RESIGN] = "peer_resigns",
	[VRRP_EV_LOSE] = "peer_wins",
	[VRRP_EV_WIN] = "peer_loses",
	[VRRP_EV_DOWN_TMR] = "down_timer",
	[VRRP_EV_ADV_TMR] = "advert_timer",
	[VRRP_EV_YIELD] = "yield",
};
/* clang-format on */
