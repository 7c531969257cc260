// SPDX-License-Identifier: MIT
// Uses libpq from Go through cgo on the shop and prints a line per fact.
package main

/*
#cgo CFLAGS: -I/usr/include/postgresql
#cgo LDFLAGS: -lpq
#include <stdlib.h>
#include <libpq-fe.h>
*/
import "C"

import (
	"fmt"
	"os"
	"strings"
	"unsafe"
)

var connection *C.PGconn

// With text of Go's, freed afterwards.
func with(text string, use func(*C.char)) {
	copied := C.CString(text)
	defer C.free(unsafe.Pointer(copied))
	use(copied)
}

func field(result *C.PGresult, code C.int) string {
	return C.GoString(C.PQresultErrorField(result, code))
}

func values(result *C.PGresult, row C.int) string {
	var words []string
	for column := C.int(0); column < C.PQnfields(result); column++ {
		if C.PQgetisnull(result, row, column) == 1 {
			words = append(words, "NULL")
		} else {
			words = append(words, C.GoString(C.PQgetvalue(result, row, column)))
		}
	}
	return strings.Join(words, "\t")
}

// Rows, how many rows were touched, or an error.
func tell(fact string, result *C.PGresult) bool {
	defer C.PQclear(result)
	switch C.PQresultStatus(result) {
	case C.PGRES_FATAL_ERROR:
		fmt.Printf("%s\t%s\t%s\n", fact, field(result, 'C'), field(result, 'M'))
		return false
	case C.PGRES_TUPLES_OK:
		for row := C.int(0); row < C.PQntuples(result); row++ {
			fmt.Printf("%s\t%s\n", fact, values(result, row))
		}
	default:
		if touched := C.GoString(C.PQcmdTuples(result)); touched != "" {
			fmt.Printf("%s\t%s\n", fact, touched)
		}
	}
	return true
}

func run(fact, sql string) (done bool) {
	with(sql, func(text *C.char) { done = tell(fact, C.PQexec(connection, text)) })
	return
}

// Once by the driver's parameters, or twice as a statement that was prepared under a name.
func parameter(fact, name, sql string, ids ...string) {
	with(name, func(name *C.char) {
		with(sql, func(text *C.char) {
			if fact == "prepared" {
				tell(fact, C.PQprepare(connection, name, text, 1, nil))
			}
			for _, id := range ids {
				with(id, func(value *C.char) {
					// Memory of Go's must not hold pointers when C gets it.
					list := (**C.char)(C.malloc(C.size_t(unsafe.Sizeof(value))))
					defer C.free(unsafe.Pointer(list))
					*list = value
					if fact == "prepared" {
						tell(fact, C.PQexecPrepared(connection, name, 1, list, nil, nil, 0))
					} else {
						tell(fact, C.PQexecParams(connection, text, 1, nil, list, nil, nil, 0))
					}
				})
			}
		})
	})
}

func main() {
	with("", func(info *C.char) { connection = C.PQconnectdb(info) })
	defer C.PQfinish(connection)
	if C.PQstatus(connection) != C.CONNECTION_OK {
		fmt.Print(C.GoString(C.PQerrorMessage(connection)))
		os.Exit(1)
	}
	list := "SELECT id, name, email FROM customers"
	run("rows", "SELECT id, name, email, salary FROM customers ORDER BY id")
	run("rows", "SELECT customer, item, amount FROM orders ORDER BY id")
	parameter("parameter", "", list+" WHERE id = $1", "1")
	parameter("prepared", "one", list+" WHERE id = $1", "1", "2")
	run("cursor", "BEGIN")
	run("cursor", "DECLARE c CURSOR FOR "+list+" ORDER BY id")
	run("cursor", "FETCH 2 FROM c")
	run("cursor", "ROLLBACK")
	run("error", "SELECT 1/0")
	run("error", "SELECT * FROM missing")
	run("write", "BEGIN")
	run("write", "INSERT INTO orders VALUES (9, 2, 'stool', 7.25)")
	run("write", "UPDATE orders SET amount = amount + 1 WHERE customer = 1")
	run("write", "DELETE FROM orders WHERE id = 9")
	if run("refused", "DROP TABLE plain") {
		fmt.Println("refused\t00000")
	}
	run("write", "ROLLBACK")
	run("rows", "SELECT count(*) FROM plain")
}
