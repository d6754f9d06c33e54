# Le bureau : ce que lisent les auteurs, modérateurs et opérateurs. Mêmes règles que fr.ftl.

desk-name = Bureau
desk-footer = Ici travaillent les personnes qui tiennent ce site.
desk-petitions = Pétitions
desk-mail = Courriels
desk-members = Membres
desk-audit = Registre
desk-account = Mon compte
desk-logout = Se déconnecter
desk-role-author = auteur
desk-role-moderator = modérateur
desk-role-operator = opérateur
desk-former = ancien membre
desk-former-number = ancien membre n° { $count }
desk-by-command = ligne de commande
desk-by-signal = signal (SIGHUP)
desk-to-review-count = { $count } à relire

## Entrer

desk-login = Se connecter
desk-login-button = Se connecter
desk-login-wrong = Le nom, le mot de passe ou le code ne convient pas. Un code ne sert qu’une fois : attendez le suivant.
desk-login-wait = Trop d’essais. Réessayez dans { $wait ->
    [one] { $wait } seconde
   *[other] { $wait } secondes
}. Personne n’est bloqué pour de bon.
desk-login-busy = Trop de connexions à la fois. Réessayez dans { $wait ->
    [one] { $wait } seconde
   *[other] { $wait } secondes
}.
desk-login-lost = Téléphone perdu ? Mettez un de vos codes de secours à la place du code. Plus de codes ? Un opérateur peut vous donner un nouveau lien.
desk-login-passkey-wrong = Cette clé d’accès n’ouvre pas le bureau. Le nom, le mot de passe et le code l’ouvrent toujours.
desk-login-passkey-stopped = Cette clé d’accès a été arrêtée : il en existe peut-être une copie. Connectez-vous avec nom, mot de passe et code, puis retirez-la dans « Mon compte ».
desk-passkey-or = Ou sans rien taper
desk-passkey-login = Se connecter avec une clé d’accès
desk-passkey-failed = Cela n’a pas marché : l’opération a été annulée, ou cet appareil n’a pas de clé d’accès qui convienne. Rien n’a été changé.
desk-passkey-late = Cette page est restée ouverte trop longtemps, ou a déjà servi. Réessayez maintenant.
desk-label-name = Nom
desk-label-password = Mot de passe
desk-label-code = Code
desk-hint-code = Les six chiffres de votre application, ou un code de secours.
desk-join = Bienvenue au bureau
desk-join-author = Ce lien vous permet d’écrire des pétitions.
desk-join-moderator = Ce lien vous permet de relire les pétitions, de les publier et de veiller la nuit.
desk-join-operator = Ce lien vous permet de tenir ce site.
desk-renew = Choisir à nouveau
desk-renew-lead = Nouveau mot de passe et nouvelle application pour
desk-join-button = Entrer au bureau
desk-join-until = Ce lien sert une fois, jusqu’au
desk-hint-name = C’est avec lui que vous vous connecterez ; les autres membres le voient. Un pseudonyme convient.
desk-label-new-password = Nouveau mot de passe
desk-hint-password = Au moins douze caractères. Quatre mots au hasard font l’affaire.
desk-generator = Application de codes
desk-generator-how = Lisez ce carré avec une application de codes (celle que vous avez déjà, quelle qu’elle soit), puis recopiez le code qu’elle affiche.
desk-generator-code = Carré à lire avec l’application de codes
desk-generator-type = Ou tapez cette clé dans l’application :
desk-label-first-code = Code affiché
desk-wrong-name = un nom de 2 à 40 lettres et chiffres, s’il vous plaît.
desk-wrong-taken = ce nom est déjà pris.
desk-wrong-password = au moins douze caractères variés, sans votre nom.
desk-wrong-code = ce code n’est pas le bon. L’heure de votre téléphone est-elle juste ?
desk-codes = Codes de secours
desk-codes-lead = Notez-les sur papier, maintenant. Ils ne seront plus jamais affichés.
desk-codes-how = Chacun remplace une fois le code de votre application, si vous perdez votre téléphone.
desk-codes-kept = Je les ai notés
desk-codes-left = { $count ->
    [0] Il ne vous en reste aucun.
    [one] Il vous en reste un.
   *[other] Il vous en reste { $count }.
}
desk-codes-button = De nouveaux codes

## Mon compte

desk-sessions = Sessions ouvertes
desk-session-since = Ouverte le
desk-session-seen = Dernière activité le
desk-session-this = celle-ci
desk-session-end = Fermer
desk-sessions-end = Fermer toutes mes sessions
desk-password = Mot de passe
desk-label-old-password = Mot de passe actuel
desk-password-button = Changer le mot de passe
desk-old-wrong = Le mot de passe actuel ne convient pas. Rien n’a été changé.
desk-passkeys = Clés d’accès
desk-passkeys-what = Avec une clé d’accès (« passkey »), vous entrez par le verrou de votre téléphone ou de votre ordinateur, sans mot de passe ni code. Ceux-ci restent : si vous perdez l’appareil, vous entrez avec eux.
desk-passkeys-nowhere = Les clés d’accès demandent un site joint par son nom, en https ; ce n’est pas le cas de cette adresse.
desk-passkey-script = Pour ajouter une clé d’accès, cette page a besoin de JavaScript. Le mot de passe et le code s’en passent.
desk-passkey-since = Ajoutée le
desk-passkey-stopped = Arrêtée : il en existe peut-être une copie. Retirez-la, et ajoutez-en une autre.
desk-passkey-remove = Retirer
desk-label-passkey-name = Nom de la nouvelle clé d’accès
desk-hint-passkey-name = Pour la reconnaître : « téléphone », « ordinateur du bureau ».
desk-passkey-make = Ajouter une clé d’accès
desk-passkey-name = Un nom de 2 à 40 lettres et chiffres, s’il vous plaît. Aucune clé d’accès n’a été ajoutée.
desk-passkey-wrong = Cette clé d’accès n’a pas pu être acceptée. Rien n’a été changé.
desk-passkey-full = Vous avez autant de clés d’accès qu’il est permis. Retirez-en une d’abord.

## Pétitions

