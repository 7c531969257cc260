/* SPDX-License-Identifier: MIT */
/* Bodies of messages: each message is one list of its members, expanded into its writer and its
 * reader. */
#include "common/message.h"

#include <errno.h>

/* MEMBER(type, name), in the order on the wire. */
#define HELLO(MEMBER) MEMBER(u32, protocol) MEMBER(u32, pid) MEMBER(text, client)

#define WELCOME(MEMBER)                                                                            \
	MEMBER(u32, protocol)                                                                      \
	MEMBER(u64, process)                                                                       \
	MEMBER(u32, flags)                                                                         \
	MEMBER(u32, deadline_ms)                                                                   \
	MEMBER(text, reason)

#define CONNECT(MEMBER)                                                                            \
	MEMBER(u64, process)                                                                       \
	MEMBER(text, host)                                                                         \
	MEMBER(text, host_address)                                                                 \
	MEMBER(text, port)                                                                         \
	MEMBER(text, database)                                                                     \
	MEMBER(text, user)                                                                         \
	MEMBER(text, options)                                                                      \
	MEMBER(text, peer)                                                                         \
	MEMBER(text, standard_conforming_strings)                                                  \
	MEMBER(text, client_encoding)                                                              \
	MEMBER(flag, is_replication)                                                               \
	MEMBER(flag, is_physical)                                                                  \
	MEMBER(flag, is_used)                                                                      \
	MEMBER(u32, open_calls)                                                                    \
	MEMBER(i32, backend_pid)                                                                   \
	MEMBER(u32, server_version)

#define CONNECTED(MEMBER)                                                                          \
	MEMBER(u64, connection)                                                                    \
	MEMBER(u32, context_index)                                                                 \
	MEMBER(u64, learn_judgement)                                                               \
	MEMBER(text, learn_query)                                                                  \
	MEMBER(text, own_query)                                                                    \
	MEMBER(u32, key_count)                                                                     \
	MEMBER(text, keys)

#define LEARN(MEMBER)                                                                              \
	MEMBER(u64, connection)                                                                    \
	MEMBER(flag, is_own) MEMBER(flag, failed) MEMBER(u32, row_count) MEMBER(text, rows)

#define JUDGE(MEMBER)                                                                              \
	MEMBER(u64, connection)                                                                    \
	MEMBER(u8, call)                                                                           \
	MEMBER(u8, transaction)                                                                    \
	MEMBER(u16, parameters)                                                                    \
	MEMBER(u32, function)                                                                      \
	MEMBER(flag, is_final)                                                                     \
	MEMBER(flag, is_unnamed_replaced)                                                          \
	MEMBER(flag, is_withheld)                                                                  \
	MEMBER(text, name)                                                                         \
	MEMBER(text, text)                                                                         \
	MEMBER(text, standard_conforming_strings)                                                  \
	MEMBER(text, client_encoding)

#define VERDICT(MEMBER)                                                                            \
	MEMBER(u8, decision)                                                                       \
	MEMBER(u32, flags)                                                                         \
	MEMBER(u32, generation)                                                                    \
	MEMBER(u64, context)                                                                       \
	MEMBER(u64, judgement)                                                                     \
	MEMBER(u64, call)                                                                          \
	MEMBER(u64, valid_until_ns)                                                                \
	MEMBER(text, plan)                                                                         \
	MEMBER(text, instead)

#define OUTCOME(MEMBER)                                                                            \
	MEMBER(u64, connection)                                                                    \
	MEMBER(u64, call)                                                                          \
	MEMBER(u8, stage)                                                                          \
	MEMBER(flag, failed)                                                                       \
	MEMBER(flag, is_lost)                                                                      \
	MEMBER(u8, transaction)                                                                    \
	MEMBER(u32, completed)                                                                     \
	MEMBER(text, standard_conforming_strings)                                                  \
	MEMBER(text, client_encoding)

#define NOTE(MEMBER) MEMBER(u64, process) MEMBER(u64, connection) MEMBER(text, text)

#define OUTSIDE(MEMBER) MEMBER(u8, kind) MEMBER(text, text)

#define CARRY(MEMBER) MEMBER(u64, process) MEMBER(text, address)

static void write_u8(struct buf *out, uint8_t number)
{
	buf_add_char(out, (char)number);
}

static void write_flag(struct buf *out, bool flag)
{
	write_u8(out, flag);
}

static void write_i32(struct buf *out, int32_t number)
{
	buf_add_u32(out, (uint32_t)number);
}

static bool wire_flag(struct wire *wire)
{
	return wire_u8(wire) != 0;
}

static int32_t wire_i32(struct wire *wire)
{
	return (int32_t)wire_u32(wire);
}

#define write_u16  buf_add_u16
#define write_u32  buf_add_u32
#define write_u64  buf_add_u64
#define write_text buf_add_wire_text

#define WRITE_MEMBER(type, name) write_##type(out, message->name);
#define READ_MEMBER(type, name)  message.name = wire_##type(&wire);

#define DEFINE_MESSAGE(name, MEMBERS)                                                              \
	void message_##name##_write(struct buf *out, const struct message_##name *message)         \
	{                                                                                          \
		MEMBERS(WRITE_MEMBER)                                                              \
	}                                                                                          \
	int message_##name##_read(struct slice body, struct message_##name *ret_message)           \
	{                                                                                          \
		struct wire wire = { body, false };                                                \
		struct message_##name message;                                                     \
		MEMBERS(READ_MEMBER)                                                               \
		if (!wire_is_done(&wire))                                                          \
			return -EBADMSG;                                                           \
		*ret_message = message;                                                            \
		return 0;                                                                          \
	}

DEFINE_MESSAGE(hello, HELLO)
DEFINE_MESSAGE(welcome, WELCOME)
DEFINE_MESSAGE(connect, CONNECT)
DEFINE_MESSAGE(connected, CONNECTED)
DEFINE_MESSAGE(learn, LEARN)
DEFINE_MESSAGE(judge, JUDGE)
DEFINE_MESSAGE(verdict, VERDICT)
DEFINE_MESSAGE(outcome, OUTCOME)
DEFINE_MESSAGE(note, NOTE)
DEFINE_MESSAGE(outside, OUTSIDE)
DEFINE_MESSAGE(carry, CARRY)

void message_number_write(struct buf *out, uint64_t number)
{
	buf_add_u64(out, number);
}

int message_number_read(struct slice body, uint64_t *ret_number)
{
	struct wire wire = { body, false };
	uint64_t number = wire_u64(&wire);

	if (!wire_is_done(&wire))
		return -EBADMSG;
	*ret_number = number;
	return 0;
}
