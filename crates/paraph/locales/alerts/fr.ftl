# Alertes : lues à trois heures du matin, sur un téléphone, par quelqu’un qui n’en a jamais vu. Phrases courtes, sans jargon.
# $since et $over sont des heures, $zone leur fuseau, $utc la première en UTC. Si le fuseau est UTC, times-utc et times-over-utc ne le disent qu’une fois.

title = { $site } : { $summary }
title-over = { $site } : { $summary }
title-test = { $site } : essai, tout va bien

count-safe = Compte sûr.
count-uncertain = Compte incertain depuis { $since }.
can-sign-yes = On peut signer : oui.
can-sign-no = On peut signer : non, depuis { $since }.
act-yes = Agir maintenant : oui.
act-no = Agir maintenant : non, cela peut attendre le matin.

times = Depuis { $since } ({ $zone }), { $utc } UTC.
times-utc = Depuis { $utc } UTC.
times-over = De { $since } à { $over } ({ $zone }) ; début { $utc } UTC.
times-over-utc = De { $utc } à { $over } UTC.
again = Déjà signalé { $told } fois. L’alerte se répète jusqu’à ce que quelqu’un appuie sur le bouton derrière le lien.
link = Je m’en occupe : { $link }
room = Voir et agir : { $room }
over = C’est terminé. Il n’y a rien à faire.
over-left = C’est terminé. Signatures retenues qui attendent votre décision : { $held }. D’ici là, elles restent hors du compte ; cela peut attendre le matin.
test = Ceci est un essai de ce canal. Tout va bien, il n’y a rien à faire.

summary-store-refuses = plus rien ne peut être enregistré
summary-disk-low = le disque est presque plein
summary-ledger-differs = le compte ne correspond plus au journal
summary-signing-shed = trop de monde à la fois, certains sont renvoyés
summary-scrutiny-behind = les nouvelles signatures ne sont plus comptées pour l’instant
summary-holds-at-cap = davantage de signatures à retenir que le serveur n’en retient seul
summary-incident = une attaque est en cours, et mise de côté
summary-mail-stuck = les courriels ne partent plus
summary-clock-stepped = l’horloge a fait un saut
summary-reload-refused = la nouvelle configuration a été refusée
summary-erasures-wait = les clés de données effacées sont encore là
summary-incident-unreadable = ce qui a été noté d’une attaque ne peut plus être lu
summary-certificate-ends = le certificat du site expire bientôt
summary-certificate-over = le site n’a plus de certificat valable

ended-store-refuses = tout est de nouveau enregistré
ended-disk-low = le disque a de nouveau de la place
ended-ledger-differs = le compte correspond de nouveau au journal
ended-signing-shed = plus personne n’est renvoyé
ended-scrutiny-behind = les nouvelles signatures sont de nouveau comptées
ended-holds-at-cap = plus rien ne dépasse la limite des retenues
ended-incident = l’attaque est terminée
ended-incident-unreadable = ce qui a été noté de l’attaque peut de nouveau être lu
ended-mail-stuck = les courriels partent de nouveau
ended-clock-stepped = l’horloge est de nouveau régulière
ended-reload-refused = une configuration a été acceptée
ended-erasures-wait = les clés des données effacées n’y sont plus
ended-certificate-ends = le certificat du site a été renouvelé
ended-certificate-over = le site a de nouveau un certificat valable

do-store-refuses = Le disque est plein, en lecture seule ou en panne. Rien de ce qui a été confirmé n’est perdu. Examinez le disque ; ne supprimez rien, ne redémarrez pas.
do-disk-low = La signature est en pause, les pages et les confirmations continuent. Libérez de la place hors du répertoire de données ; la signature reprend d’elle-même.
do-ledger-differs = Ne redémarrez pas, ne réparez rien. Gardez une copie du répertoire de données tel quel, puis lancez : paraph fsck
do-signing-shed = Les personnes renvoyées sont invitées à revenir. Si c’est une attaque : rien n’est perdu. Si c’est une foule : voir « Limits » dans le guide de l’opérateur.
do-scrutiny-behind = Les signatures sont reçues et confirmées, et attendent d’être examinées ; rien n’est perdu. Après un redémarrage, cela dure quelques minutes. Si cela persiste, lisez le journal du serveur et notez ce qu’il dit ; ne redémarrez pas avant que quelqu’un qui connaît le serveur ne l’ait lu.
do-holds-at-cap = Une grosse attaque. Ce qui dépasse la limite attend hors du compte ; le compte est juste sans vous. Dans la salle de crise : relevez la limite pour une heure, ou laissez-la.
do-incident = Ce qui est retenu ne compte pas, et personne n’est refusé pour autant. Ne rien faire est sans danger ; tout peut être défait dans la salle de crise.
do-mail-stuck = On peut signer ; les courriels attendent et sont réessayés pendant trois jours. Examinez le serveur de courriel demain matin.
do-clock-stepped = Rien n’est effacé par ancienneté pendant une heure. Remettez l’horloge à l’heure d’ici là ; ne redémarrez pas le serveur tant qu’elle avance.
do-reload-refused = Le serveur continue avec la configuration précédente. Lancez : paraph check-config
do-erasures-wait = Les pages et le compte sont justes, et rien ne montre ce qui a été effacé ; mais les clés en sont encore sur le disque, alors que les personnes ont lu que tout est effacé. Demain matin, lisez le journal du serveur et vérifiez qui peut écrire keys/erasures.log et keys/keys.db.
do-incident-unreadable = Le compte est juste, on peut signer, et aucune signature ni décision n’est perdue. Le serveur continue sans ses notes sur une attaque ; mais aucune nouvelle sauvegarde n’est possible tant qu’elles ne sont pas réparées. Gardez les sauvegardes que vous avez et ne supprimez rien. Demain matin : « Check », dans le guide de l’opérateur, dit comment réparer.
do-certificate-ends = Il aurait dû être renouvelé tout seul, et ne l’a pas été. Le site fonctionne. Demain matin, lancez : paraph doctor
do-certificate-over = Les navigateurs refusent le site ; rien n’est perdu. Lancez : paraph doctor. Il dit ce que l’autorité a répondu, ou quel fichier renouveler.

page-button = Je m’en occupe
page-room = Vers la salle de crise
page-acknowledged = Quelqu’un s’en occupe. L’alerte ne sera plus répétée.
page-gone = Cette alerte est terminée.
page-unknown = Ce lien n’est pas complet. Ouvrez-le de nouveau depuis le message.