desk-none = Pas encore de pétition ici.
desk-new = Nouvelle pétition
desk-group-review = À relire
desk-group-drafts = Brouillons
desk-group-open = Ouvertes
desk-group-closed = Closes
desk-state-draft = brouillon
desk-state-review = à relire
desk-state-back = renvoyée
desk-state-open = ouverte
desk-state-closed = close
desk-written-by = écrite par
desk-public-page = Voir la page publique
desk-as-of = Comptées jusqu’au
desk-number-counted = signatures comptées
desk-number-held = comptées auparavant, retenues
desk-number-invalidated = comptées auparavant, invalidées
desk-number-withdrawn = comptées auparavant, retirées
desk-edit = Modifier
desk-post = Publier une nouvelle
desk-close = Clore la pétition
desk-discard = Supprimer le brouillon
desk-submit = Proposer à la relecture
desk-waits = Cette pétition attend qu’un modérateur la relise. Si vous la modifiez, il faudra la proposer de nouveau.
desk-sent-back = Renvoyée par la modération, avec ce mot :
desk-preview = Aperçu
desk-preview-not-kept = Rien n’est encore enregistré.
desk-preview-button = Aperçu
desk-review = Relecture
desk-review-how = Publier ouvre la pétition aux signatures, telle que vous venez de la lire. Elle ne redeviendra plus un brouillon.
desk-publish = Publier
desk-label-note = Pourquoi la renvoyer ? L’auteur lira ce mot.
desk-send-back = Renvoyer à l’auteur
desk-problem-note-empty = « Pourquoi la renvoyer » est vide, et rien n’est renvoyé : l’auteur a besoin d’au moins un mot.
desk-problem-note-long = « Pourquoi la renvoyer » est trop long, et rien n’est renvoyé : au plus 2000 caractères.
desk-save = Enregistrer le brouillon
desk-save-open = Adopter cette version
desk-edit-open = La pétition est ouverte. Un changement du titre, du destinataire ou du texte devient une nouvelle version, et la page montre ce qui a changé.
desk-problems = Quelque chose ne convient pas ; rien n’est enregistré. C’est dit à côté de chaque champ.
desk-trouble-taken = Ce nom dans les adresses est déjà pris.
desk-trouble-full = Cette pétition a autant de versions ou de nouvelles que le site le permet.
desk-trouble-closed = La pétition est close : son texte ne change plus.
desk-problem-slug = des minuscules, des chiffres et des traits d’union, comme dans riviere-propre.
desk-problem-goal = un nombre entier à partir de 1, ou rien.
desk-problem-video = l’adresse d’une page de vidéo, ou d’un fichier .mp4 ou .webm.
desk-problem-first = la liste est trop longue.
desk-label-title = Titre
desk-hint-title = Une demande, en une ligne.
desk-label-slug = Nom dans les adresses
desk-hint-slug = Une fois la pétition publiée, il ne changera plus. La page sera à
desk-label-owner = Qui lance la pétition
desk-hint-owner = Affiché sous le titre.
desk-label-addressee = Destinataire
desk-hint-addressee = À qui la demande s’adresse. Facultatif.
desk-label-body = Texte
desk-hint-body = Une ligne vide sépare les paragraphes ; « ## » commence un intertitre, « - » une liste.
desk-label-language = Langue du texte
desk-label-goal = Objectif
desk-hint-goal = Signatures espérées. Facultatif.
desk-label-first = Premiers signataires
desk-hint-first = Un par ligne : nom | qualité. Ils ne sont pas comptés. Facultatif.
desk-label-video = Vidéo
desk-hint-video = Elle ne se charge que si on la demande. Facultatif.
desk-label-mail = L’envoyer par courriel à qui a demandé des nouvelles
desk-post-button = Publier la nouvelle
desk-close-what = { $count ->
    [0] Plus personne ne pourra signer. Les liens déjà envoyés confirment encore.
    [one] Une signature est comptée. Plus personne ne pourra signer ; les liens déjà envoyés confirment encore.
   *[other] { $count } signatures sont comptées. Plus personne ne pourra signer ; les liens déjà envoyés confirment encore.
}
desk-close-sure = Je sais qu’elle ne se rouvrira pas.
desk-close-button = Clore
desk-discard-what = Le brouillon disparaît avec tout ce qui en a été écrit : titre, texte, toutes les versions, notes. Personne ne pourra le faire revenir. Son adresse sera de nouveau libre.
desk-discard-sure = Je sais qu’il n’en restera rien.
desk-discard-button = Supprimer

## Membres

desk-since = depuis le
desk-reset = Nouveau lien
desk-remove = Retirer
desk-remove-what = Son nom, son mot de passe et ses sessions sont effacés tout de suite, et les liens que ce membre a faits et que personne n’a utilisés ne valent plus rien. Le registre garde ce qui a été fait, sans le nom.
desk-remove-sure = Oui, retirer ce membre.
desk-remove-button = Retirer ce membre
desk-invite = Inviter quelqu’un
desk-invite-how = Vous recevez un lien à transmettre vous-même, par un moyen sûr. Aucune adresse n’est demandée.
desk-invite-button = Faire un lien
desk-label-role = Rôle
desk-links = Liens non utilisés
desk-link-how = À transmettre par un moyen sûr. Il sert une fois et ne sera plus affiché.
desk-link-until = jusqu’au
desk-take-back = Reprendre
desk-last-operator = C’est le dernier opérateur : personne ne pourrait plus inviter. Invitez-en d’abord un autre.
desk-too-many = Autant de membres ou de liens que le site le permet. Retirez-en d’abord.

## Registre

