# Español. Un mensaje cuyo identificador termina en -html contiene marcas; los demás son solo texto.
# En los números grandes, espacio fino sin salto (U+202F); delante de % un espacio sin salto (U+00A0).

name = Español
dir = ltr
number-group = { "\u202F" }
number = { $number }
colon = { ": " }
date = { $day } de { $month ->
    [m1] enero
    [m2] febrero
    [m3] marzo
    [m4] abril
    [m5] mayo
    [m6] junio
    [m7] julio
    [m8] agosto
    [m9] septiembre
    [m10] octubre
    [m11] noviembre
   *[m12] diciembre
} de { $year }
date-time = { $day } de { $month ->
    [m1] enero
    [m2] febrero
    [m3] marzo
    [m4] abril
    [m5] mayo
    [m6] junio
    [m7] julio
    [m8] agosto
    [m9] septiembre
    [m10] octubre
    [m11] noviembre
   *[m12] diciembre
} de { $year }, { $hour }:{ $minute } UTC
yes = Sí
no = No

## Alrededor de cada página

skip = Ir al contenido
languages = Idiomas
about = Acerca de este sitio
method-link = Cómo contamos
privacy-link = Tus datos
legal-link = Aviso legal
contact-link = Escríbenos
no-third-party = Sin rastreadores, sin publicidad, sin nada que venga de terceros.
write-to-html = ¿Algo no funciona? Escribe a <a href="mailto:{ $contact }">{ $contact }</a>: te leerá una persona.
petition = Petición
back-to-petition = Volver a la petición
all-petitions = Todas las peticiones

## Lista

home-title = Peticiones
home-heading = Peticiones con un recuento digno de confianza
home-lead = Cada firma que se muestra aquí se confirmó desde su propio buzón y se comprobó antes de entrar en el recuento.
home-empty = Ahora mismo no hay ninguna petición abierta.
addressed-to = Dirigida a
closed = Esta petición está cerrada
closed-short = Cerrada

## Petición

launched-by = Lanzada por
count-label = Firmas
people-signed = { $count ->
    [one] firma confirmada
   *[other] firmas confirmadas
}
goal = { $percent } % de un objetivo de { $goal }
goal-begun = Menos del 1 % de un objetivo de { $goal }
goal-reached = El objetivo de { $goal } se ha alcanzado
held = { $count ->
    [one] { $count } firma antes contada, hoy en suspenso.
   *[other] { $count } firmas antes contadas, hoy en suspenso.
}
held-why = Se están comprobando y ya no figuran en el número de arriba.
invalidated = { $count ->
    [one] { $count } firma antes contada, hoy invalidada.
   *[other] { $count } firmas antes contadas, hoy invalidadas.
}
invalidated-why = Una persona las ha examinado y ha dado un motivo: ya no figuran en el número de arriba. Puede deshacerse.
held-link = Por qué puede ocurrir
as-of = Recuento cerrado el
sign-petition = Firmar esta petición
sign-plain = Ir al formulario
closed-why = Esta petición ya no recibe firmas. Su texto y su recuento siguen aquí.
published = Publicada el
closes = Abierta hasta el
closed-on = Cerrada el
text-version = Versión { $version } del texto.

## Compartir

share-title = Haz que corra la voz
share-lead = Una petición crece cuando se habla de ella. Estos enlaces no dicen nada de ti, y nada se carga de otro sitio antes de que pulses uno.
share-words = Esta petición merece tu atención: «{ $title }»
share-sheet = Compartir…
share-mail = Correo
share-sms = SMS
share-address = La dirección de esta petición
share-copy = Copiar
share-copied = La dirección está copiada.
share-copy-failed = Tu navegador no lo ha permitido: la dirección está seleccionada, cópiala tú.
share-copy-hint = Para Signal o cualquier otro servicio: copia la dirección y pégala en tu mensaje.
share-mastodon = En Mastodon: tu instancia
share-mastodon-go = Abrir
og-locale = es_ES
poster-title = Cartel
poster-link = Un cartel para imprimir, con un código QR
poster-print = Imprime esta página (A4).
poster-code = Código QR: la dirección de esta petición
poster-do = Enfoca este código con la cámara de tu teléfono, o escribe esta dirección:
poster-trust = cada firma se confirma y se comprueba antes de contarse.

## Formulario

