# SPDX-License-Identifier: MIT
# Uses DBD::Pg on the shop and prints a line per fact.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:pg_types :async);
use JSON::PP;

binmode(STDOUT, ':utf8');
$| = 1;

sub say_fact {
	my ($fact, @values) = @_;
	print join("\t", $fact, map { defined($_) ? $_ : 'NULL' } @values), "\n";
}

my $connection = DBI->connect('dbi:Pg:', undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1 });

sub attempt {
	my ($fact, $work) = @_;
	eval { $work->(); 1 } and return;
	say_fact($fact, $DBI::state, (split /\n/, $DBI::errstr // $@)[0]);
}

sub show {
	my ($fact, $statement) = @_;
	while (my $row = $statement->fetchrow_arrayref) {
		say_fact($fact, @$row);
	}
}

sub query {
	my ($fact, $sql, @values) = @_;
	attempt($fact, sub {
		my $statement = $connection->prepare($sql);
		$statement->execute(@values);
		show($fact, $statement) if $statement->{NUM_OF_FIELDS};
	});
}

my $one = 'SELECT id, name, email FROM customers WHERE id = ?';

query('rows', 'SELECT id, name, email, salary FROM customers ORDER BY id');
query('rows', 'SELECT customer, item, amount FROM orders ORDER BY id');
attempt('types', sub {
	my $statement = $connection->prepare('SELECT id, name, email FROM customers WHERE id = 1');
	$statement->execute;
	say_fact('types', @{ $statement->{pg_type} });
	say_fact('types', map { JSON::PP->new->allow_nonref->encode($_) } @{ $statement->fetchrow_arrayref });
});
attempt('parameter', sub {
	my $statement = $connection->prepare($one);
	$statement->bind_param(1, 2, { pg_type => PG_INT4 });
	$statement->execute;
	show('parameter', $statement);
});
attempt('parameter', sub {
	my $statement = $connection->prepare('SELECT id, name, email FROM customers WHERE id = 2', { pg_direct => 1 });
	$statement->execute;
	show('parameter', $statement);
});
attempt('prepared', sub {
	my $statement = $connection->prepare($one, { pg_server_prepare => 1, pg_switch_prepared => 1, pg_prepare_now => 1 });
	for my $id (1, 2) {
		$statement->execute($id);
		show('prepared', $statement);
	}
});
attempt('cursor', sub {
	$connection->begin_work;
	$connection->do('DECLARE c CURSOR FOR SELECT id, name, email FROM customers ORDER BY id');
	query('cursor', 'FETCH 2 FROM c') for 1 .. 2;
});
$connection->rollback unless $connection->{AutoCommit};
attempt('cursor', sub {
	my $statement = $connection->prepare('SELECT id, name, email FROM customers ORDER BY id', { pg_async => PG_ASYNC });
	$statement->execute;
	$statement->pg_result;
	show('cursor', $statement);
});

attempt('copy', sub {
	$connection->do('COPY (SELECT id, name, email FROM customers ORDER BY id) TO STDOUT');
	my $line = '';
	while ($connection->pg_getcopydata($line) >= 0) {
		chomp $line;
		say_fact('copy', split /\t/, $line);
	}
});
attempt('copy', sub {
	$connection->do('CREATE TEMP TABLE heap (a int, b text)');
	$connection->do('COPY heap FROM STDIN');
	$connection->pg_putcopydata($_) for "1\tone\n", "2\t\\N\n";
	$connection->pg_putcopyend;
	query('copy', 'SELECT a, b FROM heap ORDER BY a');
});

attempt('notify', sub {
	$connection->do('LISTEN wire');
	$connection->do("NOTIFY wire, 'hello'");
	my $notice = $connection->pg_notifies;
	say_fact('notify', $notice ? @$notice[0, 2] : undef);
});

attempt('meta', sub {
	say_fact('meta', $_->[2]) for @{ $connection->table_info('', 'public', 'p%', 'TABLE')->fetchall_arrayref };
	say_fact('meta', @$_[3, 5]) for @{ $connection->column_info('', 'public', 'orders', '%')->fetchall_arrayref };
	say_fact('meta', $connection->primary_key('', 'public', 'customers'));
	say_fact('meta', map { @$_[2, 3] } @{ $connection->foreign_key_info('', 'public', 'customers', '', 'public', 'orders')->fetchall_arrayref });
});
attempt('savepoint', sub {
	$connection->begin_work;
	$connection->pg_savepoint('before');
	attempt('error', sub { $connection->do('SELECT 1/0') });
	$connection->pg_rollback_to('before');
	query('savepoint', 'SELECT id, name, email FROM customers WHERE id = 1');
	$connection->rollback;
});
attempt('child', sub {
	my $child = fork;
	if (!$child) {
		$connection->{InactiveDestroy} = 1;
		$connection = $connection->clone;
		query('child', 'SELECT id, name, email FROM customers WHERE id = 1');
		$connection->disconnect;
		exit 0;
	}
	waitpid($child, 0);
});

query('error', 'SELECT 1/0');
query('error', 'SELECT * FROM missing');

$connection->begin_work;
for my $sql ("INSERT INTO orders VALUES (9, 2, 'stool', 7.25)", 'UPDATE orders SET amount = amount + 1 WHERE customer = 1',
	'DELETE FROM orders WHERE id = 9') {
	attempt('write', sub { say_fact('write', $connection->do($sql)) });
}
$connection->rollback;

$connection->begin_work;
attempt('refused', sub { $connection->do('DROP TABLE plain'); say_fact('refused', '00000') });
$connection->rollback;
query('rows', 'SELECT count(*) FROM plain');
$connection->disconnect;