desk-audit-what = Qui a fait quoi, et quand : avec les pétitions, les membres et les comptes, avec les signatures elles-mêmes et leur suspension, avec la configuration, ici et en ligne de commande. Aucun signataire n’y est nommé. Ce qui a été constaté et noté pendant une attaque figure dans la main courante.
desk-act-invited = a fait un lien d’invitation
desk-act-reset = a fait un nouveau lien pour
desk-act-link-taken-back = a repris un lien
desk-act-joined = a rejoint le bureau
desk-act-renewed = a choisi un nouveau mot de passe et une nouvelle application
desk-act-login = a ouvert une session
desk-act-login-recovery = a ouvert une session avec un code de secours
desk-act-login-passkey = a ouvert une session avec une clé d’accès
desk-act-passkey-added = a ajouté la clé d’accès
desk-act-passkey-removed = a retiré la clé d’accès
desk-act-passkey-stopped = n’a pas pu entrer : il existe peut-être une copie de la clé d’accès
desk-act-session-ended = a fermé une session
desk-act-sessions-ended = a fermé toutes les sessions
desk-act-password = a changé de mot de passe
desk-act-recovery = a demandé de nouveaux codes de secours
desk-act-removed = a retiré un membre
desk-act-crowdsec-on = a décidé que les bannissements sont transmis à CrowdSec
desk-act-crowdsec-off = a décidé que les bannissements ne sont plus transmis à CrowdSec
desk-act-banned = a banni une adresse à la main
desk-act-unbanned = a levé un bannissement
desk-act-bans-lifted = a levé tous les bannissements
desk-act-reloaded = a fait relire la configuration
desk-act-networks-updated = a repris une autre table des réseaux, utilisée à partir du prochain démarrage
desk-act-store-restored = a rétabli le site depuis une sauvegarde
desk-act-hold = a retenu des signatures
desk-act-release = a relâché des signatures
desk-act-invalidate = a invalidé des signatures
desk-act-reinstate = a rétabli des signatures
desk-act-undone = a défait la décision { $verdict }
desk-audit-judged = { $petition }, { $count ->
    [one] { $count } signature
   *[other] { $count } signatures
}
desk-act-created = a créé
desk-act-edited = a modifié
desk-act-posted = a publié une nouvelle
desk-act-published = a publié
desk-act-closed = a clos
desk-act-discarded = a supprimé le brouillon
desk-act-submitted = a proposé à la relecture
desk-act-sent-back = a renvoyé

## Ce qui vient d’être fait

desk-done-logged-out = Vous êtes déconnecté.
desk-done-saved = C’est enregistré.
desk-done-adopted = Cette version est en vigueur.
desk-done-unchanged = Rien n’était différent.
desk-done-submitted = La pétition attend un modérateur.
desk-done-submitted-own = La pétition est à relire. Vous pouvez la publier vous-même, plus bas.
desk-done-published = La pétition est ouverte aux signatures.
desk-done-sent-back = La pétition est renvoyée à son auteur, avec votre mot.
desk-done-posted = La nouvelle est publiée.
desk-done-closed = La pétition est close.
desk-done-discarded = Le brouillon est supprimé.
desk-done-password = Le mot de passe est changé ; les autres sessions sont fermées.
desk-done-passkey = La clé d’accès est ajoutée.
desk-done-passkey-removed = La clé d’accès est retirée. Si cet appareil la propose encore, supprimez-la aussi chez lui.
desk-done-ended = La session est fermée.
desk-done-all-ended = Toutes vos sessions sont fermées, celle-ci aussi. Pour continuer, reconnectez-vous.
desk-done-removed = Le membre est retiré.
desk-done-taken-back = Le lien ne vaut plus rien.

## Ce qui ne va pas

desk-no-page = Il n’y a rien ici
desk-no-page-why = Cette page n’existe pas, ou vous ne pouvez pas la voir.
desk-no-link = Ce lien ne sert plus
desk-no-link-why = Il a déjà servi, ou son temps est passé. Demandez-en un autre à un opérateur.
desk-no-right = Votre rôle ne le permet pas
desk-no-right-why-author = Rien n’a été changé. Demandez à un modérateur ou à un opérateur.
desk-no-right-why-moderator = Rien n’a été changé. Demandez à un opérateur ; s’il s’agit d’une pétition, la personne qui l’a écrite le peut peut-être aussi.
desk-no-right-why-operator = Rien n’a été changé. Aucun rôle ne permet cela.
desk-no-form = Ce formulaire n’est plus valable
desk-no-form-why = Votre session a changé ou pris fin, ou le formulaire ne vient pas d’ici. Rien n’a été changé : revenez à la page et recommencez.
desk-no-form-written = Ce que vous avez écrit est ci-dessous : copiez-le, reconnectez-vous, et collez-le dans le nouveau formulaire.
desk-no-changed = Le brouillon a changé entre-temps
desk-no-changed-why = Rien n’a été publié. Relisez-le d’abord.
desk-no-submitted = C’est déjà proposé
desk-no-submitted-why = Cette pétition attend déjà un modérateur. Il n’y a plus rien à faire.
desk-no-submitted-own = C’est déjà proposé
desk-no-submitted-own-why = Cette pétition est déjà à relire. Vous pouvez la relire et la publier vous-même, sur sa page.
desk-no-with-author = Ce brouillon n’est pas à relire
desk-no-with-author-why = La personne qui l’a écrit ne l’a pas proposé, l’a modifié depuis, ou quelqu’un le lui a renvoyé. Rien n’a été changé : il viendra sous « À relire » dès qu’elle le proposera.
desk-no-published = Cette pétition est déjà publiée
desk-no-published-why = Elle est ouverte aux signatures. Rien n’a été changé de nouveau.
desk-no-closed = Cette pétition est déjà close
desk-no-closed-why = Plus personne ne peut la signer, et son texte ne change plus. Rien n’a été changé de nouveau.
desk-no-draft = Cette pétition n’est pas encore publiée
desk-no-draft-why = Personne ne la suit et personne ne peut la signer. Rien n’a été changé.
desk-no-full = Il n’y a plus de place
desk-no-full-why = Cette pétition a autant de nouvelles que le site le permet. Rien n’a été publié.
desk-no-undone = Cette décision est déjà défaite
desk-no-undone-why = Quelqu’un l’a défaite avant vous, ou elle n’est pas de celles qui se défont. Rien n’a été changé de nouveau.
desk-no-over = Cet incident est clos
desk-no-over-why = Plus rien n’y change : la limite habituelle est en vigueur. La salle dit ce qui est en cours.
desk-no-no-scrutiny = L’examen automatique est arrêté
desk-no-no-scrutiny-why = Il ne retient personne : il n’y a pas de limite à relever. Rien n’a été changé.
desk-no-nobody = Cela ne changerait rien pour personne
desk-no-nobody-why = Les signatures de cette décision ont été décidées autrement depuis, ou ont pris fin. Rien n’a été changé.
desk-no-field = Un champ ne convient pas
desk-no-field-why = Il manque quelque chose, ou c’est trop long, ou le formulaire ne connaît pas ce champ. Rien n’a été enregistré : revenez en arrière, ce que vous avez écrit y est encore.
desk-no-large = C’était trop à la fois
desk-no-large-why = Ce formulaire du bureau contient plus qu’il ne peut prendre. Rien n’a été enregistré : revenez en arrière, ce que vous avez écrit y est encore, et raccourcissez le texte.
desk-no-type = Ce formulaire n’a pas pu être lu
desk-no-type-why = Il est arrivé dans un format que le bureau n’accepte pas. Rien n’a été enregistré : revenez à la page du bureau et servez-vous de son formulaire.
desk-no-slow = La connexion était trop lente
desk-no-slow-why = Le formulaire n’est pas arrivé en entier à temps. Rien n’a été enregistré : revenez en arrière, ce que vous avez écrit y est encore, et renvoyez-le.
desk-no-busy = Réessayez dans quelques secondes
desk-no-busy-why = Rien n’a pu être enregistré. Ce n’est pas perdu : revenez en arrière et renvoyez.
desk-no-method = Pas de cette façon
desk-no-method-why = Cette adresse ne prend pas cette demande.
desk-no-broken = Le bureau ne peut pas lire ses données
desk-no-broken-why = Le journal du serveur dit pourquoi. Rien n’a été changé.

