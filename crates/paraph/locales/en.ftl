# English. A message whose id ends in -html holds markup; all others are plain text.
# Every locale has the same ids and the same variables: a test checks.

name = English
dir = ltr
number-group = ,
number = { $number }
colon = { ": " }
date = { $day } { $month ->
    [m1] January
    [m2] February
    [m3] March
    [m4] April
    [m5] May
    [m6] June
    [m7] July
    [m8] August
    [m9] September
    [m10] October
    [m11] November
   *[m12] December
} { $year }
date-time = { $day } { $month ->
    [m1] January
    [m2] February
    [m3] March
    [m4] April
    [m5] May
    [m6] June
    [m7] July
    [m8] August
    [m9] September
    [m10] October
    [m11] November
   *[m12] December
} { $year } at { $hour }:{ $minute } UTC
yes = Yes
no = No

## Around every page

skip = Skip to content
languages = Languages
about = About this site
method-link = How we count
privacy-link = Your data
legal-link = Legal notice
contact-link = Write to us
no-third-party = No tracker, no advertisement, nothing from a third party.
write-to-html = Something does not work? Write to <a href="mailto:{ $contact }">{ $contact }</a>: a person reads it.
petition = Petition
back-to-petition = Back to the petition
all-petitions = All petitions

## List

home-title = Petitions
home-heading = Petitions whose count can be trusted
home-lead = Every signature shown here was confirmed from a mailbox of its own, and checked before it entered the count.
home-empty = No petition is open at the moment.
addressed-to = Addressed to
closed = Closed to signatures
closed-short = Closed

## Petition

launched-by = Launched by
count-label = Signatures
people-signed = { $count ->
    [one] confirmed signature
   *[other] confirmed signatures
}
goal = { $percent }% of a goal of { $goal }
goal-begun = Less than 1% of a goal of { $goal }
goal-reached = The goal of { $goal } is reached
held = { $count ->
    [one] { $count } signature previously counted, now held.
   *[other] { $count } signatures previously counted, now held.
}
held-why = They are being checked, and are no longer in the number above.
invalidated = { $count ->
    [one] { $count } signature previously counted, now invalidated.
   *[other] { $count } signatures previously counted, now invalidated.
}
invalidated-why = A person has looked at them and given a reason: they are no longer in the number above. This can be undone.
held-link = Why this can happen
as-of = Counted up to
sign-petition = Sign this petition
sign-plain = Go to the form
closed-why = This petition no longer takes signatures. Its text and its count stay here.
published = Published on
closes = Open until
closed-on = Closed on
text-version = Version { $version } of the text.

## Sharing

share-title = Pass it on
share-lead = A petition grows when people talk about it. These links say nothing about you, and nothing is loaded from elsewhere until you press one.
share-words = This petition deserves your attention: “{ $title }”
share-sheet = Share…
share-mail = Email
share-sms = Text message
share-address = The address of this petition
share-copy = Copy
share-copied = The address is copied.
share-copy-failed = Your browser did not allow it: the address is selected, please copy it yourself.
share-copy-hint = For Signal, or anything else: copy the address and paste it into your message.
share-mastodon = On Mastodon: your instance
share-mastodon-go = Open
og-locale = en_GB
poster-title = Poster
poster-link = A poster to print, with a QR code
poster-print = Print this page (A4).
poster-code = QR code: the address of this petition
poster-do = Point your phone’s camera at this code, or type this address:
poster-trust = every signature is confirmed, then checked, before it is counted.

## Form