form-needed = Solo hacen falta el nombre y la dirección de correo.
label-name = Nombre y apellidos
label-email = Dirección de correo
hint-email = Nunca se publica. Te escribimos una vez, para que puedas confirmar.
label-postcode = Código postal
label-country = País
label-comment = Por qué firmo
label-website = Deja este campo vacío
label-show-name = Mostrar mi nombre entre los firmantes
label-news = Enviarme noticias de esta petición
consent-1 = Al pulsar «Firmo», doy mi consentimiento explícito para que este sitio y el autor de esta petición usen la opinión que mi firma revela, con el fin de contarla y de mostrar de ella solo lo que he elegido; puedo retirarlo en cualquier momento.
sign-button = Firmo
form-after = Recibirás un correo: tu firma cuenta en cuanto la confirmes.
form-privacy = Qué pasa con tus datos
form-checking = Un momento: tu navegador está terminando un pequeño cálculo que mantiene lejos a los falsificadores.
form-waiting = Mucha gente está firmando. Tu firma se enviará sola en unos segundos; no salgas de esta página.
form-sending = Enviando…
error-prefix = Aún no enviado –
errors-title = { $count ->
    [one] Aún no se ha enviado nada: hay un punto que corregir.
   *[other] Aún no se ha enviado nada: hay { $count } puntos que corregir.
}
errors-kept = Lo que has escrito se ha conservado.
problem-required = rellena este campo.
problem-too-long = como mucho { $limit } caracteres.
problem-rare-email = este sitio no puede escribir a direcciones con acentos o comillas antes de la @. Escribe otra, por favor.
problem-bad-email = esta dirección, escrita así, no puede recibir correo. Se parece a nombre@example.org.
problem-bad-characters = hay caracteres que no se pueden mostrar, o no hay ninguna letra.
problem-link = esto parece una dirección de correo o de un sitio web. Escribe solo el nombre, por favor.
problem-unknown-country = elige un país de la lista.
problem-bad-value = este campo no admite ese valor.
problem-repeated = este campo ha llegado dos veces.
problem-unknown-field = este formulario no tiene ningún campo con ese nombre.
problem-too-many-fields = han llegado más campos de los que se leen. Envíe solo los del formulario.

notice-no-clearance-title = Pulsa una vez más, por favor.
notice-no-clearance-detail = { $wait ->
    [one] Tu navegador no ha podido hacer su comprobación automática; este formulario prescinde de ella. No se ha perdido nada: espera un segundo y vuelve a pulsar «Firmo».
   *[other] Tu navegador no ha podido hacer su comprobación automática; este formulario prescinde de ella. No se ha perdido nada: espera { $wait } segundos y vuelve a pulsar «Firmo».
}
notice-clearance-refused-title = Hay que repetir la comprobación automática.
notice-clearance-refused-detail = { $wait ->
    [one] No se ha registrado nada y lo que escribiste sigue aquí. Espera un segundo y vuelve a pulsar «Firmo».
   *[other] No se ha registrado nada y lo que escribiste sigue aquí. Espera { $wait } segundos y vuelve a pulsar «Firmo».
}
notice-expired-title = Este formulario llevaba demasiado tiempo abierto.
notice-expired-detail = { $wait ->
    [one] Aquí tienes uno nuevo, con lo que escribiste. Espera un segundo y vuelve a pulsar «Firmo».
   *[other] Aquí tienes uno nuevo, con lo que escribiste. Espera { $wait } segundos y vuelve a pulsar «Firmo».
}
notice-too-early-title = Ha sido muy rápido.
notice-too-early-detail = { $wait ->
    [one] Las máquinas rellenan un formulario de golpe, las personas no: espera un segundo y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
   *[other] Las máquinas rellenan un formulario de golpe, las personas no: espera { $wait } segundos y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
}
notice-slow-down-title = Llegan muchas firmas desde tu red.
notice-slow-down-detail = { $wait ->
    [one] Quizá la compartes. No se ha perdido nada: espera un segundo y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
   *[other] Quizá la compartes. No se ha perdido nada: espera { $wait } segundos y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
}
notice-busy-title = El sitio no puede recoger tu firma en este instante.
notice-busy-detail = { $wait ->
    [one] No se ha perdido nada: espera un segundo y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
   *[other] No se ha perdido nada: espera { $wait } segundos y vuelve a pulsar «Firmo». Lo que escribiste sigue aquí.
}
again-waiting = Esta página volverá a enviar tu formulario por sí sola; déjala abierta.
notice-read-only-title = Las firmas están en pausa por el momento.
notice-read-only-detail = El sitio está muy solicitado y solo muestra sus páginas. No se ha perdido nada: lo que escribiste se guarda en esta página. Déjala abierta y vuelve a pulsar «Firmo» dentro de { $wait } segundos, o vuelve más tarde.

## Mira tu correo

check-mail-title = Mira tu correo
check-mail-lead = Falta un paso: abrir el mensaje que te estamos enviando.
check-mail-open-html = Abre el mensaje de <strong>{ $from }</strong>, en nombre de { $site }.
check-mail-press = Sigue su enlace, lee lo que vas a firmar y pulsa el botón.
check-mail-counted = { $minutes ->
    [one] Tu firma entra en el recuento alrededor de un minuto después.
   *[other] Tu firma entra en el recuento unos { $minutes } minutos después.
}
check-mail-nothing-title = ¿No ha llegado nada?
check-mail-time = Suele tardar un minuto. Un día de mucha afluencia puede tardar una hora: tu sitio está guardado, no se pierde nada.
check-mail-spam = Mira en el correo no deseado y, si la tienes, en la carpeta «Promociones».
check-mail-again = ¿Se coló un error en la dirección?
check-mail-again-link = Rellenar de nuevo el formulario
check-mail-kept = { $days ->
    [one] Sin confirmación, lo que enviaste se borra al cabo de un día.
   *[other] Sin confirmación, lo que enviaste se borra al cabo de { $days } días.
}

