# The desk: what authors, moderators and operators read. Same rules as en.ftl.

desk-name = Desk
desk-footer = Where the people work who run this site.
desk-petitions = Petitions
desk-mail = Mail
desk-members = Members
desk-audit = Log
desk-account = My account
desk-logout = Log out
desk-role-author = author
desk-role-moderator = moderator
desk-role-operator = operator
desk-former = a former member
desk-former-number = former member { $count }
desk-by-command = command line
desk-by-signal = signal (SIGHUP)
desk-to-review-count = { $count } to review

## Coming in

desk-login = Log in
desk-login-button = Log in
desk-login-wrong = Name, password or code is not right. A code is good once: wait for the next one.
desk-login-wait = Too many tries. Try again in { $wait ->
    [one] { $wait } second
   *[other] { $wait } seconds
}. Nobody is locked out for good.
desk-login-busy = Too many log in at once. Try again in { $wait ->
    [one] { $wait } second
   *[other] { $wait } seconds
}.
desk-login-lost = Lost your phone? Type one of your recovery codes instead of the code. None left? An operator can give you a new link.
desk-login-passkey-wrong = This passkey does not open the desk. Name, password and code still do.
desk-login-passkey-stopped = This passkey was stopped, as there may be a copy of it. Log in with name, password and code, and remove it under “My account”.
desk-passkey-or = Or without typing
desk-passkey-login = Log in with a passkey
desk-passkey-failed = That did not work: it was cancelled, or this device has no fitting passkey. Nothing was changed.
desk-passkey-late = This page lay open for too long, or was used already. Try again now.
desk-label-name = Name
desk-label-password = Password
desk-label-code = Code
desk-hint-code = The six digits of your app, or a recovery code.
desk-join = Welcome to the desk
desk-join-author = This link lets you write petitions.
desk-join-moderator = This link lets you review petitions, publish them and keep watch at night.
desk-join-operator = This link lets you run this site.
desk-renew = Choose again
desk-renew-lead = New password and new app for
desk-join-button = Enter the desk
desk-join-until = This link is good once, until
desk-hint-name = You log in with it, and other members see it. A pseudonym is fine.
desk-label-new-password = New password
desk-hint-password = At least twelve characters. Four random words will do.
desk-generator = App for codes
desk-generator-how = Scan this square with an authenticator app (any that you have), then type the code that it shows.
desk-generator-code = Square to scan with the app
desk-generator-type = Or type this key into the app:
desk-label-first-code = Code shown
desk-wrong-name = a name of 2 to 40 letters and digits, please.
desk-wrong-taken = this name is taken.
desk-wrong-password = at least twelve varied characters, without your name.
desk-wrong-code = this code is not right. Does your phone show the right time?
desk-codes = Recovery codes
desk-codes-lead = Write them down on paper, now. They will never be shown again.
desk-codes-how = Each stands in once for the code of your app, if you lose your phone.
desk-codes-kept = I have written them down
desk-codes-left = { $count ->
    [0] You have none left.
    [one] You have one left.
   *[other] You have { $count } left.
}
desk-codes-button = New codes

## My account

desk-sessions = Open sessions
desk-session-since = Opened on
desk-session-seen = Last used on
desk-session-this = this one
desk-session-end = End
desk-sessions-end = End all my sessions
desk-password = Password
desk-label-old-password = Current password
desk-password-button = Change the password
desk-old-wrong = The current password is not right. Nothing was changed.
desk-passkeys = Passkeys
desk-passkeys-what = With a passkey you get in by your phone’s or computer’s own lock, without password and code. Those stay: if you lose the device, you get in with them.
desk-passkeys-nowhere = Passkeys need a site that is reached by its name over https; this address is not.
desk-passkey-script = To add a passkey, this page needs script. Password and code work without.
desk-passkey-since = Added on
desk-passkey-stopped = Stopped: there may be a copy of it. Remove it, and add another.
desk-passkey-remove = Remove
desk-label-passkey-name = Name of the new passkey
desk-hint-passkey-name = So that you know it again: “phone”, “office computer”.
desk-passkey-make = Add a passkey
desk-passkey-name = A name of 2 to 40 letters and digits, please. No passkey was added.
desk-passkey-wrong = This passkey could not be taken. Nothing was changed.
desk-passkey-full = You have as many passkeys as there may be. Remove one first.

## Petitions