form-needed = Your name and your e-mail address are all that is needed.
label-name = First and last name
label-email = E-mail address
hint-email = Never published. We write to it once, so that you can confirm.
label-postcode = Postcode
label-country = Country
label-comment = Why I am signing
label-website = Leave this field empty
label-show-name = Show my name among the signatories
label-news = Send me news of this petition
consent-1 = By pressing “Sign”, I give this site and the author of this petition my explicit consent to use the opinion that my signature reveals, in order to count it and to show of it only what I have chosen; I can withdraw it at any time.
sign-button = Sign
form-after = You will receive an e-mail: your signature counts once you have confirmed it.
form-privacy = What becomes of your data
form-checking = One moment: your browser is finishing a short calculation that keeps forgers away.
form-waiting = Many people are signing. Yours is sent by itself in a few seconds; stay on this page.
form-sending = Sending…
error-prefix = Not sent yet –
errors-title = { $count ->
    [one] Nothing was sent yet: one point to correct.
   *[other] Nothing was sent yet: { $count } points to correct.
}
errors-kept = What you typed has been kept.
problem-required = please fill in this field.
problem-too-long = at most { $limit } characters, please.
problem-rare-email = this site cannot write to addresses with an accent or quotation marks before the @. Please give another one.
problem-bad-email = this address cannot receive mail as it is written. It looks like name@example.org.
problem-bad-characters = this holds characters that cannot be shown, or no letter at all.
problem-link = this looks like an e-mail or web address. Please give the name alone.
problem-unknown-country = please choose a country from the list.
problem-bad-value = this field does not take that value.
problem-repeated = this field came twice.
problem-unknown-field = this form has no such field.
problem-too-many-fields = more fields came than are read. Please send those of the form alone.

notice-no-clearance-title = One more press, please.
notice-no-clearance-detail = { $wait ->
    [one] Your browser could not do its automatic check, so this form does without. Nothing is lost: wait a second, then press “Sign” again.
   *[other] Your browser could not do its automatic check, so this form does without. Nothing is lost: wait { $wait } seconds, then press “Sign” again.
}
notice-clearance-refused-title = The automatic check has to be done again.
notice-clearance-refused-detail = { $wait ->
    [one] Nothing was recorded and what you typed is still here. Wait a second, then press “Sign” again.
   *[other] Nothing was recorded and what you typed is still here. Wait { $wait } seconds, then press “Sign” again.
}
notice-expired-title = This form had been open for too long.
notice-expired-detail = { $wait ->
    [one] Here is a fresh one, with what you typed. Wait a second, then press “Sign” again.
   *[other] Here is a fresh one, with what you typed. Wait { $wait } seconds, then press “Sign” again.
}
notice-too-early-title = That was very quick.
notice-too-early-detail = { $wait ->
    [one] Machines fill in forms at once, people do not: wait a second, then press “Sign” again. What you typed is still here.
   *[other] Machines fill in forms at once, people do not: wait { $wait } seconds, then press “Sign” again. What you typed is still here.
}
notice-slow-down-title = Many signatures come from your network.
notice-slow-down-detail = { $wait ->
    [one] It may be a shared one. Nothing is lost: wait a second, then press “Sign” again. What you typed is still here.
   *[other] It may be a shared one. Nothing is lost: wait { $wait } seconds, then press “Sign” again. What you typed is still here.
}
notice-busy-title = The site cannot take your signature at this moment.
notice-busy-detail = { $wait ->
    [one] Nothing is lost: wait a second, then press “Sign” again. What you typed is still here.
   *[other] Nothing is lost: wait { $wait } seconds, then press “Sign” again. What you typed is still here.
}
again-waiting = This page sends your form again by itself; leave it open.
notice-read-only-title = Signing is paused for the moment.
notice-read-only-detail = The site is under heavy load and shows its pages only. Nothing is lost: your form is kept in this page. Leave it open and press “Sign” again in { $wait } seconds, or come back later.

## How it stands, for the operator

