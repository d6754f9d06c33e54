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
desk-by-command = command line
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
desk-save = Save the draft
desk-save-open = Adopt this version
desk-edit-open = People have signed already. A change of title, addressee or text becomes a new version, and the page shows what has changed.
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
desk-hint-slug = It will never change. The page will be at
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

## Members

desk-since = since
desk-reset = New link
desk-remove = Remove
desk-remove-what = Their name, password and sessions are erased at once. The log keeps what was done, without the name.
desk-remove-sure = Yes, remove this member.
desk-remove-button = Remove this member
desk-invite = Invite somebody
desk-invite-how = You get a link to hand over yourself, by a way that you trust. No address is asked for.
desk-invite-button = Make a link
desk-label-role = Role
desk-links = Links not used yet
desk-link-how = Hand it over by a way that you trust. It is good once, and will not be shown again.
desk-link-until = until
desk-last-operator = This is the last operator: nobody could invite any more. Invite another one first.
desk-too-many = As many members or links as the site allows. Remove some first.

## Log

desk-audit-what = Who did what, and when. Nothing here is about signatories.
desk-act-invited = made a link to join
desk-act-reset = made a new link for
desk-act-joined = joined the desk
desk-act-renewed = chose a new password and a new app
desk-act-login = logged in
desk-act-login-recovery = logged in with a recovery code
desk-act-session-ended = ended a session
desk-act-sessions-ended = ended all sessions
desk-act-password = changed the password
desk-act-recovery = asked for new recovery codes
desk-act-removed = removed a member
desk-act-created = created
desk-act-edited = changed
desk-act-posted = posted an update
desk-act-published = published
desk-act-closed = closed
desk-act-submitted = asked for review
desk-act-sent-back = sent back

## What was just done

desk-done-logged-out = You are logged out.
desk-done-saved = It is saved.
desk-done-adopted = This version is in force.
desk-done-unchanged = Nothing was different.
desk-done-submitted = The petition waits for a moderator.
desk-done-published = The petition is open for signatures.
desk-done-sent-back = The petition is with its author again, and your note with it.
desk-done-posted = The update is posted.
desk-done-closed = The petition is closed.
desk-done-password = The password is changed; the other sessions have ended.
desk-done-ended = The session has ended.
desk-done-removed = The member is removed.

## What is not right

desk-no-page = There is nothing here
desk-no-page-why = This page does not exist, or you may not see it.
desk-no-link = This link is of no use any more
desk-no-link-why = It was used, or its time is over. Ask an operator for another.
desk-no-right = Your role does not allow this
desk-no-right-why = Nothing was changed. Ask a moderator or an operator.
desk-no-form = This form is no longer valid
desk-no-form-why = Your session has changed or ended, or the form does not come from here. Nothing was changed: go back to the page and try again.
desk-no-changed = The draft has changed meanwhile
desk-no-changed-why = Nothing was published. Read it again first.
desk-no-busy = Try again in some seconds
desk-no-busy-why = Nothing could be recorded. It is not lost: go back and send it again.
desk-no-method = Not that way
desk-no-method-why = This address does not take that request.
desk-no-broken = The desk cannot read its data
desk-no-broken-why = The log of the server says why. Nothing was changed.