check-mail-elsewhere = ¿Has recibido hoy otro correo nuestro, sobre otra petición? La página de su enlace muestra también esta.
check-mail-same = ¿Has recibido ya un correo nuestro sobre esta misma petición? La página de su enlace muestra también este envío; si ese enlace ya no sirve, el siguiente correo sale un día después.
check-mail-stopped = ¿Detuviste alguna vez nuestros correos a esta dirección? Abre cualquier enlace de un correo nuestro anterior y vuelve a permitirlos.

## Detener los correos a una dirección

stop-mail-link = Detener los correos a esta dirección, o volver a permitirlos
stop-mail-title = Correos a esta dirección
stop-mail-confirmation-lead = A esta dirección pueden llegar correos de confirmación cuando alguien la escribe en un formulario de este sitio.
stop-mail-confirmation-stop = { $days ->
    [one] Puedes detenerlos, sea quien sea quien escriba la dirección. Sin ese correo nadie puede firmar con ella, tampoco tú. Se reanudan solos al cabo de un día; puedes hacerlo antes con cualquier enlace de nuestros correos.
   *[other] Puedes detenerlos, sea quien sea quien escriba la dirección. Sin ese correo nadie puede firmar con ella, tampoco tú. Se reanudan solos al cabo de { $days } días; puedes hacerlo antes con cualquier enlace de nuestros correos.
}
stop-mail-confirmation-stopped = Detenidos. Ya no llegan correos de confirmación a esta dirección.
stop-mail-confirmation-allow = ¿Quieres firmar con esta dirección? Vuelve a permitir los correos: si alguno espera, llega enseguida.
stop-mail-until = Termina por sí solo el
stop-mail-news-lead = A esta dirección pueden llegar noticias de las peticiones para las que se pidieron.
stop-mail-news-stop = Puedes detenerlas todas. Si vuelves a pedir noticias al firmar otra petición, esas llegarán.
stop-mail-news-stopped = Detenidas. Ya no llegan noticias a esta dirección.
stop-mail-news-allow = ¿Quieres volver a recibir las noticias que habías pedido?
stop-mail-stop-button = Detener estos correos
stop-mail-allow-button = Volver a permitirlos
stop-mail-nothing-else = No cambia nada más: no se confirma ni se retira ninguna firma, y esta página no dice si esta dirección ha firmado algo.

## Lo que añaden los autores

video = Vídeo
video-watch = Ver el vídeo
video-where = Nada se carga antes de que pulses. Después viene de { $host }, que conocerá tu dirección.
first-title = Primeros firmantes
first-why = Nombrados por el autor de esta petición. No entran en el recuento por figurar aquí.
updates-title = Noticias
updates-all = Todas las noticias
updates-none = Aún no hay noticias.
update-by = de
feed-link = Seguir sin dar una dirección (Atom)
feed-title = Noticias: { $title }
names-title = Algunas personas que han firmado
names-why = Nombres de quienes quisieron mostrarlo. Aparecen en grupos y sin orden, algún tiempo después de firmar, y desaparecen si la firma se retira.
versions-title = Versiones del texto
versions-lead = Lo que se firmó queda como se firmó. Una versión nueva vale para quienes firman después de su adopción.
versions-link = Las versiones anteriores
versions-why = quedan como se firmaron.
version-title = Versión { $version }
version-in-force = en vigor
version-earlier = una versión anterior; quien la firmó firmó estas palabras
version-adopted = Adoptada el
version-whole = El texto completo
difference-title = Qué ha cambiado
difference-removed = suprimido:
difference-added = añadido:
signed-earlier = { $count ->
    [one] { $count } de las firmas contadas es de una versión anterior.
   *[other] { $count } de las firmas contadas son de una versión anterior.
}
form-earlier = Estás firmando la versión { $version } del texto, la que estaba en tu página. Hay una posterior en vigor.
form-earlier-link = Leer versión por versión
shown-text = Texto
shown-earlier = Versión { $version }, la que estaba en la página; ya hay una posterior en vigor

## Confirmar

