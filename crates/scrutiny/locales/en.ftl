# What scrutiny says, in English. Arguments of a fact: $seen of the $of contributions that were looked at; $values, how many
# different ones; $expected, how many of as many honest people would show it, written as a text in the language ("0.3"). Of times:
# by how many per cent they differ ($values; 0 in evidence of an older version), and those of people ($expected).

scrutiny-family-network = network
scrutiny-family-client = browser
scrutiny-family-content = content
scrutiny-family-time = time
scrutiny-family-identity = identity
scrutiny-family-geography = geography

scrutiny-fact-hosting = { $seen } of { $of } contributions come from rented servers; { $expected } would be expected.
scrutiny-fact-few-networks = { $seen } of { $of } contributions come through { $values ->
    [one] one network that is not known to serve homes
   *[other] { $values } networks that are not known to serve homes
}; { $expected } would be expected.
scrutiny-fact-narrow-ranges = { $seen } of { $of } contributions come out of { $values ->
    [one] one narrow range of addresses
   *[other] { $values } narrow ranges of addresses
}; { $expected } would be expected.
scrutiny-fact-confirmed-in-one-place = { $seen } of { $of } were signed in many places and confirmed in { $values ->
    [one] one
   *[other] { $values }
}; { $expected } would be expected.
scrutiny-fact-confirmed-from-hosting = { $seen } of { $of } were confirmed from rented servers; { $expected } would be expected.
scrutiny-fact-same-clients = { $seen } of { $of } contributions were made with { $values ->
    [one] one kind of browser
   *[other] { $values } kinds of browser
}; { $expected } would be expected.
scrutiny-fact-no-script = { $seen } of { $of } contributions were made without script; { $expected } would be expected.
scrutiny-fact-same-language = { $seen } of { $of } contributions are in { $values ->
    [one] one language that is rare here
   *[other] { $values } languages that are rare here
}; { $expected } would be expected.
scrutiny-fact-same-names = { $seen } of { $of } contributions bear { $values ->
    [one] one name
   *[other] { $values } names
}; { $expected } would be expected.
scrutiny-fact-same-comments = { $seen } of { $of } contributions carry { $values ->
    [one] one comment
   *[other] { $values } comments
}; { $expected } would be expected.
scrutiny-fact-same-patterns = { $seen } of { $of } mail addresses follow { $values ->
    [one] one pattern
   *[other] { $values } patterns
}; { $expected } would be expected.
scrutiny-fact-own-mail = { $seen } of { $of } mailboxes are at domains that hardly anybody else has; { $expected } would be expected.
scrutiny-fact-same-domains = { $seen } of { $of } mailboxes are at { $values ->
    [one] one uncommon domain
   *[other] { $values } uncommon domains
}; { $expected } would be expected.
# Of versions before: verdicts keep the evidence on which they rest.
scrutiny-fact-same-mail-servers = { $seen } of { $of } mailboxes are on { $values ->
    [one] one uncommon mail server
   *[other] { $values } uncommon mail servers
}; { $expected } would be expected.
scrutiny-fact-regular = { $of } contributions came at nearly even intervals. { $values ->
    [0] People do not keep a beat.
   *[other] The intervals differ from their mean by { $values } %; { $expected } % would be expected.
}
scrutiny-fact-day-and-night = { $seen } of { $of } contributions were made at night, where they came from; { $expected } would be expected.
scrutiny-fact-small-hours = { $seen } of { $of } contributions were made in the same few hours of several days, in which hardly anybody else signs; { $expected } would be expected.
scrutiny-fact-same-fill-time = { $of } contributions took almost the same time to fill in. { $values ->
    [0] People differ more.
   *[other] Half of the times lie within { $values } %; within { $expected } % would be expected.
}
scrutiny-fact-same-gap = { $of } contributions were confirmed after almost the same time. { $values ->
    [0] People differ more.
   *[other] Half of the times lie within { $values } %; within { $expected } % would be expected.
}
scrutiny-fact-stored-up = { $seen } of { $of } waited for six hours or longer before they were confirmed, while others confirmed as usual; { $expected } would be expected.
scrutiny-fact-directory-order = { $seen } of { $of } names follow one another as in a directory; { $expected } would be expected.
scrutiny-fact-capitals = { $seen } of { $of } names are written in capitals; { $expected } would be expected.
scrutiny-fact-many-spellings = { $seen } of { $of } contributions spell a mailbox that had been given before in another way; { $expected } would be expected.
scrutiny-fact-disowned = { $seen } of { $of } were answered with “it wasn’t me”; { $expected } would be expected.
scrutiny-fact-abroad = { $seen } of { $of } contributions come from { $values ->
    [one] one country outside the petition’s audience
   *[other] { $values } countries outside the petition’s audience
}; { $expected } would be expected.
scrutiny-fact-elsewhere = { $seen } of { $of } contributions come from another country than they declare or, where they declare none, than most who sign; { $expected } would be expected.

scrutiny-innocent-organisation = It may be a school, a town hall or a firm: one place, one mail domain, computers of one kind.
scrutiny-innocent-form-letter = It may be a letter that an association gives its members to copy.
scrutiny-innocent-abroad = They may be people who live abroad and told one another.
scrutiny-innocent-brigade = It may be a hostile crowd of real people. Those are counted.
scrutiny-innocent-privacy-service = They may be people behind a service that hides their address, or a firm’s own proxy.
scrutiny-innocent-collected-by-one = Someone may have signed for others from a list, believing that it is allowed.
scrutiny-innocent-late-mail = The mail to them may have come late: look at our own queue, and at the mail servers of their domains.

scrutiny-confidence-possible = possible
scrutiny-confidence-likely = likely
scrutiny-confidence-very-likely = very likely

scrutiny-advice-hold = Hold: they stay outside the count until a person decides. It can be undone in one step.
scrutiny-advice-ask = Look at it: they are counted meanwhile.
