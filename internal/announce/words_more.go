package announce

import (
	"time"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

func named(email, sms, push, voice, letter string) map[breach.Channel]string {
	return map[breach.Channel]string{breach.Email: email, breach.SMS: sms, breach.Push: push, breach.Voice: voice, breach.Letter: letter}
}

var german = words{
	Locale: "de", Name: "Deutsch",
	Notices: "Sicherheitsmitteilungen", SecurityNotice: "Sicherheitsmitteilung", Published: "Veröffentlicht", Version: "Fassung", Kept: "Diese Seite bleibt mindestens bestehen bis",
	Correction: "Eine Berichtigung erscheint hier als neue Fassung; alte Fassungen bleiben lesbar.", Older: "Ältere Fassungen", NewerExists: "Dies ist eine alte Fassung. Es gibt eine neuere:",
	Code: "Code dieser Mitteilung", Genuine: "Ist das echt?", GenuineHow: "Tippen Sie diese Adresse selbst in Ihren Browser und geben Sie dort diesen Code ein oder den, den Sie erhalten haben:",
	Data: "Daten", Feed: "Feed", Skip: "Zur Mitteilung springen", LanguageLabel: "Sprache",
	None: "Es gibt keine Mitteilungen.", NoneHelp: "Wenn ein Sicherheitsvorfall Menschen betrifft, die uns ihre Daten anvertraut haben, und nicht alle einzeln benachrichtigt werden können, erscheint die Mitteilung hier. Sie können diese Seite mit einem Feedreader verfolgen.",
	VerifyTitle: "Ist die Mitteilung echt, die ich erhalten habe?", VerifyLead: "Geben Sie den Code ein, der in der E-Mail, der SMS oder dem Brief steht. Wir antworten, zu welcher unserer Mitteilungen er gehört, und nichts über Sie.",
	VerifyField: "Code", VerifyHint: "Wie gedruckt. Leerzeichen, Striche und Großschreibung spielen keine Rolle.", VerifyButton: "Code prüfen",
	VerifyYes: "Ja, dieser Code ist von uns. Er steht auf dieser Mitteilung:", VerifyYesMore: "Vergleichen Sie sie mit Ihrer Nachricht. Wenn diese ein Passwort, einen Bestätigungscode oder eine Zahlung verlangt, ist sie trotzdem gefälscht: Codes kann man abschreiben.",
	VerifyFrom: "Von", VerifyNotice: "Mitteilung", VerifyDate: "Datum", VerifyBy: "Gesendet per", VerifyAsk: "Fragen an", VerifyPage: "Öffentliche Mitteilung lesen",
	VerifyErased: "Wenn die Zeit abgelaufen ist, für die wir sie aufbewahren, löschen wir Aufzeichnungen. Codes mancher Mitteilungen können deshalb hier nicht mehr geprüft werden, die jüngsten davon vom",
	VerifyNo:     "Nein, dieser Code ist nicht von uns.", VerifyNoMore: "Keine unserer Mitteilungen trägt ihn. Prüfen Sie, ob Sie ihn wie gedruckt eingegeben haben. Bleibt die Antwort gleich, tun Sie nicht, was die Nachricht verlangt, und sagen Sie uns auf einem Weg Bescheid, den Sie schon kennen.",
	VerifyLater: "Wir können im Augenblick nicht antworten. Bitte versuchen Sie es in einer Minute wieder.", VerifySigns: "Woran Sie eine echte Mitteilung erkennen",
	Signs: []string{"Sie fragt nie nach einem Passwort, einem Bestätigungscode oder einer Zahlung.", "Sie hat keinen Anhang und nichts zum Anklicken; Adressen sind ausgeschrieben, damit Sie sie selbst eintippen.",
		"Sie nennt jemanden, den Sie fragen können. Nehmen Sie im Zweifel eine Nummer, die Sie schon kennen."},
	VerifyTwice:  "Sie sind über einen Link hierhergekommen? Tippen Sie die Adresse besser selbst in Ihren Browser, und prüfen Sie den Namen.",
	MissingTitle: "Hier ist keine Mitteilung", MissingHelp: "Vielleicht ist die Adresse vertippt, oder die Nachricht, die sie Ihnen gab, war nicht von uns. Sie können alle Mitteilungen ansehen oder den Code prüfen, den Sie erhalten haben.",
	channels: named("E-Mail", "SMS", "Nachricht in unserer App", "Anruf", "Brief"), comma: ", ",
	instant: "2.1.2006, 15:04 (MST)", day: "2.1.2006", zone: time.UTC,
}

var french = words{
	Locale: "fr", Name: "français",
	Notices: "Avis de sécurité", SecurityNotice: "Avis de sécurité", Published: "Publié", Version: "version", Kept: "Cette page reste en ligne au moins jusqu’au",
	Correction: "Une correction paraît ici comme nouvelle version ; les anciennes restent lisibles.", Older: "Versions antérieures", NewerExists: "Ceci est une ancienne version. Il en existe une plus récente :",
	Code: "Code de cet avis", Genuine: "Est-ce authentique ?", GenuineHow: "Saisissez vous-même cette adresse dans votre navigateur, puis ce code ou celui que vous avez reçu :",
	Data: "Données", Feed: "Flux", Skip: "Aller à l’avis", LanguageLabel: "Langue",
	None: "Il n’y a aucun avis.", NoneHelp: "Quand un incident de sécurité touche des personnes qui nous ont confié leurs données, et que toutes ne peuvent pas être informées une à une, l’avis paraît ici. Vous pouvez suivre cette page avec un lecteur de flux.",
	VerifyTitle: "L’avis que j’ai reçu est-il authentique ?", VerifyLead: "Saisissez le code qui figure dans l’e-mail, le SMS ou la lettre. Nous disons lequel de nos avis le porte, et rien sur vous.",
	VerifyField: "Code", VerifyHint: "Tel qu’il est imprimé. Espaces, tirets et majuscules ne changent rien.", VerifyButton: "Vérifier le code",
	VerifyYes: "Oui, ce code est à nous. Il figure sur cet avis :", VerifyYesMore: "Comparez-le avec le message que vous avez. Si celui-ci demande un mot de passe, un code de vérification ou un paiement, c’est quand même un faux : un code peut être recopié.",
	VerifyFrom: "De", VerifyNotice: "Avis", VerifyDate: "Date", VerifyBy: "Envoyé par", VerifyAsk: "Questions à", VerifyPage: "Lire l’avis public",
	VerifyErased: "Quand la durée de conservation est passée, nous effaçons les données. Les codes de certains avis ne peuvent donc plus être vérifiés ici, les plus récents datant du",
	VerifyNo:     "Non, ce code n’est pas à nous.", VerifyNoMore: "Aucun de nos avis ne le porte. Vérifiez que vous l’avez saisi tel qu’il est imprimé. Si la réponse reste la même, ne faites pas ce que le message demande, et prévenez-nous par un moyen que vous connaissez déjà.",
	VerifyLater: "Nous ne pouvons pas répondre pour le moment. Réessayez dans une minute.", VerifySigns: "Comment reconnaître un avis authentique",
	Signs: []string{"Il ne demande jamais de mot de passe, de code de vérification ni de paiement.", "Il n’a ni pièce jointe ni rien à cliquer ; les adresses sont écrites pour que vous les saisissiez.",
		"Il nomme quelqu’un à qui poser vos questions. En cas de doute, appelez un numéro que vous connaissez déjà."},
	VerifyTwice:  "Vous êtes arrivé ici par un lien ? Saisissez plutôt vous-même cette adresse dans votre navigateur, et vérifiez-en le nom.",
	MissingTitle: "Il n’y a pas d’avis ici", MissingHelp: "L’adresse est peut-être mal saisie, ou le message qui vous l’a donnée n’était pas de nous. Vous pouvez voir tous les avis, ou vérifier le code que vous avez reçu.",
	channels: named("e-mail", "SMS", "notification dans notre application", "appel", "lettre"), comma: ", ",
	instant: "02/01/2006, 15:04 (MST)", day: "02/01/2006", zone: time.UTC,
}

var spanish = words{
	Locale: "es", Name: "español",
	Notices: "Avisos de seguridad", SecurityNotice: "Aviso de seguridad", Published: "Publicado", Version: "versión", Kept: "Esta página se mantiene al menos hasta el",
	Correction: "Una corrección aparece aquí como versión nueva; las anteriores siguen disponibles.", Older: "Versiones anteriores", NewerExists: "Esta es una versión antigua. Hay una más reciente:",
	Code: "Código de este aviso", Genuine: "¿Es auténtico?", GenuineHow: "Escriba usted mismo esta dirección en su navegador e introduzca este código o el que recibió:",
	Data: "Datos", Feed: "Canal de noticias", Skip: "Ir al aviso", LanguageLabel: "Idioma",
	None: "No hay avisos.", NoneHelp: "Cuando un incidente de seguridad afecta a personas que nos confiaron sus datos y no es posible avisar a todas una por una, el aviso aparece aquí. Puede seguir esta página con un lector de noticias.",
	VerifyTitle: "¿Es auténtico el aviso que recibí?", VerifyLead: "Introduzca el código que figura en el correo, el SMS o la carta. Respondemos cuál de nuestros avisos lo lleva, y nada sobre usted.",
	VerifyField: "Código", VerifyHint: "Tal como está impreso. Los espacios, los guiones y las mayúsculas no importan.", VerifyButton: "Comprobar el código",
	VerifyYes: "Sí, este código es nuestro. Figura en este aviso:", VerifyYesMore: "Compárelo con el mensaje que tiene. Si este le pide una contraseña, un código de verificación o un pago, sigue siendo falso: los códigos se pueden copiar.",
	VerifyFrom: "De", VerifyNotice: "Aviso", VerifyDate: "Fecha", VerifyBy: "Enviado por", VerifyAsk: "Preguntas a", VerifyPage: "Leer el aviso público",
	VerifyErased: "Cuando termina el plazo durante el que los guardamos, borramos los registros. Por eso los códigos de algunos avisos ya no se pueden comprobar aquí; los más recientes son del",
	VerifyNo:     "No, este código no es nuestro.", VerifyNoMore: "Ninguno de nuestros avisos lo lleva. Compruebe que lo escribió tal como está impreso. Si la respuesta no cambia, no haga lo que pide el mensaje y avísenos por un medio que ya conozca.",
	VerifyLater: "En este momento no podemos responder. Vuelva a intentarlo en un minuto.", VerifySigns: "Cómo reconocer un aviso auténtico",
	Signs: []string{"Nunca pide una contraseña, un código de verificación ni un pago.", "No tiene archivos adjuntos ni nada que pulsar; las direcciones están escritas para que usted las teclee.",
		"Nombra a alguien a quien preguntar. En caso de duda, llame a un número que ya conozca."},
	VerifyTwice:  "¿Llegó aquí por un enlace? Es mejor que escriba usted mismo esta dirección en su navegador y compruebe el nombre.",
	MissingTitle: "Aquí no hay ningún aviso", MissingHelp: "Quizá la dirección esté mal escrita, o el mensaje que se la dio no era nuestro. Puede ver todos los avisos o comprobar el código que recibió.",
	channels: named("correo electrónico", "SMS", "notificación en nuestra aplicación", "llamada", "carta"), comma: ", ",
	instant: "2/1/2006, 15:04 (MST)", day: "2/1/2006", zone: time.UTC,
}

var portuguese = words{
	Locale: "pt-BR", Name: "português",
	Notices: "Avisos de segurança", SecurityNotice: "Aviso de segurança", Published: "Publicado em", Version: "versão", Kept: "Esta página fica no ar pelo menos até",
	Correction: "Uma correção aparece aqui como nova versão; as anteriores continuam disponíveis.", Older: "Versões anteriores", NewerExists: "Esta é uma versão antiga. Há uma mais recente:",
	Code: "Código deste aviso", Genuine: "Isto é verdadeiro?", GenuineHow: "Digite você mesmo este endereço no navegador e informe este código ou o que você recebeu:",
	Data: "Dados", Feed: "Feed", Skip: "Ir para o aviso", LanguageLabel: "Idioma",
	None: "Não há avisos.", NoneHelp: "Quando um incidente de segurança envolve pessoas que nos confiaram seus dados e não é possível avisar todas uma a uma, o aviso aparece aqui. Você pode acompanhar esta página com um leitor de feeds.",
	VerifyTitle: "O aviso que recebi é verdadeiro?", VerifyLead: "Informe o código que está no e-mail, no SMS ou na carta. Respondemos qual dos nossos avisos o traz, e nada sobre você.",
	VerifyField: "Código", VerifyHint: "Como está impresso. Espaços, traços e maiúsculas não fazem diferença.", VerifyButton: "Verificar o código",
	VerifyYes: "Sim, este código é nosso. Ele está neste aviso:", VerifyYesMore: "Compare com a mensagem que você tem. Se ela pedir senha, código de verificação ou pagamento, ainda assim é falsa: códigos podem ser copiados.",
	VerifyFrom: "De", VerifyNotice: "Aviso", VerifyDate: "Data", VerifyBy: "Enviado por", VerifyAsk: "Dúvidas com", VerifyPage: "Ler o aviso público",
	VerifyErased: "Quando termina o prazo em que os guardamos, apagamos os registros. Por isso os códigos de alguns avisos já não podem ser verificados aqui; os mais recentes são de",
	VerifyNo:     "Não, este código não é nosso.", VerifyNoMore: "Nenhum dos nossos avisos o traz. Confira se você o digitou como está impresso. Se a resposta continuar a mesma, não faça o que a mensagem pede e nos avise por um meio que você já conhece.",
	VerifyLater: "Não podemos responder neste momento. Tente de novo em um minuto.", VerifySigns: "Como reconhecer um aviso verdadeiro",
	Signs: []string{"Ele nunca pede senha, código de verificação nem pagamento.", "Não tem anexo nem nada para clicar; os endereços estão escritos para você digitar.",
		"Ele diz a quem você pode perguntar. Na dúvida, ligue para um número que você já conhece."},
	VerifyTwice:  "Você chegou aqui por um link? Então é melhor digitar você mesmo este endereço no navegador e conferir o nome.",
	MissingTitle: "Não há aviso aqui", MissingHelp: "Talvez o endereço esteja errado, ou a mensagem que o trouxe não era nossa. Você pode ver todos os avisos ou verificar o código que recebeu.",
	channels: named("e-mail", "SMS", "notificação no nosso aplicativo", "ligação", "carta"), comma: ", ",
	instant: "02/01/2006 15:04 (MST)", day: "02/01/2006", zone: time.UTC,
}
