/* SPDX-License-Identifier: MIT */
/* What is known about PostgreSQL's own functions, operators, types, settings and catalogue
 * relations. */
#include "policy/engine/builtins.h"

#include <stdlib.h>

#include "policy/engine/builtins_table.h"

bool builtin_is_listed(const char *list, struct slice name)
{
	struct slice rest = slice_of(list);

	while (rest.length > 0)
		if (slice_equal(slice_cut(&rest, ' '), name))
			return name.length > 0;
	return false;
}

static int compare_function(const void *key, const void *row)
{
	return slice_compare(*(const struct slice *)key,
			     slice_of(((const struct builtin_function_row *)row)->name));
}

enum builtin_function builtin_function(struct slice name)
{
	const struct builtin_function_row *row = bsearch(
		&name, BUILTIN_FUNCTIONS, BUILTIN_FUNCTION_COUNT, sizeof(*row), compare_function);

	return row != NULL ? row->class : BUILTIN_UNKNOWN;
}

/* Comparisons, concatenation, containment, paths into JSON: an answer for every value.  LIKE's
 * one error, a pattern that ends in the escape character, tells nothing of the value it is
 * compared with. */
static const char TOTAL_OPERATORS[] =
	"= <> < <= > >= || ~~ !~~ ~~* !~~* @> <@ && -> ->> #> #>> ? ?| ?& ^@ << >> &< &> -|- "
	"~<~ ~<=~ ~>=~ ~>~ *= *<> *< *<= *> *>= !! ~= is <<= >>= ";
/* Those of which some operand raises an error: overflow, division by zero, malformed patterns
 * and paths. */
static const char RAISING_OPERATORS[] =
	"!~ !~* # ## #- % & &<| &> * + - / <-> <<| <@ <^ >^ ?# ?- ?-| ?|| @ @-@ @? @@ @@@ ^ "
	"|&> |/ |>> | ||/ ~ ~* ";

bool builtin_operator(struct slice name, bool *ret_can_raise)
{
	*ret_can_raise = false;
	if (builtin_is_listed(TOTAL_OPERATORS, name))
		return true;
	*ret_can_raise = true;
	return builtin_is_listed(RAISING_OPERATORS, name);
}

static const char TYPES[] =
	"aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange "
	"float4 float8 gtsvector inet int2 int2vector int4 int4multirange int4range int8 "
	"int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money "
	"name numeric nummultirange numrange oid oidvector path pg_lsn pg_snapshot point polygon "
	"record refcursor regclass regcollation regconfig regdictionary regnamespace regoper "
	"regoperator regproc regprocedure regrole regtype text tid time timestamp timestamptz "
	"timetz tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot "
	"unknown uuid varbit varchar void xid xid8 xml ";

bool builtin_type(struct slice name)
{
	/* _int4 is int4[] */
	if (slice_starts_with(name, "_"))
		name = slice_part(name, 1, name.length - 1);
	return builtin_is_listed(TYPES, name);
}

/* Formats, time-outs, planner and memory: nothing that decides what a statement means, who runs
 * it, what is logged or loaded, or whether triggers, constraints and read-only transactions
 * hold. */
static const char HARMLESS_SETTINGS[] =
	"application_name array_nulls backend_flush_after bytea_output client_encoding "
	"client_connection_check_interval commit_delay commit_siblings constraint_exclusion "
	"cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction datestyle "
	"deadlock_timeout default_table_access_method default_text_search_config "
	"default_toast_compression default_transaction_deferrable default_transaction_isolation "
	"effective_cache_size effective_io_concurrency enable_async_append enable_bitmapscan "
	"enable_gathermerge enable_hashagg enable_hashjoin enable_incremental_sort "
	"enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin "
	"enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning "
	"enable_partitionwise_aggregate enable_partitionwise_join enable_seqscan enable_sort "
	"enable_tidscan escape_string_warning extra_float_digits from_collapse_limit geqo "
	"geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias "
	"geqo_threshold gin_fuzzy_search_limit hash_mem_multiplier "
	"idle_in_transaction_session_timeout idle_session_timeout intervalstyle jit "
	"jit_above_cost jit_inline_above_cost jit_optimize_above_cost join_collapse_limit "
	"lc_messages lc_monetary lc_numeric lc_time lock_timeout maintenance_io_concurrency "
	"maintenance_work_mem max_parallel_maintenance_workers max_parallel_workers "
	"max_parallel_workers_per_gather min_parallel_index_scan_size "
	"min_parallel_table_scan_size parallel_leader_participation parallel_setup_cost "
	"parallel_tuple_cost plan_cache_mode quote_all_identifiers random_page_cost "
	"seq_page_cost statement_timeout synchronize_seqscans tcp_keepalives_count "
	"tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout temp_buffers timezone "
	"transaction_deferrable transaction_isolation vacuum_cost_delay work_mem xmlbinary "
	"xmloption row_security ";