ops-title = How the site stands
ops-open = Signatures are taken.
ops-read-only = Pages only: signing is paused by an operator. Who signs is told to leave the page open.
ops-trouble = Something is wrong: /readyz says what.
ops-now = Now
ops-price = Price of a puzzle, rounds a guess
ops-bans = Bans in force
ops-intake = Commands waiting for the writer
ops-lanes = Lanes
ops-lanes-what = Those that matter most first. Nothing is sent away before everything that matters less is.
ops-lane = Lane
ops-working = In work
ops-waiting = Waiting
ops-delay = Delay
ops-served = Served
ops-shed = Sent away
ops-lane-operator = Operators
ops-lane-desk = The desk
ops-lane-desk_door = The desk’s door, logging in
ops-lane-confirm = Confirmations
ops-lane-manage = Withdrawals and objections
ops-lane-sign = Signatures with script
ops-lane-plain = Signatures without script, and of busy sources
ops-lane-challenge = Puzzles and forms
ops-lane-verification = Verification of puzzles
ops-bounds = How much of each bound is used
ops-metrics = All metrics

## Check your mail

check-mail-title = Check your mail
check-mail-lead = One step is left: open the message that we are sending you.
check-mail-open-html = Open the message from <strong>{ $from }</strong>, in the name of { $site }.
check-mail-press = Follow its link, read what you are about to sign, and press the button.
check-mail-counted = { $minutes ->
    [one] Your signature enters the count about one minute later.
   *[other] Your signature enters the count about { $minutes } minutes later.
}
check-mail-nothing-title = Nothing has come?
check-mail-time = It usually takes a minute. On a busy day it can take an hour: your place is kept, nothing is lost.
check-mail-spam = Look among unwanted mail, and in the “Promotions” folder if you have one.
check-mail-again = Was there a slip in the address?
check-mail-again-link = Fill in the form again
check-mail-stopped = Did you once stop our mail to this address? Open any link of an earlier mail of ours and allow it again.
check-mail-elsewhere = Did you get a mail of ours today about another petition? The page behind its link shows this one too.
check-mail-same = Did you get a mail of ours about this very petition? The page behind its link shows what you have just sent too; if that link is spent, the next mail leaves a day after it.
check-mail-kept = { $days ->
    [one] Without confirmation, what you sent is erased after one day.
   *[other] Without confirmation, what you sent is erased after { $days } days.
}

## Confirm

shown-name = Name
shown-place = Place
shown-comment = Comment
shown-public = Shown in public
shown-public-yes = Your name may be shown
shown-public-no = Nothing; your signature is only counted
shown-news = News of this petition
shown-sent = Sent on
confirm-title = Confirm my signature
confirm-heading = You are about to sign
confirm-lead = Nothing is counted before you press the button. Is this you, and is this what you want to sign?
confirm-lead-again = You have confirmed another signature of this petition from this mailbox. If you confirm this one too, both are kept and you are counted once. Is this you, and is this what you want to sign?
confirm-button = I confirm my signature
not-me-question = You did not ask for this?
not-me-link = It wasn’t me
others-title = { $count ->
    [one] Something else is waiting for this mailbox
   *[other] { $count } others are waiting for this mailbox
}
others-lead = They were sent with your address, by you or by somebody else. Confirm only what is yours; the rest is erased by itself.
others-button = Confirm this one instead
others-button-too = Confirm this one too
others-older = Show older contributions
confirmed-title = Signature confirmed
confirmed-heading = You have signed
confirmed-new = { $minutes ->
    [one] Thank you. Your signature is confirmed; it enters the displayed count about one minute from now, once it has been checked.
   *[other] Thank you. Your signature is confirmed; it enters the displayed count about { $minutes } minutes from now, once it has been checked.
}
confirmed-again = This link had been used already: your signature stands as it was. It counts once.
confirmed-before = You had signed this petition from this mailbox before. Both are kept; you are counted once.
confirmed-at = Confirmed on
receipt-title = Your receipt
receipt-keep = Keep it, and keep it to yourself: it holds the secrets of your signature, and whoever has it can withdraw it.
receipt-download = Download the receipt
receipt-checks = What it is good for: pointing to your signature without showing your name, and, when this site publishes its public log, checking on your own that your signature is in it. It says nothing about the signatures of others.
receipt-show = Show the receipt
change-mind-title = If you change your mind
change-mind = You can withdraw your signature as long as the petition exists, with this link or with the one in the message.
withdraw-link = Withdraw my signature

