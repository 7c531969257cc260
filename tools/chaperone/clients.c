/* SPDX-License-Identifier: MIT */
/* The tables of known clients.  How each is bound, and what a preloaded library can see of it, was
 * measured on Debian 12 and Python's, Perl's, PHP's and Node's own packages. */
#include "tools/chaperone/clients.h"

#include <string.h>

#include "common/cleanup.h"
#include "tools/chaperone/program.h"

#define GOVERNED(database, name, how)                                                              \
	{                                                                                          \
		REPORT_GOOD, database, name, how                                                   \
	}
#define NOT_GOVERNED(database, name, how)                                                          \
	{                                                                                          \
		REPORT_PROBLEM, database, name, how                                                \
	}
#define NOT_TRIED(database, name, how)                                                             \
	{                                                                                          \
		REPORT_NOTE, database, name, how                                                   \
	}

#define OWN_PROTOCOL " speaks the protocol itself, without a client library"
#define NOT_YET      " is not governed by this version"
#define LIBMARIADB   ": libmariadb" NOT_YET

const struct client_library CLIENT_LIBRARIES[] = {
	{ "libpq.so", GOVERNED("PostgreSQL", "libpq", "") },
	{ "libpq-", GOVERNED("PostgreSQL", "libpq", " (a copy that was bundled)") },
	{ "libmariadb.so", NOT_GOVERNED("MariaDB", "libmariadb", NOT_YET) },
	{ "libmysqlclient", NOT_GOVERNED("MySQL", "libmysqlclient", NOT_YET) },
	{ "libmongoc-", NOT_GOVERNED("MongoDB", "libmongoc", NOT_YET) },
	{ "libmongoc2", NOT_GOVERNED("MongoDB", "libmongoc", NOT_YET) },
	{ "libsybdb.so", NOT_GOVERNED("SQL Server, Sybase", "FreeTDS", " is not governed") },
	{ "libclntsh.so", NOT_GOVERNED("Oracle", "Oracle's client", " is not governed") },
	{ "libodbc.so", NOT_TRIED("ODBC", "ODBC", " is governed as far as its driver uses libpq") },
	{ "libsqlite3.so",
	  NOT_TRIED("SQLite", "SQLite",
		    ": files of this machine, not a server: outside of what is governed") },
};
const size_t CLIENT_LIBRARY_COUNT = COUNT_OF(CLIENT_LIBRARIES);

const struct client *client_of_library(const char *name)
{
	for (size_t i = 0; i < CLIENT_LIBRARY_COUNT; i++) {
		if (slice_starts_with(slice_of(name), CLIENT_LIBRARIES[i].prefix))
			return &CLIENT_LIBRARIES[i].client;
	}
	return NULL;
}

const struct client_program CLIENT_PROGRAMS[] = {
	{ "mariadb", NOT_GOVERNED("MariaDB", "client library built in", "") },
	{ "mysql", NOT_GOVERNED("MySQL", "client library built in", "") },
	{ "mariadb-dump", NOT_GOVERNED("MariaDB", "client library built in", "") },
	{ "mysqldump", NOT_GOVERNED("MySQL", "client library built in", "") },
	{ "mongosh", NOT_GOVERNED("MongoDB", "own protocol", ", without a client library") },
	{ "pgbouncer", NOT_GOVERNED("PostgreSQL", "own protocol", ", without a client library") },
};
const size_t CLIENT_PROGRAM_COUNT = COUNT_OF(CLIENT_PROGRAMS);

const struct client *client_of_program(const char *path)
{
	for (size_t i = 0; i < CLIENT_PROGRAM_COUNT; i++) {
		if (strcmp(program_name(path), CLIENT_PROGRAMS[i].name) == 0)
			return &CLIENT_PROGRAMS[i].client;
	}
	return NULL;
}

