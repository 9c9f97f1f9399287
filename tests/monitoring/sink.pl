# sink.pl - prints the body of each HTTP request as a line. For containers:
# perl-base is in every Debian image.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
my $door = IO::Socket::INET->new(LocalPort => 8080, Listen => 16, ReuseAddr => 1)
    or die "sink: $!\n";
while (my $client = $door->accept) {
	my $length = 0;
	while (my $line = <$client>) {
		$length = $1 if $line =~ /^content-length:\s*(\d+)/i;
		last if $line =~ /^\r?\n$/;
	}
	read $client, my $body, $length;
	print "$body\n";
	print $client "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	close $client;
}
