# SPDX-License-Identifier: MIT
# Uses tdbc::postgres on the shop and prints a line per fact.
package require tdbc::postgres

proc say {fact args} {
	puts [join [concat [list $fact] $args] \t]
}

# What an error says: TDBC GENERAL_ERROR SQLSTATE POSTGRES …, and the message.
proc attempt {fact script} {
	if {[catch {uplevel 1 $script} message options]} {
		say $fact [lindex [dict get $options -errorcode] 2] [lindex [split $message \n] 0]
	}
}

proc query {fact sql {values {}}} {
	global connection
	attempt $fact {
		foreach row [$connection allrows -as lists $sql $values] {
			say $fact {*}$row
		}
	}
}

set connection [tdbc::postgres::connection new -host $env(PGHOST) -port $env(PGPORT) -user $env(PGUSER) -db $env(PGDATABASE)]
set list {SELECT id, name, email FROM customers ORDER BY id}
set one {SELECT id, name, email FROM customers WHERE id = :id}

query rows {SELECT id, name, email, salary FROM customers ORDER BY id}
query rows {SELECT customer, item, amount FROM orders ORDER BY id}
attempt types {
	foreach row [$connection allrows -as lists {SELECT id, name FROM customers WHERE id = 1}] {
		say types {*}[lmap value $row {regexp {value is a (?:pure )?(\S+)} [tcl::unsupported::representation $value] all type; set type}]
	}
	dict for {column facts} [$connection columns customers i%] {
		say types $column [dict get $facts type]
	}
}
attempt types {
	foreach table [lsort [dict keys [$connection tables {p%}]]] {
		say types $table
	}
}
query parameter $one {id 2}
attempt prepared {
	set statement [$connection prepare $one]
	$statement paramtype id integer
	foreach id {1 2} {
		foreach row [$statement allrows -as lists] {
			say prepared {*}$row
		}
	}
	$statement close
}
attempt cursor {
	set statement [$connection prepare $list]
	set rows [$statement execute]
	while {[$rows nextlist row]} {
		say cursor {*}$row
	}
	$rows close
	$statement close
}

query error {SELECT 1/0}
query error {SELECT * FROM missing}

attempt write {$connection begintransaction}
foreach sql {
	{INSERT INTO orders VALUES (9, 2, 'stool', 7.25)}
	{UPDATE orders SET amount = amount + 1 WHERE customer = 1}
	{DELETE FROM orders WHERE id = 9}
} {
	attempt write {
		set statement [$connection prepare $sql]
		set rows [$statement execute]
		say write [$rows rowcount]
		$statement close
	}
}
attempt write {$connection rollback}

attempt refused {
	$connection begintransaction
	$connection allrows {DROP TABLE plain}
	say refused 00000
}
attempt refused {$connection rollback}
query rows {SELECT count(*) FROM plain}
$connection close
