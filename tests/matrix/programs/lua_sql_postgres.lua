-- SPDX-License-Identifier: MIT
-- Uses LuaSQL's PostgreSQL driver on the shop and prints a line per fact.
local driver = require('luasql.postgres')

local function say(fact, ...)
	local words = { fact }
	for i = 1, select('#', ...) do
		local value = select(i, ...)
		words[#words + 1] = value == nil and 'NULL' or tostring(value)
	end
	print(table.concat(words, '\t'))
end

-- LuaSQL hands over an error's text alone; the message is its first line.
local function wrong(fact, message)
	local line = message:match('ERROR:%s*([^\n]*)') or message:match('[^\n]*')
	local states = { ['division by zero'] = '22012', ['does not exist'] = '42P01', ['chaperone refused'] = '42501' }
	for part, state in pairs(states) do
		if line:find(part, 1, true) then
			return say(fact, state, line)
		end
	end
	say(fact, '-', line)
end

local environment = driver.postgres()
local connection = assert(environment:connect('', os.getenv('PGUSER')))

-- Returns the cursor, the number of rows that were touched, or nothing.
local function execute(fact, sql)
	local answer, message = connection:execute(sql)
	if not answer then
		wrong(fact, message)
	end
	return answer
end

local function query(fact, sql)
	local cursor = execute(fact, sql)
	if type(cursor) ~= 'userdata' then
		return
	end
	local count = #cursor:getcolnames()
	local row = cursor:fetch({}, 'n')
	while row do
		say(fact, table.unpack(row, 1, count))
		row = cursor:fetch(row, 'n')
	end
	cursor:close()
end

local list = 'SELECT id, name, email FROM customers ORDER BY id'
query('rows', 'SELECT id, name, email, salary FROM customers ORDER BY id')
query('rows', 'SELECT customer, item, amount FROM orders ORDER BY id')

local cursor = execute('types', 'SELECT id, name, email FROM customers WHERE id = 1')
if cursor then
	say('types', table.unpack(cursor:getcoltypes()))
	local values = { cursor:fetch() }
	say('types', type(values[1]), type(values[2]), type(values[3]))
	cursor:close()
end
query('parameter', "SELECT id, name, email FROM customers WHERE name = '" .. connection:escape('Bob') .. "'")

execute('prepared', 'PREPARE one (int) AS SELECT id, name, email FROM customers WHERE id = $1')
query('prepared', 'EXECUTE one (1)')
query('prepared', 'EXECUTE one (2)')

execute('cursor', 'BEGIN')
execute('cursor', 'DECLARE c CURSOR FOR ' .. list)
query('cursor', 'FETCH 2 FROM c')
query('cursor', 'FETCH 2 FROM c')
execute('cursor', 'ROLLBACK')

query('error', 'SELECT 1/0')
query('error', 'SELECT * FROM missing')

connection:setautocommit(false)
for _, sql in ipairs({ "INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
	'DELETE FROM orders WHERE id = 9' }) do
	local touched = execute('write', sql)
	if touched then
		say('write', touched)
	end
end
connection:rollback()

if execute('refused', 'DROP TABLE plain') then
	say('refused', '00000')
end
connection:rollback()
connection:setautocommit(true)
query('rows', 'SELECT count(*) FROM plain')
connection:close()
environment:close()
