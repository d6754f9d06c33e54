# Français. Un message dont l’identifiant finit par -html contient du balisage ; les autres sont du texte seul.
# Espaces insécables : fine (U+202F) devant ; ! ? et dans les grands nombres, U+00A0 devant « : » et dans les guillemets.

name = Français
dir = ltr
number-group = { "\u202F" }
number = { $number }
colon = { "\u00A0: " }
date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [m1] janvier
    [m2] février
    [m3] mars
    [m4] avril
    [m5] mai
    [m6] juin
    [m7] juillet
    [m8] août
    [m9] septembre
    [m10] octobre
    [m11] novembre
   *[m12] décembre
} { $year }
date-time = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [m1] janvier
    [m2] février
    [m3] mars
    [m4] avril
    [m5] mai
    [m6] juin
    [m7] juillet
    [m8] août
    [m9] septembre
    [m10] octobre
    [m11] novembre
   *[m12] décembre
} { $year } à { $hour } h { $minute } UTC
yes = Oui
no = Non

## Autour de chaque page

skip = Aller au contenu
languages = Langues
about = À propos de ce site
method-link = Comment nous comptons
privacy-link = Vos données
legal-link = Mentions légales
contact-link = Nous écrire
no-third-party = Ni traceur, ni publicité, ni rien qui vienne d’un tiers.
write-to-html = Quelque chose ne marche pas ? Écrivez à <a href="mailto:{ $contact }">{ $contact }</a> : une personne vous lira.
petition = Pétition
back-to-petition = Revenir à la pétition
all-petitions = Toutes les pétitions

## Liste

home-title = Pétitions
home-heading = Des pétitions au compte digne de confiance
home-lead = Chaque signature affichée ici a été confirmée depuis sa propre boîte aux lettres, puis vérifiée avant d’entrer dans le compte.
home-empty = Aucune pétition n’est ouverte en ce moment.
addressed-to = Destinataire :
closed = Cette pétition est close
closed-short = Close

## Pétition

launched-by = Lancée par
count-label = Signatures
people-signed = { $count ->
    [one] signature confirmée
   *[other] signatures confirmées
}
goal = { $percent } % de l’objectif de { $goal }
goal-begun = Moins de 1 % de l’objectif de { $goal }
goal-reached = L’objectif de { $goal } est atteint
held = { $count ->
    [one] { $count } signature auparavant comptée, aujourd’hui retenue.
   *[other] { $count } signatures auparavant comptées, aujourd’hui retenues.
}
held-why = En cours de vérification, elles ne sont plus dans le nombre ci-dessus.
invalidated = { $count ->
    [one] { $count } signature auparavant comptée, aujourd’hui invalidée.
   *[other] { $count } signatures auparavant comptées, aujourd’hui invalidées.
}
invalidated-why = Une personne a examiné et donné un motif : elles ne sont plus dans le nombre ci-dessus. Cela peut être défait.
held-link = Pourquoi cela peut arriver
as-of = Compte arrêté le
sign-petition = Signer cette pétition
sign-plain = Aller au formulaire
closed-why = Cette pétition ne reçoit plus de signatures. Son texte et son compte restent ici.
published = Publiée le
closes = Ouverte jusqu’au
closed-on = Close le
text-version = Version { $version } du texte.

## Partager

share-title = Faites passer
share-lead = Une pétition grandit quand on en parle. Ces liens ne disent rien de vous, et rien n’est chargé d’ailleurs avant que vous n’appuyiez.
share-words = Cette pétition mérite votre attention : « { $title } »
share-sheet = Partager…
share-mail = Courriel
share-sms = SMS
share-address = L’adresse de cette pétition
share-copy = Copier
share-copied = L’adresse est copiée.
share-copy-failed = Votre navigateur ne l’a pas permis : l’adresse est sélectionnée, copiez-la vous-même.
share-copy-hint = Pour Signal, ou tout autre service : copiez l’adresse et collez-la dans votre message.
share-mastodon = Sur Mastodon : votre instance
share-mastodon-go = Ouvrir
og-locale = fr_FR
poster-title = Affiche
poster-link = Une affiche à imprimer, avec un code QR
poster-print = Imprimez cette page (format A4).
poster-code = Code QR : l’adresse de cette pétition
poster-do = Visez ce code avec l’appareil photo de votre téléphone, ou tapez cette adresse :
poster-trust = chaque signature est confirmée, puis vérifiée, avant d’être comptée.

## Formulaire