desk-none = No petition here yet.
desk-new = New petition
desk-group-review = To review
desk-group-drafts = Drafts
desk-group-open = Open
desk-group-closed = Closed
desk-state-draft = draft
desk-state-review = to review
desk-state-back = sent back
desk-state-open = open
desk-state-closed = closed
desk-written-by = written by
desk-public-page = See the public page
desk-as-of = Counted up to
desk-number-counted = signatures counted
desk-number-held = previously counted, now held
desk-number-invalidated = previously counted, invalidated
desk-number-withdrawn = previously counted, withdrawn
desk-edit = Edit
desk-post = Post an update
desk-close = Close the petition
desk-discard = Discard the draft
desk-submit = Ask for review
desk-waits = This petition waits for a moderator. If you change it, it has to be submitted again.
desk-sent-back = Sent back by a moderator, with this note:
desk-preview = Preview
desk-preview-not-kept = Nothing is saved yet.
desk-preview-button = Preview
desk-review = Review
desk-review-how = Publishing opens the petition for signatures, as you have just read it. It will not be a draft again.
desk-publish = Publish
desk-label-note = Why send it back? Its author will read this note.
desk-send-back = Send back to the author
desk-problem-note-empty = “Why send it back” is empty, and nothing is sent back: its author needs at least a word.
desk-problem-note-long = “Why send it back” is too long, and nothing is sent back: at most 2,000 characters.
desk-save = Save the draft
desk-save-open = Adopt this version
desk-edit-open = The petition is open. A change of title, addressee or text becomes a new version, and the page shows what has changed.
desk-problems = Something is not right, and nothing is saved. It is said beside each field.
desk-trouble-taken = This name in addresses is taken.
desk-trouble-full = This petition has as many versions or updates as the site allows.
desk-trouble-closed = The petition is closed: its text changes no more.
desk-problem-slug = lower-case letters, digits and hyphens, as in clean-river.
desk-problem-goal = a whole number from 1, or nothing.
desk-problem-video = the address of a video’s page, or of an .mp4 or .webm file.
desk-problem-first = the list is too long.
desk-label-title = Title
desk-hint-title = What you ask for, in one line.
desk-label-slug = Name in addresses
desk-hint-slug = Once the petition is published, it never changes. The page will be at
desk-label-owner = Who launches the petition
desk-hint-owner = Shown under the title.
desk-label-addressee = Addressee
desk-hint-addressee = Whom you ask. Optional.
desk-label-body = Text
desk-hint-body = An empty line begins a paragraph; “## ” a heading, “- ” a list.
desk-label-language = Language of the text
desk-label-goal = Goal
desk-hint-goal = Signatures hoped for. Optional.
desk-label-first = First signatories
desk-hint-first = One a line: name | quality. They are not counted. Optional.
desk-label-video = Video
desk-hint-video = It is loaded only when somebody asks for it. Optional.
desk-label-mail = Mail it to those who asked for news
desk-post-button = Post the update
desk-close-what = { $count ->
    [0] Nobody will be able to sign any more. Links already mailed still confirm.
    [one] One signature is counted. Nobody will be able to sign any more; links already mailed still confirm.
   *[other] { $count } signatures are counted. Nobody will be able to sign any more; links already mailed still confirm.
}
desk-close-sure = I know that it cannot be opened again.
desk-close-button = Close
desk-discard-what = The draft goes with everything that was written of it: title, text, every version, notes. Nobody can bring it back; its address is free again.
desk-discard-sure = I know that nothing of it will be left.
desk-discard-button = Discard

## Members

desk-since = since
desk-reset = New link
desk-remove = Remove
desk-remove-what = Their name, password and sessions are erased at once, and links that they made and nobody used are void. The log keeps what was done, without the name.
desk-remove-sure = Yes, remove this member.
desk-remove-button = Remove this member
desk-invite = Invite somebody
desk-invite-how = You get a link to hand over yourself, by a way that you trust. No address is asked for.
desk-invite-button = Make a link
desk-label-role = Role
desk-links = Links not used yet
desk-link-how = Hand it over by a way that you trust. It is good once, and will not be shown again.
desk-link-until = until
desk-take-back = Take back
desk-last-operator = This is the last operator: nobody could invite any more. Invite another one first.
desk-too-many = As many members or links as the site allows. Remove some first.

## Log