## La salle de crise

desk-room = Salle de crise
desk-room-renews = Sans script, cette page se recharge toutes les 30 secondes, et replie ce que vous avez déplié.
desk-room-stop = La figer, tout déplié
desk-room-stands = Cette page ne se recharge plus d’elle-même.
desk-room-again = Actualiser
desk-room-by-itself = La laisser se recharger toutes les 30 secondes
desk-keep-open = Déplier et garder déplié
desk-hour = { $hour } h { $minute }
desk-moment = { $day } à { $local } ({ $zone }), { $utc } UTC
desk-moment-utc = { $day } à { $utc } UTC
desk-since-when = depuis le
desk-lamp-signing-good = On peut signer
desk-lamp-signing-unsure = Il n’est pas sûr que tout le monde puisse signer
desk-lamp-signing-bad = On ne peut pas signer, ou pas tous
desk-lamp-count-good = Le compte est sûr
desk-lamp-count-unsure = Le compte n’est pas à jour
desk-lamp-count-bad = Le compte n’est pas certain
desk-lamp-evidence-good = Les preuves sont gardées
desk-lamp-evidence-unsure = Les preuves sont gardées, mais leurs heures ne sont pas certaines
desk-lamp-evidence-bad = Les nouvelles preuves ne peuvent pas être gardées
desk-act-now = À faire maintenant, cette seule chose
desk-act-later = Rien qui ne puisse attendre le matin
desk-next-nothing = Rien. Vous pouvez dormir.
desk-next-nothing-why = Aucune alarme. S’il se passe quelque chose, vous serez réveillé de nouveau.
desk-next-limit = Relever la limite, ou la laisser
desk-next-findings = Voir ce qui a été trouvé
desk-next-open = Les signatures sont suspendues : rouvrez-les.
desk-next-open-why = Quelqu’un les a suspendues, et elles ne se rouvrent pas toutes seules. Si les pages se chargent bien, rouvrez-les maintenant. Sinon, laissez-les, et notez dans la main courante qui les rouvrira, et quand.
desk-acknowledge = Je m’en occupe
desk-if-nothing = Si vous ne faites rien
desk-if-nothing-calm = Il ne se passe rien. Le { $at }, la page dira la même chose, avec un compte plus récent.
desk-if-nothing-signing = Le { $at }, on dira encore aux gens de revenir. Aucune signature n’est perdue, et le compte n’en change pas. Il n’y aura rien à défaire.
desk-if-nothing-count = Le { $at }, la page montrera encore ce compte. Rien ne s’efface tout seul, et tout peut être recompté à partir du journal.
desk-if-nothing-waits = Le { $at }, ce sera comme maintenant. Rien n’est perdu : ce qui ne peut pas encore se faire attend, et ce qui n’est pas certain n’est pas compté. Ce qui a été retenu peut être défait à tout moment, cette nuit ou dans un mois.
desk-others = Aussi en cours
desk-chart = Les dernières heures, minute par minute
desk-chart-none = La courbe commence deux minutes après le démarrage du serveur.
desk-chart-top = Haut de la courbe : { $count } par minute. Sommes et, pour les retenues, la dernière valeur :
desk-chart-admitted = reçues
desk-chart-settled = comptées
desk-chart-sent-away = priées de revenir
desk-chart-held = retenues
desk-sources = Sources bannies, par réseau
desk-held-sources = Ce qui est retenu ou invalidé, par réseau
desk-held-sources-what = { $count ->
    [0] Aucune signature.
    [one] La dernière signature.
   *[other] Les { $count } dernières signatures.
}
desk-network-unknown = réseau inconnu
desk-networks-credit = Données : RouteViews, NRO et DB-IP (db-ip.com), CC BY 4.0, réunies par ip-location-db ; modifiées par Paraph
desk-sources-what = Qui annonce une adresse n’est pas qui envoie depuis elle.
desk-not = À ne pas faire
desk-not-delete = Effacer quoi que ce soit.
desk-not-delete-why = Ce sont des preuves, et rien n’en est dans le compte. Ce qui est effacé ne revient pas.
desk-not-name = Nommer qui que ce soit.
desk-not-name-why = Une adresse dit par quel réseau une chose est passée, jamais qui l’a envoyée. Qui est nommé à tort le reste.
desk-not-restart = Redémarrer le serveur.
desk-not-restart-why = Une partie de ce qu’il sait de l’attaque est dans sa mémoire. Il se remet tout seul.
desk-not-answer = Répondre aux journalistes cette nuit.
desk-not-answer-why = Les chiffres seront certains demain matin. Dites : « Nous publions un communiqué à dix heures. »
desk-clocks = Délais
desk-clock-none = Savez-vous maintenant que c’est une attaque ? À partir de ce moment courent deux délais légaux, de 72 heures chacun. Mieux vaut les lancer trop tôt.
desk-clock-start = Je le sais depuis maintenant
desk-clock-stop = C’est fini, ou ce n’était pas une attaque
desk-clock-aware = Nous le savons depuis le
desk-clock-authority = Autorité de protection des données, jusqu’au
desk-clock-authority-only = Seulement si des données personnelles sont touchées. Trois questions :
desk-clock-question-1 = Quelqu’un a-t-il vu des données qu’il ne devait pas voir ?
desk-clock-question-2 = Des données ont-elles été perdues ou modifiées ?
desk-clock-question-3 = Des personnes ont-elles longtemps été privées des leurs ?
desk-clock-complaint = Plainte, pour l’assureur, jusqu’au
desk-clock-complaint-why = En France, l’assureur ne paie que si la plainte est déposée dans les 72 heures.
desk-clock-decides = Qui décide
desk-clock-nobody = Personne n’est nommé dans la configuration : alerts.decides.
desk-shift = Main courante
desk-label-shift = Ce que vous voyez, faites ou transmettez
desk-shift-write = Noter quelque chose
desk-shift-earlier = { $count ->
    [0] Aucune ligne plus ancienne
    [one] Une ligne plus ancienne
   *[other] { $count } lignes plus anciennes
}
desk-shift-button = Noter
desk-problem-shift-empty = « Ce que vous voyez, faites ou transmettez » est vide, et rien n’est noté : écrivez au moins un mot.
desk-problem-shift-long = « Ce que vous voyez, faites ou transmettez » est trop long, et rien n’est noté : au plus 1000 caractères. Notez le reste dans une autre ligne.
desk-shift-aware = sait qu’il y a une attaque : les délais courent
desk-shift-over = a arrêté les délais