form-needed = Seuls le nom et l’adresse électronique sont nécessaires.
label-name = Prénom et nom
label-email = Adresse électronique
hint-email = Jamais publiée. Nous y écrivons une fois, pour que vous puissiez confirmer.
label-postcode = Code postal
label-country = Pays
label-comment = Pourquoi je signe
label-website = Laissez ce champ vide
label-show-name = Afficher mon nom parmi les signataires
label-news = M’envoyer des nouvelles de cette pétition
consent-1 = En appuyant sur « Je signe », je consens expressément à ce que ce site et l’auteur de cette pétition utilisent l’opinion que ma signature révèle, afin de la compter et de n’en montrer que ce que j’ai choisi ; je peux retirer ce consentement à tout moment.
sign-button = Je signe
form-after = Vous recevrez un courriel : votre signature compte dès que vous l’avez confirmée.
form-privacy = Ce que deviennent vos données
form-checking = Un instant : votre navigateur termine un petit calcul qui tient les faussaires à distance.
form-waiting = Beaucoup de monde signe en ce moment. L’envoi se fera tout seul dans quelques secondes ; restez sur cette page.
form-sending = Envoi…
error-prefix = Pas encore envoyé –
errors-title = { $count ->
    [0] Rien n’a encore été envoyé.
    [one] Rien n’a encore été envoyé : un point à corriger.
   *[other] Rien n’a encore été envoyé : { $count } points à corriger.
}
errors-kept = Ce que vous avez saisi a été conservé.
problem-required = ce champ est à remplir.
problem-too-long = { $limit } caractères au plus.
problem-rare-email = ce site ne peut pas écrire aux adresses qui ont un accent ou des guillemets avant le @. Donnez-en une autre, s’il vous plaît.
problem-bad-email = cette adresse, écrite ainsi, ne peut pas recevoir de courrier. Elle ressemble à nom@example.org.
problem-bad-characters = des caractères ne peuvent pas être affichés, ou il n’y a aucune lettre.
problem-link = ceci ressemble à une adresse de courriel ou de site. Donnez seulement le nom, s’il vous plaît.
problem-unknown-country = choisissez un pays dans la liste.
problem-bad-value = ce champ n’accepte pas cette valeur.
problem-repeated = ce champ est arrivé deux fois.
problem-unknown-field = ce formulaire n’a pas de champ de ce nom.
problem-too-many-fields = il est arrivé plus de champs qu’il n’en est lu. Envoyez seulement ceux du formulaire.

notice-no-clearance-title = Appuyez encore une fois, s’il vous plaît.
notice-no-clearance-detail = { $wait ->
    [one] Votre navigateur n’a pas pu faire sa vérification automatique ; ce formulaire s’en passe. Rien n’est perdu : attendez une seconde, puis appuyez de nouveau sur « Je signe ».
   *[other] Votre navigateur n’a pas pu faire sa vérification automatique ; ce formulaire s’en passe. Rien n’est perdu : attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ».
}
notice-clearance-refused-title = La vérification automatique est à refaire.
notice-clearance-refused-detail = { $wait ->
    [one] Rien n’a été enregistré et votre saisie est toujours là. Attendez une seconde, puis appuyez de nouveau sur « Je signe ».
   *[other] Rien n’a été enregistré et votre saisie est toujours là. Attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ».
}
notice-expired-title = Ce formulaire était ouvert depuis trop longtemps.
notice-expired-detail = { $wait ->
    [one] En voici un neuf, avec votre saisie. Attendez une seconde, puis appuyez de nouveau sur « Je signe ».
   *[other] En voici un neuf, avec votre saisie. Attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ».
}
notice-too-early-title = C’était très rapide.
notice-too-early-detail = { $wait ->
    [one] Les machines remplissent un formulaire d’un coup, pas les gens : attendez une seconde, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
   *[other] Les machines remplissent un formulaire d’un coup, pas les gens : attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
}
notice-slow-down-title = Beaucoup de signatures viennent de votre réseau.
notice-slow-down-detail = { $wait ->
    [one] Vous le partagez peut-être. Rien n’est perdu : attendez une seconde, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
   *[other] Vous le partagez peut-être. Rien n’est perdu : attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
}
notice-busy-title = Le site ne peut pas prendre votre signature à cet instant.
notice-busy-detail = { $wait ->
    [one] Rien n’est perdu : attendez une seconde, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
   *[other] Rien n’est perdu : attendez { $wait } secondes, puis appuyez de nouveau sur « Je signe ». Votre saisie est toujours là.
}
again-waiting = Cette page renverra votre formulaire d’elle-même ; laissez-la ouverte.
notice-read-only-title = Les signatures sont suspendues pour le moment.
notice-read-only-detail = Le site est très sollicité et ne fait plus que montrer ses pages. Rien n’est perdu : votre saisie est gardée dans cette page. Laissez-la ouverte et appuyez de nouveau sur « Je signe » dans { $wait } secondes, ou revenez plus tard.

## Où en est le site, pour l’opérateur

ops-title = Où en est le site
ops-open = Les signatures sont prises.
ops-read-only = Pages seulement : un opérateur a suspendu les signatures. Qui signe est invité à laisser la page ouverte.
ops-trouble = Quelque chose ne va pas : /readyz dit quoi.
ops-now = En ce moment
ops-price = Prix d’un puzzle, tours par essai
ops-bans = Exclusions en vigueur
ops-intake = Ordres en attente d’écriture
ops-lanes = Files
ops-lanes-what = De la plus importante à la moindre. Rien n’est éconduit avant tout ce qui importe moins.
ops-lane = File
ops-working = En cours
ops-waiting = En attente
ops-delay = Délai
ops-served = Servies
ops-shed = Éconduites
ops-lane-operator = Opérateurs
ops-lane-desk = Le bureau
ops-lane-desk_door = La porte du bureau, connexions
ops-lane-confirm = Confirmations
ops-lane-manage = Retraits et oppositions
ops-lane-sign = Signatures avec script
ops-lane-plain = Signatures sans script, et des sources très actives
ops-lane-challenge = Puzzles et formulaires
ops-lane-verification = Vérification des puzzles
ops-bounds = Part utilisée de chaque borne
ops-metrics = Toutes les mesures

## Relevez votre courrier