shown-name = Nombre
shown-place = Lugar
shown-comment = Comentario
shown-public = Mostrado en público
shown-public-yes = Tu nombre puede mostrarse
shown-public-no = Nada; tu firma solo se cuenta
shown-news = Noticias de esta petición
shown-sent = Enviado el
confirm-title = Confirmar mi firma
confirm-heading = Vas a firmar
confirm-lead = Nada se cuenta antes de que pulses el botón. ¿Eres tú, y es esto lo que quieres firmar?
confirm-lead-again = Has confirmado otra firma de esta petición desde este buzón. Si confirmas también esta, se guardan las dos y cuentas una vez. ¿Eres tú, y es esto lo que quieres firmar?
confirm-button = Confirmo mi firma
not-me-question = ¿No has pedido nada?
not-me-link = No fui yo
others-title = { $count ->
    [one] Hay algo más esperando para este buzón
   *[other] Hay { $count } más esperando para este buzón
}
others-lead = Se envió con tu dirección, por ti o por otra persona. Confirma solo lo que sea tuyo; lo demás se borra solo.
others-button = Confirmar esta en su lugar
others-button-too = Confirmar también esta
others-older = Ver contribuciones más antiguas
confirmed-title = Firma confirmada
confirmed-heading = Has firmado
confirmed-new = { $minutes ->
    [one] Gracias. Tu firma está confirmada; entrará en el recuento dentro de un minuto aproximadamente, una vez comprobada.
   *[other] Gracias. Tu firma está confirmada; entrará en el recuento dentro de unos { $minutes } minutos, una vez comprobada.
}
confirmed-again = Este enlace ya se había usado: tu firma sigue como estaba. Cuenta una vez.
confirmed-before = Ya habías firmado esta petición desde este buzón. Se guardan las dos; cuentas una vez.
confirmed-at = Confirmada el
receipt-title = Tu recibo
receipt-keep = Guárdalo, y guárdalo para ti: contiene los secretos de tu firma, y quien lo tenga puede retirarla.
receipt-download = Descargar el recibo
receipt-checks = Para qué sirve: para señalar tu firma sin mostrar tu nombre y, cuando este sitio publique su registro público, para comprobar por ti mismo que figura en él. No dice nada de las firmas de los demás.
receipt-show = Mostrar el recibo
change-mind-title = Si cambias de opinión
change-mind = Puedes retirar tu firma mientras exista la petición, con este enlace o con el del mensaje.
withdraw-link = Retirar mi firma

second-way-title = Sobre tu firma
second-way-lead = No hemos podido confirmar esta firma automáticamente, porque llegó junto con muchas otras que se parecen. No es una acusación. ¿Firmaste tú?
second-way-button = Sí, firmé yo
second-way-then = Después la mira una persona. No se pierde nada de lo que escribiste, y no tienes que hacer nada más.
answered-title = Gracias por tu respuesta
answered-lead = Queda registrada. Ahora una persona mira tu firma; puede tardar uno o dos días.
answered-before-lead = Ya hemos recibido tu respuesta, y espera a que una persona mire tu firma; puede tardar uno o dos días.
answered-nothing = No tienes que hacer nada más, y no recibirás más correos sobre esto. Nadie más sabe que te hemos preguntado.

## Retirar, no fui yo

withdraw-title = Retirar mi firma
withdraw-lead = En cuanto pulses el botón, tu firma dejará de contar y tus datos se borrarán.
withdraw-several = { $count ->
    [one] Desde este buzón se confirmó una firma: se retirará.
   *[other] Desde este buzón se confirmaron { $count } firmas, que cuentan una vez: se retirarán todas.
}
withdraw-another = Esto es lo que confirmaste desde este buzón. Tampoco quedará aquello de lo que hablaba el propio mensaje.
withdraw-unconfirmed = No la has confirmado: nunca ha contado. Tus datos pueden borrarse ahora mismo; si no, se borran solos { $unconfirmed ->
    [one] al cabo de un día
   *[other] al cabo de { $unconfirmed } días
 }.
