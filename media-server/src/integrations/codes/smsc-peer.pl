#!/usr/bin/perl
# An SMSC for tests, by Debian's Net::SMPP. What it does is said by the last digit of the number:
#   1 refuses (invalid number)   2 throttled the first time   3 ends the connection without an answer
#   4 never answers              5 sends bytes that are no PDU   else takes the text
# Password: right or refused. Says its port, and one line for each bind and text, on standard output.
use strict;
use warnings;
use IO::Socket::INET;
use Net::SMPP;
$| = 1;
$SIG{CHLD} = 'IGNORE';
my $silent = ($ARGV[0] // '') eq 'no-enquiries';
my $smpp = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34) or die "can't listen: $!";
print 'port ', $smpp->sockport, "\n";
while (my $peer = $smpp->accept) {
    next if fork;
    close $smpp;
    my %tries;
    while (my $pdu = $peer->read_pdu) {
        my ($command, $seq) = ($pdu->{cmd}, $pdu->{seq});
        if ($command == 0x00000002) {
            printf "bind %s %s %x\n", $pdu->{system_id}, $pdu->{password} eq 'right' ? 'right' : 'wrong', $pdu->{interface_version};
            $peer->set_version(0x34);
            my $status = $pdu->{password} eq 'right' ? 0 : 0x0e;
            $peer->bind_transmitter_resp(system_id => 'smsc', seq => $seq, status => $status);
        } elsif ($command == 0x00000004) {
            my $to = $pdu->{destination_addr};
            my $last = substr $to, -1;
            printf "text %s %s %d %d %d %s\n", $pdu->{source_addr}, $to, $pdu->{dest_addr_ton}, $pdu->{source_addr_ton},
                $pdu->{data_coding}, unpack 'H*', $pdu->{short_message};
            exit if $last eq '3';
            next if $last eq '4';
            if ($last eq '5') { syswrite $peer, "\xff" x 64; next }
            my $status = $last eq '1' ? 0x0b : $last eq '2' && !$tries{$to}++ ? 0x58 : 0;
            $peer->submit_sm_resp(message_id => 'm1', seq => $seq, status => $status);
        } elsif ($command == 0x00000015) {
            print "enquiry\n";
            $peer->enquire_link_resp(seq => $seq) unless $silent;
        }
    }
    exit;
}