check-mail-title = Relevez votre courrier
check-mail-lead = Il reste une étape : ouvrir le message que nous vous envoyons.
check-mail-open-html = Ouvrez le message de <strong>{ $from }</strong>, au nom de { $site }.
check-mail-press = Suivez son lien, lisez ce que vous allez signer, et appuyez sur le bouton.
check-mail-counted = { $minutes ->
    [one] Votre signature entre dans le compte environ une minute plus tard.
   *[other] Votre signature entre dans le compte environ { $minutes } minutes plus tard.
}
check-mail-nothing-title = Rien n’est arrivé ?
check-mail-time = Il faut d’ordinaire une minute. Un jour d’affluence, cela peut prendre une heure : votre place est gardée, rien n’est perdu.
check-mail-spam = Regardez parmi les courriers indésirables, et dans le dossier « Promotions » si vous en avez un.
check-mail-again = Une erreur s’est glissée dans l’adresse ?
check-mail-again-link = Remplir de nouveau le formulaire
check-mail-stopped = Avez-vous un jour arrêté nos courriels vers cette adresse ? Ouvrez un lien quelconque d’un de nos courriels et autorisez-les de nouveau.
check-mail-elsewhere = Avez-vous déjà reçu un message de nous aujourd’hui, au sujet d’une autre pétition ? La page vers laquelle il mène montre aussi celle-ci.
check-mail-same = Avez-vous déjà reçu un message au sujet de cette pétition-ci ? La page vers laquelle il mène montre aussi ce nouvel envoi ; si son lien ne sert plus, le message suivant part un jour après lui.
check-mail-kept = { $days ->
    [one] Sans confirmation, ce que vous avez envoyé est effacé au bout d’un jour.
   *[other] Sans confirmation, ce que vous avez envoyé est effacé au bout de { $days } jours.
}

## Confirmer

shown-name = Nom
shown-place = Lieu
shown-comment = Commentaire
shown-public = Montré au public
shown-public-yes = Votre nom peut être affiché
shown-public-no = Rien ; votre signature est seulement comptée
shown-news = Nouvelles de cette pétition
shown-sent = Envoyé le
confirm-title = Confirmer ma signature
confirm-heading = Vous allez signer
confirm-lead = Rien n’est compté avant que vous n’appuyiez sur le bouton. Est-ce bien vous, et est-ce bien ce que vous voulez signer ?
confirm-lead-again = Vous avez confirmé une autre signature de cette pétition depuis cette boîte aux lettres. Si vous confirmez aussi celle-ci, les deux sont gardées et vous comptez une fois. Est-ce bien vous, et est-ce bien ce que vous voulez signer ?
confirm-button = Je confirme ma signature
not-me-question = Vous n’avez rien demandé ?
not-me-link = Ce n’était pas moi
others-title = { $count ->
    [0] Rien d’autre n’attend pour cette boîte aux lettres
    [one] Autre chose attend pour cette boîte aux lettres
   *[other] { $count } autres attendent pour cette boîte aux lettres
}
others-lead = Cela a été envoyé avec votre adresse, par vous ou par quelqu’un d’autre. Ne confirmez que ce qui est de vous ; le reste s’efface tout seul.
others-button = Confirmer plutôt celle-ci
others-button-too = Confirmer aussi celle-ci
others-older = Voir les contributions plus anciennes
confirmed-title = Signature confirmée
confirmed-heading = Vous avez signé
confirmed-new = { $minutes ->
    [one] Merci. Votre signature est confirmée ; elle entrera dans le compte affiché d’ici une minute environ, une fois vérifiée.
   *[other] Merci. Votre signature est confirmée ; elle entrera dans le compte affiché d’ici { $minutes } minutes environ, une fois vérifiée.
}
confirmed-again = Ce lien avait déjà servi : votre signature reste telle quelle. Elle compte une fois.
confirmed-before = Vous aviez déjà signé cette pétition depuis cette boîte aux lettres. Les deux sont gardées ; vous comptez une fois.
confirmed-at = Confirmée le
receipt-title = Votre reçu
receipt-keep = Gardez-le, et gardez-le pour vous : il contient les secrets de votre signature, et quiconque le détient peut la retirer.
receipt-download = Télécharger le reçu
receipt-checks = À quoi il sert : désigner votre signature sans montrer votre nom et, quand ce site publiera son journal public, vérifier par vous-même qu’elle y figure. Il ne dit rien des signatures des autres.
receipt-show = Montrer le reçu
change-mind-title = Si vous changez d’avis
change-mind = Vous pouvez retirer votre signature tant que la pétition existe, par ce lien ou par celui du message.
withdraw-link = Retirer ma signature

second-way-title = À propos de votre signature
second-way-lead = Nous n’avons pas pu confirmer cette signature automatiquement, car elle est arrivée en même temps que beaucoup d’autres qui se ressemblent. Ce n’est pas une accusation. Est-ce bien vous qui avez signé ?
second-way-button = Oui, c’est moi qui ai signé
second-way-then = Ensuite, une personne l’examine. Rien de ce que vous avez saisi n’est perdu, et vous n’avez rien d’autre à faire.
answered-title = Merci de votre réponse
answered-lead = Elle est enregistrée. Une personne examine maintenant votre signature ; cela peut prendre un jour ou deux.
answered-before-lead = Nous avons déjà reçu votre réponse, et elle attend qu’une personne examine votre signature ; cela peut prendre un jour ou deux.
answered-nothing = Vous n’avez rien d’autre à faire, et vous ne recevrez plus de courriel à ce sujet. Personne d’autre ne sait qu’on vous a posé la question.