second-way-title = About your signature
second-way-lead = We could not confirm this signature automatically, because it came in together with many others that look alike. It is not an accusation. Did you sign this?
second-way-button = Yes, I signed this
second-way-then = After that a person looks at it. Nothing that you entered is lost, and you need do nothing more.
answered-title = Thank you for your answer
answered-lead = It is recorded. A person now looks at your signature; that can take a day or two.
answered-before-lead = We have received your answer already, and it waits for a person to look at your signature; that can take a day or two.
answered-nothing = You need do nothing more, and you get no further mail about this. Nobody else is told that you were asked.

## Withdraw, not me

withdraw-title = Withdraw my signature
withdraw-lead = Once you press the button, your signature no longer counts and your data is erased.
withdraw-several = { $count ->
    [one] One signature was confirmed from this mailbox: it will be withdrawn.
   *[other] { $count } signatures were confirmed from this mailbox, and count once: all of them will be withdrawn.
}
withdraw-another = This is what you confirmed from this mailbox. What the message itself was about will not stand after that either.
withdraw-unconfirmed = You have not confirmed it: it has never counted. Your data can be erased at once; otherwise it is erased by itself { $unconfirmed ->
    [one] after a day
   *[other] after { $unconfirmed } days
 }.
withdraw-again = You can sign again later.
withdraw-button = Withdraw my signature
withdraw-keep = Keep my signature and go back to the petition
withdrawn-title = Your signature is withdrawn
withdrawn-unconfirmed = It had not been confirmed and has never counted. Your data is erased.
withdrawn-lead = { $minutes ->
    [one] It leaves the displayed count within a minute. You have nothing else to do.
   *[other] It leaves the displayed count within { $minutes } minutes. You have nothing else to do.
}
withdrawn-at = Withdrawn on
withdrawn-again = Your mailbox is free to sign again.
not-me-title = It wasn’t me
not-me-lead = Somebody entered your address. It counts for nothing unless you confirm it, and nobody was told. What should become of it?
not-me-lead-confirmed = This signature was confirmed from your mailbox. Whichever you choose, everything that was confirmed from it for this petition leaves the count. What should become of it?
not-me-stands = What was confirmed from this mailbox stays, and is not touched here. If that was not you either, or if you have changed your mind:
not-me-changed-mind = If it was you, and you have changed your mind:
erase-title = Erase everything
erase-what = Everything that was sent to this petition with your address is erased and can never be counted. Most people choose this.
erase-what-waits = Everything that was sent to this petition with your address, and that you have not confirmed, is erased and can never be counted. Most people choose this.
erase-button = Erase everything
keep-title = Keep it for my own complaint
keep-what = It can never be counted either, but what we know of the sending is sealed and kept, so that you can lodge a complaint for the use of your identity. Only you, and the authority that you turn to, can ask for it.
keep-button = Keep it, sealed
not-me-lead-kept = You told us that this was not you. It cannot be counted, and what we know of the sending is sealed and kept for your complaint. If you no longer want that, you can still have it erased.
not-me-both = In both cases you can still sign this petition yourself, whenever you wish.
disowned-title = Thank you for telling us
disowned-erased = Everything that was sent to this petition with your address has been erased. It was never you, and it will not be counted.
disowned-erased-waiting = Everything that was sent to this petition with your address, and that you have not confirmed, has been erased. It was never you, and it will not be counted.
disowned-kept = It will not be counted. What we know of the sending is sealed and kept for your complaint. Write to us when you need it.
disowned-gone = It will not be counted. Everything that was sent had been erased before: there is nothing left to keep.
disowned-counted = { $minutes ->
    [one] If it was in the displayed count, it leaves it within a minute.
   *[other] If it was in the displayed count, it leaves it within { $minutes } minutes.
}
disowned-stands = What you confirmed yourself stays. If that was not you either:
disowned-at = Recorded on
disowned-sorry = We are sorry for the bother. Telling us helps to find the other forgeries.

