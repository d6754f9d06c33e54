# Le courriel qui demande de confirmer une signature. Un message est un paragraphe ; le programme coupe les lignes et ajoute les liens.
# Espace insécable (U+00A0) devant les deux-points et dans les guillemets, espace fine insécable (U+202F) devant ; ! ?

dir = ltr
subject = Confirmez votre signature : { $title }
greeting = Bonjour { $name },
greeting-unnamed = Bonjour,
who = Quelqu’un, sans doute vous, a donné cette adresse de courriel sur { $site } pour signer cette pétition :
press = Pour être comptée, la signature doit être confirmée par la personne qui lit cette boîte. Ouvrez cette page :
button = Elle montre ce qui sera signé. L’ouvrir ne change rien : seul son bouton confirme.
waiting = { $others ->
    [0] Rien d’autre n’attend pour cette adresse.
    [one] Une autre signature attend pour cette adresse. La page la montre aussi.
   *[other] { $others } autres signatures attendent pour cette adresse. La page les montre aussi.
}
life = { $days ->
    [one] Le lien est valable un jour. Passé ce délai, ce qui a été saisi est effacé.
   *[other] Le lien est valable { $days } jours. Passé ce délai, ce qui a été saisi est effacé.
}
confirm-label = Voir ce qui sera signé
withdraw-label = Retirer ma signature
not-me-label = Ce n’était pas moi
stop-label = Arrêter ces courriels, ou les autoriser de nouveau
withdraw = Une fois votre signature confirmée, vous pourrez la retirer à tout moment par ce lien :
not-you = Ce n’était pas vous ? Vous n’avez rien à faire : ce que personne ne confirme n’est jamais compté. Si vous préférez tout faire effacer dès maintenant, ou en garder une trace pour votre propre plainte :
promise = Nous envoyons au plus un courriel par jour, par pétition et par adresse. Personne d’autre n’est informé de ce courriel, ni du fait que cette adresse a signé ou non.
stop = Vous ne voulez plus de ces courriels à cette adresse ? Ce lien les arrête et ne retire rien. Sans eux, personne ne peut signer avec cette adresse, tant que vous ne les autorisez pas de nouveau par le même lien ou que { $days } jours ne sont pas passés :

## Le courriel à une personne dont la signature est retenue

second-subject = À propos de votre signature : { $title }
second-who = Cette adresse de courriel a servi sur { $site } à signer cette pétition :
second-what = Nous n’avons pas pu confirmer cette signature automatiquement : elle est arrivée en même temps que beaucoup d’autres qui se ressemblent. Ce n’est pas une accusation.
second-press = Si c’est bien vous qui avez signé, ouvrez cette page :
second-label = Voir ce qui a été saisi, et répondre
second-button = Elle montre ce qui a été saisi. L’ouvrir ne change rien : seul son bouton répond.
second-then = Ensuite, une personne examine votre signature. Vous n’avez rien d’autre à faire, et rien de ce que vous avez saisi n’est perdu.
second-not-you = Ce n’était pas vous ? Vous n’avez rien à faire : elle n’est pas comptée. Si vous préférez tout faire effacer dès maintenant, ou en garder une trace pour votre propre plainte :
second-promise = Nous envoyons ce courriel une seule fois, sans rappel. Personne d’autre n’en est informé, ni du fait que cette adresse a signé ou non.

## Nouvelles d’une pétition

news-subject = Nouvelles : { $title }
news-who = { $author } vous écrit, parce que vous avez signé cette pétition sur { $site } et demandé de ses nouvelles :
news-label = Lire sur la page
news-stop = Plus de nouvelles ? Cette page les arrête, en une pression. Votre signature reste telle qu’elle est : rien n’est retiré.
news-stop-label = Arrêter les nouvelles