## Retirer, ce n’était pas moi

withdraw-title = Retirer ma signature
withdraw-lead = Dès que vous aurez appuyé sur le bouton, votre signature ne comptera plus et vos données seront effacées.
withdraw-several = { $count ->
    [0] Aucune signature n’a été confirmée depuis cette boîte aux lettres.
    [one] Une signature a été confirmée depuis cette boîte aux lettres : elle sera retirée.
   *[other] { $count } signatures ont été confirmées depuis cette boîte aux lettres, et comptent une fois : toutes seront retirées.
}
withdraw-another = Voici ce que vous avez confirmé depuis cette boîte aux lettres. Ce dont parlait le message lui-même ne restera pas non plus.
withdraw-unconfirmed = Vous ne l’avez pas confirmée : elle n’a jamais compté. Vos données peuvent être effacées tout de suite ; sinon, elles le sont d’elles-mêmes { $unconfirmed ->
    [one] au bout d’un jour
   *[other] au bout de { $unconfirmed } jours
 }.
withdraw-again = Vous pourrez signer de nouveau plus tard.
withdraw-button = Retirer ma signature
withdraw-keep = Garder ma signature et revenir à la pétition
withdrawn-title = Votre signature est retirée
withdrawn-unconfirmed = Elle n’avait pas été confirmée et n’a jamais compté. Vos données sont effacées.
withdrawn-lead = { $minutes ->
    [one] Elle quitte le compte affiché d’ici une minute. Vous n’avez rien d’autre à faire.
   *[other] Elle quitte le compte affiché d’ici { $minutes } minutes. Vous n’avez rien d’autre à faire.
}
withdrawn-at = Retirée le
withdrawn-again = Votre boîte aux lettres peut signer de nouveau.
not-me-title = Ce n’était pas moi
not-me-lead = Quelqu’un a saisi votre adresse. Cela ne compte pour rien tant que vous ne confirmez pas, et personne n’en a été informé. Que faut-il en faire ?
not-me-lead-confirmed = Cette signature a été confirmée depuis votre boîte aux lettres. Quel que soit votre choix, tout ce qui en a été confirmé pour cette pétition quitte le compte. Que faut-il en faire ?
not-me-stands = Ce qui a été confirmé depuis cette boîte aux lettres reste, et rien n’y est touché ici. Si ce n’était pas vous non plus, ou si vous avez changé d’avis :
not-me-changed-mind = Si c’était vous, et que vous avez changé d’avis :
erase-title = Tout effacer
erase-what = Tout ce qui a été envoyé à cette pétition avec votre adresse est effacé et ne pourra jamais être compté. C’est le choix le plus courant.
erase-what-waits = Tout ce qui a été envoyé à cette pétition avec votre adresse, et que vous n’avez pas confirmé, est effacé et ne pourra jamais être compté. C’est le choix le plus courant.
erase-button = Tout effacer
keep-title = Le garder pour ma propre plainte
keep-what = Cela ne pourra jamais être compté non plus, mais ce que nous savons de l’envoi est mis sous scellé et gardé, pour que vous puissiez porter plainte pour l’usage de votre identité. Vous seul, et l’autorité à laquelle vous vous adressez, pouvez le demander.
keep-button = Le garder sous scellé
not-me-lead-kept = Vous nous avez dit que ce n’était pas vous. Cela ne peut pas être compté, et ce que nous savons de l’envoi est sous scellé, gardé pour votre plainte. Si vous n’en voulez plus, vous pouvez encore le faire effacer.
not-me-both = Dans les deux cas, vous pouvez toujours signer cette pétition vous-même, quand vous le voulez.
disowned-title = Merci de nous l’avoir dit
disowned-erased = Tout ce qui a été envoyé à cette pétition avec votre adresse est effacé. Ce n’était pas vous, et ce ne sera pas compté.
disowned-erased-waiting = Tout ce qui a été envoyé à cette pétition avec votre adresse, et que vous n’avez pas confirmé, est effacé. Ce n’était pas vous, et ce ne sera pas compté.
disowned-kept = Ce ne sera pas compté. Ce que nous savons de l’envoi est sous scellé, gardé pour votre plainte. Écrivez-nous quand vous en aurez besoin.
disowned-gone = Ce ne sera pas compté. Tout ce qui a été envoyé était déjà effacé : il n’y a plus rien à garder.
disowned-counted = { $minutes ->
    [one] Si le compte affiché en tenait compte, il n’en tiendra plus compte d’ici une minute.
   *[other] Si le compte affiché en tenait compte, il n’en tiendra plus compte d’ici { $minutes } minutes.
}
disowned-stands = Ce que vous avez confirmé vous-même reste. Si ce n’était pas vous non plus :
disowned-at = Enregistré le
disowned-sorry = Pardon pour le dérangement. Nous le dire aide à trouver les autres fausses signatures.

## Arrêter les courriels vers une adresse