desk-line = La ligne est pleine
desk-line-button = La ligne est-elle pleine ?
desk-line-lead = Si les pages ne se chargent presque plus, pour vous non plus, la connexion de la machine est saturée. Ce logiciel n’y peut rien. L’hébergeur, si.
desk-line-call = Appeler
desk-line-call-unknown = le numéro d’urgence de l’hébergeur (à écrire dans la configuration : alerts.call)
desk-line-contract = Numéro de contrat
desk-line-contract-unknown = sur la facture de l’hébergeur (à écrire dans la configuration : alerts.contract)
desk-line-read = À lire à voix haute
desk-line-text-1 = Bonsoir. Notre serveur reçoit un flot venu d’Internet, et sa ligne est pleine. C’est la machine qui sert
desk-line-text-2 = Nous ne pouvons pas le filtrer sur la machine : il n’y arrive pas en entier. Filtrez-le en amont de la ligne, s’il vous plaît, et donnez-moi le numéro du ticket.
desk-line-text-contract = Notre numéro de contrat est le
desk-line-ask = À demander
desk-line-ask-1 = la protection contre les saturations (anti-DDoS) pour cette adresse, maintenant ;
desk-line-ask-2 = de quelle sorte de flot il s’agit, et combien de gigabits par seconde ;
desk-line-ask-3 = que personne ne retire l’adresse du réseau sans vous appeler d’abord.
desk-line-copy = Une copie de la page, à mettre ailleurs
desk-line-copy-why = Un seul fichier, sans formulaire. Mettez-le sur n’importe quel autre espace : on y lit que rien n’est perdu.
desk-line-meanwhile = Pendant ce temps rien n’est perdu : ce qui a été reçu est sur le disque, et les courriels attendent.
desk-copy-lead = Notre site est difficile à joindre en ce moment. Rien n’est perdu, et vous pourrez signer dès son retour :

desk-statement = Communiqué du matin
desk-statement-lead = Des nombres, ce qu’on ne sait pas, ce qu’on fera. Ni noms ni adjectifs.
desk-statement-made = Prêt à être publié
desk-statement-button = Écrire le communiqué
desk-label-aside = Tentatives de signature écartées
desk-hint-aside = Des formulaires complets, retenus ou invalidés. Une demande refusée à l’entrée n’est pas une tentative de signature : elle n’est pas comptée ici.
desk-hint-counts = Comptes de ce qui a été attaqué : { $titles }
desk-label-before = Compte avant
desk-hint-before = Affiché le { $at }, avant que cela commence.
desk-label-after = Compte après
desk-label-unknown = Ce que nous ne savons pas
desk-hint-unknown = Dans vos mots. Adresses, sites et noms de titulaires de réseaux sont refusés : personne ne sait encore qui est derrière. Un nom qui est aussi un mot courant, comme « Cloud », n’est refusé qu’avec sa majuscule, dans une phrase ; en tête de phrase, on vous demande ce que vous voulez dire.
desk-label-complaint = Une plainte pourra être déposée
desk-statement-numbers = La nuit dernière, { $attempts ->
    [0] aucune tentative de signature n’a été écartée
    [one] { $aside } tentative de signature a été écartée
   *[other] { $aside } tentatives de signature ont été écartées
}. Le compte était de { $before } avant, il est de { $after } maintenant.
desk-statement-other = Vos mots ne sont que dans la version écrite dans votre langue. Pour celle-ci, ouvrez cette page dans la sienne.
desk-statement-unknown = Nous ne savons pas qui est à l’origine de ces tentatives.
desk-statement-complaint = Une plainte pourra être déposée.
desk-statement-method = La page « Comment nous comptons » explique notre méthode.
desk-statement-no-number = « { $label } » n’est pas un nombre entier : écrivez-le en chiffres, sans rien d’autre, comme 34000.
desk-statement-empty-number = « { $label } » est vide : écrivez un nombre entier, 0 s’il n’y en a aucune.
desk-statement-no-length = « { $label } » est trop long : au plus 2000 caractères, s’il vous plaît.
desk-statement-no-address = « { $label } » contient une adresse de réseau. Retirez-la : elle dit par où une chose est passée, pas qui l’a envoyée.
desk-statement-no-name = « { $label } » contient une adresse de courriel ou un site. Retirez-le.
desk-statement-no-network = « { $label } » contient le numéro d’un réseau. Retirez-le.
desk-statement-no-holder = « { $label } » contient le nom d’un titulaire de réseau. Retirez-le : par où une chose est passée ne dit pas qui l’a envoyée. Si c’était un mot courant, écrivez-le sans majuscule.
desk-statement-in-question = { $asked ->
    [one] Ce mot est aussi un nom de réseau : { $words }. Si c’est ici le mot courant, dites-le plus bas ; si c’est le réseau, retirez-le.
   *[other] Ces mots sont aussi des noms de réseaux : { $words }. Si ce sont ici des mots courants, dites-le plus bas ; si c’est un réseau, retirez-le.
}
desk-label-no-names = Aucun réseau n’est nommé ici ({ $words })
desk-done-acknowledged = On ne réveillera plus d’autres personnes pour cela.
desk-done-noted = C’est noté.

