# SPDX-License-Identifier: MIT
# Uses pgtcl on the shop and prints a line per fact.
package require Pgtcl

proc say {fact args} {
	puts [join [concat [list $fact] $args] \t]
}

# Prints a result's rows, or its error, and gives it back.
proc show {fact answer} {
	if {[pg_result $answer -error] ne {}} {
		say $fact [pg_result $answer -error sqlstate] [pg_result $answer -error primary]
	} else {
		for {set row 0} {$row < [pg_result $answer -numTuples]} {incr row} {
			say $fact {*}[pg_result $answer -getTuple $row]
		}
	}
	pg_result $answer -clear
}

proc query {fact sql args} {
	global connection
	show $fact [pg_exec $connection $sql {*}$args]
}

set connection [pg_connect -conninfo {}]
set list {SELECT id, name, email FROM customers ORDER BY id}
set one {SELECT id, name, email FROM customers WHERE id = $1}

query rows {SELECT id, name, email, salary FROM customers ORDER BY id}
query rows {SELECT customer, item, amount FROM orders ORDER BY id}
if {[catch {pg_select $connection $list row {say rows $row(id) $row(name) $row(email)}} message]} {
	say rows [lindex [split $message \n] 0]
}
set answer [pg_exec $connection {SELECT id, name, email FROM customers WHERE id = 1}]
say types {*}[pg_result $answer -lAttributes]
pg_result $answer -clear
query parameter $one 2
set name Bob
if {[catch {
	pg_select -rowbyrow $connection $list row {say rows $row(id) $row(name) $row(email)}
	pg_execute -array row $connection $list {say rows $row(id) $row(name) $row(email)}
	pg_select -variables $connection {SELECT id, name, email FROM customers WHERE name = :name} row {
		say parameter $row(id) $row(name) $row(email)
	}
} message]} {
	say parameter [lindex [split $message \n] 0]
}

query prepared {PREPARE one (int) AS SELECT id, name, email FROM customers WHERE id = $1}
foreach id {1 2} {
	show prepared [pg_exec_prepared $connection one $id]
}

query cursor BEGIN
query cursor "DECLARE c CURSOR FOR $list"
foreach turn {1 2} {
	query cursor {FETCH 2 FROM c}
}
query cursor ROLLBACK
pg_sendquery $connection $list
while {[set answer [pg_getresult $connection]] ne {}} {
	show cursor $answer
}

# The connection is a channel of Tcl while a COPY runs.
set answer [pg_exec $connection "COPY ($list) TO STDOUT"]
if {[pg_result $answer -status] eq {PGRES_COPY_OUT}} {
	while {[gets $connection line] >= 0} {
		say copy {*}[split $line \t]
	}
	pg_result $answer -clear
} else {
	show copy $answer
}
query copy {CREATE TEMP TABLE heap (a int, b text)}
set answer [pg_exec $connection {COPY heap FROM STDIN}]
if {[pg_result $answer -status] eq {PGRES_COPY_IN}} {
	puts $connection "1\tone"
	puts $connection "2\t\\N"
	puts $connection {\.}
	pg_result $answer -clear
} else {
	show copy $answer
}
query copy {SELECT a, b FROM heap ORDER BY a}

proc hear {channel pid {payload {}}} {
	global notice
	set notice [list $channel $payload]
}

set notice none
if {[catch {pg_listen $connection wire hear} message]} {
	say notify [lindex [split $message \n] 0]
}
query notify "NOTIFY wire, 'hello'"
set patience [after 2000 {set notice {never {}}}]
if {$notice eq {none}} {
	vwait notice
}
after cancel $patience
say notify {*}$notice
catch {pg_listen $connection wire}

query error {SELECT 1/0}
query error {SELECT * FROM missing}

query write BEGIN
foreach sql {
	{INSERT INTO orders VALUES (9, 2, 'stool', 7.25)}
	{UPDATE orders SET amount = amount + 1 WHERE customer = 1}
	{DELETE FROM orders WHERE id = 9}
} {
	set answer [pg_exec $connection $sql]
	say write [pg_result $answer -cmdTuples]
	show write $answer
}
query write ROLLBACK

query refused BEGIN
set answer [pg_exec $connection {DROP TABLE plain}]
if {[pg_result $answer -error] eq {}} {
	say refused 00000
}
show refused $answer
query refused ROLLBACK
query rows {SELECT count(*) FROM plain}
pg_disconnect $connection
