# SPDX-License-Identifier: MIT
"""Dials MySQL's port by PyMySQL, which speaks the protocol itself."""
import pymysql

pymysql.connect(host='127.0.0.1', port=3306, user='nobody', password='none', connect_timeout=5).close()