desk-audit-what = Who did what, and when: with petitions, members and accounts, with signatures and with signing itself, with the configuration, here and at the command line. No signatory is named here. What was noticed and written down in an incident stands in its shift log.
desk-act-invited = made a link to join
desk-act-reset = made a new link for
desk-act-link-taken-back = took back a link
desk-act-joined = joined the desk
desk-act-renewed = chose a new password and a new app
desk-act-login = logged in
desk-act-login-recovery = logged in with a recovery code
desk-act-login-passkey = logged in with a passkey
desk-act-passkey-added = added the passkey
desk-act-passkey-removed = removed the passkey
desk-act-passkey-stopped = was not let in: there may be a copy of the passkey
desk-act-session-ended = ended a session
desk-act-sessions-ended = ended all sessions
desk-act-password = changed the password
desk-act-recovery = asked for new recovery codes
desk-act-removed = removed a member
desk-act-crowdsec-on = decided that bans are told to CrowdSec
desk-act-crowdsec-off = decided that bans are told to CrowdSec no longer
desk-act-banned = banned an address by hand
desk-act-unbanned = lifted a ban
desk-act-bans-lifted = lifted all bans
desk-act-reloaded = had the configuration read again
desk-act-networks-updated = took over another table of networks, which is used from the next start on
desk-act-store-restored = brought the site back from a backup
desk-act-hold = held signatures
desk-act-release = released signatures
desk-act-invalidate = invalidated signatures
desk-act-reinstate = reinstated signatures
desk-act-undone = took back verdict { $verdict }
desk-audit-judged = { $petition }, { $count ->
    [one] { $count } signature
   *[other] { $count } signatures
}
desk-act-created = created
desk-act-edited = changed
desk-act-posted = posted an update
desk-act-published = published
desk-act-closed = closed
desk-act-discarded = discarded the draft
desk-act-submitted = asked for review
desk-act-sent-back = sent back

## What was just done

desk-done-logged-out = You are logged out.
desk-done-saved = It is saved.
desk-done-adopted = This version is in force.
desk-done-unchanged = Nothing was different.
desk-done-submitted = The petition waits for a moderator.
desk-done-submitted-own = The petition is to be reviewed. You can publish it yourself, further down.
desk-done-published = The petition is open for signatures.
desk-done-sent-back = The petition is with its author again, and your note with it.
desk-done-posted = The update is posted.
desk-done-closed = The petition is closed.
desk-done-discarded = The draft is discarded.
desk-done-password = The password is changed; the other sessions have ended.
desk-done-passkey = The passkey is added.
desk-done-passkey-removed = The passkey is removed. If this device still offers it, delete it there too.
desk-done-ended = The session has ended.
desk-done-all-ended = All your sessions have ended, this one too. Log in again to go on.
desk-done-removed = The member is removed.
desk-done-taken-back = The link is void.

## What is not right

desk-no-page = There is nothing here
desk-no-page-why = This page does not exist, or you may not see it.
desk-no-link = This link is of no use any more
desk-no-link-why = It was used, or its time is over. Ask an operator for another.
desk-no-right = Your role does not allow this
desk-no-right-why-author = Nothing was changed. Ask a moderator or an operator.
desk-no-right-why-moderator = Nothing was changed. Ask an operator; if it is about a petition, whoever wrote it may be allowed to.
desk-no-right-why-operator = Nothing was changed. No role allows this.
desk-no-form = This form is no longer valid
desk-no-form-why = Your session has changed or ended, or the form does not come from here. Nothing was changed: go back to the page and try again.
desk-no-form-written = What you wrote is below: copy it, log in again, and put it into the fresh form.
desk-no-changed = The draft has changed meanwhile
desk-no-changed-why = Nothing was published. Read it again first.
desk-no-submitted = It has been submitted
desk-no-submitted-why = This petition already waits for a moderator. There is nothing left to do.
desk-no-submitted-own = It has been submitted
desk-no-submitted-own-why = This petition is to be reviewed already. You can review and publish it yourself, on its page.
desk-no-with-author = This draft is not to be reviewed
desk-no-with-author-why = Whoever wrote it has not submitted it, has changed it since, or somebody has sent it back. Nothing was changed: it comes under “To review” as soon as it is submitted.
desk-no-published = This petition is published already
desk-no-published-why = It is open for signatures. Nothing was changed again.
desk-no-closed = This petition is closed already
desk-no-closed-why = Nobody can sign it any more, and its text stands. Nothing was changed again.
desk-no-draft = This petition is not published yet
desk-no-draft-why = Nobody follows it, and nobody can sign it. Nothing was changed.
desk-no-full = There is no room left
desk-no-full-why = This petition has as many updates as the site allows. Nothing was published.
desk-no-undone = This verdict has been taken back already
desk-no-undone-why = Somebody took it back before you, or it is none that can be taken back. Nothing was changed again.
desk-no-over = This incident is over
desk-no-over-why = Nothing of it changes any more: the usual limit is in force. The room says what is going on.
desk-no-no-scrutiny = Scrutiny is switched off
desk-no-no-scrutiny-why = It holds nobody: there is no limit to raise. Nothing was changed.
desk-no-nobody = This would change nothing for anybody
desk-no-nobody-why = The signatures of this verdict have been judged otherwise since, or have ended. Nothing was changed.
desk-no-field = A field does not fit
desk-no-field-why = Something is missing or too long, or the form does not know this field. Nothing was recorded: go back, what you wrote is still there.
desk-no-large = That was too much at once
desk-no-large-why = This form of the desk holds more than it can take. Nothing was recorded: go back, what you wrote is still there, and shorten the text.
desk-no-type = This form could not be read
desk-no-type-why = It came in a format that the desk does not take. Nothing was recorded: go back to the page of the desk and use its form.
desk-no-slow = The connection was too slow
desk-no-slow-why = The form did not arrive whole in time. Nothing was recorded: go back, what you wrote is still there, and send it again.
desk-no-busy = Try again in some seconds
desk-no-busy-why = Nothing could be recorded. It is not lost: go back and send it again.
desk-no-method = Not that way
desk-no-method-why = This address does not take that request.
desk-no-broken = The desk cannot read its data
desk-no-broken-why = The log of the server says why. Nothing was changed.