stop-mail-link = Arrêter les courriels vers cette adresse, ou les autoriser de nouveau
stop-mail-title = Courriels vers cette adresse
stop-mail-confirmation-lead = Des courriels de confirmation peuvent arriver à cette adresse quand quelqu’un la saisit dans un formulaire de ce site.
stop-mail-confirmation-stop = { $days ->
    [one] Vous pouvez les arrêter, qui que ce soit qui saisisse l’adresse. Sans ce courriel, personne ne peut signer avec cette adresse, vous non plus. L’arrêt prend fin de lui-même après un jour ; vous pouvez y mettre fin plus tôt par n’importe quel lien de nos courriels.
   *[other] Vous pouvez les arrêter, qui que ce soit qui saisisse l’adresse. Sans ce courriel, personne ne peut signer avec cette adresse, vous non plus. L’arrêt prend fin de lui-même après { $days } jours ; vous pouvez y mettre fin plus tôt par n’importe quel lien de nos courriels.
}
stop-mail-confirmation-stopped = C’est arrêté. Plus aucun courriel de confirmation ne part vers cette adresse.
stop-mail-confirmation-allow = Vous voulez signer avec cette adresse ? Autorisez de nouveau les courriels : celui qui attend part alors aussitôt.
stop-mail-until = Cela prend fin de soi-même le
stop-mail-news-lead = Des nouvelles de pétitions peuvent arriver à cette adresse quand elle les a demandées.
stop-mail-news-stop = Vous pouvez les arrêter toutes. Si vous demandez de nouveau des nouvelles en signant une autre pétition, celles-là viendront.
stop-mail-news-stopped = C’est arrêté. Plus aucune nouvelle ne part vers cette adresse.
stop-mail-news-allow = Voulez-vous recevoir de nouveau les nouvelles que vous aviez demandées ?
stop-mail-stop-button = Arrêter ces courriels
stop-mail-allow-button = Autoriser de nouveau ces courriels
stop-mail-nothing-else = Rien d’autre ne change ici : aucune signature n’est confirmée ni retirée, et cette page ne dit pas si cette adresse a signé quoi que ce soit.

## Délivrabilité, pour l’exploitant

mail-title = Nos courriels arrivent-ils ?
mail-all-well = Tous les domaines auxquels nous avons écrit prennent nos courriels.
mail-some-rest = { $count ->
    [0] Tous les domaines prennent nos courriels en ce moment.
    [one] Un domaine ne prend pas nos courriels en ce moment. Il est sollicité de moins en moins souvent ; rien n’est perdu.
   *[other] { $count } domaines ne prennent pas nos courriels en ce moment. Ils sont sollicités de moins en moins souvent ; rien n’est perdu.
}
mail-queue = Courriels qui attendent
mail-age-hour = depuis moins d’une heure
mail-age-six = depuis une à six heures
mail-age-day = depuis six heures à un jour
mail-age-older = depuis plus d’un jour
mail-held = parmi eux, parce que l’adresse est laissée en paix
mail-next = Le prochain courriel remis à plus tard partira le
mail-domains = Par domaine
mail-domains-what = Depuis le dernier démarrage. Un domaine est nommé dès que dix adresses le partagent.
mail-domain = Domaine
mail-sent = Envoyés
mail-deferred = Remis à plus tard
mail-refused = Refusés
mail-returned = Revenus
mail-again = Nouvel essai
mail-other = Tous les autres
mail-quiet = Adresses laissées en paix
mail-quiet-confirmations = leur lecteur a arrêté les courriels de confirmation
mail-quiet-news = leur lecteur a arrêté les nouvelles
mail-quiet-bounced = cette boîte n’existe pas, dit leur serveur de courriel
mail-quiet-troubled = pas laissées en paix : ennuis passagers des 30 derniers jours
mail-no-names = Aucune adresse n’est gardée ici : seulement des marques dont on ne peut pas revenir à l’adresse.

## Une copie ailleurs

copy-notice = Ceci est une copie, faite parce que le site lui-même peut être difficile à joindre. Textes et nombres datent du
copy-sign = On ne signe pas ici ; on signe sur
copy-kept = Rien de ce qui a été signé ou confirmé n’est perdu, et les liens de nos courriels restent bons.

## Ce qui n’a pas pu être fait

