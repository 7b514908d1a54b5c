# Net::SFTP::Foreign at the verbs of tests/clients/libraries.py.
use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8);
use Net::SFTP::Foreign;
use IO::Pty;
use Expect;

my ($word, @rest) = map { decode_utf8($_) } @ARGV;
if ($word eq "version") {
    print "$Net::SFTP::Foreign::VERSION\n";
    exit 0;
}

my @more = (-F => "/dev/null", map { (-o => $_) } (
    "UserKnownHostsFile=$ENV{SFTP_KNOWN_HOSTS}", "GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no", "IdentitiesOnly=yes", "IdentityAgent=none", "LogLevel=ERROR",
));
my @proof = $ENV{SFTP_PASSWORD} ? (password => $ENV{SFTP_PASSWORD}) : (key_path => $ENV{SFTP_KEY});
push @more, (-o => "PubkeyAuthentication=no") if $ENV{SFTP_PASSWORD};
my $sftp = Net::SFTP::Foreign->new(
    host => $ENV{SFTP_HOST}, port => $ENV{SFTP_PORT}, user => $ENV{SFTP_USER}, timeout => 30,
    fs_encoding => "utf-8", more => \@more, @proof,
);
$sftp->die_on_error("log in");

my %verbs = (
    put    => sub { $sftp->put($_[0], "/$_[1]") },
    resume => sub { $sftp->put($_[0], "/$_[1]", resume => 1) },
    list   => sub {
        binmode STDOUT, ":encoding(UTF-8)";
        my $found = $sftp->ls("/", names_only => 1) or return 0;
        print "$_\n" for @$found;
        1;
    },
    get    => sub { $sftp->get($_[0], $_[1]) },
    rename => sub { $sftp->rename("/$_[0]", "/$_[1]") },
    delete => sub { $sftp->remove("/$_[0]") },
);
$verbs{$word}->(@rest) or die "$word: " . $sftp->error . "\n";
$sftp->disconnect;