withdraw-again = Podrás volver a firmar más adelante.
withdraw-button = Retirar mi firma
withdraw-keep = Conservar mi firma y volver a la petición
withdrawn-title = Tu firma está retirada
withdrawn-unconfirmed = No estaba confirmada y nunca ha contado. Tus datos están borrados.
withdrawn-lead = { $minutes ->
    [one] Sale del recuento en menos de un minuto. No tienes que hacer nada más.
   *[other] Sale del recuento en menos de { $minutes } minutos. No tienes que hacer nada más.
}
withdrawn-at = Retirada el
withdrawn-again = Tu buzón puede volver a firmar.
not-me-title = No fui yo
not-me-lead = Alguien escribió tu dirección. No cuenta para nada mientras no la confirmes, y no se ha informado a nadie. ¿Qué hacemos con ello?
not-me-lead-confirmed = Esta firma se confirmó desde tu buzón. Elijas lo que elijas, todo lo que se confirmó desde él para esta petición sale del recuento. ¿Qué hacemos con ello?
not-me-stands = Lo que se confirmó desde este buzón se queda, y aquí no se toca. Si tampoco fuiste tú, o si has cambiado de idea:
not-me-changed-mind = Si fuiste tú, y has cambiado de idea:
erase-title = Borrarlo todo
erase-what = Todo lo que se envió a esta petición con tu dirección se borra y no podrá contarse nunca. Es lo que elige la mayoría.
erase-what-waits = Todo lo que se envió a esta petición con tu dirección, y que no has confirmado, se borra y no podrá contarse nunca. Es lo que elige la mayoría.
erase-button = Borrarlo todo
keep-title = Guardarlo para mi propia denuncia
keep-what = Tampoco podrá contarse nunca, pero lo que sabemos del envío se sella y se guarda, para que puedas denunciar el uso de tu identidad. Solo tú, y la autoridad a la que acudas, podéis pedirlo.
keep-button = Guardarlo sellado
not-me-lead-kept = Nos dijiste que no fuiste tú. No puede contarse, y lo que sabemos del envío está sellado y guardado para tu denuncia. Si ya no lo quieres, todavía puedes pedir que se borre.
not-me-both = En ambos casos puedes firmar tú mismo esta petición cuando quieras.
disowned-title = Gracias por decírnoslo
disowned-erased = Todo lo que se envió a esta petición con tu dirección está borrado. No fuiste tú, y no se contará.
disowned-erased-waiting = Todo lo que se envió a esta petición con tu dirección, y que no has confirmado, está borrado. No fuiste tú, y no se contará.
disowned-kept = No se contará. Lo que sabemos del envío está sellado y guardado para tu denuncia. Escríbenos cuando lo necesites.
disowned-gone = No se contará. Todo lo que se envió ya estaba borrado: no queda nada que guardar.
disowned-counted = { $minutes ->
    [one] Si estaba en el recuento mostrado, sale de él en un minuto.
   *[other] Si estaba en el recuento mostrado, sale de él en { $minutes } minutos.
}
disowned-stands = Lo que confirmaste tú se queda. Si tampoco fuiste tú:
disowned-at = Registrado el
disowned-sorry = Sentimos la molestia. Decírnoslo ayuda a encontrar las demás firmas falsas.

## Una copia en otro sitio

copy-notice = Esto es una copia, hecha porque puede ser difícil llegar al sitio mismo. Los textos y los números son del
copy-sign = Aquí no se puede firmar; se firma en
copy-kept = No se ha perdido nada de lo firmado o confirmado, y los enlaces de nuestros correos siguen siendo válidos.

## Lo que no se pudo hacer