## Stop mail to an address

stop-mail-link = Stop mail to this address, or allow it again
stop-mail-title = Mail to this address
stop-mail-confirmation-lead = Confirmation mails may come to this address when somebody enters it into a form of this site.
stop-mail-confirmation-stop = { $days ->
    [one] You can stop them, whoever enters the address. Without such a mail nobody can sign with this address, you neither. The stop ends by itself after one day; you can end it earlier through any link of our mails.
   *[other] You can stop them, whoever enters the address. Without such a mail nobody can sign with this address, you neither. The stop ends by itself after { $days } days; you can end it earlier through any link of our mails.
}
stop-mail-confirmation-stopped = Stopped. No more confirmation mails go to this address.
stop-mail-confirmation-allow = Would you like to sign with this address? Allow the mails again: one that waits then comes at once.
stop-mail-until = This ends by itself on
stop-mail-news-lead = News of petitions may come to this address when it has asked for them.
stop-mail-news-stop = You can stop all of them. If you ask for news again when you sign another petition, those will come.
stop-mail-news-stopped = Stopped. No more news go to this address.
stop-mail-news-allow = Would you like to have the news again that you had asked for?
stop-mail-stop-button = Stop these mails
stop-mail-allow-button = Allow these mails again
stop-mail-nothing-else = Nothing else changes here: no signature is confirmed or withdrawn, and this page does not say whether this address has signed anything.

## Deliverability, for the operator

mail-title = Does our mail arrive?
mail-all-well = Every domain that we have written to takes our mail.
mail-some-rest = { $count ->
    [one] One domain takes no mail from us at the moment. It is asked less and less often; nothing is lost.
   *[other] { $count } domains take no mail from us at the moment. They are asked less and less often; nothing is lost.
}
mail-queue = Mail that waits
mail-age-hour = for less than an hour
mail-age-six = for one to six hours
mail-age-day = for six hours to a day
mail-age-older = for more than a day
mail-held = of these, because the address is left alone
mail-next = The next one that was put off is due on
mail-domains = By domain
mail-domains-what = Since the last start. A domain is named once ten addresses share it.
mail-domain = Domain
mail-sent = Sent
mail-deferred = Put off
mail-refused = Refused
mail-returned = Came back
mail-again = Asked again
mail-other = All others
mail-quiet = Addresses left alone
mail-quiet-confirmations = their reader stopped confirmation mails
mail-quiet-news = their reader stopped news
mail-quiet-bounced = there is no such mailbox, says their mail server
mail-quiet-troubled = not left alone: passing troubles in the last 30 days
mail-no-names = Nobody’s address is kept here: only tags that cannot be turned back.

## A copy elsewhere

copy-notice = This is a copy, made because the site itself may be hard to reach. Text and numbers are as of
copy-sign = Nobody can sign here; one signs at
copy-kept = Nothing that was signed or confirmed is lost, and the links of our mails stay good.

## What could not be done

