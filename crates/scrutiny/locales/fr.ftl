# Ce que dit l’examen, en français. Arguments d’un fait : $seen des $of contributions regardées ; $values, le nombre de valeurs
# différentes ; $expected, combien d’honnêtes gens, à nombre égal, le montreraient, écrit en toutes lettres de la langue (« 0,3 »).
# Des durées : de combien de pour cent elles diffèrent ($values ; 0 dans un constat d’une version antérieure), et celles des gens ($expected).

scrutiny-family-network = réseau
scrutiny-family-client = navigateur
scrutiny-family-content = contenu
scrutiny-family-time = temps
scrutiny-family-identity = identité
scrutiny-family-geography = géographie

scrutiny-fact-hosting = { $seen } contributions sur { $of } viennent de serveurs loués ; on en attendrait { $expected }.
scrutiny-fact-few-networks = { $seen } contributions sur { $of } passent par { $values ->
    [one] un réseau dont on ne sait pas qu’il dessert des foyers
   *[other] { $values } réseaux dont on ne sait pas qu’ils desservent des foyers
} ; on en attendrait { $expected }.
scrutiny-fact-narrow-ranges = { $seen } contributions sur { $of } sortent { $values ->
    [one] d’une plage d’adresses étroite
   *[other] de { $values } plages d’adresses étroites
} ; on en attendrait { $expected }.
scrutiny-fact-confirmed-in-one-place = { $seen } sur { $of } ont été signées en de nombreux lieux et confirmées en { $values ->
    [one] un seul
   *[other] { $values }
} ; on en attendrait { $expected }.
scrutiny-fact-confirmed-from-hosting = { $seen } sur { $of } ont été confirmées depuis des serveurs loués ; on en attendrait { $expected }.
scrutiny-fact-same-clients = { $seen } contributions sur { $of } ont été faites avec { $values ->
    [one] une seule sorte de navigateur
   *[other] { $values } sortes de navigateur
} ; on en attendrait { $expected }.
scrutiny-fact-no-script = { $seen } contributions sur { $of } ont été faites sans script ; on en attendrait { $expected }.
scrutiny-fact-same-language = { $seen } contributions sur { $of } sont dans { $values ->
    [one] une langue rare ici
   *[other] { $values } langues rares ici
} ; on en attendrait { $expected }.
scrutiny-fact-same-names = { $seen } contributions sur { $of } portent { $values ->
    [one] un seul nom
   *[other] { $values } noms
} ; on en attendrait { $expected }.
scrutiny-fact-same-comments = { $seen } contributions sur { $of } portent { $values ->
    [one] un seul commentaire
   *[other] { $values } commentaires
} ; on en attendrait { $expected }.
scrutiny-fact-same-patterns = { $seen } adresses électroniques sur { $of } suivent { $values ->
    [one] un seul modèle
   *[other] { $values } modèles
} ; on en attendrait { $expected }.
scrutiny-fact-own-mail = { $seen } boîtes sur { $of } sont dans des domaines que presque personne d’autre n’a ; on en attendrait { $expected }.
scrutiny-fact-same-domains = { $seen } boîtes sur { $of } sont dans { $values ->
    [one] un domaine peu courant
   *[other] { $values } domaines peu courants
} ; on en attendrait { $expected }.
# De versions précédentes : un verdict garde les indices sur lesquels il repose.
scrutiny-fact-same-mail-servers = { $seen } boîtes sur { $of } sont sur { $values ->
    [one] un serveur de courriel peu courant
   *[other] { $values } serveurs de courriel peu courants
} ; on en attendrait { $expected }.
scrutiny-fact-regular = { $of } contributions sont arrivées à intervalles presque égaux. { $values ->
    [0] Des gens ne battent pas la mesure.
   *[other] Les intervalles s’écartent de leur moyenne de { $values } % ; on attendrait { $expected } %.
}
scrutiny-fact-day-and-night = { $seen } contributions sur { $of } ont été faites de nuit, à l’heure du lieu d’où elles viennent ; on en attendrait { $expected }.
scrutiny-fact-small-hours = { $seen } contributions sur { $of } ont été faites aux mêmes quelques heures de plusieurs jours, où presque personne d’autre ne signe ; on en attendrait { $expected }.
scrutiny-fact-same-fill-time = { $of } contributions ont été remplies presque dans le même temps. { $values ->
    [0] D’une personne à l’autre, cela varie davantage.
   *[other] La moitié des durées se tiennent à { $values } % près ; on attendrait { $expected } %.
}
scrutiny-fact-same-gap = { $of } contributions ont été confirmées après presque le même temps. { $values ->
    [0] D’une personne à l’autre, cela varie davantage.
   *[other] La moitié des durées se tiennent à { $values } % près ; on attendrait { $expected } %.
}
scrutiny-fact-stored-up = { $seen } sur { $of } ont attendu six heures ou plus avant d’être confirmées, quand d’autres l’étaient comme d’habitude ; on en attendrait { $expected }.
scrutiny-fact-directory-order = { $seen } noms sur { $of } se suivent comme dans un annuaire ; on en attendrait { $expected }.
scrutiny-fact-capitals = { $seen } noms sur { $of } sont écrits en capitales ; on en attendrait { $expected }.
scrutiny-fact-many-spellings = { $seen } contributions sur { $of } écrivent autrement une boîte déjà donnée ; on en attendrait { $expected }.
scrutiny-fact-disowned = À { $seen } sur { $of }, on a répondu « ce n’est pas moi » ; on en attendrait { $expected }.
scrutiny-fact-abroad = { $seen } contributions sur { $of } viennent { $values ->
    [one] d’un pays hors du public de la pétition
   *[other] de { $values } pays hors du public de la pétition
} ; on en attendrait { $expected }.
scrutiny-fact-elsewhere = { $seen } contributions sur { $of } viennent d’un autre pays que celui qu’elles déclarent ou, si elles n’en déclarent aucun, que celui d’où la plupart signent ; on en attendrait { $expected }.

scrutiny-innocent-organisation = Ce peut être une école, une mairie ou une entreprise : un seul lieu, un seul domaine, des ordinateurs d’une même sorte.
scrutiny-innocent-form-letter = Ce peut être une lettre qu’une association donne à recopier à ses membres.
scrutiny-innocent-abroad = Ce peuvent être des gens qui vivent à l’étranger et se sont passé le mot.
scrutiny-innocent-brigade = Ce peut être une foule hostile de vraies personnes. Elles sont comptées.
scrutiny-innocent-privacy-service = Ce peuvent être des gens derrière un service qui cache leur adresse, ou le serveur mandataire d’une entreprise.
scrutiny-innocent-collected-by-one = Quelqu’un a peut-être signé pour d’autres d’après une liste, en croyant en avoir le droit.
scrutiny-innocent-late-mail = Les messages leur sont peut-être arrivés en retard : voyez notre propre file d’envoi, et les serveurs de courriel de leurs domaines.

scrutiny-confidence-possible = possible
scrutiny-confidence-likely = probable
scrutiny-confidence-very-likely = très probable

scrutiny-advice-hold = Retenir : elles restent hors du compte jusqu’à ce qu’une personne décide. Cela s’annule en une fois.
scrutiny-advice-ask = À regarder : elles sont comptées en attendant.