refusal-code = Pour la personne qui vous aide :
retry-after = { $wait ->
    [one] Vous pouvez réessayer dans une seconde.
   *[other] Vous pouvez réessayer dans { $wait } secondes.
}
refusal-bad-request-title = Nous n’avons pas pu lire cela
refusal-bad-request-detail = Ce que votre navigateur a envoyé est incomplet ou abîmé. Rien n’a été enregistré, et rien de ce que vous aviez confirmé n’est perdu.
refusal-bad-request-do = Revenez à la pétition et remplissez de nouveau le formulaire.
refusal-forbidden-title = Ce formulaire ne peut plus servir
refusal-forbidden-detail = Il était ouvert depuis trop longtemps, ou il a déjà été envoyé. Rien n’a été enregistré, et rien de ce que vous aviez confirmé n’est perdu.
refusal-forbidden-do = Revenez à la pétition : un formulaire neuf vous y attend.
refusal-banned-title = Cette connexion est bloquée pour un temps
refusal-banned-detail = De fausses signatures ou trop de demandes sont venues de son adresse ou d’adresses voisines, ou une personne de ce site l’a bloquée. Vous partagez peut-être cette adresse avec d’autres : personne ne dit que c’était vous. Rien de ce que vous aviez confirmé n’est perdu, et les liens de nos messages fonctionnent toujours.
refusal-banned-do = Revenez plus tard, ou passez par une autre connexion, celle de votre téléphone par exemple. Si cela se répète, écrivez-nous : une personne peut lever le blocage aussitôt.
refusal-not-found-title = Il n’y a rien à cette adresse
refusal-not-found-detail = Il manque peut-être une lettre à la fin du lien, ou la page a changé de place. Rien de ce que vous avez signé n’est perdu.
refusal-not-found-do = Cherchez la pétition dans la liste.
refusal-link-unknown-title = Nous ne connaissons pas ce lien
refusal-link-unknown-detail = Il a pu être coupé en route, ou ce qu’il désignait a été effacé depuis, comme tout ce qui n’est pas confirmé. Rien de ce que vous aviez confirmé n’est perdu.
refusal-link-unknown-do = Rouvrez le message et suivez le lien en entier. S’il est ancien, signez de nouveau : une signature ne compte de toute façon qu’une fois.
refusal-link-expired-title = Cette signature n’a jamais été confirmée
refusal-link-expired-detail = Elle n’a donc jamais compté, et ce qui avait été saisi est effacé, à votre demande ou au bout d’un certain temps. Si vous en avez confirmé une autre depuis cette boîte aux lettres, celle-là reste.
refusal-link-expired-do = Vous pouvez signer de nouveau : le formulaire prend une minute. Si nous vous avons écrit aujourd’hui au sujet de cette pétition, le message suivant part un jour plus tard.
refusal-link-withdrawn-title = Cette signature a été retirée
refusal-link-withdrawn-detail = Elle ne compte plus, et ce qui avait été saisi est effacé. Il n’y a plus rien à faire.
refusal-link-withdrawn-do = Si vous avez changé d’avis, vous pouvez signer de nouveau.
refusal-link-disowned-title = Vous avez signalé que ce n’était pas vous
refusal-link-disowned-detail = Cette signature ne compte pas et ne peut plus être confirmée.
refusal-link-disowned-do = Si vous souhaitez signer, c’est possible : cela prend une minute.
no-more-signing = La pétition est close : elle ne peut plus être signée.
refusal-method-not-allowed-title = Cette page ne s’utilise pas ainsi
refusal-method-not-allowed-detail = Votre navigateur a demandé une chose que cette page ne fait pas. Rien n’a été enregistré, rien n’est perdu.
refusal-method-not-allowed-do = Revenez en arrière et servez-vous des boutons de la page.
refusal-too-slow-title = La connexion était trop lente
refusal-too-slow-detail = Ce que vous avez envoyé n’est pas arrivé en entier à temps. Rien n’a été enregistré, rien n’est perdu.
refusal-too-slow-do = Revenez en arrière et renvoyez-le, si possible avec une meilleure connexion.
refusal-closed-title = Cette pétition est close
refusal-closed-detail = Elle ne reçoit plus de signatures. Celles qu’elle a restent comptées ; la vôtre aussi, si vous l’aviez confirmée.
refusal-closed-do = Vous pouvez toujours la lire, et retirer une signature.
refusal-too-large-title = C’était trop à la fois
refusal-too-large-detail = Le formulaire contient plus qu’il ne peut prendre. Rien n’a été enregistré, rien n’est perdu.
refusal-too-large-do = Revenez en arrière et raccourcissez votre commentaire.
refusal-unsupported-type-title = Nous n’avons pas pu lire cela
refusal-unsupported-type-detail = Le formulaire est arrivé dans un format que ce site n’accepte pas. Rien n’a été enregistré, rien n’est perdu.
refusal-unsupported-type-do = Revenez à la pétition et servez-vous de son formulaire.
refusal-slow-down-title = Un peu trop vite
refusal-slow-down-detail = Beaucoup de demandes viennent de votre réseau, que vous partagez peut-être avec d’autres. Rien de ce que vous aviez confirmé n’est perdu.
refusal-slow-down-do = Attendez un moment, puis revenez en arrière et réessayez : votre saisie devrait encore y être.
refusal-broken-title = Quelque chose s’est cassé de notre côté
refusal-broken-detail = Vous n’y êtes pour rien. Ce que vous aviez déjà confirmé est en sûreté ; ce que vous venez d’envoyer n’a peut-être pas été enregistré.
refusal-broken-do = Réessayez dans une minute : envoyer deux fois la même chose ne gêne pas, elle compte une fois.
refusal-busy-title = Un instant, s’il vous plaît
refusal-busy-detail = Le site ne peut pas répondre à cela à cet instant. Rien de ce que vous aviez confirmé n’est perdu, et votre lien reste bon.
refusal-busy-do = Attendez un moment, puis réessayez : envoyer deux fois la même chose ne gêne pas, elle compte une fois.
refusal-read-only-title = Les signatures sont suspendues pour le moment
refusal-read-only-detail = Le site est très sollicité et ne fait plus que montrer ses pages. Rien de ce que vous aviez confirmé n’est perdu, et les liens de nos messages fonctionnent toujours.
refusal-read-only-do = Laissez la page ouverte et réessayez dans quelques minutes, ou revenez plus tard.

## Comment nous comptons