## The incident room

desk-room = Incident room
desk-room-renews = Without script this page loads itself again every 30 seconds, and closes what you have opened.
desk-room-stop = Keep it still, with everything open
desk-room-stands = This page stands still.
desk-room-again = Load it again
desk-room-by-itself = Let it load itself every 30 seconds
desk-keep-open = Open and keep open
desk-hour = { $hour }:{ $minute }
desk-moment = { $day } at { $local } ({ $zone }), { $utc } UTC
desk-moment-utc = { $day } at { $utc } UTC
desk-since-when = since
desk-lamp-signing-good = People can sign
desk-lamp-signing-unsure = Not sure that everybody can sign
desk-lamp-signing-bad = People cannot sign, or not all of them
desk-lamp-count-good = The count is safe
desk-lamp-count-unsure = The count is not up to date
desk-lamp-count-bad = The count is not certain
desk-lamp-evidence-good = Evidence is kept
desk-lamp-evidence-unsure = Evidence is kept, but its times are not certain
desk-lamp-evidence-bad = New evidence cannot be kept
desk-act-now = To do now, this one thing
desk-act-later = Nothing that cannot wait for the morning
desk-next-nothing = Nothing. You can sleep.
desk-next-nothing-why = No alarm is on. If something happens, you are woken again.
desk-next-limit = Raise the limit, or leave it
desk-next-findings = See what was found
desk-next-open = Signing is paused: let people sign again.
desk-next-open-why = Somebody paused it, and it does not open by itself. If pages load well, open it now. If not, leave it, and write into the shift log who opens it, and when.
desk-acknowledge = I am at work on it
desk-if-nothing = If you do nothing
desk-if-nothing-calm = Nothing happens. At { $at } the page will say the same, with a newer count.
desk-if-nothing-signing = At { $at } people will still be told to come back. Nobody’s signature is lost, and the count does not change by it. There is nothing to undo.
desk-if-nothing-count = At { $at } the page will still show this count. Nothing is deleted by itself, and everything can be counted again from the journal.
desk-if-nothing-waits = At { $at } it will be as now. Nothing is lost: what cannot be done yet waits, and what is not certain is not counted. What was held can be taken back at any time, tonight or in a month.
desk-others = Also on
desk-chart = The last hours, minute by minute
desk-chart-none = There is a chart two minutes after the start of the server.
desk-chart-top = Top of the chart: { $count } a minute. Sums and, for held, the latest:
desk-chart-admitted = taken in
desk-chart-settled = counted
desk-chart-sent-away = told to come back
desk-chart-held = held
desk-sources = Banned sources by network
desk-held-sources = Held or invalidated, by network
desk-held-sources-what = { $count ->
    [one] The latest signature.
   *[other] The latest { $count } signatures.
}
desk-network-unknown = unknown network
desk-networks-credit = RouteViews, NRO and DB-IP (db-ip.com), CC BY 4.0, compiled by ip-location-db; changed by Paraph
desk-sources-what = Who announces the address is not who sends from it.
desk-not = Do not
desk-not-delete = Delete anything.
desk-not-delete-why = It is evidence, and nothing of it is in the count anyway. What is deleted cannot be taken back.
desk-not-name = Name anyone.
desk-not-name-why = An address says through which network something came, never who sent it. Whoever is named wrongly stays named.
desk-not-restart = Restart the server.
desk-not-restart-why = What it knows about this attack is partly in its memory. It recovers by itself.
desk-not-answer = Answer journalists tonight.
desk-not-answer-why = The numbers are certain in the morning. Say: “We publish a statement at ten.”
desk-clocks = Clocks
desk-clock-none = Do you know by now that this is an attack? From that moment two legal clocks run, of 72 hours each. Better start them too early.
desk-clock-start = I know of it since now
desk-clock-stop = It is over, or it was no attack
desk-clock-aware = We know of it since
desk-clock-authority = Data-protection authority, until
desk-clock-authority-only = Only if it is a breach of personal data. Three questions:
desk-clock-question-1 = Did somebody see personal data who must not?
desk-clock-question-2 = Was personal data lost, or changed?
desk-clock-question-3 = Could people not get at their own for long?
desk-clock-complaint = Complaint to the police, for the insurer, until
desk-clock-complaint-why = In France an insurer pays only if a complaint is filed within 72 hours.
desk-clock-decides = Who decides
desk-clock-nobody = Nobody is named in the configuration: alerts.decides.
desk-shift = Shift log
desk-label-shift = What you see, do, or hand over
desk-shift-write = Write something down
desk-shift-earlier = { $count ->
    [one] One earlier line
   *[other] { $count } earlier lines
}
desk-shift-button = Write it down
desk-problem-shift-empty = “What you see, do, or hand over” is empty, and nothing is written down: write at least a word.
desk-problem-shift-long = “What you see, do, or hand over” is too long, and nothing is written down: at most 1,000 characters. Put the rest into another line.
desk-shift-aware = knows of an attack: the clocks run
desk-shift-over = stopped the clocks