bool builtin_setting_is_harmless(struct slice name)
{
	return builtin_is_listed(HARMLESS_SETTINGS, name);
}

/* Names, definitions and privileges of objects. */
static const char HARMLESS_CATALOG[] =
	"pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members "
	"pg_available_extension_versions pg_available_extensions pg_cast pg_class pg_collation "
	"pg_constraint pg_conversion pg_database pg_default_acl pg_depend pg_description "
	"pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_table pg_group "
	"pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_locks pg_matviews "
	"pg_largeobject_metadata pg_namespace pg_opclass pg_operator pg_opfamily pg_parameter_acl "
	"pg_partitioned_table "
	"pg_policies pg_policy pg_proc pg_publication pg_publication_namespace "
	"pg_publication_rel pg_publication_tables pg_range pg_replication_origin pg_rewrite "
	"pg_roles pg_rules pg_seclabel pg_seclabels pg_sequence pg_sequences pg_settings "
	"pg_shdepend pg_shdescription pg_shseclabel pg_statistic_ext pg_tables pg_tablespace "
	"pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config "
	"pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user pg_views ";
/* Statistics, query texts, passwords, connection strings, large objects' bytes, the server's
 * configuration. */
static const char REVEALING_CATALOG[] =
	"pg_authid pg_backend_memory_contexts pg_config pg_cursors pg_db_role_setting "
	"pg_file_settings pg_foreign_server pg_hba_file_rules pg_ident_file_mappings "
	"pg_largeobject pg_prepared_statements pg_prepared_xacts "
	"pg_replication_origin_status pg_replication_slots pg_shadow pg_shmem_allocations "
	"pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs "
	"pg_subscription pg_subscription_rel pg_user_mapping pg_user_mappings ";

static const char HARMLESS_INFORMATION[] =
	"administrable_role_authorizations applicable_roles attributes character_sets "
	"check_constraint_routine_usage check_constraints collation_character_set_applicability "
	"collations column_column_usage column_domain_usage column_privileges column_udt_usage "
	"columns constraint_column_usage constraint_table_usage data_type_privileges "
	"domain_constraints domain_udt_usage domains element_types enabled_roles "
	"foreign_data_wrappers foreign_servers foreign_tables information_schema_catalog_name "
	"key_column_usage parameters referential_constraints role_column_grants "
	"role_routine_grants role_table_grants role_udt_grants role_usage_grants "
	"routine_column_usage routine_privileges routine_routine_usage routine_sequence_usage "
	"routine_table_usage routines schemata sequences sql_features sql_implementation_info "
	"sql_parts sql_sizing table_constraints table_privileges tables transforms "
	"triggered_update_columns triggers udt_privileges usage_privileges user_defined_types "
	"user_mappings view_column_usage view_routine_usage view_table_usage views ";
/* Options of foreign servers and user mappings hold passwords. */
static const char REVEALING_INFORMATION[] =
	"_pg_foreign_data_wrappers _pg_foreign_servers _pg_foreign_table_columns "
	"_pg_foreign_tables _pg_user_mappings column_options foreign_data_wrapper_options "
	"foreign_server_options foreign_table_options user_mapping_options ";

enum builtin_relation builtin_relation(struct slice schema, struct slice name)
{
	bool is_information = slice_is(schema, "information_schema");

	if (schema.length > 0 && !is_information && !slice_is(schema, "pg_catalog"))
		return BUILTIN_RELATION_NONE;
	if (builtin_is_listed(is_information ? HARMLESS_INFORMATION : HARMLESS_CATALOG, name))
		return BUILTIN_RELATION_HARMLESS;
	if (builtin_is_listed(is_information ? REVEALING_INFORMATION : REVEALING_CATALOG, name))
		return BUILTIN_RELATION_REVEALING;
	/* pg_stat_*, pg_statio_*: many, and more with each version. */
	if (!is_information && slice_starts_with(name, "pg_stat"))
		return BUILTIN_RELATION_REVEALING;
	return BUILTIN_RELATION_NONE;
}
