# SPDX-License-Identifier: MIT
# Uses ruby-pg on the shop and prints a line per fact.
require 'pg'

def say(fact, *values)
  puts [fact, *values.map { |value| value.nil? ? 'NULL' : value }].join("\t")
end

def attempt(fact)
  yield
rescue PG::Error => error
  state = error.respond_to?(:result) && error.result ? error.result.error_field(PG::PG_DIAG_SQLSTATE) : '-'
  say fact, state, error.message.lines.first.chomp
end

def show(fact, answer)
  answer.each_row { |row| say fact, *row }
end

ALL = 'SELECT id, name, email, salary FROM customers ORDER BY id'.freeze
ONE = 'SELECT id, name, email FROM customers WHERE id = $1'.freeze
LIST = 'SELECT id, name, email FROM customers ORDER BY id'.freeze
connection = PG.connect

attempt('rows') { show 'rows', connection.exec(ALL) }
attempt('rows') { show 'rows', connection.sync_exec('SELECT customer, item, amount FROM orders ORDER BY id') }
attempt('types') do
  answer = connection.exec('SELECT id, name, email FROM customers WHERE id = 1')
  answer.map_types!(PG::BasicTypeMapForResults.new(connection))
  say 'types', *answer.values.first.map(&:class)
  say 'types', *(0..2).map { |i| answer.ftype(i) }
end
attempt('parameter') { show 'parameter', connection.exec_params(ONE, [2]) }
attempt('parameter') { say 'parameter', *connection.exec_params('SELECT id, 7 + id FROM customers WHERE id = $1', [2], 1).values.flatten.map { |v| v.unpack1('H*') } }
attempt('prepared') do
  connection.prepare('one', ONE)
  [1, 2].each { |id| show 'prepared', connection.exec_prepared('one', [id]) }
end
attempt('cursor') do
  connection.send_query(LIST)
  connection.set_single_row_mode
  connection.get_result.stream_each_row { |row| say 'cursor', *row }
end
connection.discard_results
attempt('cursor') do
  connection.transaction do
    connection.exec("DECLARE c CURSOR FOR #{LIST}")
    2.times { show 'cursor', connection.exec('FETCH 2 FROM c') }
  end
end
attempt('pipeline') do
  connection.enter_pipeline_mode
  [1, 2].each { |id| connection.send_query_params(ONE, [id]) }
  connection.pipeline_sync
  2.times do
    show 'pipeline', connection.get_result
    connection.get_result
  end
  connection.get_result
end
connection.discard_results
connection.exit_pipeline_mode

attempt('copy') do
  connection.copy_data("COPY (#{LIST}) TO STDOUT") do
    while (line = connection.get_copy_data)
      say 'copy', *line.chomp.split("\t")
    end
  end
end
attempt('copy') do
  connection.exec('CREATE TEMP TABLE heap (a int, b text)')
  connection.copy_data('COPY heap FROM STDIN', PG::TextEncoder::CopyRow.new) do
    connection.put_copy_data([1, 'one'])
    connection.put_copy_data([2, nil])
  end
  show 'copy', connection.exec('SELECT a, b FROM heap ORDER BY a')
end

attempt('notify') do
  connection.exec('LISTEN wire')
  connection.exec("NOTIFY wire, 'hello'")
  connection.wait_for_notify(5) { |channel, _, payload| say 'notify', channel, payload }
end

attempt('threads') do
  [1, 2].each do |id|
    Thread.new do
      other = PG.connect
      show 'threads', other.exec_params(ONE, [id])
      other.finish
    end.join
  end
end
attempt('encoding') do
  connection.internal_encoding = 'ISO-8859-1'
  show 'encoding', connection.exec(ALL)
  connection.set_client_encoding('UTF8')
end

['SELECT 1/0', 'SELECT * FROM missing'].each { |sql| attempt('error') { connection.exec(sql) } }

connection.exec('BEGIN')
["INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
 'DELETE FROM orders WHERE id = 9'].each do |sql|
  attempt('write') { say 'write', connection.exec(sql).cmd_tuples }
end
connection.exec('ROLLBACK')

connection.exec('BEGIN')
attempt('refused') do
  connection.exec('DROP TABLE plain')
  say 'refused', '00000'
end
connection.exec('ROLLBACK')
show 'rows', connection.exec('SELECT count(*) FROM plain')
connection.finish