refusal-code = For whoever helps you:
retry-after = { $wait ->
    [one] You can try again in one second.
   *[other] You can try again in { $wait } seconds.
}
refusal-bad-request-title = We could not read that
refusal-bad-request-detail = What your browser sent is incomplete or damaged. Nothing was recorded, and nothing that you had confirmed is lost.
refusal-bad-request-do = Go back to the petition and fill in the form again.
refusal-forbidden-title = This form can no longer be used
refusal-forbidden-detail = It was open for too long, or was sent once already. Nothing was recorded, and nothing that you had confirmed is lost.
refusal-forbidden-do = Go back to the petition: a fresh form is waiting there.
refusal-banned-title = This connection is blocked for a while
refusal-banned-detail = Forged signatures or too many requests came from its address or from its neighbours, or a person at this site blocked it. You may share that address with others: nobody says that it was you. Nothing that you had confirmed is lost, and the links in our messages still work.
refusal-banned-do = Come back later, or use another connection, for example your phone’s. If it happens again, write to us: a person can lift the block at once.
refusal-not-found-title = There is nothing at this address
refusal-not-found-detail = A letter may be missing at the end of the link, or the page has moved. Nothing that you signed is lost.
refusal-not-found-do = Look for the petition in the list.
refusal-link-unknown-title = We do not know this link
refusal-link-unknown-detail = Part of it may have been cut off on the way, or what it stood for has been erased since, as it is when it stays unconfirmed. Nothing that you had confirmed is lost.
refusal-link-unknown-do = Open the message again and use its whole link. If it is an old one, sign again: a signature counts once in any case.
refusal-link-expired-title = This signature was never confirmed
refusal-link-expired-detail = So it never counted, and what was entered is erased, at your wish or after some time. If you have confirmed another from this mailbox, that one stays.
refusal-link-expired-do = You can sign again: the form takes a minute. If we wrote to you about this petition today, the next message comes a day later.
refusal-link-withdrawn-title = This signature was withdrawn
refusal-link-withdrawn-detail = It no longer counts, and what was entered has been erased. There is nothing left to do.
refusal-link-withdrawn-do = If you have changed your mind, you can sign again.
refusal-link-disowned-title = This was reported as not signed by you
refusal-link-disowned-detail = It does not count and cannot be confirmed any more.
refusal-link-disowned-do = If you do want to sign, you can: it takes a minute.
no-more-signing = The petition is closed: it can no longer be signed.
refusal-method-not-allowed-title = This page cannot be used in that way
refusal-method-not-allowed-detail = Your browser asked for something that this page does not do. Nothing was recorded, nothing is lost.
refusal-method-not-allowed-do = Go back and use the buttons of the page.
refusal-too-slow-title = The connection was too slow
refusal-too-slow-detail = What you sent did not arrive whole in time. Nothing was recorded, nothing is lost.
refusal-too-slow-do = Go back and send it again, if possible from a better connection.
refusal-closed-title = This petition is closed
refusal-closed-detail = It no longer takes signatures. Those that it has stay counted; yours too, if you had confirmed it.
refusal-closed-do = You can still read it, and withdraw a signature.
refusal-too-large-title = That was too much at once
refusal-too-large-detail = The form holds more than it can take. Nothing was recorded, nothing is lost.
refusal-too-large-do = Go back and shorten your comment.
refusal-unsupported-type-title = We could not read that
refusal-unsupported-type-detail = The form came in a format that this site does not take. Nothing was recorded, nothing is lost.
refusal-unsupported-type-do = Go back to the petition and use its form.
refusal-slow-down-title = A little too fast
refusal-slow-down-detail = Many requests came from your network, which you may share with others. Nothing that you had confirmed is lost.
refusal-slow-down-do = Wait a moment, then go back and try again: what you typed should still be there.
refusal-broken-title = Something broke on our side
refusal-broken-detail = It is not your doing. What you had already confirmed is safe; what you just sent may not have been recorded.
refusal-broken-do = Try again in a minute: sending the same thing twice does no harm, it counts once.
refusal-busy-title = One moment, please
refusal-busy-detail = The site cannot answer this at the moment. Nothing that you had confirmed is lost, and your link stays good.
refusal-busy-do = Wait a moment, then try again: sending the same thing twice does no harm, it counts once.
refusal-read-only-title = Signing is paused for the moment
refusal-read-only-detail = The site is under heavy load and shows its pages only. Nothing that you had confirmed is lost, and the links in our messages still work.
refusal-read-only-do = Leave the page open and try again in a few minutes, or come back later.

## How we count