desk-findings = Ce qui a été trouvé et décidé
desk-findings-earlier = { $count ->
    [0] Aucune décision plus ancienne
    [one] Une décision plus ancienne
   *[other] { $count } décisions plus anciennes
}
desk-findings-none = Rien n’a été retenu ni invalidé.
desk-findings-facts = Ce qui a été vu
desk-findings-facts-at = Ce qui avait été vu le { $at }
desk-span-minutes = { $members ->
    [0] Aucune contribution
    [one] Une contribution
   *[other] { $members } contributions
} en { $count ->
    [one] une minute
   *[other] { $count } minutes
}, la dernière le { $until }.
desk-span-hours = { $members ->
    [0] Aucune contribution
    [one] Une contribution
   *[other] { $members } contributions
} en { $count } heures, la dernière le { $until }.
desk-span-days = { $members ->
    [0] Aucune contribution
    [one] Une contribution
   *[other] { $members } contributions
} en { $count } jours, la dernière le { $until }.
desk-findings-innocent = C’est peut-être innocent
desk-findings-confidence = Confiance
desk-found-hold = { $count ->
    [0] Aucune signature retenue
    [one] Une signature retenue
   *[other] { $count } signatures retenues
}
desk-found-invalidate = { $count ->
    [0] Aucune signature invalidée
    [one] Une signature invalidée
   *[other] { $count } signatures invalidées
}
desk-found-release = { $count ->
    [0] Aucune signature relâchée
    [one] Une signature relâchée
   *[other] { $count } signatures relâchées
}
desk-found-reinstate = { $count ->
    [0] Aucune signature rétablie
    [one] Une signature rétablie
   *[other] { $count } signatures rétablies
}
desk-found-restore = { $count ->
    [0] Aucune signature remise dans son état d’avant
    [one] Une signature remise dans son état d’avant
   *[other] { $count } signatures remises dans leur état d’avant
}
desk-found-by-machine = par l’examen automatique
desk-found-by = par { $who }
desk-found-undone = défait
desk-found-number = décision
desk-undo = Défaire
desk-undone-note = Défait au bureau.
desk-semicolon = { " ; " }
desk-decimal = ,
desk-cap = { $count ->
    [one] Jusqu’à { $count } signature est retenue par heure sans une personne. Tout peut être défait.
   *[other] Jusqu’à { $count } signatures sont retenues par heure sans une personne. Tout peut être défait.
}
desk-cap-waiting = { $count ->
    [one] { $count } attend hors du compte.
   *[other] { $count } attendent hors du compte.
}
desk-decide = Retenir, invalider ou défaire
desk-decide-preview = Voir ce que cela ferait
desk-decide-other = Autre chose
desk-decide-already = C’est déjà décidé : { $what }, { $by }, le { $at } (décision { $verdict }). Rien n’a été fait de nouveau ; ce que vous avez écrit est conservé plus bas.
desk-decide-nobody = Cela ne changerait rien pour personne. Rien n’a été fait.
desk-decide-changed = Depuis votre aperçu, il y en a davantage que cela toucherait. Rien n’a été fait : regardez de nouveau.
desk-decide-wrong-from = « Signées à partir de » n’est pas un moment. Indiquez le jour et l’heure, à l’heure d’ici.
desk-decide-wrong-from-lost = « Signées à partir de » indique une heure qui n’a pas existé : cette nuit-là, on a avancé les horloges. Choisissez une heure d’avant ou d’après.
desk-decide-wrong-from-twice = « Signées à partir de » indique une heure qui a existé deux fois : cette nuit-là, on a reculé les horloges. Choisissez une heure d’avant ou d’après.
desk-decide-wrong-to = « Signées avant » n’est pas un moment. Indiquez le jour et l’heure, à l’heure d’ici.
desk-decide-wrong-to-lost = « Signées avant » indique une heure qui n’a pas existé : cette nuit-là, on a avancé les horloges. Choisissez une heure d’avant ou d’après.
desk-decide-wrong-to-twice = « Signées avant » indique une heure qui a existé deux fois : cette nuit-là, on a reculé les horloges. Choisissez une heure d’avant ou d’après.
desk-decide-wrong-order = « Signées à partir de » doit précéder « Signées avant ».
desk-decide-wrong-network = « Réseau » est une adresse, ou un numéro comme AS64500.
desk-decide-wrong-domain = « Domaine du courriel » ne convient pas : écrivez ce qui suit le @ d’une adresse.
desk-decide-wrong-reason = « Pourquoi » ne va pas avec ce que vous voulez faire : choisissez une autre raison.
desk-decide-wrong-note = « Dans vos mots » : dites en quelques mots pourquoi, en 500 caractères au plus. Rien n’est encore fait.
desk-decide-wrong-verdict = « Visées par la décision numéro » attend le numéro d’une décision, en chiffres, comme 362. Il est écrit avec chaque décision dans la salle.
desk-decide-verdict-unknown = « Visées par la décision numéro » : aucune décision n’a le numéro { $verdict }. Le numéro est écrit avec chaque décision dans la salle.
desk-decide-verdict-elsewhere = « Visées par la décision numéro » : la décision { $verdict } porte sur une autre pétition, « { $petition } ». Choisissez celle-ci, ou un autre numéro.
desk-decide-finding-elsewhere = « Membres du constat » : le constat { $finding } porte sur une autre pétition, « { $petition } ». Choisissez celle-ci, ou un autre constat.
desk-decide-wrong-petition = « Pétition » : choisissez-en une de la liste.
desk-decide-wrong-direction = « Quoi » : choisissez ce qu’il faut faire.
desk-decide-wrong-whom = Dites de qui il s’agit : au moins un des champs. « Tout le monde » n’est jamais juste.
desk-label-direction = Quoi
desk-direction-hold = retenir : hors du compte jusqu’à ce que quelqu’un décide
desk-direction-invalidate = invalider : à ne pas compter
desk-direction-release = relâcher ce qui est retenu
desk-direction-reinstate = rétablir ce qui a été invalidé
desk-whom = Qui
desk-whom-what = Chaque champ rempli doit convenir.
desk-label-from = Signées à partir de
desk-zone = fuseau horaire { $zone }
desk-label-to = Signées avant
desk-label-network = Réseau
desk-hint-network = Une adresse, pour elle et ses voisines ; ou un numéro comme AS64500.
desk-label-domain = Domaine du courriel
desk-label-comment = Commentaire
desk-hint-comment = Collez-en un : sont visées les signatures dont le commentaire est bâti sur le même modèle, même si quelques mots changent.
desk-label-verdict = Visées par la décision numéro
desk-label-reason = Pourquoi
desk-label-why = Dans vos mots
desk-hint-why = Pour celles et ceux qui viendront après vous. Ni noms ni adresses.
desk-would-hold = { $count ->
    [0] Aucune signature ne serait retenue
    [one] Une signature serait retenue
   *[other] { $count } signatures seraient retenues
}
desk-would-invalidate = { $count ->
    [0] Aucune signature ne serait invalidée
    [one] Une signature serait invalidée
   *[other] { $count } signatures seraient invalidées
}
desk-would-release = { $count ->
    [0] Aucune signature ne serait relâchée
    [one] Une signature serait relâchée
   *[other] { $count } signatures seraient relâchées
}
desk-would-reinstate = { $count ->
    [0] Aucune signature ne serait rétablie
    [one] Une signature serait rétablie
   *[other] { $count } signatures seraient rétablies
}
desk-do-hold = En retenir { $count }
desk-do-invalidate = En invalider { $count }
desk-do-release = En relâcher { $count }
desk-do-reinstate = En rétablir { $count }
desk-would-of-these = Parmi celles-ci :
desk-would-left-out = { $matched ->
    [one] { $matched } signature est visée
   *[other] { $matched } signatures sont visées
} ; { $left ->
    [one] { $left } reste comme elle est, parce que cela n’y changerait rien.
   *[other] { $left } restent comme elles sont, parce que cela n’y changerait rien.
}
desk-would-counted = comptées maintenant
desk-would-confirmed = confirmées, mais pas dans le compte
desk-would-ended = retirées ou finies autrement : cela n’y change rien
desk-would-unconfirmed = jamais confirmées
desk-would-count = compteraient
desk-would-honest = peut-être des personnes honnêtes
desk-would-honest-what = Peut-être honnêtes : toutes celles dont aucun constat ne parle, et celles qui montrent malgré tout des signes d’une personne.
desk-would-samples = Jusqu’à cinq d’entre elles
desk-stands-counted = dans le compte
desk-stands-waiting = confirmée, en attente
desk-stands-unconfirmed = pas confirmée
desk-stands-held = retenue
desk-stands-invalidated = invalidée
desk-stands-ended = retirée ou finie
desk-would-more = Il y en a plus qu’une décision n’en prend ; le reste sera pour une autre.
desk-would-forgotten = { $known ->
    [one] Le constat parle de { $said } contributions ; le serveur n’en connaît encore que { $known }, et c’est elle qui est visée. Les autres restent comme elles sont.
   *[other] Le constat parle de { $said } contributions ; le serveur n’en connaît encore que { $known }, et ce sont elles qui sont visées. Les autres restent comme elles sont.
}
desk-would-undo = Vous pourrez défaire en un clic.
desk-done-judged = C’est décidé. Vous pouvez le défaire plus bas, en un clic.
desk-done-undone = La décision est défaite.

