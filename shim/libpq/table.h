/* SPDX-License-Identifier: MIT */
/* Every exported symbol of libpq, and what becomes of it: those of libpq 15 here, what came later
 * in newer.h.
 *
 *   GOVERNED   has a stand-in that judges, records or tracks (connect.c, submit.c, fetch.c,
 *              pipeline.c, newer.c, copy_in.c, copy_out.c, large_object.c, notice.c, aside.c)
 *   REFUSED    has a stand-in that forwards under a policy that allows everything and else fails as
 *              its manual says, because what goes through it can be neither judged nor masked
 *              (refused.c)
 *   FORWARDED  has no stand-in: the loader binds it to libpq itself.  A stand-in that only forwards
 *              would take names like pqsignal and pg_utf_mblen from programs that have functions of
 *              that name of their own.
 *
 * The rows are checked against libpq's dynamic symbol table, and the shim's exports against the
 * rows. */
#ifndef SHIM_LIBPQ_TABLE_H
#define SHIM_LIBPQ_TABLE_H

#include "shim/libpq/newer.h"

/* clang-format off */
#define LIBPQ_ROWS(GOVERNED, REFUSED, FORWARDED) \
	GOVERNED(PQconnectdb) \
	GOVERNED(PQconnectdbParams) \
	GOVERNED(PQsetdbLogin) \
	GOVERNED(PQconnectStart) \
	GOVERNED(PQconnectStartParams) \
	GOVERNED(PQconnectPoll) \
	GOVERNED(PQfinish) \
	GOVERNED(PQreset) \
	GOVERNED(PQresetStart) \
	GOVERNED(PQresetPoll) \
	GOVERNED(PQexec) \
	GOVERNED(PQexecParams) \
	GOVERNED(PQexecPrepared) \
	GOVERNED(PQprepare) \
	GOVERNED(PQsendQuery) \
	GOVERNED(PQsendQueryParams) \
	GOVERNED(PQsendPrepare) \
	GOVERNED(PQsendQueryPrepared) \
	GOVERNED(PQgetResult) \
	GOVERNED(PQpipelineSync) \
	GOVERNED(PQexitPipelineMode) \
	GOVERNED(PQdescribePrepared) \
	GOVERNED(PQdescribePortal) \
	GOVERNED(PQsendDescribePrepared) \
	GOVERNED(PQsendDescribePortal) \
	GOVERNED(PQsetClientEncoding) \
	GOVERNED(PQencryptPasswordConn) \
	GOVERNED(PQfn) \
	GOVERNED(lo_open) \
	GOVERNED(lo_close) \
	GOVERNED(lo_creat) \
	GOVERNED(lo_create) \
	GOVERNED(lo_import) \
	GOVERNED(lo_import_with_oid) \
	GOVERNED(lo_export) \
	GOVERNED(lo_read) \
	GOVERNED(lo_write) \
	GOVERNED(lo_lseek) \
	GOVERNED(lo_lseek64) \
	GOVERNED(lo_tell) \
	GOVERNED(lo_tell64) \
	GOVERNED(lo_truncate) \
	GOVERNED(lo_truncate64) \
	GOVERNED(lo_unlink) \
	GOVERNED(PQerrorMessage) \
	GOVERNED(PQmakeEmptyPGresult) \
	GOVERNED(PQnotifies) \
	GOVERNED(PQsetNoticeReceiver) \
	REFUSED(PQtrace) \
	REFUSED(PQregisterEventProc) \
	REFUSED(PQgetssl) \
	REFUSED(PQsslStruct) \
	REFUSED(PQgetgssctx) \
	GOVERNED(PQgetCopyData) \
	GOVERNED(PQgetline) \
	GOVERNED(PQgetlineAsync) \
	GOVERNED(PQputCopyData) \
	GOVERNED(PQputCopyEnd) \
	GOVERNED(PQputline) \
	GOVERNED(PQputnbytes) \
	GOVERNED(PQendcopy) \
	FORWARDED(PQbackendPID) \
	FORWARDED(PQbinaryTuples) \
	FORWARDED(PQcancel) \
	FORWARDED(PQclear) \
	FORWARDED(PQclientEncoding) \
	FORWARDED(PQcmdStatus) \
	FORWARDED(PQcmdTuples) \
	FORWARDED(PQconndefaults) \
	FORWARDED(PQconnectionNeedsPassword) \
	FORWARDED(PQconnectionUsedPassword) \
	FORWARDED(PQconninfo) \
	FORWARDED(PQconninfoFree) \
	FORWARDED(PQconninfoParse) \
	FORWARDED(PQconsumeInput) \
	FORWARDED(PQcopyResult) \
	FORWARDED(PQdb) \
	FORWARDED(PQdefaultSSLKeyPassHook_OpenSSL) \
	FORWARDED(PQdisplayTuples) \
	FORWARDED(PQdsplen) \
	FORWARDED(PQencryptPassword) \
	FORWARDED(PQenterPipelineMode) \
	FORWARDED(PQenv2encoding) \
	FORWARDED(PQescapeBytea) \
	FORWARDED(PQescapeByteaConn) \
	FORWARDED(PQescapeIdentifier) \
	FORWARDED(PQescapeLiteral) \
	FORWARDED(PQescapeString) \
	FORWARDED(PQescapeStringConn) \
	FORWARDED(PQfformat) \
	FORWARDED(PQfireResultCreateEvents) \
	FORWARDED(PQflush) \
	FORWARDED(PQfmod) \
	FORWARDED(PQfname) \
	FORWARDED(PQfnumber) \
	FORWARDED(PQfreeCancel) \
	FORWARDED(PQfreeNotify) \
	FORWARDED(PQfreemem) \
	FORWARDED(PQfsize) \
	FORWARDED(PQftable) \
	FORWARDED(PQftablecol) \
	FORWARDED(PQftype) \
	FORWARDED(PQgetCancel) \
	FORWARDED(PQgetSSLKeyPassHook_OpenSSL) \
	FORWARDED(PQgetisnull) \
	FORWARDED(PQgetlength) \
	FORWARDED(PQgetvalue) \
	FORWARDED(PQgssEncInUse) \
	FORWARDED(PQhost) \
	FORWARDED(PQhostaddr) \
	FORWARDED(PQinitOpenSSL) \
	FORWARDED(PQinitSSL) \
	FORWARDED(PQinstanceData) \
	FORWARDED(PQisBusy) \
	FORWARDED(PQisnonblocking) \
	FORWARDED(PQisthreadsafe) \
	FORWARDED(PQlibVersion) \
	FORWARDED(PQmblen) \
	FORWARDED(PQmblenBounded) \
	FORWARDED(PQnfields) \
	FORWARDED(PQnparams) \
	FORWARDED(PQntuples) \
	FORWARDED(PQoidStatus) \
	FORWARDED(PQoidValue) \
	FORWARDED(PQoptions) \
	FORWARDED(PQparameterStatus) \
	FORWARDED(PQparamtype) \
	FORWARDED(PQpass) \
	FORWARDED(PQping) \
	FORWARDED(PQpingParams) \
	FORWARDED(PQpipelineStatus) \
	FORWARDED(PQport) \
	FORWARDED(PQprint) \
	FORWARDED(PQprintTuples) \
	FORWARDED(PQprotocolVersion) \
	FORWARDED(PQregisterThreadLock) \
	FORWARDED(PQrequestCancel) \
	FORWARDED(PQresStatus) \
	FORWARDED(PQresultAlloc) \
	FORWARDED(PQresultErrorField) \
	FORWARDED(PQresultErrorMessage) \
	FORWARDED(PQresultInstanceData) \
	FORWARDED(PQresultMemorySize) \
	FORWARDED(PQresultSetInstanceData) \
	FORWARDED(PQresultStatus) \
	FORWARDED(PQresultVerboseErrorMessage) \
	FORWARDED(PQsendFlushRequest) \
	FORWARDED(PQserverVersion) \
	FORWARDED(PQsetErrorContextVisibility) \
	FORWARDED(PQsetErrorVerbosity) \
	FORWARDED(PQsetInstanceData) \
	FORWARDED(PQsetNoticeProcessor) \
	FORWARDED(PQsetResultAttrs) \
	FORWARDED(PQsetSSLKeyPassHook_OpenSSL) \
	FORWARDED(PQsetSingleRowMode) \
	FORWARDED(PQsetTraceFlags) \
	FORWARDED(PQsetnonblocking) \
	FORWARDED(PQsetvalue) \
	FORWARDED(PQsocket) \
	FORWARDED(PQsslAttribute) \
	FORWARDED(PQsslAttributeNames) \
	FORWARDED(PQsslInUse) \
	FORWARDED(PQstatus) \
	FORWARDED(PQtransactionStatus) \
	FORWARDED(PQtty) \
	FORWARDED(PQunescapeBytea) \
	FORWARDED(PQuntrace) \
	FORWARDED(PQuser) \
	FORWARDED(appendBinaryPQExpBuffer) \
	FORWARDED(appendPQExpBuffer) \
	FORWARDED(appendPQExpBufferChar) \
	FORWARDED(appendPQExpBufferStr) \
	FORWARDED(createPQExpBuffer) \
	FORWARDED(destroyPQExpBuffer) \
	FORWARDED(enlargePQExpBuffer) \
	FORWARDED(initPQExpBuffer) \
	FORWARDED(pg_char_to_encoding) \
	FORWARDED(pg_encoding_to_char) \
	FORWARDED(pg_utf_mblen) \
	FORWARDED(pg_valid_server_encoding) \
	FORWARDED(pg_valid_server_encoding_id) \
	FORWARDED(pgresStatus) \
	FORWARDED(pqsignal) \
	FORWARDED(printfPQExpBuffer) \
	FORWARDED(resetPQExpBuffer) \
	FORWARDED(termPQExpBuffer)
/* clang-format on */

/* LIBPQ_PQexec, …: indexes into struct instance's functions. */
enum libpq_function {
#define LIBPQ_ENUMERATOR(name) LIBPQ_##name,
	LIBPQ_ROWS(LIBPQ_ENUMERATOR, LIBPQ_ENUMERATOR, LIBPQ_ENUMERATOR)
		LIBPQ_NEWER_ROWS(LIBPQ_ENUMERATOR, LIBPQ_ENUMERATOR)
#undef LIBPQ_ENUMERATOR
			LIBPQ_FUNCTION_COUNT
};

#endif
