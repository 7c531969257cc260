# SPDX-License-Identifier: MIT
# Uses tdbc::postgres, which finds libpq by dlopen and dlsym, and prints what comes back.
# Usage: script_tdbc.tcl PART…
package require tdbc::postgres

proc show {sql {values {}}} {
	global connection
	if {[catch {$connection allrows -as lists $sql $values} answer options]} {
		puts "[lrange [dict get $options -errorcode] 0 3] [lindex [split $answer \n] 0]"
	} else {
		puts $answer
	}
}

set parts(open) {
	show {SELECT id, name, salary, balance, born FROM customers ORDER BY id}
	show {SELECT id, name FROM customers WHERE id < :limit ORDER BY id} {limit 3}
	show {SELECT 1/0}
	show {SELECT * FROM missing}
	$connection transaction {show {INSERT INTO plain VALUES (9001, 'x')}; show {DELETE FROM plain WHERE id = 9001}}
	puts [dict size [$connection tables plain]]
}
set parts(guarded) {
	show {SELECT id, email, salary, balance, born FROM customers ORDER BY id}
	show {SELECT email, salary FROM customers WHERE id = :id} {id 1}
	show {DROP TABLE orders}
	show {DELETE FROM orders}
	show {SELECT 'alive'}
}
foreach part $argv {
	set connection [tdbc::postgres::connection new -host $env(PGHOST) -port $env(PGPORT) -user $env(PGUSER) -db $env(PGDATABASE)]
	eval $parts($part)
	$connection close
}