const struct client_module CLIENT_MODULES[] = {
	{ "python", "psycopg2/_psycopg*.so", GOVERNED("PostgreSQL", "psycopg2", " (libpq)") },
	{ "python", "psycopg/__init__.py", GOVERNED("PostgreSQL", "psycopg 3", " (libpq)") },
	{ "python", "asyncpg/__init__.py", NOT_GOVERNED("PostgreSQL", "asyncpg", OWN_PROTOCOL) },
	{ "python", "pg8000/__init__.py", NOT_GOVERNED("PostgreSQL", "pg8000", OWN_PROTOCOL) },
	{ "python", "pgdb.py", GOVERNED("PostgreSQL", "PyGreSQL", " (libpq)") },
	{ "python", "pymysql/__init__.py",
	  NOT_GOVERNED("MySQL, MariaDB", "PyMySQL", OWN_PROTOCOL) },
	{ "python", "MySQLdb/__init__.py", NOT_GOVERNED("MySQL, MariaDB", "MySQLdb", LIBMARIADB) },
	{ "python", "mysql/connector/__init__.py",
	  NOT_GOVERNED("MySQL, MariaDB", "mysql.connector", OWN_PROTOCOL) },
	{ "python", "pymongo/__init__.py", NOT_GOVERNED("MongoDB", "pymongo", OWN_PROTOCOL) },
	{ "python", "oracledb/__init__.py", NOT_GOVERNED("Oracle", "oracledb", OWN_PROTOCOL) },
	{ "python", "pymssql/__init__.py",
	  NOT_GOVERNED("SQL Server", "pymssql", ": FreeTDS is not governed") },
	{ "perl", "DBD/Pg.pm", GOVERNED("PostgreSQL", "DBD::Pg", " (libpq)") },
	{ "perl", "DBD/mysql.pm", NOT_GOVERNED("MySQL", "DBD::mysql", LIBMARIADB) },
	{ "perl", "DBD/MariaDB.pm", NOT_GOVERNED("MariaDB", "DBD::MariaDB", LIBMARIADB) },
	{ "ruby", "pg.rb", GOVERNED("PostgreSQL", "pg", " (libpq)") },
	{ "ruby", "pg-*/lib/pg.rb", GOVERNED("PostgreSQL", "pg", " (libpq)") },
	{ "ruby", "mysql2.rb", NOT_GOVERNED("MySQL, MariaDB", "mysql2", LIBMARIADB) },
	{ "php", "pgsql.so", GOVERNED("PostgreSQL", "pgsql", " (libpq)") },
	{ "php", "pdo_pgsql.so", GOVERNED("PostgreSQL", "pdo_pgsql", " (libpq)") },
	{ "php", "mysqli.so", NOT_GOVERNED("MySQL, MariaDB", "mysqli (mysqlnd)", OWN_PROTOCOL) },
	{ "php", "pdo_mysql.so",
	  NOT_GOVERNED("MySQL, MariaDB", "pdo_mysql (mysqlnd)", OWN_PROTOCOL) },
	{ "php", "mongodb.so",
	  NOT_GOVERNED("MongoDB", "mongodb", " has its client library built in") },
	{ "tcl", "tdbcpostgres*/pkgIndex.tcl",
	  GOVERNED("PostgreSQL", "tdbc::postgres", " (libpq)") },
	{ "tcl", "pgtcl*/pkgIndex.tcl", GOVERNED("PostgreSQL", "pgtcl", " (libpq)") },
	{ "tcl", "tdbcmysql*/pkgIndex.tcl",
	  NOT_GOVERNED("MySQL, MariaDB", "tdbc::mysql", LIBMARIADB) },
	{ "node", "pg/package.json",
	  NOT_GOVERNED("PostgreSQL", "pg",
		       OWN_PROTOCOL "; pg-native (libpq) is the way to be governed") },
	{ "node", "pg-native/package.json", GOVERNED("PostgreSQL", "pg-native", " (libpq)") },
	{ "node", "postgres/package.json", NOT_GOVERNED("PostgreSQL", "postgres", OWN_PROTOCOL) },
	{ "node", "mysql/package.json", NOT_GOVERNED("MySQL, MariaDB", "mysql", OWN_PROTOCOL) },
	{ "node", "mysql2/package.json", NOT_GOVERNED("MySQL, MariaDB", "mysql2", OWN_PROTOCOL) },
	{ "node", "mongodb/package.json", NOT_GOVERNED("MongoDB", "mongodb", OWN_PROTOCOL) },
};
const size_t CLIENT_MODULE_COUNT = COUNT_OF(CLIENT_MODULES);

const struct runtime RUNTIMES[] = {
	{ "python",
	  "python*",
	  { "%/lib/python3*/site-packages", "/usr/lib/python3/dist-packages",
	    "/usr/local/lib/python3*/dist-packages", "~/.local/lib/python3*/site-packages",
	    "$PYTHONPATH" },
	  NULL },
	{ "perl",
	  "perl*",
	  { "/usr/lib/*/perl5/*", "/usr/share/perl5", "/usr/local/lib/*/perl/*",
	    "/usr/local/share/perl/*", "$PERL5LIB" },
	  NULL },
	{ "ruby",
	  "ruby*",
	  { "/usr/lib/ruby/vendor_ruby", "/usr/lib/*/ruby/vendor_ruby/*", "/var/lib/gems/*/gems",
	    "/usr/share/rubygems-integration/*/gems", "$RUBYLIB" },
	  NULL },
	{ "php", "php*", { "/usr/lib/php/2*" }, NULL },
	{ "tcl", "tclsh*", { "/usr/lib/tcltk", "/usr/share/tcltk", "%/lib", "$TCLLIBPATH" }, NULL },
	{ "node",
	  "node*",
	  { "./node_modules", "/usr/share/nodejs", "/usr/lib/node_modules", "$NODE_PATH" },
	  NULL },
	{ "java",
	  "java*",
	  { NULL },
	  "drivers written in Java speak the protocols themselves and are NOT GOVERNED" },
};
const size_t RUNTIME_COUNT = COUNT_OF(RUNTIMES);
