/* SPDX-License-Identifier: MIT */
/* Which columns of the server's revealing relations can hold somebody's values or a secret, and
 * which tell about objects and sessions only. */
#include "policy/engine/builtins.h"
#include "policy/engine/builtins_table.h"

/* What stands in neither list counts as revealing.  Columns of the servers 15 to 18 are meant
 * (https://www.postgresql.org/docs/15/catalogs.html, views.html, monitoring-stats.html); a test
 * compares them with a running server.  Lists have blanks at both ends. */

#define COUNTERS_TABLE                                                                             \
	" relid schemaname relname seq_scan last_seq_scan seq_tup_read idx_scan last_idx_scan "    \
	"idx_tup_fetch n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_tup_newpage_upd n_live_tup "  \
	"n_dead_tup n_mod_since_analyze n_ins_since_vacuum last_vacuum last_autovacuum "           \
	"last_analyze last_autoanalyze vacuum_count autovacuum_count analyze_count "               \
	"autoanalyze_count total_vacuum_time total_autovacuum_time total_analyze_time "            \
	"total_autoanalyze_time "
#define COUNTERS_INDEX                                                                             \
	" relid indexrelid schemaname relname indexrelname idx_scan last_idx_scan idx_tup_read "   \
	"idx_tup_fetch "
#define BLOCKS_TABLE                                                                               \
	" relid schemaname relname heap_blks_read heap_blks_hit idx_blks_read idx_blks_hit "       \
	"toast_blks_read toast_blks_hit tidx_blks_read tidx_blks_hit "
#define BLOCKS_INDEX      " relid indexrelid schemaname relname indexrelname idx_blks_read idx_blks_hit "
#define BLOCKS_SEQUENCE   " relid schemaname relname blks_read blks_hit "
#define COUNTERS_FUNCTION " funcid schemaname funcname calls total_time self_time "
#define PROGRESS          " pid datid datname relid phase command "
#define STATISTICS_OBJECT                                                                          \
	" schemaname tablename statistics_schemaname statistics_name statistics_owner inherited "
#define COUNTERS        "counts of scans, rows and blocks, which no single value shows in"
#define SAMPLES         "computed from the rows of the table"
#define ROLE_SETTINGS   "settings of extensions hold keys"
#define FOREIGN_OPTIONS "options of a foreign server hold passwords, tokens and addresses"