desk-pause = Lecture seule
desk-pause-why = Quand la ligne est presque pleine, les pages restent lisibles si personne ne signe. On dit à qui veut signer de revenir ; les courriels de confirmation marchent encore.
desk-pause-button = Suspendre les signatures
desk-resume-button = Rouvrir les signatures
desk-done-paused = Les signatures sont suspendues : lecture seule.
desk-done-resumed = On peut signer de nouveau.

## Incidents, constats, limite des retenues, seconde voie

desk-who-program = le programme
desk-who-command-line = quelqu’un sur la machine elle-même
desk-who-link = le lien d’une alerte
desk-chart-refused = refusées à l’entrée
desk-incidents = Incidents
desk-incidents-none = Il n’y en a pas eu.
desk-incidents-all = Tous les incidents
desk-incident-number = Incident { $count }
desk-incident-open = en cours
desk-incident-first = Vu d’abord
desk-incident-last = Vu en dernier
desk-incident-closed = Clos
desk-incident-sum = Mis de côté
desk-incident-sums = { $held ->
    [one] { $held } a été retenue
   *[other] { $held } ont été retenues
}, { $refused ->
    [one] { $refused } refusée à l’entrée
   *[other] { $refused } refusées à l’entrée
}
desk-incident-now = Maintenant
desk-incident-now-numbers = { $held ->
    [one] { $held } retenue
   *[other] { $held } retenues
}, { $invalidated ->
    [one] { $invalidated } invalidée
   *[other] { $invalidated } invalidées
}, { $clear } ni l’un ni l’autre
desk-story = Ce qui a été vu, décidé et noté
desk-story-left-out = { $count ->
    [one] { $count } ligne n’a pas trouvé place ; si c’était une décision, elle est dans la salle.
   *[other] { $count } lignes n’ont pas trouvé place ; les décisions parmi elles sont dans la salle.
}
desk-seen-opened = Cela a commencé.
desk-seen-refused = { $count ->
    [one] { $count } demande refusée en une minute.
   *[other] { $count } demandes refusées en une minute.
}
desk-seen-at-cap = { $count ->
    [one] La limite des retenues est atteinte ; { $count } attend hors du compte.
   *[other] La limite des retenues est atteinte ; { $count } attendent hors du compte.
}
desk-seen-bans = { $count ->
    [one] { $count } bannissement en vigueur.
   *[other] { $count } bannissements en vigueur.
}
desk-seen-closed = Clos : plus rien n’a été vu depuis un moment.
desk-shift-cap-raised = { $count ->
    [one] a relevé la limite à { $count } retenue par heure, jusqu’au { $until }
   *[other] a relevé la limite à { $count } retenues par heure, jusqu’au { $until }
}
desk-shift-cap-lowered = a remis la limite habituelle
desk-shift-second-way = { $count ->
    [0] n’a écrit à aucune personne dont la signature est retenue
    [one] a écrit à une personne dont la signature est retenue
   *[other] a écrit à { $count } personnes dont la signature est retenue
}
desk-shift-acknowledged = { $count ->
    [0] n’a pris connaissance d’aucune alerte
    [one] a pris connaissance d’une alerte
   *[other] a pris connaissance de { $count } alertes
}
desk-shift-link-pressed = a pris connaissance d’une alerte : ce lien avait été envoyé à { $to }
desk-shift-called-back = a rappelé les courriels qui n’étaient pas partis
desk-shift-paused = a suspendu les signatures : lecture seule
desk-shift-resumed = a rouvert les signatures

