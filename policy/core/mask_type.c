/* SPDX-License-Identifier: MIT */
/* The table from pg_type OID to family.  OIDs below 16384 never change
 * (src/include/catalog/pg_type.dat). */
#include "policy/core/mask_type.h"

enum { TYPE_CHAR = 18, TYPE_NAME = 19, TYPE_BPCHAR = 1042, TYPE_VARCHAR = 1043 };

/* A variable-length type's modifier includes the size of its length word (VARHDRSZ in postgres.h).
 * */
#define MODIFIER_OFFSET 4
#define NAME_BYTES      63

/* clang-format off */
static const unsigned char FAMILIES[] = {
	/* "char", name, text, unknown, bpchar, varchar */
	[18] = FAMILY_TEXT, [19] = FAMILY_TEXT, [25] = FAMILY_TEXT,
	[705] = FAMILY_TEXT, [1042] = FAMILY_TEXT, [1043] = FAMILY_TEXT,
	[142] = FAMILY_XML, [114] = FAMILY_JSON, [3802] = FAMILY_JSONB,
	/* arrays of "char", name, text, bpchar, varchar, cstring, xml; then of json, jsonb */
	[1002] = FAMILY_TEXT_ARRAY, [1003] = FAMILY_TEXT_ARRAY, [1009] = FAMILY_TEXT_ARRAY,
	[1014] = FAMILY_TEXT_ARRAY, [1015] = FAMILY_TEXT_ARRAY, [1263] = FAMILY_TEXT_ARRAY,
	[143] = FAMILY_TEXT_ARRAY,
	[199] = FAMILY_JSON_ARRAY, [3807] = FAMILY_JSON_ARRAY,
	[17] = FAMILY_BYTEA, [2950] = FAMILY_UUID,
	[21] = FAMILY_INT2, [23] = FAMILY_INT4, [20] = FAMILY_INT8, [26] = FAMILY_OID,
	[1700] = FAMILY_NUMERIC,
	/* bool, float4, float8, money */
	[16] = FAMILY_VALUE, [700] = FAMILY_VALUE, [701] = FAMILY_VALUE, [790] = FAMILY_VALUE,
	/* date, time, timestamp, timestamptz, interval, timetz */
	[1082] = FAMILY_VALUE, [1083] = FAMILY_VALUE, [1114] = FAMILY_VALUE,
	[1184] = FAMILY_VALUE, [1186] = FAMILY_VALUE, [1266] = FAMILY_VALUE,
	/* inet, cidr, macaddr, macaddr8; bit, varbit */
	[869] = FAMILY_VALUE, [650] = FAMILY_VALUE, [829] = FAMILY_VALUE, [774] = FAMILY_VALUE,
	[1560] = FAMILY_VALUE, [1562] = FAMILY_VALUE,
	/* tid, xid, cid, xid8, pg_lsn, txid_snapshot, pg_snapshot, int2vector, oidvector */
	[27] = FAMILY_VALUE, [28] = FAMILY_VALUE, [29] = FAMILY_VALUE, [5069] = FAMILY_VALUE,
	[3220] = FAMILY_VALUE, [2970] = FAMILY_VALUE, [5038] = FAMILY_VALUE, [22] = FAMILY_VALUE,
	[30] = FAMILY_VALUE,
	/* point, lseg, path, box, polygon, line, circle */
	[600] = FAMILY_VALUE, [601] = FAMILY_VALUE, [602] = FAMILY_VALUE, [603] = FAMILY_VALUE,
	[604] = FAMILY_VALUE, [628] = FAMILY_VALUE, [718] = FAMILY_VALUE,
	/* ranges and multiranges of int4, numeric, timestamp, timestamptz, date, int8 */
	[3904] = FAMILY_VALUE, [3906] = FAMILY_VALUE, [3908] = FAMILY_VALUE, [3910] = FAMILY_VALUE,
	[3912] = FAMILY_VALUE, [3926] = FAMILY_VALUE, [4451] = FAMILY_VALUE, [4532] = FAMILY_VALUE,
	[4533] = FAMILY_VALUE, [4534] = FAMILY_VALUE, [4535] = FAMILY_VALUE, [4536] = FAMILY_VALUE,
	/* arrays of bool, bytea, int2, int4, int8, oid, float4, float8, numeric, money, uuid */
	[1000] = FAMILY_VALUE, [1001] = FAMILY_VALUE, [1005] = FAMILY_VALUE, [1007] = FAMILY_VALUE,
	[1016] = FAMILY_VALUE, [1028] = FAMILY_VALUE, [1021] = FAMILY_VALUE, [1022] = FAMILY_VALUE,
	[1231] = FAMILY_VALUE, [791] = FAMILY_VALUE, [2951] = FAMILY_VALUE,
	/* arrays of date, time, timestamp, timestamptz, interval, timetz, inet, cidr, macaddr */
	[1182] = FAMILY_VALUE, [1183] = FAMILY_VALUE, [1115] = FAMILY_VALUE, [1185] = FAMILY_VALUE,
	[1187] = FAMILY_VALUE, [1270] = FAMILY_VALUE, [1041] = FAMILY_VALUE, [651] = FAMILY_VALUE,
	[1040] = FAMILY_VALUE,
};
/* clang-format on */

enum type_family type_family(uint32_t type)
{
	return type < sizeof(FAMILIES) ? (enum type_family)FAMILIES[type] : FAMILY_UNKNOWN;
}

struct text_limit type_text_limit(const struct cell *cell)
{
	struct text_limit limit = NO_TEXT_LIMIT;
	bool has_length = cell->type == TYPE_BPCHAR || cell->type == TYPE_VARCHAR;

	if (cell->type == TYPE_CHAR)
		limit.bytes = 1;
	else if (cell->type == TYPE_NAME)
		limit.bytes = NAME_BYTES;
	else if (has_length && cell->modifier > MODIFIER_OFFSET)
		limit.characters = (size_t)cell->modifier - MODIFIER_OFFSET;
	return limit;
}

bool mask_type_holds_text(uint32_t type)
{
	return type_family(type) < FAMILY_BYTEA;
}
