# SPDX-License-Identifier: MIT
"""What any script does: connect with psycopg2, read some rows.  It knows nothing about chaperone."""
import psycopg2

connection = psycopg2.connect("")
cursor = connection.cursor()
cursor.execute("SELECT id, email, note FROM customers WHERE id < %s ORDER BY id", (4,))
for row in cursor:
    print(row)
cursor.execute("SELECT order_id, card, pin FROM payments WHERE order_id = %s", (12,))
print(cursor.fetchone())