refusal-code = Para quien te ayude:
retry-after = { $wait ->
    [one] Puedes volver a intentarlo dentro de un segundo.
   *[other] Puedes volver a intentarlo dentro de { $wait } segundos.
}
refusal-bad-request-title = No hemos podido leer eso
refusal-bad-request-detail = Lo que envió tu navegador está incompleto o dañado. No se ha registrado nada, y nada de lo que habías confirmado se ha perdido.
refusal-bad-request-do = Vuelve a la petición y rellena de nuevo el formulario.
refusal-forbidden-title = Este formulario ya no sirve
refusal-forbidden-detail = Llevaba demasiado tiempo abierto, o ya se había enviado. No se ha registrado nada, y nada de lo que habías confirmado se ha perdido.
refusal-forbidden-do = Vuelve a la petición: allí te espera un formulario nuevo.
refusal-banned-title = Esta conexión está bloqueada por un tiempo
refusal-banned-detail = Desde su dirección, que quizá compartes con otras personas, han llegado muchas firmas falsas. Nadie dice que fueran tuyas. Nada de lo que habías confirmado se ha perdido, y los enlaces de nuestros correos siguen funcionando.
refusal-banned-do = Vuelve más tarde, o usa otra conexión, por ejemplo la de tu teléfono. Si se repite, escríbenos: una persona puede levantar el bloqueo enseguida.
refusal-not-found-title = No hay nada en esta dirección
refusal-not-found-detail = Quizá falte una letra al final del enlace, o la página haya cambiado de lugar. Nada de lo que firmaste se ha perdido.
refusal-not-found-do = Busca la petición en la lista.
refusal-link-unknown-title = No conocemos este enlace
refusal-link-unknown-detail = Quizá se cortó por el camino, o aquello a lo que llevaba se ha borrado, como todo lo que no se confirma. Nada de lo que habías confirmado se ha perdido.
refusal-link-unknown-do = Vuelve a abrir el mensaje y usa el enlace entero. Si es antiguo, firma de nuevo: una firma cuenta una sola vez en todo caso.
refusal-link-expired-title = Esta firma nunca se confirmó
refusal-link-expired-detail = Por eso nunca contó, y lo que se escribió está borrado, a petición tuya o al cabo de un tiempo. Si has confirmado otra desde este buzón, esa se queda.
refusal-link-expired-do = Puedes firmar de nuevo: el formulario lleva un minuto. Si hoy te hemos escrito sobre esta petición, el mensaje siguiente sale un día después.
refusal-link-withdrawn-title = Esta firma se retiró
refusal-link-withdrawn-detail = Ya no cuenta, y lo que se había escrito se ha borrado. No queda nada que hacer.
refusal-link-withdrawn-do = Si has cambiado de opinión, puedes volver a firmar.
refusal-link-disowned-title = Nos dijiste que no fuiste tú
refusal-link-disowned-detail = Esta firma no cuenta y ya no puede confirmarse.
refusal-link-disowned-do = Si quieres firmar, puedes hacerlo: se tarda un minuto.
no-more-signing = La petición está cerrada: ya no se puede firmar.
refusal-method-not-allowed-title = Esta página no se usa así
refusal-method-not-allowed-detail = Tu navegador ha pedido algo que esta página no hace. No se ha registrado nada, no se ha perdido nada.
refusal-method-not-allowed-do = Vuelve atrás y usa los botones de la página.
refusal-too-slow-title = La conexión era demasiado lenta
refusal-too-slow-detail = Lo que enviaste no llegó entero a tiempo. No se ha registrado nada, no se ha perdido nada.
refusal-too-slow-do = Vuelve atrás y envíalo de nuevo, si puedes con mejor conexión.
refusal-closed-title = Esta petición está cerrada
refusal-closed-detail = Ya no recibe firmas. Las que tiene siguen contando; la tuya también, si la habías confirmado.
refusal-closed-do = Todavía puedes leerla, y retirar una firma.
refusal-too-large-title = Era demasiado de una vez
refusal-too-large-detail = El formulario contiene más de lo que admite. No se ha registrado nada, no se ha perdido nada.
refusal-too-large-do = Vuelve atrás y acorta tu comentario.
refusal-unsupported-type-title = No hemos podido leer eso
refusal-unsupported-type-detail = El formulario llegó en un formato que este sitio no admite. No se ha registrado nada, no se ha perdido nada.
refusal-unsupported-type-do = Vuelve a la petición y usa su formulario.
refusal-slow-down-title = Un poco demasiado rápido
refusal-slow-down-detail = Llegan muchas solicitudes desde tu red, que quizá compartes con otras personas. Nada de lo que habías confirmado se ha perdido.
refusal-slow-down-do = Espera un momento, vuelve atrás y prueba de nuevo: lo que escribiste debería seguir ahí.
refusal-broken-title = Algo se ha roto por nuestra parte
refusal-broken-detail = No es culpa tuya. Lo que ya habías confirmado está a salvo; lo que acabas de enviar quizá no se haya registrado.
refusal-broken-do = Prueba de nuevo dentro de un minuto: enviar dos veces lo mismo no hace daño, cuenta una vez.
refusal-busy-title = Un momento, por favor
refusal-busy-detail = El sitio no puede atender esto ahora mismo. Nada de lo que habías confirmado se ha perdido, y tu enlace sigue siendo válido.
refusal-busy-do = Espera un momento y prueba de nuevo: enviar dos veces lo mismo no hace daño, cuenta una vez.
refusal-read-only-title = Las firmas están en pausa por el momento
refusal-read-only-detail = El sitio está muy solicitado y solo muestra sus páginas. Nada de lo que habías confirmado se ha perdido, y los enlaces de nuestros mensajes siguen funcionando.
refusal-read-only-do = Deja la página abierta y prueba de nuevo dentro de unos minutos, o vuelve más tarde.

## Cómo contamos

method-html =
    <h1>Cómo contamos</h1>
    <p class="lead">Un número junto a una petición vale lo que se sabe de cómo se ha hecho. Así se hace el nuestro, y esto es lo que no demuestra.</p>
    <h2>Qué se cuenta</h2>
    <p>Cada firma se mira según tres líneas que no dependen unas de otras:</p>
    <dl class="axes">
    <div><dt>El buzón</dt><dd>sin confirmar, o <b>confirmado</b>: alguien abrió nuestro mensaje y pulsó el botón.</dd></div>
    <div><dt>El veredicto</dt><dd><b>clara</b>, en suspenso mientras se comprueba, o invalidada con un motivo que puede revisarse.</dd></div>
    <div><dt>El final</dt><dd><b>ninguno</b>, caducada por falta de confirmación, retirada por su firmante, o desmentida («no fui yo»).</dd></div>
    </dl>
    <p>Se cuentan las firmas confirmadas, claras y sin final. Un buzón cuenta una vez por petición. Abrir el enlace no basta: los programas abren enlaces, una persona pulsa el botón.</p>
    <h2 id="settle">Cuándo se cuenta</h2>
    <p>{ $minutes ->
        [one] Una firma confirmada entra en el recuento al cabo de un minuto aproximadamente.
       *[other] Una firma confirmada entra en el recuento al cabo de unos { $minutes } minutos.
    } Ese plazo deja tiempo para comprobarla. Por eso el número avanza a saltos.</p>
    <h2 id="held">Antes contadas, hoy en suspenso</h2>
    <p>Algunas firmas falsas solo se ven cuando se miran muchas juntas. Cuando firmas ya contadas se les parecen, quedan en suspenso: salen del recuento, y la página dice cuántas. No se acusa a nadie. Se restablecen, o las invalida una persona que da un motivo; lo uno y lo otro puede deshacerse.</p>
    <h2>Lo que nunca se muestra</h2>
    <p>El número de intentos descartados no se muestra en directo: un ataque pondría un número enorme junto a una petición, y quizá no busque otra cosa. Tampoco el de firmas aún sin confirmar: diría si alguien acaba de firmar. Por la misma razón, el formulario responde igual a todo el mundo y nunca dice si una dirección ha firmado.</p>
    <p>{ $unconfirmed ->
        [one] Las firmas sin confirmar se borran al cabo de un día.
       *[other] Las firmas sin confirmar se borran al cabo de { $unconfirmed } días.
    }</p>
    <h2>Lo que esto no demuestra</h2>
    <ul>
    <li>Un buzón no es una persona. Quien tiene veinte buzones puede firmar veinte veces. Lo limitamos y lo buscamos; no podemos excluirlo.</li>
    <li>Un nombre es lo que el firmante escribió. No pedimos documentos de identidad.</li>
    <li>El cálculo que hace tu navegador impide que un ataque salga gratis. No distingue a las personas de las máquinas.</li>
    <li>Un operador deshonesto podría inventar firmas. Los recibos, y un registro público que cualquiera puede recontar, son lo que le pone límite; mientras una petición no tenga ese registro, te fías de este sitio.</li>
    </ul>

