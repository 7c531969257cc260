/* SPDX-License-Identifier: MIT */
/* The server's own record: who did what to it, and when.  Rows are never changed, and none is taken away but
 * those of refused log-ins, which anybody can cause (audit_add_refused). */
#ifndef TOOLS_SERVER_PEOPLE_AUDIT_H
#define TOOLS_SERVER_PEOPLE_AUDIT_H

#include "tools/server/store/store.h"

/* A refused log-in is kept until so many newer rows were written. */
#define AUDIT_REFUSALS_MAX 100000

/* ROW(action, name, subject and detail) */
#define AUDIT_ACTIONS(ROW)                                                                         \
	ROW(AUDIT_INIT, "init")                   /* the server's name; the first administrator */ \
	ROW(AUDIT_CODE, "code")                   /* bundle */                                     \
	ROW(AUDIT_ENROL, "enrol")                 /* the machine's host; bundle */                 \
	ROW(AUDIT_AGENT_REVOKE, "agent revoke")   /* the machine */                                \
	ROW(AUDIT_LOGIN, "login")                 /* account */                                    \
	ROW(AUDIT_LOGIN_REFUSED, "login refused") /* account, of those that can log in */          \
	ROW(AUDIT_DRAFT, "draft")                 /* bundle and version; the draft */              \
	ROW(AUDIT_SIGNATURE, "signature")         /* bundle and version; the key's name */         \
	ROW(AUDIT_VERSION, "version")             /* bundle and version; accounts that signed */   \
	ROW(AUDIT_ROOT_SIGN, "root sign")         /* root's number; the key's name */              \
	ROW(AUDIT_ROOT, "root")                   /* root's number; its threshold and keys */      \
	ROW(AUDIT_USER_ADD, "user add")           /* account; role */                              \
	ROW(AUDIT_USER_ROLE, "user role")         /* account; role */                              \
	ROW(AUDIT_USER_PASSWORD, "user password") /* account */                                    \
	ROW(AUDIT_USER_DISABLE, "user disable")   /* account */                                    \
	ROW(AUDIT_USER_ENABLE, "user enable")     /* account */                                    \
	ROW(AUDIT_KEY, "user key")                /* account; the public key */                    \
	ROW(AUDIT_KEY_REVOKE, "user key-revoke")  /* account; the public key */                    \
	ROW(AUDIT_GROUP_ADD, "group add")         /* group */                                      \
	ROW(AUDIT_GROUP_REMOVE, "group remove")   /* group */                                      \
	ROW(AUDIT_MEMBER_ADD, "group member-add") /* group; account */                             \
	ROW(AUDIT_MEMBER_REMOVE, "group member-remove") /* group; account */                       \
	ROW(AUDIT_TOKEN, "token make")                  /* account; id and scopes */               \
	ROW(AUDIT_TOKEN_REVOKE, "token revoke")         /* account; id */                          \
	ROW(AUDIT_SETTING, "setting set")               /* setting; value */                       \
	ROW(AUDIT_FORWARD_ADD, "forward add")           /* forward; where to */                    \
	ROW(AUDIT_FORWARD_REMOVE, "forward remove")     /* forward */                              \
	ROW(AUDIT_FORWARD_PAUSE, "forward pause")       /* forward */                              \
	ROW(AUDIT_FORWARD_RESUME, "forward resume")     /* forward */                              \
	ROW(AUDIT_FORWARD_TAKE, "forward take-over")    /* log */                                  \
	ROW(AUDIT_MOVE, "move")                         /* the server's name */                    \
	ROW(AUDIT_INDEX, "index rebuild")               /* leaves of which it was made */          \
	ROW(AUDIT_RETAIN, "retain")                     /* log; leaves that go, and why */

enum audit_action {
#define AUDIT_ENUMERATOR(action, name) action,
	AUDIT_ACTIONS(AUDIT_ENUMERATOR)
#undef AUDIT_ENUMERATOR
};

/* Who did something. */
struct audit_actor {
	const char *kind;
	struct slice name;
};

#define AUDIT_ACCOUNT(account) ((struct audit_actor){ "account", account })
#define AUDIT_TOKEN_OF(name)   ((struct audit_actor){ "token", name }) /* ACCOUNT/ID */
#define AUDIT_MACHINE(id)      ((struct audit_actor){ "machine", id })
#define AUDIT_NOBODY           ((struct audit_actor){ "nobody", SLICE("") })

/* The user of this process, whose name lives until the next call.  For commands: one thread. */
struct audit_actor audit_system(void);

/* What was done: `subject` and `detail` as AUDIT_ACTIONS says; either may be empty. */
struct audit_deed {
	enum audit_action action;
	struct slice subject, detail;
};

/* Writes down what `actor` does, in the transaction that does it. */
must_use int audit_add(struct store *store, struct audit_actor actor, struct audit_deed deed);

/* Writes down, as nobody's deed, that a log-in was refused, to the account `name` or, where that is empty, to
 * none that there is; and takes away those that are too far back.  It is a transaction of its own. */
must_use int audit_add_refused(struct store *store, struct slice name);

/* "BUNDLE VERSION", as a subject. */
#define AUDIT_VERSION_SIZE 96u
void audit_version_text(struct slice bundle, int64_t version, char ret_text[AUDIT_VERSION_SIZE]);

#endif