desk-limit = La limite est atteinte
desk-limit-raised = La limite est relevée
desk-limit-what = { $count ->
    [one] Limite : { $count } retenue par heure. Les nouvelles attendent, le compte n’en est pas touché. Relevez-la, ou laissez-la.
   *[other] Limite : { $count } retenues par heure. Les nouvelles attendent, le compte n’en est pas touché. Relevez-la, ou laissez-la.
}
desk-limit-until = Elle est relevée jusqu’au
desk-limit-raise-to = { $count ->
    [one] La relever pour une minute, à
   *[other] La relever pour { $count } minutes, à
}
desk-limit-raise = La relever
desk-limit-leave = Ou laissez-la : vous n’avez alors rien à faire. Ce qui attend n’est pas compté, et personne n’est refusé pour autant.
desk-limit-lower = La remettre à { $count }
desk-done-cap-raised = La limite est relevée, et se remet d’elle-même. C’est noté dans la main courante.
desk-done-cap-lowered = La limite habituelle est de nouveau en vigueur.

desk-standing = Constats
desk-standing-others = { $count ->
    [0] Aucun autre constat
    [one] Un autre constat
   *[other] { $count } autres constats
}
desk-standing-none = Rien n’a été constaté.
desk-finding-name = constat
desk-now-waiting = { $count ->
    [0] aucune n’attend hors du compte
    [one] une attend hors du compte
   *[other] { $count } attendent hors du compte
}
desk-now-invalidated = { $count ->
    [one] { $count } invalidée
   *[other] { $count } invalidées
}
desk-now-clear = { $count ->
    [one] { $count } ni retenue ni invalidée
   *[other] { $count } ni retenues ni invalidées
}
desk-finding-asks = L’examen vous demande de regarder
desk-finding-looked-at = Ce peut être une campagne de vraies personnes : rien n’est retenu automatiquement pour cela. Regardez des exemples parmi celles qui ont été examinées ({ $count } au plus) avant de décider.
desk-finding-hold = Aperçu : toutes les retenir
desk-finding-release = Aperçu : les relâcher
desk-finding-invalidate = Aperçu : les invalider
desk-label-finding = Membres du constat
desk-decide-wrong-comment = « Commentaire » est plus long qu’aucun ne peut l’être : collez-en un seul.
desk-decide-wrong-finding = « Membres du constat » : aucun constat ne porte ce nom, ou il n’a plus aucun membre. Le nom, huit signes, est écrit avec chaque constat.

desk-ask = La seconde voie
desk-ask-why = Les personnes dont la signature est retenue reçoivent un seul courriel : « Nous n’avons pas pu confirmer cela automatiquement. Ce n’est pas une accusation. Appuyez ici. » Appuyer ne relâche rien : un faussaire lit aussi ses boîtes. C’est vous qui décidez des réponses.
desk-ask-button = Proposer la seconde voie
desk-ask-would = { $count ->
    [0] Personne ne recevrait ce courriel
    [one] Une personne recevrait ce courriel
   *[other] { $count } personnes recevraient ce courriel
}
desk-ask-held = retenues maintenant
desk-ask-before = à qui on a déjà écrit
desk-ask-taken-back = ont dit « ce n’était pas moi », ou ont retiré
desk-ask-leave = Les courriels partent lentement : le premier le { $first }, le dernier le { $last }, si rien d’autre n’est envoyé à ces personnes entre-temps.
desk-ask-had-today = { $count ->
    [0] Aucune boîte n’a reçu tous ses courriels du jour.
    [one] Une boîte a déjà reçu ses courriels du jour : celui-ci attend la fin de ce délai, au plus 24 heures.
   *[other] { $count } boîtes ont déjà reçu leurs courriels du jour : ceux-ci attendent la fin de ce délai, au plus 24 heures.
}
desk-ask-left-alone = { $count ->
    [0] Aucune boîte n’est laissée tranquille.
    [one] Une boîte est laissée tranquille, parce qu’on l’a demandé ou parce qu’un courriel est revenu : le sien partira ensuite.
   *[other] { $count } boîtes sont laissées tranquilles, parce qu’on l’a demandé ou parce qu’un courriel est revenu : les leurs partiront ensuite.
}
desk-ask-undo = Ce qui n’est pas parti peut être rappelé d’un seul clic. On n’écrit à personne deux fois.
desk-ask-do = { $count ->
    [0] N’écrire à personne
    [one] Écrire à une personne
   *[other] Écrire à { $count } personnes
}
desk-ask-nobody = Personne n’est retenu à qui l’on puisse écrire, ou on l’a déjà fait.
desk-asked = Personnes à qui l’on écrit : { $offered }. Courriels partis : { $left }. Réponses : { $answered }.
desk-call-back = { $count ->
    [0] Il n’y a rien à rappeler
    [one] Rappeler le courriel qui n’est pas parti
   *[other] Rappeler les { $count } courriels qui ne sont pas partis
}
desk-answers = { $answered ->
    [0] Aucune réponse
    [one] Une réponse, dont { $alike } comme d’autres
   *[other] { $answered } réponses, dont { $alike } se ressemblent
}
desk-answers-what = Se ressemblent les réponses données à plusieurs depuis une même ligne, avec des boîtes d’un même petit domaine, depuis des serveurs loués, ou plus vite qu’on ne lit. Regardez des exemples avant de relâcher.
desk-answers-apart = { $count ->
    [0] Toutes ressemblent à d’autres
    [one] Aperçu : relâcher celle qui ne ressemble pas aux autres
   *[other] Aperçu : relâcher les { $count } qui ne se ressemblent pas
}
desk-answers-all = { $count ->
    [0] Il n’y a rien à relâcher
    [one] Aperçu : la relâcher
   *[other] Aperçu : relâcher les { $count }
}
desk-label-apart = Seulement les réponses qui ne se ressemblent pas
desk-done-asked = Les courriels partent l’un après l’autre.
desk-done-asked-already = Rien n’est parti de nouveau : on a déjà écrit à ces personnes, ou leur signature n’est plus retenue. L’histoire de cet incident dit par qui et quand.
desk-done-called-back = Ce qui n’était pas parti est rappelé.
desk-done-all-left = Rien n’a été rappelé : tous les courriels étaient partis.