method-networks-html =
    <h2 id="networks">A nombre de quién está registrada una red</h2>
    <p>Para ver un ataque es útil saber a qué red pertenece una dirección, a nombre de quién y en qué país la tiene inscrita un registro, y si esa red alquila servidores o conecta hogares. La tabla que lo dice está dentro del programa: no se envía ninguna dirección a nadie. Lo que la tabla no sabe se llama desconocido. El titular registrado es el que nombra un registro, no el autor de lo que llegó desde allí.</p>
    <p>La tabla procede de <a href="https://www.routeviews.org/">RouteViews</a>, del <a href="https://www.nro.net/">NRO</a> y de <a href="https://db-ip.com/">IP Geolocation by DB-IP</a>, con licencia <a href="https://creativecommons.org/licenses/by/4.0/deed.es">CC BY 4.0</a>, compilada por <a href="https://github.com/sapics/ip-location-db">ip-location-db</a>; Paraph la ha abreviado y ha añadido la naturaleza de las redes.</p>

## Tus datos

consent-version = Frase de consentimiento, versión { $version }.
privacy-html =
    <h1>Tus datos</h1>
    <p class="lead">Firmar una petición dice algo de lo que piensas. La ley lo protege más que cualquier otra cosa, y nosotros también.</p>
    <h2>Quién es responsable</h2>
    <p>{ $site } y el autor de la petición deciden juntos que se recojan firmas para ella: son corresponsables de ello. Solo { $site } responde de recibirlas, confirmarlas, contarlas, comprobarlas y protegerlas; es a quien hay que escribir, para todo: <a href="mailto:{ $contact }">{ $contact }</a>. El autor ve el recuento y lo que los firmantes han elegido mostrar; no recibe ni las direcciones ni la lista. Un autor que recoja datos en otro lugar lo hace por su cuenta, como responsable distinto.</p>
    <h2>Qué, para qué, con qué base</h2>
    <p>Tu nombre, dirección, lugar, comentario y elecciones, para contar tu firma: con tu consentimiento explícito (RGPD, artículo 9, apartado 2, letra a), dado por la frase que está al pie del formulario y por nada más.</p>
    <p>Noticias de la petición: solo si marcaste la casilla, con ese consentimiento aparte. Negarlo no cambia nada para tu firma.</p>
    <p>La dirección y el puerto de tu conexión, la hora y rasgos técnicos de tu navegador en forma cifrada, para dejar fuera las firmas falsas y poder probar un ataque: por nuestro interés legítimo en un recuento exacto (artículo 6, apartado 1, letra f) y para la formulación, el ejercicio o la defensa de reclamaciones (artículo 9, apartado 2, letra f).</p>
    <h2>Cuánto tiempo</h2>
    <dl class="axes">
    <div><dt>Sin confirmar</dt><dd>{ $unconfirmed ->
        [one] se borra al cabo de un día.
       *[other] se borra al cabo de { $unconfirmed } días.
    }</dd></div>
    <div><dt>Rasgos técnicos</dt><dd>{ $features ->
        [one] se borran al cabo de un día.
       *[other] se borran al cabo de { $features } días.
    }</dd></div>
    <div><dt>Firma</dt><dd>hasta que la retires: nada la borra por sí solo, ni siquiera el final de la petición.</dd></div>
    <div><dt>Dirección, puerto y hora de la conexión</dt><dd>sellados con la firma que llegó por ella, tanto tiempo como esta.</dd></div>
    <div><dt>Lo que nos hiciste guardar para tu denuncia («no fui yo»)</dt><dd>sellado, hasta que lo hagas borrar con el mismo enlace.</dd></div>
    </dl>
    <h2>Quién más los ve</h2>
    <p>Ningún tercero: ni guiones, ni letras, ni contadores, ni captchas de otros sitios, y ninguna cookie. Cada registro está sellado con una clave propia; borrar es destruir la clave. Solo quien aloja nuestras máquinas y quien transporta nuestro correo los tratan, por cuenta nuestra. Una autoridad puede recibir pruebas de un ataque, por decisión registrada de una persona.</p>
    <h2>Tus derechos</h2>
    <p>Retirar tu consentimiento en cualquier momento, con el enlace de nuestro mensaje: lo que se contó antes sigue siendo lícito, y tu firma sale del recuento. Consultar, corregir, borrar, limitar, llevarte tus datos u oponerte: escríbenos. También puedes reclamar ante la autoridad de protección de datos de tu país (en España, la AEPD). Ninguna máquina decide sola sobre ti: una firma que parece falsa queda en suspenso, y decide una persona.</p>
    <h2>La frase en la que consientes al firmar</h2>

