# The mail that asks to confirm a signature. One message is one paragraph; the program wraps lines and adds the links.
# Each file in this folder is a language; English stands in for whatever another file lacks.

dir = ltr
subject = Confirm your signature: { $title }
greeting = Hello { $name },
greeting-unnamed = Hello,
who = Someone, probably you, gave this mail address on { $site } to sign this petition:
press = To be counted, the signature must be confirmed by the person who reads this mailbox. Please open this page:
button = It shows what will be signed. Opening it changes nothing: only its button confirms.
waiting = { $others ->
    [one] One more signature is waiting for this address. The page shows it too.
   *[other] { $others } more signatures are waiting for this address. The page shows them too.
}
life = { $days ->
    [one] The link works for one day. After that, what was entered is erased.
   *[other] The link works for { $days } days. After that, what was entered is erased.
}
confirm-label = See what will be signed
withdraw-label = Withdraw my signature
not-me-label = It wasn’t me
stop-label = Stop these mails, or allow them again
withdraw = Once your signature is confirmed, you can withdraw it at any time through this link:
not-you = It wasn’t you? You need do nothing: what nobody confirms is never counted. If you would rather have it erased at once, or want to keep a trace for a complaint of your own:
promise = We send at most one mail a day about one petition to one address. Nobody else is told about this mail, nor whether this address has signed.
stop = You want no more of these mails at this address? This stops them and withdraws nothing. Without them nobody can sign with this address, until you allow them again through the same link or { $days } days have passed:

## The mail to a held person

second-subject = About your signature: { $title }
second-who = This mail address was used on { $site } to sign this petition:
second-what = We could not confirm this signature automatically: it came in together with many others that look alike. It is not an accusation.
second-press = If you signed, please open this page:
second-label = See what was entered, and answer
second-button = It shows what was entered. Opening it changes nothing: only its button answers.
second-then = After that a person looks at your signature. You need do nothing more, and nothing that you entered is lost.
second-not-you = It wasn’t you? You need do nothing: it is not counted. If you would rather have it erased at once, or want to keep a trace for a complaint of your own:
second-promise = We send this mail once, and no reminder. Nobody else is told about it, nor whether this address has signed.

## Updates of a petition

news-subject = News: { $title }
news-who = { $author } writes to you because you signed this petition on { $site } and asked for its news:
news-label = Read it on the page
news-stop = No more news? This page stops them, with one press. It leaves your signature as it is, and withdraws nothing.
news-stop-label = Stop the news