method-html =
    <h1>How we count</h1>
    <p class="lead">A number beside a petition is worth what one knows of how it was made. This is how ours is made, and what it does not prove.</p>
    <h2>What is counted</h2>
    <p>Each signature is looked at along three lines that do not depend on each other:</p>
    <dl class="axes">
    <div><dt>The mailbox</dt><dd>unconfirmed, or <b>confirmed</b>: somebody opened our message and pressed the button.</dd></div>
    <div><dt>The verdict</dt><dd><b>clear</b>, held while it is being checked, or invalidated with a reason that can be reviewed.</dd></div>
    <div><dt>The end</dt><dd><b>none</b>, expired because it stayed unconfirmed, withdrawn by its signatory, or disowned (“it wasn’t me”).</dd></div>
    </dl>
    <p>Counted are the signatures that are confirmed, clear and not ended. One mailbox counts once for each petition. Opening the link is not enough: programs open links, a person presses the button.</p>
    <h2 id="settle">When it is counted</h2>
    <p>{ $minutes ->
        [one] A confirmed signature enters the displayed count within about one minute.
       *[other] A confirmed signature enters the displayed count within about { $minutes } minutes.
    } The delay leaves time to check it. This is why the number moves in steps.</p>
    <h2 id="held">Previously counted, now held</h2>
    <p>Some forgeries only show when many are looked at together. When signatures that had been counted look like that, they are held: they leave the count, and the page says how many. Held people are not accused of anything. They are released, or invalidated by a person who gives a reason; both can be undone.</p>
    <h2>What is never shown</h2>
    <p>How many attempts were set aside is not shown live: a flood would print a large number beside a petition, which may be all that it wants. Nor how many signatures are still unconfirmed: it would tell whether someone has just signed. For the same reason the form answers everyone alike, and never says whether an address has signed.</p>
    <p>{ $unconfirmed ->
        [one] Unconfirmed signatures are erased after one day.
       *[other] Unconfirmed signatures are erased after { $unconfirmed } days.
    }</p>
    <h2>What this does not prove</h2>
    <ul>
    <li>A mailbox is not a person. Whoever owns twenty mailboxes can sign twenty times. We bound it and we look for it; we cannot exclude it.</li>
    <li>A name is what the signatory wrote. We do not check identity papers.</li>
    <li>The calculation that your browser does keeps a flood from being free. It does not tell people from machines.</li>
    <li>A dishonest operator could invent signatures. Receipts, and a public log that anyone can recount, are what bounds that; until a petition has such a log, you are trusting this site.</li>
    </ul>

method-networks-html =
    <h2 id="networks">Whom a network is registered to</h2>
    <p>To see an attack, it helps to know which network an address belongs to, to whom and in which country a registry has registered it, and whether it rents out servers or connects homes. The table for that is inside the program: no address is sent to anybody. What the table does not know is called unknown. A registered holder is whom a registry names, not the author of what came from there.</p>
    <p>The table comes from <a href="https://www.routeviews.org/">RouteViews</a>, the <a href="https://www.nro.net/">NRO</a> and <a href="https://db-ip.com/">IP Geolocation by DB-IP</a>, under the licence <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>, compiled by <a href="https://github.com/sapics/ip-location-db">ip-location-db</a>; Paraph has shortened it and added the kinds of networks.</p>

## Your data