/* clang-format off */
static const struct builtin_columns ROWS[] = {
	{ "pg_authid", " oid rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication "
	  "rolbypassrls rolconnlimit rolvaliduntil ", " rolpassword ", BUILTIN_COLUMN_SECRET,
	  "password verifiers" },
	{ "pg_backend_memory_contexts", " name parent level total_bytes total_nblocks free_bytes free_chunks used_bytes "
	  "type path ", " ident ", BUILTIN_COLUMN_VALUES, "an identifier may be a statement's text" },
	{ "pg_cursors", " is_holdable is_binary is_scrollable creation_time ", " name statement ",
	  BUILTIN_COLUMN_VALUES, "texts of statements; a function may name a cursor by a value" },
	{ "pg_db_role_setting", " setdatabase setrole ", " setconfig ", BUILTIN_COLUMN_OPTIONS,
	  ROLE_SETTINGS },
	{ "pg_foreign_server", " oid srvname srvowner srvfdw srvtype srvversion srvacl ", " srvoptions ",
	  BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
	{ "pg_prepared_statements", " prepare_time parameter_types result_types from_sql generic_plans custom_plans ",
	  " name statement ", BUILTIN_COLUMN_VALUES, "texts of statements, and names that clients make of them" },
	{ "pg_roles", " rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolconnlimit "
	  "rolpassword rolvaliduntil rolbypassrls oid ", " rolconfig ", BUILTIN_COLUMN_OPTIONS, ROLE_SETTINGS },
	{ "pg_shadow", " usename usesysid usecreatedb usesuper userepl usebypassrls valuntil ", " passwd useconfig ",
	  BUILTIN_COLUMN_SECRET, "password verifiers, and settings as in pg_db_role_setting" },
	{ "pg_stat_activity", " datid datname pid leader_pid usesysid usename client_addr client_hostname client_port "
	  "backend_start xact_start query_start state_change wait_event_type wait_event state backend_xid backend_xmin "
	  "query_id backend_type ", " application_name query ", BUILTIN_COLUMN_VALUES,
	  "texts of statements, and what a client says of itself" },
	{ "pg_stat_all_indexes", COUNTERS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_all_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_archiver", " archived_count last_archived_wal last_archived_time failed_count last_failed_wal "
	  "last_failed_time stats_reset ", " ", BUILTIN_COLUMN_VALUES, "files of the log" },
	{ "pg_stat_bgwriter", " checkpoints_timed checkpoints_req checkpoint_write_time checkpoint_sync_time "
	  "buffers_checkpoint buffers_clean maxwritten_clean buffers_backend buffers_backend_fsync buffers_alloc "
	  "stats_reset ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_database", " datid datname numbackends xact_commit xact_rollback blks_read blks_hit tup_returned "
	  "tup_fetched tup_inserted tup_updated tup_deleted conflicts temp_files temp_bytes deadlocks checksum_failures "
	  "checksum_last_failure blk_read_time blk_write_time session_time active_time idle_in_transaction_time sessions "
	  "sessions_abandoned sessions_fatal sessions_killed parallel_workers_to_launch parallel_workers_launched "
	  "stats_reset ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_database_conflicts", " datid datname confl_tablespace confl_lock confl_snapshot confl_bufferpin "
	  "confl_deadlock confl_active_logicalslot ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_gssapi", " pid gss_authenticated encrypted credentials_delegated ", " principal ", BUILTIN_COLUMN_VALUES,
	  "a person's name for authentication" },
	{ "pg_stat_progress_analyze", PROGRESS "sample_blks_total sample_blks_scanned ext_stats_total ext_stats_computed "
	  "child_tables_total child_tables_done current_child_table_relid delay_time ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_progress_basebackup", PROGRESS "backup_total backup_streamed tablespaces_total tablespaces_streamed ",
	  " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_progress_cluster", PROGRESS "cluster_index_relid heap_tuples_scanned heap_tuples_written heap_blks_total "
	  "heap_blks_scanned index_rebuild_count ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_progress_copy", PROGRESS "type bytes_processed bytes_total tuples_processed tuples_excluded "
	  "tuples_skipped ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_progress_create_index", PROGRESS "index_relid lockers_total lockers_done current_locker_pid blocks_total "
	  "blocks_done tuples_total tuples_done partitions_total partitions_done ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_progress_vacuum", PROGRESS "heap_blks_total heap_blks_scanned heap_blks_vacuumed index_vacuum_count "
	  "max_dead_tuples num_dead_tuples max_dead_tuple_bytes dead_tuple_bytes num_dead_item_ids indexes_total "
	  "indexes_processed delay_time ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_recovery_prefetch", " stats_reset prefetch hit skip_init skip_new skip_fpw skip_rep wal_distance "
	  "block_distance io_depth ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_replication", " pid usesysid usename client_addr client_hostname client_port backend_start backend_xmin "
	  "state sent_lsn write_lsn flush_lsn replay_lsn write_lag flush_lag replay_lag sync_priority sync_state reply_time ",
	  " application_name ", BUILTIN_COLUMN_VALUES, "what a client says of itself" },
	{ "pg_stat_slru", " name blks_zeroed blks_hit blks_read blks_written blks_exists flushes truncates stats_reset ", " ",
	  BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_ssl", " pid ssl version cipher bits ", " client_dn client_serial issuer_dn ", BUILTIN_COLUMN_VALUES,
	  "a person's name in a certificate" },
	{ "pg_stat_subscription", " subid subname worker_type pid leader_pid relid received_lsn last_msg_send_time "
	  "last_msg_receipt_time latest_end_lsn latest_end_time ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_subscription_stats", " subid subname apply_error_count sync_error_count stats_reset ", " ",
	  BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_sys_indexes", COUNTERS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_sys_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_user_functions", COUNTERS_FUNCTION, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_user_indexes", COUNTERS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_user_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_wal", " wal_records wal_fpi wal_bytes wal_buffers_full wal_write wal_sync wal_write_time wal_sync_time "
	  "stats_reset ", " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_wal_receiver", " pid status receive_start_lsn receive_start_tli written_lsn flushed_lsn received_tli "
	  "last_msg_send_time last_msg_receipt_time latest_end_lsn latest_end_time slot_name ",
	  " sender_host sender_port conninfo ", BUILTIN_COLUMN_SECRET, "connection strings hold passwords" },
	{ "pg_stat_xact_all_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_xact_sys_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_xact_user_functions", COUNTERS_FUNCTION, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_stat_xact_user_tables", COUNTERS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_all_indexes", BLOCKS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_all_sequences", BLOCKS_SEQUENCE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_all_tables", BLOCKS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_sys_indexes", BLOCKS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_sys_sequences", BLOCKS_SEQUENCE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_sys_tables", BLOCKS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_user_indexes", BLOCKS_INDEX, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_user_sequences", BLOCKS_SEQUENCE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statio_user_tables", BLOCKS_TABLE, " ", BUILTIN_COLUMN_VALUES, COUNTERS },
	{ "pg_statistic", " starelid staattnum stainherit staop1 staop2 staop3 staop4 staop5 stacoll1 stacoll2 stacoll3 "
	  "stacoll4 stacoll5 ", " stanullfrac stawidth stadistinct stakind1 stakind2 stakind3 stakind4 stakind5 stanumbers1 "
	  "stanumbers2 stanumbers3 stanumbers4 stanumbers5 stavalues1 stavalues2 stavalues3 stavalues4 stavalues5 ",
	  BUILTIN_COLUMN_VALUES, SAMPLES },
	{ "pg_statistic_ext_data", " stxoid stxdinherit ", " stxdndistinct stxddependencies stxdmcv stxdexpr ",
	  BUILTIN_COLUMN_VALUES, SAMPLES },
	{ "pg_stats", " schemaname tablename attname inherited ", " null_frac avg_width n_distinct most_common_vals "
	  "most_common_freqs histogram_bounds correlation most_common_elems most_common_elem_freqs elem_count_histogram "
	  "range_length_histogram range_empty_frac range_bounds_histogram ", BUILTIN_COLUMN_VALUES, SAMPLES },
	{ "pg_stats_ext", STATISTICS_OBJECT "attnames exprs kinds ", " n_distinct dependencies most_common_vals "
	  "most_common_val_nulls most_common_freqs most_common_base_freqs ", BUILTIN_COLUMN_VALUES, SAMPLES },
	{ "pg_stats_ext_exprs", STATISTICS_OBJECT "expr ", " null_frac avg_width n_distinct most_common_vals "
	  "most_common_freqs histogram_bounds correlation most_common_elems most_common_elem_freqs elem_count_histogram ",
	  BUILTIN_COLUMN_VALUES, SAMPLES },
	{ "pg_subscription", " oid subdbid subskiplsn subname subowner subenabled subbinary substream subtwophasestate "
	  "subdisableonerr subpasswordrequired subrunasowner subfailover subslotname subsynccommit subpublications suborigin ",
	  " subconninfo ", BUILTIN_COLUMN_SECRET, "connection strings hold passwords" },
	{ "pg_subscription_rel", " srsubid srrelid srsubstate srsublsn ", " ", BUILTIN_COLUMN_VALUES,
	  "how far a table has been copied" },
	{ "pg_user", " usename usesysid usecreatedb usesuper userepl usebypassrls passwd valuntil ", " useconfig ",
	  BUILTIN_COLUMN_OPTIONS, ROLE_SETTINGS },
	{ "pg_user_mapping", " oid umuser umserver ", " umoptions ", BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
	{ "pg_user_mappings", " umid srvid srvname umuser usename ", " umoptions ", BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
};

static const struct builtin_columns INFORMATION_ROWS[] = {
	{ "_pg_foreign_data_wrappers", " oid fdwowner foreign_data_wrapper_catalog foreign_data_wrapper_name "
	  "authorization_identifier foreign_data_wrapper_language ", " fdwoptions ", BUILTIN_COLUMN_OPTIONS,
	  FOREIGN_OPTIONS },
	{ "_pg_foreign_servers", " oid foreign_server_catalog foreign_server_name foreign_data_wrapper_catalog "
	  "foreign_data_wrapper_name foreign_server_type foreign_server_version authorization_identifier ", " srvoptions ",
	  BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
	{ "_pg_foreign_table_columns", " nspname relname attname ", " attfdwoptions ", BUILTIN_COLUMN_OPTIONS,
	  FOREIGN_OPTIONS },
	{ "_pg_foreign_tables", " foreign_table_catalog foreign_table_schema foreign_table_name foreign_server_catalog "
	  "foreign_server_name authorization_identifier ", " ftoptions ", BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
	{ "_pg_user_mappings", " oid umuser authorization_identifier foreign_server_catalog foreign_server_name srvowner ",
	  " umoptions ", BUILTIN_COLUMN_OPTIONS, FOREIGN_OPTIONS },
	{ "column_options", " table_catalog table_schema table_name column_name option_name ", " option_value ",
	  BUILTIN_COLUMN_SECRET, FOREIGN_OPTIONS },
	{ "foreign_data_wrapper_options", " foreign_data_wrapper_catalog foreign_data_wrapper_name option_name ",
	  " option_value ", BUILTIN_COLUMN_SECRET, FOREIGN_OPTIONS },
	{ "foreign_server_options", " foreign_server_catalog foreign_server_name option_name ", " option_value ",
	  BUILTIN_COLUMN_SECRET, FOREIGN_OPTIONS },
	{ "foreign_table_options", " foreign_table_catalog foreign_table_schema foreign_table_name option_name ",
	  " option_value ", BUILTIN_COLUMN_SECRET, FOREIGN_OPTIONS },
	{ "user_mapping_options", " authorization_identifier foreign_server_catalog foreign_server_name option_name ",
	  " option_value ", BUILTIN_COLUMN_SECRET, FOREIGN_OPTIONS },
};
/* clang-format on */

/* Relations all of whose columns reveal: configuration files, large objects' bytes, transactions and
 * slots that clients name as they like. */
static const struct builtin_columns ALL_REVEAL = { "", " ", " ", BUILTIN_COLUMN_VALUES, "" };

const struct builtin_columns *builtin_columns(struct slice schema, struct slice relation)
{
	enum builtin_relation class = builtin_relation(schema, relation);
	bool is_information = slice_is(schema, "information_schema");
	const struct builtin_columns *rows = is_information ? INFORMATION_ROWS : ROWS;
	size_t count = is_information ? COUNT_OF(INFORMATION_ROWS) : COUNT_OF(ROWS);

	if (class == BUILTIN_RELATION_NONE)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (slice_is(relation, rows[i].relation))
			return &rows[i];
	}
	return class == BUILTIN_RELATION_REVEALING ? &ALL_REVEAL : NULL;
}

const struct builtin_columns *builtin_columns_at(size_t index)
{
	if (index < COUNT_OF(ROWS))
		return &ROWS[index];
	index -= COUNT_OF(ROWS);
	return index < COUNT_OF(INFORMATION_ROWS) ? &INFORMATION_ROWS[index] : NULL;
}

enum builtin_column builtin_column(const struct builtin_columns *columns, struct slice name)
{
	if (builtin_is_listed(columns->harmless, name))
		return BUILTIN_COLUMN_HARMLESS;
	return builtin_is_listed(columns->revealing, name) ? columns->class
							   : BUILTIN_COLUMN_UNKNOWN;
}