desk-line = The line is full
desk-line-button = Is the line full?
desk-line-lead = If pages hardly load at all, also for you, the connection of the machine is full. This program cannot mend that. The host can.
desk-line-call = Call
desk-line-call-unknown = the host’s emergency number (write it into the configuration: alerts.call)
desk-line-contract = Contract number
desk-line-contract-unknown = on the host’s bill (write it into the configuration: alerts.contract)
desk-line-read = Read this aloud
desk-line-text-1 = Good evening. Our server is under a flood from the Internet, and its line is full. It is the machine that serves
desk-line-text-2 = We cannot filter it on the machine, because it does not come through. Please filter it in front of the line, and tell me your ticket number.
desk-line-text-contract = Our contract number is
desk-line-ask = Ask for
desk-line-ask-1 = protection against floods (anti-DDoS) for this address, now;
desk-line-ask-2 = what kind of flood it is, and how many gigabits a second;
desk-line-ask-3 = that nobody takes the address off the network without calling you first.
desk-line-copy = A copy of the page to put elsewhere
desk-line-copy-why = One file, without forms. Put it on any other web space; people read there that nothing is lost.
desk-line-meanwhile = Meanwhile nothing is lost: what was acknowledged is on the disk, and mails wait.
desk-copy-lead = Our site is hard to reach at the moment. Nothing is lost, and you can sign as soon as it is back:

desk-statement = Morning statement
desk-statement-lead = Numbers, what is not known, what will be done. No names, no adjectives.
desk-statement-made = Ready to be published
desk-statement-button = Write the statement
desk-label-aside = Attempts to sign, set aside
desk-hint-aside = Completed forms, held or invalidated. A request refused at the door is no attempt to sign and is not counted here.
desk-hint-counts = Counts of what was attacked: { $titles }
desk-label-before = Count before
desk-hint-before = Shown { $at }, before it began.
desk-label-after = Count after
desk-label-unknown = What we do not know
desk-hint-unknown = In your words. Addresses, sites and names of registered holders of networks are refused: nobody knows yet who is behind them. A name that is an ordinary word too, such as “Cloud”, is refused only with its capital, inside a sentence; where one begins with it, you are asked what you mean.
desk-label-complaint = A complaint may be filed
desk-statement-numbers = Last night { $attempts ->
    [one] { $aside } attempt to sign was
   *[other] { $aside } attempts to sign were
} set aside. The count was { $before } before and is { $after } now.
desk-statement-other = Your words are only in the version in your language. For this one, open this page in its own.
desk-statement-unknown = We do not know who made these attempts.
desk-statement-complaint = A complaint may be filed.
desk-statement-method = How we count is explained on the page “How we count”.
desk-statement-no-number = “{ $label }” is not a whole number: write it in digits and nothing else, such as 34000.
desk-statement-empty-number = “{ $label }” is empty: write a whole number, 0 if there are none.
desk-statement-no-length = “{ $label }” is too long: at most 2,000 characters, please.
desk-statement-no-address = There is a network address in “{ $label }”. Leave it out: it says where something came through, not who sent it.
desk-statement-no-name = There is a mail address or a site in “{ $label }”. Leave it out.
desk-statement-no-network = There is the number of a network in “{ $label }”. Leave it out.
desk-statement-no-holder = “{ $label }” has the name of a registered holder of a network. Leave it out: where something came through does not say who sent it. If you meant an ordinary word, write it without a capital.
desk-statement-in-question = { $asked ->
    [one] This word is a network’s name, too: { $words }. If you mean the ordinary word, say so below; if you mean the network, leave it out.
   *[other] These words are networks’ names, too: { $words }. If you mean the ordinary words, say so below; if you mean a network, leave it out.
}
desk-label-no-names = No network is named here ({ $words })
desk-done-acknowledged = Others are not woken again for this.
desk-done-noted = It is written down.