consent-version = Consent sentence, version { $version }.
privacy-html =
    <h1>Your data</h1>
    <p class="lead">Signing a petition says something about what you think. The law protects that more than anything else, and so do we.</p>
    <h2>Who is responsible</h2>
    <p>{ $site } and the author of the petition decide together that signatures are gathered for it: for that they are joint controllers. { $site } alone is responsible for receiving, confirming, counting, checking and securing them; it is the one to write to, for everything: <a href="mailto:{ $contact }">{ $contact }</a>. The author sees the count and what signatories chose to show, and receives neither addresses nor the list. An author who gathers data elsewhere does so alone, as a separate controller.</p>
    <h2>What, why, on what ground</h2>
    <p>Your name, address, place, comment and choices, in order to count your signature: on your explicit consent (GDPR, article 9(2)(a)), given by the sentence below the form and by nothing else.</p>
    <p>News of the petition: only if you ticked the box, on that separate consent. Refusing it changes nothing for your signature.</p>
    <p>The address and port of your connection, the time, and technical traits of your browser in scrambled form, in order to keep forgeries out of the count and to be able to prove an attack: on our legitimate interest in a true count (article 6(1)(f)) and for the establishment, exercise or defence of legal claims (article 9(2)(f)).</p>
    <h2>How long</h2>
    <dl class="axes">
    <div><dt>Unconfirmed</dt><dd>{ $unconfirmed ->
        [one] erased after one day.
       *[other] erased after { $unconfirmed } days.
    }</dd></div>
    <div><dt>Technical traits</dt><dd>{ $features ->
        [one] erased after one day.
       *[other] erased after { $features } days.
    }</dd></div>
    <div><dt>Signature</dt><dd>until you withdraw it: nothing erases it by itself, not even the end of the petition.</dd></div>
    <div><dt>Address, port and time of the connection</dt><dd>sealed with the signature that came from it, for as long as that.</dd></div>
    <div><dt>What you had us keep for your complaint (“it wasn’t me”)</dt><dd>sealed, until you have it erased through the same link.</dd></div>
    </dl>
    <h2>Who else sees it</h2>
    <p>No third party: no remote script, font, counter or captcha, and no cookie. Each record is sealed with a key of its own; erasing destroys the key. Only the company that hosts our machines and the one that carries our mail handle it, on our behalf. An authority can receive evidence of an attack, on a recorded decision of a person.</p>
    <h2>Your rights</h2>
    <p>Withdraw your consent at any time, by the link in our message: what was counted before stays lawful, and your signature leaves the count. See, correct, erase, limit, take away or object: write to us. You can also complain to the data-protection authority of your country. Nothing is decided about you by a machine alone: a signature that looks forged is held, and a person decides.</p>
    <h2>The sentence that you agree to when signing</h2>

## Legal notice

legal-publisher = Published by
legal-contact = Contact
legal-host = Hosted by
legal-petitions = Petitions
legal-petitions-html = Each petition is the responsibility of its author. To report an unlawful text, write to <a href="mailto:{ $contact }">{ $contact }</a>.
legal-software = Software
legal-software-text = This site runs Paraph, free software under the MIT or Apache 2.0 licence. Its check against forgers uses the ALTCHA widget (MIT licence), served from this site.

## What authors add

video = Video
video-watch = Watch the video
video-where = Nothing is loaded before you click. It then comes from { $host }, which learns your address.
first-title = First signatories
first-why = Named by the author of this petition. They are not part of the count by being named here.
updates-title = News
updates-all = All news
updates-none = There is no news yet.
update-by = by
feed-link = Follow without giving an address (Atom)
feed-title = News: { $title }
names-title = Some who signed
names-why = Names of those who wished to be shown. They appear in groups and in no order, some time after signing, and leave with a withdrawal.
versions-title = Versions of the text
versions-lead = What was signed stays as it was signed. A new version holds for those who sign after it was adopted.
versions-link = Earlier versions
versions-why = stay as they were signed.
version-title = Version { $version }
version-in-force = in force
version-earlier = an earlier version; who signed it signed these words
version-adopted = Adopted on
version-whole = The whole text
difference-title = What changed
difference-removed = removed:
difference-added = added:
signed-earlier = { $count ->
    [one] { $count } of the counted signed an earlier version.
   *[other] { $count } of the counted signed an earlier version.
}
form-earlier = You are signing version { $version } of the text, which was on your page. A later version is in force.
form-earlier-link = Read version by version
shown-text = Text
shown-earlier = Version { $version }, which was on the page; a later one is in force by now
reason-lockstep = Alike in at least three independent ways, as if made together
reason-machine = Made by a machine, as someone who looked has found
reason-same-person = Several signatures of one person
reason-disowned = Readers of the mailboxes say: “it wasn’t me”
reason-reviewed = Someone looked and found nothing against them
reason-answered = They answered when they were asked
reason-mistake = The earlier decision was a mistake
