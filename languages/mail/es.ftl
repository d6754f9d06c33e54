# El correo que pide confirmar una firma. Un mensaje es un párrafo; el programa corta las líneas y añade los enlaces.

subject = Confirma tu firma: { $title }
greeting = Hola, { $name }:
greeting-unnamed = Hola:
who = Alguien, seguramente tú, ha dado esta dirección de correo en { $site } para firmar esta petición:
press = Para que cuente, la firma debe confirmarla la persona que lee este buzón. Abre esta página:
button = Muestra lo que se va a firmar. Abrirla no cambia nada: solo confirma su botón.
waiting = { $others ->
    [one] Otra firma espera para esta dirección. La página también la muestra.
   *[other] Otras { $others } firmas esperan para esta dirección. La página también las muestra.
}
life = { $days ->
    [one] El enlace vale un día. Después se borra lo que se escribió.
   *[other] El enlace vale { $days } días. Después se borra lo que se escribió.
}
withdraw = Una vez confirmada tu firma, puedes retirarla cuando quieras con este enlace:
not-you = ¿No fuiste tú? No tienes que hacer nada: lo que nadie confirma no se cuenta nunca. Si prefieres que se borre todo ya, o guardar un rastro para tu propia denuncia:
promise = Enviamos como mucho un correo al día por petición y dirección. A nadie más se le informa de este correo, ni de si esta dirección ha firmado.
dir = ltr
confirm-label = Ver lo que se va a firmar
withdraw-label = Retirar mi firma
not-me-label = No fui yo
stop-label = Detener estos correos, o volver a permitirlos
stop = ¿No quieres más correos de estos en esta dirección? Esto los detiene y no retira nada. Sin ellos nadie puede firmar con esta dirección, hasta que vuelvas a permitirlos con el mismo enlace o pasen { $days } días:

## El correo a una persona cuya firma está retenida

second-subject = Sobre tu firma: { $title }
second-who = Esta dirección de correo se usó en { $site } para firmar esta petición:
second-what = No hemos podido confirmar esta firma automáticamente: llegó junto con muchas otras que se parecen. No es una acusación.
second-press = Si firmaste tú, abre esta página:
second-label = Ver lo que se escribió, y responder
second-button = Muestra lo que se escribió. Abrirla no cambia nada: solo responde su botón.
second-then = Después una persona mira tu firma. No tienes que hacer nada más, y no se pierde nada de lo que escribiste.
second-not-you = ¿No fuiste tú? No tienes que hacer nada: no se cuenta. Si prefieres que se borre todo ya, o guardar un rastro para tu propia denuncia:
second-promise = Enviamos este correo una sola vez, sin recordatorio. A nadie más se le informa de él, ni de si esta dirección ha firmado.

## Noticias de una petición

news-subject = Noticias: { $title }
news-who = { $author } te escribe porque firmaste esta petición en { $site } y pediste sus noticias:
news-label = Leerlas en la página
news-stop = ¿No quieres más noticias? Esta página las detiene con una pulsación. Deja tu firma como está y no retira nada.
news-stop-label = Detener las noticias