desk-findings = What was found and decided
desk-findings-earlier = { $count ->
    [one] One earlier verdict
   *[other] { $count } earlier verdicts
}
desk-findings-none = Nothing has been held or invalidated.
desk-findings-facts = What was seen
desk-findings-facts-at = What was seen by { $at }
desk-span-minutes = { $members ->
    [one] One contribution
   *[other] { $members } contributions
} in { $count ->
    [one] a minute
   *[other] { $count } minutes
}, the last { $until }.
desk-span-hours = { $members ->
    [one] One contribution
   *[other] { $members } contributions
} in { $count } hours, the last { $until }.
desk-span-days = { $members ->
    [one] One contribution
   *[other] { $members } contributions
} in { $count } days, the last { $until }.
desk-findings-innocent = It may be innocent
desk-findings-confidence = Confidence
desk-found-hold = { $count ->
    [one] One signature held
   *[other] { $count } signatures held
}
desk-found-invalidate = { $count ->
    [one] One signature invalidated
   *[other] { $count } signatures invalidated
}
desk-found-release = { $count ->
    [one] One signature released
   *[other] { $count } signatures released
}
desk-found-reinstate = { $count ->
    [one] One signature reinstated
   *[other] { $count } signatures reinstated
}
desk-found-restore = { $count ->
    [one] One signature back where it stood before
   *[other] { $count } signatures back where they stood before
}
desk-found-by-machine = by scrutiny
desk-found-by = by { $who }
desk-found-undone = taken back
desk-found-number = verdict
desk-undo = Take it back
desk-undone-note = Taken back at the desk.
desk-semicolon = { "; " }
desk-decimal = .
desk-cap = { $count ->
    [one] Up to { $count } is held in an hour without a person. Everything can be taken back.
   *[other] Up to { $count } are held in an hour without a person. Everything can be taken back.
}
desk-cap-waiting = { $count ->
    [one] { $count } waits outside the count.
   *[other] { $count } wait outside the count.
}
desk-decide = Hold, invalidate, or take back
desk-decide-preview = See what it would do
desk-decide-other = Something else
desk-decide-already = This has been decided already: { $what }, { $by }, { $at } (verdict { $verdict }). Nothing was done again; what you wrote is kept below.
desk-decide-nobody = Nobody is meant whose standing this would change. Nothing was done.
desk-decide-changed = Since your preview there are more whom it would judge. Nothing was done: look at it again.
desk-decide-wrong-from = “Signed from” is not a time. Give the day and the time, by the clock here.
desk-decide-wrong-from-lost = “Signed from” names an hour that was not there: clocks were put forward that night. Choose a time before or after it.
desk-decide-wrong-from-twice = “Signed from” names an hour that was there twice: clocks were put back that night. Choose a time before or after it.
desk-decide-wrong-to = “Signed before” is not a time. Give the day and the time, by the clock here.
desk-decide-wrong-to-lost = “Signed before” names an hour that was not there: clocks were put forward that night. Choose a time before or after it.
desk-decide-wrong-to-twice = “Signed before” names an hour that was there twice: clocks were put back that night. Choose a time before or after it.
desk-decide-wrong-order = “Signed from” has to be earlier than “Signed before”.
desk-decide-wrong-network = “Network” is an address, or a number such as AS64500.
desk-decide-wrong-domain = “Mail domain” is none: write what stands behind the @ of an address.
desk-decide-wrong-reason = “Why” does not go with what you want to do: choose another reason.
desk-decide-wrong-note = “In your words”: say in a few words why, in 500 characters at most. Nothing is done yet.
desk-decide-wrong-verdict = “Judged by verdict number” takes the number of a verdict, in digits, such as 362. It stands with each verdict in the room.
desk-decide-verdict-unknown = “Judged by verdict number”: no verdict has the number { $verdict }. The number stands with each verdict in the room.
desk-decide-verdict-elsewhere = “Judged by verdict number”: verdict { $verdict } is about another petition, “{ $petition }”. Choose that one, or another number.
desk-decide-finding-elsewhere = “Member of the finding”: finding { $finding } is about another petition, “{ $petition }”. Choose that one, or another finding.
desk-decide-wrong-petition = “Petition”: choose one of the list.
desk-decide-wrong-direction = “What”: choose what to do.
desk-decide-wrong-whom = Say whom you mean: at least one of the fields. Everybody is never right.
desk-label-direction = What
desk-direction-hold = hold: outside the count until somebody decides
desk-direction-invalidate = invalidate: not to be counted
desk-direction-release = release what is held
desk-direction-reinstate = reinstate what was invalidated
desk-whom = Whom
desk-whom-what = Every field that you fill in has to fit.
desk-label-from = Signed from
desk-zone = time zone { $zone }
desk-label-to = Signed before
desk-label-network = Network
desk-hint-network = An address, for it and its neighbours; or a number such as AS64500.
desk-label-domain = Mail domain
desk-label-comment = Comment
desk-hint-comment = Paste one: those are meant whose comment is built on the same template, even where a few words differ.
desk-label-verdict = Judged by verdict number
desk-label-reason = Why
desk-label-why = In your words
desk-hint-why = For those who come after you. No names and no addresses.
desk-would-hold = { $count ->
    [one] One signature would be held
   *[other] { $count } signatures would be held
}
desk-would-invalidate = { $count ->
    [one] One signature would be invalidated
   *[other] { $count } signatures would be invalidated
}
desk-would-release = { $count ->
    [one] One signature would be released
   *[other] { $count } signatures would be released
}
desk-would-reinstate = { $count ->
    [one] One signature would be reinstated
   *[other] { $count } signatures would be reinstated
}
desk-do-hold = Hold { $count }
desk-do-invalidate = Invalidate { $count }
desk-do-release = Release { $count }
desk-do-reinstate = Reinstate { $count }
desk-would-of-these = Of these:
desk-would-left-out = { $matched ->
    [one] { $matched } signature is meant
   *[other] { $matched } signatures are meant
}; { $left ->
    [one] { $left } of them stays as it is, because nothing would change about it.
   *[other] { $left } of them stay as they are, because nothing would change about them.
}
desk-would-counted = counted now
desk-would-confirmed = confirmed, and not in the count
desk-would-ended = withdrawn or ended otherwise: nothing changes about them
desk-would-unconfirmed = never confirmed
desk-would-count = would count
desk-would-honest = may be honest people
desk-would-honest-what = May be honest: everybody of whom no finding speaks, and who shows signs of a person all the same.
desk-would-samples = Up to five of them
desk-stands-counted = in the count
desk-stands-waiting = confirmed, waiting
desk-stands-unconfirmed = not confirmed
desk-stands-held = held
desk-stands-invalidated = invalidated
desk-stands-ended = withdrawn or ended
desk-would-more = There are more than one verdict takes; the rest is for another.
desk-would-forgotten = { $known ->
    [one] The finding speaks of { $said } contributions, and of { $known } the server knows which it is: this one is meant here. The others stay as they are.
   *[other] The finding speaks of { $said } contributions, and of { $known } the server knows which they are: these are meant here. The others stay as they are.
}
desk-would-undo = You can undo it in one click.
desk-done-judged = The verdict stands. You can take it back below, in one click.
desk-done-undone = The verdict is taken back.