method-html =
    <h1>Comment nous comptons</h1>
    <p class="lead">Un nombre à côté d’une pétition vaut ce que l’on sait de sa fabrication. Voici comment le nôtre est fait, et ce qu’il ne prouve pas.</p>
    <h2>Ce qui est compté</h2>
    <p>Chaque signature est regardée selon trois lignes qui ne dépendent pas l’une de l’autre :</p>
    <dl class="axes">
    <div><dt>La boîte aux lettres</dt><dd>non confirmée, ou <b>confirmée</b> : quelqu’un a ouvert notre message et appuyé sur le bouton.</dd></div>
    <div><dt>Le verdict</dt><dd><b>claire</b>, retenue le temps d’une vérification, ou invalidée avec un motif que l’on peut réexaminer.</dd></div>
    <div><dt>La fin</dt><dd><b>aucune</b>, expirée faute de confirmation, retirée par son signataire, ou désavouée (« ce n’était pas moi »).</dd></div>
    </dl>
    <p>Sont comptées les signatures confirmées, claires et sans fin. Une boîte aux lettres compte une fois par pétition. Ouvrir le lien ne suffit pas : des programmes ouvrent les liens, une personne appuie sur le bouton.</p>
    <h2 id="settle">Quand elle est comptée</h2>
    <p>{ $minutes ->
        [one] Une signature confirmée entre dans le compte affiché en une minute environ.
       *[other] Une signature confirmée entre dans le compte affiché en { $minutes } minutes environ.
    } Ce délai laisse le temps de la vérifier. C’est pourquoi le nombre avance par paliers.</p>
    <h2 id="held">Auparavant comptées, aujourd’hui retenues</h2>
    <p>Certaines fausses signatures ne se voient que lorsqu’on en regarde beaucoup ensemble. Quand des signatures déjà comptées y ressemblent, elles sont retenues : elles quittent le compte, et la page dit combien. Personne n’est accusé de rien. Elles sont rétablies, ou invalidées par une personne qui donne un motif ; l’un et l’autre peuvent être défaits.</p>
    <h2>Ce qui n’est jamais montré</h2>
    <p>Le nombre de tentatives écartées n’est pas montré en direct : une attaque afficherait un grand nombre à côté d’une pétition, et c’est peut-être tout ce qu’elle veut. Ni le nombre de signatures encore non confirmées : il dirait si quelqu’un vient de signer. Pour la même raison, le formulaire répond à tous la même chose, et ne dit jamais si une adresse a signé.</p>
    <p>{ $unconfirmed ->
        [one] Les signatures non confirmées sont effacées au bout d’un jour.
       *[other] Les signatures non confirmées sont effacées au bout de { $unconfirmed } jours.
    }</p>
    <h2>Ce que cela ne prouve pas</h2>
    <ul>
    <li>Une boîte aux lettres n’est pas une personne. Qui en possède vingt peut signer vingt fois. Nous le limitons et nous le cherchons ; nous ne pouvons pas l’exclure.</li>
    <li>Un nom est ce que le signataire a écrit. Nous ne contrôlons pas les papiers d’identité.</li>
    <li>Le calcul que fait votre navigateur empêche qu’une attaque soit gratuite. Il ne distingue pas les gens des machines.</li>
    <li>Un exploitant malhonnête pourrait inventer des signatures. Les reçus, et un journal public que chacun peut recompter, sont ce qui borne cela ; tant qu’une pétition n’a pas ce journal, vous faites confiance à ce site.</li>
    </ul>

method-networks-html =
    <h2 id="networks">Au nom de qui un réseau est enregistré</h2>
    <p>Pour voir une attaque, il est utile de savoir à quel réseau appartient une adresse, au nom de qui et dans quel pays un registre l’a enregistré, et si ce réseau loue des serveurs ou raccorde des foyers. La table qui le dit est dans le programme : aucune adresse n’est envoyée à qui que ce soit. Ce que la table ignore est dit inconnu. Le titulaire enregistré est celui que nomme un registre, non l’auteur de ce qui en est venu.</p>
    <p>La table vient de <a href="https://www.routeviews.org/">RouteViews</a>, du <a href="https://www.nro.net/">NRO</a> et de <a href="https://db-ip.com/">IP Geolocation by DB-IP</a>, sous licence <a href="https://creativecommons.org/licenses/by/4.0/deed.fr">CC BY 4.0</a>, compilée par <a href="https://github.com/sapics/ip-location-db">ip-location-db</a> ; Paraph l’a abrégée et y a ajouté la nature des réseaux.</p>

## Vos données

