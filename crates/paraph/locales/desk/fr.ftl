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
desk-by-command = ligne de commande
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
desk-save = Enregistrer le brouillon
desk-save-open = Adopter cette version
desk-edit-open = Des personnes ont déjà signé. Un changement du titre, du destinataire ou du texte devient une nouvelle version, et la page montre ce qui a changé.
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
desk-hint-slug = Il ne changera plus. La page sera à
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

## Membres

desk-since = depuis le
desk-reset = Nouveau lien
desk-remove = Retirer
desk-remove-what = Son nom, son mot de passe et ses sessions sont effacés tout de suite. Le registre garde ce qui a été fait, sans le nom.
desk-remove-sure = Oui, retirer ce membre.
desk-remove-button = Retirer ce membre
desk-invite = Inviter quelqu’un
desk-invite-how = Vous recevez un lien à transmettre vous-même, par un moyen sûr. Aucune adresse n’est demandée.
desk-invite-button = Faire un lien
desk-label-role = Rôle
desk-links = Liens non utilisés
desk-link-how = À transmettre par un moyen sûr. Il sert une fois et ne sera plus affiché.
desk-link-until = jusqu’au
desk-last-operator = C’est le dernier opérateur : personne ne pourrait plus inviter. Invitez-en d’abord un autre.
desk-too-many = Autant de membres ou de liens que le site le permet. Retirez-en d’abord.

## Registre

desk-audit-what = Qui a fait quoi, et quand. Rien ici ne concerne les signataires.
desk-act-invited = a fait un lien d’invitation
desk-act-reset = a fait un nouveau lien pour
desk-act-joined = est entré au bureau
desk-act-renewed = a choisi un nouveau mot de passe et une nouvelle application
desk-act-login = s’est connecté
desk-act-login-recovery = s’est connecté avec un code de secours
desk-act-session-ended = a fermé une session
desk-act-sessions-ended = a fermé toutes les sessions
desk-act-password = a changé de mot de passe
desk-act-recovery = a demandé de nouveaux codes de secours
desk-act-removed = a retiré un membre
desk-act-created = a créé
desk-act-edited = a modifié
desk-act-posted = a publié une nouvelle
desk-act-published = a publié
desk-act-closed = a clos
desk-act-submitted = a proposé à la relecture
desk-act-sent-back = a renvoyé

## Ce qui vient d’être fait

desk-done-logged-out = Vous êtes déconnecté.
desk-done-saved = C’est enregistré.
desk-done-adopted = Cette version est en vigueur.
desk-done-unchanged = Rien n’était différent.
desk-done-submitted = La pétition attend un modérateur.
desk-done-published = La pétition est ouverte aux signatures.
desk-done-sent-back = La pétition est renvoyée à son auteur, avec votre mot.
desk-done-posted = La nouvelle est publiée.
desk-done-closed = La pétition est close.
desk-done-password = Le mot de passe est changé ; les autres sessions sont fermées.
desk-done-ended = La session est fermée.
desk-done-removed = Le membre est retiré.

## Ce qui ne va pas

desk-no-page = Il n’y a rien ici
desk-no-page-why = Cette page n’existe pas, ou vous ne pouvez pas la voir.
desk-no-link = Ce lien ne sert plus
desk-no-link-why = Il a déjà servi, ou son temps est passé. Demandez-en un autre à un opérateur.
desk-no-right = Votre rôle ne le permet pas
desk-no-right-why = Rien n’a été changé. Demandez à un modérateur ou à un opérateur.
desk-no-form = Ce formulaire n’est plus valable
desk-no-form-why = Votre session a changé ou pris fin, ou le formulaire ne vient pas d’ici. Rien n’a été changé : revenez à la page et recommencez.
desk-no-changed = Le brouillon a changé entre-temps
desk-no-changed-why = Rien n’a été publié. Relisez-le d’abord.
desk-no-busy = Réessayez dans quelques secondes
desk-no-busy-why = Rien n’a pu être enregistré. Ce n’est pas perdu : revenez en arrière et renvoyez.
desk-no-method = Pas de cette façon
desk-no-method-why = Cette adresse ne prend pas cette demande.
desk-no-broken = Le bureau ne peut pas lire ses données
desk-no-broken-why = Le journal du serveur dit pourquoi. Rien n’a été changé.