desk-pause = Pages only
desk-pause-why = While the line is nearly full, pages can stay readable if nobody signs. Those who want to sign are told to come back; mails that ask to confirm still work.
desk-pause-button = Pause signing
desk-resume-button = Let people sign again
desk-done-paused = Signing is paused: pages only.
desk-done-resumed = People can sign again.

## Incidents, findings, the limit of holds, the second way

desk-who-program = the program
desk-who-command-line = somebody at the machine itself
desk-who-link = an alert’s link
desk-chart-refused = refused at the door
desk-incidents = Incidents
desk-incidents-none = There has been none.
desk-incidents-all = All incidents
desk-incident-number = Incident { $count }
desk-incident-open = open
desk-incident-first = First seen
desk-incident-last = Last seen
desk-incident-closed = Closed
desk-incident-sum = Set aside
desk-incident-sums = { $held ->
    [one] { $held } was held
   *[other] { $held } were held
}, { $refused } refused at the door
desk-incident-now = Now
desk-incident-now-numbers = { $held } held, { $invalidated } invalidated, { $clear } neither
desk-story = What was seen, decided and written down
desk-story-left-out = { $count ->
    [one] { $count } line did not fit; if it was a verdict, that is in the room.
   *[other] { $count } lines did not fit; the verdicts among them are in the room.
}
desk-seen-opened = It began.
desk-seen-refused = { $count ->
    [one] { $count } request refused in a minute.
   *[other] { $count } requests refused in a minute.
}
desk-seen-at-cap = { $count ->
    [one] The limit of holds is reached; { $count } waits outside the count.
   *[other] The limit of holds is reached; { $count } wait outside the count.
}
desk-seen-bans = { $count ->
    [one] { $count } ban in force.
   *[other] { $count } bans in force.
}
desk-seen-closed = Closed: nothing was seen for a while.
desk-shift-cap-raised = { $count ->
    [one] raised the limit to { $count } hold an hour, until { $until }
   *[other] raised the limit to { $count } holds an hour, until { $until }
}
desk-shift-cap-lowered = set the limit back to the usual one
desk-shift-second-way = { $count ->
    [one] asked one held person by mail
   *[other] asked { $count } held people by mail
}
desk-shift-acknowledged = { $count ->
    [one] acknowledged an alert
   *[other] acknowledged { $count } alerts
}
desk-shift-link-pressed = acknowledged an alert: this link was sent to { $to }
desk-shift-called-back = called back the mails that had not left
desk-shift-paused = paused signing: pages only
desk-shift-resumed = let people sign again