## Aviso legal

legal-publisher = Publica
legal-contact = Contacto
legal-host = Aloja
legal-petitions = Peticiones
legal-petitions-html = Cada petición es responsabilidad de su autor. Para señalar un texto ilícito, escribe a <a href="mailto:{ $contact }">{ $contact }</a>.
legal-software = Programa
legal-software-text = Este sitio funciona con Paraph, programa libre con licencia MIT o Apache 2.0. Su control contra los falsificadores usa el componente ALTCHA (licencia MIT), servido desde este sitio.

## Cómo está el sitio

ops-title = Cómo está el sitio
ops-open = Se reciben firmas.
ops-read-only = Solo páginas: un operador ha puesto las firmas en pausa. A quien firma se le dice que deje la página abierta.
ops-trouble = Algo va mal: /readyz dice qué.
ops-now = Ahora
ops-price = Precio de un acertijo, vueltas por intento
ops-bans = Bloqueos en vigor
ops-intake = Órdenes que esperan al escritor
ops-lanes = Carriles
ops-lanes-what = Primero los que más importan. Nada se rechaza antes que todo lo que importa menos.
ops-lane = Carril
ops-working = En curso
ops-waiting = En espera
ops-delay = Demora
ops-served = Atendidas
ops-shed = Rechazadas
ops-lane-operator = Operadores
ops-lane-desk = La mesa
ops-lane-desk_door = La puerta de la mesa, al entrar
ops-lane-confirm = Confirmaciones
ops-lane-manage = Retiradas y objeciones
ops-lane-sign = Firmas con script
ops-lane-plain = Firmas sin script, y de orígenes muy activos
ops-lane-challenge = Acertijos y formularios
ops-lane-verification = Verificación de acertijos
ops-bounds = Cuánto se usa de cada límite
ops-metrics = Todas las métricas

## El correo del sitio

mail-title = ¿Llega nuestro correo?
mail-all-well = Todos los dominios a los que hemos escrito aceptan nuestro correo.
mail-some-rest = { $count ->
    [one] Un dominio no acepta ahora correo nuestro. Se le pregunta cada vez menos; no se pierde nada.
   *[other] { $count } dominios no aceptan ahora correo nuestro. Se les pregunta cada vez menos; no se pierde nada.
}
mail-queue = Correo que espera
mail-age-hour = desde hace menos de una hora
mail-age-six = desde hace entre una y seis horas
mail-age-day = desde hace entre seis horas y un día
mail-age-older = desde hace más de un día
mail-held = de ellos, porque a la dirección se la deja en paz
mail-next = El próximo de los aplazados sale el
mail-domains = Por dominio
mail-domains-what = Desde el último arranque. Un dominio se nombra cuando lo comparten diez direcciones.
mail-domain = Dominio
mail-sent = Enviados
mail-deferred = Aplazados
mail-refused = Rechazados
mail-returned = Devueltos
mail-again = Se pregunta otra vez
mail-other = Todos los demás
mail-quiet = Direcciones que se dejan en paz
mail-quiet-confirmations = quien las lee detuvo los correos de confirmación
mail-quiet-news = quien las lee detuvo las noticias
mail-quiet-bounced = ese buzón no existe, dice su servidor de correo
mail-quiet-troubled = no se dejan en paz: problemas pasajeros en los últimos 30 días
mail-no-names = Aquí no se guarda la dirección de nadie: solo marcas que no se pueden invertir.

## Motivos de las decisiones

reason-lockstep = Se parecen al menos de tres maneras independientes, como si se hubieran hecho juntas
reason-machine = Las hizo una máquina, según comprobó alguien que miró
reason-same-person = Varias firmas de una sola persona
reason-disowned = Quienes leen los buzones dicen: «no fui yo»
reason-reviewed = Alguien miró y no encontró nada en su contra
reason-answered = Respondieron cuando se les preguntó
reason-mistake = La decisión anterior fue un error
