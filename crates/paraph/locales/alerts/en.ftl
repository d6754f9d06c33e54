# Alerts: read at three in the morning, on a phone, by somebody who has never seen one. Short sentences, no jargon.
# $since and $over are times, $zone their time zone, $utc the first in UTC. Where the zone is UTC, times-utc and times-over-utc say it once.

title = { $site }: { $summary }
title-over = { $site }: { $summary }
title-test = { $site }: test, nothing is wrong

count-safe = Count safe.
count-uncertain = Count uncertain since { $since }.
can-sign-yes = People can sign: yes.
can-sign-no = People can sign: no, since { $since }.
act-yes = Act now: yes.
act-no = Act now: no, it can wait for the morning.

times = Since { $since } ({ $zone }), { $utc } UTC.
times-utc = Since { $utc } UTC.
times-over = From { $since } to { $over } ({ $zone }); began { $utc } UTC.
times-over-utc = From { $utc } to { $over } UTC.
again = Times told before: { $told }. It is repeated until somebody presses the button behind the link.
link = I am at work on it: { $link }
room = See it and act: { $room }
over = It is over. There is nothing to do.
over-left = It is over. Held signatures that await your decision: { $held }. Until then they stay outside the count; it can wait for the morning.
test = This is a test of this channel. Nothing is wrong, there is nothing to do.

summary-store-refuses = nothing can be recorded
summary-disk-low = the disk is nearly full
summary-ledger-differs = the count does not follow from the journal
summary-signing-shed = too many people at once, some are sent away
summary-scrutiny-behind = new signatures are not counted at the moment
summary-holds-at-cap = more to hold than is held without you
summary-incident = an attack is under way, and is being set aside
summary-mail-stuck = mail does not leave
summary-clock-stepped = the clock has jumped
summary-reload-refused = the new configuration was refused
summary-erasures-wait = erased records still have their keys
summary-incident-unreadable = what was noted of an attack cannot be read
summary-certificate-ends = the site’s certificate runs out soon
summary-certificate-over = the site has no valid certificate

ended-store-refuses = everything is recorded again
ended-disk-low = the disk has room again
ended-ledger-differs = the count follows from the journal again
ended-signing-shed = nobody is sent away any more
ended-scrutiny-behind = new signatures are counted again
ended-holds-at-cap = nothing waits over the limit of holds any more
ended-incident = the attack is over
ended-incident-unreadable = what was noted of the attack can be read again
ended-mail-stuck = mail leaves again
ended-clock-stepped = the clock runs as it should again
ended-reload-refused = a configuration was accepted
ended-erasures-wait = the keys of erased records are gone
ended-certificate-ends = the site’s certificate has been renewed
ended-certificate-over = the site has a valid certificate again

do-store-refuses = The disk is full, read-only or broken. Nothing that was acknowledged is lost. Look at the disk; do not delete anything, do not restart.
do-disk-low = Signing is paused, pages and confirmations go on. Free some space outside the data directory; signing resumes by itself.
do-ledger-differs = Do not restart, do not repair. Keep a copy of the data directory as it is, then run: paraph fsck
do-signing-shed = Those sent away are told to come back. If it is an attack: nothing is lost. If it is a crowd: see Limits in the operator's guide.
do-scrutiny-behind = Signatures are taken in and confirmed, and wait to be looked at; nothing is lost. After a restart this takes a few minutes. If it stays, look at the log and write down what it says; do not restart before somebody who knows the server has read it.
do-holds-at-cap = A large attack. What is over the limit waits outside the count; the count is right without you. In the incident room: raise the limit for an hour, or leave it.
do-incident = What is held does not count, and nobody is refused for it. Doing nothing is safe; everything can be taken back in the incident room.
do-mail-stuck = People can sign; their mail waits, and is tried for three days. Look at the mail server in the morning.
do-clock-stepped = Nothing is erased by age for an hour. Set the clock right within it; do not restart the server while the clock is ahead.
do-reload-refused = The server goes on with the configuration before it. Run: paraph check-config
do-erasures-wait = Pages and count are right, and nothing shows what was erased; but its keys are still on the disk, and people were told that it is gone. In the morning, look at the log and at who may write keys/erasures.log and keys/keys.db.
do-incident-unreadable = The count is right, people can sign, and no signature and no decision is lost. The server goes on without its notes of one attack; but no new backup can be made until they are mended. Keep the backups that you have, and delete nothing. In the morning: “Check” in the operator’s guide says how to mend it.
do-certificate-ends = It should have been renewed by itself, and was not. The site is up. In the morning, run: paraph doctor
do-certificate-over = Browsers refuse the site; nothing is lost. Run: paraph doctor. It says what the authority answered, or which file to renew.

page-button = I am at work on it
page-room = To the incident room
page-acknowledged = Somebody is at work on it. It is repeated no more.
page-gone = This alert is over.
page-unknown = This link is not complete. Open it from the message again.