consent-version = Phrase de consentement, version { $version }.
privacy-html =
    <h1>Vos données</h1>
    <p class="lead">Signer une pétition dit quelque chose de ce que vous pensez. La loi le protège plus que tout le reste, et nous aussi.</p>
    <h2>Qui est responsable</h2>
    <p>{ $site } et l’auteur de la pétition décident ensemble que des signatures sont recueillies pour elle : ils en sont responsables conjoints. { $site } est seul responsable de les recevoir, les confirmer, les compter, les vérifier et les protéger ; c’est à lui qu’il faut écrire, pour tout : <a href="mailto:{ $contact }">{ $contact }</a>. L’auteur voit le compte et ce que les signataires ont choisi de montrer ; il ne reçoit ni les adresses, ni la liste. Un auteur qui recueille des données ailleurs le fait seul, comme responsable distinct.</p>
    <h2>Quoi, pourquoi, sur quelle base</h2>
    <p>Vos nom, adresse, lieu, commentaire et choix, afin de compter votre signature : sur votre consentement explicite (RGPD, article 9, paragraphe 2, a), donné par la phrase placée au bas du formulaire et par rien d’autre.</p>
    <p>Des nouvelles de la pétition : seulement si vous avez coché la case, sur ce consentement distinct. Le refuser ne change rien pour votre signature.</p>
    <p>L’adresse et le port de votre connexion, l’heure, et des traits techniques de votre navigateur sous une forme brouillée, afin d’écarter les fausses signatures et de pouvoir prouver une attaque : sur notre intérêt légitime à un compte juste (article 6, paragraphe 1, f) et pour la constatation, l’exercice ou la défense de droits en justice (article 9, paragraphe 2, f).</p>
    <h2>Combien de temps</h2>
    <dl class="axes">
    <div><dt>Non confirmé</dt><dd>{ $unconfirmed ->
        [one] effacé au bout d’un jour.
       *[other] effacé au bout de { $unconfirmed } jours.
    }</dd></div>
    <div><dt>Traits techniques</dt><dd>{ $features ->
        [one] effacés au bout d’un jour.
       *[other] effacés au bout de { $features } jours.
    }</dd></div>
    <div><dt>Signature</dt><dd>jusqu’à ce que vous la retiriez : rien ne l’efface tout seul, pas même la fin de la pétition.</dd></div>
    <div><dt>Adresse, port et heure de la connexion</dt><dd>sous scellé avec la signature qui en est venue, aussi longtemps qu’elle.</dd></div>
    <div><dt>Ce que vous nous avez fait garder pour votre plainte (« ce n’était pas moi »)</dt><dd>sous scellé, jusqu’à ce que vous le fassiez effacer par le même lien.</dd></div>
    </dl>
    <h2>Qui d’autre les voit</h2>
    <p>Aucun tiers : ni script, ni police, ni compteur, ni captcha venus d’ailleurs, et aucun cookie. Chaque enregistrement est scellé par une clé qui lui est propre ; effacer, c’est détruire la clé. Seuls l’hébergeur de nos machines et celui qui achemine notre courrier les traitent, pour notre compte. Une autorité peut recevoir des preuves d’une attaque, sur décision enregistrée d’une personne.</p>
    <h2>Vos droits</h2>
    <p>Retirer votre consentement à tout moment, par le lien de notre message : ce qui a été compté avant reste licite, et votre signature quitte le compte. Consulter, corriger, effacer, limiter, emporter vos données ou vous opposer : écrivez-nous. Vous pouvez aussi saisir l’autorité de protection des données de votre pays (en France, la CNIL). Rien n’est décidé de vous par une machine seule : une signature qui semble fausse est retenue, et une personne décide.</p>
    <h2>La phrase à laquelle vous consentez en signant</h2>

## Mentions légales

legal-publisher = Éditeur
legal-contact = Contact
legal-host = Hébergeur
legal-petitions = Pétitions
legal-petitions-html = Chaque pétition engage la responsabilité de son auteur. Pour signaler un texte illicite, écrivez à <a href="mailto:{ $contact }">{ $contact }</a>.
legal-software = Logiciel
legal-software-text = Ce site fonctionne avec Paraph, logiciel libre sous licence MIT ou Apache 2.0. Son contrôle contre les faussaires utilise le composant ALTCHA (licence MIT), servi depuis ce site.

## Ce que les auteurs ajoutent

video = Vidéo
video-watch = Voir la vidéo
video-where = Rien n’est chargé avant votre clic. Elle vient alors de { $host }, qui apprend votre adresse.
first-title = Premiers signataires
first-why = Nommés par l’auteur de cette pétition. Être nommé ici ne fait pas entrer dans le compte.
updates-title = Nouvelles
updates-all = Toutes les nouvelles
updates-none = Il n’y a pas encore de nouvelles.
update-by = par
feed-link = Suivre sans donner d’adresse (Atom)
feed-title = Nouvelles : { $title }
names-title = Ils ont signé, entre autres
names-why = Noms de celles et ceux qui l’ont souhaité. Ils paraissent par groupes et sans ordre, quelque temps après la signature, et s’en vont avec un retrait.
versions-title = Versions du texte
versions-lead = Ce qui a été signé reste tel qu’il a été signé. Une nouvelle version vaut pour qui signe après son adoption.
versions-link = Les versions précédentes
versions-why = restent telles qu’elles ont été signées.
version-title = Version { $version }
version-in-force = en vigueur
version-earlier = une version précédente ; qui l’a signée a signé ces mots
version-adopted = Adoptée le
version-whole = Le texte entier
difference-title = Ce qui a changé
difference-removed = retiré :
difference-added = ajouté :
signed-earlier = { $count ->
    [one] { $count } signature comptée porte sur une version précédente.
   *[other] { $count } signatures comptées portent sur une version précédente.
}
form-earlier = Vous signez la version { $version } du texte, celle de votre page. Une version plus récente est en vigueur.
form-earlier-link = Lire les versions
shown-text = Texte
shown-earlier = Version { $version }, celle de la page ; une plus récente est en vigueur depuis
reason-lockstep = Semblables d’au moins trois façons indépendantes, comme faites ensemble
reason-machine = Faites par une machine, selon la personne qui les a examinées
reason-same-person = Plusieurs signatures d’une même personne
reason-disowned = Les titulaires des adresses disent : « ce n’était pas moi »
reason-reviewed = Quelqu’un a vérifié et n’a rien trouvé à leur reprocher
reason-answered = Ces personnes ont répondu quand on le leur a demandé
reason-mistake = La décision précédente était une erreur