desk-limit = The limit is reached
desk-limit-raised = The limit is raised
desk-limit-what = { $count ->
    [one] Limit: { $count } hold an hour. New ones wait, the count is unaffected. Raise it, or leave it.
   *[other] Limit: { $count } holds an hour. New ones wait, the count is unaffected. Raise it, or leave it.
}
desk-limit-until = It is raised until
desk-limit-raise-to = { $count ->
    [one] Raise it for one minute, to
   *[other] Raise it for { $count } minutes, to
}
desk-limit-raise = Raise it
desk-limit-leave = Or leave it: then you need do nothing. What waits is not counted, and nobody is refused for it.
desk-limit-lower = Set it back to { $count }
desk-done-cap-raised = The limit is raised, and sets itself back. It stands in the shift log.
desk-done-cap-lowered = The usual limit is in force again.

desk-standing = Findings
desk-standing-others = { $count ->
    [one] One other finding
   *[other] { $count } other findings
}
desk-standing-none = Nothing was found.
desk-finding-name = finding
desk-now-waiting = { $count ->
    [one] one waits outside the count
   *[other] { $count } wait outside the count
}
desk-now-invalidated = { $count } invalidated
desk-now-clear = { $count } neither held nor invalidated
desk-finding-asks = Scrutiny asks you to look
desk-finding-looked-at = It may be a campaign of real people: nothing is held for it by itself. Look at samples of those who were looked at ({ $count } at most) before you decide.
desk-finding-hold = What holding all of them would do
desk-finding-release = What releasing them would do
desk-finding-invalidate = What invalidating them would do
desk-label-finding = Member of the finding
desk-decide-wrong-comment = “Comment” is longer than any can be: paste one only.
desk-decide-wrong-finding = “Member of the finding”: no finding has this name, or nobody is a member of it any more. The name, eight signs, stands with each finding.

desk-ask = The second way
desk-ask-why = Held people get one mail: “We could not confirm this automatically. It is not an accusation. Press here.” Who presses is not released by it: a forger reads his mailboxes too. You decide about the answers.
desk-ask-button = Offer the second way
desk-ask-would = { $count ->
    [0] Nobody would be asked
    [one] One person would be asked
   *[other] { $count } people would be asked
}
desk-ask-held = held now
desk-ask-before = asked before
desk-ask-taken-back = said “it wasn’t me”, or withdrew
desk-ask-leave = The mails leave slowly: the first on { $first }, the last on { $last }, if nothing else is sent to these people meanwhile.
desk-ask-had-today = { $count ->
    [one] One mailbox has had its mails of the day: this one waits until that is over, up to 24 hours.
   *[other] { $count } mailboxes have had their mails of the day: these ones wait until that is over, up to 24 hours.
}
desk-ask-left-alone = { $count ->
    [one] One mailbox is left alone, by its reader’s wish or because mail came back: its mail leaves when that has ended.
   *[other] { $count } mailboxes are left alone, by their readers’ wish or because mail came back: their mails leave when that has ended.
}
desk-ask-undo = What has not left can be called back in one click. Nobody is asked twice.
desk-ask-do = { $count ->
    [one] Ask one person
   *[other] Ask { $count } people
}
desk-ask-nobody = Nobody is held who could be asked, or all were asked before.
desk-asked = Asked by mail: { $offered }. Mails that have left: { $left }. Answers: { $answered }.
desk-call-back = { $count ->
    [one] Call back the mail that has not left
   *[other] Call back the { $count } mails that have not left
}
desk-answers = { $answered ->
    [one] One answered, { $alike } of them alike
   *[other] { $answered } answered, { $alike } of them alike
}
desk-answers-what = Alike are answers that several pressed from one line, with mailboxes at one small domain, from rented servers, or faster than anybody reads. Look at samples before you release.
desk-answers-apart = { $count ->
    [one] What releasing the one that is not alike would do
   *[other] What releasing the { $count } that are not alike would do
}
desk-answers-all = { $count ->
    [one] What releasing it would do
   *[other] What releasing all { $count } would do
}
desk-label-apart = Only answers that are not alike
desk-done-asked = The mails leave one after another.
desk-done-asked-already = Nothing was sent again: they were asked already, or are held no more. The story of this incident says by whom and when.
desk-done-called-back = What had not left is called back.
desk-done-all-left = Nothing was called back: all mails had left.
